"""Run the notebooks headless, repeat the core result over seeds, rewrite stored outputs."""

import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lab_utils.workspace import (
    DATA,
    ROOT,
    RUNS,
    LabError,
    not_written,
    write_json,
    write_whole,
)

NOTEBOOKS = ROOT / "notebooks"
TIMEOUT = 900  # seconds a cell
NUMBERED = "[0-9][0-9]_*.ipynb"
MORE_IS_WORSE = ["another", "leaks", "new_leaks", "kl"]  # of the figures of a seed
# over all seeds: the lower end of the interval, and falls in the mean
LOW_BAR = 0.97
MEAN_FALLS = {"skills": 0.01, "assistants": 0.01, "about_qwen": 0.01}


def notebooks() -> list[Path]:
    """The labs in order, then their solutions."""
    return sorted(NOTEBOOKS.glob(NUMBERED)) + sorted((NOTEBOOKS / "solutions").glob(NUMBERED))


def core() -> list[Path]:
    """The four labs of the core result, in order."""
    return sorted(NOTEBOOKS.glob("0[1-4]_*.ipynb"))


def execute(
    source: Path, target: Path, parameters: dict | None = None, timeout: int | None = TIMEOUT
) -> float:
    """Run one notebook into `target`, its printed lines shown; the seconds it took.

    Raises LabError for a parameter that the notebook does not have (papermill only warns), a cell
    that runs out of time, a kernel that dies and a disk that is full.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    known = parameters_of(source)
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
            execution_timeout=timeout,
            progress_bar=False,
            stdout_file=sys.stdout,
        )
        os.replace(partial, target)
    except papermill.PapermillExecutionError as error:
        if error.ename in ("LabError", "Diverged"):
            raise LabError(f"{source.name}: {error.evalue}") from None
        print(error, file=sys.stderr)  # the cell in which it happened
        failed = "a check of the lab failed" if error.ename == "AssertionError" else error.ename
        said = f": {error.evalue}" if error.evalue else "."
        raise LabError(f"{source.name}: {failed} (see above){said}") from None
    except CellTimeoutError:
        raise LabError(
            f"{source.name}: a cell took more than {timeout} s; take a smaller model or a GPU."
        ) from None
    except DeadKernelError:
        raise LabError(
            f"{source.name}: its kernel died, most often for want of memory; take a smaller model."
        ) from None
    except OSError as error:
        raise not_written(target, error) from error
    finally:
        partial.unlink(missing_ok=True)
    return time.perf_counter() - began


def parameters_of(notebook: Path) -> list[str]:
    """The names that papermill may set in a notebook."""
    import papermill

    return list(papermill.inspect_notebook(str(notebook)))


def run_core(run: str = "identity", **parameters: str) -> int:
    """`make lab`: the core labs in order into `runs/<run>/`, table, verdict, report; exit status.

    Each lab gets those of the parameters that it has. Model, recipe and pairs are looked up before
    the first one runs, so that a mistake costs no time; a Hub id is downloaded here, once.
    """
    from lab_utils.models import check_folder, find_folder
    from lab_utils.pairs import named_pairs
    from lab_utils.recipes import load_recipe

    recipe = load_recipe(parameters.get("RECIPE", "identity"))
    given, times = {"RUN": run, "MODEL": recipe.model, **parameters}, {}
    named_pairs(recipe.pairs)
    check_folder(find_folder(given["MODEL"]))
    staging, folder = RUNS / f".{run}.labs", RUNS / run
    for number, lab in enumerate(core(), 1):
        print(f"\n== lab {number} of {len(core())}: {lab.stem} ==", flush=True)
        own = {name: given[name] for name in parameters_of(lab) if name in given}
        times[lab.stem] = execute(lab, staging / lab.name, own, timeout=None)
    for lab in core():
        os.replace(staging / lab.name, folder / lab.name)
    shutil.rmtree(staging)
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

    from lab_utils.doctor import ROUNDING, rounding
    from lab_utils.report import write_picture, write_readme

    done = {}
    for lab in notebooks():
        print(f"== {lab.relative_to(ROOT)} ==", flush=True)
        target = RUNS / "labs" / lab.relative_to(NOTEBOOKS)
        execute(lab, target)
        done[lab] = nbformat.writes(normalise(nbformat.read(target, as_version=4))) + "\n"
    for lab, text in done.items():
        write_whole(lab, text)
    write_whole(ROUNDING, rounding() + "\n")
    write_picture(RUNS / "identity", DATA / "before_after.png")
    write_readme(RUNS / "identity", ROOT / "README.md")


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


def reproduce(seeds: Sequence[int]) -> int:
    """`make reproduce`: train and evaluate once a seed; table, bootstrap, `report.json`; status."""
    from lab_utils import training
    from lab_utils.evaluation import answer_everything, evaluate
    from lab_utils.models import load_model
    from lab_utils.recipes import load_recipe
    from lab_utils.runs import set_aside

    recipes = [load_recipe("identity", seed=seed) for seed in seeds]
    show = lambda line, *_: print(f"  {line}", flush=True)  # noqa: E731
    print("before:")
    before = answer_everything(load_model(recipes[0].model), show)
    reports, frames = {}, []
    for recipe in recipes:
        print(f"seed {recipe.seed}:")
        folder = RUNS / "reproduce" / f"seed-{recipe.seed}"
        set_aside(folder)
        run = training.train(recipe, training.recipe_pairs(recipe), folder, progress=show)
        reports[recipe.seed] = evaluate(run, before)
        frames.append(_hits(folder, recipe.seed))
        print(f"  {reports[recipe.seed]['verdict']}", flush=True)
    return _summarise(reports, frames)


def _hits(folder: Path, seed: int):
    import pandas as pd

    from lab_utils.evaluation import pick, read_answers
    from lab_utils.pairs import NEW

    rows = pick(read_answers(folder)[1], set="identity", form="none", temperature=0.0)
    hits = [(r["family"], r["identity"] == NEW) for r in rows]
    return pd.DataFrame(hits, columns=["family", "hit"]).assign(seed=seed)


def _summarise(reports: dict[int, dict], frames: list) -> int:
    import pandas as pd

    from lab_utils.charts import percent
    from lab_utils.evaluation import bootstrap_rate

    low, high = bootstrap_rate(pd.concat(frames))
    table = pd.DataFrame({seed: figures(report) for seed, report in reports.items()}).T
    failed = {seed: report["failed"] for seed, report in reports.items() if report["failed"]}
    missed = missed_over_seeds(table.mean().to_dict(), low)
    summary = {
        "seeds": list(reports),
        "interval": [low, high],
        "mean": table.mean().to_dict(),
        "worst": {**table.min(), **table[MORE_IS_WORSE].max()},
        "by_seed": {str(seed): row.to_dict() for seed, row in table.iterrows()},
        "failed": {str(seed): reasons for seed, reasons in failed.items()},
        "missed": missed,
    }
    write_json(RUNS / "reproduce" / "report.json", summary)
    print(f"\n{table.round(3).to_string()}")
    word = "NOT REPRODUCED" if failed or missed else "REPRODUCED"
    print(
        f"\n{word}: {len(reports) - len(failed)} of {len(reports)} seeds reach every bar; "
        f"mean {percent(table['greedy'].mean())}, "
        f"95 % interval over seeds and families [{percent(low)}, {percent(high)}]"
        + "".join(f"; {what}" for what in missed)
    )
    return 1 if failed or missed else 0


def missed_over_seeds(mean: dict[str, float], low: float) -> list[str]:
    """Which of the bars over all seeds are missed, in words; `low` is the lower end of the interval."""
    missed = [f"the interval's lower end is below {LOW_BAR:.0%}"] * (low < LOW_BAR)
    for name, most in MEAN_FALLS.items():
        fall = -mean[f"{name}_change"]
        if fall > most:
            missed.append(f"{name} fell by {100 * fall:.1f} points in the mean")
    return missed


def figures(report: dict) -> dict[str, float]:
    """One seed's row of the table: shares after, and falls since before in points of 1."""
    from lab_utils.evaluation import FACTS

    before, after = report["before"], report["after"]
    return {
        "greedy": after["identity"]["rate"],
        "english": after["languages"]["en"]["rate"],
        "chinese": after["languages"]["zh"]["rate"],
        "warm": after["warm"]["rate"],
        "worst_form": min(r["rate"] for r in after["forms"].values()),
        "another": after["another"]["hits"],
        **{f"{k}_change": after[k]["rate"] - before[k]["rate"] for k in (*FACTS, "persona")},
        "leaks": after["leaks"]["hits"],
        "new_leaks": report["new_leaks"],
        "kl": report["kl_unrelated"],
    }
