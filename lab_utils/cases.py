"""What the folder of somebody's run holds, ours or one that TRL left, read for a diagnosis.

A pairs file, a model and a log (`history.csv`, or TRL's `trainer_state.json`) are looked for in the folder
and below it; answers that were shown for the run may lie beside them as `answers.jsonl`.
"""

import copy
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from lab_utils.chat import messages
from lab_utils.models import Policy, check_folder, load_model
from lab_utils.pairs import Pair, check_row
from lab_utils.recipes import load_recipe
from lab_utils.runs import check_base, read_history
from lab_utils.workspace import LabError, read_json, read_rows

CHECKPOINT = re.compile(r"checkpoint-(\d+)")
TRL_NAMES = {  # TRL's name in its log: ours
    "step": "step",
    "loss": "loss",
    "rewards/margins": "margin",
    "rewards/chosen": "chosen_reward",
    "grad_norm": "grad_norm",
    "num_tokens": "tokens",
    "epoch": "epoch",
}


@dataclass(frozen=True)
class Case:
    """A run to be diagnosed; None or empty where the folder does not say.

    `history` has one row a logged step, up to the step whose weights were kept. `stopped` is the step
    to which a guard went back. `bf16` is known of our own runs alone. `templated` says whether the pairs are messages, not strings.
    """

    pairs: list[Pair]
    policy: Policy
    base: Policy | None
    history: pd.DataFrame
    answers: list[dict]
    stopped: int | None = None
    templated: bool = True
    bf16: bool = False

    def as_in_pairs(self, policy: Policy) -> Policy:
        """The policy with the form of the pairs: strings are trained without the chat template."""
        return policy if self.templated else plain(policy)

    def contents(self) -> str:
        """One line on what was found, and what was not."""
        return (
            f"{len(self.pairs)} pairs; the model in {self.policy.folder.name}; a log of {len(self.history)} steps; "
            f"{len(self.answers)} answers shown; {'a' if self.base else 'no'} model before training"
        )


def read_case(folder: Path, base: str | None = None) -> Case:
    """The case in a folder; `base` names the model before training where the folder does not.

    Raises LabError where there is no folder, or not exactly one pairs file and one model in it.
    """
    if not folder.is_dir():
        raise LabError(f"{folder}: no such folder; give the folder of a run.")
    folder = folder.resolve()
    recipe = load_recipe(folder / "recipe.toml") if (folder / "recipe.toml").is_file() else None
    name = base or (recipe.model if recipe else None)
    stopped = _stopped(folder)
    history, rows = _read_history(folder), _read_pairs(folder)
    if stopped is not None and len(history):
        history = history[history["step"] <= stopped]
    policy = load_model(_model_folder(folder), label="policy")
    before = load_model(name, label="base") if name else None
    if before and not base:
        check_base(folder, before)
    return Case(
        pairs=[conversational(row) for row in rows],
        policy=policy,
        base=before,
        history=history,
        answers=_read_answers(folder),
        stopped=stopped,
        templated=not any(isinstance(row["chosen"], str) for row in rows),
        bf16=_environment(folder).get("dtype") == "bf16",
    )


def plain(policy: Policy) -> Policy:
    """The policy without a chat template: texts as they stand, and behind an answer the end token, as TRL has it."""
    tokenizer = copy.deepcopy(policy.tokenizer)
    begin = tokenizer.decode(tokenizer("").input_ids)
    tokenizer.chat_template = begin + (
        "{% for message in messages %}{{ message['content'] }}{% endfor %}"
        "{% if not add_generation_prompt and not messages[-1]['content'].endswith(eos_token) %}"
        "{{ eos_token }}{% endif %}"
    )
    return replace(policy, tokenizer=tokenizer)


def _below(folder: Path, pattern: str) -> Iterator[Path]:
    """The files of that pattern in a folder and below it, hidden folders left out, in a fixed order."""
    for path in sorted(folder.rglob(pattern)):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _stopped(folder: Path) -> int | None:
    """The step to which the guard of one of our runs went back."""
    step = _environment(folder).get("kept_step")
    if not isinstance(step, int | None):
        raise LabError(
            f"{folder / 'environment.json'}: kept_step = {step!r}; it must be a step's number."
        )
    return step


def _environment(folder: Path) -> dict:
    path = folder / "environment.json"
    return read_json(path) if path.is_file() else {}


def _model_folder(folder: Path) -> Path:
    """The one trained model in the folder; the checkpoints of a run stand behind its final model, and of them the last counts."""
    for adapter in _below(folder, "adapter_config.json"):
        check_folder(adapter.parent)  # raises, and says what to do
    models = [path.parent for path in _below(folder, "config.json") if _is_model(path)]
    if not models:
        raise LabError(f"{folder}: no model in it (config.json); copy the trained weights there.")
    runs: dict[Path, Path] = {}  # of each training the latest weights
    for path in sorted(models, key=_step):
        runs[path.parent if CHECKPOINT.fullmatch(path.name) else path] = path
    if len(runs) > 1:
        names = ", ".join(sorted(str(path.relative_to(folder)) for path in runs.values()))
        raise LabError(f"{folder}: several models ({names}); leave only the trained one there.")
    return next(iter(runs.values()))


def _is_model(config: Path) -> bool:
    """Whether this is a model's `config.json`, not that of a logger."""
    return "model_type" in read_json(config)


def _step(folder: Path) -> float:
    """At which step these weights were stored; a final model comes after all."""
    named = CHECKPOINT.fullmatch(folder.name)
    return float(named[1]) if named else math.inf


def _read_pairs(folder: Path) -> list[dict]:
    """The checked rows of `pairs.jsonl`, else of the one file with `chosen` and `rejected`."""
    named = folder / "pairs.jsonl"
    found = [named] if named.is_file() else [p for p in _below(folder, "*.jsonl") if _has_pairs(p)]
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path in found)
        raise LabError(f"{folder}: several pairs files ({names}); call the right one pairs.jsonl.")
    if not found:
        raise LabError(
            f"{folder}: no pairs file (JSON Lines with `chosen` and `rejected`); copy the one you "
            "trained on there, as pairs.jsonl."
        )
    rows = read_rows(found[0])
    for number, row in enumerate(rows, 1):
        check_row(conversational(row), f"{found[0]}, row {number}")
    return rows


def _has_pairs(path: Path) -> bool:
    """Whether a file begins like pairs; what is wrong further down is said when it is read."""
    if path.name == "answers.jsonl":
        return False
    with path.open("rb") as file:
        first = file.readline()
    return b'"chosen"' in first and b'"rejected"' in first


def conversational(row: dict) -> Pair:
    """A row of any of TRL's formats with an explicit prompt, each side one assistant message.

    Strings become messages; a prompt that stands in front of both answers is split off.
    """
    sides = {}
    for side in ("chosen", "rejected"):
        given = row.get(side)
        sides[side] = [{"role": "assistant", "content": given}] if isinstance(given, str) else given
    lists = {side: given for side, given in sides.items() if isinstance(given, list)}
    prompt = row.get("prompt") or lists.get("chosen", [])[:-1]
    if isinstance(prompt, str):
        prompt = messages(prompt)
    last = sides | {side: given[-1:] for side, given in lists.items()}
    return {"kind": "identity"} | row | {"prompt": prompt} | last


def _read_history(folder: Path) -> pd.DataFrame:
    """One row a logged step, with our names of the columns; empty where no log is DPO's."""
    if (folder / "history.csv").is_file():
        history = read_history(folder)
        if {"step", "margin"} <= set(history):
            return _numbers(history)
    states = [read_json(p) for p in _below(folder, "trainer_state.json")]
    logs = [[row for row in state.get("log_history") or [] if _is_dpo(row)] for state in states]
    log = max(logs, key=len, default=[])
    return _numbers(
        pd.DataFrame([{ours: row.get(trl) for trl, ours in TRL_NAMES.items()} for row in log])
    )


def _is_dpo(row: object) -> bool:
    """Whether a row is of a log of DPO's; ORPO's has rewards too, without a reference."""
    named = isinstance(row, dict) and {"rewards/margins", "loss"} <= row.keys()
    return named and "log_odds_ratio" not in row


def _numbers(history: pd.DataFrame) -> pd.DataFrame:
    """The log with nan for what is no number."""
    return history.apply(pd.to_numeric, errors="coerce")


def _read_answers(folder: Path) -> list[dict]:
    """The greedy identity answers that stand for the trained policy, at most 96.

    Where rows say which weights answered, those of the last are taken. LabError for a row that is no answer.
    """
    path = folder / "answers.jsonl"
    rows = read_rows(path) if path.is_file() else []
    for number, row in enumerate(rows, 1):
        needed = all(isinstance(row.get(name), str) for name in ("prompt", "answer"))
        if not needed or not isinstance(row.get("system"), str | None):
            raise LabError(
                f"{path}, row {number}: an answer needs `prompt` and `answer`, texts both (and may have `system`, another)."
            )
    rows = [r for r in rows if r.get("set", "identity") == "identity" and not r.get("temperature")]
    return [r for r in rows if r.get("weights") == rows[-1].get("weights")][:96]
