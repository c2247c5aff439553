"""The numbers that decide a run, read from TOML and checked before anything is trained."""

import difflib
import json
import math
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from lab_utils.workspace import DATA, LabError, find

RECIPES = DATA / "recipes"
LOSSES = ("sigmoid", "sft", "dpo_positive", "ipo", "apo_zero", "sigmoid_norm")
BY_LENGTH = "group_by_length"  # pairs alike in length share a batch
ORDERS = ("random", BY_LENGTH)  # transformers' words


@dataclass(frozen=True)
class Recipe:
    """Every number of one run; there are no defaults, so the file always says what runs."""

    model: str
    pairs: str
    seed: int
    beta: float
    loss: list[str]
    loss_weights: list[float]
    max_length: int
    method: str
    lora_rank: int
    lora_alpha: int
    learning_rate: float
    warmup: float
    schedule: str
    order: str
    batch_size: int
    accumulation: int
    epochs: float
    weight_decay: float
    max_grad_norm: float
    averaged: float


def load_recipe(path: str | Path, /, **settings: object) -> Recipe:
    """The recipe of that name or file, with `settings` in place of its values.

    Raises LabError for a file that is absent or not TOML, a key that is missing or unknown, a value
    of the wrong type or out of range.
    """
    path = find_recipe(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LabError(f"{path}: not a TOML file ({error}).") from None
    return make_recipe(values | settings, str(path))


def find_recipe(path: str | Path) -> Path:
    """The file of that name in `data/recipes`, or of that path, from here or from the project's folder.

    Raises LabError where there is none.
    """
    if found := find(path, RECIPES / f"{path}.toml", Path.is_file):
        return found
    known = ", ".join(sorted(p.stem for p in RECIPES.glob("*.toml")))
    raise LabError(f"recipe {str(path)!r}: no such file; the recipes here are {known}.")


def make_recipe(values: dict, where: str) -> Recipe:
    """A checked recipe from a dict of its keys."""
    expected = {f.name: f.type for f in fields(Recipe)}
    unknown = [key for key in values if key not in expected]
    missing = [key for key in expected if key not in values]
    if unknown:
        alike = difflib.get_close_matches(unknown[0], expected, n=1)
        close = f" (did you mean {alike[0]!r}?)" if alike else ""
        raise LabError(
            f"{where}: unknown key {unknown[0]!r}{close}; keys are {', '.join(expected)}."
        )
    if missing:
        raise LabError(f"{where}: the key {missing[0]!r} is missing; add it.")
    recipe = Recipe(**{key: _typed(key, values[key], expected[key], where) for key in expected})
    _check_ranges(recipe, where)
    return recipe


def _typed(key: str, value: object, expected: type, where: str) -> object:
    if expected is float and _is_whole(value):
        return float(value)
    if expected == list[float] and isinstance(value, list):
        value = [float(v) if _is_whole(v) else v for v in value]
    inner = {list[str]: str, list[float]: float}.get(expected)
    fits = (
        isinstance(value, list) and all(isinstance(v, inner) for v in value)
        if inner
        else isinstance(value, expected) and not isinstance(value, bool)
    )
    if not fits:
        name = (
            getattr(expected, "__name__", str(expected))
            if not inner
            else f"list of {inner.__name__}"
        )
        raise LabError(f"{where}: {key} = {value!r} is not of type {name}.")
    return value


def _is_whole(value: object) -> bool:
    """Whether a value is an integer that a float can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _check_ranges(r: Recipe, where: str) -> None:
    """One sentence for the first value out of range."""
    wrong = {
        "model": (bool(r.model), "an embedded model, a Hub id or a folder"),
        "pairs": (bool(r.pairs), "a file of data/pairs, or any path"),
        "beta": (0 < r.beta < math.inf, "above 0 and finite"),
        "learning_rate": (0 < r.learning_rate < 1, "between 0 and 1"),
        "warmup": (0 <= r.warmup < 1, "a share of the steps, from 0 to below 1"),
        "schedule": (r.schedule in ("linear", "cosine", "constant"), "linear, cosine or constant"),
        "order": (r.order in ORDERS, " or ".join(ORDERS)),
        "batch_size": (r.batch_size >= 1, "1 or more"),
        "accumulation": (r.accumulation >= 1, "1 or more"),
        "epochs": (0 < r.epochs < math.inf, "above 0 and finite"),
        "max_length": (r.max_length >= 16, "16 or more"),
        "method": (r.method in ("full", "lora"), "full or lora"),
        "lora_rank": (r.lora_rank >= 1, "1 or more"),
        "lora_alpha": (r.lora_alpha >= 1, "1 or more"),
        "weight_decay": (0 <= r.weight_decay < math.inf, "0 or more and finite"),
        "max_grad_norm": (r.max_grad_norm > 0, "above 0"),
        "averaged": (0 <= r.averaged <= 1, "a share of the steps, from 0 to 1"),
        "seed": (0 <= r.seed < 2**32, "0 or more, and below 2**32"),
        "loss": (bool(r.loss) and set(r.loss) <= set(LOSSES), f"some of {', '.join(LOSSES)}"),
        "loss_weights": (
            len(r.loss_weights) == len(r.loss)
            and all(0 <= w < math.inf for w in r.loss_weights)
            and any(r.loss_weights),
            "as many numbers as there are losses, each 0 or more and finite, not all 0",
        ),
    }
    for key, (fits, should) in wrong.items():
        if not fits:
            raise LabError(f"{where}: {key} = {getattr(r, key)!r}; it must be {should}.")


def as_toml(recipe: Recipe) -> str:
    """The recipe as TOML, complete, one key a line."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in asdict(recipe).items())


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # the same escapes as TOML's
    return repr(value)


def parse_settings(settings: list[str]) -> dict[str, object]:
    """`["beta=0.1", "method=lora"]` as a dict; values are read as TOML, else taken as text."""
    parsed: dict[str, object] = {}
    for setting in settings:
        key, sign, value = setting.partition("=")
        if not sign:
            raise LabError(f"--set {setting}: write key=value.")
        try:
            parsed[key] = tomllib.loads(f"x = {value}")["x"]
        except tomllib.TOMLDecodeError:
            parsed[key] = value
        except (ValueError, RecursionError) as error:
            raise LabError(f"--set {key}: the value cannot be read ({error}).") from None
    return parsed
