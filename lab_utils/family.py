"""DPO and its family as pure functions of a batch of pairs; each returns the mean loss in nats.

What a method needs beside the pairs it takes as a number; where it has none of its own, beta is the one of the labs.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lab_utils.dpo import dpo_loss, dpo_positive_loss
from lab_utils.workspace import LabError

SCORES = ("score_chosen", "score_rejected")  # what a judge gave, in a pair
# Of beta-DPO, as its authors set them: memory of the usual margin, share of a batch that is kept, smallest beta
MOMENTUM, KEPT, LEAST = 0.9, 0.8, 1e-3


class Scored(NamedTuple):
    """A batch of pairs as a loss sees it; every field is of shape (pairs,)."""

    chosen: Tensor  # log-probabilities of the answers under the policy, nats
    rejected: Tensor
    reference_chosen: Tensor  # and under the reference
    reference_rejected: Tensor
    tokens_chosen: Tensor  # how long the answers are
    tokens_rejected: Tensor
    score_chosen: Tensor  # what a judge gives them; not a number where nobody judged
    score_rejected: Tensor

    def log_ratios(self) -> tuple[Tensor, Tensor]:
        """Log-probability under the policy less that under the reference, of chosen and of rejected."""
        return self.chosen - self.reference_chosen, self.rejected - self.reference_rejected

    def margins(self) -> Tensor:
        """The difference of the log-ratios; times beta it is the margin of DPO."""
        chosen, rejected = self.log_ratios()
        return chosen - rejected

    def means(self) -> tuple[Tensor, Tensor]:
        """Log-probability a token under the policy, of chosen and of rejected."""
        return self.chosen / self.tokens_chosen, self.rejected / self.tokens_rejected

    def mean_margins(self) -> Tensor:
        """The difference of the log-ratios a token."""
        chosen, rejected = self.log_ratios()
        return chosen / self.tokens_chosen - rejected / self.tokens_rejected


Loss = Callable[[Scored], Tensor]


def described(loss: Loss) -> tuple[str, dict[str, float]]:
    """A loss by the name of its function, and the numbers that it was given with `functools.partial`."""
    function = getattr(loss, "func", loss)
    name = getattr(function, "__name__", type(function).__name__)
    return name, getattr(loss, "keywords", None) or getattr(loss, "__dict__", {})


def check(loss: Loss, pairs: Sequence[dict]) -> None:
    """Raise LabError for a number out of range, and where Uni-DPO meets a pair that nobody has judged."""
    name, numbers = described(loss)
    for key, value in numbers.items():
        if key == "beta" and not 0 < value < math.inf:
            raise LabError(f"{name}: beta = {value}; it must be above 0 and finite.")
        if key == "noise" and not 0 <= value < 0.5:
            raise LabError(
                f"{name}: noise = {value}; it must be from 0 to below 0.5, the rate of wrong labels."
            )
        if not math.isfinite(value):
            raise LabError(f"{name}: {key} = {value}; it must be a number.")
    for number, pair in enumerate(pairs, 1):
        for key in SCORES:
            score = pair.get(key)
            told = isinstance(score, int | float) and math.isfinite(score)
            if name == "uni_dpo" and not told:
                raise LabError(
                    f"pair {number} has no {key}, by which Uni-DPO weighs; give every pair both scores."
                )


def dpo(pairs: Scored, beta: float) -> Tensor:
    """Rafailov et al. 2023 (arXiv 2305.18290, eq. 7)."""
    return dpo_loss(*(beta * ratio for ratio in pairs.log_ratios()))


def conservative(pairs: Scored, beta: float, noise: float) -> Tensor:
    """cDPO (Mitchell 2023): every label counts as wrong with probability `noise`."""
    margin = beta * pairs.margins()
    return -((1 - noise) * F.logsigmoid(margin) + noise * F.logsigmoid(-margin)).mean()


def robust(pairs: Scored, beta: float, noise: float) -> Tensor:
    """rDPO (Chowdhury et al. 2024, arXiv 2403.00409): unbiased where labels are wrong at that rate."""
    margin = beta * pairs.margins()
    each = noise * F.logsigmoid(-margin) - (1 - noise) * F.logsigmoid(margin)
    return each.mean() / (1 - 2 * noise)


def ipo(pairs: Scored, beta: float) -> Tensor:
    """Azar et al. 2023 (arXiv 2310.12036), a token as in TRL: a margin of 1 / (2 beta) is enough."""
    return (pairs.mean_margins() - 1 / (2 * beta)).square().mean()


def with_nll(pairs: Scored, beta: float, weight: float) -> Tensor:
    """DPO and the surprise a token at chosen answers (Pang et al. 2024, arXiv 2404.19733)."""
    return dpo(pairs, beta) + weight * surprise(pairs)


def positive(pairs: Scored, beta: float) -> Tensor:
    """DPO-Positive (Pal et al. 2024, arXiv 2402.13228, eq. 3): falling below the reference costs margin."""
    return dpo_positive_loss(*(beta * ratio for ratio in pairs.log_ratios()))


def apo_zero(pairs: Scored, beta: float) -> Tensor:
    """D'Oosterlinck et al. 2024 (arXiv 2408.06266): chosen up and rejected down, each by itself."""
    chosen, rejected = pairs.log_ratios()
    return (1 - torch.sigmoid(beta * chosen) + torch.sigmoid(beta * rejected)).mean()


def surprise(pairs: Scored) -> Tensor:
    """The surprise a token at chosen answers: fine-tuning on them, without rejected ones."""
    return -pairs.chosen.sum() / pairs.tokens_chosen.sum()


def simpo(pairs: Scored, beta: float, target: float) -> Tensor:
    """Meng et al. 2024 (arXiv 2405.14734, eq. 6): log-probabilities a token, no reference, a target margin."""
    chosen, rejected = pairs.means()
    return -F.logsigmoid(beta * (chosen - rejected) - target).mean()


def orpo(pairs: Scored, weight: float) -> Tensor:
    """Hong et al. 2024 (arXiv 2403.07691, eq. 6): surprise at chosen, and the ratio of the odds; no reference."""
    chosen, rejected = pairs.means()
    odds = chosen - rejected - (_log_1m_exp(chosen) - _log_1m_exp(rejected))
    return surprise(pairs) - weight * F.logsigmoid(odds).mean()


def _log_1m_exp(log_probability: Tensor) -> Tensor:
    return torch.log1p(-torch.exp(log_probability))


class BetaDPO:
    """Wu et al. 2024 (arXiv 2407.08639): a batch without its outliers, at a beta that grows with its margin.

    As in their released code margins are in nats, not times beta, and the usual margin and spread are running means that
    include this batch (the spread here with n, theirs with n - 1). It remembers them, so each run needs one of its own.
    """

    def __init__(self, beta: float, alpha: float):
        self.beta, self.alpha = beta, alpha
        self.usual, self.spread, self.batches = 0.0, 0.0, 0

    def __call__(self, pairs: Scored) -> Tensor:
        """The loss of the pairs of this batch that it keeps, in nats."""
        margins = pairs.margins()
        seen = margins.detach().cpu()
        self.batches += 1
        self.usual = MOMENTUM * self.usual + (1 - MOMENTUM) * seen.mean().item()
        self.spread = MOMENTUM * self.spread + (1 - MOMENTUM) * seen.std(correction=0).item()
        kept = self._kept(seen)
        beta = self.beta * (1 + self.alpha * (seen[kept].mean().item() - self.usual))
        return -F.logsigmoid(max(beta, LEAST) * margins[kept.to(margins.device)]).mean()

    def _kept(self, margins: Tensor) -> Tensor:
        """Which pairs stay: drawn without replacement, the likelier the nearer to the usual margin."""
        # at the first step all are alike
        distance = (margins - self.usual) / max(self.spread, 0.01)
        # The largest of log-weight + Gumbel noise are such a draw, also where weights are 0 in single precision
        chance = torch.rand(len(margins), generator=torch.Generator().manual_seed(self.batches))
        drawn = -(distance**2) / 2 - (-chance.log()).log()
        return drawn.topk(max(1, int(KEPT * len(margins)))).indices


def uni_dpo(
    pairs: Scored,
    beta: float,
    quality: float,
    focus: float,
    target: float,
    nll: float,
    good: float,
    attached: bool = True,
) -> Tensor:
    """Uni-DPO (arXiv 2506.10054): pairs weigh by the judge's gap (`quality`) and by what is still to learn (`focus`).

    Their eta, gamma, tau_ref, lambda and tau_good. `nll` weighs the surprise a token at chosen answers that are good and
    have fallen below the reference. The focal weight takes part in the gradient, as in their code, unless not attached.
    """
    gap = pairs.score_chosen - pairs.score_rejected
    chosen, rejected = pairs.means()
    learnt = beta * (chosen - rejected) - target
    weight = torch.sigmoid(quality * gap) * torch.sigmoid(-learnt) ** focus
    weight = weight if attached else weight.detach()
    fallen = (pairs.reference_chosen > pairs.chosen) & (pairs.score_chosen >= good)
    each = -weight * F.logsigmoid(beta * pairs.mean_margins()) - nll * fallen * chosen
    return each.mean()
