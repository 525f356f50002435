"""Is a new activation one that exists already: the built-in ones it equals, and the nearest one."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from .. import activations
from ..certify import Unproven, budget, initial_state
from ..definitions import on_numpy
from .equal_functions import equal_groups, sup_distance

END = 30
GRID = np.linspace(-END, END, 6001)  # where the nearest one is looked for


def comparable(but: str = "") -> dict[str, Callable]:
    """{name: definition} of the built-in activations that neither learn nor draw, `but` one."""
    found = {}
    for name in activations.names():
        file = activations.load(name)
        if name == but or not activations.has_definition(name) or initial_state.is_random(file):
            continue
        if not initial_state.initial_parameters(file.definition):
            found[name] = file.definition
    return found


def find_nearest(definition: Callable, others: Mapping[str, Callable]) -> dict:
    """Which of `others` a definition equals, and which is nearest.

    {equal, nearest, apart, proven, looked_up_to}, the last being END.

    `equal` are names proven equal on all of R. Of the rest `nearest` has the smallest difference on
    a grid of |x| ≤ END, which is `apart`; both are None where the definition overflows there in
    float64, or nothing is left. `proven` is sup |f − g| over all of R and where it is found,
    {value, at}, or None where that is not proven.
    """
    same = next((g for g in equal_groups({"": definition, **others}) if "" in g), [""])
    rest = {
        name: _largest_difference(definition, other)
        for name, other in others.items()
        if name not in same
    }
    nearest = min(rest, key=rest.__getitem__, default=None)
    found: dict[str, Any] = {
        "equal": sorted(same)[1:], "nearest": None, "apart": None, "proven": None,
        "looked_up_to": END,
    }  # fmt: skip
    if nearest is None or rest[nearest] == np.inf:
        return found
    with suppress(Unproven), budget.limit_property():
        found["proven"] = sup_distance(definition, others[nearest])
    return found | {"nearest": nearest, "apart": rest[nearest]}


def _largest_difference(f, g):
    """The largest |f − g| on the grid; infinite where one of them is not finite there."""
    with np.errstate(all="ignore"):
        apart = np.abs(f(GRID, on_numpy) - g(GRID, on_numpy))
    return float(apart.max()) if np.isfinite(apart).all() else np.inf
