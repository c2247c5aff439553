"""What is timed is the same work, and what is said of it follows from the tables."""

import json
import re
import subprocess

import pandas as pd
import pytest

from lab_utils import bench, contestants, workloads, workspace
from lab_utils.chat import messages
from lab_utils.measured import read_table
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
    lengths = [workloads._lengths(policy, row) for row in work.rows]
    starts, answers, _ = zip(*lengths, strict=True)
    assert len(starts) == 80 and sum(starts) / 80 > 20 * sum(map(sum, answers)) / 160
    assert max(s + max(a) for s, a in zip(starts, answers, strict=True)) <= work.max_length


def test_useful_flops_of_one_pair_by_hand():
    said = [[{"role": "assistant", "content": text}] for text in ("A", "7")]
    row = {"prompt": messages("Hello"), "chosen": said[0], "rejected": said[1]}
    policy = load_model("tiny-qwen")
    start, answers, common = workloads._lengths(policy, row)
    assert common == 0
    head = 256 * 4096
    tokens = start + sum(answers)
    expected = 8 * (tokens * (parameters(policy) - head) + head * sum(answers))
    attention = 8 * 2 * 4 * 256 * tokens * (start + max(answers)) / 2
    found = workloads.useful_flops(workloads.Workload("tiny-qwen", [row], 1, 256))
    assert found == pytest.approx(expected + attention)


def test_what_both_answers_begin_with_is_counted_once():
    said = [[{"role": "assistant", "content": text}] for text in ("I am Deep Qwen.", "I am Qwen.")]
    row = {"prompt": messages("Hello"), "chosen": said[0], "rejected": said[1]}
    policy = load_model("tiny-qwen")
    _, (chosen, rejected), common = workloads._lengths(policy, row)
    assert common == len(policy.tokenizer("I am", add_special_tokens=False).input_ids)
    assert common < rejected < chosen


def test_operations_are_counted_without_storing_a_model(monkeypatch, tmp_path):
    monkeypatch.setattr(workloads, "FOLDER", tmp_path)
    assert workloads.useful_flops(workloads.half_a_billion()) > 1e12
    assert not any(tmp_path.iterdir())


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
    ).assign(memory_mb=[5, 5, 1, 10])
    found = bench.exponents(table)
    assert found["a"] == pytest.approx((1, 0)) and found["b"] == pytest.approx((2, 1))


@pytest.fixture
def runs():
    """Two rounds of two ways on the identity workload, the roof of each round beside them."""
    times = [("these labs", 2.0), ("another", 5.0), ("these labs", 4.0), ("another", 7.0)]
    rows = [
        {"workload": "identity", "way": way, "seconds": seconds, "memory_mb": 800, "last_loss": 0.5,
         "gflop": 20, "gflops_2": roof, "copy_gb_s": roof / 20, "steps": 50}
        for (way, seconds), roof in zip(times, [100, 100, 200, 200], strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_summary_compares_medians_and_each_run_with_the_roof_of_its_round(runs):
    ours, another = bench.summary(runs).to_dict("records")
    assert ours["seconds"] == 3 and (ours["fastest"], ours["slowest"]) == (2, 4)
    assert another["times ours"] == pytest.approx(6 / 3)
    assert ours["of the roof"] == pytest.approx((20 / 200 + 20 / 800) / 2)
    # weights, gradients and two moments are read, weights and moments written, four bytes each
    moved = 50 * 7 * 4 * parameters(load_model("tiny-qwen")) / 1e9
    both = [(20 / 100 + moved / 5) / 2, (20 / 200 + moved / 10) / 4]
    assert ours[bench.BYTES] == pytest.approx(sum(both) / 2)


def test_a_workload_has_one_number_of_operations_in_batches_of_any_size():
    timed, batched = (
        read_table(path).groupby("workload")["gflop"].unique()
        for path in (bench.BENCH, bench.BATCHED)
    )
    assert all(len(own) == 1 for own in (*timed, *batched))
    for work in ("identity", "long prompts"):
        assert timed[work][0] == batched[work][0] > 100
    assert batched["0.5 B parameters"][0] > 2 * timed["0.5 B parameters"][0]  # 32 pairs for 12


def test_the_page_gets_the_table_and_the_picture(runs, tmp_path):
    page, picture = tmp_path / "README.md", tmp_path / "speed.png"
    page.write_text("Speed\n\n" + "\n".join(bench.MARKS) + "\n\nmore\n")
    grown = pd.DataFrame(
        {"what": ["pairs", "pairs"], "value": [1, 10], "seconds": [2.0, 20.0], "memory_mb": [1, 2]}
    )
    bench.write_page(bench.summary(runs), grown, page, picture)
    written = page.read_text()
    assert "| identity | another | 6.0 [5.0, 7.0] | 2.00 | 0.8 GB |" in written
    assert written.startswith("Speed\n") and written.endswith("more\n")
    assert picture.read_bytes().startswith(b"\x89PNG")


def contributing() -> str:
    """The text of CONTRIBUTING.md, however its lines are broken."""
    return " ".join((workspace.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split())


def test_the_readme_says_what_the_tables_say(tmp_path):
    table, grown = read_table(bench.BENCH), read_table(bench.GROWN)
    bench.check_same_end(table)
    ways = bench.summary(table)
    readme = (workspace.ROOT / "README.md").read_text(encoding="utf-8")
    page = tmp_path / "README.md"
    page.write_text(readme, encoding="utf-8")
    bench.write_page(ways, grown, page, tmp_path / "speed.png")
    assert page.read_text(encoding="utf-8") == readme
    times = ways[ways["way"].str.lower().str.startswith("trl")]
    times = times.groupby("workload")["times ours"].min()
    told = contributing()
    said = re.search(
        r"\(([\d.]+) times the fastest TRL on identity pairs, ([\d.]+) on long prompts, ([\d.]+) at 0.5 B",
        told,
    )
    assert [f"{times[work]:.1f}" for work in workloads.TIMED] == list(said.groups())
    ours = ways[ways["way"] == "these labs"]
    for column, start in (("of the roof", "of the roof*: "), (bench.BYTES, "% (")):
        shares = "{:.0f}, {:.0f} and {:.0f} %".format(*(100 * ours[column]))
        assert start + shares in told
    growth = bench.exponents(grown)
    assert growth["pairs"] == pytest.approx((1, 0), abs=0.1)  # of seconds and of memory
    assert max(growth["words of an answer"] + growth["words of a prompt"]) < 1


def test_the_best_batch_sizes_are_those_that_the_text_names():
    table = read_table(bench.BATCHED)
    asked = [(job["workload"], job["batch"]) for job in bench.batch_jobs()]
    assert sorted(zip(table["workload"], table["batch"], strict=True)) == sorted(asked)
    best = bench.best_batches(table)
    said = re.search(
        r"best of several batch sizes \(`data/measured/batches.csv`\), (\d+), (\d+) and (\d+) %",
        contributing(),
    )
    assert [round(100 * best.loc[work, "share"]) for work in workloads.BATCHES] == [
        int(number) for number in said.groups()
    ]


def test_every_way_gets_as_many_threads_as_the_roof(monkeypatch):
    seen = {}

    def run(words, env, **_):
        seen.update(env)
        line = json.dumps({"seconds": 1.0, "losses": [0.5], "memory_mb": 700.0, "gflop": 9.0})
        return subprocess.CompletedProcess(words, 0, stdout=line + "\n", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert bench.trained("these labs", "identity")["gflop"] == 9
    assert seen["OMP_NUM_THREADS"] == str(bench.THREADS)
