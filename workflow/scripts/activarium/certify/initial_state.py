"""What a profile holds at: where learned parameters start, and the form without random draws."""

import ast
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from . import symbolic
from .enclosure import to_decimals


def initial_parameters(definition: Callable) -> dict[str, list[str]]:
    """{name: [low, high]}: what `definition` lets training learn, and where that starts."""
    learned = getattr(definition, "__kwdefaults__", None) or {}
    return {name: to_decimals(symbolic.number(start).value[0]) for name, start in learned.items()}


def is_random(file: ModuleType) -> bool:
    """Whether the activation file (an imported module) trains what draws at random.

    Its `module()` then has something with an attribute `generator`, which whoever trains it sets.
    Read from the text, so that nothing has to be made and torch is not needed.
    """
    tree = ast.parse(Path(str(file.__file__)).read_bytes())
    made = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "module"]
    return any("generator" in _stored(n) for function in made for n in ast.walk(function))


def _stored(n):
    """The name that a node binds, of a variable or an attribute."""
    if isinstance(n, ast.Name | ast.Attribute) and isinstance(n.ctx, ast.Store):
        return {n.id if isinstance(n, ast.Name) else n.attr}
    return set()
