"""How fast pairs are trained on, beside other ways of doing the same: `make bench`, taken up where it stopped.

Each training runs in a process of its own, the ways in turn, so that a slow minute of the machine hits all of them.
Once in each round the roof is measured: how fast this processor multiplies matrices and moves memory.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from lab_utils import charts, workspace
from lab_utils.contestants import PEER, WAYS
from lab_utils.measured import MEASURED, Row, read_table, resume
from lab_utils.report import png, put_table
from lab_utils.workloads import BATCHES, FOLDER, GROWTH, TIMED, WORKLOADS, adamw_bytes
from lab_utils.workspace import DATA, ROOT, LabError, write_whole

BENCH, GROWN, BATCHED = (MEASURED / f"{name}.csv" for name in ("bench", "growth", "batches"))
KEYS, GROWTH_KEYS = ["repeat", "workload", "way"], ["what", "value"]
BATCH_KEYS = ["workload", "batch"]
REPEATS = {"identity": 2, "long prompts": 2, "0.5 B parameters": 1}
MARKS = "<!-- `make bench` writes this table -->", "<!-- end of the speed table -->"
BYTES = "with AdamW's bytes"
THREADS = 2
SIZES = (1024, 2048, 3072)  # of the square matrices that show the roof


def jobs() -> list[Row]:
    """Every way of training on every workload, round by round."""
    ways = [way for way in WAYS if not way.startswith("LLaMA") or PEER.is_file()]
    return [
        {"repeat": repeat, "workload": work, "way": way}
        for repeat in range(max(REPEATS.values()))
        for work in TIMED
        if repeat < REPEATS[work]
        for way in ways
    ]


def growth_jobs() -> list[Row]:
    """Each quantity that can grow, at each of its values."""
    return [{"what": what, "value": v} for what, (values, _) in GROWTH.items() for v in values]


def batch_jobs() -> list[Row]:
    """Each workload in batches of several sizes, pairs alike in length together, for the nearest that one comes to the roof."""
    return [{"workload": work, "batch": b} for work, batches in BATCHES.items() for b in batches]


def run(job: Row) -> Row:
    """Train once; seconds, the last loss, memory, what had to be computed, and the roof of this round."""
    return job | trained(job["way"], job["workload"]) | roof(job["repeat"])


def grow(job: Row) -> Row:
    """Train once in our way on a workload of that size."""
    return job | trained("these labs", f"{job['value']} {job['what']}")


def in_batches(job: Row) -> Row:
    """Train once in our way with that many pairs a step, the roof beside it."""
    return job | trained("these labs", f"{job['workload']}, {job['batch']} a step") | roof(0)


def trained(way: str, work: str) -> Row:
    """One training in its own process; LabError with what it said where it fails."""
    words = [sys.executable, "-m", "lab_utils.contestants", way, work, str(FOLDER / "run")]
    # as many threads as the roof is measured with; accelerate's launcher would take one for `trl dpo`
    own = os.environ | {"OMP_NUM_THREADS": str(THREADS)}
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=own)
    if done.returncode:
        raise LabError(f"{way} on {work} failed: {done.stderr[-2000:]}")
    taken = json.loads(done.stdout.splitlines()[-1])
    return {
        "seconds": round(taken["seconds"], 3),
        "last_loss": round(taken["losses"][-1], 5),
        "steps": len(taken["losses"]),
        "memory_mb": round(taken["memory_mb"]),
        "gflop": round(taken["gflop"], 1),
    }


@cache
def roof(repeat: int) -> Row:
    """Measured once a round: the best rate of matrix products in GFLOP/s, one thread and two; of a copy in GB/s."""
    # in a process of its own: whoever is started by one that held much memory counts as having held it
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        return own.submit(_roof).result()


def _roof() -> Row:
    found = {}
    for count in (1, THREADS):
        torch.set_num_threads(count)
        found[f"gflops_{count}"] = round(max(_product(size) for size in SIZES), 1)
    block, target = torch.ones(2**26), torch.ones(2**26)  # both written before: no new memory
    seconds = _best(lambda: target.copy_(block))
    return found | {"copy_gb_s": round(2 * block.nbytes / seconds / 1e9, 1)}


def _product(size: int) -> float:
    a, b = torch.ones(size, size), torch.ones(size, size)
    return 2 * size**3 / _best(lambda: a @ b) / 1e9


def _best(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of some tries."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def reached(runs: pd.DataFrame, work: str) -> pd.DataFrame:
    """How near each run of a workload comes to the limit, as shares of its seconds.

    `products`: what its useful operations would take at the rate of the fastest matrix products (the roof);
    `adamw`: what AdamW's bytes would take at the rate of a copy.
    """
    moved = adamw_bytes(WORKLOADS[work]()) / 1e9 * runs["steps"] / runs["copy_gb_s"]
    return pd.DataFrame({"products": of_the_roof(runs), "adamw": moved / runs["seconds"]})


def of_the_roof(runs: pd.DataFrame) -> pd.Series:
    """What the useful operations of each run would take at the roof, as a share of its seconds."""
    return runs["gflop"] / runs["gflops_2"] / runs["seconds"]


def best_batches(table: pd.DataFrame) -> pd.DataFrame:
    """Of each workload the batch size that came nearest to the roof, and how near."""
    whole = table.assign(share=of_the_roof(table))
    best = whole.loc[whole.groupby("workload", sort=False)["share"].idxmax()]
    return best.set_index("workload")[["batch", "share"]]


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """One row a workload and way: median, fastest and slowest seconds, how many times ours, share of the roof."""
    rows = []
    for work, runs in table.groupby("workload", sort=False):
        medians = runs.groupby("way", sort=False)["seconds"].median()
        near = reached(runs, work)
        for way, own in runs.groupby("way", sort=False):
            rows.append(
                {
                    "workload": work,
                    "way": way,
                    "seconds": medians[way],
                    "fastest": own["seconds"].min(),
                    "slowest": own["seconds"].max(),
                    "times ours": medians[way] / medians["these labs"],
                    "memory, MB": own["memory_mb"].median(),
                    "of the roof": near["products"][own.index].median(),
                    BYTES: near.sum(axis=1)[own.index].median(),
                    "last loss": own["last_loss"].median(),
                }
            )
    return pd.DataFrame(rows)


def check_same_end(table: pd.DataFrame) -> None:
    """Raise LabError unless every way ends at the same loss, within a hundredth: else they did not do the same."""
    for work, runs in table.groupby("workload", sort=False):
        ends = runs.groupby("way")["last_loss"].median()
        far = (ends / ends["these labs"] - 1).abs()
        if far.max() > 0.01:
            raise LabError(
                f"{work}: {far.idxmax()} ends at a loss of {ends[far.idxmax()]:.4f}, these labs at "
                f"{ends['these labs']:.4f}; they did not train on the same, so their times say nothing."
            )


def exponents(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """The slopes of log seconds and of log memory over the log of what grows; 1 is linear."""

    def slope(own: pd.DataFrame, column: str) -> float:
        return float(np.polyfit(np.log(own["value"]), np.log(own[column]), 1)[0])

    return {
        what: (slope(own, "seconds"), slope(own, "memory_mb"))
        for what, own in table.groupby("what", sort=False)
    }


def write_page(ways: pd.DataFrame, grown: pd.DataFrame, page: Path, picture: Path) -> None:
    """The table between the page's marks, and the picture."""
    head = ["workload", "way", "seconds", "times ours", "most memory", "of the roof", BYTES]
    rows = [
        [
            row["workload"],
            row["way"],
            f"{row['seconds']:.1f} [{row['fastest']:.1f}, {row['slowest']:.1f}]",
            f"{row['times ours']:.2f}",
            f"{row['memory, MB'] / 1000:.1f} GB",
            f"{row['of the roof']:.0%}",
            f"{row[BYTES]:.0%}",
        ]
        for row in ways.to_dict("records")
    ]
    put_table(page, MARKS, head, rows)
    write_whole(picture, png(charts.plot_speed(ways, grown, exponents(grown))))


def main() -> None:
    """Fill the tables, print what they say, and write it into the README."""
    print(workspace.start())
    if not PEER.is_file():
        print("LLaMA-Factory is left out; `make peer` installs it in an environment of its own.")
    resume(BENCH, jobs(), KEYS, run)
    resume(GROWN, growth_jobs(), GROWTH_KEYS, grow)
    resume(BATCHED, batch_jobs(), BATCH_KEYS, in_batches)
    table, grown = read_table(BENCH), read_table(GROWN)
    check_same_end(table)
    ways = summary(table)
    print(ways.round(3).to_string(index=False))
    print(f"at the best batch size:\n{best_batches(read_table(BATCHED)).round(3).to_string()}")
    print(f"the roof: {table[['gflops_1', 'gflops_2', 'copy_gb_s']].median().to_dict()}")
    write_page(ways, grown, ROOT / "README.md", DATA / "speed.png")


if __name__ == "__main__":
    main()
