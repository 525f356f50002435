"""A dry run of a definition on an abstract x: no number is computed, every operation is checked.

An abstract value knows only whether it depends on x. It raises NotInVocabulary wherever a
definition leaves the vocabulary of `definitions`, whichever library it does that with.
"""

import inspect
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from . import FUNCTIONS
from .suggestions import power_error

VOCABULARY = (*FUNCTIONS, "piecewise", "decimal", "pi")
UNKNOWN = "is not in the vocabulary"
MAX_STEPS = 20_000  # operations of a definition; the built-in ones have 30 at most
MOST_DIGITS = 12  # of a number as it is written; what Python rounded has 15 to 17, rarely fewer


class NotInVocabulary(Exception):
    """What a definition may not do with x. The text follows the quoted piece of code.

    "{xp}" in it stands for the name of the definition's second argument."""


class BranchesOnValue(NotInVocabulary):
    """A comparison, or an `if`, of what depends on x; `at` is the number compared with."""

    def __init__(self, at: object = 0):
        super().__init__("branches")
        self.at = at if type(at) in (int, float) else 0


def _method_raising(text):
    """A method that raises NotInVocabulary, whatever it is called with."""

    def method(self, *others, **named):
        raise NotInVocabulary(text)

    return method


def _raise_branches(self, other=0):
    raise BranchesOnValue(other)


class AbstractValue:
    """A number without a value: it only knows whether it depends on x.

    `steps` has one entry for each operation of the whole dry run."""

    def __init__(self, depends_on_x: bool, steps: list):
        self.depends_on_x, self.steps = depends_on_x, steps

    def _combine(self, other=0):
        """The value of an operation on this one and `other`."""
        _check_number(other)
        return self._add_step(self.depends_on_x or getattr(other, "depends_on_x", False))

    def _add_step(self, depends_on_x):
        self.steps.append(None)
        if len(self.steps) > MAX_STEPS:
            raise NotInVocabulary(f"is too long: more than {MAX_STEPS} operations")
        return AbstractValue(depends_on_x, self.steps)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __rtruediv__ = _combine
    __neg__ = __pos__ = _combine

    def __truediv__(self, other):
        if type(other) in (int, float) and other == 0:
            raise NotInVocabulary("divides by 0")
        return self._combine(other)

    def __pow__(self, k, modulus=None):
        if (problem := power_error(k)) is not None:
            raise NotInVocabulary(problem)
        return self._combine()

    def __rpow__(self, base):
        raise NotInVocabulary("has x in its power; write {xp}.exp({xp}.log(2) * x) for 2**x")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __bool__ = _raise_branches
    __hash__ = object.__hash__
    __abs__ = __round__ = __floor__ = __ceil__ = __trunc__ = _method_raising(UNKNOWN)
    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __matmul__ = __rmatmul__ = (
        __and__
    ) = __rand__ = __or__ = __ror__ = __invert__ = __lshift__ = __rshift__ = _method_raising(
        "is not allowed; there are + - * / ** and the functions of {xp}"
    )
    __xor__ = __rxor__ = _method_raising("is not a power; write x**2")
    __int__ = __float__ = __complex__ = __index__ = _method_raising(UNKNOWN)
    __len__ = __iter__ = __getitem__ = __setitem__ = __contains__ = _method_raising(
        "treats x as a list; a definition sees one number"
    )
    __call__ = _method_raising("calls a number; write * between two factors")
    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ipow__ = _method_raising(
        "changes numbers in place; write y = x + 1 for x += 1, and so on"
    )
    __array__ = _method_raising(UNKNOWN)

    def __array_ufunc__(self, function, method, *inputs, **named):
        if function.__name__ in ("add", "subtract", "multiply", "divide", "power"):
            way = "write a plain number, or {xp}.sqrt(2)"
            raise NotInVocabulary(f"joins x and a number of numpy; {way}")
        raise NotInVocabulary(UNKNOWN)

    def __array_function__(self, *called):
        raise NotInVocabulary(UNKNOWN)

    @classmethod
    def __torch_function__(cls, *called):
        raise NotInVocabulary(UNKNOWN)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInVocabulary(UNKNOWN)


def _check_number(value):
    """Raise NotInVocabulary for what torch, numpy and the proofs do not all take as a number."""
    if type(value) in (int, float) and not math.isfinite(value):
        raise NotInVocabulary(f"holds {value}, which is not a finite number")
    if (
        type(value) is float
        and len(Decimal(repr(value)).normalize().as_tuple().digits) > MOST_DIGITS
    ):
        ways = 'x / 6 for 1 / 6 * x, {xp}.sqrt(2), {xp}.pi, or all digits in {xp}.decimal("…")'
        raise NotInVocabulary(f"holds {value}, which Python rounded; write {ways}")
    if not isinstance(value, AbstractValue) and type(value) not in (int, float):
        vocabulary = isinstance(value, AbstractVocabulary)
        kind = "{xp} itself" if vocabulary else f"a {type(value).__name__}"
        way = (
            "call it, as in {xp}.exp(x)"
            if callable(value)
            else "write a plain number, x / 3, or {xp}.pi"
        )
        raise NotInVocabulary(f"joins x and {kind}; {way}")


class AbstractVocabulary:
    """What a definition sees as `xp` during a dry run."""

    def __init__(self):
        vars(self)["steps"] = []
        vars(self)["pi"] = AbstractValue(False, self.steps)

    def __setattr__(self, name, value):
        raise NotInVocabulary("changes {xp} for all definitions; give your function another name")

    def __getattr__(self, name):
        if name in FUNCTIONS:
            return lambda *numbers, **named: self._call_function(numbers, named)
        raise NotInVocabulary(UNKNOWN)

    def _call_function(self, numbers, named):
        if len(numbers) != 1 or named:
            raise NotInVocabulary("must have one argument")
        _check_number(numbers[0])
        return self.pi._add_step(getattr(numbers[0], "depends_on_x", False))

    def decimal(self, text):
        """A constant; a text that is not a decimal raises NotInVocabulary."""
        try:
            Fraction(text if isinstance(text, str) and "/" not in text else "")
        except ValueError:
            raise NotInVocabulary('takes a decimal in quotes, {xp}.decimal("0.1")') from None
        return self.pi._add_step(False)

    def piecewise(self, *given, **named):
        """A value that depends on x, once the arguments have the form of `xp.piecewise`."""
        try:
            inspect.signature(self._piecewise).bind(*given, **named)
        except TypeError as error:
            form = "{xp}.piecewise(x, 0, lambda x: …, lambda x: …)"
            why = f'has other arguments than {form}, at="left" where wished'
            raise NotInVocabulary(why) from error
        return self._piecewise(*given, **named)

    def _piecewise(self, x, c, left, right, at="right"):
        if not getattr(x, "depends_on_x", False):
            way = "write {xp}.piecewise(x, 0, …)"
            raise NotInVocabulary(f"branches at something other than x; {way}")
        _check_number(c)
        if getattr(c, "depends_on_x", False):
            raise NotInVocabulary("branches at a place that depends on x; write a number there")
        if not (callable(left) and callable(right)) or isinstance(left, AbstractValue):
            raise NotInVocabulary("takes two functions of x; write lambda x: … for each piece")
        if at not in ("left", "right"):
            raise NotInVocabulary('has neither at="left" nor at="right"')
        values = [left(x._combine()), right(x._combine())]
        for value in values:
            _check_number(value)
        if not any(getattr(value, "depends_on_x", False) for value in values):
            raise NotInVocabulary("has only numbers as pieces; write one as 0 * x + 1")
        return x._combine()


def dry_run(definition: Callable) -> object:
    """What `definition(x, xp)` returns for an abstract x, its parameters being constants.

    Raises NotInVocabulary, or whatever else the definition raises.
    """
    vocabulary = AbstractVocabulary()
    learned = dict.fromkeys(getattr(definition, "__kwdefaults__", None) or (), vocabulary.pi)
    return definition(AbstractValue(True, vocabulary.steps), vocabulary, **learned)
