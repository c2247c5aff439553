"""The lesson's pairs and recipe give the published counts, and the plateau is what the formula says."""

import pytest

from lab_utils import lecture, training
from lab_utils.dpo import LN_2, noop_floor
from lab_utils.models import load_model
from lab_utils.pairs import PAIRS, is_noop, read_pairs
from lab_utils.recipes import load_recipe


@pytest.fixture(scope="module")
def rows():
    return read_pairs(PAIRS / "lecture.jsonl")


def test_the_published_losses_count_noop_pairs():
    """From the second line on, each published loss is k ln 2 / 16 to its four digits."""
    for loss, noop in list(zip(lecture.PUBLISHED, lecture.NOOPS, strict=True))[1:]:
        assert noop_floor(noop, lecture.WINDOW) == pytest.approx(loss, abs=1e-4)


def test_the_committed_pairs_are_what_build_returns(rows):
    assert lecture.build(load_model("tiny-qwen")) == rows
    assert len(rows) == 100 and sum(map(is_noop, rows)) == sum(lecture.NOOPS) + lecture.LEFT[0]


@pytest.fixture(scope="module")
def collapsed(rows, tmp_path_factory):
    """The lesson's run at a rate at which this small model fits its pairs as fast as the lesson's did."""
    recipe = load_recipe("lecture", learning_rate=5e-3)
    folder = tmp_path_factory.mktemp("runs") / "lecture"
    return training.train(recipe, rows, folder, progress=training.silent)


def test_each_window_meets_the_published_number_of_noop_pairs(collapsed):
    table = lecture.windows(collapsed.history)
    assert tuple(table["noop"]) == lecture.NOOPS
    assert collapsed.history["noop_pairs"].iloc[-1] == lecture.LEFT[0]


def test_the_plateau_is_the_floor_and_never_below_it(collapsed):
    table = lecture.windows(collapsed.history)
    assert (table["above"] > -1e-5).all()
    assert table["above"].iloc[-3:].max() < 1e-3
    assert table["loss"].iloc[-3:].round(3).tolist() == [0.433, 0.303, 0.433]
    assert collapsed.history["loss"].iloc[0] == pytest.approx(LN_2, abs=1e-4)
