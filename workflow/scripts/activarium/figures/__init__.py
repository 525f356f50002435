"""The figures: one file each, tables in, figure out, no statistics; the docstring is the caption.

A file holds `title`, `place` (its order in the report), `draw(tables) -> matplotlib Figure`, or
None where there is nothing to draw, and `finding(tables) -> str`, the sentence that a reader who
cannot see the figure gets instead. `needs` may name an optional table, without which a study does
not have the figure. `tables` is `report.study_tables.StudyTables`.
"""

import ast
import math
import re
from collections.abc import Collection
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ..runtime import source

if TYPE_CHECKING:
    from ..report.study_tables import StudyTables

FOLDER = Path(__file__).parent
FORMS = {
    "title": 'title = "…"',
    "draw": "def draw(tables)",
    "finding": "def finding(tables)",
}


def names(optional_tables: Collection[str] = ()) -> list[str]:
    """The names of all figures in the order of the report; imports nothing they draw with.

    `optional_tables` are those that a study has, whose figures come as well.
    """
    known = [path.stem for path in FOLDER.glob("[a-z]*.py")]
    drawn = [name for name in known if _needed_table(name) in (None, *optional_tables)]
    return sorted(drawn, key=lambda name: (_place(name), name))


def all_names() -> list[str]:
    """The names of all figures, whatever they need."""
    return names(
        [table for path in FOLDER.glob("[a-z]*.py") if (table := _needed_table(path.stem))]
    )


def caption(name: str) -> str:
    """The docstring of a figure's file, without the line ends."""
    return " ".join((ast.get_docstring(ast.parse(_code(name))) or "").split())


def title(name: str) -> str:
    """What a figure's file says of its `title`; imports nothing that it draws with.

    Raises a UserError with the file's name and line where the file states no figure.
    """
    file = FOLDER / f"{name}.py"
    match source.require_names(file, FORMS)["title"]:
        case ast.Assign(value=ast.Constant(value=str(said))):
            return said
        case node:
            raise source.error_at(file, node.lineno, f"title must be a text: {FORMS['title']}")


def check() -> None:
    """Raise UserError for a file that states no figure, before anything is trained for it."""
    for name in all_names():
        title(name)


def _place(name):
    """What a figure's file says of its `place`."""
    found = re.search(r"^place = (\d+)", _code(name), re.MULTILINE)
    return int(found[1]) if found else math.inf


def _needed_table(name):
    """What a figure's file says of the optional table that it `needs`; None of most."""
    found = re.search(r'^needs = "(\w+)"', _code(name), re.MULTILINE)
    return found[1] if found else None


def _code(name):
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def load(name: str) -> ModuleType:
    """The file `name` as a Python module with `title`, `draw` and `finding`.

    Before it may import matplotlib, `_style` does, and leaves out what this user has set.
    """
    import_module(f"{__name__}._style")
    return import_module(f"{__name__}.{name}")


def draw_figure(name: str, tables: "StudyTables", empty: bool = False) -> str:
    """The figure `name` of these tables as the text of its SVG; `empty` draws its finding alone."""
    figure = load(name)
    drawing = None if empty else figure.draw(tables)
    as_svg = import_module(f"{__name__}._svg").as_svg
    return as_svg(drawing, name, figure.title, figure.finding(tables))
