"""The labs' trainer against TRL's own on fixed pairs, fifty steps: what each computes, and where both end.

Step by step, from the same weights, both agree to rounding in fp32. Left to run, AdamW makes more of rounding with
every step (a weight whose gradient is nearly 0 moves by the full rate, up or down), so whole runs are compared in fp64.
"""

import math
import random

import pytest
import torch
from datasets import Dataset
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2MoeConfig,
    Qwen2MoeForCausalLM,
)
from transformers.models.llama.modeling_llama import LlamaRMSNorm
from transformers.models.qwen2.modeling_qwen2 import Qwen2RMSNorm
from trl import DPOTrainer

from lab_utils import training
from lab_utils.chat import messages
from lab_utils.models import load_model
from lab_utils.pairs import PAIRS, read_pairs, sides
from lab_utils.recipes import load_recipe

STEPS, PAIRS_A_STEP, LONGEST = 50, 2, 160
VARIOUS = {"batch_size": PAIRS_A_STEP, "max_length": LONGEST}
WAYS = (training.LabTrainer, DPOTrainer)
SAME = ("loss", "grad_norm", "logps/chosen", "logps/rejected", "rewards/chosen", "rewards/rejected")


def said(words: str) -> list[dict]:
    return [{"role": "assistant", "content": words}]


@pytest.fixture(scope="module")
def rows():
    """Plain pairs, long prompts, answers of one token, and answers that the limit cuts, in turn."""
    rng = random.Random(0)
    known = rng.sample(read_pairs(PAIRS / "identity.jsonl"), STEPS * PAIRS_A_STEP)

    def joined(side: str, count: int) -> str:
        return " ".join(row[side][0]["content"] for row in rng.sample(known, count))

    special = (
        lambda row: row,
        lambda row: row | {"prompt": messages(joined("chosen", rng.randint(1, 5)))},
        lambda row: row | {"chosen": said("7"), "rejected": said("A")},
        lambda row: row | {side: said(joined(side, 16)) for side in ("chosen", "rejected")},
    )
    return [special[i % 4](row) for i, row in enumerate(known)]


def differences(trls: dict, ours: dict) -> dict[str, float]:
    """How far ours are from TRL's, relative to them; a reward is a difference of log-probabilities, so to those."""
    sizes = {name: abs(trls[name.replace("rewards", "logps")]) for name in SAME}
    return {name: abs(ours[name] - trls[name]) / sizes[name] for name in SAME}


def recipe(method: str, loss: list[str], **settings):
    settings = {"method": method, "loss": loss, "loss_weights": [1.0] * len(loss)} | settings
    return load_recipe("identity", learning_rate=1e-4, **settings)


def trainer(kind, recipe, rows, folder, model=None):
    policy = load_model("tiny-qwen")
    return kind(
        model=model or policy.model,
        args=training.trl_config(recipe, folder, len(rows)),
        # TRL keeps a reference's answers by the data's fingerprint: each way is to ask its own
        train_dataset=Dataset.from_list([row | {"way": kind.__name__} for row in sides(rows)]),
        processing_class=policy.tokenizer,
        peft_config=training._adapter(recipe),
    )


def logged(made) -> list[dict]:
    """Train; the log, one entry a step. Ours must have scored shared rows, or it is compared with itself."""
    made.train()
    assert getattr(made, "_shared", True) is True
    return [entry for entry in made.state.log_history if "loss" in entry]


def test_the_pairs_are_as_various_as_promised(rows):
    tokenizer = load_model("tiny-qwen").tokenizer
    lengths = [
        len(tokenizer.apply_chat_template(row["prompt"] + row["chosen"], return_dict=True)["input_ids"])
        for row in rows
    ]  # fmt: skip
    assert min(lengths) < 50 and sum(n > LONGEST for n in lengths) >= 20
    assert len(tokenizer("7").input_ids) == 1 == len(tokenizer("A").input_ids)


class Twice(training.LabTrainer):
    """Takes each step twice from the same weights: TRL's forward and backward, then on shared rows."""

    def training_step(self, model, inputs, num_items_in_batch=None):
        self.taken = [*getattr(self, "taken", []), []]
        for self._shared in (False, True):
            model.zero_grad()
            loss = super().training_step(model, dict(inputs), num_items_in_batch)
            seen = {name: self._metrics["train"][name][-1] for name in SAME[2:]}
            norms = [p.grad.norm() for p in model.parameters() if p.grad is not None]
            self.taken[-1].append(
                seen | {"loss": loss.item(), "grad_norm": torch.stack(norms).norm().item()}
            )
        return loss


@pytest.mark.parametrize("method", ["full", "lora"])
def test_every_step_is_trls_in_fp32(method, rows, tmp_path):
    both = trainer(Twice, recipe(method, ["sigmoid", "sft"], **VARIOUS), rows, tmp_path)
    both.train()
    assert len(both.taken) == STEPS
    found = [differences(trls, ours) for trls, ours in both.taken]
    norms = sorted(step.pop("grad_norm") for step in found)
    assert all(max(step.values()) <= 1e-5 for step in found)
    # against fp64, TRL's own norm is up to 4e-4 off where the two sides cancel (measured), as ours is
    assert norms[STEPS // 2] <= 1e-5 and norms[-1] <= 1e-3


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("loss", [["sigmoid"], ["sigmoid", "sft"], ["ipo"], ["apo_zero"]])
def test_a_short_run_with_accumulation_is_trls(method, loss, tmp_path):
    told = recipe(method, loss, batch_size=4, accumulation=2)
    pairs = read_pairs(PAIRS / "identity.jsonl")[::11][:48]
    logs = [logged(trainer(way, told, pairs, tmp_path)) for way in WAYS]
    assert len(logs[0]) == len(logs[1]) == 6
    for ours, trls in zip(*logs, strict=True):
        # each way has rounded its own reference, which the gradient's norm shows most (up to 2e-5, measured)
        for name in ("loss", "logps/chosen", "logps/rejected", "rewards/margins"):
            assert math.isclose(ours[name], trls[name], rel_tol=1e-5, abs_tol=2e-5), name
        assert math.isclose(ours["grad_norm"], trls["grad_norm"], rel_tol=1e-4)


def test_batches_alike_in_length_are_trls_on_the_same_batches(tmp_path):
    pairs = read_pairs(PAIRS / "identity.jsonl")[::11][:50]
    ours = trainer(
        WAYS[0], recipe("full", ["sigmoid", "sft"], order="group_by_length"), pairs, tmp_path
    )
    order = [place for batch in ours.get_train_dataloader().batch_sampler for place in batch]
    assert sorted(order) == list(range(50)) != order
    in_turn = recipe("full", ["sigmoid", "sft"])
    trls = trainer(WAYS[1], in_turn, [pairs[place] for place in order], tmp_path)
    trls.args.train_sampling_strategy = "sequential"
    for mine, theirs in zip(logged(ours), logged(trls), strict=True):
        for name in ("loss", "logps/chosen", "logps/rejected", "rewards/margins"):
            assert math.isclose(mine[name], theirs[name], rel_tol=1e-5, abs_tol=2e-5), name


SIZE = {
    "vocab_size": 4096, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2,
}  # fmt: skip


def norm(self, hidden):
    """RMSNorm in the dtype that comes in; transformers' own computes in fp32, which AdamW then magnifies."""
    scale = torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)
    return self.weight * hidden * scale


@pytest.fixture
def fp64(monkeypatch):
    for kind in (Qwen2RMSNorm, LlamaRMSNorm):
        monkeypatch.setattr(kind, "forward", norm)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("kind", [Qwen2ForCausalLM, LlamaForCausalLM])
def test_whole_runs_are_trls_in_fp64(kind, method, rows, tmp_path, fp64):
    config = {Qwen2ForCausalLM: Qwen2Config, LlamaForCausalLM: LlamaConfig}[kind](**SIZE)
    logs = []
    for way in WAYS:
        torch.manual_seed(0)
        told = recipe(method, ["sigmoid", "sft"], **VARIOUS)
        logs.append(logged(trainer(way, told, rows, tmp_path, kind(config))))
    assert len(logs[0]) == len(logs[1]) == STEPS
    for ours, trls in zip(*logs, strict=True):
        assert max(differences(trls, ours).values()) <= 1e-5
        # rewards relative to themselves, but for the reference's log-probabilities, which TRL keeps in fp32
        for side in ("chosen", "rejected"):
            kept = 2e-7 * abs(trls[f"logps/{side}"])
            pair = ours[f"rewards/{side}"], trls[f"rewards/{side}"]
            assert math.isclose(*pair, rel_tol=1e-5, abs_tol=kept)


NARROW = MistralConfig(**SIZE, sliding_window=64)
EXPERTS = [
    Qwen2MoeConfig(
        **SIZE, num_experts=4, moe_intermediate_size=16, shared_expert_intermediate_size=16,
        router_aux_loss_coef=0.1, output_router_logits=always,
    )
    for always in (False, True)
]  # fmt: skip


@pytest.mark.parametrize(
    "kind, config",
    [(MistralForCausalLM, NARROW), *((Qwen2MoeForCausalLM, config) for config in EXPERTS)],
)
def test_a_model_that_takes_no_shared_rows_is_trained_as_trl_does(kind, config, tmp_path, capsys):
    logs, pairs = [], read_pairs(PAIRS / "identity.jsonl")[::11][:12]
    for way in WAYS:
        torch.manual_seed(0)
        made = trainer(
            way, recipe("full", ["sigmoid"], batch_size=4), pairs, tmp_path, kind(config)
        )
        made.train()
        logs.append([entry["loss"] for entry in made.state.log_history if "loss" in entry])
        assert getattr(made, "_shared", False) is False
    assert len(logs[0]) == 3 and logs[0] == pytest.approx(logs[1], rel=1e-5)
    assert capsys.readouterr().out.count("takes no shared rows; pairs are scored separately") == 1
