"""A stand-in for x: a definition is run on it once, and what it may not do with x is said in words.

It computes nothing. It knows only whether something has the shape of x, and raises `NotAWord`
wherever a definition leaves the vocabulary of `definitions`, whichever library it does that with.
"""

import inspect
import math
import re
from fractions import Fraction

from . import FUNCTIONS

WORDS = (*FUNCTIONS, "piecewise", "decimal", "pi")
POWER = 16  # the highest whole power
STEPS = 20_000  # the most operations of a definition; those of the house have 30 at most

INSTEAD = {  # words of other places, as a line of the study says them
    "abs": "-x if x < 0 else x",
    "arcsinh": "asinh(x)",
    "arctan": "atan(x)",
    "clamp": "0 if x < 0 else x",
    "clamp_min": "0 if x < 0 else x",
    "clip": "-1 if x < -1 else x if x < 1 else 1",
    "cosh": "(exp(x) + exp(-x)) / 2",
    "e": "exp(1)",
    "elu": "expm1(x) if x < 0 else x",
    "erfc": "2 * ndtr(-sqrt(2) * x)",
    "expit": "sigmoid(x)",
    "fabs": "-x if x < 0 else x",
    "gelu": "x * ndtr(x)",
    "hardtanh": "-1 if x < -1 else x if x < 1 else 1",
    "heaviside": "0 * x if x < 0 else 1",
    "leaky_relu": "0.01 * x if x < 0 else x",
    "logistic": "sigmoid(x)",
    "max": "0 if x < 0 else x",
    "maximum": "0 if x < 0 else x",
    "min": "x if x < 0 else 0",
    "minimum": "x if x < 0 else 0",
    "mish": "x * tanh(softplus(x))",
    "pi": "pi",
    "norm_cdf": "ndtr(x)",
    "normcdf": "ndtr(x)",
    "Phi": "ndtr(x)",
    "pow": "x**2",
    "power": "x**2",
    "relu": "0 if x < 0 else x",
    "sigm": "sigmoid(x)",
    "sign": "0 * x - 1 if x < 0 else 1",
    "silu": "x * sigmoid(x)",
    "sinh": "(exp(x) - exp(-x)) / 2",
    "square": "x**2",
    "swish": "x * sigmoid(x)",
    "where": "… if x < 0 else …",
    "Φ": "ndtr(x)",
    "π": "pi",
    "σ": "sigmoid(x)",
}


class NotAWord(Exception):
    """What a definition may not do with x; the text follows the piece of code, in quotes."""


class Branching(NotAWord):
    """A comparison, or an `if`, of what depends on x; `at` is the number compared with."""

    def __init__(self, at=0):
        super().__init__("branches")
        self.at = at if type(at) in (int, float) else 0


def instead(word, xp=None):
    """How a word of another place is written: in a line of the study, or by `xp` in a file."""
    said = f"{word}(x)" if word in FUNCTIONS else INSTEAD.get(word)
    if said is None or xp is None:
        return said
    pieces = re.fullmatch(r"(.+?) if x < (\S+) else (.+)", said)
    if pieces:
        left, at, right = pieces.groups()
        if " if " in right:
            return f"{xp}.piecewise(x, {at}, …), one inside the other"
        return f"{xp}.piecewise(x, {at}, lambda x: {left}, lambda x: {right})"
    return re.sub(rf"\b({'|'.join((*FUNCTIONS, 'pi'))})\b", rf"{xp}.\1", said)


def no_power(k):
    """What is said of x**k where `k` is no whole number from 1 to POWER; else None."""
    number, whole = type(k) in (int, float), range(1, POWER + 1)
    if type(k) is int and k in whole:
        return None
    if number and k == 0:
        return "has the power 0; write 1"
    if number and abs(k) == 0.5:
        return f"is a root; write {'1 / ' if k < 0 else ''}{{xp}}.sqrt(x)"
    if number and -k in whole:
        return f"has a negative power; write 1 / {'x' if k == -1 else f'x**{int(-k)}'}"
    if number and k in whole:
        return f"has a power with a decimal point; write x**{int(k)}"
    return f"is no whole power from 1 to {POWER}; {{xp}}.sqrt and {{xp}}.exp are there for others"


def _refused(text):
    def method(self, *others, **named):
        raise NotAWord(text)

    return method


def _compared(self, other=0):
    raise Branching(other)


class StandIn:
    """A number: x or what is computed from it (`shaped`), or a constant such as √2 or a slope."""

    def __init__(self, shaped, steps):
        self.shaped, self.steps = shaped, steps

    def _with(self, other=0):
        _number(other)
        return self._next(self.shaped or getattr(other, "shaped", False))

    def _next(self, shaped):
        self.steps.append(None)
        if len(self.steps) > STEPS:
            raise NotAWord(f"is too long: more than {STEPS} operations")
        return StandIn(shaped, self.steps)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __rtruediv__ = _with
    __neg__ = __pos__ = _with

    def __truediv__(self, other):
        if type(other) in (int, float) and other == 0:
            raise NotAWord("divides by 0")
        return self._with(other)

    def __pow__(self, k, modulus=None):
        if (problem := no_power(k)) is not None:
            raise NotAWord(problem)
        return self._with()

    def __rpow__(self, base):
        raise NotAWord("has x in its power; write {xp}.exp({xp}.log(2) * x) for 2**x")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __bool__ = _compared
    __hash__ = object.__hash__
    __abs__ = __round__ = __floor__ = __ceil__ = __trunc__ = _refused("is no word here")
    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __matmul__ = __rmatmul__ = (
        __and__
    ) = __rand__ = __or__ = __ror__ = __invert__ = __lshift__ = __rshift__ = _refused(
        "is not allowed; there are + - * / ** and the words of {xp}"
    )
    __xor__ = __rxor__ = _refused("is no power; write x**2")
    __int__ = __float__ = __complex__ = __index__ = _refused("is no word here")
    __len__ = __iter__ = __getitem__ = __setitem__ = __contains__ = _refused(
        "takes x for a list; a definition sees one number"
    )
    __call__ = _refused("calls a number; write * between two factors")
    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ipow__ = _refused(
        "changes numbers in their place; write y = x + 1 for x += 1, and so on"
    )
    __array__ = _refused("is no word here")

    def __array_ufunc__(self, function, method, *inputs, **named):
        if function.__name__ in ("add", "subtract", "multiply", "divide", "power"):
            raise NotAWord("joins x and a number of numpy; write a plain number, or {xp}.sqrt(2)")
        raise NotAWord("is no word here")

    def __array_function__(self, *called):
        raise NotAWord("is no word here")

    @classmethod
    def __torch_function__(cls, *called):
        raise NotAWord("is no word here")

    def __getattr__(self, word):
        if word.startswith("__"):
            raise AttributeError(word)
        raise NotAWord("is no word here")


def _number(value):
    """Refuse what is no number for each of the kinds of number that read a definition."""
    if type(value) in (int, float) and not math.isfinite(value):
        raise NotAWord(f"holds {value}, which is no finite number")
    if not isinstance(value, StandIn) and type(value) not in (int, float):
        kind = "{xp} itself" if isinstance(value, Words) else f"a {type(value).__name__}"
        way = (
            "call it, as in {xp}.exp(x)"
            if callable(value)
            else "write a plain number, x / 3, or {xp}.pi"
        )
        raise NotAWord(f"joins x and {kind}; {way}")


class Words:
    """What a definition sees as `xp` while it is run on stand-ins."""

    def __init__(self):
        vars(self)["steps"] = []
        vars(self)["pi"] = StandIn(False, self.steps)

    def __setattr__(self, word, value):
        raise NotAWord("changes a word for all definitions; give what is new another name")

    def __getattr__(self, word):
        if word in FUNCTIONS:
            return lambda *numbers, **named: self._function(numbers, named)
        raise NotAWord("is no word here")

    def _function(self, numbers, named):
        if len(numbers) != 1 or named:
            raise NotAWord("must have one argument")
        _number(numbers[0])
        return self.pi._next(getattr(numbers[0], "shaped", False))

    def decimal(self, text):
        try:
            Fraction(text if isinstance(text, str) and "/" not in text else "")
        except ValueError:
            raise NotAWord('takes a decimal in quotes, {xp}.decimal("0.1")') from None
        return self.pi._next(False)

    def piecewise(self, *given, **named):
        try:
            inspect.signature(self._pieces).bind(*given, **named)
        except TypeError as error:
            form = "{xp}.piecewise(x, 0, lambda x: …, lambda x: …)"
            raise NotAWord(f'has other arguments than {form}, at="left" where wished') from error
        return self._pieces(*given, **named)

    def _pieces(self, x, c, left, right, at="right"):
        if not getattr(x, "shaped", False):
            raise NotAWord("branches at what is no x; write {xp}.piecewise(x, 0, …)")
        _number(c)
        if getattr(c, "shaped", False):
            raise NotAWord("branches at a place that depends on x; write a number there")
        if not (callable(left) and callable(right)) or isinstance(left, StandIn):
            raise NotAWord("takes two functions of x; write lambda x: … for each piece")
        if at not in ("left", "right"):
            raise NotAWord('says neither at="left" nor at="right"')
        values = [left(x._with()), right(x._with())]
        for value in values:
            _number(value)
        if not any(getattr(value, "shaped", False) for value in values):
            raise NotAWord("has numbers alone as pieces; write one as 0 * x + 1")
        return x._with()
