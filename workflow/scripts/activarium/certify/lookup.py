"""What a user names is found: a built-in activation, a file that defines one, or an expression."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from .. import activations
from ..definitions import expressions
from ..definitions.expression_checks import check_expression
from ..definitions.file_checks import check_file
from ..runtime.errors import UserError, suggest
from .assumptions import is_random
from .catalogue import source


class Activation(NamedTuple):
    """An activation that can be certified, and what people read of it."""

    title: str
    formula: str | None  # None where the title says it
    source: str
    definition: Callable
    draws: bool  # whether training it draws at random


def look_up(word: str) -> Activation:
    """The activation that `word` names: a built-in one, a .py file, else an expression in x.

    Raises UserError with what may have been meant.
    """
    if word in activations.names():
        return _of_file(activations.load(word))
    if word.endswith(".py"):
        if not Path(word).is_file():
            way = f"make one: activarium new activation {Path(word).stem}"
            raise UserError(f"no file {word}; {way}")
        return _of_file(check_file(word))
    if re.fullmatch(r"\w+", word) and word != "x":
        hint = suggest(word, activations.names())
        raise UserError(f"no activation '{word}'{hint}; all are shown by: activarium list")
    check_expression(word)
    return Activation(" ".join(word.split()), None, "", expressions.definition(word), False)


def _of_file(module: ModuleType) -> Activation:
    said = source(module.__doc__ or "")
    return Activation(module.label, module.formula, said, module.definition, is_random(module))
