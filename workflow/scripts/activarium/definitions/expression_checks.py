"""Checks of a one-line activation before anything is trained, with a way out for each error."""

import ast
import re

from ..runtime.errors import suggest
from . import FUNCTIONS, expressions
from .expressions import RULES, ExpressionError, NotAllowed, UnreadableError
from .suggestions import power_error, suggestion

MAX_INPUT = 1000  # |x| up to which divisions, logarithms and roots are proven finite
NAMES = ("x", "pi", *FUNCTIONS)
SIGNS = {  # of other notations: how they are written here
    "²": "**2", "³": "**3", "·": "*", "×": "*", "−": "-", "÷": "/", "≤": "<=", "≥": ">=",
    "√": "sqrt(…)", "|": "-x if x < 0 else x for |x|", "{": "( )", "\\": "the names alone",
}  # fmt: skip


def check_expression(text: str) -> None:
    """Raise ExpressionError for what cannot be read, has no x, or may divide by 0.

    Divisions, logarithms and roots are proven finite for all |x| ≤ MAX_INPUT.
    """
    from ..certify import Unproven, finite

    line = expressions.one_line(text)
    if "#" in text:  # its lines are joined, and a comment would swallow those that follow
        raise ExpressionError(f"'{line}' has a comment in it; write that beside it")
    try:
        definition = expressions.definition(line)
    except UnreadableError as error:
        raise UnreadableError(line, _suggest_notation(line) or error.reason) from error
    except NotAllowed as error:
        raise ExpressionError(f"'{error.part}' {_explain(error)}") from error
    if not expressions.depends_on_x(expressions.parse(line)):
        raise ExpressionError(f"'{line}' does not depend on x")
    try:
        finite(definition, MAX_INPUT)
    except Unproven as why:
        raise ExpressionError(f"'{line}': {why}") from why


def _suggest_notation(text):
    """How to write notation from elsewhere, where a text has any; else None."""
    for sign, way in SIGNS.items():
        if sign in text:
            return f"write {way} for {sign}" if sign != "|" else f"write {way}"
    if re.search(r"(?<![<>=!])=(?!=)", text):
        return "write only what stands right of the ="
    if re.search(r"[0-9)] *[a-z(]", text) and not re.search(r"[0-9)] +(if|else)\b", text):
        return "write * between two factors, as in 2 * x"
    return None


def _explain(error):
    """What is wrong with a node that is not allowed, and what to write instead."""
    node = error.node
    match error.rule:
        case "syntax":
            return _explain_syntax(node)
        case "function":
            return f"is not a function here{_suggest_name(node.id)}"
        case "arguments":
            return f"must have one argument: {node.func.id}(x)"
        case "power":
            return power_error(_exponent(node.right)).replace("{xp}.", "")
        case "condition" if isinstance(node, ast.BoolOp) or _is_chain(node):
            way = "write pieces in a row, … if x < 0 else … if x < 1 else …"
            return f"is not a condition; {way}"
    return RULES[error.rule]


def _is_chain(node):
    return isinstance(node, ast.Compare) and len(node.ops) > 1


def _explain_syntax(node):
    """The same for a node of a kind that expressions do not have."""
    match node:
        case ast.Name(id=name):
            return _explain_name(name)
        case ast.Call(func=ast.Name()):
            return "calls a number; write * between two factors"
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Attribute(attr=name) if suggestion(name):
            return f"is not allowed; write {suggestion(name)}"
        case ast.Lambda():
            return "is not allowed; write only what stands behind the colon"
        case ast.BinOp(op=ast.BitXor()):
            return "is not a power; write x**2"
        case ast.Compare():
            return "is a condition: write … if x < 0 else …"
    return "is not allowed; there are + - * / ** ( ) and … if x < 0 else …"


def _explain_name(name):
    """What is wrong with a name that is neither x nor pi."""
    if name in FUNCTIONS:
        return f"is a function: write {name}(…)"
    if way := _suggest_notation(name):
        return f"is not in the vocabulary; {way}"
    way = _suggest_name(name)
    if not suggestion(name) and not suggest(name, NAMES):
        form = f"def definition(x, xp, *, {name}=1)"
        way += f"; a number that training learns needs a file, with {form}"
    return f"is not in the vocabulary{way}"


def _suggest_name(name):
    """What to write for an unknown name, else a similar one and those that are known."""
    way = suggestion(name)
    return f"; write {way}" if way else f"{suggest(name, NAMES)}; known are {', '.join(NAMES)}"


def _exponent(node):
    """The number of an exponent as Python has it, None for what is not a number."""
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    number = node.operand if minus else node
    k = number.value if isinstance(number, ast.Constant) else None
    return -k if minus and type(k) in (int, float) else k
