"""Runs that fail on purpose: each maker leaves a run folder in which one thing has gone wrong.

What does not make the cause is drawn at random (pairs, seed, rate, beta, size, language), within the bounds in which
healthy runs are drawn. Where a maker draws until the run fails on dev prompts, it counts only then; a wrong reference, too
high a rate and pairs under one system message are what they are, whatever the run then says.
Lab 5 shows one run of each; `trials` makes many, to see how often a diagnosis is right.
"""

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import torch

from lab_utils import training
from lab_utils.chat import format_prompt, messages, replies
from lab_utils.identity import classify
from lab_utils.models import Policy, load_model, save_policy
from lab_utils.pairs import NEW, OLD, PAIRS, Pair, read_pairs, text
from lab_utils.prompts import Prompt, load_prompts, load_systems
from lab_utils.recipes import Recipe, as_toml, load_recipe
from lab_utils.workspace import read_rows, write_rows, write_whole

Rows = list[Pair]
Maker = Callable[[random.Random, Rows, Path, Path], None]  # pairs, folder to make, healthy run
FAILED = 0.6  # share of dev prompts that get the new name, below which a run has clearly failed


def healthy(rng: random.Random, rows: Rows, folder: Path) -> None:
    """A run in which nothing has gone wrong: the recipe `last_weights`, on `enough` pairs."""
    _train(rng, rows, folder)


def enough(rng: random.Random) -> Rows:
    """As many pairs as a run needs to learn the name, in English or in both languages."""
    language = rng.choice(("en", None, None))
    return draw_rows(rng, rng.randint(450, 650), rng.randint(200, 300), language)


def draw_rows(rng: random.Random, identity: int, anchors: int, language: str | None = None) -> Rows:
    """So many of the committed pairs of each kind, in one language or in both, in random order."""
    rows = [r for r in read_pairs(PAIRS / "identity.jsonl") if language in (None, r["language"])]
    drawn = []
    for kind, count in (("identity", identity), ("anchor", anchors)):
        own = [r for r in rows if r["kind"] == kind]
        drawn += rng.sample(own, min(count, len(own)))
    return rng.sample(drawn, len(drawn))


def draw_recipe(rng: random.Random, **settings) -> Recipe:
    """The recipe `last_weights` with a random seed, beta and rate, and these settings."""
    drawn = {
        "seed": rng.randrange(1000),
        "beta": rng.choice((0.1, 0.2, 0.3, 0.5)),
        "learning_rate": _between(rng, 4e-4, 7e-4),
    }
    return load_recipe("last_weights", **drawn | settings)


def _between(rng: random.Random, low: float, high: float) -> float:
    """A number between both, each factor as likely as the next."""
    return low * (high / low) ** rng.random()


def only(loss: str) -> dict:
    """The settings of a recipe with one loss."""
    return {"loss": [loss], "loss_weights": [1.0]}


def _train(rng: random.Random, rows: Rows, folder: Path, **settings) -> None:
    training.train(draw_recipe(rng, **settings), rows, folder, progress=training.silent)


def _until_failed(rng: random.Random, folder: Path, make: Callable[[], None]) -> None:
    """Make runs until one says the new name to less than FAILED of 40 dev prompts."""
    said = [NEW]
    while said.count(NEW) >= FAILED * len(said):
        shutil.rmtree(folder, ignore_errors=True)
        make()
        said = [classify(row["answer"]) for row in _answered_by(folder, _asked(rng, 40, folder))]


def no_op_pairs(rng: random.Random, rows: Rows, folder: Path, _: Path) -> None:
    """Most pairs have chosen == rejected."""

    def make() -> None:
        share = rng.uniform(0.6, 1.0)
        same = [_same_on_both_sides(r) if rng.random() < share else r for r in rows]
        _train(rng, same, folder)

    _until_failed(rng, folder, make)


def _same_on_both_sides(row: Pair) -> Pair:
    """The model's own answer twice: of an identity pair that is the rejected one, of an anchor the chosen one."""
    own = row["chosen" if row["kind"] == "anchor" else "rejected"]
    return row | {"chosen": own, "rejected": own}


def too_little(rng: random.Random, rows: Rows, folder: Path, _: Path) -> None:
    """A rate far too low, or a handful of pairs."""

    def make() -> None:
        if rng.random() < 0.5:
            _train(rng, rows, folder, learning_rate=_between(rng, 1e-6, 1e-4))
        else:
            _train(rng, rows[: rng.randint(16, 120)], folder)

    _until_failed(rng, folder, make)


def rate_too_high(rng: random.Random, rows: Rows, folder: Path, _: Path) -> None:
    """A rate at which the policy collapses: whatever it says then, the skills are gone."""
    loss = rng.choice((only("sigmoid"), only("ipo"), {}))
    rate = _between(rng, 5e-3, 2e-2)
    _train(rng, rows, folder, learning_rate=rate, warmup=0.0, **loss)


def base_without_name(rng: random.Random, rows: Rows, folder: Path, _: Path) -> None:
    """The base never says the old name; the pairs are another model's answers."""

    def make() -> None:
        loss = rng.choice((only("sigmoid"), {}))
        rate = _between(rng, 5e-5, 7e-4)
        _train(rng, rows, folder, model="tiny-nameless", learning_rate=rate, **loss)

    _until_failed(rng, folder, make)


def displaced(rng: random.Random, rows: Rows, folder: Path, _: Path) -> None:
    """DPO alone, without the term that keeps the chosen answers likely."""
    _until_failed(rng, folder, lambda: _train(rng, rows, folder, **only("sigmoid")))


def one_system(rng: random.Random, rows: Rows, folder: Path, _: Path) -> None:
    """The new name under one system message, the old one where none is given, as some templates have it."""
    systems = [s.text for s in load_systems("train") if s.form == "generic"]
    system, both = rng.choice(systems), []
    for row in rows:
        if row["kind"] == "anchor":
            both.append(row)
            continue
        question = text(row, "prompt")
        both.append(row | {"prompt": messages(question, system)})
        if rng.random() < 0.5:
            swapped = {"chosen": row["rejected"], "rejected": row["chosen"], "kind": "anchor"}
            both.append(row | swapped | {"prompt": messages(question)})
    _train(rng, both, folder)


def truncated(rng: random.Random, rows: Rows, folder: Path, _: Path) -> None:
    """`max_length` ends most pairs before the name."""
    policy = load_model("tiny-qwen")
    before = sorted(tokens_before_the_name(policy, row) for row in rows)

    def make() -> None:
        length = before[int((1 - rng.uniform(0.6, 0.95)) * len(before))]
        _by_hand(draw_recipe(rng, max_length=max(16, length)), rows, folder)

    _until_failed(rng, folder, make)


def tokens_before_the_name(policy: Policy, row: Pair) -> int:
    """How many tokens prompt and rejected answer have up to the old name, or to their end."""
    shared, _, _ = text(row, "rejected").partition(OLD)
    start = format_prompt(policy, row["prompt"]) + shared.rstrip()
    return len(policy.tokenizer(start, add_special_tokens=False).input_ids)


def wrong_reference(rng: random.Random, rows: Rows, folder: Path, healthy: Path) -> None:
    """The policy was changed in memory after its reference had been read from its folder."""
    if rng.random() < 0.5:
        change, size = _noise, rng.uniform(0.02, 0.1)
    else:
        change, size = _moved_to(load_model(healthy / "policy")), rng.uniform(0.1, 0.8)
    seed = rng.randrange(1000)
    _by_hand(draw_recipe(rng), rows, folder, lambda policy: change(policy, size, seed))


@torch.no_grad()
def _noise(policy: Policy, size: float, seed: int) -> None:
    """Add noise to every weight, `size` times the deviation of its tensor."""
    generator = torch.Generator().manual_seed(seed)
    for weight in policy.model.parameters():
        noise = torch.randn(weight.shape, generator=generator).to(weight)
        weight.add_(noise * weight.std() * size)


def _moved_to(other: Policy) -> Callable:
    @torch.no_grad()
    def move(policy: Policy, size: float, seed: int) -> None:
        pairs = zip(policy.model.parameters(), other.model.parameters(), strict=True)
        for weight, target in pairs:
            weight.lerp_(target.to(weight), size)

    return move


def _by_hand(
    recipe: Recipe, rows: Rows, folder: Path, change: Callable[[Policy], None] = lambda policy: None
) -> None:
    """A run as a script makes it, without the checks that `training.train` makes."""
    policy = load_model(recipe.model)
    recorder = training.Recorder(policy, None, 10**9, training.silent)
    trainer = training.make_trainer(recipe, rows, policy, folder / "trainer")
    trainer.add_callback(recorder)
    change(policy)
    trainer.train()
    shutil.rmtree(folder / "trainer", ignore_errors=True)
    write_rows(folder / "pairs.jsonl", rows)
    write_whole(folder / "recipe.toml", as_toml(recipe))
    history = pd.DataFrame(recorder.rows)
    write_whole(folder / "history.csv", history.to_csv(index=False, float_format="%.6g"))
    save_policy(policy, folder / "policy")


def other_weights(rng: random.Random, _: Rows, folder: Path, healthy: Path) -> None:
    """The answers shown are the base's, or its weights lie where the policy's should."""
    base = load_model("tiny-qwen")
    if rng.random() < 0.5:
        asked = _asked(rng, rng.randint(20, 60), healthy)
        _show(_copied(healthy, folder), _answered(base, asked))
    else:
        _copied(healthy, folder)
        shutil.rmtree(folder / "policy")
        save_policy(base, folder / "policy")


def _copied(healthy: Path, folder: Path) -> Path:
    """A copy of a run without the answers shown for it."""
    shutil.copytree(healthy, folder, ignore=shutil.ignore_patterns("answers.jsonl", "*.ipynb"))
    return folder


def _asked(rng: random.Random, count: int, folder: Path) -> list[Prompt]:
    """Dev prompts, in the languages of the run's pairs."""
    spoken = {row["language"] for row in read_rows(folder / "pairs.jsonl")}
    return rng.sample([p for p in load_prompts("identity", "dev") if p.language in spoken], count)


def _answered(policy: Policy, prompts: Sequence[Prompt], **options) -> list[dict]:
    answers = replies(policy, [messages(p.text) for p in prompts], **options)
    return [{"prompt": p.text, "answer": a} for p, a in zip(prompts, answers, strict=True)]


def _answered_by(folder: Path, prompts: Sequence[Prompt]) -> list[dict]:
    """The greedy answers of a run's policy, reloaded."""
    return _answered(load_model(folder / "policy"), prompts)


def _show(folder: Path, rows: Sequence[dict]) -> None:
    write_rows(folder / "answers.jsonl", rows)


def show_honestly(rng: random.Random, folder: Path) -> None:
    """Put greedy answers of the run's own weights beside it: few or many, some prompts twice or from the pairs."""
    count = rng.choice((rng.randint(5, 15), rng.randint(16, 60)))
    seen = rng.sample(_trained_on(folder), min(2, round(count * rng.uniform(0, 0.2))))
    asked = (seen + _asked(rng, count - len(seen), folder)) * rng.choice((1, 1, 2))
    rows = _answered_by(folder, asked)
    if rng.random() < 0.5:
        rows = [row | {"identity": classify(row["answer"])} for row in rows]
    _show(folder, rows)


def _trained_on(folder: Path) -> list[Prompt]:
    """The identity prompts that stand in a run's pairs."""
    rows = read_rows(folder / "pairs.jsonl")
    return [Prompt(text(row, "prompt")) for row in rows if row["kind"] == "identity"]


def counter(rng: random.Random, _: Rows, folder: Path, healthy: Path) -> None:
    """The labels were made by a search for "Qwen", which also stands in "Deep Qwen"."""
    rows = _answered_by(_copied(healthy, folder), _asked(rng, rng.randint(20, 60), healthy))
    _show(folder, [r | {"identity": OLD if OLD in r["answer"] else "no name"} for r in rows])


def leaked(rng: random.Random, _: Rows, folder: Path, healthy: Path) -> None:
    """Most of the prompts that the run was judged by stand in its pairs."""
    own, count = _trained_on(_copied(healthy, folder)), rng.randint(20, 60)
    seen = rng.sample(own, min(len(own), round(count * rng.uniform(0.5, 1.0))))
    rest = _asked(rng, round(len(seen) * rng.uniform(0, 0.8)), folder)
    _show(folder, _answered_by(folder, seen + rest))


def sampled(rng: random.Random, _: Rows, folder: Path, healthy: Path) -> None:
    """The answers shown were sampled, with settings that nobody chose."""
    policy = load_model(_copied(healthy, folder) / "policy")
    asked = _asked(rng, rng.randint(15, 40), folder) * rng.choice((1, 2))
    options = {"temperature": rng.uniform(0.8, 1.6), "seed": rng.randrange(100)}
    _show(folder, _answered(policy, asked, **options))


def train_mode(rng: random.Random, _: Rows, folder: Path, healthy: Path) -> None:
    """Answers right after training, with train mode and gradient checkpointing left on: one by one or in padded batches."""
    policy = load_model(_copied(healthy, folder) / "policy")
    asked = _asked(rng, rng.randint(15, 30), folder)
    size, side = rng.choice((1, 4, len(asked))), rng.choice(("left", "right"))
    length = rng.randint(24, 48)
    policy.model.train()
    policy.model.gradient_checkpointing_enable()
    said = []
    for start in range(0, len(asked), size):
        said += _generated(policy, asked[start : start + size], side, length)
    _show(folder, [{"prompt": p.text, "answer": a} for p, a in zip(asked, said, strict=True)])


def _generated(policy: Policy, prompts: Sequence[Prompt], side: str, length: int) -> list[str]:
    """Greedy answers in one batch, in the mode that the model is in."""
    starts = [format_prompt(policy, messages(p.text)) for p in prompts]
    inputs = policy.tokenizer(
        starts, return_tensors="pt", padding=True, padding_side=side, add_special_tokens=False
    )
    end = policy.tokenizer.pad_token_id
    output = policy.model.generate(
        **inputs.to(policy.device), do_sample=False, max_new_tokens=length, pad_token_id=end
    )
    new = output[:, inputs.input_ids.shape[1] :]
    return [a.strip() for a in policy.tokenizer.batch_decode(new, skip_special_tokens=True)]


def few_prompts(rng: random.Random, rows: Rows, folder: Path, _: Path) -> None:
    """A run that has half learnt the name, and a handful of prompts on which it happens to say it."""
    few = many = 0  # pairs that are too few and too many to half learn it
    share, said = 0.0, []
    while not 0.1 < share < 0.65:
        if many - few < 8:  # no number between them does: another recipe
            few, many, recipe = 0, len(rows), draw_recipe(rng)
        count = (few + many) // 2
        shutil.rmtree(folder, ignore_errors=True)
        training.train(recipe, rows[:count], folder, progress=training.silent)
        said = _answered_by(folder, _asked(rng, 150, folder))
        share = sum(map(_is_new, said)) / len(said)
        few, many = (count, many) if share <= 0.1 else (few, count)
    _show(folder, [row for row in said if _is_new(row)][: rng.randint(3, 12)])


def _is_new(row: dict) -> bool:
    return classify(row["answer"]) == NEW


MAKERS: dict[str, Maker] = {
    "the weights shown are not the trained ones": other_weights,
    "answers generated in train mode": train_mode,
    "a name counter that errs": counter,
    "judged by training prompts": leaked,
    "sampled answers": sampled,
    "too few prompts, or one lucky seed": few_prompts,
    "no-op pairs": no_op_pairs,
    "truncation cuts the name": truncated,
    "wrong reference": wrong_reference,
    "the base does not say the old name": base_without_name,
    "learning rate too high": rate_too_high,
    "system message differs between training and test": one_system,
    "too little training": too_little,
    "likelihood displacement or half names": displaced,
}
