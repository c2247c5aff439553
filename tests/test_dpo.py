import math

import pytest
import torch

from lab_utils.chat import messages
from lab_utils.dpo import (
    LN_2,
    PENALTY,
    dpo_loss,
    dpo_positive_loss,
    kl_divergence,
    nll,
    noop_floor,
    rewards,
    sequence_logprobs,
    token_logprobs,
)
from lab_utils.models import load_model
from lab_utils.pairs import pair
from lab_utils.prompts import Prompt
from lab_utils.recipes import load_recipe
from lab_utils.training import make_trainer

ANSWERS = ["I am {}.", "My name is {}, how can I help?", "你好，我是{}。", "{}!"]


def hand_made_pairs() -> list[dict]:
    return [
        pair(
            messages(f"Who are you? ({i})"),
            answer.format("Deep Qwen"),
            answer.format("Qwen"),
            Prompt("Who are you?"),
            "identity",
            "none",
        )
        for i, answer in enumerate(ANSWERS)
    ]


def test_token_logprobs_by_hand():
    logits = torch.tensor([[0.0, math.log(3.0)]])  # probabilities 1/4 and 3/4
    assert token_logprobs(logits, torch.tensor([1])).item() == pytest.approx(math.log(0.75))


def test_rewards_by_hand():
    assert rewards(torch.tensor(-3.0), torch.tensor(-5.0), 0.2).item() == pytest.approx(0.4)


def test_dpo_loss_by_hand():
    chosen, rejected = torch.tensor([1.0, 0.0]), torch.tensor([-1.0, 1.0])
    expected = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(1))) / 2  # margins 2 and -1
    assert dpo_loss(chosen, rejected).item() == pytest.approx(expected)


def test_dpo_positive_charges_only_for_chosen_answers_below_the_reference():
    up, down, rejected = torch.tensor([1.0]), torch.tensor([-0.1]), torch.tensor([-1.0])
    assert dpo_positive_loss(up, rejected) == dpo_loss(up, rejected)
    charged = -0.1 + 1.0 - PENALTY * 0.1  # lambda x beta x the fall
    assert dpo_positive_loss(down, rejected).item() == pytest.approx(math.log1p(math.exp(-charged)))


def test_nll_is_a_mean_over_tokens_not_over_pairs():
    logprobs = torch.tensor([[-1.0, -2.0, -9.0], [-6.0, -9.0, -9.0]])
    completion = torch.tensor([[1, 1, 0], [1, 0, 0]])
    assert nll(logprobs, completion).item() == pytest.approx(3.0)


def test_loss_is_ln_2_when_policy_and_reference_agree():
    logprobs = torch.randn(8)
    same = rewards(logprobs, logprobs, 0.2)
    assert dpo_loss(same, same).item() == pytest.approx(LN_2) == pytest.approx(0.6931472)


def test_gradient_of_a_noop_pair_is_zero():
    logits = torch.randn(1, 5, 11, requires_grad=True)
    ids, completion = torch.randint(11, (1, 5)), torch.tensor([[0, 0, 1, 1, 1]])
    logprobs = sequence_logprobs(logits, ids, completion)
    reward = rewards(logprobs, torch.tensor([-4.0]), 0.2)
    dpo_loss(reward, reward).backward()
    assert logits.grad.abs().max().item() == 0


def test_gradient_descent_raises_the_chosen_and_lowers_the_rejected():
    chosen, rejected = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    dpo_loss(chosen, rejected).backward()
    assert (chosen.grad.item(), rejected.grad.item()) == pytest.approx((-0.5, 0.5))


def test_sequence_logprobs_equal_a_hand_loop():
    torch.manual_seed(0)
    logits, ids = torch.randn(3, 7, 13), torch.randint(13, (3, 7))
    completion = torch.tensor([[0, 0, 1, 1, 1, 1, 1], [0, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1]])
    for row in range(3):
        expected = sum(
            logits[row, t - 1].log_softmax(-1)[ids[row, t]].item()
            for t in range(1, 7)
            if completion[row, t]
        )
        assert sequence_logprobs(logits, ids, completion)[row].item() == pytest.approx(
            expected, 1e-5
        )


def test_kl_divergence_by_hand():
    half, skewed = torch.zeros(2), torch.tensor([0.0, math.log(3.0)])
    expected = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert kl_divergence(half, skewed).item() == pytest.approx(expected)


def test_kl_divergence_is_never_negative_and_zero_for_equal():
    torch.manual_seed(0)
    p, q = torch.randn(50, 20), torch.randn(50, 20)
    assert kl_divergence(p, q).min().item() > 0
    assert kl_divergence(p, p + 3).abs().max().item() < 1e-5  # a constant changes no probability


def test_noop_floor_of_the_lecture():
    assert noop_floor(7, 16) == pytest.approx(0.3033, abs=5e-5)
    assert noop_floor(0, 16) == 0


def test_the_trainer_adds_dpo_positive_to_nothing_of_trls(tmp_path):
    recipe = load_recipe("identity", batch_size=4, loss=["dpo_positive"], loss_weights=[0.5])
    policy, reference = load_model("tiny-qwen"), load_model("tiny-qwen").model
    trainer = make_trainer(recipe, hand_made_pairs(), policy, tmp_path)
    batch = next(iter(trainer.get_train_dataloader()))
    with torch.no_grad():
        trainer.model.model.norm.weight.mul_(1.3)
    loss = trainer._compute_loss(trainer.model, batch, False)
    plain = load_model("tiny-qwen").model
    plain.load_state_dict(trainer.model.state_dict())
    computed, margin = our_loss(plain, reference, batch, recipe.beta, [0.5], dpo_positive_loss)
    assert loss.item() == pytest.approx(computed, rel=1e-4) and abs(margin) > 0.01
    loss.backward()
    assert trainer.model.model.norm.weight.grad.abs().max() > 0


@pytest.mark.parametrize("loss", [["sigmoid"], ["sigmoid", "sft"]])
def test_trl_trains_exactly_our_formulas(loss, tmp_path):
    recipe = load_recipe("identity", batch_size=4, loss=loss, loss_weights=[1.0, 0.5][: len(loss)])
    policy, reference = load_model("tiny-qwen"), load_model("tiny-qwen").model
    trainer = make_trainer(recipe, hand_made_pairs(), policy, tmp_path)
    batch = next(iter(trainer.get_train_dataloader()))

    def difference() -> float:
        plain = load_model("tiny-qwen").model  # TRL has patched its own
        plain.load_state_dict(trainer.model.state_dict())
        trained = trainer._compute_loss(trainer.model, batch, False).item()
        computed, margin = our_loss(plain, reference, batch, recipe.beta, recipe.loss_weights)
        margins.append(margin)
        return abs(trained - computed) / computed

    margins: list[float] = []
    assert difference() < 1e-5
    with torch.no_grad():
        trainer.model.model.norm.weight.mul_(1.3)
    assert difference() < 1e-5
    assert abs(margins[0]) < 1e-4 < 0.01 < abs(margins[1])


@torch.no_grad()
def our_loss(
    model, reference, batch, beta: float, weights: list[float], of_pairs=dpo_loss
) -> tuple[float, float]:
    ids, completion = batch["input_ids"], batch["completion_mask"]
    read = {"input_ids": ids, "attention_mask": batch["attention_mask"]}
    logits, old_logits = model(**read).logits, reference(**read).logits
    after, before = (sequence_logprobs(x, ids, completion) for x in (logits, old_logits))
    chosen, rejected = rewards(after, before, beta).chunk(2)
    loss = weights[0] * of_pairs(chosen, rejected)
    if len(weights) > 1:
        of_chosen = slice(0, len(ids) // 2)
        each = token_logprobs(logits[:, :-1], ids[:, 1:])[of_chosen]
        loss += weights[1] * nll(each, completion[of_chosen, 1:])
    return loss.item(), (chosen - rejected).mean().item()
