"""`python -m lab_utils.bench` (`make bench`): where the time of a core run goes, in seconds."""

import os
import shutil
import time
from collections.abc import Callable

from lab_utils import workspace
from lab_utils.chat import messages, replies
from lab_utils.models import load_model
from lab_utils.prompts import load_prompts
from lab_utils.recipes import load_recipe
from lab_utils.training import recipe_pairs, train
from lab_utils.workspace import RUNS

import statistics  # isort: skip

REPEATS = 3


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Median and largest of a few repeats, in seconds."""
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken), max(taken)


def main() -> None:
    """Print one line a part: median and slowest of three repeats."""
    print(workspace.start(), f"{os.cpu_count()} cores")
    recipe = load_recipe("identity")
    rows = recipe_pairs(recipe)
    policy = load_model(recipe.model)
    asked = [messages(p.text) for p in load_prompts("identity", "heldout")]
    folder = RUNS / "bench"

    def training() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        train(recipe, rows, folder, progress=lambda line, rows: None)

    parts = {
        "load the model": lambda: load_model(recipe.model),
        f"answer {len(asked)} prompts": lambda: replies(policy, asked),
        f"train on {len(rows)} pairs": training,
    }
    for name, work in parts.items():
        median, slowest = timed(work)
        print(f"{name:28s} {median:6.2f} s (slowest {slowest:.2f} s)", flush=True)


if __name__ == "__main__":
    main()
