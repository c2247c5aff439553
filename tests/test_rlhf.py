"""A reward model learns what the labels say, a policy climbs the reward that it is given, and what is stated reaches TRL."""

import math
from dataclasses import replace

import pytest
import torch
from conftest import assert_one_sentence

from lab_utils import quality, rlhf
from lab_utils.models import find_folder
from lab_utils.rlhf import RewardModel, Settings
from lab_utils.workspace import LabError, read_rows

FEW = Settings("RLOO", rate=1e-3, kl=0.05, steps=2, prompts=2, answers=2, seed=0)


@pytest.fixture(scope="module")
def rows():
    """Pairs without errors of the judge: the answer with more gold, by at least 1, is chosen."""
    ready = read_rows(quality.READY)
    true = [r if r["gold_chosen"] > r["gold_rejected"] else quality.exchanged(r) for r in ready]
    return [row for row in true if row["gold_chosen"] - row["gold_rejected"] >= 1][::4]


@pytest.fixture(scope="module")
def model(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reward") / "model"
    return rlhf.train_reward_model(rows[:80], folder, rate=1e-3, epochs=2, seed=0)


def weights(policy) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in policy.model.parameters()])


def test_a_reward_model_puts_pairs_in_order_that_it_has_not_seen(model, rows):
    held = rows[80:]
    assert len(held) >= 30
    assert rlhf.accuracy(model, rows[:80]) > 0.7 and rlhf.accuracy(model, held) > 0.6
    assert rlhf.accuracy(rlhf.gold_reward, held) == 1.0


def test_rewards_do_not_depend_on_who_else_is_read(model, rows):
    asked = [row["prompt"] for row in rows[:9]]
    answers = [row["chosen"][0]["content"] for row in rows[:9]]
    alone = [model([prompt], [answer])[0] for prompt, answer in zip(asked, answers, strict=True)]
    assert model(asked, answers) == pytest.approx(alone, abs=1e-4)
    assert len(set(alone)) > 5


def test_a_reward_model_of_the_same_seed_is_the_same(rows, tmp_path):
    asked, answers = [rows[0]["prompt"]] * 2, ["Yes.", "No."]
    found = [
        rlhf.train_reward_model(rows[:8], tmp_path / name, rate=1e-3, epochs=1, seed=seed)(
            asked, answers
        )
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    assert found[0] == found[1] != found[2]


def test_comparisons_say_what_differs_and_who_is_in_golds_order():
    prompts = quality.questions("dev")[:2]
    answers = [[p.answer, "Fine. " + p.answer, "no", p.answer] for p in prompts]
    found = rlhf.comparisons(rlhf.gold_reward, prompts, answers)
    assert found["agrees"].mean() == 1.0
    # of six pairs of answers the two that are equal are left out
    assert found["differ"].tolist() == ["curt", "right", "right, curt", "curt", "right"] * 2
    against = lambda *given: [-reward for reward in rlhf.gold_reward(*given)]  # noqa: E731
    assert rlhf.comparisons(against, prompts, answers)["agrees"].mean() == 0.0


def test_best_of_n_picks_the_best():
    prompts = quality.questions("dev")[:2]
    answers = [["no", p.answer, "Of course! " + p.answer, "Fine. "] for p in prompts]
    assert rlhf.best_of(rlhf.gold_reward, prompts, answers) == [own[2] for own in answers]
    longest = lambda asked, said, right: [len(answer) for answer in said]  # noqa: E731
    assert rlhf.best_of(longest, prompts, [["a", "ccc", "bb"], ["bb", "aa"]]) == ["ccc", "bb"]


def test_the_kl_of_best_of_n():
    assert rlhf.best_of_kl(1) == 0.0
    assert rlhf.best_of_kl(4) == pytest.approx(math.log(4) - 0.75)


@pytest.mark.parametrize("method", ["RLOO", "GRPO"])
def test_gold_is_told_the_right_answer_of_its_prompt(method, rows, tmp_path):
    seen = []

    def watched(asked, answers, right):
        seen.append((asked, answers, right))
        return rlhf.gold_reward(asked, answers, right)

    settings = replace(FEW, method=method)
    policy, history = rlhf.reinforce(rows[:12], watched, settings, tmp_path / method)
    rights = {row["prompt"][0]["content"]: row["right"] for row in rows[:12]}
    for asked, answers, right in seen:
        assert [rights[prompt[0]["content"]] for prompt in asked] == right
        assert len(set(right)) == settings.prompts and len(answers) == 4
    assert len(seen) == settings.steps == len(history) and settings.samples() == 8
    assert history["reward"].tolist() == pytest.approx(history["gold"].tolist())
    assert history["kl"].iloc[0] == pytest.approx(0, abs=1e-3)  # not a step has been taken
    assert history["answer"].tolist() == [answers[0] for _, answers, _ in seen]
    assert policy.folder == tmp_path / method


def test_a_run_of_the_same_seed_is_the_same(model, rows, tmp_path):
    found = [
        rlhf.reinforce(rows[:12], model, replace(FEW, seed=seed), tmp_path / name)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    same, other = (torch.equal(weights(found[0][0]), weights(policy)) for policy, _ in found[1:])
    assert same and not other
    assert found[0][1].equals(found[1][1])


def test_rloo_on_gold_raises_gold(rows, tmp_path):
    settings = replace(FEW, steps=14, prompts=4, answers=4)
    _, history = rlhf.reinforce(rows, rlhf.gold_reward, settings, tmp_path / "run")
    assert history["gold"].tail(4).mean() > history["gold"].head(4).mean() + 0.3
    assert history["kl"].tail(4).mean() > 0.1


def test_what_is_stated_reaches_trl(rows, tmp_path):
    policy, data = rlhf.load_model(quality.START), rlhf._questions(rows)
    for method, own in (
        ("RLOO", {"normalize_advantages": False}),
        ("GRPO", {"loss_type": "grpo", "scale_rewards": "group"}),
    ):
        settings = replace(FEW, method=method, kl=0.3)
        graded = rlhf._graded(rlhf.gold_reward, [])
        made = rlhf._trainer(settings, policy, graded, data, tmp_path / "run")
        told = {"beta": 0.3, "temperature": 1.0, "num_iterations": 1, "num_generations": 2} | own
        assert {name: getattr(made.args, name) for name in told} == told
        assert made.generation_config.max_new_tokens == 48 and made.generation_config.top_k == 0
        assert made.ref_model is not None and made.args.gradient_checkpointing is False


def test_kl_is_told_in_nats_an_answer():
    entry = {"step": 1, "reward": 1.0, "gold": 2.0, "entropy": 0.1}
    log = [entry | {"kl": 0.05, "completions/mean_length": 20.0}, {"train_runtime": 3.0}]
    assert rlhf._history(log)["kl"].tolist() == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"method": "PPO"}, "method = 'PPO'; it must be RLOO or GRPO"),
        ({"rate": 0.0}, "rate = 0.0; it must be above 0"),
        ({"kl": 0.0}, "kl = 0.0; it must be above 0"),
        ({"kl": math.inf}, "kl = inf"),
        ({"steps": 0}, "steps = 0"),
        ({"answers": 1}, "one alone has no baseline"),
        ({"prompts": 1000}, "prompts = 1000; it must be from 1 to"),
    ],
)
def test_bad_settings_are_one_sentence_before_any_step(change, said, rows, tmp_path):
    with pytest.raises(LabError) as error:
        rlhf.reinforce(rows[:12], rlhf.gold_reward, replace(FEW, **change), tmp_path / "run")
    assert_one_sentence(error.value, [said])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rows": []}, "no pairs"),
        ({"rate": math.nan}, "rate = nan"),
        ({"epochs": 0}, "epochs = 0"),
    ],
)
def test_a_reward_model_that_cannot_be_trained_is_one_sentence(given, said, rows, tmp_path):
    told = {"rows": rows[:8], "rate": 1e-3, "epochs": 1, "seed": 0} | given
    with pytest.raises(LabError) as error:
        rlhf.train_reward_model(folder=tmp_path / "run", **told)
    assert_one_sentence(error.value, [said])


def test_a_language_model_is_no_reward_model():
    with pytest.raises(LabError) as error:
        RewardModel(find_folder(quality.START))
    assert_one_sentence(error.value, ["gives no reward"])


def test_a_prompt_that_stands_in_many_pairs_is_asked_once(rows):
    once, twice = (rlhf._questions(given) for given in (rows[:3], [*rows[:3], *rows[:3]]))
    assert once == twice and len(once) == len({str(row["prompt"]) for row in rows[:3]})
