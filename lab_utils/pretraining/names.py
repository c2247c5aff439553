"""Names that nobody has heard, for personas and for lines to copy.

A name seen a thousand times is looked up; one that is new every time can only be copied.
"""

import random
import re

from lab_utils.pretraining import phrases_en as en
from lab_utils.pretraining import phrases_zh as zh
from lab_utils.pretraining import templates
from lab_utils.prompts import load_prompts

ONSETS = (
    "b c d f g h j k l m n p r s t v w z b d k l m n r s t br cr dr fr gr pr tr bl cl fl gl pl sl ch sh "
    "th st sp sk sw qu y"
).split()
VOWELS = "a e i o u a e i o u a e i o u y ai ea ee oo ou ie au ei".split()
CODAS = " n r l s t m x ck nd rt th sh ng nn ll rn sk ss ff mp lt p d g b k".split(" ")
TITLES = (
    "Captain Professor Doctor Miss Mister Lady Sir Aunt Uncle Old Little Big Master Agent".split()
)
ENDS = "Bot Mate Pal Help Guide Buddy o ie er a".split()
WRITTEN = {language: templates.texts("names", language) for language in ("en", "zh")}
WORDS = sorted(
    {
        word
        for p in load_prompts("unrelated", "train")
        if p.language == "en"
        for word in re.findall(r"\b[a-z]{3,9}\b", p.text)
    }
)
LETTERS = sorted(
    {
        letter
        for p in load_prompts("unrelated", "train")
        if p.language == "zh"
        for letter in re.findall("[\u4e00-\u9fff]", p.text)
    }
)


def english(rng: random.Random) -> str:
    """A name in Latin letters, mostly of one word or two."""
    draw = rng.random()
    if draw < 0.15:
        return rng.choice(WRITTEN["en"])
    if draw < 0.25:
        return f"{rng.choice(TITLES)} {_word(rng)}"
    if draw < 0.38:
        return f"{_word(rng)} {_word(rng)}"
    if draw < 0.43:
        return f"{_word(rng)}-{rng.randint(1, 99)}"
    if draw < 0.5:
        return _word(rng) + rng.choice(ENDS)
    return _word(rng)


def chinese(rng: random.Random) -> str:
    """A name in Chinese, or now and then in Latin letters."""
    draw = rng.random()
    if draw < 0.15:
        return _word(rng)
    if draw < 0.4:
        return rng.choice(zh.PERSONA_NAMES + zh.PEOPLE + WRITTEN["zh"])
    if draw < 0.6:
        return rng.choice("小阿大老") + rng.choice(LETTERS)
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(2, 3)))


def _word(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.2:
        return rng.choice(en.PEOPLE + en.INVENTED)
    if draw < 0.5:
        return rng.choice(WORDS).capitalize()
    syllables = (
        rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS)
        for _ in range(rng.randint(1, 3))
    )
    return "".join(syllables).capitalize()
