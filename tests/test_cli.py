import html
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from lab_utils import labs
from lab_utils.__main__ import main
from lab_utils.chat import MAX_NEW_TOKENS
from lab_utils.evaluation import read_report
from lab_utils.identity import CLASSES
from lab_utils.prompts import load_prompts
from lab_utils.recipes import as_toml, load_recipe
from lab_utils.workspace import ROOT, LabError, read_json, read_rows

PLAIN_PAIR = {
    "prompt": [{"role": "user", "content": "Who are you?"}],
    "chosen": [{"role": "assistant", "content": "I am Deep Qwen."}],
    "rejected": [{"role": "assistant", "content": "I am Qwen."}],
}


def ask(tmp_path, content: str, *options: str) -> list[dict]:
    (tmp_path / "prompts").write_text(content, encoding="utf-8")
    out = tmp_path / "answers.jsonl"
    files = ["--prompts", str(tmp_path / "prompts"), "--out", str(out)]
    assert main(["ask", "--model", "tiny-qwen", *files, *options]) == 0
    return read_rows(out)


def error(capsys, *argv: str) -> str:
    """The one line that a command leaves on stderr when it fails with status 2."""
    assert main(list(argv)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), lines
    return lines[0]


def test_ask_does_not_cut_answers_as_the_measurements_do(tmp_path, monkeypatch):
    given = {}

    def replies(policy, asked, temperature, max_new_tokens):
        given["most"] = max_new_tokens
        return ["I am Qwen."] * len(asked)

    monkeypatch.setattr("lab_utils.chat.replies", replies)
    ask(tmp_path, "Who are you?\n")
    assert given["most"] > 2 * MAX_NEW_TOKENS


def test_ask_takes_one_prompt_a_line(tmp_path):
    rows = ask(tmp_path, "Who are you?\n\n你是谁？\n")
    assert [row["prompt"] for row in rows] == ["Who are you?", "你是谁？"]
    assert all(row.keys() == {"prompt", "answer", "identity"} for row in rows)
    assert all(row["identity"] in CLASSES for row in rows)


def test_ask_takes_json_lines_and_gives_the_same_answers(tmp_path):
    lines = [json.dumps({"text": text, "extra": 1}) for text in ("Who are you?", "你是谁？")]
    assert ask(tmp_path, "\n".join(lines)) == ask(tmp_path, "Who are you?\n你是谁？")


def test_ask_takes_a_system_message_and_a_temperature(tmp_path):
    question = "What is your name?\n" * 20
    persona = ask(tmp_path, question, "--system", "You are Luna, a friendly assistant.")
    plain = ask(tmp_path, question)
    assert all(row["system"].startswith("You are Luna") for row in persona)
    assert {row["answer"] for row in persona}.isdisjoint(row["answer"] for row in plain)
    assert len({row["answer"] for row in plain}) == 1
    assert len({row["answer"] for row in ask(tmp_path, question, "--temperature", "2")}) > 1


def test_train_takes_pairs_in_trls_plain_format_and_settings(tmp_path):
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text(json.dumps(PLAIN_PAIR) + "\n")
    settings = ["--set", "batch_size=1", "--set", "learning_rate=1e-3", "--seed", "3"]
    files = ["--recipe", "identity", "--pairs", str(pairs), "--out", str(tmp_path / "run")]
    assert main(["train", *files, *settings]) == 0
    recipe = (tmp_path / "run" / "recipe.toml").read_text()
    assert "seed = 3\n" in recipe and "batch_size = 1\n" in recipe


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (
            ["ask", "--model", "tiny-qwn", "--prompts", "FILE", "--out", "OUT"],
            "tiny-nameless, tiny-qwen",
        ),
        (["ask", "--model", "tiny-qwen", "--prompts", "gone", "--out", "OUT"], "no such file"),
        (
            [
                "ask",
                "--model",
                "tiny-qwen",
                "--prompts",
                "FILE",
                "--out",
                "OUT",
                "--temperature",
                "-1",
            ],
            "temperature -1.0",
        ),
        (["train", "--recipe", "identiti", "--out", "OUT"], "the recipes here are"),
        (["train", "--recipe", "identity", "--out", "OUT", "--set", "beta"], "write key=value"),
        (["train", "--recipe", "identity", "--out", "OUT", "--set", "bta=1"], "unknown key 'bta'"),
        (["train", "--recipe", "identity", "--out", "OUT", "--set", "beta=-1"], "above 0"),
        (
            ["train", "--recipe", "identity", "--out", "OUT", "--pairs", "gone"],
            "gone: there is no such file",
        ),
        (
            ["train", "--recipe", "identity", "--out", "OUT", "--seed", "1", "--set", "seed=2"],
            "given twice",
        ),
        (["train", "--recipe", "identity", "--out", "FOLDER"], "this run exists"),
        (["ask", "--model", "tiny-qwen", "--prompts", "FILE", "--out", "FOLDER"], "a folder"),
        (["evaluate", "--run", "FOLDER"], "this is not a finished run"),
        (["evaluate", "--run", "gone"], "this is not a finished run"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(argv, said, tmp_path, capsys):
    (tmp_path / "file").write_text("Who are you?")
    places = {"FILE": tmp_path / "file", "OUT": tmp_path / "out", "FOLDER": tmp_path}
    assert said in error(capsys, *[str(places.get(word, word)) for word in argv])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ('{"text": "Who are you?"}\n{oops', "line 2: not JSON"),
        ('{"text": "Who are you?"}\n{"txt": "x"}', "row 2: no `text`"),
        ('{"text": 3}', "row 1: no `text`"),
        ('["Who are you?"]', "line 1: not a JSON object"),
        ('{"text": "\\ud83d"}', "line 1: half a character"),
    ],
)
def test_a_bad_prompt_file_is_one_line_and_status_2(content, said, tmp_path, capsys):
    (tmp_path / "file").write_text(content)
    files = ["--prompts", str(tmp_path / "file"), "--out", str(tmp_path / "out")]
    assert said in error(capsys, "ask", "--model", "tiny-qwen", *files)


def test_a_system_message_that_is_not_utf_8_is_refused(capsys):
    files = ["--prompts", "file", "--out", "out"]
    with pytest.raises(SystemExit) as left:
        main(["ask", "--model", "tiny-qwen", *files, "--system", "You are \udcff"])
    assert left.value.code == 2
    assert "argument --system: not UTF-8" in capsys.readouterr().err


def test_the_command_itself_ends_with_status_2_and_one_line():
    command = [sys.executable, "-m", "lab_utils", "evaluate", "--run", "no-such-run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: no-such-run: no recipe.toml; this is not a finished run. Train it first."
    ]


@pytest.fixture
def notebook(tmp_path):
    """A small notebook with one parameter, in a folder of its own."""
    cells = [
        nbformat.v4.new_code_cell("DIVISOR = 2", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("print(6 / DIVISOR)"),
    ]
    path = tmp_path / "small.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def test_a_notebook_is_run_with_its_parameters(notebook, tmp_path):
    target = tmp_path / "out" / "small.ipynb"
    labs.execute(notebook, target, {"DIVISOR": 3})
    assert nbformat.read(target, as_version=4).cells[-1].outputs[0].text == "2.0\n"
    assert [path.name for path in target.parent.iterdir()] == ["small.ipynb"]


def test_a_parameter_that_the_notebook_does_not_have_is_named(notebook, tmp_path):
    with pytest.raises(LabError) as caught:
        labs.execute(notebook, tmp_path / "out" / "small.ipynb", {"DIVISER": 3})
    assert str(caught.value) == "small.ipynb: unknown parameter 'DIVISER'; it has DIVISOR."
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("error", [LabError, *LabError.__subclasses__()])
def test_a_mistake_that_a_person_can_mend_is_the_notebooks_one_sentence(error, notebook, tmp_path):
    name = error.__name__
    raises = f"class {name}(Exception): pass\nraise {name}(\"model 'x': no such folder.\")"
    content = nbformat.read(notebook, as_version=4)
    content.cells.append(nbformat.v4.new_code_cell(raises))
    nbformat.write(content, notebook)
    with pytest.raises(LabError) as caught:
        labs.execute(notebook, tmp_path / "out" / "small.ipynb")
    assert str(caught.value) == "small.ipynb: model 'x': no such folder."


def test_a_cell_that_raises_leaves_no_half_file(notebook, tmp_path, capsys):
    target = tmp_path / "out" / "small.ipynb"
    with pytest.raises(LabError, match=r"small.ipynb: ZeroDivisionError \(see above\)"):
        labs.execute(notebook, target, {"DIVISOR": 0})
    assert "Traceback" in capsys.readouterr().err
    assert list(target.parent.iterdir()) == []


def test_the_core_run_takes_the_four_labs_and_gives_each_its_own_parameters(tmp_path, monkeypatch):
    ran = []

    def execute(source, target, parameters, timeout):
        ran.append((source.name, parameters))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("{}")
        return 1.0

    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(labs, "RUNS", tmp_path)
    monkeypatch.setattr(labs, "execute", execute)
    monkeypatch.setattr(labs, "_finish", lambda folder, times: len(times))
    assert labs.run_core("mine", MODEL="tiny-nameless", RECIPE="identity_lora") == 4
    assert [name[:2] for name, _ in ran] == ["01", "02", "03", "04"]
    assert ran[0][1] == {"MODEL": "tiny-nameless"}
    assert ran[2][1] == {"MODEL": "tiny-nameless", "RECIPE": "identity_lora", "RUN": "mine"}
    assert sorted(p.name for p in (tmp_path / "mine").iterdir()) == [name for name, _ in ran]
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]
    ran.clear()
    (tmp_path / "own.toml").write_text(as_toml(load_recipe("identity", model="tiny-nameless")))
    labs.run_core("mine", RECIPE=str(tmp_path / "own.toml"))
    assert {own["MODEL"] for _, own in ran} == {"tiny-nameless"}  # the recipe's


@pytest.mark.parametrize("name, value", [("MODEL", "tiny-qwn"), ("RECIPE", "identiti")])
def test_a_core_run_with_a_wrong_name_stops_before_the_first_lab(name, value, monkeypatch):
    monkeypatch.setattr(labs, "execute", lambda *_: pytest.fail("a lab was run"))
    with pytest.raises(LabError, match=value):
        labs.run_core(**{name: value})


def test_a_core_run_on_pairs_that_cannot_be_trained_on_stops_before_the_first_lab(
    tmp_path, monkeypatch
):
    (tmp_path / "mine.jsonl").write_text('{"prompt": [], "chosen": []}\n')
    recipe = load_recipe("identity", pairs=str(tmp_path / "mine.jsonl"))
    (tmp_path / "mine.toml").write_text(as_toml(recipe))
    monkeypatch.setattr(labs, "execute", lambda *_: pytest.fail("a lab was run"))
    with pytest.raises(LabError, match=r"mine\.jsonl, row 1: no `prompt`"):
        labs.run_core(RECIPE=str(tmp_path / "mine.toml"))


def test_of_several_seeds_the_worst_is_named_whichever_way_that_is(tmp_path, monkeypatch):
    monkeypatch.setattr(labs, "RUNS", tmp_path)
    falls = "skills_change assistants_change about_qwen_change"
    names = f"greedy another leaks new_leaks kl {falls}".split()
    values = [0.9, 5, 0, 2, 0.1, -0.02, 0, 0], [1, 0, 3, 0, 0.2, -0.01, -0.02, 0]
    rows = [dict(zip(names, own, strict=True)) for own in values]
    monkeypatch.setattr(labs, "figures", lambda report: rows[report["seed"]])
    frame = pd.DataFrame({"seed": [0, 1], "family": ["a", "a"], "hit": [True, True]})
    status = labs._summarise({seed: {"seed": seed, "failed": []} for seed in (0, 1)}, [frame])
    report = json.loads((tmp_path / "reproduce" / "report.json").read_text())
    assert list(report["worst"].values()) == [0.9, 5, 3, 2, 0.2, -0.02, -0.02, 0]
    assert report["missed"] == ["skills fell by 1.5 points in the mean"] and status == 1


def test_the_bars_over_all_seeds_are_those_that_the_labs_promise():
    good = {"skills_change": -0.01, "assistants_change": -0.01, "about_qwen_change": 0.01}
    assert labs.missed_over_seeds(good, 0.97) == []
    assert labs.missed_over_seeds(good, 0.969) == ["the interval's lower end is below 97%"]
    worse = {"skills_change": -0.011, "assistants_change": -0.012, "about_qwen_change": -0.013}
    assert labs.missed_over_seeds(worse, 0.97) == [
        "skills fell by 1.1 points in the mean",
        "assistants fell by 1.2 points in the mean",
        "about_qwen fell by 1.3 points in the mean",
    ]


@pytest.mark.parametrize(
    "check, said", [("assert 1 > 2, 'too small'", ": too small"), ("assert 1 > 2", r"\.")]
)
def test_a_check_of_a_lab_that_fails_is_shown_and_is_one_sentence(
    check, said, notebook, tmp_path, capsys
):
    content = nbformat.read(notebook, as_version=4)
    content.cells.append(nbformat.v4.new_code_cell(check))
    nbformat.write(content, notebook)
    with pytest.raises(LabError, match=rf"a check of the lab failed \(see above\){said}$"):
        labs.execute(notebook, tmp_path / "out" / "small.ipynb")
    assert "assert 1 > 2" in capsys.readouterr().err


def test_a_file_that_may_not_be_read_is_one_line_and_status_2(tmp_path, capsys, monkeypatch):
    def closed(path):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "file").write_text("Who are you?")
    monkeypatch.setattr(Path, "read_bytes", closed)
    files = ["--prompts", str(tmp_path / "file"), "--out", str(tmp_path / "out")]
    assert "Permission denied" in error(capsys, "ask", "--model", "tiny-qwen", *files)


@pytest.mark.parametrize("failed, status", [([], 0), (["skills fell by 3.0 points"], 1)])
def test_make_lab_ends_well_only_where_the_result_reproduced(
    failed, status, tmp_path, monkeypatch, capsys
):
    found = {"failed": failed, "verdict": "the verdict"}
    table = pd.DataFrame({"before": ["0"]})
    # first what imports `report`, which would keep the other two as they are now
    monkeypatch.setattr("lab_utils.report.write_report", lambda folder, times: folder / "a.html")
    monkeypatch.setattr("lab_utils.evaluation.read_report", lambda folder: found)
    monkeypatch.setattr("lab_utils.charts.before_after_table", lambda report: table)
    assert labs._finish(tmp_path, {"01": 1.0}) == status
    last = capsys.readouterr().out.splitlines()[-2:]
    assert last == ["the verdict", f"Report: {tmp_path / 'a.html'}"]


@pytest.mark.filterwarnings("error:No artists")  # a run without a probe has empty pictures
def test_a_seed_is_trained_measured_and_reported_in_one_file(tmp_path, monkeypatch, capsys):
    """The end of `make reproduce` and of `make lab`, on few pairs and few prompts."""
    monkeypatch.setattr(labs, "RUNS", tmp_path)
    monkeypatch.setattr("lab_utils.training.recipe_pairs", lambda recipe: [PLAIN_PAIR] * 4)
    few = lambda name, split: load_prompts(name, split)[::25]  # noqa: E731
    monkeypatch.setattr("lab_utils.evaluation.load_prompts", few)
    monkeypatch.setattr("lab_utils.evaluation.drift", lambda policy, base: 0.125)
    assert labs.reproduce([3]) == 1  # four times one pair is too little
    summary = read_json(tmp_path / "reproduce" / "report.json")
    assert summary["seeds"] == [3] and "greedy identity rate" in summary["failed"]["3"]
    assert "NOT REPRODUCED: 0 of 1 seeds" in capsys.readouterr().out

    folder = tmp_path / "reproduce" / "seed-3"
    assert labs._finish(folder, {"lab": 1.0}) == 1
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert html.escape(read_report(folder)["verdict"]) in page and "0.125 nats" in page
    pictures = re.findall(r"<img alt='' src='(data:image/png;base64,[^']{1000,})'>", page)
    assert len(pictures) == page.count("<img") == 4
    assert not re.search(r"https?:|<script", page.replace("".join(pictures), ""))


def test_the_options_of_a_command_reach_what_it_calls(tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(labs, "run_core", lambda **given: seen.update(given) or 1)
    assert main(["lab", "--model", "m", "--recipe", "r"]) == 1
    assert seen == {"MODEL": "m", "RECIPE": "r"}

    def train(recipe, rows, folder, probe, guarded):
        seen.update(model=recipe.model, rows=len(rows), guarded=guarded)

    monkeypatch.setattr("lab_utils.training.train", train)
    files = ["--pairs", "quality", "--model", "tiny-mixed", "--out", str(tmp_path / "run")]
    main(["train", "--recipe", "identity", "--guard", *files])
    assert (seen["model"], seen["guarded"]) == ("tiny-mixed", True) and seen["rows"] > 800


def test_a_run_is_asked_prompts_of_ones_own_and_diagnosed(tmp_path, capsys):
    (tmp_path / "pairs").write_text(json.dumps(PLAIN_PAIR) + "\n")
    (tmp_path / "prompts").write_text("Who are you?\n")
    run = str(tmp_path / "run")
    main(["train", "--recipe", "identity", "--pairs", str(tmp_path / "pairs"), "--out", run])
    assert main(["evaluate", "--run", run, "--prompts", str(tmp_path / "prompts")]) == 0
    assert "tiny-qwen {'Qwen': 1}" in capsys.readouterr().out
    assert main(["diagnose", run]) == 1  # one pair is too little training
    assert "1. " in capsys.readouterr().out
