"""From a recipe and pairs, with TRL's `DPOTrainer`, to a run folder (see `runs`)."""

import json
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from peft import LoraConfig
from safetensors import SafetensorError
from torch.nn import functional as F
from transformers import PrinterCallback, TrainerCallback
from trl import DPOConfig, DPOTrainer

from lab_utils import family, workspace
from lab_utils.averaging import Mean
from lab_utils.dpo import LN_2, dpo_positive_loss
from lab_utils.family import SCORES, Loss, Scored
from lab_utils.guard import Guard
from lab_utils.models import Policy, find_folder, fingerprint, load_model, save_policy
from lab_utils.pairs import (
    AUTHOR,
    OLD,
    SIDES,
    Pair,
    build,
    check_rows,
    named_pairs,
    sides,
    summary,
)
from lab_utils.prompts import held_out_texts
from lab_utils.recipes import BY_LENGTH, Recipe, as_toml
from lab_utils.runs import Run, load_run, require_new, set_aside
from lab_utils.scoring import BF16, FP32, ByLength, SharedScorer, agrees, sees_all
from lab_utils.workspace import LabError, write_json, write_rows, write_whole

Progress = Callable[[str, list[dict]], None]  # a plain line, and the rows so far
Probe = Callable[[Policy], dict[str, float]]
POSITIVE = "dpo_positive"
GUARD_EVERY = 5  # steps between two looks of the guard
COLUMNS = {  # TRL's name: ours
    "loss": "loss",
    "loss/dpo": "dpo_loss",
    "logratios/chosen": "chosen_logratio",
    "logratios/rejected": "rejected_logratio",
    "rewards/margins": "margin",
    "rewards/accuracies": "accuracy",
    "pairs/noop": "noop_pairs",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "num_tokens": "tokens",
    "epoch": "epoch",
}


class Diverged(LabError):
    """A gradient was not a number; there are no weights left to keep."""


class LabTrainer(DPOTrainer):
    """TRL's trainer on shared rows, with its preference metrics over the informative pairs only.

    A pair with chosen == rejected has loss ln 2 and no gradient for ever, and would blur every
    mean. The loss that is trained is TRL's own; only what a pair has in common is computed once
    (see `scoring`), where the model's attention allows it. Needs a precomputed reference.
    """

    INFORMATIVE = (
        "loss/dpo",
        "logratios/chosen",
        "logratios/rejected",
        "rewards/margins",
        "rewards/accuracies",
    )
    _shared: bool | None = None  # not known before a batch with a pair whose sides differ
    positive_weight = 0.0  # of DPO-Positive, the one loss of a recipe that TRL does not have
    objective: Loss | None = None  # trained on in place of the recipe's losses

    def compute_ref_log_probs(self, model, inputs):
        """The reference's log-probabilities of chosen and rejected, each of shape (pairs,)."""
        return super().compute_ref_log_probs(self._scorer(model, inputs), inputs)

    def _by_length(self) -> bool:
        return self.args.train_sampling_strategy == BY_LENGTH

    def _precompute_ref_logps(self, dataset, name, batch_size):
        if not self._by_length():
            return super()._precompute_ref_logps(dataset, name, batch_size)
        places = np.argsort(_lengths(dataset), kind="stable")
        found = super()._precompute_ref_logps(dataset.select(places), name, batch_size)
        return found.select(np.argsort(places))

    def _get_train_sampler(self, train_dataset=None):
        if not self._by_length():
            return super()._get_train_sampler(train_dataset)
        each_step = self.args.train_batch_size * self.args.gradient_accumulation_steps
        return ByLength(_lengths(self.train_dataset), each_step, self.args.seed)

    def log(self, logs, start_time=None):
        """Log a step; over its batches pairs are counted and all weigh the same, where TRL's batches do."""
        metrics = self._metrics["train"]
        noop, informative = metrics["pairs/noop"], metrics.pop("pairs/informative", [])
        noop[:] = [sum(noop)]
        if len(informative) > 1:
            for name in self.INFORMATIVE:
                metrics[name][:] = [float(np.average(metrics[name], weights=informative))]
        super().log(logs, start_time)

    def _scorer(self, model, inputs) -> Callable:
        if self._shared is None:
            near = BF16 if self.args.bf16 else FP32
            # the balance of experts is counted with a mask of two dimensions
            fits = sees_all(model, self.args.max_length) and not self.aux_loss_enabled
            self._shared = agrees(model, inputs, near) if fits else False
            if self._shared is False:
                print("This model takes no shared rows; pairs are scored separately.")
        return SharedScorer(model) if self._shared else model

    def _set_signature_columns_if_needed(self):
        super()._set_signature_columns_if_needed()
        self._signature_columns = [*dict.fromkeys([*self._signature_columns, *SCORES])]

    def _compute_loss(self, model, inputs, return_outputs):
        # TRL gives the model every key that it does not know
        inputs, judged = {k: v for k, v in inputs.items() if k not in SCORES}, inputs
        score, seen = self._scorer(model, inputs), []

        def scored(**batch):
            output = score(**batch)
            seen.append(output.log_probs)
            return output

        loss = super()._compute_loss(scored, inputs, return_outputs)
        pairs = _as_scored(judged, seen[0])
        ratios = pairs.log_ratios()
        self._record(inputs, *(ratio.detach() for ratio in ratios))
        if self.objective:
            return self.objective(pairs)
        if self.positive_weight:
            loss = loss + self.positive_weight * dpo_positive_loss(*(self.beta * r for r in ratios))
        return loss

    def _record(self, inputs, chosen: torch.Tensor, rejected: torch.Tensor) -> None:
        """Replace this step's preference metrics; both log-ratios are of shape (pairs,)."""
        ids_chosen, ids_rejected = inputs["input_ids"].chunk(2)
        noop = (ids_chosen == ids_rejected).all(-1)
        metrics = self._metrics["train" if self.model.training else "eval"]
        metrics["pairs/noop"].append(noop.sum().item())
        margin = self.beta * (chosen - rejected)[~noop]
        reached = (margin > 0).float()
        values = (-F.logsigmoid(margin), chosen[~noop], rejected[~noop], margin, reached)
        if len(margin):
            metrics["pairs/informative"].append(len(margin))
        for name, value in zip(self.INFORMATIVE, values, strict=True):
            if name.startswith("rewards/"):
                metrics[name].pop()  # TRL's mean over all pairs
            if len(margin):
                metrics[name].append(value.mean().item())
            if not metrics[name]:
                del metrics[name]  # no informative pair: not a number, rather than 0


def _lengths(dataset: Dataset) -> list[int]:
    """Tokens of the prompt and the longer answer of each of TRL's rows, as `pairs.token_count`."""
    parts = (dataset[f"{part}_ids"] for part in SIDES)
    return [len(p) + max(len(c), len(r)) for p, c, r in zip(*parts, strict=True)]


def _as_scored(inputs: dict, log_probs: torch.Tensor) -> Scored:
    """What a loss of the family needs, from TRL's batch and log-probabilities of shape (2 * pairs, tokens)."""
    unknown = torch.full_like(inputs["ref_chosen_logps"], math.nan)
    return Scored(
        *log_probs.sum(1).chunk(2),
        inputs["ref_chosen_logps"],
        inputs["ref_rejected_logps"],
        *inputs["completion_mask"].sum(1).chunk(2),
        *(inputs.get(name, unknown) for name in SCORES),
    )


def _with_scores(collate: Callable) -> Callable:
    """TRL's collator, and the judge's scores of the pairs, each of shape (pairs,)."""

    def collated(examples: list[dict]) -> dict:
        scores = {name: torch.tensor([e[name] for e in examples]) for name in SCORES}
        return collate(examples) | scores

    return collated


class StepCheck(TrainerCallback):
    """Ends a run at the step that shows that it cannot come out right; see `check_first_step` and `check_gradient`."""

    def __init__(self, guarded: bool):
        self.guarded = guarded  # then the guard stops there, and keeps earlier weights

    def on_log(self, args, state, control, logs=None, **_):
        """Look at the first loss, and at every gradient."""
        if state.global_step == 1 and "loss/dpo" in logs:
            check_first_step(float(logs["loss/dpo"]))
        if "grad_norm" in logs and not self.guarded:
            check_gradient(state.global_step, float(logs["grad_norm"]))


class Recorder(TrainerCallback):
    """Keeps one row a step; every few steps probes the policy and says how it goes."""

    def __init__(self, policy: Policy, probe: Probe | None, every: int, progress: Progress):
        self.policy, self.probe, self.every, self.progress = policy, probe, every, progress
        self.rows: list[dict[str, float]] = []

    def on_train_begin(self, args, state, control, **_):
        """Probe the policy before the first step."""
        self.before = self._probed()

    def on_log(self, args, state, control, logs=None, **_):
        """Keep this step's metrics; probe and report every `every` steps and at the end."""
        if "loss" not in logs:
            return
        step, steps = state.global_step, state.max_steps
        row = {"step": step} | {
            ours: float(logs.get(theirs, "nan")) for theirs, ours in COLUMNS.items()
        }
        if step == 1:
            row |= self.before
        elif step % self.every == 0 or step == steps:
            row |= self._probed()
        self.rows.append(row)
        if step == 1 or step % self.every == 0 or step == steps:
            self.progress(_line(row, steps), self.rows)

    def _probed(self) -> dict[str, float]:
        if self.probe is None:
            return {}
        values = self.probe(self.policy)
        self.policy.model.train()
        return values


def silent(line: str, rows: list[dict]) -> None:
    """Progress that says nothing."""


def _line(row: dict[str, float], steps: int) -> str:
    """One plain progress line, without a clock."""
    margin = round(row["margin"], 1) + 0.0  # rounding must not print -0.0 in the first step
    line = f"step {row['step']:3d} of {steps}  loss {row['loss']:5.2f}  margin {margin:5.1f}"
    if "identity" in row:
        line += f"  probe: Deep Qwen {row['identity']:4.0%}  skills {row['skills']:4.0%}"
    return line


def train(
    recipe: Recipe,
    rows: Sequence[Pair],
    folder: str | Path,
    probe: Probe | None = None,
    every: int = 20,
    progress: Progress = lambda line, rows: print(line, flush=True),
    guarded: bool = False,
    objective: Loss | None = None,
) -> Run:
    """Train and write the run folder; nothing carries its name before it is complete.

    Raises LabError, before any step, for a folder that exists, pairs that cannot be trained on or
    a model that cannot be loaded; after the first step when its loss was not ln 2; and after a step whose
    gradient is no number. A guarded run may be stopped early (see `guard`); `environment.json` then says why. An `objective` of
    the family is trained on in place of the recipe's losses; `environment.json` names it.
    """
    folder = Path(folder)
    require_new(folder)
    workspace.check_one_process()
    if objective:
        family.check(objective, rows)
    policy = load_model(recipe.model)
    check_rows(rows, policy, recipe.max_length, recipe.pairs)
    named = _named(objective)  # before it is trained on: beta-DPO's changes
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        recorder = Recorder(policy, probe, every, progress)
        trained, stopped = _fit(recipe, rows, recorder, partial / "trainer", guarded, objective)
        history = pd.DataFrame(recorder.rows)
        _write(partial, recipe, rows, policy, history, trained, stopped | named)
        partial.rename(folder)
    except (OSError, SafetensorError) as error:
        raise workspace.not_written(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Run(folder, recipe, history)


def make_trainer(
    recipe: Recipe,
    rows: Sequence[Pair],
    policy: Policy,
    folder: Path,
    objective: Loss | None = None,
) -> LabTrainer:
    """A trainer ready to train these weights, in place, on these pairs; it prints nothing."""
    trainer = LabTrainer(
        model=policy.model,
        args=trl_config(recipe, folder, len(rows)),
        train_dataset=Dataset.from_list(_judged(rows) if objective else sides(rows)),
        processing_class=policy.tokenizer,
        peft_config=_adapter(recipe),
    )
    if objective:
        trainer.objective = objective
        trainer.data_collator = _with_scores(trainer.data_collator)
    weights = zip(recipe.loss, recipe.loss_weights, strict=True)
    trainer.positive_weight = sum(weight for loss, weight in weights if loss == POSITIVE)
    trainer.remove_callback(PrinterCallback)
    return trainer


def _judged(rows: Sequence[Pair]) -> list[Pair]:
    """The rows with prompt, both sides and their scores; not a number where nobody judged them."""
    scores = [{name: _number(row.get(name)) for name in SCORES} for row in rows]
    return [row | judged for row, judged in zip(sides(rows), scores, strict=True)]


def _number(score: object) -> float:
    return float(score) if isinstance(score, int | float) else math.nan


def _fit(recipe, rows, recorder, scratch, guarded, objective) -> tuple[Policy, dict]:
    """The trained policy, and what the guard did (empty where it did not stop the run)."""
    policy = recorder.policy
    trainer = make_trainer(recipe, rows, policy, scratch, objective)
    # with LoRA, who looks at the policy must see the adapter
    recorder.policy = replace(policy, model=trainer.model)
    trainer.add_callback(recorder)
    trainer.add_callback(StepCheck(guarded))
    if recipe.averaged:
        trainer.add_callback(Mean(recipe.averaged))  # before the guard, which has the last word
    guard = Guard(
        recorder.policy,
        recorder.rows,
        GUARD_EVERY,
        lambda line: recorder.progress(line, recorder.rows),
    )
    if guarded:
        trainer.add_callback(guard)
    _ = trainer.train()  # its return value holds a clock
    shutil.rmtree(scratch, ignore_errors=True)
    model = trainer.model.merge_and_unload() if recipe.method == "lora" else trainer.model
    return replace(policy, model=model.eval()), guard.facts()


def trl_config(recipe: Recipe, folder: Path, pairs: int, bf16: bool | None = None) -> DPOConfig:
    """The recipe in TRL's words, for so many pairs; every default of TRL's that matters here is overridden.

    In `bf16` or fp32; unless that is said, as the machine does it best.
    """
    on_gpu = workspace.device()[0] == "cuda"
    per_epoch = -(-pairs // (recipe.batch_size * recipe.accumulation))
    return DPOConfig(
        output_dir=str(folder),
        seed=recipe.seed,
        beta=recipe.beta,
        loss_type=["sigmoid" if loss == POSITIVE else loss for loss in recipe.loss],
        loss_weights=[
            0.0 if loss == POSITIVE else weight  # added by LabTrainer
            for loss, weight in zip(recipe.loss, recipe.loss_weights, strict=True)
        ],
        max_length=recipe.max_length,
        learning_rate=recipe.learning_rate,
        warmup_steps=max(1, round(recipe.warmup * per_epoch * recipe.epochs))
        if recipe.warmup
        else 0,
        lr_scheduler_type=_schedule(recipe),
        train_sampling_strategy=recipe.order,
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulation,
        num_train_epochs=recipe.epochs,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        precompute_ref_log_probs=True,
        precompute_ref_batch_size=32,
        use_cpu=not on_gpu,
        bf16=workspace.bf16_pays() if bf16 is None else bf16,
        gradient_checkpointing=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def _schedule(recipe: Recipe) -> str:
    """Its name in transformers, whose `constant` knows no warm-up."""
    warms_up = recipe.schedule == "constant" and recipe.warmup
    return "constant_with_warmup" if warms_up else recipe.schedule


def _adapter(recipe: Recipe) -> LoraConfig | None:
    if recipe.method == "full":
        return None
    return LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def check_first_step(first: float) -> None:
    """Raise LabError unless the first DPO loss is ln 2: policy and reference were the same."""
    # in bf16 a reference that was asked in other batches rounds otherwise (by 6e-4 where it was measured)
    if abs(first - LN_2) > (1e-2 if workspace.bf16_pays() else 1e-4):
        raise LabError(
            f"the DPO loss of the first step is {first:.4f}, not ln 2 = {LN_2:.4f}: the reference is not "
            "the model before training; load the model from a folder and train it unchanged."
        )


def check_gradient(step: int, norm: float) -> None:
    """Raise Diverged where a gradient is not a number: the weights are none any more either."""
    if not math.isfinite(norm):
        raise Diverged(f"the gradient of step {step} is not a number; lower learning_rate or beta.")


def _named(objective: Loss | None) -> dict[str, str]:
    """How `environment.json` names an objective: its function, and the numbers it was given."""
    if objective is None:
        return {}
    name, numbers = family.described(objective)
    return {"objective": f"{name} {json.dumps(numbers)}"}


def _write(partial, recipe, rows, policy, history, trained, facts) -> None:
    write_whole(partial / "recipe.toml", as_toml(recipe))
    base = {"base": policy.label, "base_sha256": fingerprint(policy.folder)}
    write_json(partial / "environment.json", workspace.environment() | base | facts)
    write_rows(partial / "pairs.jsonl", rows)
    write_json(partial / "audit.json", summary(rows))
    write_whole(partial / "history.csv", history.to_csv(index=False, float_format="%.6g"))
    save_policy(trained, partial / "policy")


def recipe_pairs(recipe: Recipe) -> list[Pair]:
    """The pairs that a recipe names (see `pairs.named_pairs`).

    The identity pairs of `data/pairs` are the default model's own answers. For another model they are built anew
    from that model's answers, which are what it must learn from; LabError where it never says Qwen.
    """
    return _own_pairs(recipe) if _takes_own(recipe) else named_pairs(recipe.pairs)


def _takes_own(recipe: Recipe) -> bool:
    return recipe.pairs == "identity" and recipe.model != AUTHOR


def _own_pairs(recipe: Recipe) -> list[Pair]:
    audit = build(load_model(recipe.model), held_out_texts(), recipe.max_length)
    print(f"Pairs of {recipe.model}'s own answers:", json.dumps(audit.counts()))
    rows = audit.rows
    if not any(row["kind"] == "identity" for row in rows):
        raise LabError(
            f"{recipe.model} never answers {OLD}, so there is no name to replace in its answers; name a "
            "pairs file, or take a model that calls itself so."
        )
    return rows


def load_or_train(recipe: Recipe, folder: str | Path, **options) -> Run:
    """The run in the folder if it is this recipe's on these pairs and this base, else a new one.

    Pairs of a model's own answers are not built again to compare them: the same base gave them.
    """
    folder = Path(folder)
    if _is_run_of(folder, recipe):
        return load_run(folder)
    rows = recipe_pairs(recipe)
    set_aside(folder)
    return train(recipe, rows, folder, **options)


def _is_run_of(folder: Path, recipe: Recipe) -> bool:
    files = [folder / name for name in ("recipe.toml", "environment.json", "pairs.jsonl")]
    if not all(f.is_file() for f in files) or not (folder / "policy").is_dir():
        return False
    environment = workspace.read_json(files[1])
    return (
        files[0].read_text(encoding="utf-8") == as_toml(recipe)
        and not {"stopped", "objective"} & environment.keys()
        and environment.get("base_sha256") == fingerprint(find_folder(recipe.model))
        and (_takes_own(recipe) or workspace.read_rows(files[2]) == named_pairs(recipe.pairs))
    )
