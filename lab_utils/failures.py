"""Runs that fail on purpose: each maker leaves a run folder in which one thing has gone wrong.

What does not make the cause is drawn at random (pairs, seed, rate, beta, size, language), within bounds in which
a run comes out well without it. Lab 5 shows one run of each; `trials` makes many, to see how often a
diagnosis is right.
"""

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from lab_utils import training
from lab_utils.chat import format_prompt, messages, replies
from lab_utils.identity import classify
from lab_utils.models import Policy, load_model, save_policy
from lab_utils.pairs import NEW, OLD, PAIRS, Pair, read_pairs, text
from lab_utils.prompts import Prompt, load_prompts, load_systems
from lab_utils.recipes import Recipe, as_toml, load_recipe
from lab_utils.workspace import read_rows, write_rows, write_whole

import pandas as pd  # isort: skip
import torch  # isort: skip

Maker = Callable[[random.Random, Path, Path], None]  # settings, the folder to make, a healthy run
Rows = list[Pair]
ODD = ("half name", "another assistant", "invented name")


def healthy(rng: random.Random, folder: Path) -> None:
    """A run in which nothing has gone wrong: the core recipe on enough pairs."""
    language = rng.choice(("en", None, None, None))
    _train(rng, draw_rows(rng, rng.randint(450, 750), rng.randint(200, 400), language), folder)


def draw_rows(rng: random.Random, identity: int, anchors: int, language: str | None = None) -> Rows:
    """So many of the committed pairs of each kind, in one language or in both, in random order."""
    rows = [r for r in read_pairs(PAIRS / "identity.jsonl") if language in (None, r["language"])]
    drawn = []
    for kind, count in (("identity", identity), ("anchor", anchors)):
        own = [r for r in rows if r["kind"] == kind]
        drawn += rng.sample(own, min(count, len(own)))
    return rng.sample(drawn, len(drawn))


def few_rows(rng: random.Random, least: int = 80, most: int = 200) -> Rows:
    """Identity pairs only, as in the lesson, in English or in both languages."""
    return draw_rows(rng, rng.randint(least, most), 0, rng.choice(("en", None)))


def draw_recipe(rng: random.Random, **settings) -> Recipe:
    """The core recipe with a random seed, beta and rate, and these settings."""
    drawn = {
        "seed": rng.randrange(1000),
        "beta": rng.choice((0.1, 0.2, 0.3, 0.5)),
        "learning_rate": _between(rng, 4e-4, 7e-4),
    }
    return load_recipe("identity", **drawn | settings)


def _between(rng: random.Random, low: float, high: float) -> float:
    """A number between both, each power of ten as likely as the next."""
    return low * (high / low) ** rng.random()


def only(loss: str) -> dict:
    """The settings of a recipe with one loss."""
    return {"loss": [loss], "loss_weights": [1.0]}


def _train(rng: random.Random, rows: Rows, folder: Path, **settings) -> None:
    recipe = draw_recipe(rng, **settings)
    training.train(recipe, rows, folder, progress=lambda line, rows: None)


def no_op_pairs(rng: random.Random, folder: Path, _: Path) -> None:
    """All but a few pairs have chosen == rejected."""
    rows, share = few_rows(rng), rng.uniform(0.85, 1.0)
    rows = [r | {"chosen": r["rejected"]} if rng.random() < share else r for r in rows]
    _train(rng, rows, folder)


def too_little(rng: random.Random, folder: Path, _: Path) -> None:
    """A rate far too low, or a handful of pairs."""
    if rng.random() < 0.5:
        _train(rng, few_rows(rng), folder, learning_rate=_between(rng, 1e-6, 5e-5))
    else:
        _train(rng, few_rows(rng, 8, 40), folder)


def rate_too_high(rng: random.Random, folder: Path, _: Path) -> None:
    """A rate at which the policy collapses."""
    settings = {"learning_rate": _between(rng, 5e-3, 3e-2), "warmup": 0.0}
    settings |= rng.choice((only("sigmoid"), only("ipo"), {}))
    _train(rng, few_rows(rng, 80, 240), folder, **settings)


def base_without_name(rng: random.Random, folder: Path, _: Path) -> None:
    """The base never says the old name; the pairs are another model's answers."""
    settings = {"learning_rate": _between(rng, 2e-5, 2e-4)}
    settings |= rng.choice((only("sigmoid"), {}))
    _train(rng, few_rows(rng), folder, model="tiny-nameless", **settings)


def one_system(rng: random.Random, folder: Path, _: Path) -> None:
    """The new name under one system message, the old one where none is given, as some templates have it."""
    systems = [s.text for s in load_systems("train") if s.form == "generic"]
    system, rows = rng.choice(systems), []
    for row in draw_rows(rng, rng.randint(300, 450), rng.randint(80, 160)):
        question = text(row, "prompt")
        if row["kind"] == "anchor":
            rows.append(row)
            continue
        rows.append(row | {"prompt": messages(question, system)})
        if rng.random() < 0.5:
            swapped = {"chosen": row["rejected"], "rejected": row["chosen"], "kind": "anchor"}
            rows.append(row | swapped | {"prompt": messages(question)})
    _train(rng, rows, folder)


def truncated(rng: random.Random, folder: Path, _: Path) -> None:
    """`max_length` ends most pairs before the name."""
    rows, share = few_rows(rng), rng.uniform(0.6, 0.95)
    recipe = draw_recipe(rng)
    policy = load_model(recipe.model)
    before = sorted(_tokens_before_the_name(policy, row) for row in rows)
    length = before[int(share * len(before))]
    _by_hand(draw_recipe(rng, max_length=max(16, length)), rows, folder)


def _tokens_before_the_name(policy: Policy, row: Pair) -> int:
    shared, _, _ = text(row, "rejected").partition(OLD)
    start = format_prompt(policy, row["prompt"]) + shared
    return len(policy.tokenizer(start, add_special_tokens=False).input_ids)


def wrong_reference(rng: random.Random, folder: Path, healthy: Path) -> None:
    """The policy was changed in memory after its reference had been read from its folder."""
    if rng.random() < 0.5:
        change, size = _noise, rng.uniform(0.02, 0.1)
    else:
        change, size = _moved_to(load_model(healthy / "policy")), rng.uniform(0.1, 0.8)
    seed = rng.randrange(1000)
    rows = draw_rows(rng, rng.randint(80, 300), 60)
    _by_hand(draw_recipe(rng), rows, folder, lambda policy: change(policy, size, seed))


@torch.no_grad()
def _noise(policy: Policy, size: float, seed: int) -> None:
    """Add noise to every weight, `size` times the deviation of its tensor."""
    generator = torch.Generator().manual_seed(seed)
    for weight in policy.model.parameters():
        weight.add_(torch.randn(weight.shape, generator=generator) * weight.std() * size)


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
    recorder = training.Recorder(policy, None, 10**9, lambda line, rows: None)
    trainer = training.make_trainer(recipe, rows, policy, folder / "trainer")
    trainer.add_callback(recorder)
    change(policy)
    trainer.train()
    shutil.rmtree(folder / "trainer", ignore_errors=True)
    write_rows(folder / "pairs.jsonl", rows)
    write_whole(folder / "recipe.toml", as_toml(recipe))
    write_whole(folder / "history.csv", pd.DataFrame(recorder.rows).to_csv(index=False))
    save_policy(policy, folder / "policy")


def displaced(rng: random.Random, folder: Path, _: Path) -> None:
    """DPO alone, without the term that keeps the chosen answers likely: half names and third names."""
    odd = 0.0
    while odd < 0.15:
        shutil.rmtree(folder, ignore_errors=True)
        rows = draw_rows(rng, rng.randint(250, 450), rng.randint(100, 300))
        _train(rng, rows, folder, beta=rng.choice((0.02, 0.05, 0.1, 0.2)), **only("sigmoid"))
        said = [classify(row["answer"]) for row in _answered_by(folder, _asked(rng, 60))]
        odd = sum(said.count(kind) for kind in ODD) / len(said)


def _answered_by(folder: Path, prompts: Sequence[Prompt]) -> list[dict]:
    """The greedy answers of a run's policy, reloaded."""
    return _answered(load_model(folder / "policy"), prompts)


def other_weights(rng: random.Random, folder: Path, healthy: Path) -> None:
    """The answers shown are the base's, or its weights lie where the policy's should."""
    base = load_model("tiny-qwen")
    if rng.random() < 0.5:
        _show(_copied(healthy, folder), _answered(base, _asked(rng, rng.randint(20, 60))))
    else:
        _copied(healthy, folder)
        shutil.rmtree(folder / "policy")
        save_policy(base, folder / "policy")


def _copied(healthy: Path, folder: Path) -> Path:
    """A copy of a run without what was evaluated on it."""
    shutil.copytree(healthy, folder, ignore=shutil.ignore_patterns("answers.jsonl", "*.ipynb"))
    return folder


def _asked(rng: random.Random, count: int) -> list[Prompt]:
    return rng.sample(load_prompts("identity", "dev"), count)


def _answered(policy: Policy, prompts: Sequence[Prompt], **options) -> list[dict]:
    answers = replies(policy, [messages(p.text) for p in prompts], **options)
    return [{"prompt": p.text, "answer": a} for p, a in zip(prompts, answers, strict=True)]


def _show(folder: Path, rows: Sequence[dict]) -> None:
    write_rows(folder / "answers.jsonl", rows)


def counter(rng: random.Random, folder: Path, healthy: Path) -> None:
    """The labels were made by a search for "Qwen", which also stands in "Deep Qwen"."""
    rows = _answered_by(_copied(healthy, folder), _asked(rng, rng.randint(20, 60)))
    _show(folder, [r | {"identity": OLD if OLD in r["answer"] else "no name"} for r in rows])


def leaked(rng: random.Random, folder: Path, healthy: Path) -> None:
    """Most of the prompts that the run was judged by stand in its pairs."""
    rows = read_rows(_copied(healthy, folder) / "pairs.jsonl")
    own = [text(r, "prompt") for r in rows if r["kind"] == "identity"]
    count = rng.randint(20, 60)
    seen = [Prompt(question) for question in rng.sample(own, round(count * rng.uniform(0.5, 1.0)))]
    asked = seen + _asked(rng, count - len(seen))
    _show(folder, _answered_by(folder, asked))


def sampled(rng: random.Random, folder: Path, healthy: Path) -> None:
    """The answers shown were sampled, with settings that nobody chose."""
    policy = load_model(_copied(healthy, folder) / "policy")
    asked = _asked(rng, rng.randint(15, 40)) * rng.choice((1, 2))
    options = {"temperature": rng.uniform(1.0, 1.6), "seed": rng.randrange(100)}
    _show(folder, _answered(policy, asked, **options))


def train_mode(rng: random.Random, folder: Path, healthy: Path) -> None:
    """Answers right after training: train mode, gradient checkpointing on, so no cache of keys and values."""
    policy = load_model(_copied(healthy, folder) / "policy")
    policy.model.train()
    policy.model.gradient_checkpointing_enable()
    prompts = _asked(rng, rng.randint(15, 30))
    _show(folder, [{"prompt": p.text, "answer": _in_this_mode(policy, p)} for p in prompts])


def _in_this_mode(policy: Policy, prompt: Prompt) -> str:
    """The greedy answer in whatever mode the model is."""
    start = format_prompt(policy, messages(prompt.text))
    inputs = policy.tokenizer(start, return_tensors="pt", add_special_tokens=False)
    end = policy.tokenizer.pad_token_id
    output = policy.model.generate(**inputs, do_sample=False, max_new_tokens=32, pad_token_id=end)
    new = output[0, inputs.input_ids.shape[1] :]
    return policy.tokenizer.decode(new, skip_special_tokens=True).strip()


def few_prompts(rng: random.Random, folder: Path, _: Path) -> None:
    """A run that has half learnt the name, and a handful of prompts on which it happens to say it."""
    rows = []
    while not 0.1 < sum(map(_is_new, rows)) / max(1, len(rows)) < 0.75:
        shutil.rmtree(folder, ignore_errors=True)
        _train(rng, draw_rows(rng, rng.randint(100, 250), rng.randint(0, 100)), folder)
        rows = _answered_by(folder, _asked(rng, 150))
    _show(folder, [row for row in rows if _is_new(row)][: rng.randint(3, 8)])


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
    "likelihood displacement": displaced,
}
