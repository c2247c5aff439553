"""What is timed is the same work, and what is said of it follows from the tables."""

import pandas as pd
import pytest

from lab_utils import bench, contestants, workloads
from lab_utils.chat import messages
from lab_utils.models import load_model, parameters
from lab_utils.workspace import LabError

IN_PROCESS = ("TRL, best settings", "TRL, defaults", "a plain loop")


@pytest.fixture(scope="module")
def work():
    whole = workloads.identity()
    return whole._replace(rows=whole.rows[:24])


@pytest.fixture(scope="module")
def ours(work, tmp_path_factory):
    return contestants.ours(work, tmp_path_factory.mktemp("ours"))


@pytest.mark.parametrize("way", IN_PROCESS)
def test_every_way_trains_on_the_same_in_the_same_order(way, work, ours, tmp_path):
    taken = contestants.WAYS[way](work, tmp_path)
    assert len(taken.losses) == 3 and taken.seconds > 0
    assert taken.losses == pytest.approx(ours.losses, rel=1e-3)


def test_long_prompts_are_long_and_fit():
    policy, work = load_model("tiny-qwen"), workloads.long_prompts()
    starts, answers = zip(*(workloads._lengths(policy, row) for row in work.rows), strict=True)
    assert len(starts) == 160 and sum(starts) / 160 > 20 * sum(map(sum, answers)) / 320
    assert max(s + max(a) for s, a in zip(starts, answers, strict=True)) <= work.max_length


def test_useful_flops_of_one_pair_by_hand():
    said = [[{"role": "assistant", "content": text}] for text in ("A", "7")]
    row = {"prompt": messages("Hello"), "chosen": said[0], "rejected": said[1]}
    policy = load_model("tiny-qwen")
    start, answers = workloads._lengths(policy, row)
    head = 256 * 4096
    tokens = start + sum(answers)
    expected = 8 * (tokens * (parameters(policy) - head) + head * sum(answers))
    attention = 8 * 2 * 4 * 256 * tokens * (start + max(answers)) / 2
    found = workloads.useful_flops(workloads.Workload("tiny-qwen", [row], 1, 256))
    assert found == pytest.approx(expected + attention)


def test_a_way_that_ends_elsewhere_is_named():
    table = pd.DataFrame(
        {"workload": "w", "way": ["these labs", "another"], "last_loss": [0.5, 0.5004]}
    )
    bench.check_same_end(table)
    with pytest.raises(LabError, match="another ends at a loss of"):
        bench.check_same_end(table.assign(last_loss=[0.5, 0.6]))


def test_twice_the_pairs_in_twice_the_time_is_linear():
    table = pd.DataFrame(
        {"what": ["a", "a", "b", "b"], "value": [1, 10, 1, 10], "seconds": [2, 20, 3, 300]}
    )
    assert bench.exponents(table) == pytest.approx({"a": 1, "b": 2})
