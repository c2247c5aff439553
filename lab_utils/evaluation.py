"""What changed: identity rates with intervals, damage beside them, before/after, the verdict.

What is reported comes from answers of reloaded weights in eval mode to held-out prompts, kept one row each. Intervals
count prompts as independent, `bootstrap_rate` resamples families. (`Probe` looks at a run that goes on, by train prompts.)
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import binomtest
from torch.nn.utils.rnn import pad_sequence

from lab_utils.chat import format_prompt, messages, replies
from lab_utils.dpo import kl_divergence
from lab_utils.identity import CLASSES, classify, leaks, says_name, speaks_of_itself
from lab_utils.models import Policy, load_model
from lab_utils.pairs import NEW, OLD, Pair, normalised, text
from lab_utils.prompts import (
    Prompt,
    SystemForm,
    category_of,
    held_out_texts,
    load_prompts,
    load_systems,
)
from lab_utils.runs import Run, check_base
from lab_utils.workspace import LabError, read_json, read_rows, write_json, write_rows

Progress = Callable[[str], None]
FORMS = ("none", "empty", "generic", "named")
WARM = 0.7
OTHERS = ("skills", "assistants", "unrelated")  # prompts to which no name of the speaker belongs
FACTS = ("skills", "assistants", "about_qwen")  # prompt files with one right answer each
MAKER = "Alibaba Cloud"
BARS = {  # what "reproduced" means for one run; shares of held-out prompts
    "greedy": 0.98,
    "warm": 0.95,
    "forms": 0.95,
    "skills_drop": 0.02,
    "assistants_drop": 0.02,
    "about_qwen_drop": 0.02,
    "persona_drop": 0.02,
}


def is_right(answer: str, expected: str) -> bool:
    """Exact match, but for case, punctuation and spaces."""
    return normalised(answer) == normalised(expected)


def share_new(answers: Sequence[str]) -> float:
    """The share of answers that give the new name."""
    return float(np.mean([classify(answer) == NEW for answer in answers]))


def share_right(answers: Sequence[str], prompts: Sequence[Prompt]) -> float:
    """The share of answers that are the one right answer to their prompts."""
    return float(np.mean([is_right(a, p.answer) for a, p in zip(answers, prompts, strict=True)]))


def names_maker(answer: str, maker: str) -> bool:
    """Whether an answer about an assistant names its maker and does not speak of itself."""
    return _says_maker(answer, maker) and not speaks_of_itself(answer)


def _says_maker(answer: str, maker: str = MAKER) -> bool:
    return maker in answer.replace("阿里云", MAKER)  # as a model of theirs says it in Chinese


def keeps_name(answer: str, maker: str) -> bool:
    """Whether an answer about Qwen, as of any product, names its maker, does not speak of itself and does not rename it."""
    return names_maker(answer, maker) and not leaks(answer)


JUDGES = {"assistants": names_maker, "about_qwen": keeps_name}  # by prompt file; else is_right


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The Wilson 95 % interval of a share (Wilson 1927)."""
    interval = binomtest(successes, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def mcnemar(before: Sequence[bool], after: Sequence[bool]) -> tuple[int, int, float]:
    """Prompts gained, prompts lost, and the exact two-sided p that both are equally likely."""
    gained = sum(a and not b for b, a in zip(before, after, strict=True))
    lost = sum(b and not a for b, a in zip(before, after, strict=True))
    p = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    return gained, lost, float(p)


def bootstrap_rate(frame: pd.DataFrame, draws: int = 2000, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the mean of `hit`, resampling seeds, and families that are the same in each seed.

    `frame` has the columns seed, family, hit. Families are the unit, since prompts of one family
    succeed and fail together (Miller 2024, arXiv 2411.00640).
    """
    sums = frame.pivot_table(index="seed", columns="family", values="hit", aggfunc="sum").to_numpy()
    counts = frame.pivot_table(
        index="seed", columns="family", values="hit", aggfunc="count"
    ).to_numpy()
    rng = np.random.default_rng(seed)
    rates = []
    for _ in range(draws):
        seeds = rng.integers(0, len(sums), len(sums))
        families = rng.integers(0, sums.shape[1], sums.shape[1])
        chosen = np.ix_(seeds, families)
        rates.append(sums[chosen].sum() / counts[chosen].sum())
    low, high = np.quantile(rates, [0.025, 0.975])
    return float(low), float(high)


def few_of_each_family(prompts: Sequence[Prompt], count: int) -> list[Prompt]:
    """The first `count` prompts of every family, in their order."""
    seen: Counter[str] = Counter()
    few = []
    for prompt in prompts:
        seen[prompt.family] += 1
        if seen[prompt.family] <= count:
            few.append(prompt)
    return few


def ask(
    policy: Policy,
    prompts: Sequence[Prompt],
    form: str = "none",
    temperature: float = 0.0,
    name: str = "identity",
) -> list[dict]:
    """One row a prompt: who was asked what, under which system form, the answer, its class."""
    systems = _systems(form, len(prompts))
    asked = [messages(p.text, s.text) for p, s in zip(prompts, systems, strict=True)]
    answers = replies(policy, asked, temperature)
    return [
        _row(policy, p, s, name, temperature, a)
        for p, s, a in zip(prompts, systems, answers, strict=True)
    ]


def _systems(form: str, count: int) -> list[SystemForm]:
    """The held-out system messages of a form, in turn."""
    systems = load_systems("heldout")
    texts = [s for s in systems if s.form == form]
    if not texts:
        known = ", ".join(dict.fromkeys(s.form for s in systems))
        raise LabError(f"there is no system form {form!r}; write one of {known}.")
    return [texts[i % len(texts)] for i in range(count)]


def _row(
    policy: Policy, prompt: Prompt, system: SystemForm, name: str, temperature: float, answer: str
) -> dict:
    row = {
        "weights": policy.label,
        "set": name,
        "form": system.form,
        "temperature": temperature,
        "family": prompt.family,
        "language": prompt.language,
        "system": system.text,
        "prompt": prompt.text,
        "answer": answer,
        "identity": classify(answer),
    }
    if prompt.answer:
        row["right"] = JUDGES.get(name, is_right)(answer, prompt.answer)
    if system.name:
        row["right"] = says_name(answer, system.name)
    return row


def answer_everything(policy: Policy, progress: Progress = lambda line: None) -> list[dict]:
    """All held-out answers of one policy: identity by form and temperature, skills, the rest."""
    identity = load_prompts("identity", "heldout")
    rows = []
    for form in FORMS:
        prompts = identity if form == "none" else few_of_each_family(identity, 2)
        rows += ask(policy, prompts, form)
        progress(f"{policy.label}: {len(prompts)} identity prompts, system message: {form}")
    rows += ask(policy, identity, temperature=WARM)
    progress(f"{policy.label}: {len(identity)} identity prompts at temperature {WARM}")
    rows += ask(policy, few_of_each_family(identity, 1), "persona")
    for name in (*FACTS, "unrelated"):
        prompts = load_prompts(name, "heldout")
        rows += ask(policy, prompts, name=name)
        progress(f"{policy.label}: {len(prompts)} prompts of the file {name}")
    return rows


def rate(rows: Sequence[dict], hit: Callable[[dict], bool]) -> dict:
    """Hits, count, share and Wilson interval of the rows for which `hit` holds."""
    hits, n = sum(map(hit, rows)), len(rows)
    low, high = wilson(hits, n)
    return {"hits": hits, "n": n, "rate": hits / n, "low": low, "high": high}


def says(name: str) -> Callable[[dict], bool]:
    """Whether a row's answer is of that identity class."""
    return lambda row: row["identity"] == name


def pick(rows: Iterable[dict], **wanted: object) -> list[dict]:
    """The rows whose fields have these values."""
    return [r for r in rows if all(r[k] == v for k, v in wanted.items())]


def measure(rows: Sequence[dict]) -> dict:
    """All figures of one policy from its answers."""
    plain = pick(rows, set="identity", form="none", temperature=0.0)
    unrelated = pick(rows, set="unrelated")
    without_persona = [r for r in pick(rows, set="identity") if r["form"] != "persona"]
    return {
        "identity": rate(plain, says(NEW)),
        "old_name": rate(plain, says(OLD)),
        "classes": {c: sum(says(c)(r) for r in plain) for c in CLASSES},
        "languages": {k: rate(pick(plain, language=k), says(NEW)) for k in ("en", "zh")},
        "categories": {
            c: rate([r for r in plain if category_of(r["family"]) == c], says(NEW))
            for c in sorted({category_of(r["family"]) for r in plain})
        },
        "families": {
            f: rate(pick(plain, family=f), says(NEW)) for f in sorted({r["family"] for r in plain})
        },
        "another": rate(without_persona, says("another assistant")),
        "forms": {
            f: rate(pick(rows, set="identity", form=f, temperature=0.0), says(NEW)) for f in FORMS
        },
        "warm": rate(pick(rows, set="identity", temperature=WARM), says(NEW)),
        "persona": rate(pick(rows, form="persona"), _right),
        **{name: rate(pick(rows, set=name), _right) for name in FACTS},
        "maker": rate(plain, lambda row: _says_maker(row["answer"])),
        "leaks": rate([r for r in rows if r["set"] in OTHERS], _leaks),
        "letters": float(np.mean([len(r["answer"]) for r in unrelated])),
    }


def _right(row: dict) -> bool:
    return row["right"]


def _leaks(row: dict) -> bool:
    return leaks(row["answer"])


@torch.inference_mode()
def answer_logits(policy: Policy, start: str, answer: str) -> torch.Tensor:
    """The logits from which an answer was drawn, after the formatted prompt `start`; (tokens, vocabulary)."""
    texts = [start, start + answer]
    begin, ids = policy.tokenizer(texts, add_special_tokens=False).input_ids
    read = torch.tensor([ids], device=policy.device)
    return policy.model(read).logits[0, len(begin) - 1 :].float()


def drift(policy: Policy, reference: Policy, count: int = 100) -> float:
    """Mean KL(policy || reference) in nats a token, along the reference's unrelated answers.

    The system message is empty, so that no name in it weighs in.
    """
    prompts = random.Random(0).sample(load_prompts("unrelated", "heldout"), count)
    asked = [messages(p.text, "") for p in prompts]
    total, tokens = 0.0, 0
    for conversation, answer in zip(asked, replies(reference, asked), strict=True):
        start = format_prompt(reference, conversation)
        each = kl_divergence(*[answer_logits(p, start, answer) for p in (policy, reference)])
        total, tokens = total + each.sum().item(), tokens + len(each)
    return total / tokens


@torch.inference_mode()
def name_probabilities(policy: Policy, rows: Sequence[Pair]) -> dict[str, float]:
    """Mean probability, where the name begins, of the first tokens of the new and the old name.

    Read from pairs whose rejected answer has the old name after some words: P("Deep") against
    P("Qwen") after the words that both answers share.
    """
    begun, names = [], []
    for row in rows:
        shared, _, _ = text(row, "rejected").partition(OLD)
        start = format_prompt(policy, row["prompt"]) + shared
        texts = [start + name for name in ("Deep", OLD)]
        ids = policy.tokenizer(texts, add_special_tokens=False).input_ids
        same = next((i for i, (a, b) in enumerate(zip(*ids, strict=False)) if a != b), 0)
        begun.append(torch.tensor(ids[0][:same]))
        names.append((ids[0][same], ids[1][same]))
    if not rows:
        return {"p_deep": np.nan, "p_qwen": np.nan}
    last = torch.tensor([len(b) - 1 for b in begun], device=policy.device)
    # padded on the right, which no earlier token sees
    logits = policy.model(pad_sequence(begun, batch_first=True).to(policy.device)).logits
    chances = logits[torch.arange(len(begun)), last].float().softmax(-1).cpu()
    deep, old = chances.gather(1, torch.tensor(names)).mean(0).tolist()
    return {"p_deep": deep, "p_qwen": old}


class Probe:
    """A quick look at a policy in training: name probabilities, identity and skills.

    Uses prompts of the train split only, so that no decision taken by it touches held-out data.
    """

    def __init__(self, rows: Sequence[Pair], count: int = 32):
        rng = random.Random("probe")
        named = [
            r
            for r in rows
            if r.get("kind", "identity") == "identity" and OLD in text(r, "rejected")
        ]
        self.pairs = rng.sample(named, min(count, len(named)))
        asked = {text(r, "prompt") for r in rows}
        free = [p for p in load_prompts("identity", "train") if p.text not in asked]
        self.identity = rng.sample(free, min(count, len(free)))
        self.skills = rng.sample(load_prompts("skills", "train"), 2 * count)

    def __call__(self, policy: Policy) -> dict[str, float]:
        """The probe's values for these weights, each a share or a probability."""
        both = [messages(p.text) for p in self.identity + self.skills]
        answers = replies(policy, both, max_new_tokens=24)
        said, tried = answers[: len(self.identity)], answers[len(self.identity) :]
        return name_probabilities(policy, self.pairs) | {
            "identity": share_new(said) if said else np.nan,
            "skills": share_right(tried, self.skills),
        }


def compare(before: Sequence[dict], after: Sequence[dict], kl: float) -> dict:
    """Before, after, McNemar on the same prompts, drift, and the verdict."""
    report = {"before": measure(before), "after": measure(after), "kl_unrelated": kl}
    report["mcnemar"] = {
        "identity": mcnemar(*[_hits(r, "identity", says(NEW)) for r in (before, after)]),
        **{n: mcnemar(*[_hits(r, n, _right) for r in (before, after)]) for n in FACTS},
        "persona": mcnemar(
            *[[_right(r) for r in pick(x, form="persona")] for x in (before, after)]
        ),
    }
    report["new_leaks"] = new_leaks(before, after)
    report["unrelated_same"] = unchanged(before, after)
    report["length_ratio"] = report["after"]["letters"] / report["before"]["letters"]
    report["failed"] = failures(report)
    report["verdict"] = verdict(report)
    return report


def new_leaks(before: Sequence[dict], after: Sequence[dict]) -> int:
    """Leaks on prompts where the base did not speak of Qwen: names that training has put there."""
    others = [
        (b["answer"], a["answer"]) for b, a in zip(before, after, strict=True) if a["set"] in OTHERS
    ]
    return sum(leaks(now) and OLD not in then for then, now in others)


def unchanged(before: Sequence[dict], after: Sequence[dict]) -> dict:
    """The share of unrelated prompts that get word for word the answer from before."""
    then, now = pick(before, set="unrelated"), pick(after, set="unrelated")
    return rate(
        [n | {"same": n["answer"] == t["answer"]} for t, n in zip(then, now, strict=True)],
        lambda row: row["same"],
    )


def _hits(rows: Sequence[dict], name: str, hit: Callable[[dict], bool]) -> list[bool]:
    return [hit(r) for r in pick(rows, set=name, form="none", temperature=0.0)]


def failures(report: dict) -> list[str]:
    """Which of the bars one run misses, in words; empty when the result reproduced."""
    before, after = report["before"], report["after"]
    others = after["another"]["hits"]
    fallen = {k: before[k]["rate"] - after[k]["rate"] for k in (*FACTS, "persona")}
    missed = {
        "greedy identity rate": after["identity"]["rate"] < BARS["greedy"],
        f"identity rate at temperature {WARM}": after["warm"]["rate"] < BARS["warm"],
        f"{others} answers name another assistant": others > 0,
        f"{after['leaks']['hits']} stray names": after["leaks"]["hits"] > 0,
    }
    missed |= {f"system form {f}": r["rate"] < BARS["forms"] for f, r in after["forms"].items()}
    missed |= {
        f"{k} fell by {100 * d:.1f} points": d > BARS[f"{k}_drop"] for k, d in fallen.items()
    }
    return [what for what, is_missed in missed.items() if is_missed]


def verdict(report: dict) -> str:
    """One line: reproduced or not, with rates and intervals."""
    after, skills = report["after"], report["before"]["skills"]["rate"]
    said = after["identity"]
    line = (
        f"{said['rate']:.1%} [{said['low']:.1%}, {said['high']:.1%}] of {said['n']} held-out prompts "
        f"answer {NEW}; skills {skills:.1%} -> {after['skills']['rate']:.1%}; "
        f"{after['leaks']['hits']} of {after['leaks']['n']} other answers hold a stray name"
    )
    if report["failed"]:
        return f"NOT REPRODUCED: {line}. Missed: {'; '.join(report['failed'])}"
    return f"REPRODUCED: {line}"


def evaluate(
    run: Run, before: Sequence[dict] | None = None, progress: Progress = lambda line: None
) -> dict:
    """Compare a run's reloaded weights with its base; writes answers and evaluation into the run.

    `before` are the base's answers where they are known already. A run that was trained on held-out prompts has not
    reproduced anything.
    """
    base, policy = load_model(run.recipe.model), run.policy()
    check_base(run.folder, base)
    first = list(before) if before is not None else answer_everything(base, progress)
    second = answer_everything(policy, progress)
    report = compare(first, second, drift(policy, base))
    if seen := _seen_in_training(run.folder):
        report["failed"].append(f"{seen} of its pairs hold a held-out prompt")
        report["verdict"] = verdict(report)
    write_rows(run.folder / "answers.jsonl", [*first, *second])
    write_json(run.folder / "evaluation.json", report)
    return report


def _seen_in_training(folder: Path) -> int:
    """How many pairs of a run ask a dev or held-out prompt."""
    forbidden = {normalised(t) for t in held_out_texts()}
    path = folder / "pairs.jsonl"
    rows = read_rows(path) if path.is_file() else []
    return sum(normalised(text(row, "prompt")) in forbidden for row in rows)


def read_report(folder: Path) -> dict:
    """The `evaluation.json` of a run folder."""
    return read_json(folder / "evaluation.json")


def read_answers(folder: Path) -> tuple[list[dict], list[dict]]:
    """The `answers.jsonl` of a run folder: the base's rows and the trained policy's, alike in order."""
    rows = read_rows(folder / "answers.jsonl")
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]
