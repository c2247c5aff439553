"""A run folder: what one training run left, and how to find it again.

It holds `recipe.toml` (complete, as run), `environment.json`, `pairs.jsonl`, `audit.json`,
`history.csv` and `policy/`; evaluation adds `answers.jsonl` and `evaluation.json`, the labs add
their executed notebooks and `report.html`.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lab_utils.models import Policy, fingerprint, load_model
from lab_utils.recipes import Recipe, load_recipe
from lab_utils.workspace import LabError, read_json


@dataclass(frozen=True)
class Run:
    """What a training run left: its folder, its recipe and its history, one row a step."""

    folder: Path
    recipe: Recipe
    history: pd.DataFrame

    def policy(self) -> Policy:
        """The trained weights, loaded anew from the folder."""
        return load_model(self.folder / "policy", label=f"{self.folder.name}, reloaded")


def load_run(folder: str | Path) -> Run:
    """The run in a folder; LabError where a part of it is missing."""
    folder = Path(folder)
    for name in ("recipe.toml", "history.csv", "policy"):
        if not (folder / name).exists():
            raise LabError(f"{folder}: no {name}; this is not a finished run. Train it first.")
    return Run(folder.resolve(), load_recipe(folder / "recipe.toml"), read_history(folder))


def read_history(folder: Path) -> pd.DataFrame:
    """The run's history, one row a step; LabError where the file is not whole."""
    try:
        return pd.read_csv(folder / "history.csv")
    except (ValueError, OSError) as error:  # pandas' parser errors are ValueErrors
        raise LabError(
            f"{folder / 'history.csv'}: cannot be read ({error}); train again."
        ) from None


def require_new(folder: Path) -> None:
    """Raise LabError where a run of that name exists: it is never overwritten."""
    if folder.exists():
        raise LabError(f"{folder}: this run exists; choose another name, or move it away first.")


def check_base(folder: Path, base: Policy) -> None:
    """Raise LabError where the base's weights are no longer those that the run in the folder began with."""
    path = folder / "environment.json"
    began = read_json(path).get("base_sha256") if path.is_file() else None
    if began not in (None, fingerprint(base.folder)):
        raise LabError(
            f"{base.folder}: these are not the weights that {folder} was trained from (they have changed "
            "since); put those back, or train again."
        )


def set_aside(folder: str | Path) -> None:
    """Keep an earlier run of that name as `NAME.1`, `NAME.2`, …; nothing is ever deleted."""
    folder = Path(folder)
    if folder.exists():
        numbers = itertools.count(1)
        folder.rename(next(p for n in numbers if not (p := Path(f"{folder}.{n}")).exists()))
