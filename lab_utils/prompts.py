"""What we ask: prompt files, their families and splits, and the forms of the system message."""

from dataclasses import dataclass
from pathlib import Path

from lab_utils.workspace import DATA, LabError, read_lines, read_rows

PROMPTS = DATA / "prompts"
SPLITS = ("train", "dev", "heldout")
FILES = ("identity", "assistants", "about_qwen", "skills", "unrelated")


def category_of(family: str) -> str:
    """The part of a family before its dot: `creator` of `creator.which_company`."""
    return family.split(".")[0]


@dataclass(frozen=True)
class Prompt:
    """One prompt; a family is one way of asking, wholly in one split."""

    text: str
    family: str = "given"
    language: str = "en"
    split: str = "heldout"
    answer: str = ""  # the one right answer, where there is one

    @property
    def category(self) -> str:
        """The kind of question that the family belongs to."""
        return category_of(self.family)


@dataclass(frozen=True)
class SystemForm:
    """One system message; `text` None means that none is given, `name` is a persona's."""

    text: str | None
    form: str
    split: str
    name: str = ""


def load_prompts(name: str, split: str) -> list[Prompt]:
    """The prompts of one file and split: train, dev (where choices are made) or heldout; else a LabError."""
    return [Prompt(**row) for row in _rows(name, split)]


def _rows(name: str, split: str) -> list[dict]:
    if split not in SPLITS:
        raise LabError(f"there is no split {split!r}; write one of {', '.join(SPLITS)}.")
    return [row for row in read_rows(PROMPTS / f"{name}.jsonl") if row["split"] == split]


def held_out_texts() -> list[str]:
    """Every dev and held-out prompt of every file: what no pair may contain."""
    return [p.text for name in FILES for s in ("dev", "heldout") for p in load_prompts(name, s)]


def load_systems(split: str) -> list[SystemForm]:
    """The system-message forms of a split: none, empty, generic, named, persona."""
    return [SystemForm(**row) for row in _rows("systems", split)]


def read_prompts(path: str | Path) -> list[Prompt]:
    """Prompts from a file of yours: JSON Lines with a `text` field, or one prompt a line."""
    lines = read_lines(path)
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith(("{", "[")):  # JSON; `read_rows` says what is wrong with a list
        return [_prompt(row, path, i) for i, row in enumerate(read_rows(path), 1)]
    prompts = [Prompt(line.strip()) for line in lines if line.strip()]
    if not prompts:
        raise LabError(f"{path}: the file is empty; write one prompt a line.")
    return prompts


def _prompt(row: dict, path: Path, number: int) -> Prompt:
    if not isinstance(row.get("text"), str) or not row["text"].strip():
        raise LabError(f"{path}, row {number}: no `text`; each row needs a prompt under that key.")
    return Prompt(row["text"].strip())
