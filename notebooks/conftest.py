"""Which labs may be tested at the same time, and what is compared where a processor rounds otherwise."""

import re
import warnings

import pytest
from xdist.scheduler import LoadScopeScheduling

from lab_utils.doctor import ROUNDING, rounding

TRAINED = ("03", "04", "05", "08")  # labs whose training magnifies rounding until it can be read


def number(nodeid: str) -> str:
    """The lab to which a cell belongs, solutions with their lab: "03"."""
    return re.search(r"(\d\d)_\w+\W+ipynb", nodeid)[1]


class OneWorkerALab(LoadScopeScheduling):
    """Keeps on one worker what shares a folder under `runs/`: a lab and its solutions; labs 3 and 4."""

    def _split_scope(self, nodeid: str) -> str:
        return "03" if number(nodeid) == "04" else number(nodeid)


def pytest_xdist_make_scheduler(config, log):
    """Asked by pytest-xdist, whatever its --dist."""
    return OneWorkerALab(config, log)


def pytest_collection_modifyitems(items):
    """On a processor that rounds otherwise than the one of the stored outputs, run the labs that train and compare the rest."""
    trained = [item for item in items if number(item.nodeid) in TRAINED]
    if not trained or rounding() == ROUNDING.read_text(encoding="utf-8").strip():
        return
    for item in trained:
        item.options["check"] = False
    said = "their cells were run and their checks made, but stored outputs were not compared"
    warnings.warn(
        pytest.PytestWarning(
            f"This processor rounds otherwise than the one that made the stored outputs of labs {', '.join(TRAINED)}: {said}."
        ),
        stacklevel=1,
    )
