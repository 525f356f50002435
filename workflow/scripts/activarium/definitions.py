"""An activation's file held against the vocabulary by its text, before anything is run.

Certifying and training would find the same, each in its own words, after other jobs have begun.
What cannot be told from the text alone is left to them.
"""

import ast

from . import source
from .primitives import FUNCTIONS
from .refusal import guess

WORDS = (*FUNCTIONS, "piecewise", "decimal", "pi")


def check(file):
    """Refuse a file that states no definition in these words: where, what and what would do."""
    forms = {"label": 'label = "…"', "formula": 'formula = "…"'}
    stated = source.stated(file, forms | {"definition": "def definition(x, xp)"})["definition"]
    if isinstance(stated, ast.FunctionDef):
        given = [*stated.args.posonlyargs, *stated.args.args]
        if len(given) != 2:
            raise source.refusal(file, stated.lineno, "a definition is a function of x and xp")
        x, xp = (a.arg for a in given)
        varies = _made_from(x, stated)
        for node in ast.walk(stated):
            _check(node, xp, varies, file)


def _made_from(x, function):
    """The names in a function that hold x, or a number that depends on it."""
    lambdas = (n for n in ast.walk(function) if isinstance(n, ast.Lambda))
    found, before = {x} | {a.arg for n in lambdas for a in n.args.args}, set()
    while found != before:
        before = set(found)
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if _names(node.value) & found:
                    found |= set().union(*map(_names, targets))
    return found


def _names(node):
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _check(node, xp, varies, file):
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=word) if name == xp and word not in WORDS:
            known = f"known are {', '.join(WORDS)}"
            what = f"'{xp}.{word}' is no word here{guess(word, WORDS)}; {known}"
            raise source.refusal(file, node.lineno, what)
        case ast.Compare() if _names(node) & varies:
            raise source.refusal(
                file, node.lineno,
                f"a definition branches by {xp}.piecewise only, never by if or comparisons of x",
            )  # fmt: skip
