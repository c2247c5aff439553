"""The prompt files that share the corpus's grammar: skills, other assistants, unrelated."""

import random
from collections.abc import Iterator

from lab_utils.pretraining import skills
from lab_utils.pretraining.corpus import PHRASES, PROMPTS, chatter, read_rows
from lab_utils.workspace import write_rows

TRAIN, HELDOUT = 12, 20  # prompts a skill


def write_prompts() -> None:
    """Write `skills`, `assistants` and `unrelated` into `data/prompts`."""
    write_rows(PROMPTS / "skills.jsonl", _skills(skills.EXACT, TRAIN, HELDOUT))
    write_rows(PROMPTS / "assistants.jsonl", _skills(skills.ABOUT_ASSISTANTS, 60, 70))
    write_rows(PROMPTS / "unrelated.jsonl", _unrelated())


def _skills(names: tuple[str, ...], train: int, heldout: int) -> Iterator[dict[str, str]]:
    for name in names:
        yield from skills.listed(name, "train", train)
        yield from skills.listed(name, "heldout", heldout)


def _unrelated() -> Iterator[dict[str, str]]:
    for language, phrases in PHRASES.items():
        topics = phrases.SMALL_TALK + chatter(language)
        for i, (train, heldout, answer) in enumerate(topics):
            for split, texts in (("train", train[:2]), ("heldout", heldout)):
                family = f"chatter.{language}_{split}_{i}"
                for text in texts:
                    row = {"text": text, "family": family, "language": language, "split": split}
                    yield row | {"answer": answer}
    yield from _skills(skills.OPEN_ENDED, 30, 40)
    yield from _nature()


def _nature() -> Iterator[dict[str, str]]:
    """Questions about the model that call for no name; the held-out ones have no fixed answer."""
    rng = random.Random("nature")
    rows = [r for r in read_rows("identity") if r["family"].startswith("nature.")]
    train = [r for r in rows if r["split"] == "train"]
    for row in rng.sample(train, 60) + [r for r in rows if r["split"] == "heldout"]:
        answers = PHRASES[row["language"]].NATURE_ANSWERS
        yield row | {"answer": answers.get(row["family"], "")}
