"""Lab 8's sweep: the same pairs used as DPO does and as RLHF does, `make rlhf`, one run a cell in a process of its own.

Every way has the same pairs and one dial with three settings, each tried on dev prompts with three seeds; then each
setting is run on three others and asked held-out prompts, which draws gold reward against KL. Two processes work at a time, each with
one thread.
"""

import itertools
import shutil
import time
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from lab_utils import comparison, family, quality, rlhf, workspace
from lab_utils.chat import messages
from lab_utils.measured import MEASURED, SCRATCH, Row, peak_memory, read_table, resume
from lab_utils.models import Policy, load_model
from lab_utils.prompts import Prompt
from lab_utils.rlhf import RewardModel, Settings
from lab_utils.workspace import write_whole

TABLE, LONG = MEASURED / "rlhf.csv", MEASURED / "rlhf_long.csv"
KEYS = ["split", "way", "strength", "seed"]
PAIRS_A_RUN, EPOCHS = 240, 3  # what reads the pairs reads them so often
SEEDS, TUNING_SEEDS = (0, 1, 2), (100, 101, 102)
BETA = 0.2  # of DPO, and what RLOO pays for a nat: with a perfect reward model both have the same optimum
GRPO_KL = 0.04  # its authors' (arXiv 2402.03300); its rewards are divided by their deviation, and it counts a token
STEPS, PROMPTS, ANSWERS = 40, 4, 4  # of RLOO and GRPO
WORKERS = 2
START, REWARD, DPO, SFT = "start", "reward model", "DPO", "SFT on chosen"
RLOO, GRPO, BEST, GOLD = "RLOO", "GRPO", "best of n", "RLOO on gold"
STRENGTHS = {  # the dial of a way: its learning rate; of best of n, the n
    REWARD: (3e-4, 1e-3, 3e-3, 1e-2),
    DPO: (1e-4, 3e-4, 1e-3),
    SFT: (1e-4, 3e-4, 1e-3),
    RLOO: (1e-4, 3e-4, 1e-3),
    GRPO: (1e-4, 3e-4, 1e-3),
    BEST: (2.0, 4.0, 16.0),
    GOLD: (1e-4, 3e-4, 1e-3),
}
WAYS = (DPO, SFT, RLOO, GRPO, BEST, GOLD)
CHECKED = 4  # answers a prompt on which a reward model is compared with gold
FOLDER = SCRATCH / "ways"
TOO_FAR = {"rate": 1e-3, "kl": 0.005, "steps": 240}  # far beyond what one would do
CLIMBED = (REWARD, "gold")  # by the long runs; gold is the control


def judges(strengths: tuple[float, ...], split: str, seeds: tuple[int, ...]) -> list[Row]:
    """The cells of the reward models alone."""
    return [_cell(split, REWARD, strength, seed) for seed in seeds for strength in strengths]


def cells() -> list[Row]:
    """Every other cell: the start and each way at each setting, on dev prompts for each tuning seed and on held-out ones for the others.

    The start is asked once a seed because each seed has a reward model of its own, with a zero of its own.
    """
    settings = {START: (0.0,)} | {way: STRENGTHS[way] for way in WAYS}
    return [
        _cell(split, way, strength, seed)
        for split, seeds in (("dev", TUNING_SEEDS), ("heldout", SEEDS))
        for seed in seeds
        for way, strengths in settings.items()
        for strength in strengths
    ]


def _cell(*values) -> Row:
    return dict(zip(KEYS, values, strict=True))


def best(table: pd.DataFrame) -> dict[str, float]:
    """The setting of each way that did best in the mean on dev prompts: by accuracy for the reward model, else by gold."""
    dev = table[table["split"] == "dev"].reindex(columns=[*KEYS, "gold", "accuracy"])
    dev = dev.assign(score=dev["gold"].where(dev["way"] != REWARD, dev["accuracy"]))
    means = dev.groupby(["way", "strength"])["score"].mean().reset_index()
    chosen = means.sort_values("score").groupby("way").tail(1)
    return dict(zip(chosen["way"], chosen["strength"], strict=True))


def run(cell: Row, judge: RewardModel | None) -> Row:
    """One cell: make it, reload it, ask it; `judge` is the reward model of its seed, None for a cell of one.

    `seconds` (of one processor core) and `memory_mb` are those of making it. The other columns: `gold` and its parts, `kl` to the start in nats
    an answer, `proxy` (the mean reward that the judge gives), `samples` drawn to make it, `accuracy` of a reward model
    (see `rlhf.comparisons`).
    """
    if cell["way"] == REWARD:
        return cell | _judge_row(cell)
    return cell | (_best_row(cell, judge) if cell["way"] == BEST else _policy_row(cell, judge))


def work(cell: Row, judge_rate: float | None = None) -> Row:
    """The same in a process of its own."""
    return run(cell, None if cell["way"] == REWARD else judge_of(cell["seed"], judge_rate))


def judge_of(seed: int, rate: float) -> RewardModel:
    """The reward model of a seed at that rate, trained where it is not there."""
    folder = FOLDER / f"{REWARD} {rate:g} {seed}"
    return RewardModel(folder) if folder.is_dir() else new_judge(seed, rate, folder)


def prepare(seed: int, rate: float) -> None:
    """Make sure of the reward model of a seed, before two processes at once find that it is not there."""
    judge_of(seed, rate)


def new_judge(seed: int, rate: float, folder: Path) -> RewardModel:
    """A reward model trained on the pairs of a seed."""
    return rlhf.train_reward_model(quality.drawn(PAIRS_A_RUN, seed), folder, rate, EPOCHS, seed)


def _judge_row(cell: Row) -> Row:
    shutil.rmtree(FOLDER / f"{REWARD} {cell['strength']:g} {cell['seed']}", ignore_errors=True)
    began = time.process_time()
    judge = judge_of(cell["seed"], cell["strength"])
    cost = _cost(began)
    prompts = quality.questions(cell["split"])
    said = quality.sampled(load_model(quality.START), prompts, CHECKED, seed=1)
    agrees = rlhf.comparisons(judge, prompts, said)["agrees"].mean()
    return {"accuracy": round(agrees, 4), "samples": 0} | cost


def _best_row(cell: Row, judge: RewardModel) -> Row:
    n, prompts = int(cell["strength"]), quality.questions(cell["split"])
    began = time.process_time()
    said = quality.sampled(load_model(quality.START), prompts, n, cell["seed"])
    answers = rlhf.best_of(judge, prompts, said)
    cost = _cost(began)
    each = [quality.parts(a, p.answer) for a, p in zip(answers, prompts, strict=True)]
    row = pd.DataFrame(each).mean().round(4).to_dict() | {"kl": round(rlhf.best_of_kl(n), 4)}
    return row | {"proxy": _proxy(judge, prompts, answers), "samples": n * len(prompts)} | cost


def _policy_row(cell: Row, judge: RewardModel) -> Row:
    folder = FOLDER / " ".join(f"{cell[key]}" for key in KEYS)
    shutil.rmtree(folder, ignore_errors=True)
    began = time.process_time()
    policy, samples = made(cell, judge, folder)
    cost = _cost(began)
    prompts = quality.questions(cell["split"])
    row = comparison.asked(policy, load_model(quality.START), cell["split"])
    said = quality.sampled(policy, prompts, 1)
    proxy = _proxy(judge, prompts, [own[0] for own in said])
    shutil.rmtree(folder, ignore_errors=True)
    return row | {"proxy": proxy, "samples": samples} | cost


def made(cell: Row, judge: RewardModel, folder: Path) -> tuple[Policy, int]:
    """The reloaded policy of a cell, and how many answers were sampled to make it."""
    rows, rate, seed = quality.drawn(PAIRS_A_RUN, cell["seed"]), cell["strength"], cell["seed"]
    if cell["way"] == START:
        return load_model(quality.START), 0
    if cell["way"] in (DPO, SFT):
        loss = partial(family.dpo, beta=BETA) if cell["way"] == DPO else family.surprise
        return comparison.fitted(loss, rows, rate, seed, EPOCHS, folder), 0
    settings = reinforced(cell["way"], rate, seed)
    reward = rlhf.gold_reward if cell["way"] == GOLD else judge
    return rlhf.reinforce(rows, reward, settings, folder)[0], settings.samples()


def reinforced(way: str, rate: float, seed: int) -> Settings:
    """The settings of a cell that samples."""
    method, price = (GRPO, GRPO_KL) if way == GRPO else (RLOO, BETA)
    return Settings(method, rate, price, STEPS, PROMPTS, ANSWERS, seed)


def _proxy(judge: RewardModel, prompts: list[Prompt], answers: list[str]) -> float:
    rewards = judge([messages(p.text) for p in prompts], answers)
    return round(float(np.mean(rewards)), 4)


def _cost(began: float) -> Row:
    """Processor seconds since then (with one thread: the time on a free core), and the most memory held, in MB."""
    return {"seconds": round(time.process_time() - began, 1), "memory_mb": round(peak_memory())}


def too_far(climbed: str, seed: int, judge_rate: float) -> list[Row]:
    """The history of a long RLOO run with hardly a price on KL: one row a step, see `rlhf.reinforce`."""
    folder = FOLDER / f"long {climbed} {seed}"
    shutil.rmtree(folder, ignore_errors=True)
    settings = Settings(RLOO, **TOO_FAR, prompts=PROMPTS, answers=ANSWERS, seed=seed)
    rows = quality.drawn(PAIRS_A_RUN, seed)
    reward = judge_of(seed, judge_rate) if climbed == REWARD else rlhf.gold_reward
    _, history = rlhf.reinforce(rows, reward, settings, folder)
    return history.round(4).assign(climbed=climbed, seed=seed).to_dict("records")


def fill(pool: Pool, jobs: list[Row], judge_rate: float | None = None) -> None:
    """Do the cells that are not in the table, two at a time."""
    known = {_name(row) for row in _stored(TABLE)}
    waiting = {
        _name(job): pool.apply_async(work, (job, judge_rate))
        for job in jobs
        if _name(job) not in known
    }
    resume(TABLE, jobs, KEYS, lambda job: waiting[_name(job)].get())


def _name(job: Row) -> tuple[str, ...]:
    return tuple(str(job[key]) for key in KEYS)


def _stored(path: Path) -> list[Row]:
    return read_table(path).to_dict("records") if path.is_file() else []


def fill_long(pool: Pool, judge_rate: float) -> None:
    """Do the long runs that are not in their table."""
    done = _stored(LONG)
    known = {(row["climbed"], row["seed"]) for row in done}
    jobs = [job for job in itertools.product(CLIMBED, SEEDS) if job not in known]
    waiting = [pool.apply_async(too_far, (*job, judge_rate)) for job in jobs]
    for number, history in enumerate(waiting, 1):
        done += history.get()
        write_whole(LONG, pd.DataFrame(done).to_csv(index=False))
        print(f"long run {number} of {len(jobs)}", flush=True)


def begin() -> None:
    """One thread for each process; gradients too small for a normal number, which are slow, count as 0."""
    workspace.start()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def main() -> None:
    """Tune and train the reward models, then every other way; the long runs last."""
    print(workspace.start())
    FOLDER.mkdir(parents=True, exist_ok=True)
    processes = get_context("spawn")
    with processes.Pool(WORKERS, initializer=begin, maxtasksperchild=1) as pool:
        fill(pool, judges(STRENGTHS[REWARD], "dev", TUNING_SEEDS))
        rate = best(read_table(TABLE))[REWARD]
        fill(pool, judges((rate,), "heldout", SEEDS))
        pool.starmap(prepare, [(seed, rate) for seed in (*TUNING_SEEDS, *SEEDS)], chunksize=1)
        fill(pool, cells(), judge_rate=rate)
        fill_long(pool, rate)


if __name__ == "__main__":
    main()
