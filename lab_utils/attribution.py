"""Where in an answer the margin comes from: token by token, and by part of the answer.

Chosen and rejected share their first words. Then come the token at which they part (the divergence), the rest of the
name, and the suffix, to the end token. What both have before they part cancels exactly.
"""

import pandas as pd
import torch

from lab_utils.dpo import token_logprobs
from lab_utils.models import Policy
from lab_utils.pairs import OLD, Pair, tokens

PARTS = ("prefix", "divergence", "name", "suffix")


def attribution(policy: Policy, reference: Policy, row: Pair) -> pd.DataFrame:
    """One row a token of both answers: `side`, `part`, `token` and `ratio`, its log-ratio in nats."""
    both = {side: tokens(policy, row, side) for side in ("chosen", "rejected")}
    answers = {side: ids[start:] for side, (start, ids) in both.items()}
    same = _shared(*answers.values())
    tables = []
    for side, answer in answers.items():
        name = _to_end_of_name(policy, answer[same:])
        parts = ["prefix"] * same + ["divergence"] + ["name"] * name + ["suffix"] * len(answer)
        ratio = answer_logprobs(policy, row, side) - answer_logprobs(reference, row, side)
        columns = {
            "side": side,
            "part": parts[: len(answer)],
            "token": [policy.tokenizer.decode(token) for token in answer],
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


def _to_end_of_name(policy: Policy, ids: list[int]) -> int:
    """How many tokens after the first complete the name; 0 where there is none."""
    ends = (i for i in range(len(ids)) if OLD in policy.tokenizer.decode(ids[: i + 1]))
    return next(ends, 0)


@torch.inference_mode()
def answer_logprobs(policy: Policy, row: Pair, side: str) -> torch.Tensor:
    """The log-probability of each token of the answer, its end included, in nats; (tokens,)."""
    start, ids = tokens(policy, row, side)
    read = torch.tensor(ids, device=policy.device)
    logits = policy.model(read[None]).logits[0, start - 1 : -1].float()
    return token_logprobs(logits, read[start:]).cpu()
