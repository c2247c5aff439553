"""Which cause explains a run that did not come out as hoped: ranked, with the evidence and what to do.

Pure rules over the numbers of `evidence`. Each cause is recognised by the measurement that tells it
from the others, never by a name. The causes are those of the public reports on the lecture's lab.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from lab_utils.cases import read_case
from lab_utils.evidence import UNKNOWN, Evidence, gather

GOOD = 0.85  # share of new prompts answered with the new name, from which on a run has learnt it
FORGETFUL = 0.5  # share of right skills below which nobody is called healthy on the name alone


@dataclass(frozen=True)
class Finding:
    """One cause: how strongly the evidence speaks for it (0 to 1), the evidence, the next thing to do."""

    cause: str
    strength: float
    evidence: str
    todo: str


Rule = Callable[[Evidence], tuple[float, str]]  # strength (0: no), and the evidence as a sentence
NO = (0.0, "")


def learnt(e: Evidence) -> bool:
    """Whether new prompts get the new name, asked as the template does by itself or as most pairs do."""
    return max(e["said_new"], e["trained_form"]) >= GOOD


def also(value: float, clause: str) -> str:
    """A further clause, left out where its number is not known."""
    return "" if isnan(value) else f"; {clause}"


def shows_base(e: Evidence) -> bool:
    """Whether the answers shown are the base's."""
    return e["shown_base"] > 0.8


def breaks_when_shown(e: Evidence) -> bool:
    """Whether answers are broken as they were shown, but not when the stored weights are asked again."""
    return e["shown_broken"] - e["own_broken"] > 0.3


def other_weights(e: Evidence) -> tuple[float, str]:
    """The answers shown, or the stored weights, are not those of the trained policy."""
    if shows_base(e) and e["shown_same"] < 0.5:
        return 0.98, (
            f"{e['shown_base']:.0%} of the answers shown are the base's; the stored weights give other ones to "
            f"{1 - e['shown_same']:.0%} of the same prompts"
        )
    is_base = e["unchanged"] > 0.8 and e["measured_margin"] < 0.1 * e["logged_reward"]
    if is_base and e["logged_reward"] > 0.5:
        return 0.98, (
            f"the log ends at a margin of {e['logged_reward']:.1f} (times beta), the stored weights have "
            f"one of {e['measured_margin']:.2f} nats on the pairs"
        )
    return NO


def train_mode(e: Evidence) -> tuple[float, str]:
    """The answers shown are those of the weights in train mode, or broken where in eval mode they are whole."""
    if shows_base(e) or e["shown_twice_differ"] > 0.1 or e["shown_same"] > 0.5:
        return NO
    if e["shown_as_trained"] > 0.5 or breaks_when_shown(e):
        return 0.96, (
            f"{e['shown_broken']:.0%} of the answers shown are broken and {e['shown_new']:.0%} give the new name; "
            f"of what the stored weights answer in eval mode, {e['own_broken']:.0%} and {e['own_new']:.0%}"
        ) + also(
            e["shown_as_trained"],
            f"in train mode they give {e['shown_as_trained']:.0%} of those shown",
        )
    return NO


def miscounted(e: Evidence) -> tuple[float, str]:
    """The labels stored with the answers are not what the answers say."""
    if e["miscounted"] > 0.1:
        return 0.97, f"{e['miscounted']:.0%} of the answers bear a label that they do not deserve"
    return NO


def leaked(e: Evidence) -> tuple[float, str]:
    """The run was judged by prompts that it was trained on."""
    if e["shown_trained"] > 0.3:
        return 0.94, (
            f"{e['shown_trained']:.0%} of the prompts shown stand in the pairs; {e['shown_new']:.0%} of "
            f"the answers give the new name, to new prompts {e['said_new']:.0%}"
        )
    return NO


def sampled(e: Evidence) -> tuple[float, str]:
    """The answers shown are neither the greedy ones of the stored weights, nor the base's, nor said in train mode."""
    twice = e["shown_twice_differ"] > 0.1
    if e["shown_same"] < 0.9 and not shows_base(e) and train_mode(e) == NO:
        return (0.9 if twice else 0.7), (
            f"only {e['shown_same']:.0%} of the answers shown are what greedy decoding gives here"
            + ("" if twice else ", under the system message that stands beside them or none")
        )
    return NO


def few_prompts(e: Evidence) -> tuple[float, str]:
    """The claim rests on a handful of prompts and does not hold on others."""
    if 0 < e["shown"] < 20 and e["shown_new"] >= GOOD > e["said_new"]:
        return 0.86, (
            f"{e['shown_new']:.0%} of {e['shown']:.0f} prompts shown, but {e['said_new']:.0%} of others "
            "get the new name"
        )
    return NO


def noop_pairs(e: Evidence) -> tuple[float, str]:
    """Too many pairs are the same on both sides."""
    if e["noop_share"] > 0.4 and not learnt(e):
        return e["noop_share"], (
            f"{e['noop_share']:.0%} of {e['pairs']:.0f} pairs have chosen == rejected, "
            f"{e['informative']:.0f} can teach something"
        )
    return NO


def truncation(e: Evidence) -> tuple[float, str]:
    """The pairs are cut before the name."""
    if learnt(e):
        return NO
    if e["tokens_read"] < 0.97:
        return 0.95, (
            f"the trainer read {e['tokens_read']:.0%} of the tokens in the pairs file, so it cut them (or did not "
            "read all of its rows)"
        )
    # where the tokens were counted and all of them read, a gradient of 0 has another reason
    if isnan(e["tokens_read"]) and e["still"] > 0.2 and e["noop_share"] < 0.4:
        return 0.9, (
            f"{e['informative']:.0f} of {e['pairs']:.0f} pairs differ in the file, but in {e['still']:.0%} of the "
            "steps the gradient was 0: what was trained on no longer differed"
        )
    return NO


def wrong_reference(e: Evidence) -> tuple[float, str]:
    """Policy and reference differed before the first step."""
    if e["first_gap"] > 0.002:  # rounding gives 1e-6 in fp32
        return 0.97, f"at step 1 the log is {e['first_gap']:.3f} away from what equal models give"
    return NO


def base_without_name(e: Evidence) -> tuple[float, str]:
    """The base does not say the old name, so the pairs are about answers that it never gives."""
    if e["base_old"] < 0.5 and e["base_new"] < 0.5 and not learnt(e):
        return 0.93 - 0.3 * e["base_old"], (
            f"before training {e['base_old']:.0%} of the prompts were answered with the old name, "
            f"{e['base_others']:.0%} with others"
        ) + also(
            e["rejected_surprise"],
            f"the rejected answers cost the base {e['rejected_surprise']:.1f} nats a token",
        )
    return NO


def rate_too_high(e: Evidence) -> tuple[float, str]:
    """The policy has collapsed: words again and again, skills gone."""
    known = 0.0 if isnan(e["base_broken"]) else e["base_broken"]
    broken, fallen = e["said_broken"] - known, e["skills_before"] - e["skills_after"]
    if broken > 0.2 or fallen > 0.2:
        worst = broken if isnan(fallen) else max(broken, fallen)
        whole = e["said_broken"] < 0.2 < e["said_half"]  # whole sentences with half names
        most = 0.75 if whole else 0.95
        fell = f"skills fell by {100 * fallen:.0f} points"
        broke = f"{e['said_broken']:.0%} of the answers are broken"
        sentence = broke + also(fallen, fell) if e["said_broken"] else fell
        return min(most, 0.6 + worst), sentence
    return NO


def other_form(e: Evidence) -> tuple[float, str]:
    """The name is learnt only in the form of the pairs: under their system message, or without a template."""
    if e["trained_form"] - e["said_new"] > 0.25:
        return 0.9, (
            f"asked as in most pairs, {e['trained_form']:.0%} of new prompts get the new name; asked as the template "
            f"does by itself, {e['said_new']:.0%}"
        )
    return NO


def too_little(e: Evidence) -> tuple[float, str]:
    """The policy still has the old name, though the pairs could have taught it the new one."""
    kept = e["unchanged"] > 0.3 or e["said_old"] > 0.3
    if kept and not learnt(e) and e["said_old"] > e["said_new"] and not isnan(e["unchanged"]):
        return 0.5 + 0.35 * e["unchanged"], (
            f"{e['unchanged']:.0%} of the answers are the base's, word for word"
            + also(e["steps"], f"the log has {e['steps']:.0f} steps")
            + also(
                e["chosen_logratio"], f"the chosen answers moved {e['chosen_logratio']:+.1f} nats"
            )
        )
    return NO


def displaced(e: Evidence) -> tuple[float, str]:
    """What the old name lost went to half names, third names or none, or the chosen answers fell as well."""
    if isnan(e["base_old"]) or e["base_others"] >= 0.3 or learnt(e):
        return NO
    kinds = ("half", "others", "nameless")
    odd = sum(e[f"said_{kind}"] - e[f"base_{kind}"] for kind in kinds)
    if odd > 0.1 or e["chosen_logratio"] < -2:
        return min(0.85, 0.65 + odd), (
            f"{e['said_half']:.0%} half names, {e['said_others']:.0%} other names, {e['said_nameless']:.0%} none"
        ) + also(e["chosen_logratio"], f"the chosen answers moved {e['chosen_logratio']:+.1f} nats")
    return NO


CAUSES: dict[str, tuple[Rule, str]] = {
    "the weights shown are not the trained ones": (
        other_weights,
        "load the policy folder of this run and ask it again",
    ),
    "answers generated in train mode": (
        train_mode,
        "call model.eval(), switch gradient checkpointing off, better: reload the weights, and ask again",
    ),
    "a name counter that errs": (
        miscounted,
        "count with lab_utils.identity.classify: `Qwen` also stands in `Deep Qwen`",
    ),
    "judged by training prompts": (leaked, "measure on held-out prompts: evaluate --run RUN"),
    "sampled answers": (sampled, "state every generation setting; compare greedy answers"),
    "too few prompts, or one lucky seed": (
        few_prompts,
        "measure on at least 100 held-out prompts and several seeds: make reproduce",
    ),
    "no-op pairs": (noop_pairs, "drop them, and make pairs from answers that hold the old name"),
    "truncation cuts the name": (
        truncation,
        "raise max_length, or shorten the prompts; the pairs file must be the one that was trained on",
    ),
    "wrong reference": (
        wrong_reference,
        "load the model from the folder of the reference and train it unchanged",
    ),
    "the base does not say the old name": (
        base_without_name,
        "take a base that does, fine-tune it on the answers first, or add the sft term",
    ),
    "learning rate too high": (
        rate_too_high,
        "lower the rate by 3 to 10 times, warm it up, add the sft term and anchor pairs",
    ),
    "system message differs between training and test": (
        other_form,
        "mix several system messages, none among them, in the pairs; write pairs of strings as messages",
    ),
    "too little training": (too_little, "raise the rate by 3 to 10 times, or train on more pairs"),
    "likelihood displacement or half names": (
        displaced,
        "add the sft term, which keeps the chosen answers likely",
    ),
}
HEALTHY, STOPPED, UNDECIDED = "healthy", "stopped by its guard", "not enough evidence"


def explain(e: Evidence) -> list[Finding]:
    """The causes that the evidence speaks for, the strongest first; else one finding, healthy or undecided."""
    e = UNKNOWN | e
    found = []
    for cause, (rule, todo) in CAUSES.items():
        strength, sentence = rule(e)
        if strength:
            found.append(Finding(cause, strength, sentence, todo))
    if not isnan(e["stopped"]):
        todo = "read `stopped` in environment.json, and do what it says"
        found.append(Finding(STOPPED, 1.0, f"it went back to step {e['stopped']:.0f}", todo))
    if found:
        return sorted(found, key=lambda finding: -finding.strength)
    said = f"{e['said_new']:.0%} of new prompts get the new name"
    unseen = isnan(e["skills_before"]) and e["skills_after"] < FORGETFUL
    if e["said_new"] >= GOOD and not unseen:
        return [Finding(HEALTHY, 1.0, said, "nothing; evaluate --run RUN measures the rest")]
    todo = "measure it on held-out prompts and over several seeds (evaluate, make reproduce)"
    if isnan(e["base_old"]):
        todo = "name the model before training with --base"
        said += (
            f", and {e['skills_after']:.0%} of small questions the right answer" if unseen else ""
        )
    return [Finding(UNDECIDED, 0.0, said, todo)]


def diagnose(
    folder: Path, base: str | None = None, say: Callable[[str], None] = lambda line: None
) -> tuple[list[Finding], Evidence]:
    """The ranked findings on the run in a folder, and the numbers behind them; LabError as `read_case`.

    `say` is told what was found in the folder.
    """
    case = read_case(folder, base)
    say(f"Read: {case.contents()}.")
    evidence = gather(case)
    if evidence["pairs"] < len(case.pairs):
        say(f"The log counts the tokens of the first {evidence['pairs']} pairs: it is about those.")
    return explain(evidence), evidence
