"""What a user names is found: a built-in activation, a file that defines one, or an expression."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from .. import activations
from ..definitions import expressions
from ..definitions.expression_checks import check_expression
from ..definitions.file_checks import check_file
from ..runtime.errors import UserError
from .activation_list import source
from .given_values import at_values
from .initial_state import is_random

LONGEST = 256  # bytes of a path's part, beyond which the system refuses to look


class Activation(NamedTuple):
    """An activation that can be certified, and what people read of it."""

    title: str
    formula: str | None  # None where the title says it
    source: str
    definition: Callable
    draws: bool  # whether training it draws at random
    least: Mapping[str, float] = {}  # bounds that training keeps what it learns above

    def at(self, values: Mapping[str, float]) -> Callable:
        """The definition at given values of what it learns, as `at_values` has it."""
        return at_values(self.definition, values, self.least) if values else self.definition


def look_up(word: str) -> Activation:
    """The activation that `word` names: a built-in one, a .py file, else an expression in x.

    Raises UserError for an unknown name, with a suggestion, for a file without what an activation
    must have, and for an expression that cannot be read or may not be finite.
    """
    if word.isidentifier() and word not in ("x", "pi"):
        return _from_module(activations.load(word), word)
    if word.endswith(".py"):
        if not Path(word).is_file():
            command = f"activarium new activation {Path(word).stem}"
            raise UserError(f"no file {word}; make one: {command} --folder {Path(word).parent}")
        return _from_module(check_file(word), word)
    try:
        check_expression(word)
    except UserError:
        if len(os.fsencode(word)) < LONGEST and Path(word).is_file():
            way = "say a .py file that defines one, or a name"
            raise UserError(f"{word} is no activation: {way}") from None
        raise
    return Activation(" ".join(word.split()), None, "", expressions.definition(word), False)


def _from_module(module: ModuleType, name: str) -> Activation:
    if not hasattr(module, "definition"):
        way = "write def definition(x, xp) beside its module"
        raise UserError(f"{name}: {activations.NOT_CERTIFIED}; {way}")
    paper = source(module.__doc__ or "")
    least = getattr(module, "least", {})
    draws = is_random(module)
    return Activation(module.label, module.formula, paper, module.definition, draws, least)
