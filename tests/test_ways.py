"""The sweep gives every way the same, chooses on dev prompts alone, and goes on where it stopped."""

from collections import Counter
from types import SimpleNamespace

import pandas as pd
import pytest

from lab_utils import ways
from lab_utils.measured import read_table


def test_every_way_has_as_many_settings_and_seeds():
    cells = ways.cells()
    counts = Counter((c["split"], c["way"]) for c in cells if c["way"] != ways.START)
    assert {len(ways.STRENGTHS[way]) for way in ways.WAYS} == {3}
    for way in ways.WAYS:
        assert counts["dev", way] == 3 * len(ways.TUNING_SEEDS) == 9
        assert counts["heldout", way] == 3 * len(ways.SEEDS) == 9
    names = [ways._name(cell) for cell in cells]
    assert len(set(names)) == len(names)


def test_the_seeds_of_the_tuning_are_not_reported():
    reported = {c["seed"] for c in ways.cells() if c["split"] == "heldout"}
    assert reported == set(ways.SEEDS) and not reported & set(ways.TUNING_SEEDS)


def test_settings_are_chosen_on_dev_prompts():
    rows = [
        ("dev", ways.DPO, 1e-4, 1.0, None),
        ("dev", ways.DPO, 1e-3, 2.0, None),
        ("heldout", ways.DPO, 1e-4, 9.0, None),
        ("dev", ways.REWARD, 1e-4, None, 0.8),
        ("dev", ways.REWARD, 1e-3, None, 0.7),
    ]
    table = pd.DataFrame(rows, columns=["split", "way", "strength", "gold", "accuracy"])
    assert ways.best(table) == {ways.DPO: 1e-3, ways.REWARD: 1e-4}


@pytest.mark.parametrize("way", [ways.RLOO, ways.GRPO, ways.GOLD])
def test_ways_that_sample_differ_in_method_and_price_alone(way):
    settings = ways.reinforced(way, 1e-3, 0)
    assert settings.samples() == ways.STEPS * ways.PROMPTS * ways.ANSWERS
    assert (settings.method == "GRPO") == (way == ways.GRPO)
    assert settings.kl == (ways.GRPO_KL if way == ways.GRPO else ways.BETA)


def test_the_long_runs_are_whole_and_climb_gold_in_the_control():
    long = read_table(ways.LONG)
    runs = {name: own for name, own in long.groupby(["climbed", "seed"])}
    assert set(runs) == {(climbed, seed) for climbed in ways.CLIMBED for seed in ways.SEEDS}
    for own in runs.values():
        assert own["step"].tolist() == list(range(1, ways.TOO_FAR["steps"] + 1))
    apart = (long["reward"] - long["gold"]).abs().groupby(long["climbed"]).max()
    assert apart["gold"] < 1e-3 < apart[ways.REWARD]


def test_the_sweep_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    asked = []

    def at_once(work, job):
        asked.append(job[0])
        return SimpleNamespace(get=lambda: job[0] | {"gold": 1.0})

    monkeypatch.setattr(ways, "TABLE", tmp_path / "rlhf.csv")
    pool, jobs = SimpleNamespace(apply_async=at_once), ways.cells()[-6:]
    ways.fill(pool, jobs[:2])
    ways.fill(pool, jobs)
    assert asked == jobs and len(read_table(ways.TABLE)) == 6
    assert "6 of 6" in capsys.readouterr().out


def test_the_stored_table_has_every_planned_run_once():
    table = read_table(ways.TABLE)
    held_out = ways.judges((ways.best(table)[ways.REWARD],), "heldout", ways.SEEDS)
    tuning = ways.judges(ways.STRENGTHS[ways.REWARD], "dev", ways.TUNING_SEEDS)
    planned = [ways._name(job) for job in tuning + held_out + ways.cells()]
    assert sorted(ways._name(row) for row in table.to_dict("records")) == sorted(planned)
