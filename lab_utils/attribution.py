"""Where in an answer the margin comes from: token by token, and by part of the answer.

Chosen and rejected share their first words. Then come the token at which they part (the divergence), the rest of the
name, and the suffix, to the end token. What both have before they part cancels exactly.
"""

import pandas as pd
import torch

from lab_utils.chat import format_prompt, token_ids
from lab_utils.dpo import token_logprobs
from lab_utils.models import Policy
from lab_utils.pairs import OLD, Pair

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
    """The tokens of an answer and of what the template puts behind it, all of which are trained."""
    start = policy.tokenizer(format_prompt(policy, row["prompt"]), add_special_tokens=False)
    return token_ids(policy, row["prompt"] + row[side])[len(start.input_ids) :]


@torch.inference_mode()
def answer_logprobs(policy: Policy, row: Pair, side: str) -> torch.Tensor:
    """The log-probability of each token of the answer, its end included, in nats; (tokens,)."""
    ids = torch.tensor(token_ids(policy, row["prompt"] + row[side]), device=policy.device)
    logits = policy.model(ids[None]).logits[0, :-1].float()
    return token_logprobs(logits, ids[1:])[-len(_answer_ids(policy, row, side)) :].cpu()
