"""Ways to train on the same pairs, one a process: `python -m lab_utils.contestants WAY WORKLOAD FOLDER`.

Same weights, token ids, order, batches, steps, rate and dtype (fp32); each prints one line of JSON: seconds of
training with its reference pass, the losses, the most memory that the process held, and the work in GFLOP that
could not be spared: a table of such lines stands, whatever becomes of the pairs.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from datasets import Dataset
from transformers import PrinterCallback
from trl import DPOConfig, DPOTrainer

from lab_utils import workspace
from lab_utils.chat import format_prompt
from lab_utils.dpo import dpo_loss, rewards, sequence_logprobs
from lab_utils.measured import peak_memory
from lab_utils.models import load_model, save_policy
from lab_utils.pairs import SIDES, sides, tokens
from lab_utils.training import LabTrainer, trl_config
from lab_utils.workloads import WORKLOADS, Workload, ready, useful_flops
from lab_utils.workspace import ROOT, LabError, write_json, write_rows

PEER = ROOT / ".venv-llamafactory" / "bin" / "llamafactory-cli"


class Taken(NamedTuple):
    """What a training took: seconds with the reference pass, and the loss of each step in nats."""

    seconds: float
    losses: list[float]


def ours(work: Workload, folder: Path) -> Taken:
    """The trainer of the labs."""
    args = trl_config(work.recipe(), folder, len(work.rows), bf16=False)
    args.train_sampling_strategy = work.order
    return _with(LabTrainer, work, args)


def trl_best(work: Workload, folder: Path) -> Taken:
    """TRL's own trainer with its fastest settings for this: no checkpointing, the reference asked in each step.

    With the reference first, as in the labs, it was up to 28 % slower in one pass (batches of 32; with the training's 14 %).
    """
    return _with(DPOTrainer, work, DPOConfig(**_plain(work, folder), gradient_checkpointing=False))


def trl_defaults(work: Workload, folder: Path) -> Taken:
    """TRL's own trainer as it comes, but in fp32 on the CPU."""
    return _with(DPOTrainer, work, DPOConfig(**_plain(work, folder)))


def _plain(work: Workload, folder: Path) -> dict:
    """What TRL must be told so that it trains on a CPU, in our order, as the others do."""
    recipe = work.recipe()
    return {
        "output_dir": str(folder),
        "use_cpu": True,
        "bf16": False,
        "beta": recipe.beta,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": recipe.schedule,
        "max_length": recipe.max_length,
        "per_device_train_batch_size": recipe.batch_size,
        "num_train_epochs": 1,
        "train_sampling_strategy": work.order,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }


def _with(kind: type, work: Workload, args: DPOConfig) -> Taken:
    spent = []

    class Timed(kind):
        def _precompute_ref_logps(self, *given, **named):
            began = time.perf_counter()
            found = super()._precompute_ref_logps(*given, **named)
            spent.append(time.perf_counter() - began)
            return found

    policy = load_model(work.model)
    data = Dataset.from_list(sides(work.rows))
    trainer = Timed(
        model=policy.model, args=args, train_dataset=data, processing_class=policy.tokenizer
    )
    trainer.remove_callback(PrinterCallback)
    began = time.perf_counter()
    trainer.train()
    spent.append(time.perf_counter() - began)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return Taken(sum(spent), losses)


def by_hand(work: Workload, folder: Path) -> Taken:
    """A plain loop as courses write it: policy and reference, chosen and rejected, four forwards a step."""
    policy, reference, recipe = load_model(work.model), load_model(work.model), work.recipe()
    batches = [
        {side: _padded(policy, work.rows[i : i + work.batch], side) for side in SIDES[1:]}
        for i in range(0, len(work.rows), work.batch)
    ]
    optimizer = torch.optim.AdamW(policy.model.parameters(), recipe.learning_rate, weight_decay=0.0)
    policy.model.train()
    losses, began = [], time.perf_counter()
    for batch in batches:
        reward = {}
        for side, (ids, real, completion) in batch.items():
            scored = sequence_logprobs(policy.model(ids, real).logits, ids, completion)
            with torch.no_grad():
                before = sequence_logprobs(reference.model(ids, real).logits, ids, completion)
            reward[side] = rewards(scored, before, recipe.beta)
        loss = dpo_loss(reward["chosen"], reward["rejected"])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.model.parameters(), recipe.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return Taken(time.perf_counter() - began, losses)


def _padded(policy, rows, side) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, mask of real tokens and mask of the answer, each (pairs, tokens)."""
    starts, whole = zip(*(tokens(policy, row, side) for row in rows), strict=True)
    width = max(map(len, whole))
    shape = (len(rows), width)
    ids, real, completion = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    for i, (start, row) in enumerate(zip(starts, whole, strict=True)):
        ids[i, : len(row)] = torch.tensor(row)
        real[i, : len(row)] = 1
        completion[i, start : len(row)] = 1
    return ids, real, completion


def trl_command(work: Workload, folder: Path) -> Taken:
    """The `trl dpo` command with a file of settings."""
    folder.mkdir(parents=True, exist_ok=True)
    data, settings = folder / "pairs.jsonl", folder / "dpo.yaml"
    write_rows(data, sides(work.rows))
    model = {"model_name_or_path": str(load_model(work.model).folder), "dtype": "float32"}
    told = {"datasets": [{"path": "json", "data_files": str(data)}]}
    write_json(settings, _plain(work, folder / "out") | model | told)  # JSON is YAML
    said = _command([Path(sys.executable).with_name("trl"), "dpo", "--config", settings], folder)
    losses = [float(x) for x in re.findall(r"'loss': '?([-\d.e+]+)", said)]
    return Taken(float(re.findall(r"'train_runtime': '?([\d.e+]+)", said)[-1]), losses)


def llama_factory(work: Workload, folder: Path) -> Taken:
    """LLaMA-Factory's command, in its own environment; prompts go in as text, so that the tokens are ours."""
    folder.mkdir(parents=True, exist_ok=True)
    policy = load_model(work.model)
    write_json(folder / "pairs.json", [_as_text(policy, row) for row in work.rows])
    columns = {"prompt": "instruction", "chosen": "chosen", "rejected": "rejected"}
    known = {"pairs": {"file_name": "pairs.json", "ranking": True, "columns": columns}}
    write_json(folder / "dataset_info.json", known)
    # it takes the dtype from the files, and the embedded ones hold bf16
    save_policy(policy, folder / "model")
    write_json(folder / "dpo.yaml", _factory_settings(work, folder))
    said = _command([PEER, "train", folder / "dpo.yaml"], folder)
    state = folder / "out" / "trainer_state.json"
    if not state.is_file():
        raise LabError(f"LLaMA-Factory did not train; it said: {said[-2000:]}")
    log = json.loads(state.read_text(encoding="utf-8"))["log_history"]
    seconds = next(entry["train_runtime"] for entry in log if "train_runtime" in entry)
    return Taken(seconds, [entry["loss"] for entry in log if "loss" in entry])


def _as_text(policy, row) -> dict[str, str]:
    prompt = format_prompt(policy, row["prompt"])
    found = {"instruction": prompt, "input": ""}
    for side in SIDES[1:]:
        whole = policy.tokenizer.apply_chat_template(row["prompt"] + row[side], tokenize=False)
        found[side] = whole.removeprefix(prompt)
    return found


def _factory_settings(work, folder) -> dict:
    recipe = work.recipe()
    return {
        "model_name_or_path": str(folder / "model"),
        "stage": "dpo",
        "do_train": True,
        "finetuning_type": "full",
        "dataset": "pairs",
        "dataset_dir": str(folder),
        "template": "empty",
        "cutoff_len": work.max_length,
        "pref_beta": recipe.beta,
        "pref_loss": "sigmoid",
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": recipe.schedule,
        "per_device_train_batch_size": work.batch,
        "gradient_accumulation_steps": 1,
        "num_train_epochs": 1,
        "disable_shuffling": True,
        "disable_gradient_checkpointing": True,
        "use_cpu": True,
        "output_dir": str(folder / "out"),
        "overwrite_output_dir": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
    }


def _command(words: list, folder: Path) -> str:
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise LabError(f"{words[0]} failed: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout + done.stderr


WAYS: dict[str, Callable[[Workload, Path], Taken]] = {
    "these labs": ours,
    "TRL, best settings": trl_best,
    "TRL, defaults": trl_defaults,
    "trl dpo": trl_command,
    "LLaMA-Factory 0.9.5": llama_factory,
    "a plain loop": by_hand,
}


def main() -> None:
    """Train once in the way named, and print what it took."""
    way, work, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    workspace.start(0)
    shutil.rmtree(folder, ignore_errors=True)
    job = ready(WORKLOADS[work]())
    taken = WAYS[way](job, folder)
    most = peak_memory()
    shutil.rmtree(folder, ignore_errors=True)
    gflop = useful_flops(job) / 1e9
    print(json.dumps(taken._asdict() | {"memory_mb": most, "gflop": gflop}))


if __name__ == "__main__":
    main()
