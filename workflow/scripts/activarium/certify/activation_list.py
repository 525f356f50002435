"""The built-in activations as rows for people: label, formula, class of smoothness and source."""

import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from flint import ctx

from .. import activations
from ..definitions.file_checks import check_file
from .piecewise import PiecewiseFunction
from .properties import BITS
from .symbolic import trace

SENTENCE_END = re.compile(r"(?<! al)[.;:](?:\s|$)")
REMARK = re.compile(r", (?:as|for|found|say|with) .*")


def activation_rows(own: Sequence[str] = ()) -> list[dict]:
    """One dict for each activation, by name: name, label, formula, class, source.

    They are the built-in ones, or those in the files `own`, each named as its file.
    `class` is that of its profile: "analytic", "C^1" or "discontinuous", proven for all real x. It
    is None where a file has no definition.
    """
    loaded = {Path(file).stem: check_file(file) for file in own}
    loaded = loaded or {name: activations.load(name) for name in activations.names()}
    with ctx.workprec(BITS):
        return [_row(*item) for item in loaded.items()]


def _row(name: str, module: ModuleType) -> dict:
    return {
        "name": name,
        "label": module.label,
        "formula": module.formula,
        "class": _smoothness(module),
        "source": source(module.__doc__ or ""),
    }


def _smoothness(module):
    """The class that is proven of a file's definition; None where it has none."""
    if not hasattr(module, "definition"):
        return None
    return PiecewiseFunction(trace(module.definition)).smoothness()[1]


def source(docstring: str) -> str:
    """The paper that a file's docstring names first in its second paragraph; "" without one."""
    paragraphs = docstring.split("\n\n")
    if len(paragraphs) < 2:
        return ""
    text = " ".join(paragraphs[1].split())
    first = SENTENCE_END.split(text)[0]
    return REMARK.sub("", first)
