"""The environment: what is installed, which defaults have changed, what the labs do about it."""

import os
import re
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import torch

from lab_utils import workspace
from lab_utils.recipes import load_recipe
from lab_utils.workspace import DATA, ROOT, SWITCHES

CHECKED = (*workspace.LIBRARIES, "papermill", "nbval", "pandas")
ROUNDING = DATA / "measured" / "rounding.txt"  # of the processor that made the stored outputs
DEFAULTS = {  # setting: its default in TRL 0.14, the lecture's; why the labs set it themselves
    "bf16": (False, "an error on a CPU; slow on a GPU that only emulates it"),
    "gradient_checkpointing": (False, "memory is not short here, and it costs a third more work"),
    "precompute_ref_log_probs": (
        False,
        "asked once, of the model at step 0, never reloaded by name",
    ),
    "learning_rate": (1e-6, "the recipe decides; the lecture took 5e-5"),
    "logging_steps": (500, "one row a step"),
}
REMOVED = {  # an argument of TRL 0.14: what does its work in the labs
    "rpo_alpha": 'loss = ["sigmoid", "sft"] in the recipe',
    "max_prompt_length": "max_length, checked before the first step",
}


def libraries() -> pd.DataFrame:
    """Installed versions beside the pinned ones; `fine` where they are the same."""
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.M))
    rows = {name: (_installed(name), pins[name]) for name in CHECKED}
    table = pd.DataFrame(rows, index=["installed", "pinned"]).T
    return table.assign(fine=table["installed"] == table["pinned"])


def _installed(name: str) -> str:
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return "absent"


def defaults() -> pd.DataFrame:
    """TRL's settings that surprise: the lecture's default, today's, and what the labs use."""
    from trl import DPOConfig  # here, so that the table of libraries can say that it is absent

    from lab_utils.training import trl_config

    today = {f.name: f.default for f in fields(DPOConfig)}
    today["bf16"] = DPOConfig(
        "unused", use_cpu=True
    ).bf16  # None until the settings are put together
    labs = trl_config(load_recipe("identity"), Path("unused"), pairs=1000)
    rows = {
        name: (old, today[name], getattr(labs, name), why) for name, (old, why) in DEFAULTS.items()
    }
    for name, instead in REMOVED.items():
        rows[name] = ("accepted", "accepted" if name in today else "gone", "not used", instead)
    return pd.DataFrame(rows, index=["TRL 0.14", "installed", "the labs", "because"]).T


def machine() -> dict[str, str]:
    """Device, dtype and threads that a lab would use, and why."""
    device, reason = workspace.device()
    dtype = "bf16 autocast over fp32 weights" if workspace.bf16_pays() else "fp32"
    return {
        "device": f"{device} ({reason})",
        "training": dtype,
        "threads": str(torch.get_num_threads()),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def rounding() -> str:
    """A digest of the weights after a training run of some seconds at a rate that magnifies how this processor rounds.

    Two processors that round alike give the same one, with any number of threads.
    """
    from lab_utils import training
    from lab_utils.models import fingerprint

    recipe = load_recipe("lecture", learning_rate=5e-3)
    with TemporaryDirectory() as place:
        rows = training.recipe_pairs(recipe)
        run = training.train(recipe, rows, Path(place) / "run", progress=training.silent)
        return fingerprint(run.folder / "policy")


def switches() -> pd.DataFrame:
    """The environment variables that the labs set; `fine` where nobody has set them otherwise."""
    rows = {name: (os.environ.get(name, "unset"), wanted) for name, wanted in SWITCHES.items()}
    table = pd.DataFrame(rows, index=["is", "the labs want"]).T
    return table.assign(fine=table["is"] == table["the labs want"])


def examine() -> int:
    """Print all of it and what to do; 1 where something differs from what the labs were tested with."""
    found = {"Libraries": libraries(), "Switches": switches()}
    for title, table in found.items():
        print(f"\n{title}\n{table.to_string()}")
    told = "not asked: another version is installed than the labs know"
    print(
        f"\nDefaults of TRL\n{defaults().to_string() if found['Libraries'].loc['trl', 'fine'] else told}"
    )
    print("\nMachine")
    for name, value in machine().items():
        print(f"  {name}: {value}")
    odd = {title: list(t.index[~t["fine"]]) for title, t in found.items() if not t["fine"].all()}
    for title, names in odd.items():
        todo = (
            "delete .venv and run `make setup`"
            if title == "Libraries"
            else "start afresh without setting them"
        )
        print(f"\n{title}: {', '.join(names)} differ from what the labs were tested with; {todo}.")
    if not odd:
        print("\nAll as tested.")
    return 1 if odd else 0
