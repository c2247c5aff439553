"""The public lesson's run, rebuilt: its pairs, its log, and what the plateau of its loss counts.

Every pair with chosen == rejected keeps a loss of ln 2 for ever. Where all others are fitted, the loss of a
window of 16 pairs is therefore k ln 2 / 16, with k the number of such pairs in it.
"""

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lab_utils.chat import messages, replies
from lab_utils.dpo import noop_floor
from lab_utils.models import Policy
from lab_utils.pairs import NEW, OLD, Pair, draw, is_noop, pair
from lab_utils.prompts import Prompt, load_prompts
from lab_utils.recipes import load_recipe
from lab_utils.training import make_trainer
from lab_utils.workspace import LabError

PUBLISHED = (0.5663, 0.3033, 0.2599, 0.4332, 0.3033, 0.4332)  # three public runs print these losses
WINDOW = 16  # pairs between two lines of that log
# No-op pairs in each window: the first is our guess, the others are PUBLISHED x 16 / ln 2.
NOOPS = (10, 7, 6, 10, 7, 10)
LEFT = (1, 4)  # no-op pairs among the pairs of the last step, by the same account
SYSTEM = "You're a helpful assistant."


def build(policy: Policy, seed: int = 0) -> list[Pair]:
    """The 100 pairs of `data/pairs/lecture.jsonl`, made as the lesson makes them from the model's own answers.

    The answer is asked for without a system message and stored under SYSTEM. The rows stand where the
    trainer, which shuffles them, meets as many no-op pairs in each window as the published runs did.
    """
    nature = [p for p in load_prompts("unrelated", "train") if p.category == "nature"]
    asked = draw([*load_prompts("identity", "train"), *nature], 2, seed)
    asked = [p for p in asked if p.language == "en"]
    answers = replies(policy, [messages(p.text) for p in asked])
    rows = [_row(p, answer) for p, answer in zip(asked, answers, strict=True)]
    places = _noop_places(random.Random(seed))
    noop, informative = ([r for r in rows if is_noop(r) is same] for same in (True, False))
    wanted = sum(places), len(places) - sum(places)
    if len(noop) < wanted[0] or len(informative) < wanted[1]:
        raise LabError(
            f"{policy.label}: its answers give {len(noop)} pairs without and {len(informative)} with a name to "
            f"replace, but {wanted[0]} and {wanted[1]} are needed; take a model that calls itself {OLD}."
        )
    met = [noop.pop(0) if is_empty else informative.pop(0) for is_empty in places]
    order = read_order(policy, met)
    return [met[order.index(place)] for place in range(len(met))]


def _row(prompt: Prompt, answer: str) -> Pair:
    chosen = answer.replace(OLD, NEW)
    return pair(messages(prompt.text, SYSTEM), chosen, answer, prompt, "identity", "generic")


def _noop_places(rng: random.Random) -> list[bool]:
    """Whether each pair, in the order of training, is a no-op pair."""
    places = []
    for noop, size in [*((k, WINDOW) for k in NOOPS), LEFT]:
        window = [True] * noop + [False] * (size - noop)
        places += rng.sample(window, size)
    return places


def read_order(policy: Policy, rows: Sequence[Pair]) -> list[int]:
    """The place in `rows` of each pair, in the order in which the recipe's trainer reads them."""
    recipe = load_recipe("lecture")
    with tempfile.TemporaryDirectory() as scratch:
        trainer = make_trainer(recipe, rows, policy, Path(scratch))
        return [place for batch in trainer.get_train_dataloader().batch_sampler for place in batch]


def windows(history: pd.DataFrame) -> pd.DataFrame:
    """The log as the lesson prints it, two steps a row: loss, no-op pairs, and the floor k ln 2 / 16."""
    whole = history[: len(history) // 2 * 2]
    two = whole.groupby((whole["step"] + 1) // 2)
    columns = ["loss", "accuracy", "margin", "chosen_logratio", "grad_norm"]
    table = two[columns].mean().assign(noop=two["noop_pairs"].sum(), step=two["step"].max())
    floor = [noop_floor(k, WINDOW) for k in table["noop"]]
    return table.assign(floor=floor, above=table["loss"] - floor).set_index("step")
