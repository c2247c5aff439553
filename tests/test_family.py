"""The family's losses are TRL's where TRL has them, the papers' where it has not; Uni-DPO does what it promises."""

import math
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer

from lab_utils import comparison, family, quality, training
from lab_utils.dpo import sequence_logprobs
from lab_utils.models import load_model
from lab_utils.recipes import load_recipe
from lab_utils.workspace import LabError

UNI = partial(
    family.uni_dpo, beta=2.0, quality=0.7, focus=3.0, target=0.8, nll=0.001, good=1.0
)  # fmt: skip
PLAIN = partial(
    family.uni_dpo, beta=2.0, quality=0.0, focus=0.0, target=0.8, nll=0.0, good=1.0
)  # fmt: skip


def some(pairs: int = 6, **given) -> family.Scored:
    """Pairs of random log-probabilities, in fp64; a field that is given takes the place of its own."""
    torch.manual_seed(0)
    drawn = -torch.rand(4, pairs, dtype=torch.float64) * 20 - 1
    tokens = torch.randint(3, 30, (2, pairs))
    scores = torch.randn(2, pairs, dtype=torch.float64) + 1
    return family.Scored(*drawn, *tokens, *scores)._replace(**given)


@pytest.fixture(scope="module")
def rows():
    return quality.drawn(24, seed=0)


def losses(rows, folder, objective=None, **recipe) -> list[float]:
    """The loss of each step of a short run."""
    told = load_recipe("identity", model=quality.START, learning_rate=3e-4, batch_size=8, **recipe)
    made = training.make_trainer(told, rows, load_model(quality.START), folder, objective)
    made.train()
    return [entry["loss"] for entry in made.state.log_history if "loss" in entry]


@pytest.mark.parametrize(
    ("trls", "objective", "times"),
    [
        (["sigmoid"], partial(family.dpo, beta=0.2), 1),
        (["sigmoid", "sft"], partial(family.with_nll, beta=0.2, weight=1.0), 1),
        (["ipo"], partial(family.ipo, beta=0.2), 1),
        (["apo_zero"], partial(family.apo_zero, beta=0.2), 1),
        (["sigmoid_norm"], partial(PLAIN, beta=0.2), 0.5),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_run_is_the_run_of_trls_own_loss(trls, objective, times, rows, tmp_path):
    expected = losses(rows, tmp_path / "trl", loss=trls, loss_weights=[1.0] * len(trls), beta=0.2)
    found = losses(rows, tmp_path / "ours", objective, beta=0.2)
    assert len(found) == 3 and found[0] != found[2]
    if times == 1:
        assert found == pytest.approx(expected, rel=1e-5)
    else:  # AdamW undoes a factor of the gradient, but for its epsilon
        assert [loss / times for loss in found] == pytest.approx(expected, rel=1e-3)


def test_simpo_is_trls():
    pairs = some()
    trls = SimpleNamespace(
        beta=2.0, loss_type="simpo", simpo_gamma=1.0, label_smoothing=0, alpha=0.0,
        accelerator=SimpleNamespace(device="cpu"),
    )  # fmt: skip
    expected, *_ = CPOTrainer.cpo_loss(trls, *pairs.means())
    assert family.simpo(pairs, beta=2.0, target=1.0).item() == pytest.approx(expected.mean().item())


def test_the_odds_of_orpo_are_trls():
    pairs = some()
    expected, *_ = ORPOTrainer.odds_ratio_loss(
        SimpleNamespace(beta=0.3, accelerator=SimpleNamespace(device="cpu")), *pairs.means()
    )
    found = family.orpo(pairs, weight=0.3) - family.surprise(pairs)
    assert found.item() == pytest.approx(-expected.mean().item())


def test_labels_that_are_never_wrong_make_cdpo_and_rdpo_dpo():
    pairs, plain = some(), family.dpo(some(), beta=0.2)
    for loss in (family.conservative, family.robust):
        torch.testing.assert_close(loss(pairs, beta=0.2, noise=0.0), plain)


def test_rdpo_is_unbiased_where_labels_are_wrong_at_its_rate():
    pairs = some()
    swapped = pairs._replace(
        chosen=pairs.rejected,
        rejected=pairs.chosen,
        reference_chosen=pairs.reference_rejected,
        reference_rejected=pairs.reference_chosen,
    )
    noisy = 0.7 * family.robust(pairs, 0.2, 0.3) + 0.3 * family.robust(swapped, 0.2, 0.3)
    torch.testing.assert_close(noisy, family.dpo(pairs, 0.2))
    cautious = family.conservative(pairs, 0.2, 0.3)
    torch.testing.assert_close(
        cautious, 0.7 * family.dpo(pairs, 0.2) + 0.3 * family.dpo(swapped, 0.2)
    )


def with_margins(*margins):
    """Pairs with these margins in nats."""
    rise = torch.tensor(margins)
    pairs = some(len(margins), rejected=torch.zeros(len(margins)))
    return pairs._replace(
        chosen=pairs.reference_chosen + rise, reference_rejected=torch.zeros(len(margins))
    )


def test_beta_dpo_takes_a_larger_beta_where_the_margin_is_above_the_usual():
    pairs, loss = with_margins(1.0, 1.0), family.BetaDPO(beta=0.2, alpha=0.6)
    for usual in (0.1, 0.19, 0.271):  # a tenth of the way each time, this batch included
        expected = family.dpo(pairs, beta=0.2 * (1 + 0.6 * (1 - usual)))
        torch.testing.assert_close(loss(pairs), expected)
        assert loss.usual == pytest.approx(usual)
    far = with_margins(-30.0, -30.0)  # never below the authors' least beta
    torch.testing.assert_close(loss(far), family.dpo(far, beta=1e-3))


def test_beta_dpo_keeps_four_fifths_of_a_batch_and_seldom_an_outlier():
    equal, outlier = with_margins(*[0.2] * 8), with_margins(*[0.2] * 7, 40.0)
    for pairs, last in ((equal, 0.75), (outlier, 0.1)):
        loss, stayed = family.BetaDPO(beta=0.2, alpha=0.0), torch.zeros(8)
        pairs.chosen.requires_grad_()
        for _ in range(400):
            gradient = torch.autograd.grad(loss(pairs), pairs.chosen)[0]
            assert gradient.count_nonzero() == 6
            stayed += gradient != 0
        assert stayed[-1] / 400 == pytest.approx(last, abs=0.1)
        assert stayed[:-1] / 400 == pytest.approx((6 - last) / 7, abs=0.1)


def test_without_its_weights_uni_dpo_is_half_of_the_loss_a_token():
    pairs = some()
    whole = -F.logsigmoid(2.0 * pairs.mean_margins()).mean()
    torch.testing.assert_close(PLAIN(pairs), whole / 2)


def test_equal_scores_weigh_a_half():
    pairs = some(score_chosen=torch.ones(6), score_rejected=torch.ones(6))
    torch.testing.assert_close(partial(PLAIN, quality=0.7)(pairs), PLAIN(pairs))


def test_a_larger_gap_of_the_scores_weighs_more():
    near, far = (
        some(score_chosen=torch.full((6,), s), score_rejected=torch.zeros(6)) for s in (0.1, 3.0)
    )
    loss = partial(PLAIN, quality=0.7)
    assert loss(near) < loss(far)
    ratio = torch.sigmoid(torch.tensor(2.1)) / torch.sigmoid(torch.tensor(0.07))
    torch.testing.assert_close((loss(far) / loss(near)).float(), ratio)


def test_the_focal_weight_takes_part_in_the_gradient_as_derived():
    """The gradient when attached is the detached one and loss x the gradient of the weight."""
    gradients = {}
    for attached in (True, False):
        pairs = some(1)
        chosen = pairs.chosen.clone().requires_grad_()
        loss = partial(PLAIN, focus=3.0, attached=attached)(pairs._replace(chosen=chosen))
        loss.backward()
        gradients[attached] = chosen.grad.item()
    pairs = some(1)
    mean_chosen, mean_rejected = pairs.means()
    learnt = torch.sigmoid(2.0 * (mean_chosen - mean_rejected) - 0.8)
    slope = -3.0 * (1 - learnt) ** 3 * learnt * 2.0 / pairs.tokens_chosen
    extra = -0.5 * slope * F.logsigmoid(2.0 * pairs.mean_margins())
    assert gradients[True] - gradients[False] == pytest.approx(extra.item())
    assert gradients[True] != pytest.approx(gradients[False])


def test_the_nll_of_uni_dpo_is_charged_for_good_answers_that_have_fallen():
    fell, good = torch.tensor([-9.0, -9.0, -1.0]), torch.tensor([2.0, 0.0, 2.0])
    pairs = some(3, chosen=fell, reference_chosen=torch.full((3,), -5.0), score_chosen=good)
    extra = partial(PLAIN, nll=1.0)(pairs) - PLAIN(pairs)
    assert extra.item() == pytest.approx(9.0 / pairs.tokens_chosen[0].item() / 3)


def test_a_run_with_the_judges_scores_differs_from_one_without(rows, tmp_path):
    told = [losses(rows, tmp_path, objective) for objective in (UNI, partial(UNI, quality=0.0))]
    assert told[0] != pytest.approx(told[1], rel=1e-3)


def test_a_reference_asked_beforehand_is_one_asked_at_every_step(rows, tmp_path, monkeypatch):
    # the NLL term asks whether an answer has fallen, which rounding decides at step 1
    loss = partial(UNI, nll=0.0)
    before, as_scored = losses(rows, tmp_path, loss), training._as_scored
    reference = load_model(quality.START).model.eval()

    def online(inputs, log_probs):
        with torch.no_grad():
            logits = reference(inputs["input_ids"], inputs["attention_mask"]).logits
        sums = sequence_logprobs(logits, inputs["input_ids"], inputs["completion_mask"]).chunk(2)
        pairs = as_scored(inputs, log_probs)
        return pairs._replace(reference_chosen=sums[0], reference_rejected=sums[1])

    monkeypatch.setattr(training, "_as_scored", online)
    assert losses(rows, tmp_path, loss) == pytest.approx(before, rel=1e-4)


@pytest.mark.parametrize(
    ("objective", "row", "said"),
    [
        (partial(UNI, beta=0.0), {}, "uni_dpo: beta = 0.0; it must be above 0"),
        (partial(family.dpo, beta=math.nan), {}, "dpo: beta = nan; it must be above 0"),
        (partial(family.robust, beta=0.1, noise=0.5), {}, "robust: noise = 0.5; it must be"),
        (partial(family.simpo, beta=2.0, target=math.inf), {}, "simpo: target = inf"),
        (UNI, {"score_rejected": math.nan}, "pair 2 has no score_rejected"),
        (UNI, {"score_chosen": None}, "pair 2 has no score_chosen"),
    ],
)
def test_bad_settings_are_one_sentence_before_training(objective, row, said, rows, tmp_path):
    pairs = [rows[0], rows[1] | row]
    recipe = load_recipe("identity", model="no such model")
    with pytest.raises(LabError, match=said):
        training.train(recipe, pairs, tmp_path / "run", objective=objective)


def test_scores_are_not_asked_of_those_who_do_not_use_them(rows):
    bare = [{k: v for k, v in row.items() if not k.startswith("score")} for row in rows]
    for method in comparison.names():
        if method != comparison.KTO and not method.startswith("Uni"):
            family.check(comparison.objective(method), bare)
