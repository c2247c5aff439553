from types import SimpleNamespace

import pytest
import torch
from test_training import train, weights

from lab_utils.averaging import Mean


def averaged(share: float, steps: list[float], planned: int) -> torch.nn.Linear:
    """A model whose weight was set to each of `steps` in turn, in a run of so many planned steps."""
    model, mean = torch.nn.Linear(1, 1), Mean(share)
    model.bias.requires_grad_(False).fill_(7.0)
    for step, value in enumerate(steps, 1):
        with torch.no_grad():
            model.weight.fill_(value)
        state = SimpleNamespace(global_step=step, max_steps=planned)
        mean.on_step_end(None, state, None, model=model)
    mean.on_train_end(None, None, None, model=model)
    return model


@pytest.mark.parametrize(
    ("share", "left"), [(1.0, 5.5), (0.5, 8.0), (0.3, 9.0), (0.1, 10.0), (0.01, 10.0)]
)
def test_the_weights_of_the_last_steps_are_averaged(share, left):
    model = averaged(share, [float(i) for i in range(1, 11)], planned=10)
    assert model.weight.item() == pytest.approx(left)
    assert model.bias.item() == 7.0  # not trained


def test_a_run_that_is_stopped_before_its_first_averaged_step_keeps_its_weights():
    assert averaged(0.5, [1.0, 2.0, 3.0], planned=10).weight.item() == 3.0


def test_a_run_keeps_the_mean_of_its_last_steps(tmp_path):
    """Of three steps the last 1 % is the last one alone: the very weights of a run that averages nothing."""
    last = train(tmp_path / "last", averaged=0.0)
    assert weights(train(tmp_path / "one", averaged=0.01)) == weights(last)
    assert weights(train(tmp_path / "half", averaged=0.9)) != weights(last)
