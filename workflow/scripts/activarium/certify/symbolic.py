"""A definition traced once into an expression, and the expression cut into pieces at its kinks.

The definition runs once, on the symbol x. What comes out is a tree of `Node`s over exact
rationals and π, which every ring (real jets, tails, exact rationals) then reads. Everything that
is a polynomial in x with rational coefficients is held as that polynomial, so that cancellation,
equality and zeros of polynomials are exact.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from flint import arb, ctx, fmpq, fmpq_poly

from ..definitions import FUNCTIONS
from . import ball_jets
from .unproven import Unproven

MAX_DEGREE = 64  # of a polynomial in x; more is no activation but a mistake
MAX_BITS = 16384  # of an exact number's numerator or denominator
MAX_DEPTH = 240  # of operations in each other, so that Python's stack is enough
MAX_TEXT = 4000  # characters of an expression that is printed as one
CONSTANT_BITS = 256  # to tell a constant from 0
LOWER_BOUNDS = {"log": 0, "log1p": -1, "sqrt": 0}  # what is taken of must lie above this
_nodes: WeakValueDictionary = (
    WeakValueDictionary()
)  # equal expressions are one object, so `is` compares them
_serial = count()


class Node:
    """One operation on other nodes: `op` names it and `args` are its nodes.

    `op` is "polynomial" (`value` is the fmpq_poly; a number is one of degree 0), "pi", "add",
    "mul", "div", a word of definitions.FUNCTIONS, or "piecewise" (`value` is (c, at), `args`
    are the branching argument, the left and the right branch).
    """

    __slots__ = (
        "op",
        "args",
        "value",
        "serial",
        "constant",
        "partial",
        "depth",
        "_size",
        "__weakref__",
    )
    op: str
    args: tuple
    value: Any
    serial: int
    constant: bool
    partial: bool
    depth: int
    _size: int | None

    @property
    def size(self) -> int:
        """How many different operations are in it."""
        if self._size is None:
            seen, stack = {self}, [self]
            while stack:
                new = set(stack.pop().args) - seen
                seen |= new
                stack += new
            self._size = len(seen)
        return self._size

    def __add__(self, other):
        return add(self, node(other))

    def __sub__(self, other):
        return add(self, mul(number(-1), node(other)))

    def __mul__(self, other):
        return mul(self, node(other))

    def __truediv__(self, other):
        return div(self, node(other))

    def __pow__(self, k):
        if type(k) is not int or not 1 <= k <= MAX_DEGREE:
            raise Unproven(f"a power {k} that is no whole number from 1 to {MAX_DEGREE}")
        return reduce(mul, [self] * k)

    def __neg__(self):
        return mul(number(-1), self)

    def __pos__(self):
        return self

    def __rsub__(self, other):
        return node(other) - self

    def __rtruediv__(self, other):
        return node(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __bool__(self):
        raise Unproven("a definition branches by xp.piecewise only, never by `if` or comparisons")

    __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: self.__bool__()


def _intern(op, args=(), value=None, key=None):
    """The one Node of this operation, new or already there."""
    key = (op, *map(id, args), key)
    found = _nodes.get(key)
    if found is None:
        if (op == "div" or op in LOWER_BOUNDS) and args[-1].constant:
            _check_existence(op, args[-1])
        found = Node()
        found.op, found.args, found.value, found.serial = op, args, value, next(_serial)
        found._size = None
        found.constant = (
            value.degree() <= 0 if op == "polynomial" else all(a.constant for a in args)
        )
        # a quotient, logarithm or root in x may not be finite everywhere; of a constant it exists
        found.partial = (op == "div" or op in LOWER_BOUNDS) and not args[-1].constant
        found.partial = found.partial or any(a.partial for a in args)
        found.depth = 1 + max((a.depth for a in args), default=0)
        if found.depth > MAX_DEPTH:
            raise Unproven(f"an expression nested more than {MAX_DEPTH} deep")
        _nodes[key] = found
    return found


def _check_existence(op, constant):
    """Refuse a quotient, logarithm or root of a constant for which it is not proven to exist."""
    with ctx.workprec(CONSTANT_BITS):
        value = ball_jets.value(constant, arb(0))
    sound = not value.contains(0) if op == "div" else value > LOWER_BOUNDS[op]
    if not (value.is_finite() and sound):
        words = {"div": "a division by {}, which is not proven other than 0"}
        words |= {
            o: f"{o}({{}}), whose argument is not proven above {LOWER_BOUNDS[o]}"
            for o in LOWER_BOUNDS
        }
        raise Unproven(words[op].format(format_expression(constant)))


def polynomial(p: fmpq_poly) -> Node:
    """The node of the fmpq_poly `p`."""
    if p.degree() > MAX_DEGREE:
        raise Unproven(f"a polynomial of degree {p.degree()}; at most {MAX_DEGREE} is supported")
    key = tuple((int(c.p), int(c.q)) for c in p.coeffs())
    if any(part.bit_length() > MAX_BITS for c in key for part in c):
        raise Unproven("a number of more digits than are supported")
    return _intern("polynomial", value=p, key=key)


def rational(value: Any) -> fmpq:
    """A plain number as an fmpq; a float means the shortest decimal that names it."""
    if isinstance(value, fmpq):
        return value
    try:
        exact = Fraction(repr(value) if isinstance(value, float) else value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unproven(f"{value!r:.40} is no finite number") from error
    return fmpq(exact.numerator, exact.denominator)


def number(value: Any) -> Node:
    """The node of a plain number."""
    return polynomial(fmpq_poly([rational(value)]))


def node(value: Any) -> Node:
    """A node as it is, a plain number as a node."""
    return value if isinstance(value, Node) else number(value)


X = polynomial(fmpq_poly([0, 1]))
PI = _intern("pi")


def _all_polynomials(*nodes):
    return all(n.op == "polynomial" for n in nodes)


def _is_rational(n):
    return n.op == "polynomial" and n.constant


def add(a: Node, b: Node) -> Node:
    """a + b."""
    if _all_polynomials(a, b):
        return polynomial(a.value + b.value)
    if a is number(0) or b is number(0):
        return b if a is number(0) else a
    if a is -b and not a.partial:
        return number(0)
    if _all_polynomials(b):
        a, b = b, a
    if b.op == "add" and any(_all_polynomials(n) for n in b.args):
        first, second = b.args if _all_polynomials(b.args[0]) else b.args[::-1]
        return add(add(a, first), second) if _all_polynomials(a) else add(first, add(a, second))
    if a.op == "add" and any(_all_polynomials(n) for n in a.args):
        first, second = a.args if _all_polynomials(a.args[0]) else a.args[::-1]
        return add(first, add(second, b))
    return _intern("add", tuple(sorted((a, b), key=lambda n: n.serial)))


def mul(a: Node, b: Node) -> Node:
    """a · b, with rational factors gathered in front."""
    if _all_polynomials(a, b):
        return polynomial(a.value * b.value)
    if _is_rational(b):
        a, b = b, a
    if a is number(1):
        return b
    if a is number(-1) and b.op == "add":
        return add(-b.args[0], -b.args[1])
    if _is_rational(a) and b.op == "mul" and any(_all_polynomials(n) for n in b.args):
        first, second = b.args if _all_polynomials(b.args[0]) else b.args[::-1]
        return mul(mul(a, first), second)
    if _is_rational(a):
        return _intern("mul", (a, b))
    if a.op == "mul" and _is_rational(a.args[0]):
        return mul(a.args[0], mul(a.args[1], b))
    if b.op == "mul" and _is_rational(b.args[0]):
        return mul(b.args[0], mul(a, b.args[1]))
    return _intern("mul", tuple(sorted((a, b), key=lambda n: n.serial)))


def div(a: Node, b: Node) -> Node:
    """a / b."""
    if b is number(0):
        raise Unproven("divides by zero")
    if _is_rational(b):
        return mul(number(1 / b.value[0]), a)
    if _has_minus(a) and not _has_minus(-a):
        return -div(-a, b)
    if _all_polynomials(b) and all(c <= 0 for c in b.value.coeffs()):
        return -div(a, -b)
    return _intern("div", (a, b))


class Tracer:
    """The primitives on nodes: what a definition sees as `xp` while it is traced."""

    pi = PI

    @staticmethod
    def decimal(text: str) -> Node:
        """The exact decimal that `text` writes."""
        return number(Fraction(text))

    @staticmethod
    def piecewise(x: Any, c: Any, left: Callable, right: Callable, at: str = "right") -> Node:
        """Both branches, kept apart; the condition must be affine in x with an exact c."""
        x, c = node(x), node(c)
        if not (_all_polynomials(x, c) and c.constant and x.value.degree() <= 1):
            raise Unproven("a branch condition must be affine in x with an exact rational number")
        below, above = node(left(x)), node(right(x))
        if below is above:
            return below
        return _intern("piecewise", (x, below, above), (c.value[0], at), (str(c.value[0]), at))


ODD, EVEN = ("sin", "tanh", "erf", "atan", "asinh"), ("cos",)


def apply(name, a):
    """A word of definitions.FUNCTIONS on a node; a minus comes out of what is odd or even."""
    if name in ODD + EVEN and _has_minus(a):
        turned = _intern(name, (-a,))
        return -turned if name in ODD else turned
    return _intern(name, (a,))


def sqrt(value: Any) -> Node:
    """√value of a node or a plain number."""
    return apply("sqrt", node(value))


def _has_minus(a):
    """Whether a node is written with a minus in front."""
    if a.op == "mul":
        return _has_minus(a.args[0])
    return a.op == "polynomial" and a.value.degree() >= 0 and a.value.coeffs()[-1] < 0


def _function_on_nodes(name):
    return staticmethod(lambda x: apply(name, node(x)))


for _name in FUNCTIONS:
    setattr(Tracer, _name, _function_on_nodes(_name))


def trace(definition: Callable) -> Node:
    """The expression of a definition(x, xp), with learned parameters at their defaults."""
    learned = getattr(definition, "__kwdefaults__", None) or {}
    return node(definition(X, Tracer, **{k: number(v) for k, v in learned.items()}))


def _breakpoint(branch):
    """(where a piecewise node branches, whether its left branch holds below): affine, exact."""
    p, c = branch.args[0].value, branch.value[0]
    return (c - p[0]) / p[1], p[1] > 0


def breakpoints(expression: Node) -> list[fmpq]:
    """Every rational where some branch of the expression changes, sorted."""
    seen, found, stack = set(), set(), [expression]
    while stack:
        n = stack.pop()
        if id(n) not in seen:
            seen.add(id(n))
            stack.extend(n.args)
            if n.op == "piecewise" and n.args[0].value.degree() == 1:
                found.add(_breakpoint(n)[0])
    return sorted(found)


def resolve(expression: Node, at: fmpq) -> Node:
    """The expression without branches as it holds at the rational `at` itself."""

    def choose(n, walk):
        p, (c, side) = n.args[0].value, n.value
        below = p(at) < c or (p(at) == c and side == "left")
        return walk(n.args[1] if below else n.args[2])

    return _rebuild(expression, {"piecewise": choose})


def mirror(branch: Node) -> Node:
    """f(−x) for a branch-free f(x)."""
    minus = {"polynomial": lambda n, walk: polynomial(n.value(fmpq_poly([0, -1])))}
    return _rebuild(branch, minus)


def normalize(branch: Node) -> Node:
    """The branch by identities that hold for all real u, so that equal functions look equal.

    tanh u = 2σ(2u) − 1, erf u = 2Φ(√2·u) − 1, logsigmoid u = −softplus(−u), expm1 u = eᵘ − 1,
    log1p u = log(1 + u), log(1 + eᵘ) = softplus u, a / (1 + eᵘ) = a·σ(−u); σ(−u) = 1 − σ(u) and
    Φ(−u) = 1 − Φ(u) are left alone.
    """
    two, root = number(2), apply("sqrt", number(2))
    rules = {
        "tanh": lambda u: two * apply("sigmoid", two * u) - 1,
        "erf": lambda u: two * apply("ndtr", root * u) - 1,
        "logsigmoid": lambda u: -apply("softplus", -u),
        "expm1": lambda u: apply("exp", u) - 1,
        "log": _normal_log,
        "log1p": lambda u: _normal_log(u + 1),
    }
    special: dict = {
        op: lambda n, walk, rule=rule: rule(walk(n.args[0])) for op, rule in rules.items()
    }
    special["div"] = lambda n, walk: _normal_quotient(*map(walk, n.args))
    return _rebuild(branch, special)


def _normal_log(n):
    u = _exponent_beside_one(n)
    return apply("log", n) if u is None else apply("softplus", u)


def _normal_quotient(a, b):
    u = _exponent_beside_one(b)
    return div(a, b) if u is None else mul(a, apply("sigmoid", -u))


def _exponent_beside_one(n):
    """The u of a node 1 + eᵘ, else None."""
    if n.op != "add" or not any(part is number(1) for part in n.args):
        return None
    other = n.args[1] if n.args[0] is number(1) else n.args[0]
    return other.args[0] if other.op == "exp" else None


def _rebuild(expression, special):
    """The expression built anew from its leaves, with `special[op](node, walk)` where given."""
    done = {}
    build = {"add": add, "mul": mul, "div": div}

    def walk(n):
        if n not in done:
            if n.op in special:
                done[n] = special[n.op](n, walk)
            elif n.args:
                args = [walk(a) for a in n.args]
                done[n] = build[n.op](*args) if n.op in build else apply(n.op, *args)
            else:
                done[n] = n
        return done[n]

    return walk(expression)


def cut(expression: Node) -> list[tuple[fmpq | None, fmpq | None, Node]]:
    """[(low, high, branch)] over all of R: ends are fmpq or None for ∓∞, branches branch-free.

    Neighbours with the same branch become one, where the value at the point between is theirs
    too, so every breakpoint that is left separates two different expressions.
    """
    points = breakpoints(expression)
    if not points:
        return [(None, None, resolve(expression, fmpq(0)))]
    middles = [(a + b) / 2 for a, b in zip(points, points[1:], strict=False)]
    samples = [points[0] - 1, *middles, points[-1] + 1]
    pieces: list = [(None, None, resolve(expression, samples[0]))]
    for point, sample in zip(points, samples[1:], strict=True):
        branch = resolve(expression, sample)
        low, _, before = pieces.pop()
        if branch is before and resolve(expression, point) is branch:
            pieces.append((low, None, before))
        else:
            pieces += [(low, point, before), (point, None, branch)]
    return pieces


def format_expression(n: Node) -> str:
    """The expression as people read it, with the functions of a definition.

    One that would be too long, since parts of it come again and again, is written as what its
    parts are called, one after the other, and the whole last: "a = …; b = a·a; b + b".
    """
    whole = _format(n, {}, MAX_TEXT)
    return _format_in_parts(n) if whole is None else whole


def _format(n, names, most=None):
    """The text of `n` with the names of the nodes in `names`, None where it is too long."""
    done = {}

    def of(n):
        if n in names:
            return names[n]
        if n not in done:
            done[n] = _format_operation(n, of)
            if most and len(done[n]) > most:
                raise OverflowError
        return done[n]

    try:
        return of(n)
    except OverflowError:
        return None


def _format_operation(n, of):
    """The text of one operation on what `of` says of its arguments."""
    if n.op == "polynomial":
        return _format_polynomial(n.value)
    inner = [of(a) for a in n.args]
    if n.op == "piecewise":
        c, at = n.value
        x, left, right = inner
        return f'piecewise({x}, {c}, {left}, {right}, at="{at}")'
    sign = {"add": " + ", "mul": "·", "div": " / "}.get(n.op)
    if sign is None:
        return f"{n.op}({', '.join(inner)})" if n.args else n.op
    loose = [_needs_brackets(a, n.op) for a in n.args]
    return sign.join(f"({t})" if apart else t for t, apart in zip(inner, loose, strict=True))


def _format_in_parts(n):
    """The text of `n` with each operation that is used more than once named before."""
    order, uses = [], {}

    def walk(n):
        uses[n] = uses.get(n, 0) + 1
        if uses[n] == 1:
            for a in n.args:
                walk(a)
            order.append(n)

    walk(n)
    names, parts = {}, []
    for part in order[:-1]:
        if uses[part] > 1 and part.args:
            parts.append(_format(part, names))
            names[part] = f"p{len(names) + 1}"
    parts = [f"{name} = {part}" for name, part in zip(names.values(), parts, strict=True)]
    return "; ".join([*parts, _format(n, names)])


def _needs_brackets(n, op):
    """Whether the text of `n` needs brackets inside an operation `op`."""
    if op == "add":
        return False
    if n.op == "polynomial":
        return sum(c != 0 for c in n.value.coeffs()) > 1
    return n.op in ("add", "div") or (n.op == "mul" and op == "div")


def _format_polynomial(p):
    terms = []
    for k in range(p.degree(), -1, -1):
        if p[k] != 0:
            power = "·".join(["x"] * k)
            size = "" if abs(p[k]) == 1 and k else _format_number(abs(p[k]))
            terms.append((" − " if p[k] < 0 else " + ") + "·".join(filter(None, [size, power])))
    return "".join(terms).strip().removeprefix("+ ").replace("− ", "−", 1) if terms else "0"


def _format_number(value):
    """A rational as a decimal where one is exact, else as a fraction."""
    if max(int(value.p).bit_length(), int(value.q).bit_length()) > 256:
        return _format_long_number(value)
    p, q, digits = int(value.p), int(value.q), 0
    while 10**digits % q and digits < 40:
        digits += 1
    if 10**digits % q:
        return f"{p}/{q}"
    whole = str(p * 10**digits // q).rjust(digits + 1, "0")
    return f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole


def _format_long_number(value):
    """A rational of very many digits: 1e598 or 1e-598 where it is one, else as a fraction."""
    p, q = str(value.p), str(value.q)  # by FLINT, which knows no limit of digits
    for digits, other, shown in ((p, q, "{front}e{zeros}"), (q, p, "{other}e-{zeros}")):
        front = digits.rstrip("0")
        short = (other if digits is p else front) == "1" and len(front) + len(other) <= 40
        if short:
            return shown.format(front=front, other=other, zeros=len(digits) - len(front))
    return p if q == "1" else f"{p}/{q}"
