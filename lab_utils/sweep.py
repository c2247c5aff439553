"""The map: what rate, pairs, loss and base do to a run, one training run a cell.

`make map` fills `data/measured/map.csv`; a cell that stands there is not run again, so that it can be
stopped and taken up. Nothing is chosen by this map: its prompts are held out, and only reported.
"""

import itertools
import random
import shutil

import pandas as pd

from lab_utils import training, workspace
from lab_utils.chat import messages, replies
from lab_utils.evaluation import few_of_each_family, share_new, share_right
from lab_utils.identity import is_broken
from lab_utils.measured import MEASURED, SCRATCH, Row, resume
from lab_utils.models import Policy, load_model
from lab_utils.pairs import PAIRS, read_pairs
from lab_utils.prompts import load_prompts
from lab_utils.recipes import load_recipe

MAP = MEASURED / "map.csv"
BASES = ("tiny-qwen", "tiny-nameless")
RATES = (5e-5, 2e-4, 8e-4, 3.2e-3)  # the first is the lecture's
# Informative pairs, of which 47 % are anchors; the lecture's 100 hold 49, all without.
COUNTS = (45, 160, 560)
LOSSES = {
    "sigmoid": ["sigmoid"],
    "sigmoid + NLL": ["sigmoid", "sft"],
    "DPO-Positive": ["dpo_positive"],
    "IPO": ["ipo"],
    "APO-zero": ["apo_zero"],
}
SEEDS = (0, 1, 2)
SKILLS = 120
KEYS = ["seed", "base", "loss", "pairs", "rate"]


def cells() -> list[Row]:
    """Every cell, by its keys; one seed after the other, so that an unfinished map is an even one."""
    every = itertools.product(SEEDS, BASES, LOSSES, COUNTS, RATES)
    return [dict(zip(KEYS, cell, strict=True)) for cell in every]


def run(cell: Row) -> Row:
    """Train one cell and ask the reloaded weights; shares, log-ratios in nats at the end of the run."""
    folder = SCRATCH / "map"
    shutil.rmtree(folder, ignore_errors=True)
    loss = LOSSES[cell["loss"]]
    settings = {"loss": loss, "loss_weights": [1.0] * len(loss), "learning_rate": cell["rate"]}
    recipe = load_recipe("last_weights", model=cell["base"], seed=cell["seed"], **settings)
    rows = random.Random(cell["seed"]).sample(read_pairs(PAIRS / "identity.jsonl"), cell["pairs"])
    try:
        found = training.train(recipe, rows, folder, progress=training.silent)
    except training.Diverged:  # no weights are left to ask: nothing is said, nothing is right
        return cell | {"identity": 0.0, "skills": 0.0, "broken": 1.0}
    end = found.history.tail(max(1, len(found.history) // 4)).mean()
    columns = ("chosen_logratio", "rejected_logratio", "margin", "accuracy")
    return cell | asked(found.policy()) | {name: round(end[name], 3) for name in columns}


def asked(policy: Policy) -> Row:
    """Shares of new names and broken answers to one prompt of each held-out family, and of right skills."""
    identity = few_of_each_family(load_prompts("identity", "heldout"), 1)
    skills = random.Random("map").sample(load_prompts("skills", "heldout"), SKILLS)
    answers = replies(policy, [messages(p.text) for p in identity + skills])
    said, tried = answers[: len(identity)], answers[len(identity) :]
    shares = {
        "identity": share_new(said),
        "broken": sum(map(is_broken, said)) / len(said),
        "skills": share_right(tried, skills),
    }
    return {name: round(share, 4) for name, share in shares.items()}


def explained(table: pd.DataFrame, measure: str) -> pd.Series:
    """How much of the variance of a measure each factor explains by itself (eta squared), largest first."""
    values = table[measure]
    total = ((values - values.mean()) ** 2).sum()
    means = {name: table.groupby(name)[measure].transform("mean") for name in KEYS}
    shares = {name: ((mean - values.mean()) ** 2).sum() / total for name, mean in means.items()}
    return pd.Series(shares).sort_values(ascending=False)


def main() -> None:
    """Fill the map; bases that nobody has trained stand in it with 0 pairs."""
    print(workspace.start())
    untrained = [dict(zip(KEYS, (0, base, "untrained", 0, 0.0), strict=True)) for base in BASES]
    resume(
        MAP,
        untrained + cells(),
        KEYS,
        lambda cell: run(cell) if cell["pairs"] else cell | asked(load_model(cell["base"])),
    )


if __name__ == "__main__":
    main()
