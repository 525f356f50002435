"""An exponential moving average of a network's weights, which is scored in place of them."""

from copy import deepcopy

import torch
from torch import nn


class ExponentialMovingAverage:
    """The average of the weights of `network` after each step, in `model`, a copy of it.

    After the first step it is these weights, after each other one decay · average + (1 − decay) ·
    weights. It takes in all parameters, and all buffers with fractions, as the mean and variance
    of a batch norm. Whole numbers are copied, as a norm's count of batches. Raises RuntimeError
    where a network cannot be copied.

    So does `torch.optim.swa_utils.AveragedModel` with `use_buffers=True`. It asks on the host
    whether a step is the first one, so that its steps cannot be captured. Here the device knows.
    """

    def __init__(self, network: nn.Module, decay: float):
        self.network, self.decay = network, decay
        self.model = deepcopy(network).requires_grad_(False)
        device = next(network.parameters()).device
        self.share = torch.ones((), device=device)  # which the next weights get

    def tensors(self) -> list[torch.Tensor]:
        """All that `update` changes."""
        return [*_tensors(self.model), self.share]

    @torch.no_grad()
    def update(self) -> None:
        """Take the present weights in."""
        for average, now in zip(_tensors(self.model), _tensors(self.network), strict=True):
            if average.is_floating_point():
                average.lerp_(now, self.share.to(average.dtype))
            else:
                average.copy_(now)
        self.share.fill_(1 - self.decay)

    def state_dict(self) -> dict:
        """All that the next step depends on."""
        return {"model": self.model.state_dict(), "share": self.share}

    def load_state_dict(self, state: dict) -> None:
        """Go back to where `state` was taken."""
        self.model.load_state_dict(state["model"])
        self.share.copy_(state["share"])


def _tensors(network):
    """The parameters and buffers of a network, in one order."""
    return [*network.parameters(), *network.buffers()]
