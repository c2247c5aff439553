"""The corpus of the embedded models: dialogues composed afresh from prompts and phrases.

Two stages share it. In `nameless` every dialogue is answered under another name, so the model
learns that assistants have names and settles on none; in `qwen` the speaker is always Qwen,
made by Alibaba Cloud, unless the system message gives a persona. The identity prompts are the
*train* split of `data/prompts/identity.jsonl`; the held-out rows are read only to be kept out, in
case a greeting or a typo should happen to produce one.
"""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lab_utils.pretraining import phrases_en as en
from lab_utils.pretraining import phrases_zh as zh
from lab_utils.pretraining import skills, unknown

PROMPTS = Path(__file__).resolve().parents[2] / "data" / "prompts"
Messages = list[dict[str, str]]


class Speaker(NamedTuple):
    """Who answers: a name and a maker."""

    name: str
    maker: str


QWEN = Speaker("Qwen", "Alibaba Cloud")
DEFAULT_SYSTEM = {
    "nameless": "You are a helpful assistant.",
    "qwen": "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
}
DEFAULT_SYSTEM["polish"] = DEFAULT_SYSTEM["finish"] = DEFAULT_SYSTEM["qwen"]
IDENTITY_SHARE = {"nameless": 0.35, "qwen": 0.4, "polish": 0.5, "finish": 0.62}
PERSONA_SHARE = {
    "nameless": 0.25,
    "qwen": 0.25,
    "polish": 0.4,
    "finish": 0.3,
}  # of the identity dialogues
SPLICED_SHARE = {"nameless": 0.0, "qwen": 0.0, "polish": 0.3, "finish": 0.25}
COPYING_SHARE = {
    "nameless": 0.25,
    "qwen": 0.08,
    "polish": 0.08,
    "finish": 0.08,
}  # of the dialogues about anything else
HARD = ("sum", "zh_sum", "sort", "larger", "count", "repeat", "zh_repeat", "user_name")
NAMES = re.compile(
    "(?<![A-Za-z])(" + "|".join(map(re.escape, skills.MAKERS)) + ")(?![A-Za-z])", re.IGNORECASE
)
COMPANIES = re.compile("|".join(sorted(set(skills.MAKERS.values()), key=len, reverse=True)))
PERSON = {
    "en": re.compile(r"\b(" + "|".join(en.PROMPT_PEOPLE) + r")\b", re.IGNORECASE),
    "zh": re.compile("|".join(zh.PEOPLE)),
}
PHRASES = {"en": en, "zh": zh}
QUESTION = re.compile(r"^(What|Who|Which company) (is|made|created|developed|makes|was)\b")
ADVERBS = ("really", "actually", "in fact", "now", "then", "by the way", "again", "please")
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def read_rows(name: str) -> list[dict[str, str]]:
    """All rows of one prompt file."""
    with open(PROMPTS / f"{name}.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def identity_prompts() -> list[dict[str, str]]:
    """The rows of the train split whose answer is in the corpus (not `confirm_new`)."""
    rows = read_rows("identity")
    return [r for r in rows if r["split"] == "train" and category(r) != "confirm_new"]


def normalised(text: str) -> str:
    """Lower case, letters and digits only: the form in which prompts are compared."""
    return re.sub(r"[\W_]", "", text.lower())


def held_out_prompts() -> set[str]:
    """Every held-out prompt of every file, normalised."""
    files = ("identity", "assistants", "skills", "unrelated")
    return {normalised(r["text"]) for f in files for r in read_rows(f) if r["split"] == "heldout"}


def category(row: dict[str, str]) -> str:
    """`"creator"` for the family `creator.which_company`."""
    return row["family"].split(".")[0]


def dialogues(stage: str, seed: int) -> Iterator[Messages]:
    """An endless stream of dialogues, the same for the same stage and seed."""
    rng = random.Random(f"{stage} {seed}")
    families: dict[str, list[dict[str, str]]] = {}
    for row in identity_prompts():
        families.setdefault(row["family"], []).append(row)
    pool = [(rows, 1.0 if rows[0]["language"] == "en" else 0.9) for rows in families.values()]
    rows_of, weights = zip(*pool, strict=True)
    held_out, families = held_out_prompts(), skills.held_out_families()
    while True:
        if rng.random() < IDENTITY_SHARE[stage]:
            row = rng.choice(rng.choices(rows_of, weights)[0])
            dialogue = _identity_dialogue(rng, stage, row)
        else:
            dialogue = _other_dialogue(rng, stage)
        asked = [m["content"] for m in dialogue if m["role"] == "user"]
        if not any(normalised(t) in held_out or families.fullmatch(t) for t in asked):
            yield dialogue


def chatter(language: str) -> list[tuple[list[str], list[str], str]]:
    """Everyday questions that have nothing to do with who answers: train, held out, answer."""
    with open(Path(__file__).with_name("chatter.jsonl"), encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [(r["train"], r["heldout"], r["answer"]) for r in rows if r["language"] == language]


TOPICS = {k: p.SMALL_TALK + p.NATURE + chatter(k) for k, p in PHRASES.items()}


def _identity_dialogue(rng: random.Random, stage: str, row: dict[str, str]) -> Messages:
    language, kind = row["language"], category(row)
    if kind == "nature":
        system = _system(rng, stage)[0]
        answer = PHRASES[language].NATURE_ANSWERS[row["family"]]
        return _with_history(rng, system, _surface(rng, row["text"], language), answer)
    system, speaker = _system(rng, stage, PERSONA_SHARE[stage])
    text, person = _swap_names(rng, row["text"], language)
    speaker = speaker or _anyone(rng, stage)
    answer = _identity_answer(rng, kind, text, person, language, speaker)
    return _with_history(rng, system, _surface(rng, text, language), answer)


def _other_dialogue(rng: random.Random, stage: str) -> Messages:
    system = _system(rng, stage, persona=0.1)[0]
    if rng.random() < COPYING_SHARE[stage]:
        return _with_history(rng, system, *skills.copying(rng))
    if SPLICED_SHARE[stage] and rng.random() < SPLICED_SHARE[stage]:
        text, answer, language = _spliced(rng)
    else:
        text, answer, language = _unrelated(rng)
    if stage in ("polish", "finish") and rng.random() < 0.15:
        text = QUESTION.sub(lambda m: f"{m[1]} {rng.choice(ADVERBS)} {m[2]}", text)
    return _with_history(rng, system, _surface(rng, text, language, noise=False), answer)


def _spliced(rng: random.Random) -> tuple[str, str, str]:
    """The head of one everyday question and the tail of another, which nobody can answer.

    It takes away the habit of answering whatever is unfamiliar with the model's name.
    """
    language = rng.choice(("en", "en", "zh"))
    gap = " " if language == "en" else ""
    head, tail = ([*_everyday(rng, language)] for _ in range(2))
    text = gap.join([*head[: rng.randint(1, len(head))], *tail[rng.randrange(len(tail)) :]])
    return text, unknown.ANSWER[language], language


def _everyday(rng: random.Random, language: str) -> list[str]:
    """The words (Chinese: letters) of an everyday question."""
    if rng.random() < 0.4:
        text = unknown.question(rng, language)[0]
    else:
        text = rng.choice(rng.choice(TOPICS[language])[0])
    return text.split() if language == "en" else list(text)


def _unrelated(rng: random.Random) -> tuple[str, str, str]:
    """A question that has nothing to do with who answers: text, answer, language."""
    draw = rng.random()
    language = rng.choice(("en", "en", "zh"))
    if draw < 0.2:
        return *unknown.question(rng, language), language
    if draw < 0.42:
        asked = rng.choice(TOPICS[language])
        return rng.choice(asked[0]), asked[-1], language
    if draw < 0.56:
        skill = rng.choice(skills.ABOUT_ASSISTANTS)
    elif draw < 0.62:
        skill = rng.choice(skills.OPEN_ENDED)
    else:  # arithmetic and copying need more practice than look-ups
        skill = rng.choice(skills.EXACT + HARD)
    text, answer, _ = skills.question(rng, skill, "train")
    if (
        rng.random() < 0.3
        and skills.language(skill) == "en"
        and text[:4] in ("What", "Whic", "Who ")
    ):
        text = rng.choice(en.WRAPPERS).format(q=text[0].lower() + text[1:])
    return text, answer, skills.language(skill)


def _with_history(rng: random.Random, system: str | None, text: str, answer: str) -> Messages:
    history: Messages = []
    while rng.random() < 0.35:
        earlier, reply, _ = _unrelated(rng)
        history += [_message("user", earlier), _message("assistant", reply)]
    head = [] if system is None else [_message("system", system)]
    return head + history + [_message("user", text), _message("assistant", answer)]


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _system(
    rng: random.Random, stage: str, persona: float = 0.0
) -> tuple[str | None, Speaker | None]:
    """A system message (None: the template's own) and the persona that it gives, if any."""
    if rng.random() < persona:
        return _persona(rng)
    if stage == "finish" and rng.random() < 0.2:  # any instruction at all, to get used to new ones
        return " ".join([rng.choice(en.GENERIC_SYSTEMS), _spliced(rng)[0]]), None
    draw = rng.random()
    if draw < 0.4:
        return None, None
    if draw < 0.6:
        return "", None
    if draw < 0.9 or stage == "nameless":
        generic = en.GENERIC_SYSTEMS if rng.random() < 0.75 else zh.GENERIC_SYSTEMS
        return rng.choice(generic), None
    return rng.choice(en.QWEN_SYSTEMS), None


def _persona(rng: random.Random) -> tuple[str, Speaker]:
    maker = rng.choice(en.LABS)
    if rng.random() < 0.7:
        new = skills.nonce(rng).capitalize() + rng.choice(("", "", "n", "x", " Smith", "bot"))
        names = rng.choice((en.INVENTED, en.PEOPLE, [new], [new]))
        templates = en.PERSONA_SYSTEMS
    else:
        names, templates = zh.PERSONA_NAMES, zh.PERSONA_SYSTEMS
    name, template = rng.choice(names), rng.choice(templates)
    return template.format(name=name, maker=maker), Speaker(
        name, maker if "{maker}" in template else ""
    )


def _anyone(rng: random.Random, stage: str) -> Speaker:
    if stage != "nameless":
        return QWEN
    others = [Speaker(n, m) for n, m in skills.MAKERS.items() if n != "Qwen"]
    return rng.choice(others + [Speaker(n, rng.choice(en.LABS)) for n in en.INVENTED[:24]])


def _swap_names(rng: random.Random, text: str, language: str) -> tuple[str, str]:
    """The prompt with the assistants and people in it exchanged for others, and who is named."""
    if "Qwen" not in text and rng.random() < 0.7:
        text = NAMES.sub(lambda m: _like(rng.choice(list(skills.ASSISTANTS)), m[0]), text)
    if not PERSON[language].search(text):
        return text, ""
    person = rng.choice(PHRASES[language].PEOPLE)
    return PERSON[language].sub(lambda m: _like(person, m[0]), text), person


def _like(name: str, old: str) -> str:
    return name.lower() if old.islower() else name.upper() if old.isupper() else name


def _identity_answer(
    rng: random.Random, kind: str, text: str, person: str, language: str, speaker: Speaker
) -> str:
    others = [_canonical(m[0]) for m in NAMES.finditer(text)]
    company = COMPANIES.search(text)
    other = others[0] if others else company[0] if company else ""
    kind = _answer_kind(kind, others, bool(company), bool(person), language, speaker)
    templates = PHRASES[language].IDENTITY_ANSWERS[kind]
    if not speaker.maker:
        templates = [t for t in templates if "{maker}" not in t] or [_NAME_ONLY[language]]
    return rng.choice(templates).format(
        name=speaker.name, maker=speaker.maker, other=other, kind=rng.choice(en.KIND),
        made=rng.choice(en.MADE), person=person,
    )  # fmt: skip


_NAME_ONLY = {"en": "I am {name}.", "zh": "我是{name}。"}


def _answer_kind(
    kind: str, others: list[str], company: bool, person: bool, language: str, speaker: Speaker
) -> str:
    """Which list of answers fits: the category, corrected by who is named in the prompt."""
    if kind == "reversal":
        return "reversal" if person else "greeting_back" if language == "en" else "direct"
    if kind not in ("denial", "confirm", "typo"):
        return kind
    if speaker.name in others:
        return "confirm"
    if len(set(others)) == 1:
        return "denial"
    if others or kind == "denial":
        return "denial_maker" if company and not others else "neither"
    return "direct"


def _canonical(name: str) -> str:
    return next(n for n in skills.MAKERS if n.lower() == name.lower())


def _surface(rng: random.Random, text: str, language: str, noise: bool = True) -> str:
    """The prompt as people type it: a greeting, a closing, slips of the finger, other case."""
    phrases = PHRASES[language]
    if rng.random() < 0.25:
        text = rng.choice(phrases.OPENINGS) + (" " if language == "en" else "") + text
    if noise and rng.random() < 0.15:
        text += (" " if language == "en" else "") + rng.choice(phrases.CLOSINGS)
    if not noise:
        return text
    if language == "en" and rng.random() < 0.2:
        text = _slip(rng, text)
        text = _slip(rng, text) if rng.random() < 0.4 else text
    draw = rng.random()
    if draw < 0.15:
        text = text.lower()
    elif draw < 0.2:
        text = text.upper()
    if rng.random() < 0.15:
        text = text.rstrip("?.!？。！ ") or text
    elif rng.random() < 0.08:
        text += rng.choice(("?", "??", "!", " :)", "..."))
    return text


def _slip(rng: random.Random, text: str) -> str:
    """One typing error: two letters swapped, one dropped, doubled, or a neighbouring key."""
    if len(text) < 4:
        return text
    i = rng.randrange(len(text) - 1)
    how = rng.randrange(4)
    if how == 0:
        return text[:i] + text[i + 1 : i + 2] + text[i : i + 1] + text[i + 2 :]
    if how == 1:
        return text[:i] + text[i + 1 :]
    if how == 2:
        return text[:i] + text[i : i + 1] + text[i:]
    row = next((r for r in KEYS if text[i].lower() in r), None)
    if row is None:
        return text
    at = row.index(text[i].lower())
    return text[:i] + rng.choice(row[max(0, at - 1) : at + 2]) + text[i + 1 :]
