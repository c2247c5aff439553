"""The mean of the weights over the last steps of a training run, which is kept in place of the last step's.

At a constant rate the weights of single steps lie around the point that the run has reached; their mean lies nearer to
it than any of them (Polyak and Juditsky 1992; Izmailov et al. 2018, arXiv 1803.05407).
"""

import torch
from transformers import TrainerCallback


class Mean(TrainerCallback):
    """Averages the trained weights after each step of the last `share` of a run, and leaves that mean in the model.

    Takes the memory of one more copy of those weights. A run that ends before its first averaged step keeps its weights.
    """

    def __init__(self, share: float):
        self.share, self.steps = share, 0
        self.mean: list[torch.Tensor] = []

    def on_step_end(self, args, state, control, model=None, **_):
        """Take this step's weights into the mean."""
        if state.global_step <= (1 - self.share) * state.max_steps:
            return
        now = [w.detach() for w in model.parameters() if w.requires_grad]
        self.mean = self.mean or [w.clone() for w in now]
        self.steps += 1
        for mean, weight in zip(self.mean, now, strict=True):
            mean.lerp_(weight, 1 / self.steps)

    def on_train_end(self, args, state, control, model=None, **_):
        """Put the mean into the model."""
        if self.steps:
            trained = (w for w in model.parameters() if w.requires_grad)
            with torch.no_grad():
                for weight, mean in zip(trained, self.mean, strict=True):
                    weight.copy_(mean)
