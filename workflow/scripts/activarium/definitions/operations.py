"""A definition as the operations that it writes, in its own order: what formulas and code print.

The proofs' expressions are brought into another form, in which nobody would write them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import FUNCTIONS


@dataclass(frozen=True)
class Operation:
    """One operation: `name` is +, −, ·, /, power, negative, number, symbol, piecewise or a word.

    `parts` are its operands; of a number or symbol its text, of a power the exponent second, of
    piecewise (x, c, left, right, at).
    """

    name: str
    parts: tuple

    def __add__(self, other):
        return Operation("+", (self, operation(other)))

    def __radd__(self, other):
        return Operation("+", (operation(other), self))

    def __sub__(self, other):
        return Operation("−", (self, operation(other)))

    def __rsub__(self, other):
        return Operation("−", (operation(other), self))

    def __mul__(self, other):
        return _product(self, operation(other))

    def __rmul__(self, other):
        return _product(operation(other), self)

    def __truediv__(self, other):
        return Operation("/", (self, operation(other)))

    def __rtruediv__(self, other):
        return Operation("/", (operation(other), self))

    def __pow__(self, exponent):
        return Operation("power", (self, exponent))

    def __neg__(self):
        return Operation("negative", (self,))

    def __pos__(self):
        return self


def _product(a, b):
    """a·b; of the same symbol twice its power."""
    base, exponent = a.parts if a.name == "power" else (a, 1)
    if base == b and base.name == "symbol":
        return Operation("power", (base, exponent + 1))
    if a.name == "·" and b.name == "symbol" and b in (a.parts[1], a.parts[1].parts[0]):
        return Operation("·", (a.parts[0], _product(a.parts[1], b)))
    return Operation("·", (a, b))


def operation(value: Any) -> Operation:
    """An operation as it is, a plain number as one."""
    return value if isinstance(value, Operation) else Operation("number", (f"{value!r}",))


def symbol(name: str) -> Operation:
    """A variable, a parameter or π."""
    return Operation("symbol", (name,))


class Recorder:
    """What a definition sees as `xp` while its operations are written down."""

    pi = symbol("pi")

    @staticmethod
    def decimal(text: str) -> Operation:
        """A number with all its digits."""
        return Operation("number", (text,))

    @staticmethod
    def piecewise(x: Any, c: Any, left: Callable, right: Callable, at: str = "right") -> Operation:
        """Both branches on their own sides of c."""
        x = operation(x)
        branches = operation(left(x)), operation(right(x))
        return Operation("piecewise", (x, operation(c), *branches, at))


def _record(word, x):
    return Operation(word, (operation(x),))


for _word in FUNCTIONS:
    setattr(Recorder, _word, staticmethod(partial(_record, _word)))


def written_operations(definition: Callable) -> Operation:
    """The operations of a definition(x, xp), its learned parameters as symbols."""
    learned = getattr(definition, "__kwdefaults__", None) or {}
    return operation(definition(symbol("x"), Recorder, **{name: symbol(name) for name in learned}))
