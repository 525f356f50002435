"""An activation's file held against the vocabulary by its text, before anything is run.

Certifying and training would find the same, each in its own words, after other jobs have begun.
What cannot be told from the text alone is left to them.
"""

import ast
from pathlib import Path

from .primitives import FUNCTIONS
from .refusal import Refusal, guess

WORDS = (*FUNCTIONS, "piecewise", "decimal", "pi")


def check(file):
    """Refuse a file that states no definition in these words: where, what and what would do."""
    file = Path(file)
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
        why = getattr(error, "msg", None) or str(error) or type(error).__name__
        raise _refusal(file, getattr(error, "lineno", None), f"cannot be read: {why}") from error
    bound = _bound(tree.body)
    for name, form in (("label", 'label = "…"'), ("formula", 'formula = "…"'),
                       ("definition", "def definition(x, xp)")):  # fmt: skip
        if name not in bound:
            raise _refusal(file, None, f"has no {name}; write {form}")
    stated = bound["definition"]
    if isinstance(stated, ast.FunctionDef):
        given = [*stated.args.posonlyargs, *stated.args.args]
        if len(given) != 2:
            raise _refusal(file, stated.lineno, "a definition is a function of x and xp")
        x, xp = (a.arg for a in given)
        varies = _made_from(x, stated)
        for node in ast.walk(stated):
            _check(node, xp, varies, file)


def _bound(body):
    """{name: what binds it} of everything that stands at the top of a module."""
    bound = {}
    for node in body:
        match node:
            case ast.FunctionDef(name=name):
                bound[name] = node
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound |= {a.asname or a.name: node for a in names}
            case _:
                stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
                bound |= {n.id: node for n in stored if isinstance(n.ctx, ast.Store)}
    return bound


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
            raise _refusal(file, node.lineno, what)
        case ast.Compare() if _names(node) & varies:
            raise _refusal(
                file, node.lineno,
                f"a definition branches by {xp}.piecewise only, never by if or comparisons of x",
            )  # fmt: skip


def _refusal(file, line, what):
    return Refusal(f"{file.name}{f', line {line}' if line else ''}: {what}")
