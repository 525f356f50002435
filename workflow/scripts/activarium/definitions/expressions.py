"""Activations written as one line in the study: read against the vocabulary, never run as code.

    x * ndtr(1.1 * x)
    expm1(x) if x < 0 else x

The line is parsed by Python's `ast` and every node of it is held against a short list: `x`,
`pi`, numbers (exact decimals), + − * /, whole powers, the functions of `definitions.FUNCTIONS`, and
pieces as `… if x < c else …` with <, <=, > or >= between x (or a straight line in x) and a number.
Whichever side of a comparison holds at c itself gives value and derivative there.
"""

import ast
import operator
import re
import warnings
from fractions import Fraction
from functools import cache

from ..runtime.errors import UserError, suggest
from . import FUNCTIONS
from .abstract import instead, no_power

NODES = 400  # the longest expression
SPAN = 1000  # |x| up to which divisions, logarithms and roots are proven sound


class ExpressionError(UserError):
    """An expression that is refused; the message says what in it and what would do.

    What a terminal would not print as it stands is shown escaped.
    """

    def __init__(self, line):
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line))


@cache  # one function for all layers, so that what is found of it is found once
def definition(text):
    """The `definition(x, xp)` that the expression `text` states. Raises ExpressionError."""
    text = _one_line(text)
    return _branch(_parsed(text), text)


def check(text):
    """Refuse what cannot be read, has no x in it, or may divide by zero for some |x| ≤ SPAN."""
    from ..certify import Unproven, finite

    if "#" in text:  # its lines are joined, and a comment would swallow those that follow
        raise ExpressionError(f"'{_one_line(text)}' has a comment in it; write that beside it")
    text = _one_line(text)
    if "x" not in {n.id for n in ast.walk(_parsed(text)) if isinstance(n, ast.Name)}:
        raise ExpressionError(f"'{text}' does not depend on x")
    try:
        finite(definition(text), SPAN)
    except Unproven as why:
        raise ExpressionError(f"'{text}': {why}") from why


def _one_line(text):
    return " ".join(text.split())


def _parsed(text):
    """The expression's tree, every node of it one that is known."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 2(x) is refused below, in our words
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        why = _unreadable(text) or getattr(error, "msg", None) or type(error).__name__
        raise ExpressionError(f"'{text}' cannot be read as one expression: {why}") from error
    nodes = list(ast.walk(tree))
    if len(nodes) > NODES:
        raise ExpressionError(f"'{text[:40]}…' is too long: {len(nodes)} parts, {NODES} at most")
    _check(tree, text)
    return tree


SIGNS = {  # of other places: how they are written here
    "²": "**2", "³": "**3", "·": "*", "×": "*", "−": "-", "÷": "/", "≤": "<=", "≥": ">=",
    "√": "sqrt(…)", "|": "-x if x < 0 else x for |x|", "{": "( )", "\\": "the words alone",
}  # fmt: skip


def _unreadable(text):
    """How to write what people write elsewhere, where that is why a text is no expression."""
    for sign, way in SIGNS.items():
        if sign in text:
            return f"write {way} for {sign}" if sign != "|" else f"write {way}"
    if re.search(r"(?<![<>=!])=(?!=)", text):
        return "write only what stands right of the ="
    if re.search(r"[0-9)] *[a-z(]", text) and not re.search(r"[0-9)] +(if|else)\b", text):
        return "write * between two factors, as in 2 * x"
    return None


def _check(n, text):
    """Refuse the first node, from the outside in, that is not on the list."""
    match n:
        case ast.Constant():
            _number(n, text)
        case ast.Name(id="x" | "pi"):
            return
        case ast.Name(id=name) if name in FUNCTIONS:
            _refuse(n, text, f"is a function: write {name}(…)")
        case ast.Name(id=name) if way := _unreadable(name):
            _refuse(n, text, f"is no word here; {way}")
        case ast.Name(id=name):
            _refuse(n, text, f"is no word here{_way(name)}{_learned(name)}")
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
            _check(inner, text)
        case ast.BinOp(op=ast.Pow()):
            _check_power(n, text)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
            _check(n.left, text)
            _check(n.right, text)
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in FUNCTIONS:
            _check(inner, text)
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
            _refuse(n, text, f"must have one argument: {name}(x)")
        case ast.Call(func=ast.Name(id="x" | "pi")):
            _refuse(n, text, "calls a number; write * between two factors")
        case ast.Call(func=ast.Name(id=name)):
            _refuse(n.func, text, f"is no function here{_way(name)}")
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Attribute(attr=name) if instead(name):
            _refuse(n, text, f"is not allowed; write {instead(name)}")
        case ast.Lambda():
            _refuse(n, text, "is not allowed; write what stands behind the colon alone")
        case ast.BinOp(op=ast.BitXor()):
            _refuse(n, text, "is no power; write x**2")
        case ast.IfExp():
            _condition(n.test, text)
            _check(n.body, text)
            _check(n.orelse, text)
        case ast.Compare():
            _refuse(n, text, "is a condition: write … if x < 0 else …")
        case _:
            _refuse(n, text, "is not allowed; there are + - * / ** ( ) and … if x < 0 else …")


def _way(name):
    """What to write for a word that is none here, else those that are there."""
    words = ["x", "pi", *FUNCTIONS]
    way = instead(name)
    return f"; write {way}" if way else f"{suggest(name, words)}; known are {', '.join(words)}"


def _learned(name):
    if instead(name) or suggest(name, ["x", "pi", *FUNCTIONS]):
        return ""
    return f"; a number that training learns needs a file, with def definition(x, xp, *, {name}=1)"


def _refuse(n, text, why):
    raise ExpressionError(f"'{ast.get_source_segment(text, n) or text}' {why}")


def _check_power(n, text):
    _check(n.left, text)
    minus = isinstance(n.right, ast.UnaryOp) and isinstance(n.right.op, ast.USub)
    number = n.right.operand if minus else n.right
    k = number.value if isinstance(number, ast.Constant) else None
    problem = no_power(-k if minus and type(k) in (int, float) else k)
    if problem:
        _refuse(n, text, problem.replace("{xp}.", ""))


def _condition(n, text):
    """(c, below): a condition holds for x < c (`below`) or for x > c, and whether at c itself."""
    if isinstance(n, ast.BoolOp) or (isinstance(n, ast.Compare) and len(n.ops) > 1):
        way = "write pieces in a row, … if x < 0 else … if x < 1 else …"
        _refuse(n, text, f"is no condition; {way}")
    if not isinstance(n, ast.Compare):
        _refuse(n, text, "is no condition; write x < c, x <= c, x > c or x >= c")
    if not isinstance(n.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
        _refuse(n, text, "is no condition; write x < c, x <= c, x > c or x >= c")
    slope, level = (
        a - b for a, b in zip(*(_line(s, text) for s in (n.left, n.comparators[0])), strict=True)
    )
    if slope == 0:
        _refuse(n, text, "does not depend on x")
    less = isinstance(n.ops[0], ast.Lt | ast.LtE)
    holds_at = isinstance(n.ops[0], ast.LtE | ast.GtE)
    return -level / slope, less == (slope > 0), holds_at


def _number(n, text):
    """The exact rational that a literal writes, which must be a decimal of a double's size."""
    written = ast.get_source_segment(text, n).replace("_", "")
    if not re.fullmatch(r"[0-9]*\.?[0-9]*([eE][+-]?[0-9]{1,3})?", written):
        _refuse(n, text, "is no decimal number")
    exact = Fraction(written)
    if exact and not 1e-300 < n.value < 1e300:
        _refuse(n, text, "is too large or too small a number")
    return exact


def _line(n, text):
    """(slope, level) of a straight line in x with rational numbers, exactly."""
    match n:
        case ast.Constant():
            return Fraction(0), _number(n, text)
        case ast.Name(id="x"):
            return Fraction(1), Fraction(0)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
            sign = -1 if isinstance(n.op, ast.USub) else 1
            return tuple(sign * v for v in _line(inner, text))
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            sign = -1 if isinstance(n.op, ast.Sub) else 1
            (a, b), (c, d) = _line(n.left, text), _line(n.right, text)
            return a + sign * c, b + sign * d
        case ast.BinOp(op=ast.Mult()):
            (a, b), (c, d) = _line(n.left, text), _line(n.right, text)
            if a == 0 or c == 0:
                return a * d + b * c, b * d
        case ast.BinOp(op=ast.Div()):
            (a, b), (c, d) = _line(n.left, text), _line(n.right, text)
            if c == 0 and d != 0:
                return a / d, b / d
    _refuse(n, text, "is no straight line in x with exact numbers, as a condition needs")
    return None


# A tree is read once: each node becomes a function of x and the primitives xp.


def _branch(n, text):
    """A branch as a function whose value has x's shape also where it is a constant."""
    value = _read(n, text)
    if "x" in {m.id for m in ast.walk(n) if isinstance(m, ast.Name)}:
        return value
    return lambda x, xp: 0 * x + value(x, xp)


def _read(n, text):
    """One node of a checked tree as a function of x and xp."""
    match n:
        case ast.Constant():
            written = ast.get_source_segment(text, n).replace("_", "")
            return lambda x, xp: xp.decimal(written)
        case ast.Name(id="x"):
            return lambda x, xp: x
        case ast.Name():
            return lambda x, xp: xp.pi
        case ast.UnaryOp(op=op):
            inner = _read(n.operand, text)
            return (lambda x, xp: -inner(x, xp)) if isinstance(op, ast.USub) else inner
        case ast.BinOp(op=ast.Pow()):
            return _power(_read(n.left, text), n.right.value)
        case ast.BinOp(op=op):
            operation = _OPERATIONS[type(op)]
            left, right = _read(n.left, text), _read(n.right, text)
            return lambda x, xp: operation(left(x, xp), right(x, xp))
        case ast.Call(func=ast.Name(id=name), args=[inner]):
            argument = _read(inner, text)
            return lambda x, xp: getattr(xp, name)(argument(x, xp))
    return _pieces(n, text)


def _power(base, k):
    """baseᵏ by repeated multiplication."""

    def power(x, xp):
        value = base(x, xp)
        total = value
        for _ in range(k - 1):
            total = total * value
        return total

    return power


def _pieces(n, text):
    """`body if condition else orelse` as a piecewise."""
    c, below, holds_at = _condition(n.test, text)
    over, under = str(c.numerator), str(c.denominator)
    body, orelse = _branch(n.body, text), _branch(n.orelse, text)
    left, right = (body, orelse) if below else (orelse, body)
    at = "left" if below == holds_at else "right"

    def pieces(x, xp):
        exact = xp.decimal(over) / xp.decimal(under)
        return xp.piecewise(x, exact, lambda x: left(x, xp), lambda x: right(x, xp), at=at)

    return pieces


_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
