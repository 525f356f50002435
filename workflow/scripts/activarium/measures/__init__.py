"""The measures: what is measured of trained networks beside accuracy, one file each.

A file holds

- `title` and `place`, what the report calls it and where it stands there;
- `columns`, {name: (Arrow type, unit)} of its table, behind the names of the cell;
- `quantities`, {name: (heading, "percent", "points", "ratio" or "number")} for the report;
- `measure(trained) -> rows`, dicts in these columns, of one cell; `trained` is a `TrainedCell`;
- `summarise(table) -> rows`, dicts in `tables.MEASURES` without the cell and the measure, of the
  rows of one cell as a DataFrame.

It may say `needs_weights = True`, `device = "any"` to run on a GPU where there is one,
`alone = True` for a job that nothing runs beside, and `packages`, the names of what it imports
that is not always installed. A column `condition` beside `accuracy` is compared with the control,
paired by seed; `baseline` names the condition from which the others are changes.

The folder is the registry. torch is imported inside the functions alone, since the Snakefile reads
these files at the start of every job.
"""

import ast
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ..runtime import source

FOLDER = Path(__file__).parent
FORMS = {
    "title": 'title = "…"',
    "columns": 'columns = {"name": ("float64", "unit")}',
    "quantities": 'quantities = {"name": ("heading", "percent")}',
    "measure": "def measure(trained)",
    "summarise": "def summarise(table)",
}


@dataclass(frozen=True)
class Declaration:
    """What a measure's file says of itself, beside its functions."""

    title: str
    columns: dict[str, tuple[str, str]]
    quantities: dict[str, tuple[str, str]]
    place: int = 100
    needs_weights: bool = False
    device: str = "cpu"
    alone: bool = False
    packages: tuple[str, ...] = ()
    baseline: str | None = None


def names() -> list[str]:
    """The names of all measures in the order of the report; imports nothing."""
    known = [path.stem for path in FOLDER.glob("[a-z]*.py")]
    return sorted(known, key=lambda name: (declaration(name).place, name))


@cache
def declaration(name: str) -> Declaration:
    """What the file of measure `name` says of itself, read without running it.

    Raises a UserError with the file's name and line where it states no measure.
    """
    file = FOLDER / f"{name}.py"
    found = source.require_names(file, FORMS)
    fields = Declaration.__dataclass_fields__
    return Declaration(**{k: _value(file, k, n) for k, n in found.items() if k in fields})


def _value(file: Path, name: str, node: ast.stmt) -> Any:
    """The plain value that a statement binds."""
    try:
        return ast.literal_eval(getattr(node, "value", node))
    except (ValueError, TypeError, SyntaxError) as error:
        what = f"{name} must be a plain value: {FORMS.get(name, name + ' = …')}"
        raise source.error_at(file, node.lineno, what) from error


def load(name: str) -> ModuleType:
    """The file `name` as a Python module with `measure` and `summarise`."""
    return import_module(f"{__name__}.{name}")


def about(name: str) -> str:
    """The docstring of a measure's file for people, without the line ends."""
    text = ast.get_docstring(source.parse(FOLDER / f"{name}.py")) or ""
    return " ".join(text.split())
