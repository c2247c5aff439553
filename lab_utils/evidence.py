"""Evidence on a run, as numbers: from its log, its pairs, its weights, and the answers shown for it.

Nothing is decided here (see `diagnosis`). Shares are between 0 and 1, log-ratios and margins in nats,
summed over an answer; a number that cannot be had is nan. No name of a file, folder or recipe is evidence.
"""

import math
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from lab_utils.cases import Case
from lab_utils.chat import Messages, format_prompt, messages, replies, token_ids
from lab_utils.dpo import LN_2, sequence_logprobs
from lab_utils.evaluation import share_new, share_right
from lab_utils.identity import CLASSES, classify, is_broken
from lab_utils.models import Policy
from lab_utils.pairs import NEW, OLD, Pair, is_noop, normalised, text, tokens
from lab_utils.prompts import load_prompts

Evidence = dict[str, float]
ASKED = 48  # prompts of the train split, in no pair, that are put to base and policy; and skills
ROUNDING = 1e-6  # a gradient below it is 0
BF16_GAP = 0.02  # what rounding may make of a first margin in bf16; of a loss half as much (`training.check_first_step`)
IN_TRAIN_MODE = 8  # prompts shown that are answered in train mode
PADDED = (None, "left", "right")  # a prompt by itself, or as the shorter one of a batch
PAIRS_READ = 32  # pairs whose log-probabilities are measured again
UNKNOWN = dict.fromkeys(
    """
    steps first_gap logged_reward tokens_read still stopped base_new base_old base_half base_others
    base_nameless base_broken skills_before unchanged chosen_logratio measured_margin rejected_surprise
    shown_same shown_new own_new shown_broken own_broken shown_base shown_as_trained shown_twice_differ
    miscounted shown_trained
    """.split(),
    math.nan,
)


def gather(case: Case) -> Evidence:
    """All the numbers that a diagnosis rests on."""
    case = trained_part(case)
    found = UNKNOWN | of_pairs(case.pairs) | of_history(case) | of_truncation(case)
    return found | of_weights(case) | of_answers(case)


def of_pairs(pairs: Sequence[Pair]) -> Evidence:
    """`pairs`, `informative` (counts) and `noop_share`, of pairs that can teach nothing."""
    noop = [is_noop(row) for row in pairs]
    return {
        "pairs": len(pairs),
        "informative": len(pairs) - sum(noop),
        "noop_share": float(np.mean(noop)),
    }


def of_history(case: Case) -> Evidence:
    """What the log says.

    `steps`; `first_gap`: how far step 1 is from two equal models, beyond what bf16 may round; `logged_reward`: where the margin ended, times
    beta; `still`: the share of steps whose gradient was 0.
    """
    history = case.history
    stopped = math.nan if case.stopped is None else case.stopped
    if not len(history):
        return {"stopped": stopped}
    margin = history["margin"].dropna().astype(float)
    reward = float(margin.tail(max(1, len(margin) // 4)).mean())
    return {
        "stopped": stopped,
        "steps": float(history["step"].max()),
        "first_gap": _first_gap(history, BF16_GAP if case.bf16 else 0.0),
        "logged_reward": reward,
        "still": _still(history),
    }


def _first_gap(history: pd.DataFrame, allowed: float) -> float:
    """How far step 1 is, beyond what is allowed, from equal models, whose DPO loss is ln 2 and whose rewards are 0."""
    if history["step"].iloc[0] != 1:
        return math.nan
    equal = {"dpo_loss": LN_2, "margin": 0.0, "chosen_reward": 0.0}
    first = history.iloc[0].astype(float)
    gaps = [abs(first[name] - value) for name, value in equal.items() if name in history]
    known = [max(0.0, gap - allowed) for gap in gaps if not math.isnan(gap)]
    return float(max(known, default=math.nan))


def _still(history: pd.DataFrame) -> float:
    """The share of logged steps without a gradient: those that saw no pair whose sides differ."""
    gradients = history["grad_norm"].astype(float) if "grad_norm" in history else pd.Series()
    return float((gradients < ROUNDING).mean()) if gradients.notna().any() else math.nan


def of_truncation(case: Case) -> Evidence:
    """`tokens_read`: tokens that the trainer counted, as a share of those in the pairs; below 1 if it cut them."""
    counted = _counted(case)
    return {} if math.isnan(counted) else {"tokens_read": counted / sum(_lengths(case))}


def trained_part(case: Case) -> Case:
    """The case without the pairs behind the last one that was trained on.

    Where the log counts exactly the tokens of the first so many, and its steps are theirs in batches of 1, 2, 4, 8 … pairs, it
    was those: the lesson trains on the first 100. (By tokens alone 3 of 600 runs that were cut would pass for one.)
    """
    read = np.flatnonzero(np.cumsum(_lengths(case)) == _counted(case))
    if not len(read):
        return case
    count, last = int(read[0]) + 1, case.history.dropna(subset=["tokens", "epoch"]).iloc[-1]
    steps = round(float(last["step"]) / float(last["epoch"]))
    fits = any(math.ceil(count / 2**power) == steps for power in range(10))
    return replace(case, pairs=case.pairs[:count]) if fits else case


def _counted(case: Case) -> float:
    """The tokens that the trainer counted an epoch; nan where it trained less than one."""
    counted = case.history.reindex(columns=["tokens", "epoch"]).dropna().astype(float)
    if not len(counted) or counted["epoch"].iloc[-1] < 1:
        return math.nan
    new = counted["tokens"].diff()
    # a run that was resumed counts from 0 again
    read = new.where(new >= 0, counted["tokens"]).sum()
    return float(read / counted["epoch"].iloc[-1])


def _lengths(case: Case) -> list[int]:
    """The tokens of each pair, both sides."""
    policy = case.as_in_pairs(case.policy)
    sides = [_tokens(policy, case.pairs, side) for side in ("chosen", "rejected")]
    return [len(chosen) + len(rejected) for chosen, rejected in zip(*sides, strict=True)]


def _tokens(policy: Policy, rows: Sequence[Pair], side: str) -> list[list[int]]:
    return [token_ids(policy, row["prompt"] + row[side]) for row in rows]


def of_weights(case: Case) -> Evidence:
    """What base and policy say, greedy and in eval mode, to prompts that are in no pair, in its languages.

    Shares of answers: `said_new`, `_old`, `_half`, `_others`, `_nameless`, `_broken` of the policy, `base_…` of the base,
    `trained_form` (new name where asked as most pairs ask: their system message, no template for strings), `unchanged` (word for word the base's),
    `skills_before` and `skills_after`; and the log-ratios of the pairs.
    """
    trained = {normalised(text(row, "prompt")) for row in case.pairs}
    spoken = {_language(question) for question in trained}
    free = [
        p
        for p in load_prompts("identity", "train")
        if p.language in spoken and normalised(p.text) not in trained
    ]
    rng = random.Random("evidence")
    asked = [messages(p.text) for p in rng.sample(free, min(ASKED, len(free)))]
    skills = rng.sample(load_prompts("skills", "train"), ASKED)
    system = _trained_system(case.pairs)
    said = replies(case.policy, asked)
    under = said
    if system is not None or not case.templated:
        alike = [messages(c[-1]["content"], system) for c in asked]
        under = replies(case.as_in_pairs(case.policy), alike)
    found = _shares(said, "said") | {
        "trained_form": share_new(under),
        "skills_after": _skills(case.policy, skills),
    }
    if case.base is None:
        return found
    before = replies(case.base, asked)
    return (
        found
        | _shares(before, "base")
        | {"skills_before": _skills(case.base, skills), "unchanged": _same(said, before)}
        | _log_ratios(case)
    )


def _language(question: str) -> str:
    return "zh" if re.search(r"[\u4e00-\u9fff]", question) else "en"


def _trained_system(pairs: Sequence[Pair]) -> str | None:
    """The system message of most pairs that teach the new name; None where most had none."""
    systems = Counter(
        row["prompt"][0]["content"] if row["prompt"][0]["role"] == "system" else None
        for row in pairs
        if NEW in text(row, "chosen") and not is_noop(row)
    )
    return systems.most_common(1)[0][0] if systems else None


def _shares(answers: Sequence[str], who: str) -> Evidence:
    kinds, total = Counter(map(classify, answers)), len(answers)
    return {
        f"{who}_new": kinds[NEW] / total,
        f"{who}_old": kinds[OLD] / total,
        f"{who}_half": kinds["half name"] / total,
        f"{who}_others": (kinds["another assistant"] + kinds["invented name"]) / total,
        f"{who}_nameless": (kinds["no name"] + kinds["denies"]) / total,
        f"{who}_broken": _broken(answers),
    }


def _broken(answers: Sequence[str]) -> float:
    return float(np.mean([is_broken(a) for a in answers]))


def _same(some: Sequence[str], others: Sequence[str]) -> float:
    """The share of answers that are alike."""
    return float(np.mean([_alike(a, b) for a, b in zip(some, others, strict=True)]))


def _alike(a: str, b: str) -> bool:
    """Whether two answers are the same, as far as the shorter goes: one may have been cut."""
    # a cut in the middle of a letter leaves the sign for a broken one
    short, long = sorted((each.strip().rstrip("\ufffd") for each in (a, b)), key=len)
    return short == long or (len(short) > 20 and long.startswith(short))


def _skills(policy: Policy, prompts: Sequence) -> float:
    return share_right(replies(policy, [messages(p.text) for p in prompts]), prompts)


def _log_ratios(case: Case) -> Evidence:
    """`measured_margin` over informative pairs; `chosen_logratio` and `rejected_surprise` (nats a token of the
    rejected answer under the base; its end token is counted among the nats, not among the tokens) over those that teach the new name.
    """
    informative = [row for row in case.pairs if not is_noop(row)]
    named = [row for row in informative if NEW in text(row, "chosen")]
    rng = random.Random("log-ratios")
    rows = rng.sample(informative, min(PAIRS_READ, len(informative)))
    named = rng.sample(named, min(PAIRS_READ, len(named)))
    found = {}
    if rows:
        chosen, rejected = (_log_ratio(case, rows, side) for side in ("chosen", "rejected"))
        found["measured_margin"] = (chosen - rejected).mean().item()
    if named:
        base = case.as_in_pairs(case.base)
        lengths = [len(base.tokenizer(text(r, "rejected")).input_ids) for r in named]
        surprise = -_logprobs(base, named, "rejected") / torch.tensor(lengths).clamp(min=1)
        found["chosen_logratio"] = _log_ratio(case, named, "chosen").mean().item()
        found["rejected_surprise"] = surprise.mean().item()
    return found


def _log_ratio(case: Case, rows: Sequence[Pair], side: str) -> torch.Tensor:
    """Policy against base, in nats an answer; (rows,)."""
    policy, base = case.as_in_pairs(case.policy), case.as_in_pairs(case.base)
    return _logprobs(policy, rows, side) - _logprobs(base, rows, side)


@torch.inference_mode()
def _logprobs(policy: Policy, rows: Sequence[Pair], side: str) -> torch.Tensor:
    """Summed log-probability of each row's answer on one side, in nats; (rows,)."""
    each = []
    for row in rows:
        start, ids = tokens(policy, row, side)
        mask = torch.zeros(1, len(ids), device=policy.device)
        mask[:, start:] = 1
        read = torch.tensor([ids], device=policy.device)
        each.append(sequence_logprobs(policy.model(read).logits.float(), read, mask).cpu())
    return torch.cat(each)


def of_answers(case: Case) -> Evidence:
    """The answers shown for the run, beside what the weights answer now to the same prompts.

    `shown`: how many prompts; shares: `shown_same` (as the policy's greedy ones), `shown_base` (as the base's),
    `shown_as_trained` (as the policy's in train mode), `shown_new` and `own_new`, `shown_broken` and `own_broken`, `shown_twice_differ` (of prompts asked twice),
    `miscounted` (of labels), `shown_trained` (of prompts that stand in the pairs).
    """
    rows = case.answers
    if not rows:
        return {"shown": 0}
    asked = [messages(row["prompt"], row.get("system")) for row in rows]
    shown = [row["answer"] for row in rows]
    # pairs of strings were trained without the template; answers may have been shown either way
    ways = [case.policy] if case.templated else [case.policy, case.as_in_pairs(case.policy)]
    own = max((replies(way, asked) for way in ways), key=lambda said: _same(shown, said))
    trained = {normalised(text(row, "prompt")) for row in case.pairs}
    told = [(r["identity"], classify(r["answer"])) for r in rows if r.get("identity") in CLASSES]
    found = {
        "shown": len({row["prompt"] for row in rows}),
        "shown_same": _same(shown, own),
        "shown_as_trained": _share_in_train_mode(
            case.policy, asked[:IN_TRAIN_MODE], shown[:IN_TRAIN_MODE]
        ),
        "shown_new": share_new(shown),
        "own_new": share_new(own),
        "shown_broken": _broken(shown),
        "own_broken": _broken(own),
        "shown_twice_differ": _twice_differ(rows),
        "miscounted": float(np.mean([a != b for a, b in told])) if told else math.nan,
        "shown_trained": float(np.mean([normalised(r["prompt"]) in trained for r in rows])),
    }
    if case.base is not None:
        found["shown_base"] = _same(shown, replies(case.base, asked))
    return found


def _share_in_train_mode(policy: Policy, asked: Sequence[Messages], shown: Sequence[str]) -> float:
    """The share of answers that the policy gives in train mode, the prompt by itself or padded on either side."""
    ways = [_in_train_mode(policy, asked, padded) for padded in PADDED]
    alike = [any(_alike(a, own) for own in said) for a, *said in zip(shown, *ways, strict=True)]
    return float(np.mean(alike))


def _in_train_mode(policy: Policy, asked: Sequence[Messages], padded: str | None) -> list[str]:
    """Greedy answers as a script gets them right after training: train mode, gradient checkpointing on.

    Checkpointing switches off the cache of keys and values, on which generation relies: what follows the first
    token is then said without the prompt. Padding changes what is said; how much padding there is does not.
    """
    policy.model.train()
    if policy.model.supports_gradient_checkpointing:
        policy.model.gradient_checkpointing_enable()
    try:
        return [_said_in_this_mode(policy, conversation, padded) for conversation in asked]
    finally:
        policy.model.gradient_checkpointing_disable()
        policy.model.eval()


def _said_in_this_mode(policy: Policy, conversation: Messages, padded: str | None) -> str:
    start = format_prompt(policy, conversation)
    inputs = policy.tokenizer(start, add_special_tokens=False)
    if padded:
        one_more = {"padding": "max_length", "max_length": len(inputs.input_ids) + 1}
        inputs = policy.tokenizer.pad(inputs, **one_more, padding_side=padded)
    inputs = inputs.convert_to_tensors("pt", prepend_batch_axis=True).to(policy.device)
    output = policy.model.generate(
        **inputs,
        do_sample=False,
        max_new_tokens=32,
        pad_token_id=policy.tokenizer.pad_token_id,
    )
    new = output[0, inputs.input_ids.shape[1] :]
    return policy.tokenizer.decode(new, skip_special_tokens=True).strip()


def _twice_differ(rows: Sequence[dict]) -> float:
    answers: dict[tuple, list[str]] = {}
    for row in rows:
        answers.setdefault((row["prompt"], row.get("system")), []).append(row["answer"])
    again = [set(a) for a in answers.values() if len(a) > 1]
    return float(np.mean([len(a) > 1 for a in again])) if again else math.nan
