"""Small questions with one right answer: drawn for the corpus, listed for `data/prompts`."""

import random
import re
from collections.abc import Iterator

from lab_utils.identity import ASSISTANTS
from lab_utils.pretraining import phrases_en as en
from lab_utils.pretraining import phrases_zh as zh
from lab_utils.pretraining import templates

MAKERS = {**ASSISTANTS, "Qwen": "Alibaba Cloud"}
TABLES = {
    "capital": en.CAPITALS,
    "opposite": en.OPPOSITES,
    "plural": en.PLURALS,
    "past": en.PASTS,
    "colour": en.COLOURS,
    "sound": en.SOUNDS,
    "describe": en.THINGS,
    "advice": en.ADVICE,
    "who_made": MAKERS,
    "what_is": MAKERS,
    "next": {a: b for s in en.SEQUENCES for a, b in zip(s, s[1:] + s[:1], strict=True)},
    "zh_capital": zh.CAPITALS,
    "zh_opposite": zh.OPPOSITES,
    "zh_colour": zh.COLOURS,
    "zh_who_made": MAKERS,
}
ASKS = templates.skills()
ANSWERS = en.ANSWERS | {
    "zh_capital": zh.CAPITAL_ANSWER,
    "zh_opposite": zh.OPPOSITE_ANSWER,
    "zh_colour": zh.COLOUR_ANSWER,
    "zh_who_made": zh.ASSISTANT_ANSWER,
}
ARTICLE = re.compile(r"(?<=\ba)(?= [aeiou])", re.IGNORECASE)
ABOUT_ASSISTANTS = ("who_made", "what_is", "zh_who_made")
OPEN_ENDED = ("describe", "advice")
EXACT = tuple(s for s in ASKS if s not in ABOUT_ASSISTANTS + OPEN_ENDED)


def language(skill: str) -> str:
    """`"zh"` or `"en"`, read off the skill's name."""
    return "zh" if skill.startswith("zh_") else "en"


def draw(rng: random.Random, skill: str) -> tuple[dict[str, str], str]:
    """Slots for a question of this skill, and the right answer."""
    if skill in TABLES:
        x, y = rng.choice(list(TABLES[skill].items()))
        return {"x": x}, table_answer(skill, x, y)
    if skill in ("sum", "zh_sum"):
        a, b = rng.randint(0, 10), rng.randint(0, 10)
        return {"a": str(a), "b": str(b)}, f"{a} + {b} = {a + b}"
    if skill == "larger":
        a, b = rng.sample(range(1, 21), 2)
        return {"a": str(a), "b": str(b)}, f"{max(a, b)} is larger."
    if skill == "sort":
        numbers = rng.sample(range(1, 10), 3)
        return {"x": _listed(numbers)}, _listed(sorted(numbers))
    if skill == "count":
        words = rng.sample(en.WORDS, rng.randint(1, 5))
        return {"x": " ".join(words)}, f"{len(words)} word{'s' if len(words) > 1 else ''}."
    if skill == "letter":
        word = rng.choice(en.WORDS)
        return {"x": word}, f"The first letter is {word[0]}."
    if skill == "user_name":
        name = rng.choice(en.PEOPLE)
        return {"x": name}, f"Your name is {name}."
    if skill == "zh_repeat":
        text = "".join(rng.sample(list(zh.COLOURS) + list(zh.OPPOSITES), rng.randint(1, 3)))
        return {"x": text}, text
    return _draw_repeat(rng)


def table_answer(skill: str, x: str, y: str) -> str:
    """The right answer to the question of this skill about x."""
    return ANSWERS[skill].format(x=x, y=y, maker=y) if skill in ANSWERS else y


def _draw_repeat(rng: random.Random) -> tuple[dict[str, str], str]:
    words = rng.sample(en.WORDS, rng.randint(1, 4))
    if rng.random() < 0.15:  # names are words too: a policy must still be able to quote them
        words.insert(rng.randint(0, len(words)), rng.choice([*MAKERS, "Qwen", "Qwen"]))
    return {"x": " ".join(words)}, " ".join(words)


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def question(rng: random.Random, skill: str, split: str) -> tuple[str, str, str]:
    """A random question of the split: its text, the right answer, its family."""
    index = rng.randrange(len(ASKS[skill][split]))
    slots, answer = draw(rng, skill)
    text = ASKS[skill][split][index].format(**slots)
    if skill == "sound":
        text, answer = (ARTICLE.sub("n", t) for t in (text, answer))
    return text, answer, f"{skill}.{split}_{index}"


def listed(skill: str, split: str, count: int) -> Iterator[dict[str, str]]:
    """`count` distinct prompt rows of one skill and split, the same on every call."""
    rng = random.Random(f"{skill} {split}")
    seen: set[str] = set()
    while len(seen) < count:
        text, answer, family = question(rng, skill, split)
        if text not in seen:
            seen.add(text)
            row = {"text": text, "family": family, "language": language(skill), "split": split}
            yield row | {"answer": _maker(answer) if skill in ABOUT_ASSISTANTS else answer}


def _maker(answer: str) -> str:
    """The maker that an answer names; what must be right in it, however it is put."""
    return max((m for m in MAKERS.values() if m in answer), key=len)
