"""The runs that fail on purpose do, what was measured on many of them stands, and the map is whole."""

import random

import pandas as pd
import pytest

from lab_utils import failures, sweep, trials
from lab_utils.cases import read_case
from lab_utils.diagnosis import CAUSES, HEALTHY, diagnose
from lab_utils.evidence import gather
from lab_utils.identity import classify
from lab_utils.pairs import NEW, PAIRS, is_noop, read_pairs
from lab_utils.workspace import read_rows

JUDGED = trials.judged(sweep.read_table(trials.TRIALS))
SINGLE = JUDGED[(JUDGED["second"] == "") & (JUDGED["cause"] != HEALTHY)]


def test_every_cause_has_a_maker():
    assert list(failures.MAKERS) == list(CAUSES)


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad") / "run"
    failures.no_op_pairs(random.Random(1), folder, folder)
    return folder


def test_a_maker_leaves_a_run_with_its_cause(bad):
    rows = read_rows(bad / "pairs.jsonl")
    assert sum(map(is_noop, rows)) > 0.7 * len(rows)
    assert diagnose(bad)[0][0].cause == "no-op pairs"


def test_trls_format_loses_no_evidence_but_beta(bad):
    ours = gather(read_case(bad))
    trials.as_trl(bad)
    assert not list(bad.glob("*.toml")) and not list(bad.glob("history.csv"))
    theirs = gather(read_case(bad, "tiny-qwen"))
    # rewards are means over all pairs there, and beta is not known
    odd = {"logged_reward", "logged_margin", "first_gap"}
    same = {k: v for k, v in ours.items() if k not in odd and v == v}
    assert {k: theirs[k] for k in same} == pytest.approx(same, rel=1e-4)


def test_a_cut_before_the_name_is_before_the_name(tmp_path):
    failures.truncated(random.Random(1), tmp_path / "run", tmp_path)
    assert gather(read_case(tmp_path / "run"))["tokens_read"] < 0.97


def test_drawn_rows_are_the_committed_ones():
    known = [str(r) for r in read_pairs(PAIRS / "identity.jsonl")]
    rows = failures.draw_rows(random.Random(0), 30, 20, "en")
    assert len(rows) == 50 and {r["language"] for r in rows} == {"en"}
    assert all(str(r) in known for r in rows)


def test_the_trials_are_those_that_were_planned():
    planned = {tuple(map(str, job.values())) for job in trials.jobs()}
    assert {tuple(map(str, row)) for row in JUDGED[trials.KEYS].to_numpy()} == planned
    assert len(SINGLE) >= 150 and (JUDGED["cause"] == HEALTHY).sum() >= 40
    assert set(JUDGED["format"]) == {"ours", "TRL's"}


def test_the_diagnosis_is_right_as_often_as_promised():
    assert (SINGLE["found"] == SINGLE["cause"]).mean() >= 0.95
    well = JUDGED[JUDGED["cause"] == HEALTHY]
    assert (well["found"] == HEALTHY).all()
    both = JUDGED[JUDGED["second"] != ""]
    found = [{a, b} == {c, d} for a, b, c, d in both[["cause", "second", "found", "next"]].values]
    assert sum(found) / len(found) >= 0.9


def test_half_names_are_not_new_names():
    assert failures._is_new({"answer": "I am Deep Qwen."})
    assert classify("I am Deep Qw.") != NEW


def test_the_map_has_every_cell_once():
    cells = sweep.read_table(sweep.MAP)
    assert not cells.duplicated(sweep.KEYS).any()
    planned = {tuple(map(str, cell.values())) for cell in sweep.cells()}
    trained = cells[cells["pairs"] > 0]
    assert {tuple(map(str, row)) for row in trained[sweep.KEYS].to_numpy()} == planned
    assert cells[["identity", "skills"]].map(lambda share: 0 <= share <= 1).all().all()


def test_one_factor_that_decides_alone_explains_everything():
    table = pd.DataFrame(sweep.cells())
    table["measure"] = table["base"].map({"tiny-qwen": 1.0, "tiny-nameless": 0.0})
    found = sweep.weight(table, "measure")
    assert found["base"] == pytest.approx(1) and found.drop("base").max() < 1e-9


def test_a_table_is_taken_up_where_it_stopped(tmp_path, capsys):
    path, done = tmp_path / "table.csv", []
    jobs = [{"cause": "a", "second": "", "number": n} for n in range(3)]

    def work(job):
        done.append(job["number"])
        return job | {"value": 0.5}

    sweep.resume(path, jobs[:2], trials.KEYS, work)
    sweep.resume(path, jobs, trials.KEYS, work)
    assert done == [0, 1, 2] and len(sweep.read_table(path)) == 3
    assert "3 of 3" in capsys.readouterr().out
