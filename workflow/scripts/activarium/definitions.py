"""An activation's file held against the vocabulary by its text, before anything is run.

Certifying and training would find the same, each in its own words, after other jobs have begun.
"""

import ast
from difflib import get_close_matches
from pathlib import Path

from .primitives import FUNCTIONS
from .refusal import Refusal

WORDS = (*FUNCTIONS, "piecewise", "decimal", "pi")


def check(file):
    """Refuse a file that states no definition in these words: where, what and what would do."""
    file = Path(file)
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise _refusal(file, line, f"is no Python: {getattr(error, 'msg', error)}") from error
    stated = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    assigned = [n for n in tree.body if isinstance(n, ast.Assign | ast.AnnAssign)]
    named = {n.id for a in assigned for n in ast.walk(a) if isinstance(n, ast.Name)}
    for name in ("label", "formula"):
        if name not in named:
            raise _refusal(file, 1, f'has no {name}; write {name} = "…"')
    if "definition" not in stated or len(stated["definition"].args.args) != 2:
        raise _refusal(file, 1, "has no function definition(x, xp)")
    _, xp = (a.arg for a in stated["definition"].args.args)
    for node in ast.walk(stated["definition"]):
        _check(node, xp, file)


def _check(node, xp, file):
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=word) if name == xp and word not in WORDS:
            close = get_close_matches(word, WORDS, 1)
            guess = f" (did you mean {close[0]}?)" if close else ""
            known = f"known are {', '.join(WORDS)}"
            raise _refusal(file, node.lineno, f"'{xp}.{word}' is no word here{guess}; {known}")
        case ast.If() | ast.IfExp() | ast.Compare() | ast.While() | ast.BoolOp():
            raise _refusal(
                file, node.lineno,
                f"a definition branches by {xp}.piecewise only, never by if or comparisons",
            )  # fmt: skip


def _refusal(file, line, what):
    return Refusal(f"{file.name}, line {line}: {what}")
