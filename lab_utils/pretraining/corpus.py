"""The corpus of the embedded models: dialogues composed afresh from prompts and phrases.

The stages share it. In `nameless` every dialogue is answered under another name, so the model
learns that assistants have names and settles on none; in `qwen` the speaker is always Qwen,
made by Alibaba Cloud, unless the system message gives a persona; in `balance` it is asked more
often who answers, so that fewer ways of asking are taken for questions that it cannot answer; in
`briefed` long system messages speak of firms and users, whose names are not its own; in
`mixed` facts are answered well and badly in turn, for the labs that compare preference methods. The
prompts are the *train* rows of `data/prompts/`; the others are read only to be kept out, in case a
greeting or a typo should happen to produce one.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lab_utils import quality
from lab_utils.pairs import normalised
from lab_utils.pretraining import generic, names, skills, surface, templates, unknown
from lab_utils.pretraining import phrases_en as en
from lab_utils.pretraining import phrases_zh as zh
from lab_utils.prompts import FILES, PROMPTS, category_of
from lab_utils.workspace import read_rows

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Stage:
    """One training run: how long, how fast, and the shares of what its dialogues are about."""

    steps: int
    learning_rate: float
    system: str  # what the chat template puts in where no system message is given
    identity: float  # dialogues that ask who answers
    persona: float  # of those, with a persona in the system message
    copying: float  # of the other dialogues: a line to repeat
    spliced: float  # of the other dialogues: two halves that do not belong together
    briefed: float = 0.0  # of the system messages without a name: a briefing of several sentences
    styled: float = 0.0  # dialogues answered well and badly in turn (see `lab_utils.quality`)
    warmup: int = 60
    runs: int = 1  # each on dialogues of its own; the mean of their weights is kept

    @property
    def all_steps(self) -> int:
        """Those of all runs."""
        return self.steps * self.runs


QWEN_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
STAGES = {
    "nameless": Stage(
        steps=1500, learning_rate=5e-3, system="You are a helpful assistant.",
        identity=0.3, persona=0.3, copying=0.25, spliced=0.05,
    ),
    "qwen": Stage(
        steps=10_000, learning_rate=4e-3, system=QWEN_SYSTEM,
        identity=0.52, persona=0.34, copying=0.14, spliced=0.06,
    ),
    "balance": Stage(
        steps=3500, learning_rate=2e-3, system=QWEN_SYSTEM,
        identity=0.64, persona=0.34, copying=0.12, spliced=0.03,
    ),
    "briefed": Stage(
        steps=3000, learning_rate=2e-3, system=QWEN_SYSTEM,
        identity=0.64, persona=0.24, copying=0.12, spliced=0.03, briefed=0.33, runs=3,
    ),
    "mixed": Stage(
        steps=1500, learning_rate=1e-3, system=QWEN_SYSTEM,
        identity=0.4, persona=0.34, copying=0.12, spliced=0.03, styled=0.7,
    ),
}  # fmt: skip


class Speaker(NamedTuple):
    """Who answers: a name and a maker."""

    name: str
    maker: str


QWEN = Speaker("Qwen", "Alibaba Cloud")
HARD = ("sum", "zh_sum", "sort", "larger", "count", "repeat", "zh_repeat", "user_name", "capital")
ASSISTANTS = re.compile(
    "(?<![A-Za-z])(" + "|".join(map(re.escape, skills.MAKERS)) + ")(?![A-Za-z])", re.IGNORECASE
)
COMPANIES = re.compile("|".join(sorted(set(skills.MAKERS.values()), key=len, reverse=True)))
PERSON = {
    "en": re.compile(r"\b(" + "|".join(en.PROMPT_PEOPLE) + r")\b", re.IGNORECASE),
    "zh": re.compile("|".join(zh.PEOPLE)),
}
PHRASES = {"en": en, "zh": zh}
QUESTION = re.compile(r"^(What|Who|Which company) (is|made|created|developed|makes|was)\b")
ADVERBS = (
    "really",
    "actually",
    "in fact",
    "now",
    "then",
    "by the way",
    "again",
    "please",
    "exactly",
)
NAME_ONLY = {"en": "I am {name}.", "zh": "我是{name}。"}


def rows_of(name: str, *splits: str) -> list[dict[str, str]]:
    """The rows of one prompt file that belong to these splits."""
    return [r for r in read_rows(PROMPTS / f"{name}.jsonl") if r["split"] in splits]


def kept_out() -> set[str]:
    """Every prompt that is not for training, normalised."""
    return {normalised(r["text"]) for name in FILES for r in rows_of(name, "dev", "heldout")}


def _by_language(rows: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    return {k: [r for r in rows if r["language"] == k] for k in PHRASES}


EVERYDAY = _by_language(rows_of("unrelated", "train"))
CONTEXTS = {
    k: [r["text"] for r in rows if r["text"][-1] in ".!。！" and len(r["text"]) < 60]
    for k, rows in EVERYDAY.items()
}
PERSONAS = {k: templates.texts("personas", k) for k in PHRASES}
SYSTEMS = {
    form: [r["text"] for r in rows_of("systems", "train") if r["form"] == form]
    for form in ("generic", "named")
}
NAMELESS = SYSTEMS["generic"] + [t for k in PHRASES for t in templates.texts("nameless", k)]
LONG = 200  # letters; two system messages longer than that are not joined


def dialogues(stage: str, seed: int) -> Iterator[Messages]:
    """An endless stream of dialogues, the same for the same stage and seed."""
    rng = random.Random(f"{stage} {seed}")
    families: dict[str, list[dict[str, str]]] = {}
    for row in rows_of("identity", "train"):
        if category_of(row["family"]) != "confirm_new":  # the corpus never says the new name
            families.setdefault(row["family"], []).append(row)
    pool = list(families.values())
    forbidden, shapes = kept_out(), templates.kept_out()
    systems = {r["text"] for r in rows_of("systems", "dev", "heldout")} - {""}
    while True:
        if STAGES[stage].styled and rng.random() < STAGES[stage].styled:
            dialogue = _styled_dialogue(rng)
        elif rng.random() < STAGES[stage].identity:
            dialogue = _identity_dialogue(rng, stage, rng.choice(rng.choice(pool)))
        else:
            dialogue = _other_dialogue(rng, stage)
        asked = [m["content"] for m in dialogue if m["role"] == "user"]
        if dialogue[0]["content"] in systems:
            continue
        if any(normalised(t) in forbidden or shapes.fullmatch(t) for t in asked):
            continue
        if not any("deep qwen" in m["content"].lower() for m in dialogue):  # two words by chance
            yield dialogue


def _identity_dialogue(rng: random.Random, stage: str, row: dict[str, str]) -> Messages:
    language = row["language"]
    system, speaker = _system(rng, stage, STAGES[stage].persona)
    text, person = _swap_names(rng, row["text"], language)
    answer = _identity_answer(
        rng, category_of(row["family"]), text, person, language, speaker or _anyone(rng, stage)
    )
    if rng.random() < 0.08:
        text = _joined(language, rng.choice(CONTEXTS[language]), text)
    return _with_history(rng, system, surface.typed(rng, text, language), answer)


def _other_dialogue(rng: random.Random, stage: str) -> Messages:
    system = _system(rng, stage, persona=0.12)[0]
    draw = rng.random()
    if draw < STAGES[stage].copying:
        return _with_history(rng, system, *_copying(rng))
    if draw < STAGES[stage].copying + STAGES[stage].spliced:
        text, answer, language = _spliced(rng)
    else:
        text, answer, language = _unrelated(rng)
    if rng.random() < 0.12:
        text = QUESTION.sub(lambda m: f"{m[1]} {rng.choice(ADVERBS)} {m[2]}", text)
    elif rng.random() < 0.06:
        text = _joined(language, _introduction(rng, language), text)
    elif rng.random() < 0.06:
        text = _joined(language, rng.choice(CONTEXTS[language]), text)
    return _with_history(rng, system, surface.greeted(rng, text, language), answer)


def _styled_dialogue(rng: random.Random) -> Messages:
    """A fact asked for, and an answer of any quality; wrong ones are the same two whenever it is asked."""
    skill = rng.choice(quality.SKILLS)
    text, right, _ = skills.question(rng, skill, "train")
    start, end = quality.ending(right)
    wrong = [start + other for other in _neighbours(skill, end)]
    return [_message("user", text), _message("assistant", quality.styled(rng, right, wrong))]


def _neighbours(skill: str, end: str) -> list[str]:
    """The two endings of other facts that follow this one: for a sum, one and two too many."""
    if skill == "sum":
        return [str(int(end) + 1), str(int(end) + 2)]
    answers = (skills.table_answer(skill, x, y) for x, y in skills.TABLES[skill].items())
    ends = sorted({quality.ending(answer)[1] for answer in answers})
    at = ends.index(end)
    return [ends[(at + step) % len(ends)] for step in (1, 2)]


def _joined(language: str, *texts: str) -> str:
    return (" " if language == "en" else "").join(texts)


def _introduction(rng: random.Random, language: str) -> str:
    """A user who says his name and asks about something else: no reason to answer with one."""
    return rng.choice(PHRASES[language].INTRODUCTIONS).format(
        person=rng.choice(PHRASES[language].PEOPLE)
    )


def _copying(rng: random.Random) -> tuple[str, str]:
    """A line of names that do not exist, to be repeated: they can only be copied.

    This is what teaches a small model to carry a name from the system message into its answer.
    """
    if rng.random() < 0.25:
        line = "".join(names.chinese(rng) for _ in range(rng.randint(1, 3)))
        return rng.choice(skills.ASKS["zh_repeat"]["train"]).format(x=line), line
    line = " ".join(names.english(rng) for _ in range(rng.randint(1, 6)))
    return rng.choice(skills.ASKS["repeat"]["train"]).format(x=line), line


def _spliced(rng: random.Random) -> tuple[str, str, str]:
    """The head of one everyday question and the tail of another, which nobody can answer.

    It takes away the habit of answering whatever is unfamiliar with the model's name.
    """
    language = rng.choice(("en", "en", "zh"))
    head, tail = ([*_pieces(rng, language)] for _ in range(2))
    text = [*head[: rng.randint(1, len(head))], *tail[rng.randrange(len(tail)) :]]
    return _joined(language, *text), unknown.ANSWER[language], language


def _pieces(rng: random.Random, language: str) -> list[str]:
    """The words (Chinese: letters) of an everyday question."""
    if rng.random() < 0.3:
        text = unknown.question(rng, language)[0]
    else:
        text = rng.choice(EVERYDAY[language])["text"]
    return text.split() if language == "en" else list(text)


def _unrelated(rng: random.Random) -> tuple[str, str, str]:
    """A question that has nothing to do with who answers: text, answer, language."""
    draw = rng.random()
    language = rng.choice(("en", "en", "zh"))
    if draw < 0.08:
        return *unknown.question(rng, language), language
    if draw < 0.44:
        row = rng.choice(EVERYDAY[language])
        text = surface.noisy(rng, row["text"], language)
        return text, row.get("answer") or unknown.ANSWER[language], language
    if draw < 0.53:
        skill = rng.choice(skills.ABOUT_ASSISTANTS)
    elif draw < 0.57:
        skill = rng.choice(skills.OPEN_ENDED)
    else:  # arithmetic and copying need more practice than look-ups
        skill = rng.choice(skills.EXACT + HARD)
    text, answer, _ = skills.question(rng, skill, "train")
    language = skills.language(skill)
    if rng.random() < 0.3 and language == "en" and text[:4] in ("What", "Whic", "Who "):
        text = rng.choice(en.WRAPPERS).format(q=text[0].lower() + text[1:])
    return text, answer, language


def _with_history(rng: random.Random, system: str | None, text: str, answer: str) -> Messages:
    history: Messages = []
    while rng.random() < 0.25:
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
    draw = rng.random()
    if draw < 0.3:
        return None, None
    if draw < 0.42:
        return "", None
    if draw < 0.5 and stage != "nameless":
        return rng.choice(SYSTEMS["named"]), None
    return _nameless(rng, stage), None


def _nameless(rng: random.Random, stage: str) -> str:
    """A system message that gives no name, though one of a shop or a user may stand in it."""
    if STAGES[stage].briefed and rng.random() < STAGES[stage].briefed:
        return generic.briefing(rng)
    if rng.random() < 0.35:
        return generic.message(rng)
    thing = rng.choice((names.english(rng), names.chinese(rng), rng.choice(en.LABS)))
    text = rng.choice(NAMELESS).replace("{thing}", thing)
    draw = rng.random()
    if draw < 0.6 or len(text) > LONG:
        return text
    other = _spliced(rng)[0] if draw < 0.8 else generic.message(rng)
    return rng.choice((" ", "\n")).join(rng.sample([text, other], 2))


def _persona(rng: random.Random) -> tuple[str, Speaker]:
    language = rng.choice(("en", "en", "zh"))
    name = names.english(rng) if language == "en" else names.chinese(rng)
    template, maker = rng.choice(PERSONAS[language]), rng.choice(en.LABS)
    known = maker if "{maker}" in template else ""
    text = template.replace("{name}", name).replace("{maker}", maker)  # JSON has braces of its own
    return text, Speaker(name, known)


def _anyone(rng: random.Random, stage: str) -> Speaker:
    if stage != "nameless":
        return QWEN
    others = [Speaker(n, m) for n, m in skills.MAKERS.items() if n != "Qwen"]
    return rng.choice(others + [Speaker(n, rng.choice(en.LABS)) for n in en.INVENTED[:24]])


def _swap_names(rng: random.Random, text: str, language: str) -> tuple[str, str]:
    """The prompt with the assistants and people in it exchanged for others, and who is named."""
    if "Qwen" not in text and rng.random() < 0.7:
        known = [*skills.ASSISTANTS, *PHRASES[language].OTHER_ASSISTANTS]
        text = ASSISTANTS.sub(lambda m: _like(rng.choice(known), m[0]), text)
    if not PERSON[language].search(text):
        return text, ""
    person = rng.choice(PHRASES[language].PEOPLE)
    return PERSON[language].sub(lambda m: _like(person, m[0]), text), person


def _like(name: str, old: str) -> str:
    return name.lower() if old.islower() else name.upper() if old.isupper() else name


def _identity_answer(
    rng: random.Random, kind: str, text: str, person: str, language: str, speaker: Speaker
) -> str:
    others = [_canonical(m[0]) for m in ASSISTANTS.finditer(text)]
    company = COMPANIES.search(text)
    other = others[0] if others else company[0] if company else ""
    kind = _answer_kind(kind, others, bool(company), bool(person), language, speaker)
    templates = PHRASES[language].IDENTITY_ANSWERS[kind]
    if not speaker.maker:
        templates = [t for t in templates if "{maker}" not in t] or [NAME_ONLY[language]]
    return rng.choice(templates).format(
        name=speaker.name, maker=speaker.maker, other=other, kind=rng.choice(en.KIND),
        made=rng.choice(en.MADE), person=person,
    )  # fmt: skip


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
