"""Every lab as it is stored: its parts, its order, its outputs. Globs, no lists kept by hand."""

import importlib.util
import json
import re
from types import SimpleNamespace

import pytest

import lab_utils
from lab_utils.labs import NOTEBOOKS, normalise, notebooks
from lab_utils.report import MARKS
from lab_utils.workspace import ROOT

STORED = {
    str(p.relative_to(NOTEBOOKS)): json.loads(p.read_text(encoding="utf-8")) for p in notebooks()
}
LABS = [name for name in STORED if "/" not in name]
MACHINE = re.compile(r"/(tmp|root|home|work|Users)/|\d\d:\d\d:\d\d|0x[0-9a-f]{6,}")
each_lab = pytest.mark.parametrize("name", LABS)
each_notebook = pytest.mark.parametrize("name", STORED)


def cells(name, kind):
    return [c for c in STORED[name]["cells"] if c["cell_type"] == kind]


def source(cell):
    return "".join(cell["source"])


def prose(name):
    return "\n".join(map(source, cells(name, "markdown")))


def outputs(name):
    return json.dumps([c["outputs"] for c in cells(name, "code")], ensure_ascii=False)


def test_the_labs_are_numbered_without_gaps():
    numbers = [int(p.stem[:2]) for p in notebooks() if p.parent == NOTEBOOKS]
    assert numbers == list(range(1, len(numbers) + 1))


@each_lab
def test_opens_with_its_number_badge_and_promises(name):
    text = prose(name)
    assert text.startswith(f"# Lab {int(name[:2])}: ")
    assert f"notebooks/{name}" in source(STORED[name]["cells"][0])
    for promise in ("What you'll do.", "What you'll learn", "What you'll need.", "Time."):
        assert f"**{promise}**" in text


@each_lab
def test_ends_with_check_exercises_recap_in_order(name):
    text = prose(name)
    places = [text.index(f"## {part}") for part in ("Check your work", "Exercises", "Recap")]
    assert places == sorted(places)
    assert "**Next.**" in text


@each_notebook
def test_setup_and_parameters_stand_once(name):
    tags = [t for c in cells(name, "code") for t in c["metadata"].get("tags", [])]
    assert tags.count("setup") == 1 == tags.count("parameters")
    assert tags.count("nbval-ignore-output") <= 2
    assert set(tags) <= {"setup", "parameters", "nbval-ignore-output"}  # no cell is skipped
    assert not any("NBVAL" in source(c).upper() for c in cells(name, "code"))


@each_notebook
def test_was_run_top_to_bottom_in_one_go(name):
    counts = [c["execution_count"] for c in cells(name, "code")]
    assert counts == list(range(1, len(counts) + 1))
    assert '"output_type": "error"' not in outputs(name)


@each_notebook
def test_outputs_hold_nothing_of_the_machine(name):
    found = MACHINE.search(re.sub(r'"image/png": "[^"]*"', "", outputs(name)))
    assert found is None
    assert "widget" not in outputs(name)


@each_notebook
def test_is_normalised(name):
    import nbformat

    path = NOTEBOOKS / name
    stored = nbformat.read(path, as_version=4)
    assert nbformat.writes(normalise(stored)) + "\n" == path.read_text(encoding="utf-8")


@each_lab
def test_cells_are_short_and_explained(name):
    lengths = [len(source(c).splitlines()) for c in cells(name, "code")]
    words = len(prose(name).split())
    assert max(lengths) <= 15
    assert words / sum(lengths) >= 5


@each_notebook
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([\w./-]+\.ipynb)\)", prose(name)):
        assert ((NOTEBOOKS / name).parent / target).is_file()


@each_lab
def test_has_its_exercises_solved(name):
    assert f"solutions/{name}" in STORED


@each_lab
def test_is_listed_in_the_readme(name):
    assert f"notebooks/{name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tree_in_the_readme_is_true():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = text.split("```text\n", 1)[1].split("```", 1)[0]
    for line in tree.splitlines():
        path = line.split()[0] if line.strip() else ""
        assert not path or (ROOT / path).exists() or path == "runs/", path
    rooms = {p.name for p in (ROOT / "lab_utils").glob("*.py")} - {"__init__.py", "__main__.py"}
    assert all(f"lab_utils/{room}" in tree for room in rooms)


def test_the_package_lists_its_rooms_and_imports_run_downwards_in_the_list():
    listed = re.findall(r"^- `(\w+)`", lab_utils.__doc__, re.MULTILINE)
    rooms = {p.stem for p in (ROOT / "lab_utils").glob("*.py")} - {"__init__", "__main__"}
    assert set(listed) == rooms
    for place, room in enumerate(listed):
        code = (ROOT / "lab_utils" / f"{room}.py").read_text(encoding="utf-8")
        used = set(re.findall(r"(?:from|import) lab_utils\.(\w+)", code))
        for several in re.findall(r"from lab_utils import ([\w, ]+)", code):
            used |= set(several.split(", "))
        assert used <= set(listed[place + 1 :]), (room, used - set(listed[place + 1 :]))


@each_notebook
def test_no_lab_imports_how_the_models_are_made(name):
    assert not any("lab_utils.pretraining" in source(c) for c in cells(name, "code"))


def test_the_readme_shows_what_lab_4_measured():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split(MARKS[0])[1].split(MARKS[1])[0]
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in table.splitlines() if line]
    html = "".join(
        "".join(output.get("data", {}).get("text/html", []))
        for cell in cells("04_before_after.ipynb", "code")
        for output in cell["outputs"]
    )
    shown = set(re.findall(r"<th>(.*?)</th>\s*<td>(.*?)</td>\s*<td>(.*?)</td>", html))
    assert len(rows) > 14
    assert all(tuple(row[:3]) in shown for row in rows[2:])


def test_the_readme_shows_what_ten_seeds_measured():
    """`data/measured/reproduce.json` is the report of `make reproduce`."""
    report = json.loads((ROOT / "data" / "measured" / "reproduce.json").read_text("utf-8"))
    assert report["seeds"] == list(range(10)) == sorted(map(int, report["failed"]))
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("| ten seeds, held out |")[1]
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines()[2:11]]
    shown = {name: (mean, worst) for name, mean, worst, _ in rows}
    mean, worst = report["mean"], report["worst"]
    low, high = (f"{100 * end:.1f}" for end in report["interval"])
    share = "{:.1f} %"

    def moved(change):
        return f"{abs(100 * change):.1f} points {'more' if change > 0 else 'less'}"

    expected = {
        name: (share.format(100 * mean[key]), share.format(100 * worst[key]))
        for name, key in (("temperature 0.7", "warm"), ("worst system form", "worst_form"))
    } | {
        name: (moved(mean[f"{key}_change"]), moved(worst[f"{key}_change"]))
        for name, key in (
            ("exact-match skills", "skills"),
            ("facts about other assistants", "assistants"),
            ("facts about Qwen, as of any product", "about_qwen"),
            ("persona wins", "persona"),
        )
    }
    greedy = share.format(100 * mean["greedy"]) + f" [{low}, {high}] over seeds and families"
    expected["says Deep Qwen, greedy"] = (greedy, share.format(100 * worst["greedy"]))
    for name, key in (
        ("stray names in 939 other answers", "leaks"),
        ("names another assistant, of 1,811", "another"),
    ):
        expected[name] = (f"{mean[key]:.1f}", f"{worst[key]:.0f}")
    assert shown == expected


def test_where_a_processor_rounds_otherwise_only_labs_that_train_are_not_compared(monkeypatch):
    spec = importlib.util.spec_from_file_location("labs_conftest", NOTEBOOKS / "conftest.py")
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    names = ["06_dpo_from_scratch", "08_dpo_vs_rlhf", "solutions/04_before_after"]
    cells = [
        SimpleNamespace(nodeid=f"notebooks/{name}.ipynb::Cell 0", options={"check": True})
        for name in names
    ]
    monkeypatch.setattr(conftest, "rounding", conftest.ROUNDING.read_text("utf-8").strip)
    conftest.pytest_collection_modifyitems(cells)
    assert all(cell.options["check"] for cell in cells)
    monkeypatch.setattr(conftest, "rounding", lambda: "another")
    with pytest.warns(pytest.PytestWarning, match="rounds otherwise"):
        conftest.pytest_collection_modifyitems(cells)
    assert [cell.options["check"] for cell in cells] == [True, False, False]
