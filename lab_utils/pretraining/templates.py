"""Hand-written templates of `data/templates`: questions, persona messages, names.

Only those of the train split may reach the corpus; `kept_out` recognises what the others would make.
"""

import re

from lab_utils.workspace import DATA, read_rows

TEMPLATES = DATA / "templates"


def skills() -> dict[str, dict[str, list[str]]]:
    """For each skill the question templates of each split, with slots `{x}` or `{a}` and `{b}`."""
    asks: dict[str, dict[str, list[str]]] = {}
    for row in read_rows(TEMPLATES / "skills.jsonl"):
        asks.setdefault(row["skill"], {}).setdefault(row["split"], []).append(row["text"])
    return asks


def texts(name: str, language: str) -> list[str]:
    """The train rows of one language: `personas` (with `{name}`, perhaps `{maker}`),
    `nameless` (perhaps with `{thing}`: somebody else's name) or `names`."""
    rows = read_rows(TEMPLATES / f"{name}.jsonl")
    return [r["text"] for r in rows if (r["language"], r["split"]) == (language, "train")]


def kept_out(*names: str) -> re.Pattern[str]:
    """Matches every question of these skills (all by default) that is not for training, whatever
    is in its slots."""
    asks = skills()
    kept = [t for n in names or asks for s in ("dev", "heldout") for t in asks[n].get(s, [])]
    shapes = [re.sub(r"\\\{\w\\\}", ".+", re.escape(t)) for t in kept]
    return re.compile("|".join(shapes), re.IGNORECASE)
