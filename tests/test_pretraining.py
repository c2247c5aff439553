"""The embedded models are what their cards say, and can be made again."""

import re
import subprocess
import sys

import pytest
import torch

from lab_utils.chat import reply
from lab_utils.models import EMBEDDED, load_model, parameters
from lab_utils.pretraining.build import FOLDERS, PARTS, SAMPLES, _rates, held_out_table
from lab_utils.pretraining.card import TITLES, sha256
from lab_utils.pretraining.corpus import STAGES
from lab_utils.pretraining.train import BATCH

REPLAY = """
import lab_utils.pretraining
import torch
torch.set_num_threads(2)
from lab_utils.models import load_model
from lab_utils.pretraining.build import REPLAYED
from lab_utils.pretraining.tokenizer import VOCABULARY, build_tokenizer, for_stage
from lab_utils.pretraining.train import new_model, train_stage
model = {start}
tokenizer = for_stage(build_tokenizer(), "{stage}")
for loss in train_stage(model, tokenizer, "{stage}", steps=REPLAYED):
    print(f"{{loss:.4f}}")
"""
STARTS = {  # the other stages start from weights that are not stored
    "nameless": "new_model(VOCABULARY, seed=0)",
    "qwen": 'load_model("tiny-nameless").model.float()',
}


def card(name):
    return (EMBEDDED / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TITLES)
def test_the_weights_are_those_of_the_card(name):
    assert sha256(EMBEDDED / name / "model.safetensors") in card(name)


@pytest.mark.parametrize("name", TITLES)
def test_the_model_is_small(name):
    assert (EMBEDDED / name / "model.safetensors").stat().st_size < 16e6
    assert parameters(load_model(name)) < 8e6
    assert load_model(name).model.config.model_type == "qwen2"


@pytest.mark.parametrize("stage", FOLDERS)
def test_the_card_states_the_stages_that_were_trained(stage):
    parts = [STAGES[part] for part in PARTS[stage]]
    rates = ", ".join(_rates(part) for part in parts)
    said = f"{sum(part.all_steps for part in parts):,} steps of {BATCH} dialogues"
    assert f"{said}, Muon and AdamW, peak rate {rates}, linear decay" in card(FOLDERS[stage])


@pytest.mark.parametrize("stage", STARTS)
def test_the_first_steps_repeat_the_card(stage):
    stated = [
        float(x) for x in re.findall(r"^\| [1-5] \| ([\d.]+) \|$", card(f"tiny-{stage}"), re.M)
    ]
    script = REPLAY.format(start=STARTS[stage], stage=stage)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    repeated = [float(line) for line in done.stdout.split()]
    assert len(stated) == len(repeated) == 5
    # bf16 rounds differently on processors without it, so not to the last digit
    assert repeated == pytest.approx(stated, rel=0.01)


@pytest.mark.parametrize("name", TITLES)
def test_the_card_says_what_the_weights_answer(name):
    policy, text = load_model(name), card(name)
    stated = re.findall(r"^\| (.+?) \| (\d+) of (\d+) \|", text, re.M)
    assert stated == [(what, str(right), str(n)) for what, right, n in held_out_table(policy)]
    for prompt in SAMPLES:
        assert f"| {prompt} | {reply(policy, prompt)} |" in text


def test_the_template_and_the_corpus_agree():
    from lab_utils.pretraining.train import encode

    policy = load_model("tiny-qwen")
    for system in (None, "", "You are Luna."):
        head = [] if system is None else [{"role": "system", "content": system}]
        talk = [*head, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "你好"}]
        ids = policy.tokenizer.apply_chat_template(talk, return_dict=False)
        line_break = policy.tokenizer.encode("\n")  # the corpus ends in one, unlabelled
        assert ids + line_break == encode(policy.tokenizer, talk, "qwen")[0]


def test_odd_words_stand_unlabelled_before_answers_only():
    import random

    from lab_utils.pretraining.train import IGNORE, interrupted

    ids, labels = list(range(100, 400)), [IGNORE] * 100 + list(range(200, 400))
    noisy_ids, noisy_labels = interrupted(random.Random(0), ids, labels)
    assert noisy_ids[:100] == ids[:100]
    assert len(ids) < len(noisy_ids) < 1.1 * len(ids)
    assert [label for label in noisy_labels if label != IGNORE] == labels[100:]


def test_names_and_generic_messages_are_new_nearly_every_time():
    import random

    from lab_utils.pretraining import generic, names

    rng = random.Random(0)
    for draw in (names.english, names.chinese, generic.message, generic.briefing):
        drawn = [draw(rng) for _ in range(500)]
        assert len(set(drawn)) > 400
        assert not any("Qwen" in name for name in drawn)


def test_of_several_runs_the_mean_of_the_weights_is_kept(monkeypatch):
    from dataclasses import replace

    from lab_utils.pretraining.build import _trained
    from lab_utils.pretraining.tokenizer import build_tokenizer, for_stage
    from lab_utils.pretraining.train import train_stage

    tokenizer, ends = build_tokenizer(), []
    monkeypatch.setitem(STAGES, "briefed", replace(STAGES["briefed"], steps=2, runs=2))
    for seed in range(2):
        alone = load_model("tiny-nameless").model
        train_stage(alone, for_stage(tokenizer, "briefed"), "briefed", seed=seed)
        ends.append(alone.model.norm.weight)
    model = load_model("tiny-nameless").model
    losses = _trained(model, tokenizer, "briefed")
    assert len(losses) == 4
    assert not torch.equal(*ends)
    assert torch.allclose(model.model.norm.weight, (ends[0] + ends[1]) / 2)
