"""The mathematics of DPO as pure functions of tensors; nothing of ours is imported.

Rafailov et al. 2023, "Direct Preference Optimization" (arXiv 2305.18290); the NLL term as in
Pang et al. 2024, "Iterative Reasoning Preference Optimization" (arXiv 2404.19733); DPO-Positive as in
Pal et al. 2024, "Smaug" (arXiv 2402.13228).
"""

import torch
from torch import Tensor
from torch.nn import functional as F

LN_2 = float(torch.tensor(2.0, dtype=torch.float64).log())
PENALTY = 50.0  # lambda of DPO-Positive, as its authors set it


def token_logprobs(logits: Tensor, labels: Tensor) -> Tensor:
    """Log-probability of each label under the logits at its own position, in nats.

    logits: (..., tokens, vocabulary); labels: (..., tokens), already shifted; returns (..., tokens).
    """
    return torch.log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)


def sequence_logprobs(logits: Tensor, ids: Tensor, completion: Tensor) -> Tensor:
    """Summed log-probability of each completion, in nats.

    logits: (rows, tokens, vocabulary) from reading `ids`: (rows, tokens); `completion` is 1 where a
    token belongs to the completion. Returns (rows,).
    """
    each = token_logprobs(logits[:, :-1], ids[:, 1:])  # position t predicts token t + 1
    return (each * completion[:, 1:]).sum(-1)


def rewards(policy_logprobs: Tensor, reference_logprobs: Tensor, beta: float) -> Tensor:
    """The implicit reward: beta times the log-ratio of policy and reference (2305.18290, eq. 5)."""
    return beta * (policy_logprobs - reference_logprobs)


def dpo_loss(chosen_rewards: Tensor, rejected_rewards: Tensor) -> Tensor:
    """The mean of -log sigmoid(margin) over pairs, in nats; ln 2 while both rewards agree."""
    return -F.logsigmoid(chosen_rewards - rejected_rewards).mean()


def dpo_positive_loss(chosen_rewards: Tensor, rejected_rewards: Tensor) -> Tensor:
    """DPO-Positive (2402.13228, eq. 3): the margin is charged for chosen answers below the reference.

    Both rewards are of shape (pairs,); returns the mean over pairs, in nats.
    """
    fallen = (-chosen_rewards).clamp(min=0)  # beta x max(0, log reference / policy)
    return -F.logsigmoid(chosen_rewards - rejected_rewards - PENALTY * fallen).mean()


def nll(chosen_token_logprobs: Tensor, completion: Tensor) -> Tensor:
    """The mean surprise, in nats a token, at the chosen answers; both arguments (pairs, tokens)."""
    return -(chosen_token_logprobs * completion).sum() / completion.sum()


def noop_floor(noop: int, pairs: int) -> float:
    """The loss that remains when all but `noop` of `pairs` are fitted: noop / pairs x ln 2."""
    return noop / pairs * LN_2


def kl_divergence(policy_logits: Tensor, reference_logits: Tensor) -> Tensor:
    """KL(policy || reference) at each position, in nats; (..., vocabulary) to (...)."""
    p, q = torch.log_softmax(policy_logits, -1), torch.log_softmax(reference_logits, -1)
    return (p.exp() * (p - q)).sum(-1)
