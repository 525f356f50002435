"""The learning rate of each step: a recipe's schedule, and the warm-up before it.

`progress` is the fraction of all steps of a training that were taken before the present one. It is
in [0, 1).
"""

import math
from collections.abc import Mapping

SCHEDULES = {  # the share of the learning rate
    "constant": lambda progress: 1.0,
    "cosine": lambda progress: 0.5 * (1 + math.cos(math.pi * progress)),
    "linear": lambda progress: 1 - progress,
}
# Of one_cycle, the defaults of torch.optim.lr_scheduler.OneCycleLR.
RISE = 0.3  # pct_start, the fraction of all steps that go up
FIRST = 1 / 25  # of div_factor
LAST = FIRST / 1e4  # of final_div_factor


def learning_rate(recipe: Mapping, progress: float, steps: int) -> float:
    """The learning rate of a step of a training of so many `steps`.

    `warmup` is the fraction of all steps in which the rate rises from 0 along a line; the schedule
    takes place in the others. Of `one_cycle` it is the fraction that goes up.
    """
    if recipe["schedule"] == "one_cycle":
        share = _one_cycle(round(progress * steps), steps, recipe.get("warmup", RISE))
        return recipe["learning_rate"] * share
    warmup = recipe.get("warmup", 0.0)
    if progress < warmup:
        return recipe["learning_rate"] * progress / warmup
    rest = (progress - warmup) / (1 - warmup)
    return recipe["learning_rate"] * SCHEDULES[recipe["schedule"]](rest)


def _one_cycle(step, steps, rise):
    """The share at `step` from 0, as OneCycleLR has it: up along a cosine, then down to almost 0.

    Smith and Topin 2017, arXiv 1708.07120. The momentum stays as it is.
    """
    peak, last = rise * steps - 1, steps - 1
    if step > peak:
        return _along_cosine(1, LAST, (step - peak) / (last - peak))
    return _along_cosine(FIRST, 1, step / peak) if peak else 1.0


def _along_cosine(start, end, part):
    """From `start` at 0 to `end` at 1, level at both."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * part))
