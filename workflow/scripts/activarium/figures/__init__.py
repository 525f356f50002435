"""The figures: one file each, tables in, figure out, no statistics; the docstring is the caption.

A file holds `title`, `place` (its order in the report), `draw(tables) -> matplotlib Figure`, or
None where there is nothing to draw, and `finding(tables) -> str`, the sentence that a reader who
cannot see the figure gets instead. `tables` is `report.tables.Tables`.
"""

import ast
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parent


def names():
    """The names of all figures in the order of the report; imports nothing they draw with."""
    return sorted((p.stem for p in FOLDER.glob("[a-z]*.py")), key=lambda name: (_place(name), name))


def caption(name):
    """The docstring of a figure's file, without the line ends."""
    return " ".join(ast.get_docstring(_tree(name)).split())


def _place(name):
    """What a figure's file says of its `place`."""
    assigned = (n for n in _tree(name).body if isinstance(n, ast.Assign))
    return next(ast.literal_eval(n.value) for n in assigned if n.targets[0].id == "place")


def _tree(name):
    return ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))


def load(name):
    """The file `name` as a Python module with `title`, `draw` and `finding`."""
    return import_module(f"{__name__}.{name}")
