"""Lab 7's sweep is whole, fair and this code's; its summary compares runs on the same pairs."""

import random

import pandas as pd
import pytest

from lab_utils import comparison, quality
from lab_utils.measured import read_table
from lab_utils.pairs import text
from lab_utils.workspace import read_rows

TABLE = read_table(comparison.TABLE)


def keys(rows) -> list[tuple]:
    return [tuple(str(row[key]) for key in comparison.KEYS) for row in rows]


def test_the_table_has_every_cell_once():
    planned = comparison.tuning() + comparison.cells(comparison.best_rates(TABLE))
    stored = keys(TABLE.to_dict("records"))
    assert len(set(stored)) == len(stored) and set(stored) == set(keys(planned))
    assert TABLE["right"].between(0, 1).all() and (TABLE["kl"] >= -1e-6).all()


def test_every_method_was_tuned_on_dev_prompts_at_as_many_rates():
    tuned = TABLE[TABLE["split"] == "dev"]
    tried = len(comparison.RATES) * len(comparison.TUNING_SEEDS)
    assert set(tuned.groupby("method")["rate"].count()) == {tried}
    assert set(tuned["method"]) == set(comparison.names()) - set(comparison.PARTS)
    assert not set(comparison.TUNING_SEEDS) & set(comparison.SEEDS)


def test_a_cell_is_what_the_code_gives():
    """At the lowest rate; a higher one magnifies how the processor rounds."""
    ours = [c for c in comparison.tuning() if c["method"] in comparison.METHODS]
    lowest = [c for c in ours if c["rate"] == min(comparison.RATES)]
    cell = random.Random("a cell").choice(lowest)
    stored = TABLE[(TABLE[comparison.KEYS] == pd.Series(cell)).all(axis=1)]
    assert stored.to_dict("records") == [pytest.approx(comparison.run(cell), abs=0.02)]


def test_the_best_rate_is_that_of_the_highest_mean_gold_on_dev():
    rows = [
        ("dev", "DPO", 1.0, 0.5), ("dev", "DPO", 1.0, 0.9),  # 0.7 in the mean
        ("dev", "DPO", 2.0, 0.8), ("dev", "DPO", 2.0, 0.8), ("dev", "Uni-DPO", 3.0, 0.1),
        ("heldout", "DPO", 1.0, 9.0),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["split", "method", "rate", "gold"])
    parts = dict.fromkeys(comparison.PARTS, 3.0)
    assert comparison.best_rates(table) == {"DPO": 2.0, "Uni-DPO": 3.0} | parts


def test_gains_are_differences_to_dpo_on_the_same_pairs():
    rows = [
        {"split": "heldout", "labels": "clean", "method": method, "seed": seed, "gold": gold + seed,
         "kl": 1.0, "right": 1.0, "polite": 0.0, "curt": 0.0, "spare": 0.0}
        for method, gold in (("DPO", 1.0), ("other", 1.5))
        for seed in (0, 1, 2)
    ]  # fmt: skip
    dpo, other = comparison.summary(pd.DataFrame(rows)).to_dict("records")
    assert (dpo["gold"], dpo["gain"]) == (2.0, 0.0)
    assert other["gain"] == 0.5 and other["gain_high"] - other["gain_low"] < 1e-6
    assert comparison.summary(pd.DataFrame(rows), beside="other")["gain"].tolist() == [-0.5, 0.0]
    assert dpo["low"] < 0 < 4 < dpo["high"]  # a t-interval over 1, 2, 3: 2 -+ 2.48


def test_kto_is_given_no_answer_of_a_prompts_own_to_compare_with(monkeypatch, tmp_path):
    class Made(Exception):
        pass

    def trainer(**given):
        raise Made(list(given["train_dataset"]))

    monkeypatch.setattr(comparison, "KTOTrainer", trainer)
    monkeypatch.setattr(comparison, "FOLDER", tmp_path / "run")
    rows = list({text(r, "prompt"): r for r in read_rows(quality.READY)}.values())[:20]
    with pytest.raises(Made) as made:
        comparison.fitted_kto(rows, 1e-4, 0)
    answers = made.value.args[0]
    assert len(answers) == 40 and sum(a["label"] for a in answers) == 20
    for start in range(0, 40, 2 * comparison.BATCH):
        block = answers[start : start + 2 * comparison.BATCH]
        before = block[-1:] + block[:-1]  # what TRL sets beside each
        assert all(a["prompt"] != b["prompt"] for a, b in zip(block, before, strict=True))
