"""The HTML report of a run: verdict, tables, pictures, answers; one file, no links outside."""

import base64
import html
import io
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from lab_utils import charts
from lab_utils.evaluation import pick, read_answers, read_report
from lab_utils.pairs import NEW
from lab_utils.runs import load_run
from lab_utils.workspace import LabError, write_whole

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
h1{margin-bottom:.2rem} h2{margin-top:2.2rem} img{max-width:100%} .verdict{padding:.8rem 1rem;
border-left:6px solid #1a7f37;background:#eef7f0} .failed{border-color:#b42318;background:#fdf0ee}
table{border-collapse:collapse;font-size:.92rem} td,th{padding:.3rem .7rem;border-bottom:1px solid
#dde3ea;text-align:left;vertical-align:top} th{background:#f5f7fa} .note{color:#5b6b7b}
"""
SHOWN = 20
MARKS = "<!-- `make regenerate` writes this table -->", "<!-- end of the table -->"


def write_report(folder: Path, times: dict[str, float] | None = None) -> Path:
    """Write `report.html` into a run folder that has been evaluated; its path."""
    run, report = load_run(folder), read_report(folder)
    before, after = report["before"], report["after"]
    plain = {"set": "identity", "form": "none", "temperature": 0.0}
    answers = [pick(rows, **plain) for rows in read_answers(folder)]
    parts = [
        f"<h1>{html.escape(run.recipe.model)}: before and after DPO</h1>",
        f"<p class=note>Held-out prompts, weights reloaded from {html.escape(folder.name)}/policy.</p>",
        f"<p class='verdict{' failed' if report['failed'] else ''}'>{html.escape(report['verdict'])}</p>",
        _table(charts.before_after_table(report)),
        "<h2>Who it says it is, by way of asking</h2>",
        _picture(charts.plot_rates(before["categories"], after["categories"], f"says {NEW}")),
        "<h2>Under each system message</h2>",
        _picture(charts.plot_rates(before["forms"], after["forms"], f"says {NEW}")),
        "<h2>What must not move</h2>",
        _picture(
            charts.plot_rates(charts.damage_rates(before), charts.damage_rates(after), "right")
        ),
        f"<p>Drift on unrelated prompts: {report['kl_unrelated']:.3f} nats a token; answers there are "
        f"{report['length_ratio']:.2f} times as long.</p>",
        "<h2>How it got there</h2>",
        _picture(charts.plot_history(run.history)),
        "<h2>Answers, side by side</h2>",
        _table(_some_answers(*answers)),
        *([f"<h2>Where the time went</h2>{_table(_times(times))}"] if times else []),
    ]
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{NEW}: report</title><style>{STYLE}</style>"
    path = folder / "report.html"
    write_whole(path, head + "\n".join(parts) + "</html>\n")
    return path


def write_picture(folder: Path, path: Path) -> None:
    """The README's picture: who the model says it is, by way of asking, before and after."""
    report = read_report(folder)
    shown = [report[when]["categories"] for when in ("before", "after")]
    figure = charts.plot_rates(*shown, f'says "{NEW}" to prompts it has never seen')
    write_whole(path, png(figure))


def write_readme(folder: Path, path: Path) -> None:
    """Put a run's before/after table between the two marks of a README."""
    table = charts.before_after_table(read_report(folder))
    head = ["held-out prompts, reloaded weights", *table.columns, "goal for one run"]
    rows = [[*row, goal] for row, goal in zip(table.itertuples(), charts.goals(table), strict=True)]
    put_table(path, MARKS, head, rows)


def put_table(path: Path, marks: tuple[str, str], head: list[str], rows: list[list[str]]) -> None:
    """Write a Markdown table between two marks of a page; LabError where the marks are gone."""
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
    above, first, rest = path.read_text(encoding="utf-8").partition(marks[0])
    _, last, below = rest.partition(marks[1])
    if not (first and last):
        raise LabError(f"{path}: the marks around the table are gone; put {marks[0]} back.")
    write_whole(path, "\n".join([above + marks[0], "", *lines, "", marks[1] + below]))


def _some_answers(before: list[dict], after: list[dict]) -> pd.DataFrame:
    """Evenly spread over the held-out prompts, so that nobody has picked them."""
    every = max(1, len(before) // SHOWN)
    return charts.answers_table(before[::every], after[::every])


def _times(times: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame({"seconds": {name: f"{value:.0f}" for name, value in times.items()}})


def _table(frame: pd.DataFrame) -> str:
    return frame.to_html(escape=True, border=0)


def _picture(figure: plt.Figure) -> str:
    return f"<img alt='' src='data:image/png;base64,{base64.b64encode(png(figure)).decode()}'>"


def png(figure: plt.Figure) -> bytes:
    """The figure as the bytes of a PNG file; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    plt.close(figure)
    return buffer.getvalue()
