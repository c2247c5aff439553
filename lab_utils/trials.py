"""How often a diagnosis is right: many runs that failed on purpose, and healthy ones, each looked into.

`make trials` fills `data/measured/trials.csv` with the evidence on each run, one row a run, and can be stopped and taken
up; `judged` then says what the diagnosis makes of each. Half of the runs are handed over as TRL leaves them: without
a recipe, and with TRL's log. A threshold must not be set on these runs: they are there to judge it.
"""

import json
import random
import shutil
from pathlib import Path

import pandas as pd

from lab_utils import workspace
from lab_utils.cases import read_case
from lab_utils.diagnosis import CAUSES, HEALTHY, explain
from lab_utils.evaluation import rate
from lab_utils.evidence import gather
from lab_utils.failures import MAKERS, enough, healthy, show_honestly
from lab_utils.measured import MEASURED, SCRATCH, Row, resume
from lab_utils.pairs import sides
from lab_utils.recipes import load_recipe
from lab_utils.workspace import read_rows, write_json, write_rows

TRIALS = MEASURED / "trials.csv"
KEYS = ["cause", "second", "number"]
EACH, WELL, BOTH = 11, 40, 40  # runs of each cause, healthy runs, runs with two causes
SHOWN = ("judged by training prompts", "sampled answers", "answers generated in train mode")
TRAINED = (
    "no-op pairs",
    "truncation cuts the name",
    "wrong reference",
    "the base does not say the old name",
    "learning rate too high",
    "system message differs between training and test",
    "too little training",
    "likelihood displacement or half names",
)
FOLDER = SCRATCH / "trials"


def jobs() -> list[Row]:
    """Healthy runs, runs of each cause, and runs with one cause in training and one in what is shown."""
    well = [(HEALTHY, "", n) for n in range(WELL)]
    one = [(cause, "", n) for n in range(EACH) for cause in CAUSES]
    two = [(*both, n) for n, both in enumerate(_drawn(BOTH))]
    return [dict(zip(KEYS, job, strict=True)) for job in well + one + two]


def _drawn(count: int) -> list[tuple[str, str]]:
    """Pairs of causes; a collapsed policy is broken in either mode, so that train mode cannot show."""
    rng = random.Random("two causes")
    every = [(a, b) for a in TRAINED for b in SHOWN]
    every.remove(("learning rate too high", "answers generated in train mode"))
    return [every[i % len(every)] for i in rng.sample(range(len(every) * 2), count)]


def run(job: Row) -> Row:
    """Make one run and gather the evidence on it, as numbers with four digits."""
    cause, second, number = (job[key] for key in KEYS)
    rng = random.Random(f"{cause} and {second}, {number}")
    folder, first = FOLDER / "run", FOLDER / "first"
    for old in (folder, first):
        shutil.rmtree(old, ignore_errors=True)
    if cause == HEALTHY:
        shutil.copytree(well(number), folder)
    elif second:
        MAKERS[cause](rng, enough(rng), first, well(rng.randrange(WELL)))
        MAKERS[second](rng, [], folder, first)
    else:
        MAKERS[cause](rng, enough(rng), folder, well(rng.randrange(WELL)))
    if not (folder / "answers.jsonl").is_file() and rng.random() < 0.7:
        show_honestly(rng, folder)
    base, ours = load_recipe(folder / "recipe.toml").model, rng.random() < 0.5
    if not ours:
        as_trl(folder)
    numbers = gather(read_case(folder, base))
    rounded = {name: float(f"{value:.4g}") for name, value in numbers.items()}
    return job | {"format": "ours" if ours else "TRL's"} | rounded


def well(number: int) -> Path:
    """The healthy run of that number, made where it is not there."""
    folder = FOLDER / f"well-{number}"
    if not folder.is_dir():
        rng = random.Random(f"{HEALTHY} {number}")
        healthy(rng, enough(rng), folder)
    return folder


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the table with the two causes that the diagnosis puts first, as `found` and `next`."""
    rows = []
    for row in table.to_dict("records"):
        numbers = {name: value for name, value in row.items() if name not in (*KEYS, "format")}
        causes = [finding.cause for finding in explain(numbers)]
        rows.append(row | {"found": causes[0], "next": causes[1] if len(causes) > 1 else ""})
    return pd.DataFrame(rows)


def rates(judged: pd.DataFrame) -> dict[str, dict]:
    """How often the cause is named first, a healthy run accused, both of two causes found (see `evaluation.rate`)."""
    single = judged[judged["second"] == ""].to_dict("records")
    sound = [run for run in single if run["cause"] == HEALTHY]
    failed = [run for run in single if run["cause"] != HEALTHY]
    both = judged[judged["second"] != ""].to_dict("records")
    return {
        "named first": rate(failed, lambda run: run["found"] == run["cause"]),
        "false alarms": rate(sound, lambda run: run["found"] != HEALTHY),
        "both of two": rate(both, lambda r: {r["cause"], r["second"]} == {r["found"], r["next"]}),
    }


def as_trl(folder: Path) -> None:
    """Turn one of our run folders into what a script with TRL's trainer leaves."""
    history = pd.read_csv(folder / "history.csv")
    rows, recipe = read_rows(folder / "pairs.jsonl"), load_recipe(folder / "recipe.toml")
    noop = history["noop_pairs"].fillna(0) / recipe.batch_size
    informative = (1 - noop).clip(lower=0)  # TRL's means run over all pairs
    means = {
        "rewards/margins": history["margin"],
        "rewards/chosen": recipe.beta * history["chosen_logratio"],
    }
    log = history[["step", "loss", "grad_norm", "epoch"]].assign(
        num_tokens=history["tokens"],
        **{name: (value * informative).fillna(0) for name, value in means.items()},
    )
    for name in ("recipe.toml", "history.csv", "environment.json", "audit.json", "pairs.jsonl"):
        (folder / name).unlink(missing_ok=True)
    output = folder / "output"
    output.mkdir()
    (folder / "policy").rename(output / f"checkpoint-{len(history)}")
    state = {"log_history": json.loads(log.to_json(orient="records"))}
    write_json(output / f"checkpoint-{len(history)}" / "trainer_state.json", state)
    write_rows(folder / "train.jsonl", sides(rows))


def main() -> None:
    """Fill the table."""
    print(workspace.start())
    resume(TRIALS, jobs(), KEYS, run)


if __name__ == "__main__":
    main()
