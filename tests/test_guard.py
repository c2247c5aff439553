"""The guard stops a run that does damage, says why, and gives back the best policy."""

import json

import pytest
import torch
from transformers import TrainerControl, TrainerState

from lab_utils import training
from lab_utils.chat import reply
from lab_utils.guard import RECENT, Guard, damage, trouble
from lab_utils.models import load_model
from lab_utils.pairs import PAIRS, read_pairs
from lab_utils.recipes import load_recipe

BEFORE = {"identity": 0.0, "broken": 0.0, "skills": 0.95, "kl": 0.0}


def log(count=12, chosen=2.0, gradient=1.0):
    row = {"chosen_logratio": chosen, "grad_norm": gradient, "margin": 1.0}
    return [row] * count


def test_a_quiet_log_is_no_trouble():
    assert trouble(log()) == "" and trouble(log(RECENT - 1, chosen=-99.0)) == ""


def test_falling_chosen_answers_and_a_vanished_gradient_are():
    assert "lost 19.0 nats" in trouble(log(chosen=-19.0))
    assert "nothing more is learnt" in trouble(log(4, gradient=50.0) + log(gradient=1e-3))


def test_a_gradient_that_is_no_number_is_trouble_at_once():
    assert "not a number" in trouble(log(1, gradient=float("nan")))


def test_batches_of_no_op_pairs_are_no_vanished_gradient():
    noop = {"chosen_logratio": float("nan"), "margin": float("nan"), "grad_norm": 0.0}
    assert trouble(log(9) + [noop] * 20) == ""


@pytest.mark.parametrize(
    "look, said",
    [
        ({"broken": 0.5}, "50% of the answers are broken"),
        ({"kl": 2.0}, "2.00 nats a token away"),
        ({"skills": 0.5}, "skills have fallen by 45 points"),
    ],
)
def test_damage_is_named(look, said):
    assert said in damage(BEFORE | look, BEFORE)
    assert damage(BEFORE | {"identity": 1.0}, BEFORE) == ""


def test_the_last_step_is_looked_at_too():
    policy = load_model("tiny-qwen")
    guard = Guard(policy, log(1), every=5, say=lambda line: None)
    guard.on_train_begin(None, None, None)
    with torch.no_grad():
        for weight in policy.model.parameters():
            weight.zero_()
    control = TrainerControl()
    guard.on_log(None, TrainerState(global_step=3, max_steps=4), control, {"loss": 1.0})
    assert not guard.reason
    guard.on_log(None, TrainerState(global_step=4, max_steps=4), control, {"loss": 1.0})
    assert guard.reason and control.should_training_stop
    guard.on_train_end(None, None, None)
    assert reply(policy, "What is the capital of France?") == "The capital of France is Paris."


def test_a_run_at_a_ruinous_rate_is_stopped_and_left_usable(tmp_path):
    recipe = load_recipe(
        "identity", learning_rate=2e-2, loss=["sigmoid"], loss_weights=[1.0], warmup=0.0
    )
    rows = read_pairs(PAIRS / "identity.jsonl")[:240]
    said = []
    run = training.train(
        recipe, rows, tmp_path / "guarded", progress=lambda line, _: said.append(line), guarded=True
    )
    stopped = json.loads((run.folder / "environment.json").read_text())["stopped"]
    assert len(run.history) < 30 and said[-1] == stopped
    assert stopped.startswith(
        f"stopped at step {len(run.history)}, back to step"
    ) and stopped.endswith(".")
    assert (
        reply(run.policy(), "What is the capital of France?") == "The capital of France is Paris."
    )


def test_it_goes_back_to_the_latest_best_look(monkeypatch):
    seen = [{}, {"identity": 0.9}, {"identity": 0.4}, {"broken": 0.9}]
    looks = iter([BEFORE | look for look in seen])
    monkeypatch.setattr("lab_utils.guard.Watch", lambda policy: lambda policy: next(looks))
    policy = load_model("tiny-qwen")
    weight = policy.model.model.norm.weight
    guard = Guard(policy, log(1), every=1, say=lambda line: None)
    guard.on_train_begin(None, None, None)
    for step in (1, 2, 3):
        with torch.no_grad():
            weight.fill_(step)
        state = TrainerState(global_step=step, max_steps=9)
        guard.on_log(None, state, TrainerControl(), {"loss": 1.0})
    guard.on_train_end(None, None, None)
    assert guard.facts()["kept_step"] == 1 and (weight == 1).all()
