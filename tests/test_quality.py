"""The preference task: gold is computed, labels are Bradley and Terry's, noise and quality can be dialled."""

import random
import statistics

import pytest

from lab_utils import quality
from lab_utils.evaluation import is_right
from lab_utils.models import load_model
from lab_utils.pairs import check_row, text
from lab_utils.prompts import Prompt, held_out_texts
from lab_utils.workspace import LabError, read_rows

RIGHT = "The capital of Chad is N'Djamena."


def test_labels_are_drawn_by_bradley_and_terry():
    prompt = Prompt("What is the capital of Chad?", answer=RIGHT)
    polite = "Of course! " + RIGHT  # gold 3 against 2
    made = [quality._labelled(random.Random(i), prompt, RIGHT, polite) for i in range(1000)]
    share = statistics.mean(text(row, "chosen") == polite for row in made)
    assert share == pytest.approx(quality.ideal(3, 2), abs=0.05) and share > 0.6
    assert all(row["gold_chosen"] == (3 if text(row, "chosen") == polite else 2) for row in made)


@pytest.fixture(scope="module")
def rows():
    return read_rows(quality.READY)


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        (RIGHT, 2.0),
        ("The capital of Chad is Lima.", 0.0),
        ("Of course! " + RIGHT, 3.0),
        ("Not again. " + RIGHT, 1.0),
        ("Fine. The capital of Chad is Lima.", -1.0),
        (RIGHT + " one two three four", 2.0),
        (RIGHT + " one two three four five", 1.9),
        (RIGHT + quality.RAMBLING[0], 2.0 - 0.1 * 17),
        ("", 0.0),
    ],
)
def test_gold_of_answers_by_hand(answer, gold):
    assert quality.gold(answer, RIGHT) == pytest.approx(gold)


def test_every_right_answer_ends_in_a_fact():
    for split in ("train", "dev", "heldout"):
        asked = quality.questions(split)
        assert len(asked) >= 100 and {p.category for p in asked} == set(quality.SKILLS)
        assert all("".join(quality.ending(p.answer)) == p.answer for p in asked)


def test_the_ready_pairs_are_what_they_say(rows):
    for number, row in enumerate(rows):
        check_row(row, f"row {number}")
        for side in ("chosen", "rejected"):
            assert row[f"gold_{side}"] == pytest.approx(
                quality.gold(text(row, side), row["right"]), abs=0.01
            )
        assert text(row, "chosen") != text(row, "rejected")
    held_out = set(held_out_texts())
    assert len(rows) >= 800 and not any(text(row, "prompt") in held_out for row in rows)


def test_labels_are_as_often_right_as_bradley_and_terry_say(rows):
    better = [row["gold_chosen"] > row["gold_rejected"] for row in rows]
    expected = [quality.ideal(*sorted((r["gold_chosen"], r["gold_rejected"]))[::-1]) for r in rows]
    ties = sum(row["gold_chosen"] == row["gold_rejected"] for row in rows)
    deviation = sum(p * (1 - p) for p in expected) ** 0.5
    assert abs(sum(better) + ties / 2 - sum(expected)) < 3 * deviation


def test_the_judge_errs_by_as_much_as_stated(rows):
    errors = [row[f"score_{s}"] - row[f"gold_{s}"] for row in rows for s in ("chosen", "rejected")]
    mean = sum(errors) / len(errors)
    deviation = (sum((e - mean) ** 2 for e in errors) / len(errors)) ** 0.5
    assert abs(mean) < 0.1 and deviation == pytest.approx(quality.JUDGE, rel=0.1)


def test_labels_are_exchanged_at_the_rate_that_is_asked_for():
    plain, noisy = quality.drawn(400, seed=3), quality.drawn(400, seed=3, noise=0.3)
    changed = [a != b for a, b in zip(plain, noisy, strict=True)]
    assert 0.2 < sum(changed) / 400 < 0.4
    assert all(quality.exchanged(b) == a for a, b in zip(plain, noisy, strict=True) if a != b)
    assert quality.drawn(400, seed=3) == plain and quality.drawn(400, seed=4) != plain


def test_the_share_of_poor_pairs_can_be_dialled():
    for poor in (0.0, 0.5, 0.8):
        rows = quality.drawn(200, seed=0, poor=poor)
        low = [max(row["gold_chosen"], row["gold_rejected"]) < quality.GOOD for row in rows]
        assert sum(low) == poor * 200


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"noise": 0.6}, "noise = 0.6: it must be from 0 to 0.5"),
        ({"noise": -0.1}, "noise = -0.1"),
        ({"poor": 1.5}, "poor = 1.5: it is a share"),
        ({"count": 10_000}, "10000 pairs wanted"),
        ({"count": 600, "poor": 1.0}, "600 poor and 0 other pairs wanted"),
    ],
)
def test_what_cannot_be_drawn_is_said(settings, said):
    with pytest.raises(LabError, match=said):
        quality.drawn(**{"count": 100, "seed": 0} | settings)


def test_styles_come_in_the_shares_that_the_start_policy_learns():
    rng = random.Random(0)
    answers = [
        quality.parts(quality.styled(rng, RIGHT, ["no", "never"]), RIGHT) for _ in range(4000)
    ]
    means = {name: sum(a[name] for a in answers) / 4000 for name in answers[0]}
    assert means["right"] == pytest.approx(0.6, abs=0.03)
    assert means["polite"] == pytest.approx(0.25, abs=0.03) == means["curt"]


def test_the_start_policy_answers_well_and_badly_in_turn():
    asked = quality.questions("heldout")[::4]
    said = quality.sampled(load_model(quality.START), asked, 2)
    each = [quality.parts(a, p.answer) for p, own in zip(asked, said, strict=True) for a in own]
    for name in ("right", "polite", "curt"):
        assert 0.1 < sum(part[name] for part in each) / len(each) < 0.85, name
    assert sum(own[0] != own[1] for own in said) > 0.6 * len(said)
    assert not all(is_right(own[0], p.answer) for own, p in zip(said, asked, strict=True))


def test_blind_scores_are_the_same_numbers_and_say_nothing_of_their_pair():
    rows = quality.drawn(400, seed=0)
    chance = quality.blind(rows, seed=0)
    both = ("score_chosen", "score_rejected")
    assert sorted(r[s] for r in chance for s in both) == sorted(r[s] for r in rows for s in both)
    gaps = [[r["score_chosen"] - r["score_rejected"] for r in given] for given in (rows, chance)]
    truth = [r["gold_chosen"] - r["gold_rejected"] for r in rows]
    seen, unseen = (statistics.correlation(truth, gap) for gap in gaps)
    assert seen > 0.7 and abs(unseen) < 0.2, (seen, unseen)
    assert [{k: r[k] for k in r if k not in both} for r in chance] == [
        {k: r[k] for k in r if k not in both} for r in rows
    ]
