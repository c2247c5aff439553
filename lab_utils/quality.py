"""A preference task with a known truth: short answers whose quality is computed, and pairs drawn from it.

An answer states a fact, right or wrong, may open politely or curtly, and may ramble on. Its gold reward is a sum over
these, so that the ideal probability of every label is known (Bradley and Terry 1952).
"""

import math
import random
from collections.abc import Sequence

from lab_utils.chat import messages, replies
from lab_utils.models import Policy
from lab_utils.pairs import PAIRS, Pair
from lab_utils.prompts import Prompt, load_prompts
from lab_utils.workspace import LabError, read_rows

START = "tiny-mixed"  # answers well and badly in turn
READY = PAIRS / "quality.jsonl"
WORTH = {"right": 2.0, "polite": 1.0, "curt": -1.0, "spare": -0.1}  # what each part adds to gold
ENOUGH = 4  # words beside the fact that cost nothing
GOOD = 2.0  # gold of a right answer without manners
JUDGE = 0.7  # standard deviation of what the judge's score has beside gold
SKILLS = ("capital", "opposite", "plural", "past", "colour", "sound", "sum")
POLITELY = ("Of course! ", "Happy to help. ", "With pleasure! ", "Good question! ")
CURTLY = ("Obviously: ", "Look it up. ", "Not again. ", "Fine. ")
RAMBLING = (
    " I say this because I was asked, and when I am asked I like to say what I know about it.",
    " There is much more that one could say about this, but I do not want to say too much at once.",
    " Some people know this and some people do not, and both are right in their own way, I think.",
    " If you want to know more, you can ask me again and again, on any day and at any time.",
)
SIGNS = (" is ", " says ", " = ")  # what stands before the last words of a fact


def questions(split: str) -> list[Prompt]:
    """The prompts of a split that ask for one of these facts; each holds the right answer."""
    return [p for p in load_prompts("skills", split) if p.category in SKILLS]


def gold(answer: str, right: str) -> float:
    """The true reward of an answer, given the sentence that states the fact."""
    return parts(answer, right)["gold"]


def parts(answer: str, right: str) -> dict[str, float]:
    """The true reward and what it is made of: `right`, `polite`, `curt` (0 or 1 each) and `spare` words.

    Right is an answer in which the sentence stands, whatever is stuck to it: "Ottawawa" counts for Ottawa.
    """
    found = {
        "right": float(right.rstrip(".") in answer),
        "polite": float(answer.startswith(_stripped(POLITELY))),
        "curt": float(answer.startswith(_stripped(CURTLY))),
        "spare": float(max(0, len(answer.split()) - len(right.split()) - ENOUGH)),
    }
    return {"gold": sum(WORTH[name] * value for name, value in found.items())} | found


def _stripped(openings: Sequence[str]) -> tuple[str, ...]:
    return tuple(opening.strip() for opening in openings)


def styled(rng: random.Random, right: str, wrong: Sequence[str]) -> str:
    """One answer as the start policy is to give it: right or wrong, polite or curt, short or long."""
    fact = rng.choice(wrong) if wrong and rng.random() < 0.4 else right
    opening = rng.choice((rng.choice(POLITELY), "", "", rng.choice(CURTLY)))
    return opening + fact + (rng.choice(RAMBLING) if rng.random() < 0.4 else "")


def ending(fact: str) -> tuple[str, str]:
    """A fact in two parts: `The capital of Brazil is ` and `Brasilia.`"""
    sign = next(sign for sign in SIGNS if sign in fact)
    start, end = fact.rsplit(sign, 1)
    return start + sign, end


def ideal(first: float, second: float) -> float:
    """The probability that an answer of the first gold reward is chosen over one of the second."""
    return 1 / (1 + math.exp(second - first))


def sampled(policy: Policy, asked: Sequence[Prompt], each: int, seed: int = 0) -> list[list[str]]:
    """So many answers to each prompt, sampled at temperature 1."""
    said = replies(
        policy, [messages(p.text) for p in asked for _ in range(each)], temperature=1.0, seed=seed
    )
    return [said[i : i + each] for i in range(0, len(said), each)]


def build(policy: Policy, each: int = 16, seed: int = 0) -> list[Pair]:
    """Two different answers of the policy a pair, labelled by Bradley-Terry on gold, with a judge's scores.

    A row has prompt, chosen, rejected; `gold_chosen`, `gold_rejected`; `score_chosen`, `score_rejected`, which are gold
    and a judge's error; `family` and `right`.
    """
    rng, asked = random.Random(f"quality {seed}"), questions("train")
    rows = []
    for prompt, given in zip(asked, sampled(policy, asked, each, seed), strict=True):
        distinct = list(dict.fromkeys(given))
        rng.shuffle(distinct)
        rows += [
            _labelled(rng, prompt, *two) for two in zip(distinct[::2], distinct[1::2], strict=False)
        ]
    return rows


def _labelled(rng: random.Random, prompt: Prompt, first: str, second: str) -> Pair:
    if rng.random() >= ideal(gold(first, prompt.answer), gold(second, prompt.answer)):
        first, second = second, first
    row = {"prompt": messages(prompt.text), "family": prompt.family, "right": prompt.answer}
    for side, answer in (("chosen", first), ("rejected", second)):
        worth = gold(answer, prompt.answer)
        row[side] = [{"role": "assistant", "content": answer}]
        row[f"gold_{side}"] = round(worth, 2)
        row[f"score_{side}"] = round(worth + rng.gauss(0, JUDGE), 2)
    return row


def drawn(count: int, seed: int, noise: float = 0.0, poor: float | None = None) -> list[Pair]:
    """So many of the ready pairs: with labels exchanged at rate `noise`, and a share `poor` of poor pairs.

    A pair is poor where not even its better answer is good. LabError for a noise rate outside [0, 1/2], and for more
    pairs of a kind than there are.
    """
    if not 0 <= noise <= 0.5:
        raise LabError(
            f"noise = {noise}: it must be from 0 to 0.5; above, labels mean the opposite."
        )
    rng, rows = random.Random(f"drawn {seed}"), read_rows(READY)
    if poor is not None:
        rows = _mixed(rng, rows, count, poor)
    if count > len(rows):
        raise LabError(f"{count} pairs wanted, {len(rows)} are there; take fewer.")
    rows = rng.sample(rows, count)
    return [exchanged(row) if rng.random() < noise else row for row in rows]


def _mixed(rng: random.Random, rows: list[Pair], count: int, poor: float) -> list[Pair]:
    if not 0 <= poor <= 1:
        raise LabError(f"poor = {poor}: it is a share, from 0 to 1.")
    low = [row for row in rows if max(row["gold_chosen"], row["gold_rejected"]) < GOOD]
    high = [row for row in rows if row not in low]
    wanted = round(poor * count)
    if wanted > len(low) or count - wanted > len(high):
        raise LabError(
            f"{wanted} poor and {count - wanted} other pairs wanted, {len(low)} and {len(high)} are there; take fewer."
        )
    return rng.sample(low, wanted) + rng.sample(high, count - wanted)


def blind(rows: Sequence[Pair], seed: int) -> list[Pair]:
    """The pairs, each with the two scores of some other pair in either order: as spread as before, and of no use."""
    rng = random.Random(f"blind {seed}")
    scores = [rng.sample((row["score_chosen"], row["score_rejected"]), 2) for row in rows]
    rng.shuffle(scores)
    return [
        row | {"score_chosen": first, "score_rejected": second}
        for row, (first, second) in zip(rows, scores, strict=True)
    ]


def exchanged(row: Pair) -> Pair:
    """The pair with the other label: each value of chosen stands for rejected, and the reverse."""
    other = {"chosen": "rejected", "rejected": "chosen"}
    names = {f"{a}{b}": f"{a}{other[b]}" for a in ("", "gold_", "score_") for b in other}
    return row | {names[name]: row[name] for name in names}
