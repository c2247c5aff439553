"""The code behind the labs, one room per subject; imports run downwards in this list.

- `labs`        run the notebooks headless, repeat them over seeds, rewrite their outputs
- `bench`       how fast, beside other ways of training on pairs
- `report`      the HTML report of a run
- `doctor`      the environment, and what to do about it
- `contestants` those ways, one a process
- `workloads`   what is timed
- `trials`      how often the diagnosis is right, over many runs
- `failures`    runs that fail on purpose
- `sweep`       the map of lab 5, one run a cell
- `ways`        lab 8's sweep: the same pairs as DPO uses them and as RLHF does
- `comparison`  lab 7's sweep: methods, labels and rates on the preference task
- `measured`    tables of many runs, taken up where they stopped
- `lecture`     the public lesson's run, rebuilt
- `diagnosis`   why a run did not come out as hoped
- `evidence`    the numbers that this rests on
- `cases`       what the folder of somebody's run holds
- `charts`      pictures and tables of the numbers
- `attribution` where in an answer the margin comes from
- `rlhf`        a reward model from pairs, and policies taught by reward
- `training`    recipe -> TRL's `DPOTrainer` -> run folder
- `quality`     a preference task whose true reward is known
- `guard`       stops a run before the damage
- `averaging`   the mean of a run's last weights
- `evaluation`  rates with intervals, damage, before/after, the verdict
- `runs`        a run folder: what one training run left
- `recipes`     the numbers that decide a run, read and checked
- `scoring`     chosen and rejected in one row
- `family`      DPO and its family: pure functions of a batch of pairs
- `dpo`         the mathematics: pure functions of tensors
- `pairs`       preference pairs: build, audit, read, write
- `prompts`     what we ask: prompt files and system-message forms
- `chat`        prompt format and generation
- `models`      load, name and save a policy
- `identity`    who an answer says is speaking
- `workspace`   where and how a lab runs: folders, seed, device, offline switches

`python -m lab_utils` is the command line; `lab_utils.pretraining` makes the embedded models.
"""

# Before all else: torch reads the switches that `workspace` sets once, when it loads.
try:
    from lab_utils import workspace as workspace
except ModuleNotFoundError as absent:
    raise ModuleNotFoundError(
        f"{absent.name} is not installed for this Python; run `make setup`, then `source .venv/bin/activate`."
    ) from None
