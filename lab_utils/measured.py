"""Tables of what many runs gave, one row a run, that a stopped measurement takes up again."""

import math
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from lab_utils.workspace import DATA, RUNS, write_whole

MEASURED = DATA / "measured"
SCRATCH = RUNS / ".scratch"  # what measuring overwrites; no run of a user's lies there
Row = dict[str, float | str]


def resume(path: Path, jobs: list[Row], keys: list[str], work: Callable[[Row], Row]) -> None:
    """Do the jobs that have no row in the table yet, and keep each result at once; says how far it is."""
    done = read_table(path).to_dict("records") if path.is_file() else []
    known = {tuple(str(row[k]) for k in keys) for row in done}
    for number, job in enumerate(jobs, 1):
        if tuple(str(job[k]) for k in keys) in known:
            continue
        done.append(work(job))
        write_whole(path, pd.DataFrame(done).to_csv(index=False, na_rep="nan"))
        print(f"{number} of {len(jobs)}: {', '.join(f'{k} {job[k]}' for k in keys)}", flush=True)


def read_table(path: Path) -> pd.DataFrame:
    """The table of a CSV file, in which an empty text is a text; a number that is missing is nan."""
    return pd.read_csv(path, keep_default_na=False, na_values=["nan"])


def peak_memory() -> float:
    """The most memory, in MB, that this process or one that it waited for has held; nan where Python cannot tell."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return math.nan
    unit = 1024**2 if sys.platform == "darwin" else 1024  # macOS counts bytes
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in both) / unit
