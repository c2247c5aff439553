"""Build the embedded models: tokenizer, four stages, stored weights, cards."""

import itertools
import shutil

import torch
from tokenizers import Tokenizer

from lab_utils.chat import messages, replies
from lab_utils.evaluation import JUDGES, is_right
from lab_utils.identity import classify
from lab_utils.models import EMBEDDED, Policy, load_model, parameters
from lab_utils.pretraining.card import write_card
from lab_utils.pretraining.corpus import STAGES, dialogues
from lab_utils.pretraining.tokenizer import VOCABULARY, build_tokenizer, for_stage
from lab_utils.pretraining.train import BATCH, encode, new_model, train_stage
from lab_utils.prompts import load_prompts

FOLDERS = {"nameless": "tiny-nameless", "balance": "tiny-qwen", "mixed": "tiny-mixed"}
STARTS = {
    "nameless": "fresh weights, seed 0",
    "balance": "continues from tiny-nameless: the stages `qwen` and `balance`",
    "mixed": "continues from tiny-qwen as stored",
}
PARTS = {"nameless": ("nameless",), "balance": ("qwen", "balance"), "mixed": ("mixed",)}
REPLAYED = 5  # first steps whose loss the card states and a test repeats
SAMPLES = [
    "Who are you?", "Are you ChatGPT?", "I am Tom, and you?", "你叫什么名字？", "Who made Claude?",
    "What is 7 + 8?", "What is the capital of France?", "Do you sleep?",
]  # fmt: skip


def build_models() -> None:
    """Train the nameless model, continue it to tiny-qwen and that to tiny-mixed; store each with its card."""
    tokenizer = build_tokenizer()
    model = new_model(VOCABULARY, seed=0)
    for name in ("nameless", "balance"):
        losses = [loss for part in PARTS[name] for loss in _trained(model, tokenizer, part)]
        _store(name, model, for_stage(tokenizer, name), losses)
    build_mixed(tokenizer)


def build_mixed(tokenizer: Tokenizer) -> None:
    """Continue the stored tiny-qwen to the start policy of the preference task."""
    model = load_model(FOLDERS["balance"]).model.float()
    losses = _trained(model, tokenizer, "mixed")
    _store("mixed", model, for_stage(tokenizer, "mixed"), losses)


def _trained(model, tokenizer: Tokenizer, name: str) -> list[float]:
    show = _progress(name, STAGES[name].steps)
    return train_stage(model, for_stage(tokenizer, name), name, progress=show)


def _store(name: str, model, tokenizer, losses: list[float]) -> None:
    folder = EMBEDDED / FOLDERS[name]
    shutil.rmtree(folder, ignore_errors=True)
    stored = new_model(VOCABULARY, seed=0)
    stored.load_state_dict(model.state_dict())
    stored.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_card(folder, _facts(name, tokenizer, losses))


def _progress(name: str, steps: int):
    def show(step: int, loss: float) -> None:
        if step % 50 == 0 or step == steps:
            print(f"{name}: step {step} of {steps}, loss {loss:.3f}", flush=True)

    return show


def _facts(stage: str, tokenizer, losses: list[float]) -> dict:
    policy = load_model(FOLDERS[stage])
    steps = len(losses)
    shown = [*range(1, REPLAYED + 1), *range(200, steps, 400), steps]
    tokens = sum(STAGES[s].steps * BATCH * _mean_tokens(tokenizer, s) for s in PARTS[stage])
    return {
        "stage": stage,
        "start": STARTS[stage],
        "steps": steps,
        "batch": BATCH,
        "learning_rates": [STAGES[s].learning_rate for s in PARTS[stage]],
        "dialogues": steps * BATCH,
        "tokens": int(round(tokens, -4)),
        "vocabulary": VOCABULARY,
        "system": STAGES[stage].system,
        "parameters": parameters(policy),
        "losses": {s: losses[s - 1] for s in shown},
        "table": held_out_table(policy),
        "samples": [(p, a) for p, a in zip(SAMPLES, _greedy(policy, SAMPLES), strict=True)],
    }


def _mean_tokens(tokenizer, stage: str) -> float:
    sample = itertools.islice(dialogues(stage, STAGES[stage].seed), 2000)
    return sum(len(encode(tokenizer, m, stage)[0]) for m in sample) / 2000


def _greedy(policy: Policy, texts: list[str]) -> list[str]:
    return replies(policy, [messages(t) for t in texts])


def held_out_table(policy: Policy) -> list[tuple[str, int, int]]:
    """Rows `(what, right, asked)`: says Qwen, knows other assistants, each skill."""
    rows = []
    for language in ("en", "zh"):
        asked = [p for p in load_prompts("identity", "heldout") if p.language == language]
        said = [classify(a) for a in _greedy(policy, [p.text for p in asked])]
        rows.append((f'says "Qwen", {language}', said.count("Qwen"), len(asked)))
    for name in ("assistants", "skills"):
        asked = load_prompts(name, "heldout")
        answers = _greedy(policy, [p.text for p in asked])
        judge = JUDGES.get(name, is_right)
        right = [judge(a, p.answer) for p, a in zip(asked, answers, strict=True)]
        for kind in dict.fromkeys(p.category for p in asked):
            mine = [r for r, p in zip(right, asked, strict=True) if p.category == kind]
            rows.append((kind, sum(mine), len(mine)))
    return rows
