"""What a picture shows is what it says it shows; nbval compares no pictures."""

import pytest
from matplotlib.container import BarContainer

from lab_utils import charts


def rates(share: float) -> dict:
    return {"a": {"rate": share, "low": share - 0.05, "high": share + 0.05}}


def test_the_bars_are_the_rates_that_they_are_called():
    axes = charts.plot_rates(rates(0.1), rates(0.9), "title").axes[0]
    drawn = [c for c in axes.containers if isinstance(c, BarContainer)]
    bars = {c.get_label(): [bar.get_width() for bar in c] for c in drawn}
    assert bars == {"before": [pytest.approx(10)], "after": [pytest.approx(90)]}
