"""Activations written as one line in the study: parsed and compiled to a definition, never run.

    x * ndtr(1.1 * x)
    expm1(x) if x < 0 else x

Python's `ast` parses the line, and every node must be on a short list: `x`, `pi`, numbers (exact
decimals), + − * /, whole powers, the functions of `definitions.FUNCTIONS`, and pieces as
`… if x < c else …` with <, <=, > or >= between x (or a straight line in x) and a number.
The piece that holds at c itself gives value and derivative there.

Training reads this file, so its runs depend on it; `expression_checks` has the error messages.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable
from fractions import Fraction
from functools import cache

from ..runtime.errors import UserError
from . import FUNCTIONS, MAX_POWER

MAX_NODES = 400  # of an expression's syntax tree
RULES = {  # what a part of an expression can break: the message
    "syntax": "is not part of the language of expressions",
    "function": "is not a function of the vocabulary",
    "arguments": "must have one argument",
    "power": f"is not a whole power from 1 to {MAX_POWER}",
    "condition": "is not a condition; write x < c, x <= c, x > c or x >= c",
    "constant": "does not depend on x",
    "line": "is not a straight line in x with exact numbers, as a condition needs",
    "decimal": "is not a decimal number",
    "size": "is too large or too small a number",
}


class ExpressionError(UserError):
    """An expression that cannot be used: the message says which part and what to write instead.

    What a terminal would not print as it stands is shown escaped.
    """

    def __init__(self, line: str):
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line))


class UnreadableError(ExpressionError):
    """A text that Python cannot parse as one expression; `reason` is Python's."""

    def __init__(self, text: str, reason: str):
        super().__init__(f"'{text}' cannot be read as one expression: {reason}")
        self.reason = reason


class NotAllowed(ExpressionError):
    """A `node` of an expression that breaks one of the RULES; `part` is its text."""

    def __init__(self, node: ast.expr, text: str, rule: str = "syntax"):
        self.node, self.rule = node, rule
        self.part = ast.get_source_segment(text, node) or text
        super().__init__(f"'{self.part}' {RULES[rule]}")


@cache  # one function for all layers, so that what is found of it is found once
def definition(text: str) -> Callable:
    """The `definition(x, xp)` that the expression `text` states. Raises ExpressionError."""
    text = one_line(text)
    return _compile_branch(parse(text), text)


def one_line(text: str) -> str:
    """The text with its lines joined and blanks made single."""
    return " ".join(text.split())


def parse(text: str) -> ast.expr:
    """The syntax tree of an expression of one line, not yet held against the list."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 2(x) is an error of ours, with our message
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", None) or type(error).__name__
        raise UnreadableError(text, reason) from error
    nodes = len(list(ast.walk(tree)))
    if nodes > MAX_NODES:
        raise ExpressionError(f"'{text[:40]}…' is too long: {nodes} parts, {MAX_NODES} at most")
    return tree


def depends_on_x(tree: ast.expr) -> bool:
    """Whether x stands somewhere in an expression's tree."""
    return "x" in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


# A tree is read once: each node becomes a function of x and the vocabulary xp.


def _compile_branch(n, text):
    """A branch as a function whose value has x's shape, also where it is a constant."""
    value = _compile(n, text)
    if depends_on_x(n):
        return value
    return lambda x, xp: 0 * x + value(x, xp)


def _compile(n, text):
    """One node as a function of x and xp. Raises NotAllowed for what is not on the list."""
    match n:
        case ast.Constant():
            _parse_number(n, text)
            written = _source(n, text)
            return lambda x, xp: xp.decimal(written)
        case ast.Name(id="x"):
            return lambda x, xp: x
        case ast.Name(id="pi"):
            return lambda x, xp: xp.pi
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            value = _compile(inner, text)
            return lambda x, xp: -value(x, xp)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _compile(inner, text)
        case ast.BinOp(op=ast.Pow()):
            return _compile_power(n, text)
        case ast.BinOp(op=op) if type(op) in _OPERATIONS:
            operation = _OPERATIONS[type(op)]
            left, right = _compile(n.left, text), _compile(n.right, text)
            return lambda x, xp: operation(left(x, xp), right(x, xp))
        case ast.Call():
            return _compile_call(n, text)
        case ast.IfExp():
            return _compile_pieces(n, text)
    raise NotAllowed(n, text)


def _compile_call(n, text):
    """A function of the vocabulary with its one argument."""
    match n:
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in FUNCTIONS:
            argument = _compile(inner, text)
            return lambda x, xp: getattr(xp, name)(argument(x, xp))
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
            raise NotAllowed(n, text, "arguments")
        case ast.Call(func=ast.Name(id=name)) if name not in ("x", "pi"):
            raise NotAllowed(n.func, text, "function")
    raise NotAllowed(n, text)


def _compile_power(n, text):
    """A whole power by repeated multiplication."""
    base = _compile(n.left, text)
    k = n.right.value if isinstance(n.right, ast.Constant) else None
    if type(k) is not int or not 1 <= k <= MAX_POWER:
        raise NotAllowed(n, text, "power")

    def power(x, xp):
        value = base(x, xp)
        total = value
        for _ in range(k - 1):
            total = total * value
        return total

    return power


def _compile_pieces(n, text):
    """`body if condition else orelse` as a piecewise."""
    c, below, holds_at = _parse_condition(n.test, text)
    over, under = str(c.numerator), str(c.denominator)
    body, orelse = _compile_branch(n.body, text), _compile_branch(n.orelse, text)
    left, right = (body, orelse) if below else (orelse, body)
    at = "left" if below == holds_at else "right"

    def pieces(x, xp):
        exact = xp.decimal(over) / xp.decimal(under)
        return xp.piecewise(x, exact, lambda x: left(x, xp), lambda x: right(x, xp), at=at)

    return pieces


def _parse_condition(n, text):
    """(c, below, holds_at): it holds for x < c (`below`) or for x > c, and whether at c itself."""
    known = isinstance(n, ast.Compare) and len(n.ops) == 1
    if not known or not isinstance(n.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
        raise NotAllowed(n, text, "condition")
    left, right = _parse_line(n.left, text), _parse_line(n.comparators[0], text)
    slope, level = left[0] - right[0], left[1] - right[1]
    if slope == 0:
        raise NotAllowed(n, text, "constant")
    less = isinstance(n.ops[0], ast.Lt | ast.LtE)
    holds_at = isinstance(n.ops[0], ast.LtE | ast.GtE)
    return -level / slope, less == (slope > 0), holds_at


def _source(n, text):
    """The text of a number without the underscores between its digits."""
    return ast.get_source_segment(text, n).replace("_", "")


def _parse_number(n, text):
    """The exact rational that a literal writes, which must be a decimal of a double's size."""
    written = _source(n, text)
    if not re.fullmatch(r"[0-9]*\.?[0-9]*([eE][+-]?[0-9]{1,3})?", written):
        raise NotAllowed(n, text, "decimal")
    exact = Fraction(written)
    if exact and not 1e-300 < n.value < 1e300:
        raise NotAllowed(n, text, "size")
    return exact


def _parse_line(n, text):
    """(slope, level) of a straight line in x with rational numbers, exactly."""
    match n:
        case ast.Constant():
            return Fraction(0), _parse_number(n, text)
        case ast.Name(id="x"):
            return Fraction(1), Fraction(0)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
            sign = -1 if isinstance(n.op, ast.USub) else 1
            slope, level = _parse_line(inner, text)
            return sign * slope, sign * level
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            sign = -1 if isinstance(n.op, ast.Sub) else 1
            (a, b), (c, d) = _parse_line(n.left, text), _parse_line(n.right, text)
            return a + sign * c, b + sign * d
        case ast.BinOp(op=ast.Mult()):
            (a, b), (c, d) = _parse_line(n.left, text), _parse_line(n.right, text)
            if a == 0 or c == 0:
                return a * d + b * c, b * d
        case ast.BinOp(op=ast.Div()):
            (a, b), (c, d) = _parse_line(n.left, text), _parse_line(n.right, text)
            if c == 0 and d != 0:
                return a / d, b / d
    raise NotAllowed(n, text, "line")


_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
