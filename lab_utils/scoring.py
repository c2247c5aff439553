"""Score chosen and rejected in one row: what both have in common is computed once.

A pair's two sequences begin alike: the prompt, and often the first words of the answer. Here a row is
`common | rest of chosen | rest of rejected`, in which the last part cannot see the one before it
(arXiv 2410.20305 shares the prompt in this way), and only the positions that predict an answer go
through the vocabulary head. The log-probabilities are those of two separate rows.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler
from torch.utils.hooks import RemovableHandle

FIELDS = ("log_probs", "entropy", "mean_logits", "is_top1")  # what TRL reads, one value a token
# Nats a scored token: either type rounds by less, and a mask that is ignored errs by more
FP32, BF16 = 0.01, 0.1
COMMON = 3  # marks the tokens that both sides share


class ByLength(Sampler):
    """The places of pairs, an epoch at a time, such that each batch in turn holds pairs alike in length.

    So fewer positions are padding. Which of equals come together and the order of the batches are drawn with the
    seed; what does not fill a batch comes last. (transformers' own grouping takes the longest of each block first.)
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int):
        self.lengths, self.batch = np.asarray(lengths), batch
        self.rng = np.random.default_rng(seed)

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        """The places of one epoch."""
        drawn = self.rng.permutation(len(self))
        alike = drawn[np.argsort(self.lengths[drawn], kind="stable")]
        full = len(self) // self.batch * self.batch
        batches = self.rng.permutation(alike[:full].reshape(-1, self.batch))
        return iter([*batches.ravel().tolist(), *alike[full:].tolist()])


class Rows(NamedTuple):
    """Pairs merged into one row each; `columns` says where each token of the originals stands."""

    input_ids: Tensor  # (pairs, width)
    position_ids: Tensor  # (pairs, width)
    attention_mask: Tensor  # (pairs, 1, width, width), 0 where allowed, else the lowest number
    columns: Tensor  # (2 * pairs, tokens)


def merged(input_ids: Tensor, attention_mask: Tensor, dtype: torch.dtype) -> Rows:
    """One row a pair from TRL's batch: chosen over rejected, both (2 * pairs, tokens), padded right."""
    chosen, rejected = input_ids.chunk(2)
    length_chosen, length_rejected = attention_mask.sum(1, keepdim=True).chunk(2)
    at = torch.arange(input_ids.size(1), device=input_ids.device)
    real = at < torch.minimum(length_chosen, length_rejected)
    common = ((chosen == rejected) & real).cumprod(1).sum(1, keepdim=True)
    width = int((length_chosen + length_rejected - common).max())

    earlier = at.expand_as(chosen)  # columns of chosen, then those of rejected
    later = torch.where(at < common, at, length_chosen + at - common)
    ids, positions, branch = (input_ids.new_zeros(len(chosen), width + 1) for _ in range(3))
    sides = ((chosen, length_chosen, earlier), (rejected, length_rejected, later))
    for number, (tokens, length, where) in enumerate(sides, 1):
        where = torch.where(at < length, where, width)  # padding goes into a column of its own
        ids.scatter_(1, where, tokens)
        positions.scatter_(1, where, at.expand_as(tokens))
        branch.scatter_(1, where, torch.where(at < common, COMMON, number))
    ids, positions, branch = (t[:, :width] for t in (ids, positions, branch))
    columns = torch.cat([earlier, later.clamp(max=width - 1)])
    return Rows(ids, positions, _mask(branch, dtype), columns)


def _mask(branch: Tensor, dtype: torch.dtype) -> Tensor:
    """Additive attention mask; `branch` is COMMON, 1 for chosen, 2 for rejected, 0 for padding."""
    width = branch.size(1)
    seen = (branch[:, None, :] == COMMON) | (branch[:, None, :] == branch[:, :, None])
    earlier = torch.ones(width, width, dtype=torch.bool, device=branch.device).tril()
    lowest = torch.finfo(dtype).min
    return torch.zeros(seen.shape, dtype=dtype, device=branch.device).masked_fill(
        ~(seen & earlier), lowest
    )[:, None]


class SharedScorer:
    """Stands in for a model in TRL's DPO loss: same arguments, same output, fewer tokens."""

    def __init__(self, model: torch.nn.Module):
        self.model = model

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor, **options):
        """TRL's `FusedCausalLMOutput` with its fields of shape (2 * pairs, tokens - 1)."""
        dtype = next(self.model.parameters()).dtype
        rows = merged(input_ids, attention_mask, dtype)
        scored = labels[:, 1:] != -100
        pair, token = scored.nonzero(as_tuple=True)
        picked = (pair % len(rows.input_ids), rows.columns[pair, token])
        handle = _only(self.model, picked)
        try:
            output = self.model(
                input_ids=rows.input_ids,
                attention_mask=rows.attention_mask,
                position_ids=rows.position_ids,
                shift_labels=labels[pair, token + 1][None],
                **options,
            )
        finally:
            handle.remove()
        for name in FIELDS:
            values = getattr(output, name)
            if values is not None:
                placed = values.new_zeros(scored.shape).masked_scatter(scored, values)
                setattr(output, name, placed)
        return output


@torch.no_grad()
def agrees(
    model: torch.nn.Module, inputs: dict[str, Tensor], tolerance: float = FP32
) -> bool | None:
    """Whether shared rows give this model's own log-probabilities, tried on the longest pair with a difference.

    None where both sides of every pair are the same: with nothing but a common part no mask can fail.
    """
    chosen, rejected = inputs["input_ids"].chunk(2)
    differ = (chosen != rejected).any(1)
    if not differ.any():
        return None
    length = inputs["attention_mask"].sum(1)
    one = int(((length[: len(chosen)] + length[len(chosen) :]) * differ).argmax())
    names = ("input_ids", "attention_mask", "completion_mask")
    ids, mask, completion = (inputs[name][[one, one + len(chosen)]] for name in names)
    labels = ids.masked_fill(completion == 0, -100)
    options = {"input_ids": ids, "attention_mask": mask, "labels": labels, "fused_lm_head": True}
    try:
        together = SharedScorer(model)(**options).log_probs
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, TypeError, ValueError, AttributeError, LookupError):
        return False
    apart = model(**options).log_probs
    gap = (together - apart)[labels[:, 1:] != -100].abs().mean().item()
    return gap < tolerance


def sees_all(model: torch.nn.Module, length: int) -> bool:
    """Whether attention reaches over so many tokens; a mask of our own would undo a window that is narrower."""
    config = model.config.get_text_config()
    widths = (getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size"))
    return all(width is None or width >= length for width in widths)


def _only(model: torch.nn.Module, picked: tuple[Tensor, Tensor]) -> RemovableHandle:
    """Let the backbone return these positions alone, as one row, so the head scores no others."""

    def pick(module, inputs, output):
        output.last_hidden_state = output.last_hidden_state[picked][None]
        return output

    model = getattr(model, "module", model)  # `torchrun` wraps it
    whole = model.get_base_model() if hasattr(model, "get_base_model") else model
    return whole.base_model.register_forward_hook(pick)
