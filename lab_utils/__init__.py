"""The code behind the labs, one room per subject; imports run downwards in this list.

- `labs`        run the notebooks headless, repeat them over seeds, rewrite their outputs
- `report`      the HTML report of a run
- `charts`      pictures and tables of the numbers
- `training`    recipe -> TRL's `DPOTrainer` -> run folder
- `evaluation`  rates with intervals, damage, before/after, the verdict
- `runs`        a run folder: what one training run left
- `recipes`     the numbers that decide a run, read and checked
- `dpo`         the mathematics: pure functions of tensors
- `pairs`       preference pairs: build, audit, read, write
- `prompts`     what we ask: prompt files and system-message forms
- `chat`        prompt format and generation
- `models`      load, name and save a policy
- `identity`    who an answer says is speaking
- `workspace`   where and how a lab runs: folders, seed, device, offline switches

`python -m lab_utils` is the command line; `lab_utils.pretraining` makes the embedded models.
"""
