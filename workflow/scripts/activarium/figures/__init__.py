"""The figures: one file each, tables in, figure out, no statistics; the docstring is the caption.

A file holds `title`, `draw(tables) -> matplotlib Figure` and `finding(tables) -> str`, the
sentence that a reader who cannot see the figure gets instead. `tables` is `report.tables.Tables`.
"""

from importlib import import_module
from pathlib import Path


def names():
    """The names of all figures, sorted; reads the folder and imports nothing."""
    return sorted(p.stem for p in Path(__file__).parent.glob("[a-z]*.py"))


def load(name):
    """The file `name` as a Python module with `title`, `draw` and `finding`."""
    return import_module(f"{__name__}.{name}")
