"""Prompts as people type them: greetings, closings, slips of the finger, other case."""

import random

from lab_utils.pretraining import phrases_en, phrases_zh

PHRASES = {"en": phrases_en, "zh": phrases_zh}
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def typed(rng: random.Random, text: str, language: str) -> str:
    """The prompt with anything that people put around it or do to it."""
    return noisy(rng, greeted(rng, text, language, closing=0.15), language)


def greeted(rng: random.Random, text: str, language: str, closing: float = 0.0) -> str:
    """The prompt after a greeting, now and then, and before a closing."""
    gap = " " if language == "en" else ""
    if rng.random() < 0.25:
        text = rng.choice(PHRASES[language].OPENINGS) + gap + text
    if rng.random() < closing:
        text += gap + rng.choice(PHRASES[language].CLOSINGS)
    return text


def noisy(rng: random.Random, text: str, language: str) -> str:
    """The prompt with typing errors, other case and other punctuation, now and then."""
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
