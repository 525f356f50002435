"""The formula of a definition as MathML, which browsers typeset and screen readers speak."""

import html
import re
from collections.abc import Callable

from ..definitions.operations import Operation, written_operations

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "mu": "μ", "sigma": "σ", "pi": "π",
    "epsilon": "ε", "lambda": "λ", "theta": "θ",
}  # fmt: skip
NAMES = {
    "sigmoid": "σ", "ndtr": "Φ", "softplus": "softplus", "logsigmoid": "log σ", "log": "log",
    "sin": "sin", "cos": "cos", "atan": "arctan", "asinh": "arsinh", "tanh": "tanh", "erf": "erf",
}  # fmt: skip
RANKS = {"+": 1, "−": 1, "negative": 1, "expm1": 1, "·": 2, "/": 4, "power": 3}  # what binds how
LONGEST = 8  # characters of a number that are shown
LEADING = re.compile(r"^-")


def formula_mathml(definition: Callable, name: str = "f") -> str:
    """`<math>` with name(x) = the definition; its parameters are symbols."""
    body = _element(written_operations(definition))
    head = f"<mi>{html.escape(name)}</mi><mo>⁡</mo>{_fence('<mi>x</mi>')}<mo>=</mo>"
    return f'<math display="block"><mrow>{head}{body}</mrow></math>'


def _element(op: Operation) -> str:
    """The MathML of one operation, one element."""
    if op.name in WRITERS:
        return WRITERS[op.name](op)
    return _applied(f"<mi>{NAMES[op.name]}</mi>", _element(op.parts[0]))


def _inside(op, rank):
    """An operand, fenced where it binds less than `rank`."""
    text = _element(op)
    return _fence(text) if RANKS.get(op.name, 9) < rank else text


def _fence(text):
    return f"<mrow><mo>(</mo>{text}<mo>)</mo></mrow>"


def _row(*parts):
    return f"<mrow>{''.join(parts)}</mrow>"


def _applied(function, argument):
    return _row(function, "<mo>⁡</mo>", _fence(argument))


def _number(op):
    """A number; of a long one its first digits, since the code beside it has them all."""
    text = op.parts[0]
    digits = text.removeprefix("-")
    if "." in digits and len(digits) > LONGEST:
        digits = f"{digits[:LONGEST]}…"
    number = f"<mn>{digits}</mn>"
    return _row("<mo>−</mo>", number) if text.startswith("-") else number


def _symbol(op):
    """An identifier, a Greek letter for its name, what follows _ as an index."""
    head, _, index = op.parts[0].partition("_")
    base = f"<mi>{GREEK.get(head, html.escape(head))}</mi>"
    if found := re.fullmatch(r"([a-z])(\d+)", head):
        base, index = f"<mi>{found[1]}</mi>", found[2]
    return f"<msub>{base}<mi>{GREEK.get(index, html.escape(index))}</mi></msub>" if index else base


def _sum(op):
    left, right = op.parts
    sign = "+" if op.name == "+" else "−"
    if op.name == "+" and _is_negative(right):
        sign, right = "−", Operation("number", (LEADING.sub("", right.parts[0]),))
    return _row(_element(left), f"<mo>{sign}</mo>", _inside(right, 1 if sign == "+" else 2))


def _is_negative(op):
    return op.name == "number" and op.parts[0].startswith("-")


def _product(op):
    left, right = op.parts
    return _row(_inside(left, 2), "<mo>⋅</mo>", _inside(right, 2))


def _exponential(op):
    return f"<msup><mi>e</mi>{_element(op.parts[0])}</msup>"


def _power(op):
    base, exponent = op.parts
    return f"<msup>{_inside(base, 9)}<mn>{exponent}</mn></msup>"


def _cases(op):
    """A brace with one row for each piece, the left one first."""
    rows = "".join(
        f"<mtr><mtd>{_element(value)}</mtd><mtd>{_row('<mtext>if </mtext>', condition)}</mtd></mtr>"
        for value, condition in _pieces(op)
    )
    return _row("<mo>{</mo>", f'<mtable columnalign="left">{rows}</mtable>')


def _pieces(op):
    """(value, condition) of each piece; a nested one with the same argument is taken apart."""
    x, c, left, right, at = op.parts
    below, above = ("≤", "&gt;") if at == "left" else ("&lt;", "≥")
    for branch, sign in ((left, below), (right, above)):
        condition = _row(_element(x), f"<mo>{sign}</mo>", _element(c))
        if branch.name == "piecewise" and branch.parts[0] == x:
            inner = list(_pieces(branch))
            yield from ((v, _both(k, condition, sign)) for v, k in inner)
        else:
            yield branch, condition


def _both(inner, outer, sign):
    """Both conditions; the one that the other implies is left out by the reader, not by us."""
    return _row(inner, "<mtext> and </mtext>", outer)


WRITERS = {
    "number": _number,
    "symbol": _symbol,
    "+": _sum,
    "−": _sum,
    "·": _product,
    "/": lambda op: f"<mfrac>{_element(op.parts[0])}{_element(op.parts[1])}</mfrac>",
    "negative": lambda op: _row("<mo>−</mo>", _inside(op.parts[0], 2)),
    "power": _power,
    "exp": _exponential,
    "expm1": lambda op: _row(_exponential(op), "<mo>−</mo><mn>1</mn>"),
    "log1p": lambda op: _applied(
        "<mi>log</mi>", _row("<mn>1</mn><mo>+</mo>", _inside(op.parts[0], 1))
    ),
    "sqrt": lambda op: f"<msqrt>{_element(op.parts[0])}</msqrt>",
    "piecewise": _cases,
}
