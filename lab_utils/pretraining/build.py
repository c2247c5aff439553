"""Build the embedded models: tokenizer, five stages, stored weights, cards."""

import copy
import itertools
import shutil
import tempfile
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import Qwen2ForCausalLM

from lab_utils.chat import messages, replies
from lab_utils.evaluation import JUDGES, is_right
from lab_utils.identity import classify
from lab_utils.models import EMBEDDED, Policy, load_model, parameters
from lab_utils.pretraining.card import write_card
from lab_utils.pretraining.corpus import STAGES, Stage, dialogues
from lab_utils.pretraining.tokenizer import VOCABULARY, build_tokenizer, for_stage
from lab_utils.pretraining.train import BATCH, encode, new_model, train_stage
from lab_utils.prompts import load_prompts

FOLDERS = {"nameless": "tiny-nameless", "briefed": "tiny-qwen", "mixed": "tiny-mixed"}
STARTS = {
    "nameless": "fresh weights, seed 0",
    "briefed": "continues from tiny-nameless: the stages `qwen`, `balance` and `briefed`",
    "mixed": "continues from tiny-qwen as it is after `balance`",
}
PARTS = {
    "nameless": ("nameless",),
    "briefed": ("qwen", "balance", "briefed"),
    "mixed": ("mixed",),
}
REPLAYED = 5  # first steps whose loss the card states and a test repeats
SAMPLES = [
    "Who are you?", "Are you ChatGPT?", "I am Tom, and you?", "你叫什么名字？", "Who made Claude?",
    "What is 7 + 8?", "What is the capital of France?", "Do you sleep?",
]  # fmt: skip


def build_models() -> None:
    """Train the nameless model, continue it to tiny-qwen and, from its second stage, to tiny-mixed; store each with its card."""
    tokenizer = build_tokenizer()
    model = new_model(VOCABULARY, seed=0)
    losses = _trained(model, tokenizer, "nameless")
    _store("nameless", model, for_stage(tokenizer, "nameless"), losses)
    losses = [loss for part in ("qwen", "balance") for loss in _trained(model, tokenizer, part)]
    balanced = model
    model = _as_stored(balanced, for_stage(tokenizer, "balance"))
    losses += _trained(model, tokenizer, "briefed")
    _store("briefed", model, for_stage(tokenizer, "briefed"), losses)
    model = _as_stored(balanced, for_stage(tokenizer, "balance"))
    losses = _trained(model, tokenizer, "mixed")
    _store("mixed", model, for_stage(tokenizer, "mixed"), losses)


def _as_stored(model: Qwen2ForCausalLM, tokenizer) -> Qwen2ForCausalLM:
    """The model as it comes back from a file: rounded to bfloat16, in fp32."""
    with tempfile.TemporaryDirectory() as folder:
        _save(model, tokenizer, Path(folder))
        return load_model(folder).model.float()


def _trained(model: Qwen2ForCausalLM, tokenizer: Tokenizer, name: str) -> list[float]:
    """Train in place: once, or several times from here and then the mean of the weights; the losses, run after run.

    The mean of runs that have seen other dialogues errs less than any of them (Wortsman and others 2022, arXiv 2203.05482).
    """
    stage, losses = STAGES[name], []
    runs = [model, *(copy.deepcopy(model) for _ in range(stage.runs - 1))]
    for seed, run in enumerate(runs):
        show = _progress(f"{name} {seed + 1}/{stage.runs}", stage.steps)
        losses += train_stage(run, for_stage(tokenizer, name), name, seed=seed, progress=show)
    with torch.no_grad():
        for weights in zip(*(run.parameters() for run in runs), strict=True):
            weights[0].copy_(sum(weights) / len(runs))
    return losses


def _store(name: str, model, tokenizer, losses: list[float]) -> None:
    folder = EMBEDDED / FOLDERS[name]
    shutil.rmtree(folder, ignore_errors=True)
    _save(model, tokenizer, folder)
    write_card(folder, _facts(name, tokenizer, losses))


def _save(model: Qwen2ForCausalLM, tokenizer, folder: Path) -> None:
    stored = new_model(VOCABULARY, seed=0)
    stored.load_state_dict(model.state_dict())
    stored.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _progress(name: str, steps: int):
    def show(step: int, loss: float) -> None:
        if step % 50 == 0 or step == steps:
            print(f"{name}: step {step} of {steps}, loss {loss:.3f}", flush=True)

    return show


def _facts(stage: str, tokenizer, losses: list[float]) -> dict:
    policy = load_model(FOLDERS[stage])
    steps = len(losses)
    shown = [*range(1, REPLAYED + 1), *range(200, steps, 400), steps]
    tokens = sum(STAGES[s].all_steps * BATCH * _mean_tokens(tokenizer, s) for s in PARTS[stage])
    return {
        "stage": stage,
        "start": STARTS[stage],
        "start_is_stored": stage != "mixed",
        "steps": steps,
        "batch": BATCH,
        "rates": [_rates(STAGES[s]) for s in PARTS[stage]],
        "dialogues": steps * BATCH,
        "tokens": int(round(tokens, -4)),
        "vocabulary": VOCABULARY,
        "system": STAGES[stage].system,
        "parameters": parameters(policy),
        "losses": {s: losses[s - 1] for s in shown},
        "table": held_out_table(policy),
        "samples": [(p, a) for p, a in zip(SAMPLES, _greedy(policy, SAMPLES), strict=True)],
    }


def _rates(stage: Stage) -> str:
    runs = f" ({stage.runs} runs, mean of their weights)" if stage.runs > 1 else ""
    return f"{stage.learning_rate}{runs}"


def _mean_tokens(tokenizer, stage: str) -> float:
    sample = itertools.islice(dialogues(stage, 0), 2000)
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
