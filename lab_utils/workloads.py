"""What is timed: a model, pairs and a batch size; and the settings that every way of training gets."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from lab_utils import workspace
from lab_utils.chat import messages
from lab_utils.measured import SCRATCH
from lab_utils.models import Policy, load_model, parameters, save_policy
from lab_utils.pairs import PAIRS, SIDES, Pair, read_pairs, text, tokens
from lab_utils.recipes import BY_LENGTH, Recipe, load_recipe

FOLDER = SCRATCH / "bench"
TURNS = 9  # questions and answers before the last question of a long prompt
WORDS = "red blue green small big old new fast slow warm cold day night sun moon tree house".split()
QWEN_05B = {  # Qwen/Qwen2.5-0.5B-Instruct, config.json
    "vocab_size": 151_936, "hidden_size": 896, "intermediate_size": 4_864, "num_hidden_layers": 24,
    "num_attention_heads": 14, "num_key_value_heads": 2, "tie_word_embeddings": True,
}  # fmt: skip


class Workload(NamedTuple):
    """Pairs that are trained on once, as they stand or in another `order` of transformers'."""

    model: str
    rows: list[Pair]
    batch: int
    max_length: int
    sizes: dict[str, int] | None = None  # of a model with random weights, which `ready` makes
    order: str = "sequential"

    def recipe(self) -> Recipe:
        """DPO alone at a constant rate, which every way of training knows."""
        return load_recipe(
            "last_weights",
            model=self.model,
            loss=["sigmoid"],
            loss_weights=[1.0],
            schedule="constant",
            warmup=0.0,
            learning_rate=1e-4,
            batch_size=self.batch,
            max_length=self.max_length,
        )


def identity() -> Workload:
    """400 of the pairs of the core labs."""
    return Workload("tiny-qwen", _some(400), 8, 256)


def long_prompts() -> Workload:
    """80 of them after a conversation about other things: some 350 tokens, then a short answer."""
    rng, rows = random.Random("long prompts"), _some(2000)
    turns = [row for row in rows if row["kind"] == "anchor"]
    short = sorted(rows, key=lambda row: len(text(row, "chosen")))[: len(rows) // 4]
    return Workload(
        "tiny-qwen",
        [_after(row, rng.sample(turns, TURNS)) for row in rng.sample(short, 80)],
        8,
        512,
    )


def half_a_billion() -> Workload:
    """12 pairs for the configuration of Qwen2.5-0.5B with random weights: what a step costs there."""
    return Workload(str(FOLDER / "half-a-billion"), _some(12), 4, 256, QWEN_05B)


def _many(count: int) -> Workload:
    rows = _some(2000)
    return Workload("tiny-qwen", random.Random(count).choices(rows, k=count), 8, 256)


def _long_answers(tokens: int) -> Workload:
    """Answers of about so many tokens, different from the first on."""
    rows = [
        row | {side: [{"role": "assistant", "content": _words(i + first, tokens)}]
               for first, side in ((0, "chosen"), (7, "rejected"))}
        for i, row in enumerate(_some(64))
    ]  # fmt: skip
    return Workload("tiny-qwen", rows, 8, 512)


def _words(start: int, tokens: int) -> str:
    return " ".join(WORDS[(start + i) % len(WORDS)] for i in range(tokens))


def _prompts_of(tokens: int) -> Workload:
    rows = [row | {"prompt": messages(_words(i, tokens))} for i, row in enumerate(_some(64))]
    return Workload("tiny-qwen", rows, 8, 512)


def _width(hidden: int) -> Workload:
    """Models of four layers, from narrow to wide."""
    sizes = {
        "vocab_size": 4096, "hidden_size": hidden, "intermediate_size": 11 * hidden // 4,
        "num_hidden_layers": 4, "num_attention_heads": hidden // 64, "num_key_value_heads": hidden // 64,
        "tie_word_embeddings": True,
    }  # fmt: skip
    return Workload(str(FOLDER / f"width-{hidden}"), _some(64), 8, 256, sizes)


GROWTH = {  # what grows: its values, and the workload at each
    "pairs": ((100, 300, 1000, 3000, 10_000), _many),
    "words of an answer": ((8, 24, 72, 216), _long_answers),
    "words of a prompt": ((8, 24, 72, 216), _prompts_of),
    "width of the model": ((128, 256, 512, 1024), _width),
}
TIMED: dict[str, Callable[[], Workload]] = {
    "identity": identity,
    "long prompts": long_prompts,
    "0.5 B parameters": half_a_billion,
}


def _in_batches(work: str, batch: int) -> Workload:
    """The workload in batches of that many pairs alike in length; of 0.5 B parameters 32 pairs, for two steps or more."""
    same = TIMED[work]()
    rows = _some(32) if same.sizes else same.rows
    return same._replace(batch=batch, rows=rows, order=BY_LENGTH)


BATCHES = {"identity": (4, 8, 16, 32), "long prompts": (2, 4, 8, 20), "0.5 B parameters": (4, 16)}
WORKLOADS = (
    TIMED
    | {f"{n} {what}": partial(make, n) for what, (ns, make) in GROWTH.items() for n in ns}
    | {
        f"{work}, {n} a step": partial(_in_batches, work, n)
        for work, ns in BATCHES.items()
        for n in ns
    }
)


def adamw_bytes(work: Workload) -> float:
    """What AdamW must move in a step in fp32: it reads weights, gradients and two moments, and writes all but the gradients."""
    return 28.0 * parameters(_empty(work))


def useful_flops(work: Workload) -> float:
    """What one pass over the pairs must compute: nothing twice, no padding, the reference's forward included.

    A multiply-add counts as two. Each token of prompt, chosen and rejected goes through the body once forward for the
    policy, twice backward and once for the reference; answers go through the head too. What both answers begin with
    counts once.
    """
    policy = _empty(work)
    config = policy.model.config
    head = config.hidden_size * config.vocab_size
    body = parameters(policy) - head  # the head's weights are the embedding's
    total = 0.0
    for row in work.rows:
        start, (chosen, rejected), common = _lengths(policy, row)
        answers = chosen + rejected - common
        read, seen = start + answers, (start + max(chosen, rejected)) / 2
        attention = 2 * config.num_hidden_layers * config.hidden_size * read * seen
        total += 8 * (body * read + head * answers + attention)
    return total


def _lengths(policy: Policy, row: Pair) -> tuple[int, list[int], int]:
    """Tokens of the prompt, of both answers, and of what both answers begin with."""
    (start, chosen), (_, rejected) = (tokens(policy, row, side) for side in SIDES[1:])
    same = (one == other for one, other in zip(chosen, rejected, strict=False))
    shared = sum(itertools.takewhile(bool, same))
    return start, [len(chosen) - start, len(rejected) - start], shared - start


def _some(count: int) -> list[Pair]:
    rows = read_pairs(PAIRS / "identity.jsonl")
    rows = random.Random("workload").sample(rows, min(count, len(rows)))
    return [{side: row[side] for side in (*SIDES, "kind")} for row in rows]


def _after(row: Pair, turns: list[Pair]) -> Pair:
    """The pair, its prompt after these questions and their answers."""
    said = [part for turn in turns for part in (turn["prompt"][-1], turn["chosen"][0])]
    return row | {"prompt": said + messages(text(row, "prompt"))}


def ready(work: Workload) -> Workload:
    """The workload, its model with random weights stored where it was not."""
    folder = Path(work.model)
    if work.sizes and not (folder / "config.json").is_file():
        workspace.start(0)
        save_policy(_random_policy(work.sizes), folder)
    return work


def _empty(work: Workload) -> Policy:
    """The policy of a workload, without its numbers where they would be random."""
    return _random_policy(work.sizes, "meta") if work.sizes else load_model(work.model)


def _random_policy(sizes: dict[str, int], where: str = "cpu") -> Policy:
    """A model of these sizes with tiny-qwen's tokenizer; on `meta` no number is stored anywhere."""
    small = load_model("tiny-qwen")
    ends = {name: getattr(small.tokenizer, name) for name in ("pad_token_id", "eos_token_id")}
    with torch.device(where):
        return replace(small, model=Qwen2ForCausalLM(Qwen2Config(**sizes, **ends)))
