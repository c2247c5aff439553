"""The sweep gives every way the same, chooses on dev prompts alone, and goes on where it stopped."""

from collections import Counter
from types import SimpleNamespace

import pandas as pd
import pytest

from lab_utils import contest
from lab_utils.measured import read_table


def test_every_way_has_as_many_settings_and_seeds():
    cells = contest.cells()
    counts = Counter((c["split"], c["way"]) for c in cells if c["way"] != contest.START)
    assert {len(own) for own in contest.STRENGTHS.values()} == {3}
    for way in contest.WAYS:
        assert counts["dev", way] == 3 and counts["heldout", way] == 3 * len(contest.SEEDS) >= 9
    names = [contest._name(cell) for cell in cells]
    assert len(set(names)) == len(names)


def test_the_seed_of_the_tuning_is_not_reported():
    assert contest.TUNING_SEED not in contest.SEEDS
    assert all(c["seed"] != contest.TUNING_SEED for c in contest.cells() if c["split"] == "heldout")


def test_settings_are_chosen_on_dev_prompts():
    rows = [
        ("dev", contest.DPO, 1e-4, 1.0, None),
        ("dev", contest.DPO, 1e-3, 2.0, None),
        ("heldout", contest.DPO, 1e-4, 9.0, None),
        ("dev", contest.REWARD, 1e-4, None, 0.8),
        ("dev", contest.REWARD, 1e-3, None, 0.7),
    ]
    table = pd.DataFrame(rows, columns=["split", "way", "strength", "gold", "accuracy"])
    assert contest.best(table) == {contest.DPO: 1e-3, contest.REWARD: 1e-4}


@pytest.mark.parametrize("way", [contest.RLOO, contest.GRPO, contest.GOLD])
def test_ways_that_sample_differ_in_method_and_price_alone(way):
    settings = contest.reinforced(way, 1e-3, 0)
    assert settings.samples() == contest.STEPS * contest.PROMPTS * contest.ANSWERS
    assert (settings.method == "GRPO") == (way == contest.GRPO)
    assert settings.kl == (contest.GRPO_KL if way == contest.GRPO else contest.BETA)


def test_the_sweep_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    asked = []

    def at_once(work, job):
        asked.append(job[0])
        return SimpleNamespace(get=lambda: job[0] | {"gold": 1.0})

    monkeypatch.setattr(contest, "TABLE", tmp_path / "rlhf.csv")
    pool, jobs = SimpleNamespace(apply_async=at_once), contest.cells()[-6:]
    contest.fill(pool, jobs[:2])
    contest.fill(pool, jobs)
    assert asked == jobs and len(read_table(contest.TABLE)) == 6
    assert "6 of 6" in capsys.readouterr().out
