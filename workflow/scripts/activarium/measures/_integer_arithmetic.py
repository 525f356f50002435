"""What in an activation's definition integer sums, products and comparisons cannot compute."""

from typing import Any

from .. import activations
from ..activations import ActivationSpec
from ..definitions import FUNCTIONS, on_numpy

DIVISION = "division by x"


def functions_beyond_integers(spec: ActivationSpec) -> list[str] | None:
    """The functions of x in a definition that 8-bit integers look up in a table, sorted.

    Division by something that depends on x is among them. Sums, products, whole powers, divisions
    by a number and cases are not. None where the activation has no definition.
    """
    if not activations.has_definition(spec):
        return None
    traced = _Traced(set())
    activations.definition(spec)(traced, _Words())
    return sorted(traced.found)


class _Traced:
    """Something that depends on x; `found` collects what was applied to it."""

    def __init__(self, found: set[str]):
        self.found = found

    def _same(self, *_: Any) -> "_Traced":
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = __pow__ = _same

    def __truediv__(self, other: Any) -> "_Traced":
        return other.__rtruediv__(self) if isinstance(other, _Traced) else self

    def __rtruediv__(self, other: Any) -> "_Traced":
        self.found.add(DIVISION)
        return self


class _Words:
    """The words of a definition, which note those that are applied to x."""

    pi = on_numpy.pi
    decimal = staticmethod(on_numpy.decimal)

    def piecewise(self, x: Any, c: Any, left: Any, right: Any, at: str = "right") -> Any:
        """Both cases."""
        left(x)
        return right(x)

    def __getattr__(self, name: str) -> Any:
        if name not in FUNCTIONS:
            raise AttributeError(name)

        def word(x):
            if not isinstance(x, _Traced):
                return getattr(on_numpy, name)(x)
            x.found.add(name)
            return x

        return word
