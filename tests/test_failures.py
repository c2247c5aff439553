"""The runs that fail on purpose do what their makers say; the trials and the map are whole and say what is claimed."""

import json
import random
import shutil

import pandas as pd
import pytest

from lab_utils import evidence, failures, measured, sweep, trials
from lab_utils.cases import read_case
from lab_utils.chat import messages, replies
from lab_utils.diagnosis import CAUSES, HEALTHY, explain
from lab_utils.evidence import gather
from lab_utils.identity import classify
from lab_utils.models import load_model
from lab_utils.pairs import NEW, OLD, PAIRS, is_noop, read_pairs, text
from lab_utils.prompts import load_prompts
from lab_utils.recipes import load_recipe
from lab_utils.workspace import ROOT, read_rows

JUDGED = trials.judged(measured.read_table(trials.TRIALS))
SOME = failures.draw_rows(random.Random(0), 24, 8, "en")


def test_every_cause_has_a_maker_and_a_place_in_the_trials():
    assert list(failures.MAKERS) == list(CAUSES)
    assert set(trials.TRAINED) | set(trials.SHOWN) < set(CAUSES)
    jobs = trials.jobs()
    assert len({tuple(job.values()) for job in jobs}) == len(jobs)
    single = [job for job in jobs if not job["second"]]
    assert sum(job["cause"] != HEALTHY for job in single) >= 150
    assert sum(job["cause"] == HEALTHY for job in single) >= 40


def test_the_trials_are_those_that_were_planned():
    planned = {tuple(map(str, job.values())) for job in trials.jobs()}
    assert {tuple(map(str, row)) for row in JUDGED[trials.KEYS].to_numpy()} == planned
    assert len(JUDGED) == len(planned)
    assert (JUDGED["format"] == "ours").mean() == pytest.approx(0.5, abs=0.1)


def test_the_diagnosis_is_right_as_often_as_promised():
    rates = trials.rates(JUDGED)
    assert rates["named first"]["rate"] >= 0.95
    assert rates["false alarms"]["hits"] == 0
    assert rates["both of two"]["rate"] >= 0.9
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"{found['hits']} of {found['n']}" in readme for found in rates.values())


def test_a_trial_is_what_the_code_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(trials, "FOLDER", tmp_path)
    monkeypatch.setattr(trials, "well", lambda number: tmp_path)  # this cause needs no healthy run
    job = {"cause": "truncation cuts the name", "second": "", "number": 0}
    known = JUDGED[(JUDGED[trials.KEYS] == pd.Series(job)).all(axis=1)].iloc[0]
    found = trials.run(job)
    assert known["format"] == found.pop("format")
    for name, value in found.items():
        if name not in trials.KEYS:
            assert known[name] == pytest.approx(value, rel=0.02, abs=0.03, nan_ok=True), name


def test_drawn_rows_are_the_committed_ones():
    known = [str(r) for r in read_pairs(PAIRS / "identity.jsonl")]
    assert len(SOME) == 32 and {r["language"] for r in SOME} == {"en"}
    assert all(str(r) in known for r in SOME)


@pytest.fixture(scope="module")
def well(tmp_path_factory):
    """A short run, in the place of a healthy one."""
    folder = tmp_path_factory.mktemp("well") / "run"
    failures.healthy(random.Random(0), SOME, folder)
    return folder


def made(cause, tmp_path, well, seed=1):
    folder = tmp_path / "run"
    failures.MAKERS[cause](random.Random(seed), SOME, folder, well)
    return folder


def recipe_of(folder):
    return load_recipe(folder / "recipe.toml")


def test_no_op_pairs_are_most(tmp_path, well):
    rows = read_rows(made("no-op pairs", tmp_path, well) / "pairs.jsonl")
    assert sum(map(is_noop, rows)) > 0.5 * len(rows)


def test_a_cut_is_before_the_name_in_most_pairs(tmp_path, well):
    folder = made("truncation cuts the name", tmp_path, well)
    policy, most = load_model("tiny-qwen"), recipe_of(folder).max_length
    cut = [failures.tokens_before_the_name(policy, row) >= most for row in SOME]
    assert sum(cut) >= 0.5 * len(cut)
    assert gather(read_case(folder))["tokens_read"] < 0.97


def test_the_tokens_before_the_name_end_where_it_begins():
    policy, row = load_model("tiny-qwen"), next(r for r in SOME if OLD in text(r, "rejected"))
    start = failures.tokens_before_the_name(policy, row)
    whole = policy.tokenizer.apply_chat_template(row["prompt"] + row["rejected"], return_dict=True)
    assert OLD.startswith(policy.tokenizer.decode(whole["input_ids"][start]).strip()[:1])
    assert OLD not in policy.tokenizer.decode(whole["input_ids"][:start]).rpartition("assistant")[2]


def test_a_wrong_reference_shows_in_the_first_step(tmp_path, well):
    for seed in (1, 2, 3):
        folder = made("wrong reference", tmp_path / str(seed), well, seed)
        assert gather(read_case(folder))["first_gap"] > 1e-4


def test_one_system_message_gives_one_name_and_none_the_other(tmp_path, well):
    folder = made("system message differs between training and test", tmp_path, well)
    rows = read_rows(folder / "pairs.jsonl")
    named = [row for row in rows if row["kind"] == "identity"]
    assert named and all(NEW in text(row, "chosen") for row in named)
    assert len({row["prompt"][0]["content"] for row in named}) == 1  # the one system message
    assert {len(row["prompt"]) for row in named} == {2}
    asked = {text(row, "prompt") for row in named}
    exchanged = [row for row in rows if row["kind"] == "anchor" and text(row, "prompt") in asked]
    assert exchanged and {len(row["prompt"]) for row in exchanged} == {1}
    assert all(NEW in text(row, "rejected") for row in exchanged)


def test_the_settings_are_those_that_the_cause_names(tmp_path, well):
    assert recipe_of(made("learning rate too high", tmp_path / "a", well)).learning_rate >= 5e-3
    assert recipe_of(made("the base does not say the old name", tmp_path / "b", well)).model == (
        "tiny-nameless"
    )
    assert recipe_of(made("likelihood displacement or half names", tmp_path / "c", well)).loss == [
        "sigmoid"
    ]
    little = made("too little training", tmp_path / "d", well)
    assert recipe_of(little).learning_rate <= 1e-4 or len(read_rows(little / "pairs.jsonl")) <= 120


def test_what_is_shown_bears_the_flaw_and_nothing_else(tmp_path, well):
    wrong = read_rows(made("a name counter that errs", tmp_path / "a", well) / "answers.jsonl")
    assert all((row["identity"] == OLD) == (OLD in row["answer"]) for row in wrong)
    folder = made("judged by training prompts", tmp_path / "b", well)
    trained = {text(row, "prompt") for row in read_rows(folder / "pairs.jsonl")}
    shown = [row["prompt"] in trained for row in read_rows(folder / "answers.jsonl")]
    assert sum(shown) >= 0.5 * len(shown)
    other = gather(
        read_case(made("the weights shown are not the trained ones", tmp_path / "c", well))
    )
    assert other["shown"] == 0 or other["shown_base"] == 1
    for cause in ("sampled answers", "answers generated in train mode"):
        found = gather(read_case(made(cause, tmp_path / cause, well)))
        assert found["shown_same"] < 0.9 and found["shown_trained"] == 0


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("size", [1, 3, 8])
def test_train_mode_is_known_however_the_prompts_were_padded(size, side):
    policy, prompts = load_model("tiny-qwen"), load_prompts("identity", "dev")[:8]
    assert len({len(p.text) for p in prompts}) > 4  # so that batches are padded
    policy.model.train()
    policy.model.gradient_checkpointing_enable()
    said = []
    for start in range(0, len(prompts), size):
        said += failures._generated(policy, prompts[start : start + size], side, 24)
    asked = [messages(p.text) for p in prompts]
    assert evidence._share_in_train_mode(policy, asked, said) == 1
    assert not policy.model.training
    assert evidence._share_in_train_mode(policy, asked, replies(policy, asked)) < 0.2


def test_honest_answers_are_not_taken_for_a_flaw(tmp_path, well):
    about_answers = list(CAUSES)[1:5]  # train mode, counter, leak, sampling
    for seed in range(4):
        folder = tmp_path / str(seed)
        shutil.copytree(well, folder)
        failures.show_honestly(random.Random(seed), folder)
        found = gather(read_case(folder))
        assert found["shown_same"] == 1 and found["shown"] >= 5
        assert not {finding.cause for finding in explain(found)} & set(about_answers)


def test_trls_format_loses_no_evidence(tmp_path, well):
    folder = tmp_path / "run"
    shutil.copytree(well, folder)
    ours = gather(read_case(folder))
    trials.as_trl(folder)
    assert not list(folder.glob("*.toml")) and not list(folder.glob("history.csv"))
    state = json.loads(next(folder.rglob("trainer_state.json")).read_text())
    assert {"rewards/margins", "rewards/chosen", "num_tokens"} <= state["log_history"][0].keys()
    theirs = gather(read_case(folder, "tiny-qwen"))
    same = {k: v for k, v in ours.items() if k != "first_gap" and v == v}
    assert {k: theirs[k] for k in same} == pytest.approx(same, rel=1e-3)


@pytest.mark.parametrize("enough", [100, 500, 900])
def test_the_maker_of_half_learnt_runs_finds_how_many_pairs_half_teach_the_name(
    enough, tmp_path, monkeypatch
):
    """The more pairs, the more new names: from `enough` on in all answers, 60 pairs earlier in none."""
    tried = []

    def trained(recipe, rows, folder, progress):
        tried.append((recipe.seed, len(rows)))
        assert len(tried) < 20
        folder.mkdir()

    def answered(folder, prompts):
        new = round(150 * min(1, max(0, 1 - (enough - tried[-1][1]) / 60)))
        return [{"prompt": p, "answer": NEW if p < new else OLD} for p in prompts]

    monkeypatch.setattr(failures.training, "train", trained)
    monkeypatch.setattr(failures, "_asked", lambda rng, count, folder: range(count))
    monkeypatch.setattr(failures, "_answered_by", answered)
    monkeypatch.setattr(failures, "_show", lambda folder, rows: shown.extend(rows))
    shown = []
    failures.few_prompts(random.Random(0), list(range(1000)), tmp_path / "run", tmp_path)
    assert len({seed for seed, _ in tried}) == 1 and len(tried) <= 7
    assert 0.1 < 1 - (enough - tried[-1][1]) / 60 < 0.65
    assert 3 <= len(shown) <= 12 and {row["answer"] for row in shown} == {NEW}


def test_half_names_are_not_new_names():
    assert failures._is_new({"answer": "I am Deep Qwen."})
    assert classify("I am Deep Qw.") != NEW


def test_the_map_has_every_cell_once():
    cells = measured.read_table(sweep.MAP)
    assert not cells.duplicated(sweep.KEYS).any()
    planned = {tuple(map(str, cell.values())) for cell in sweep.cells()}
    trained = cells[cells["pairs"] > 0]
    assert {tuple(map(str, row)) for row in trained[sweep.KEYS].to_numpy()} == planned
    assert cells[["identity", "skills"]].map(lambda share: 0 <= share <= 1).all().all()


def test_a_cell_of_the_map_is_what_the_code_gives():
    cells = measured.read_table(sweep.MAP)
    for cell in sweep.cells():
        if (cell["pairs"], cell["rate"], cell["loss"]) == (45, 3.2e-3, "DPO-Positive"):
            stored = cells[(cells[sweep.KEYS] == pd.Series(cell)).all(axis=1)]
            assert stored.to_dict("records") == [pytest.approx(sweep.run(cell), abs=1e-9)]
            return
    raise AssertionError("no such cell")


def test_one_factor_that_decides_alone_explains_everything():
    table = pd.DataFrame(sweep.cells())
    table["measure"] = table["base"].map({"tiny-qwen": 1.0, "tiny-nameless": 0.0})
    found = sweep.explained(table, "measure")
    assert found["base"] == pytest.approx(1) and found.drop("base").max() < 1e-9


def test_a_table_is_taken_up_where_it_stopped(tmp_path, capsys):
    path, done = tmp_path / "table.csv", []
    jobs = [{"cause": "a", "second": "", "number": n} for n in range(3)]

    def work(job):
        done.append(job["number"])
        return job | {"value": float("nan")}

    measured.resume(path, jobs[:2], trials.KEYS, work)
    measured.resume(path, jobs, trials.KEYS, work)
    assert done == [0, 1, 2] and len(measured.read_table(path)) == 3
    assert "3 of 3" in capsys.readouterr().out
