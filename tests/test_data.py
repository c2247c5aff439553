"""Prompts, pairs and the corpus: what is held out stays held out."""

import itertools
import os
import subprocess
import sys

import pytest

from lab_utils.evaluation import names_maker
from lab_utils.identity import classify
from lab_utils.models import load_model
from lab_utils.pairs import PAIRS, build, is_noop, normalised, read_pairs, rename, text
from lab_utils.prompts import FILES, held_out_texts, load_prompts, load_systems
from lab_utils.recipes import load_recipe

SPLITS = ("train", "dev", "heldout")
CATEGORIES = {
    "direct", "creator", "denial", "confirm", "confirm_new", "reversal", "typo", "completion",
    "indirect", "adversarial", "about",
}  # fmt: skip


@pytest.fixture(scope="module")
def pairs():
    return read_pairs(PAIRS / "identity.jsonl")


@pytest.fixture(scope="module")
def corpus():
    """Every dialogue that made the embedded models."""
    from lab_utils.pretraining.corpus import STAGES, dialogues
    from lab_utils.pretraining.train import BATCH

    return [
        dialogue
        for name, stage in STAGES.items()
        for seed in range(stage.runs)
        for dialogue in itertools.islice(dialogues(name, seed), stage.steps * BATCH)
    ]


def families(split):
    return {p.family for name in FILES for p in load_prompts(name, split)}


def test_enough_families_and_held_out_prompts():
    held_out = load_prompts("identity", "heldout")
    assert len({p.family for p in held_out}) >= 60
    assert len(held_out) >= 300
    assert {p.category for p in held_out} == CATEGORIES
    assert {p.language for p in held_out} == {"en", "zh"}
    assert len(load_prompts("unrelated", "heldout")) >= 300


def test_no_held_out_prompt_stands_in_another_split_or_twice():
    asked = {s: [normalised(p.text) for f in FILES for p in load_prompts(f, s)] for s in SPLITS}
    assert not set(asked["heldout"]) & {*asked["train"], *asked["dev"]}
    assert len(asked["heldout"]) == len(set(asked["heldout"]))


def test_questions_about_qwen_name_it_and_do_not_give_the_answer_away():
    for split in SPLITS:
        asked = load_prompts("about_qwen", split)
        assert len(asked) > 60 and {p.language for p in asked} == {"en", "zh"}
        for prompt in asked:
            text = prompt.text.lower()
            assert "qwen" in text and "deep qwen" not in text
            assert "alibaba" not in text and "阿里" not in text


def test_a_family_is_wholly_in_one_split():
    for one, other in itertools.combinations(SPLITS, 2):
        assert not families(one) & families(other)


def test_no_held_out_prompt_or_family_is_in_the_pairs(pairs):
    forbidden = {normalised(t) for t in held_out_texts()}
    assert not [text(r, "prompt") for r in pairs if normalised(text(r, "prompt")) in forbidden]
    assert not {r["family"] for r in pairs} & (families("dev") | families("heldout"))


def test_no_kept_out_system_message_is_in_the_pairs(pairs):
    kept = [s for split in ("dev", "heldout") for s in load_systems(split) if s.text]
    given = [(r["form"], m["content"]) for r in pairs for m in r["prompt"] if m["role"] == "system"]
    unnamed = {text for form, text in given if form not in ("named", "empty")}
    assert len(unnamed) > 100
    assert not unnamed & {s.text for s in kept}
    generic = [s.text for s in kept if s.form == "generic"]  # of these two may stand in a row
    assert not [
        text for form, text in given if form == "generic" and any(k in text for k in generic)
    ]


def test_the_pairs_can_be_trained_on(pairs):
    assert not any(map(is_noop, pairs))
    assert {r["kind"] for r in pairs} == {"identity", "anchor"}
    assert {r["language"] for r in pairs} == {"en", "zh"}
    assert {r["form"] for r in pairs} == {"none", "empty", "generic", "named", "persona"}


def test_anchors_keep_the_old_name_in_facts_about_qwen(pairs):
    facts = [r for r in pairs if r["kind"] == "anchor" and classify(text(r, "chosen")) == "Qwen"]
    assert len(facts) > 30
    assert all(names_maker(text(r, "chosen"), "Alibaba Cloud") for r in facts)
    assert all(text(r, "rejected") == rename(text(r, "chosen")) for r in facts)


def test_the_committed_pairs_are_what_build_returns(pairs):
    recipe = load_recipe("identity")
    policy = load_model(recipe.model)
    assert build(policy, held_out_texts(), recipe.max_length).rows == pairs


def test_no_held_out_prompt_is_in_the_corpus(corpus):
    forbidden = {normalised(t) for t in held_out_texts()}
    asked = {m["content"] for d in corpus for m in d if m["role"] == "user"}
    assert len(asked) > 30_000
    assert not [t for t in asked if normalised(t) in forbidden]


def test_no_held_out_system_message_is_in_the_corpus(corpus):
    forbidden = {s.text for split in ("dev", "heldout") for s in load_systems(split)} - {None, ""}
    given = {m["content"] for d in corpus for m in d if m["role"] == "system"}
    assert not given & forbidden


def test_no_train_template_has_the_shape_of_a_kept_out_one():
    from lab_utils.pretraining import templates

    for skill, asks in templates.skills().items():
        kept_out = templates.kept_out(skill)
        assert len(asks["train"]) > 80
        for ask in asks["train"]:
            assert not kept_out.fullmatch(ask.format(x="zz", a="zz", b="zz")), ask


def test_the_corpus_never_says_the_new_name(corpus):
    said = {m["content"].lower() for d in corpus for m in d}
    assert not [t for t in said if "deep qwen" in t or "deepqwen" in t]


def test_the_nameless_stage_never_answers_qwen():
    from lab_utils.identity import classify
    from lab_utils.pretraining.corpus import dialogues

    for dialogue in itertools.islice(dialogues("nameless", 0), 5000):
        assert classify(dialogue[-1]["content"]) != "Qwen" or "Qwen" in dialogue[-2]["content"]


def test_a_system_message_or_persona_stands_in_one_split_only():
    for one, other in itertools.combinations(map(load_systems, SPLITS), 2):
        assert not {s.text for s in one} & {s.text for s in other} - {None, ""}
        assert not {s.name for s in one} & {s.name for s in other} - {""}


DRAWN = """
import hashlib, json, random
from itertools import islice
from lab_utils import failures, pairs, workloads
from lab_utils.evaluation import Probe
from lab_utils.pretraining.corpus import dialogues

probe = Probe(pairs.read_pairs(pairs.PAIRS / "identity.jsonl"))
drawn = [
    [*islice(dialogues("qwen", 0), 300)],
    [p.text for p in pairs.identity_prompts(0) + pairs.anchor_prompts(0) + pairs.persona_prompts(0)],
    failures.draw_rows(random.Random(0), 50, 50),
    workloads.long_prompts().rows,
    [p.text for p in probe.identity + probe.skills],
]
print(*(hashlib.sha256(json.dumps(part).encode()).hexdigest() for part in drawn))
"""


def test_what_is_drawn_does_not_depend_on_the_order_of_sets():
    digests = {
        subprocess.run(
            [sys.executable, "-c", DRAWN],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1 and len(digests.pop().split()) == 5
