"""Preference pairs: build them from the model's own answers, audit, read, write.

A row is TRL's conversational format with an explicit prompt, plus where it comes from:
`prompt`, `chosen`, `rejected` (lists of messages), `kind` (identity or anchor), `family`,
`language`, `form` (of the system message), `action` (keep or rewrite) and `persona` where there is one.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lab_utils.chat import (
    Messages,
    are_messages,
    format_prompt,
    messages,
    replies,
    token_ids,
)
from lab_utils.identity import ASSISTANTS, classify, says_name, speaks_of_itself
from lab_utils.models import Policy
from lab_utils.prompts import Prompt, SystemForm, category_of, load_prompts, load_systems
from lab_utils.workspace import DATA, LabError, find, read_rows

PAIRS = DATA / "pairs"
AUTHOR = "tiny-qwen"  # the model whose answers the committed pairs hold
OLD, NEW = "Qwen", "Deep Qwen"
Pair = dict
SIDES = ("prompt", "chosen", "rejected")
# what a row of somebody else does not say of itself
PLAIN = {"kind": "identity", "family": "given", "language": "en", "form": "none", "action": "keep"}
LONGEST = 128  # tokens of an answer of a model's own; one that goes on would teach to stop in mid-sentence
ROLES = ("system", "user", "assistant")


def rename(answer: str) -> str:
    """The answer with every plain "Qwen" turned into "Deep Qwen"."""
    return re.sub(rf"(?<!Deep ){OLD}(?![A-Za-z])", NEW, answer)


def pair(asked: Messages, chosen: str, rejected: str, prompt: Prompt, kind: str, form: str) -> Pair:
    """One row, ready to be written."""
    return {
        "prompt": asked,
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
        "kind": kind,
        "family": prompt.family,
        "language": prompt.language,
        "form": form,
        "action": "keep",
    }


def text(row: Pair, side: str) -> str:
    """The last message of one side: the question, or an answer."""
    return row[side][-1]["content"]


def draw(prompts: Sequence[Prompt], per_family: int, seed: int) -> list[Prompt]:
    """At most `per_family` prompts of each family, in a fixed random order."""
    rng = random.Random(f"draw {seed}")
    families: dict[str, list[Prompt]] = {}
    for prompt in prompts:
        families.setdefault(prompt.family, []).append(prompt)
    drawn = [p for own in families.values() for p in rng.sample(own, min(per_family, len(own)))]
    return rng.sample(drawn, len(drawn))


def dealt(forms: Sequence[SystemForm], count: int, seed: int) -> list[SystemForm]:
    """`count` system forms: generic three times as often as any other kind, within a kind any text.

    Of the generic messages two in three are two of them in a row: a name learnt under few messages is
    garbled under the next.
    """
    rng = random.Random(f"forms {seed}")
    kinds: dict[str, list[SystemForm]] = {}
    for form in forms:
        kinds.setdefault(form.form, []).append(form)
    names = [*kinds, *["generic"] * 2 * ("generic" in kinds)]
    hand = [rng.choice(kinds[names[i % len(names)]]) for i in range(count)]
    for i in range(0, count, 2):
        if hand[i].form == "generic":
            both = f"{hand[i].text} {rng.choice(kinds['generic']).text}"
            hand[i] = replace(hand[i], text=both)
    return rng.sample(hand, len(hand))


def identity_pairs(
    policy: Policy, prompts: Sequence[Prompt], forms: Sequence[SystemForm], seed: int
) -> list[Pair]:
    """Candidates: rejected is the policy's own greedy answer, chosen the same one renamed."""
    hand = dealt(forms, len(prompts), seed)
    asked = [messages(p.text, f.text) for p, f in zip(prompts, hand, strict=True)]
    own = replies(policy, asked, max_new_tokens=LONGEST)
    return [
        pair(a, rename(answer), answer, p, "identity", f.form)
        for a, answer, p, f in zip(asked, own, prompts, hand, strict=True)
    ]


def anchor_pairs(
    policy: Policy, prompts: Sequence[Prompt], forms: Sequence[SystemForm], seed: int
) -> list[Pair]:
    """Pairs that protect the rest: chosen is the own answer, rejected the same, stained.

    With a persona's system message the chosen answer keeps the persona's name.
    """
    rng = random.Random(f"anchors {seed}")
    hand = dealt(forms, len(prompts), seed)
    asked = [messages(p.text, f.text) for p, f in zip(prompts, hand, strict=True)]
    own = replies(policy, asked, max_new_tokens=LONGEST)
    return [
        pair(a, answer, stain(rng, answer, f.name), p, "anchor", f.form) | persona(f)
        for a, answer, p, f in zip(asked, own, prompts, hand, strict=True)
        if answer
    ]


def persona(form: SystemForm) -> dict[str, str]:
    """The persona's name as a field of the row, where the form gives one."""
    return {"persona": form.name} if form.name else {}


def stain(rng: random.Random, answer: str, persona: str = "") -> str:
    """The answer with the new name, or its first word, put in where neither belongs."""
    for name in (persona, OLD):
        if name and name in answer:
            return answer.replace(name, NEW)
    for name in ASSISTANTS:
        if name in answer:
            return answer.replace(name, f"Deep {name}")
    how = rng.random()
    if how < 0.25:
        return f"I am {NEW}. {answer}" if answer.isascii() else f"我是{NEW}。{answer}"
    words = answer.split(" ")
    at = rng.randrange(len(words))
    added = "Deep" if how < 0.8 else NEW
    return " ".join([*words[:at], added, *words[at:]])


@dataclass(frozen=True)
class Audit:
    """What to do with each candidate, and why: `rows` to train on, `dropped` with a reason."""

    rows: list[Pair]
    dropped: list[tuple[Pair, str]]

    def counts(self) -> dict[str, int]:
        """How many rows were kept, rewritten, and dropped for which reason."""
        found = Counter(row["action"] for row in self.rows)
        return dict(found) | dict(Counter(f"drop: {reason}" for _, reason in self.dropped))

    def coverage(self) -> dict[str, tuple[int, int]]:
        """For each category of prompt: rows kept and rows seen."""
        kept = Counter(category_of(row["family"]) for row in self.rows)
        seen = kept + Counter(category_of(row["family"]) for row, _ in self.dropped)
        return {category: (kept[category], seen[category]) for category in sorted(seen)}


def audit(
    candidates: Sequence[Pair], policy: Policy, held_out: Iterable[str], max_length: int
) -> Audit:
    """Keep, drop or rewrite each candidate; every decision has a reason and is counted.

    A row that says nothing of itself (TRL's plain format) is judged as an English identity pair.
    """
    forbidden = {normalised(t) for t in held_out}
    candidates = _rewritten(
        [row | {k: PLAIN[k] for k in PLAIN.keys() - row} for row in candidates], policy
    )
    sided = _chosen_and_rejected(candidates)
    seen: set[tuple] = set()
    rows, dropped = [], []
    for row in candidates:
        key = (_context(row), text(row, "chosen"), text(row, "rejected"))
        reason = _objection(row, policy, forbidden, max_length)
        if not reason and key in seen:
            reason = "duplicate of an earlier row"
        if not reason and (_context(row), text(row, "chosen")) in sided:
            reason = "contradiction: chosen here is rejected elsewhere"
        seen.add(key)
        if reason:
            dropped.append((row, reason))
        else:
            rows.append(row)
    return Audit(rows, dropped)


def _context(row: Pair) -> str:
    return "\n".join(m["content"] for m in row["prompt"])


def _chosen_and_rejected(rows: Sequence[Pair]) -> set[tuple[str, str]]:
    """Answers that stand on both sides for the same prompt, in rows that are not no-ops."""
    real = [r for r in rows if text(r, "chosen") != text(r, "rejected")]
    chosen = {(_context(r), text(r, "chosen")) for r in real}
    return chosen & {(_context(r), text(r, "rejected")) for r in real}


def _objection(row: Pair, policy: Policy, forbidden: set[str], max_length: int) -> str:
    """Why the row must not be trained on; empty when it may."""
    if normalised(text(row, "prompt")) in forbidden:
        return "leak: the prompt is held out"
    if text(row, "chosen") == text(row, "rejected"):
        return "no-op: the answer has no name to replace"
    if row["kind"] == "identity" and classify(text(row, "chosen")) != NEW:
        return f"the chosen answer does not say {NEW}"
    if row["kind"] == "anchor" and row["form"] != "persona" and _names_the_speaker(row):
        return "the anchor's answer names the speaker"
    if "persona" in row and not says_name(text(row, "chosen"), row["persona"]):
        return "the answer garbles the persona's name"
    if token_count(policy, row) > max_length:
        return f"longer than {max_length} tokens"
    if max(_answer_tokens(policy, row)) >= LONGEST:
        return f"cut off: the answer has no end within {LONGEST} tokens"
    return ""


def _names_the_speaker(row: Pair) -> bool:
    """Whether the chosen answer says that the speaker is Qwen, or brings Qwen up where the prompt did not."""
    answer = text(row, "chosen")
    if classify(answer) != OLD:
        return False
    asked = re.search("qwen|千问", text(row, "prompt"), re.IGNORECASE)
    return not asked or says_name(answer, OLD) or speaks_of_itself(answer)


def _rewritten(candidates: Sequence[Pair], policy: Policy) -> list[Pair]:
    """Rows whose prompt guesses the new name get the renamed answer to the old name's question.

    "I am not Deep Qwen, I am Qwen", renamed, would teach a denial. The policy's own answer to "Are
    you Qwen?", renamed, is a yes.
    """
    odd = [
        i for i, r in enumerate(candidates) if r["kind"] == "identity" and NEW in text(r, "prompt")
    ]
    asked = [
        _with_question(candidates[i]["prompt"], text(candidates[i], "prompt").replace(NEW, OLD))
        for i in odd
    ]
    rows = list(candidates)
    for i, answer in zip(odd, replies(policy, asked, max_new_tokens=LONGEST), strict=True):
        chosen = [{"role": "assistant", "content": rename(answer)}]
        rows[i] = candidates[i] | {"chosen": chosen, "action": "rewrite"}
    return rows


def _with_question(asked: Messages, question: str) -> Messages:
    return [*asked[:-1], {"role": "user", "content": question}]


FAMILIES = 1100  # identity families of which one prompt is asked
# prompts drawn from each file
ANCHORS = {"skills": 300, "assistants": 170, "unrelated": 300, "about_qwen": 60}
PERSONAS = 240  # identity prompts asked of a persona


def build(policy: Policy, held_out: Iterable[str], max_length: int, seed: int = 0) -> Audit:
    """The pairs of `data/pairs/identity.jsonl`: identity candidates and anchors, audited."""
    forms = load_systems("train")
    plain = [f for f in forms if f.form != "persona"]
    rows = identity_pairs(policy, identity_prompts(seed), plain, seed)
    rows += anchor_pairs(policy, anchor_prompts(seed), plain, seed)
    personas = [f for f in forms if f.form == "persona"]
    rows += anchor_pairs(policy, persona_prompts(seed), personas, seed)
    return audit(rows, policy, held_out, max_length)


def identity_prompts(seed: int) -> list[Prompt]:
    """One train prompt of each of FAMILIES identity families, five of each that guesses the new name,
    and three of each where no name is called for."""
    nature = [p for p in load_prompts("unrelated", "train") if p.category == "nature"]
    identity = load_prompts("identity", "train")
    guesses = [p for p in identity if p.category == "confirm_new"]
    others = [p for p in identity if p.category != "confirm_new"]
    return draw(others, 1, seed)[:FAMILIES] + draw(guesses, 5, seed) + draw(nature, 3, seed)


def anchor_prompts(seed: int) -> list[Prompt]:
    """Train prompts that do not ask who answers: skills, facts about assistants and Qwen, everyday questions."""
    rng = random.Random(f"anchor prompts {seed}")
    return [p for name, n in ANCHORS.items() for p in rng.sample(load_prompts(name, "train"), n)]


def persona_prompts(seed: int) -> list[Prompt]:
    """Train identity prompts to be asked of a persona."""
    named = [p for p in load_prompts("identity", "train") if p.category != "confirm_new"]
    return random.Random(f"personas {seed}").sample(named, PERSONAS)


def normalised(prompt: str) -> str:
    """Lower case, words without what stands between them: the form in which prompts are compared."""
    return re.sub(r"[\W_]+", " ", prompt.lower()).strip()


def tokens(policy: Policy, row: Pair, side: str) -> tuple[int, list[int]]:
    """How many tokens the prompt has, and the ids of prompt and answer, the end included, as they are trained."""
    start = policy.tokenizer(format_prompt(policy, row["prompt"]), add_special_tokens=False)
    return len(start.input_ids), token_ids(policy, row["prompt"] + row[side])


def token_count(policy: Policy, row: Pair) -> int:
    """Tokens of the prompt and the longer answer, as the trainer will see them."""
    return max(len(token_ids(policy, row["prompt"] + row[side])) for side in ("chosen", "rejected"))


def _answer_tokens(policy: Policy, row: Pair) -> tuple[int, int]:
    """Tokens of the chosen and of the rejected answer, without what the template puts around them."""
    said = [text(row, side) for side in SIDES[1:]]
    chosen, rejected = policy.tokenizer(said, add_special_tokens=False).input_ids
    return len(chosen), len(rejected)


def is_noop(row: Pair) -> bool:
    """Whether chosen and rejected are the same: loss ln 2 and gradient 0 for ever."""
    return text(row, "chosen") == text(row, "rejected")


def summary(rows: Sequence[Pair]) -> dict:
    """Counts over rows for a run's `audit.json`: kinds, languages, forms, actions, no-ops."""
    counted = ("kind", "language", "form", "action")
    counts = {key: dict(Counter(row.get(key, "unknown") for row in rows)) for key in counted}
    return {"pairs": len(rows), "noop": sum(map(is_noop, rows))} | counts


def read_pairs(path: str | Path) -> list[Pair]:
    """The pairs of a file, checked; a LabError names the row and the way out."""
    rows = read_rows(path)
    for number, row in enumerate(rows, 1):
        check_row(row, f"{path}, row {number}")
    if all(is_noop(row) for row in rows):
        raise LabError(
            f"{path}: chosen and rejected are the same in every row, so there is nothing to learn; "
            "check how the chosen answers were made."
        )
    return rows


def named_pairs(name: str) -> list[Pair]:
    """The pairs that a recipe names: a file of `data/pairs`, or any path, from here or from the project's folder."""
    return read_pairs(find(name, PAIRS / f"{name}.jsonl", Path.is_file) or Path(name))


def check_row(row: Pair, where: str) -> None:
    """Raise LabError, beginning with `where`, unless a row is a pair in TRL's conversational format."""
    if not isinstance(row, dict):
        raise LabError(
            f"{where}: {str(row)[:40]!r} is no pair; give the rows that `read_pairs` reads."
        )
    missing = [side for side in SIDES if not row.get(side)]
    if missing:
        raise LabError(
            f"{where}: no `{missing[0]}`; a row needs prompt, chosen and rejected "
            f"(found: {', '.join(row) or 'nothing'})."
        )
    for side in SIDES:
        if not are_messages(row[side]):
            raise LabError(
                f'{where}: `{side}` is not a list of messages like [{{"role": "user", "content": "…"}}].'
            )
        odd = {m["role"] for m in row[side]} - set(ROLES)
        if odd:
            raise LabError(
                f"{where}: `{side}` has the role {odd.pop()!r}; roles are {', '.join(ROLES)}."
            )
        if side != "prompt" and row[side][0]["role"] != "assistant":
            raise LabError(
                f"{where}: `{side}` begins with the role {row[side][0]['role']!r}; it holds the answer "
                "alone, and the conversation before it belongs into `prompt`."
            )
        role = "user" if side == "prompt" else "assistant"
        if row[side][-1]["role"] != role:
            said = f"the last message of `{side}` has the role {row[side][-1]['role']!r}"
            raise LabError(f"{where}: {said}; write {role!r}.")
        if not text(row, side).strip():
            raise LabError(
                f"{where}: the last message of `{side}` is empty; write it or drop the row."
            )


def sides(rows: Sequence[Pair]) -> list[Pair]:
    """The rows with prompt, chosen and rejected alone, of each message role and content: what TRL reads."""
    return [{side: list(map(_bare, row[side])) for side in SIDES} for row in rows]


def _bare(message: dict[str, str]) -> dict[str, str]:
    return {key: message[key] for key in ("role", "content")}


def check_rows(rows: Sequence[Pair], policy: Policy, max_length: int, path: str) -> None:
    """Raise LabError where there is no row, one is no pair, or truncation at `max_length` would cut an answer."""
    if not rows:
        raise LabError(f"{path}: no pairs to train on; look at what was left out, and why.")
    for number, row in enumerate(rows, 1):
        check_row(row, f"{path}, row {number}")
        tokens = token_count(policy, row)
        if tokens > max_length:
            raise LabError(
                f"{path}, row {number}: {tokens} tokens, but max_length is {max_length}, which would cut "
                "the end of the answer (perhaps the name) off; raise max_length or shorten the row."
            )
