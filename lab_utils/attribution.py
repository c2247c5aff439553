"""Where in an answer the margin comes from: token by token, and by part of the answer.

Chosen and rejected share their first words. Then come the token at which they part (the divergence), the rest of the
name, and the suffix. What both have before they part cancels exactly.
"""

import pandas as pd
import torch

from lab_utils.chat import format_prompt
from lab_utils.dpo import token_logprobs
from lab_utils.evaluation import answer_logits
from lab_utils.models import Policy
from lab_utils.pairs import OLD, Pair, text

PARTS = ("prefix", "divergence", "name", "suffix")


def attribution(policy: Policy, reference: Policy, row: Pair) -> pd.DataFrame:
    """One row a token of both answers: `side`, `part`, `token` and `ratio`, its log-ratio in nats."""
    ids = {side: _answer_ids(policy, row, side) for side in ("chosen", "rejected")}
    same = _shared(*ids.values())
    tables = []
    for side, tokens in ids.items():
        name = _to_end_of_name(policy, tokens[same:])
        parts = ["prefix"] * same + ["divergence"] + ["name"] * name + ["suffix"] * len(tokens)
        ratio = answer_logprobs(policy, row, side) - answer_logprobs(reference, row, side)
        columns = {
            "side": side,
            "part": parts[: len(tokens)],
            "token": [policy.tokenizer.decode(token) for token in tokens],
            "ratio": ratio.tolist(),
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def by_part(table: pd.DataFrame) -> pd.DataFrame:
    """The log-ratios of an `attribution`, summed over each part; one row a part, one column a side."""
    sums = table.pivot_table(index="part", columns="side", values="ratio", aggfunc="sum")
    return sums.reindex(PARTS).fillna(0.0)


def _shared(some: list[int], others: list[int]) -> int:
    """How many tokens two answers have in common from the start."""
    pairs = enumerate(zip(some, others, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(some), len(others)))


def _to_end_of_name(policy: Policy, tokens: list[int]) -> int:
    """How many tokens after the first complete the name; 0 where there is none."""
    ends = (i for i in range(len(tokens)) if OLD in policy.tokenizer.decode(tokens[: i + 1]))
    return next(ends, 0)


def _answer_ids(policy: Policy, row: Pair, side: str) -> list[int]:
    start = format_prompt(policy, row["prompt"])
    texts = [start, start + text(row, side)]
    begin, whole = policy.tokenizer(texts, add_special_tokens=False).input_ids
    return whole[len(begin) :]


def answer_logprobs(policy: Policy, row: Pair, side: str) -> torch.Tensor:
    """The log-probability of each token of the answer, in nats; (tokens,)."""
    logits = answer_logits(policy, format_prompt(policy, row["prompt"]), text(row, side))
    ids = torch.tensor(_answer_ids(policy, row, side), device=policy.device)
    return token_logprobs(logits[: len(ids)], ids).cpu()
