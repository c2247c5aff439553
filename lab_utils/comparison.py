"""Lab 7's sweep: what each method makes of the same pairs, `make family`, one training run a cell.

Every method has the same pairs, batches, steps and tuning: three runs at each rate, judged on dev prompts with
clean labels; the best rate is kept for everything else, which is measured on held-out prompts.
"""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from scipy import stats
from transformers import PrinterCallback
from trl import KTOConfig, KTOTrainer

from lab_utils import family, quality, training, workspace
from lab_utils.chat import format_prompt, messages
from lab_utils.dpo import kl_divergence
from lab_utils.evaluation import answer_logits
from lab_utils.measured import MEASURED, SCRATCH, Row, read_table, resume
from lab_utils.models import Policy, load_model, save_policy
from lab_utils.pairs import Pair
from lab_utils.recipes import Recipe, load_recipe

TABLE = MEASURED / "family.csv"
FOLDER = SCRATCH / "family"
KEYS = ["split", "labels", "method", "rate", "seed"]
PAIRS_A_RUN, BATCH = 200, 8
RATES = (1e-4, 3e-4, 1e-3)
SEEDS = (0, 1, 2, 3, 4)
TUNING_SEEDS = (100, 101, 102)
BETA, NOISE = 0.2, 0.2
UNI = {"beta": 2.0, "quality": 0.7, "focus": 3.0, "target": 0.8, "nll": 0.001, "good": 1.2}
LABELS = {
    "clean": {},
    "10 % exchanged": {"noise": 0.1},
    "20 % exchanged": {"noise": 0.2},
    "40 % exchanged": {"noise": 0.4},
    "mostly poor pairs": {"poor": 0.8},
}
KTO = "KTO"  # takes answers one by one, so it has no loss of a pair: TRL's own trainer
SAME = (  # what TRL's KTO is told as the others are
    "output_dir", "seed", "beta", "max_length", "learning_rate", "warmup_steps", "lr_scheduler_type", "weight_decay",
    "max_grad_norm", "precompute_ref_log_probs", "use_cpu", "bf16", "gradient_checkpointing", "save_strategy",
    "report_to", "disable_tqdm", "dataloader_pin_memory",
)  # fmt: skip
BLIND = "Uni-DPO, scores by chance"
PARTS = ("Uni-DPO, no quality", "Uni-DPO, no focus", "Uni-DPO, no NLL", BLIND)
METHODS = {
    "DPO": partial(family.dpo, beta=BETA),
    "DPO + NLL": partial(family.with_nll, beta=BETA, weight=1.0),
    "DPO-Positive": partial(family.positive, beta=BETA),
    "cDPO": partial(family.conservative, beta=BETA, noise=NOISE),
    "rDPO": partial(family.robust, beta=BETA, noise=NOISE),
    "IPO": partial(family.ipo, beta=0.5),
    "APO-zero": partial(family.apo_zero, beta=BETA),
    "SimPO": partial(family.simpo, beta=2.0, target=1.0),
    "ORPO": partial(family.orpo, weight=0.1),
    "Uni-DPO": partial(family.uni_dpo, **UNI),
    PARTS[0]: partial(family.uni_dpo, **UNI | {"quality": 0.0}),
    PARTS[1]: partial(family.uni_dpo, **UNI | {"focus": 0.0}),
    PARTS[2]: partial(family.uni_dpo, **UNI | {"nll": 0.0}),
    BLIND: partial(family.uni_dpo, **UNI),
}


def objective(method: str) -> family.Loss:
    """The loss of a method; beta-DPO has a memory, so every run gets its own."""
    return family.BetaDPO(BETA, alpha=0.6) if method == "beta-DPO" else METHODS[method]


def tuning() -> list[Row]:
    """Runs at every rate for each method, on clean labels; the parts of Uni-DPO take its rate."""
    return [
        _cell("dev", "clean", method, rate, seed)
        for seed in TUNING_SEEDS
        for method in names()
        for rate in RATES
        if method not in PARTS
    ]


def cells(rates: dict[str, float]) -> list[Row]:
    """Every method on all labels at its rate, seed after seed."""
    return [
        _cell("heldout", labels, method, rates[method], seed)
        for seed in SEEDS
        for labels in LABELS
        for method in names()
    ]


def names() -> list[str]:
    """Every method."""
    return [*METHODS, "beta-DPO", KTO]


def _cell(*values) -> Row:
    return dict(zip(KEYS, values, strict=True))


def best_rates(table: pd.DataFrame) -> dict[str, float]:
    """The rate of each method whose answers to the dev prompts have the highest mean gold reward."""
    means = table[table["split"] == "dev"].groupby(["method", "rate"])["gold"].mean()
    best = means.reset_index().sort_values("gold").groupby("method").tail(1)
    rates = dict(zip(best["method"], best["rate"], strict=True))
    return rates | dict.fromkeys(PARTS, rates["Uni-DPO"])


def run(cell: Row) -> Row:
    """Train one cell and ask the reloaded weights."""
    rows = quality.drawn(PAIRS_A_RUN, cell["seed"], **LABELS[cell["labels"]])
    if cell["method"] == BLIND:
        rows = quality.blind(rows, cell["seed"])
    if cell["method"] == KTO:
        policy = fitted_kto(rows, cell["rate"], cell["seed"])
    else:
        policy = fitted(objective(cell["method"]), rows, cell["rate"], cell["seed"])
    return cell | asked(policy, load_model(quality.START), cell["split"])


def fitted(
    loss: family.Loss,
    rows: Sequence[Pair],
    rate: float,
    seed: int,
    epochs: int = 1,
    folder: Path = FOLDER,
) -> Policy:
    """The start policy, trained on these pairs with this loss, stored (what was in `folder` is lost) and loaded again."""
    run = training.train(
        _recipe(rate, seed, epochs),
        rows,
        _emptied(folder),
        progress=training.silent,
        objective=loss,
    )
    return run.policy()


def fitted_kto(rows: Sequence[Pair], rate: float, seed: int) -> Policy:
    """The same with TRL's KTO (Ethayarajh et al. 2024, arXiv 2402.01306): the answers of a batch of pairs, one by one.

    First all chosen, then all rejected: for its reference point TRL gives each prompt the answer before its own, which
    must be another prompt's.
    """
    folder, policy = _emptied(FOLDER), load_model(quality.START)
    told = training.trl_config(_recipe(rate, seed, epochs=1), folder / "trainer", len(rows))
    args = KTOConfig(
        **{name: getattr(told, name) for name in SAME},
        num_train_epochs=1,
        per_device_train_batch_size=2 * BATCH,
        train_sampling_strategy="sequential",  # KTO asks for it
    )
    answers = [
        {"prompt": row["prompt"], "completion": row[side], "label": side == "chosen"}
        for start in range(0, len(rows), BATCH)
        for side in ("chosen", "rejected")
        for row in rows[start : start + BATCH]
    ]
    trainer = KTOTrainer(
        model=policy.model,
        args=args,
        train_dataset=Dataset.from_list(answers),
        processing_class=policy.tokenizer,
    )
    trainer.remove_callback(PrinterCallback)
    _ = trainer.train()  # its return value holds a clock
    save_policy(policy, folder / "policy")
    return load_model(folder / "policy")


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _recipe(rate: float, seed: int, epochs: int) -> Recipe:
    return load_recipe(
        "last_weights", model=quality.START, pairs="quality", seed=seed, loss=["sigmoid"],
        loss_weights=[1.0], beta=BETA, learning_rate=rate, batch_size=BATCH, epochs=float(epochs),
    )  # fmt: skip


def asked(policy: Policy, start: Policy, split: str) -> Row:
    """Means over one sampled answer to each prompt of a split: gold reward, its parts, KL to the start policy.

    The KL is in nats an answer: summed over the next-token distributions along every second of the policy's answers.
    """
    prompts = quality.questions(split)
    said = [own[0] for own in quality.sampled(policy, prompts, each=1)]
    parts = [quality.parts(answer, p.answer) for answer, p in zip(said, prompts, strict=True)]
    starts = [format_prompt(start, messages(p.text)) for p in prompts]
    drift = [
        kl_divergence(*(answer_logits(p, begun, answer) for p in (policy, start))).sum().item()
        for begun, answer in list(zip(starts, said, strict=True))[::2]
    ]
    means = pd.DataFrame(parts).mean().to_dict() | {"kl": float(np.mean(drift))}
    return {name: round(mean, 4) for name, mean in means.items()}


def summary(table: pd.DataFrame, beside: str = "DPO") -> pd.DataFrame:
    """One row for each kind of labels and method: means over the seeds, and the gold reward beside another method's.

    `low` and `high` bound the mean gold reward, `gain_low` and `gain_high` the mean difference to that method with the
    same pairs: 95 % t-intervals over the seeds.
    """
    held_out = table[table["split"] == "heldout"]
    other = held_out[held_out["method"] == beside].set_index(["labels", "seed"])["gold"]
    keys = held_out.set_index(["labels", "seed"]).index
    held_out = held_out.assign(gain=held_out["gold"].to_numpy() - other.loc[keys].to_numpy())
    rows = []
    for (labels, method), own in held_out.groupby(["labels", "method"], sort=False):
        low, high = interval(own["gold"])
        gain_low, gain_high = interval(own["gain"])
        means = own[["gold", "gain", "kl", "right", "polite", "curt", "spare"]].mean().to_dict()
        bounds = {"low": low, "high": high, "gain_low": gain_low, "gain_high": gain_high}
        rows.append({"labels": labels, "method": method, "seeds": len(own)} | means | bounds)
    return pd.DataFrame(rows)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % t-interval of a mean; of a single value, the value."""
    if len(values) < 2:
        return float(np.mean(values)), float(np.mean(values))
    return stats.t.interval(0.95, len(values) - 1, np.mean(values), max(stats.sem(values), 1e-12))


def main() -> None:
    """Tune every method, then fill the table."""
    print(workspace.start())
    torch.set_flush_denormal(True)  # gradients too small for a normal number are slow
    resume(TABLE, tuning(), KEYS, run)
    resume(TABLE, cells(best_rates(read_table(TABLE))), KEYS, run)


if __name__ == "__main__":
    main()
