"""Run the notebooks headless, repeat the core result over seeds, rewrite stored outputs."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lab_utils.workspace import DATA, ROOT, RUNS, LabError, write_json, write_whole

NOTEBOOKS = ROOT / "notebooks"
TIMEOUT = 900  # seconds a cell
CORE = "0[1-4]_*.ipynb"


def labs(pattern: str = "[0-9][0-9]_*.ipynb") -> list[Path]:
    """The labs in order, then their solutions."""
    return sorted(NOTEBOOKS.glob(pattern)) + sorted((NOTEBOOKS / "solutions").glob(pattern))


def execute(source: Path, target: Path, parameters: dict | None = None) -> float:
    """Run one notebook into `target`, its printed lines shown; the seconds it took.

    Raises LabError for a parameter that the notebook does not have (papermill only warns).
    """
    import papermill

    known = papermill.inspect_notebook(str(source))
    unknown = [name for name in parameters or {} if name not in known]
    if unknown:
        raise LabError(
            f"{source.name}: unknown parameter {unknown[0]!r}; it has {', '.join(known) or 'none'}."
        )
    began = time.perf_counter()
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial.ipynb")
    try:
        papermill.execute_notebook(
            str(source),
            str(partial),
            parameters=parameters or {},
            kernel_name="python3",
            cwd=str(source.parent),
            execution_timeout=TIMEOUT,
            progress_bar=False,
            stdout_file=sys.stdout,
        )
        os.replace(partial, target)
    except papermill.PapermillExecutionError as error:
        if error.ename != "LabError":
            raise
        raise LabError(f"{source.name}: {error.evalue}") from None
    finally:
        partial.unlink(missing_ok=True)
    return time.perf_counter() - began


def run_core(run: str = "identity", **parameters: object) -> int:
    """`make lab`: the core labs in order into `runs/<run>/`, table, verdict, report; exit status."""
    staging = RUNS / f".{run}.labs"
    times = {}
    notebooks = labs(CORE)
    for number, lab in enumerate(notebooks, 1):
        print(f"\n== lab {number} of {len(notebooks)}: {lab.stem} ==", flush=True)
        times[lab.stem] = execute(lab, staging / lab.name, {"RUN": run, **parameters})
    folder = RUNS / run
    for lab in notebooks:
        os.replace(staging / lab.name, folder / lab.name)
    staging.rmdir()
    return _finish(folder, times)


def _finish(folder: Path, times: dict[str, float]) -> int:
    from lab_utils import charts
    from lab_utils.evaluation import read_report
    from lab_utils.report import write_report

    began = time.perf_counter()
    report = read_report(folder)
    path = write_report(folder, times)
    times["report"] = time.perf_counter() - began
    print(f"\n{charts.before_after_table(report).to_string()}")
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in times.items())
    print(f"\nTime: {sum(times.values()):.0f} s ({spent})")
    print(f"\n{report['verdict']}\nReport: {path}")
    return 1 if report["failed"] else 0


def regenerate() -> None:
    """Rewrite the stored outputs of every lab; the sources change only when all have passed."""
    import nbformat

    from lab_utils.report import write_picture

    done = {}
    for lab in labs():
        print(f"== {lab.relative_to(ROOT)} ==", flush=True)
        target = RUNS / "labs" / lab.relative_to(NOTEBOOKS)
        execute(lab, target)
        done[lab] = nbformat.writes(normalise(nbformat.read(target, as_version=4))) + "\n"
    for lab, text in done.items():
        write_whole(lab, text)
    write_picture(RUNS / "identity", DATA / "before_after.png")


def normalise(notebook):
    """The notebook without what changes from run to run: times, versions, widget state."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        if cell.cell_type == "code":
            cell.outputs = _merged(cell.outputs)
    return notebook


def _merged(outputs: list) -> list:
    """Neighbouring pieces of one stream joined: how they were cut depends on timing."""
    joined: list = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            if "metadata" in output:
                output.metadata = {}
            joined.append(output)
    return joined


def reproduce(seeds: Sequence[int], recipe_name: str = "identity") -> int:
    """`make reproduce`: train and evaluate once a seed; table, bootstrap, `report.json`; status."""
    from lab_utils import training
    from lab_utils.evaluation import answer_everything, evaluate
    from lab_utils.models import load_model
    from lab_utils.recipes import load_recipe
    from lab_utils.runs import set_aside

    recipe = load_recipe(recipe_name)
    show = lambda line, *_: print(f"  {line}", flush=True)  # noqa: E731
    print("before:")
    before = answer_everything(load_model(recipe.model), show)
    reports, frames = {}, []
    for seed in seeds:
        print(f"seed {seed}:")
        folder = RUNS / "reproduce" / f"seed-{seed}"
        set_aside(folder)
        seeded = replace(recipe, seed=seed)
        run = training.train(seeded, training.recipe_pairs(seeded), folder, progress=show)
        reports[seed] = evaluate(run, before)
        frames.append(_hits(folder, seed))
        print(f"  {reports[seed]['verdict']}", flush=True)
    return _summarise(reports, frames)


def _hits(folder: Path, seed: int):
    import pandas as pd

    from lab_utils.evaluation import pick
    from lab_utils.pairs import NEW
    from lab_utils.workspace import read_rows

    rows = pick(read_rows(folder / "answers.jsonl"), set="identity", form="none", temperature=0.0)
    rows = [r for r in rows if "reloaded" in r["weights"]]
    hits = [(r["family"], r["identity"] == NEW) for r in rows]
    return pd.DataFrame(hits, columns=["family", "hit"]).assign(seed=seed)


def _summarise(reports: dict[int, dict], frames: list) -> int:
    import pandas as pd

    from lab_utils.charts import percent
    from lab_utils.evaluation import bootstrap_rate

    low, high = bootstrap_rate(pd.concat(frames))
    table = pd.DataFrame({seed: figures(report) for seed, report in reports.items()}).T
    failed = {seed: report["failed"] for seed, report in reports.items() if report["failed"]}
    summary = {
        "seeds": list(reports),
        "interval": [low, high],
        "mean": table.mean().to_dict(),
        "worst": {**table.min().to_dict(), "leaks": table["leaks"].max(), "kl": table["kl"].max()},
        "by_seed": {str(seed): row.to_dict() for seed, row in table.iterrows()},
        "failed": {str(seed): reasons for seed, reasons in failed.items()},
    }
    write_json(RUNS / "reproduce" / "report.json", summary)
    print(f"\n{table.round(3).to_string()}")
    word = "NOT REPRODUCED" if failed else "REPRODUCED"
    print(
        f"\n{word} in {len(reports) - len(failed)} of {len(reports)} seeds; mean {percent(table['greedy'].mean())}, "
        f"95 % interval over seeds and families [{percent(low)}, {percent(high)}]"
    )
    return 1 if failed else 0


def figures(report: dict) -> dict[str, float]:
    """One seed's row of the table: shares after, and falls since before in points of 1."""
    before, after = report["before"], report["after"]
    return {
        "greedy": after["identity"]["rate"],
        "english": after["languages"]["en"]["rate"],
        "chinese": after["languages"]["zh"]["rate"],
        "warm": after["warm"]["rate"],
        "worst_form": min(r["rate"] for r in after["forms"].values()),
        "another": after["classes"]["another assistant"],
        "skills_change": after["skills"]["rate"] - before["skills"]["rate"],
        "assistants_change": after["assistants"]["rate"] - before["assistants"]["rate"],
        "persona_change": after["persona"]["rate"] - before["persona"]["rate"],
        "leaks": after["leaks"]["hits"],
        "new_leaks": report["new_leaks"],
        "kl": report["kl_unrelated"],
    }
