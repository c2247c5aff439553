"""RLHF in two stages: a reward model from pairs, then a policy that samples, is rewarded and follows the gradient.

Both stages are TRL's: `RewardTrainer`, then `RLOOTrainer` or `GRPOTrainer`. What decides a run is stated here, not
inherited.
"""

import itertools
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from datasets import Dataset
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    PrinterCallback,
)
from trl import GRPOConfig, GRPOTrainer, RewardConfig, RewardTrainer, RLOOConfig, RLOOTrainer

from lab_utils import quality, workspace
from lab_utils.chat import MAX_NEW_TOKENS, Messages, messages
from lab_utils.models import Policy, find_folder, load_model, save_policy
from lab_utils.pairs import Pair, sides, text
from lab_utils.prompts import Prompt
from lab_utils.runs import require_new
from lab_utils.workspace import LabError

# Prompts as messages, an answer to each, the right answer to each; returns the reward of each.
Reward = Callable[[Sequence[Messages], Sequence[str], Sequence[str]], list[float]]
BATCH = 128  # answers that the reward model reads at once
CLIP = 0.2  # of probability ratios; each sample is used once here, so that they are all 1


@dataclass(frozen=True)
class Settings:
    """The numbers of a run of `reinforce`; none has a default."""

    method: str  # "RLOO" (arXiv 2402.14740) or "GRPO" (arXiv 2402.03300)
    rate: float  # of AdamW, constant
    kl: float  # price of a nat of KL to the start: off an answer's reward (RLOO), in a token's loss (GRPO)
    steps: int
    prompts: int  # different ones in a step
    answers: int  # sampled to each; the other answers to a prompt are the baseline of one
    seed: int

    def samples(self) -> int:
        """How many answers the run samples."""
        return self.steps * self.prompts * self.answers


class RewardModel:
    """A policy's network with one output in place of the vocabulary: the reward of a conversation.

    A difference of two rewards is the log-odds, in nats, that the first answer is chosen (Bradley and Terry 1952); the
    zero has no meaning.
    """

    def __init__(self, folder: Path):
        """Load it; LabError where the folder holds a model without such an output."""
        options = {"num_labels": 1, "dtype": torch.float32, "output_loading_info": True}
        model, found = AutoModelForSequenceClassification.from_pretrained(folder, **options)
        if found["missing_keys"]:
            raise LabError(f"{folder}: this model gives no reward; train a reward model on pairs.")
        self.model, self.tokenizer = model.to(workspace.device()[0]).eval(), _tokenizer(folder)

    def __call__(
        self, asked: Sequence[Messages], answers: Sequence[str], right: Sequence[str] = ()
    ) -> list[float]:
        """The reward of each answer, in nats; the right answers are not looked at."""
        said = [
            [*prompt, {"role": "assistant", "content": answer}]
            for prompt, answer in zip(asked, answers, strict=True)
        ]
        ids = self.tokenizer.apply_chat_template(said, return_dict=True)["input_ids"]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))  # alike in length: less padding
        rewards = [0.0] * len(ids)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            for i, reward in zip(chosen, self._read([ids[i] for i in chosen]), strict=True):
                rewards[i] = reward
        return rewards

    @torch.inference_mode()
    def _read(self, ids: list[list[int]]) -> list[float]:
        # padded on the right, which no earlier token sees; the model reads the last one that is no padding
        rows = [torch.tensor(row) for row in ids]
        masks = [torch.ones_like(row) for row in rows]
        padding = self.tokenizer.pad_token_id
        read = pad_sequence(rows, batch_first=True, padding_value=padding).to(self.model.device)
        mask = pad_sequence(masks, batch_first=True).to(self.model.device)
        return self.model(input_ids=read, attention_mask=mask).logits[:, 0].tolist()


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(folder)


def gold_reward(
    asked: Sequence[Messages], answers: Sequence[str], right: Sequence[str]
) -> list[float]:
    """The true reward of each answer: what RLHF would climb if one could ask for it at any time."""
    return [quality.gold(answer, fact) for answer, fact in zip(answers, right, strict=True)]


def train_reward_model(
    rows: Sequence[Pair], folder: Path, rate: float, epochs: int, seed: int
) -> RewardModel:
    """The start policy's weights with a new output, trained on the pairs, saved and reloaded.

    The loss is the mean surprise at a label, -log sigmoid(reward of chosen - reward of rejected), in nats. LabError for
    no pairs, for a rate and for epochs that cannot be.
    """
    if not rows:
        raise LabError("there are no pairs to train a reward model on; give it some.")
    _check_number("rate", rate)
    _check_number("epochs", epochs)
    require_new(folder)
    args = RewardConfig(
        **_common(folder, rate, seed),
        num_train_epochs=epochs,
        per_device_train_batch_size=8,
        lr_scheduler_type="cosine",
        warmup_steps=0.1,
        max_length=256,
        center_rewards_coefficient=None,
        model_init_kwargs={"dtype": torch.float32},
    )
    start = find_folder(quality.START)
    trainer = RewardTrainer(
        model=str(start),
        args=args,
        train_dataset=Dataset.from_list(sides(rows)),
        processing_class=_tokenizer(start),
    )
    trainer.remove_callback(PrinterCallback)
    _ = trainer.train()  # its return value holds a clock
    shutil.rmtree(args.output_dir, ignore_errors=True)
    save_policy(Policy(trainer.model, trainer.processing_class, folder.name, start), folder)
    return RewardModel(folder)


def accuracy(reward: Reward, rows: Sequence[Pair]) -> float:
    """The share of pairs in which the chosen answer has the higher reward."""
    asked, right = [row["prompt"] for row in rows], [row["right"] for row in rows]
    chosen, rejected = (
        reward(asked, [text(row, side) for row in rows], right) for side in ("chosen", "rejected")
    )
    return sum(c > r for c, r in zip(chosen, rejected, strict=True)) / len(rows)


def comparisons(
    reward: Reward, prompts: Sequence[Prompt], answers: Sequence[Sequence[str]]
) -> pd.DataFrame:
    """One row for two answers to one prompt that are unequal in gold.

    `differ` names the parts of gold in which they differ, joined by commas; `agrees` says whether the reward puts them in
    gold's order.
    """
    rows = []
    for prompt, own, scored in zip(
        prompts, answers, _rewards(reward, prompts, answers), strict=True
    ):
        each = [quality.parts(answer, prompt.answer) for answer in own]
        for i, j in itertools.combinations(range(len(own)), 2):
            if each[i]["gold"] != each[j]["gold"]:
                agrees = (scored[i] > scored[j]) == (each[i]["gold"] > each[j]["gold"])
                parts = [name for name in quality.WORTH if each[i][name] != each[j][name]]
                rows.append({"differ": ", ".join(parts), "agrees": agrees})
    return pd.DataFrame(rows)


def best_of(
    reward: Reward, prompts: Sequence[Prompt], answers: Sequence[Sequence[str]]
) -> list[str]:
    """Of the answers to each prompt, the one with the highest reward; the first of equals."""
    scored = _rewards(reward, prompts, answers)
    return [
        own[max(range(len(own)), key=given.__getitem__)]
        for own, given in zip(answers, scored, strict=True)
    ]


def _rewards(reward: Reward, prompts, answers) -> list[list[float]]:
    """The rewards of several answers to each prompt."""
    each = [(p, answer) for p, own in zip(prompts, answers, strict=True) for answer in own]
    asked, right = [messages(p.text) for p, _ in each], [p.answer for p, _ in each]
    given = iter(reward(asked, [answer for _, answer in each], right))
    return [[next(given) for _ in own] for own in answers]


def best_of_kl(n: int) -> float:
    """KL(best of n || start) in nats an answer: at most log n - (n - 1) / n (Beirami et al. 2024, arXiv 2401.01879)."""
    return math.log(n) - (n - 1) / n


def reinforce(
    rows: Sequence[Pair], reward: Reward, settings: Settings, folder: Path
) -> tuple[Policy, pd.DataFrame]:
    """The start policy, taught by reward on the prompts of these pairs, saved and reloaded; and its history.

    One row a step, means over the answers sampled in it: `reward` as it was given, `gold` (looked at, not trained on),
    `kl` to the start in nats an answer, `entropy` in nats a token, `tokens` of an answer; and `answer`, the first one. The
    labels of the pairs are not used. LabError, before any step, for settings that cannot be.
    """
    data = _questions(rows)
    check(settings, len(data))
    require_new(folder)
    policy, said = load_model(quality.START), []
    trainer = _trainer(settings, policy, _graded(reward, said), data, folder)
    trainer.remove_callback(PrinterCallback)
    _ = trainer.train()
    shutil.rmtree(trainer.args.output_dir, ignore_errors=True)
    save_policy(policy, folder)
    history = _history(trainer.state.log_history).assign(answer=said)
    return load_model(folder, label=f"{folder.name}, reloaded"), history


def check(settings: Settings, prompts: int) -> None:
    """Raise LabError for settings with which no run can start on so many different prompts."""
    if settings.method not in ("RLOO", "GRPO"):
        raise LabError(f"method = {settings.method!r}; it must be RLOO or GRPO.")
    _check_number("rate", settings.rate)
    _check_number("kl", settings.kl)
    if settings.steps < 1:
        raise LabError(f"steps = {settings.steps}; it must be 1 or more.")
    if settings.answers < 2:
        raise LabError(
            f"answers = {settings.answers}; it must be 2 or more, one alone has no baseline."
        )
    if not 1 <= settings.prompts <= prompts:
        raise LabError(
            f"prompts = {settings.prompts}; it must be from 1 to the {prompts} that there are."
        )


def _check_number(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise LabError(f"{name} = {value}; it must be above 0 and finite.")


def _questions(rows: Sequence[Pair]) -> list[dict]:
    """The different prompts of the pairs, each with the right answer, which only gold is told."""
    found = {text(row, "prompt"): row for row in rows}
    return [{"prompt": row["prompt"], "right": row["right"]} for row in found.values()]


def _trainer(settings, policy, graded, data, folder) -> RLOOTrainer | GRPOTrainer:
    shared = _common(folder, settings.rate, settings.seed) | {
        "max_steps": settings.steps,
        "lr_scheduler_type": "constant",
        "per_device_train_batch_size": settings.prompts * settings.answers,
        "num_generations": settings.answers,
        "max_completion_length": MAX_NEW_TOKENS,
        "temperature": 1.0,  # the policy itself, neither sharpened nor blurred
        "top_p": 1.0,
        "top_k": 0,
        "repetition_penalty": 1.0,
        "beta": settings.kl,
        "num_iterations": 1,
        "epsilon": CLIP,
        "mask_truncated_completions": False,
        "shuffle_dataset": True,
    }
    if settings.method == "RLOO":
        trainer, args = RLOOTrainer, RLOOConfig(**shared, normalize_advantages=False)
    else:  # as in its paper; TRL's own default loss is DAPO's
        own = {"loss_type": "grpo", "scale_rewards": "group", "importance_sampling_level": "token"}
        trainer, args = GRPOTrainer, GRPOConfig(**shared, **own)
    return trainer(
        model=policy.model,
        reward_funcs=graded,
        args=args,
        train_dataset=Dataset.from_list(data),
        processing_class=policy.tokenizer,
    )


def _graded(reward: Reward, said: list[str]) -> Callable:
    """A reward in the form that TRL calls; gold is logged beside it, and the first answer goes to `said`."""

    def graded(prompts, completions, right, log_metric, **_) -> list[float]:
        answers = [completion[0]["content"].strip() for completion in completions]
        said.append(answers[0])
        gold = gold_reward(prompts, answers, right)
        log_metric("gold", sum(gold) / len(gold))
        return reward(prompts, answers, right)

    return graded


def _history(log: list[dict]) -> pd.DataFrame:
    steps = [entry for entry in log if "reward" in entry]
    return pd.DataFrame(
        {
            "step": entry["step"],
            "reward": entry["reward"],
            "gold": entry["gold"],
            "kl": entry["kl"] * entry["completions/mean_length"],  # TRL's is a mean over tokens
            "entropy": entry["entropy"],
            "tokens": entry["completions/mean_length"],
        }
        for entry in steps
    )


def _common(folder: Path, rate: float, seed: int) -> dict:
    """What all of TRL's trainers here are told alike; every default of TRL's that matters is overridden."""
    return {
        "output_dir": str(folder.with_name(f".{folder.name}.trainer")),
        "seed": seed,
        "learning_rate": rate,
        "gradient_accumulation_steps": 1,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "use_cpu": workspace.device()[0] != "cuda",
        "bf16": workspace.bf16_pays(),
        "gradient_checkpointing": False,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
