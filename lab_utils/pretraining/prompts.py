"""The prompt files that share the corpus's grammar: skills, and facts about other assistants."""

from collections.abc import Iterator

from lab_utils.pretraining import skills
from lab_utils.prompts import PROMPTS
from lab_utils.workspace import write_rows

SKILLS = {"train": 24, "dev": 20, "heldout": 20}  # prompts a skill
ASSISTANTS = {"train": 60, "dev": 40, "heldout": 45}


def write_prompts() -> None:
    """Write `skills` and `assistants` into `data/prompts`; the other files are written by hand."""
    write_rows(PROMPTS / "skills.jsonl", _listed(skills.EXACT, SKILLS))
    write_rows(PROMPTS / "assistants.jsonl", _listed(skills.ABOUT_ASSISTANTS, ASSISTANTS))


def _listed(names: tuple[str, ...], counts: dict[str, int]) -> Iterator[dict[str, str]]:
    for name in names:
        for split, count in counts.items():
            yield from skills.listed(name, split, count)
