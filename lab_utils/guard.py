"""A guard for a training run: stops it before the damage and gives back the best policy so far.

What a run's loss and margin do not show is looked at every few steps: what the policy says and how far it
has moved. Only prompts of the train split are asked, so that no held-out figure depends on it.
"""

import random
from collections.abc import Callable, Sequence
from math import isfinite, isnan

import numpy as np
import torch
from transformers import TrainerCallback

from lab_utils.chat import format_prompt, messages, replies
from lab_utils.dpo import kl_divergence
from lab_utils.evaluation import answer_logits, share_new, share_right
from lab_utils.identity import is_broken
from lab_utils.models import Policy
from lab_utils.prompts import load_prompts

Row = dict[str, float]
ASKED = 24  # prompts of each kind
RECENT = 8  # steps over which the log is averaged
FALL = 10.0  # nats that a chosen answer may lose, on the mean; the lecture's collapsed run had lost 13 at step 5, 76 at its end
GONE = 1e-3  # share of the largest gradient, below which nothing more is learnt
BROKEN = 0.2  # share of answers that may break
BUDGET = 0.5  # KL to the reference on unrelated prompts, nats a token
DROP = 0.15  # share of the skills that may be lost


class Guard(TrainerCallback):
    """Stops the run that it watches; `reason` then says why in one sentence, and is empty before.

    `rows` is the log that grows while the run goes on, one row a step, and must hold a step's row before the
    guard is told of that step. A stopped run ends in the weights of the best look: the latest of those
    with the most answers in the new name.
    """

    def __init__(self, policy: Policy, rows: Sequence[Row], every: int, say: Callable[[str], None]):
        self.policy, self.rows, self.every, self.say = policy, rows, every, say
        self.reason = ""

    def on_train_begin(self, args, state, control, **_):
        """Look at the policy before the first step; those weights are the best so far."""
        self.watch = Watch(self.policy)
        self.before = self.watch(self.policy)
        self.best = (self.before["identity"], 0, _copy(self.policy))

    def on_log(self, args, state, control, logs=None, **_):
        """Judge the log at every step and the policy every few and at the last; stop where either is damaged."""
        if "loss" not in logs:
            return
        step, found = state.global_step, trouble(self.rows)
        if not found and (step % self.every == 0 or step == state.max_steps):
            look = self.watch(self.policy)
            self.policy.model.train()
            found = damage(look, self.before)
            if not found and look["identity"] >= self.best[0]:
                self.best = (look["identity"], step, _copy(self.policy))
        if found:
            self.reason = f"stopped at step {step}, back to step {self.best[1]}: {found}."
            control.should_training_stop = True

    def on_train_end(self, args, state, control, **_):
        """Put the best weights back where the run was stopped, and say so."""
        if self.reason:
            self.policy.model.load_state_dict(self.best[2])
            self.say(self.reason)

    def facts(self) -> dict[str, str | int]:
        """For the run's `environment.json`: why it was stopped, and the step whose weights were kept."""
        return {"stopped": self.reason, "kept_step": self.best[1]} if self.reason else {}


def _copy(policy: Policy) -> dict[str, torch.Tensor]:
    return {name: weight.cpu().clone() for name, weight in policy.model.state_dict().items()}


def trouble(rows: Sequence[Row]) -> str:
    """What the log of a run says against going on, as half a sentence; empty where it says nothing."""
    if not isfinite(rows[-1]["grad_norm"]):
        return "the gradient is not a number; lower the learning rate"
    told = [row for row in rows if not isnan(row["margin"])]  # steps with an informative pair
    recent = told[-RECENT:]
    if len(recent) < RECENT:
        return ""
    chosen = float(np.mean([row["chosen_logratio"] for row in recent]))
    gradient = float(np.mean([row["grad_norm"] for row in recent]))
    largest = max(row["grad_norm"] for row in told)
    if chosen < -FALL:
        return (
            f"the chosen answers have lost {-chosen:.1f} nats, so the margin grows by pushing answers down; "
            "lower the learning rate or add the sft term"
        )
    if gradient < GONE * largest:
        return f"the gradient is {gradient / largest:.0e} of its largest, so nothing more is learnt"
    return ""


def damage(look: Row, before: Row) -> str:
    """What a look at the policy says against going on, as half a sentence; empty where it says nothing."""
    lost = before["skills"] - look["skills"]
    if look["broken"] - before["broken"] > BROKEN:
        return f"{look['broken']:.0%} of the answers are broken; lower the learning rate"
    if not look["kl"] <= BUDGET:
        return (
            f"the policy is {look['kl']:.2f} nats a token away from the reference; lower the rate"
        )
    if lost > DROP:
        return f"skills have fallen by {100 * lost:.0f} points; lower the rate or add anchor pairs"
    return ""


class Watch:
    """A look at a policy: shares of new names, broken answers and skills, and the KL to the first one."""

    def __init__(self, reference: Policy):
        rng = random.Random("watch")
        draw = lambda name: rng.sample(load_prompts(name, "train"), ASKED)  # noqa: E731
        self.identity, self.skills, unrelated = map(draw, ("identity", "skills", "unrelated"))
        asked = [messages(p.text, "") for p in unrelated]
        answers = replies(reference, asked)
        self.texts = [(format_prompt(reference, c), a) for c, a in zip(asked, answers, strict=True)]
        self.first = [answer_logits(reference, *both) for both in self.texts]  # 24 short answers

    def __call__(self, policy: Policy) -> Row:
        """The shares and the mean KL, in nats a token, for these weights."""
        both = [messages(p.text) for p in self.identity + self.skills]
        answers = replies(policy, both, max_new_tokens=24)
        said, tried = answers[:ASKED], answers[ASKED:]
        policy.model.eval()
        logits = [answer_logits(policy, *texts) for texts in self.texts]
        each = [kl_divergence(now, then) for now, then in zip(logits, self.first, strict=True)]
        return {
            "identity": share_new(said),
            "broken": float(np.mean([is_broken(a) for a in answers])),
            "skills": share_right(tried, self.skills),
            "kl": torch.cat(each).mean().item(),
        }
