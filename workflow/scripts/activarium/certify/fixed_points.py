"""Fixed points of the variance map over all q > 0, where one monotone function decides them.

With F(x) = f(x)² + f(−x)² and h(x) = F(x) / x², the map V(q) = E f(√q·z)² / E f² of a standard
normal z has V(q) / q = E z²·h(√q·|z|) / (2·E f²). If h never falls on x > 0 and is not constant,
V(q) / q rises strictly, so V(q) = q at q = 1 alone, and likewise if h never rises; if h is
constant, every q is fixed. The sign of h′ is that of P(x) = x·F′(x) − 2·F(x).
"""

from flint import arb, fmpq, fmpq_poly

from . import ball_jets, rational_jets, roots, symbolic, tails
from .enclosure import to_float
from .pieces import TAIL_STARTS
from .piecewise import PiecewiseFunction
from .unproven import Unproven

BUDGET = 4000  # evaluations
MAX_ORDER = 8  # order of flatness at 0 that is looked for


def ratio_direction(function: PiecewiseFunction) -> int:
    """1 where h never falls, −1 where it never rises, 0 where it is constant; else Unproven."""
    signs = {_sign_on_interval(function, *part) for part in _intervals(function)} | set(
        _jump_signs(function)
    )
    signs.discard(0)
    if len(signs) > 1:
        raise Unproven("(f(x)² + f(−x)²) / x² is not monotone, so other fixed points may be there")
    return signs.pop() if signs else 0


def _intervals(function):
    """(low, high, F) between neighbouring sizes of breakpoints; high is None for ∞."""
    ends = [fmpq(0), *sorted({abs(r) for r in function.breakpoints} - {fmpq(0)}), None]
    for low, high in zip(ends, ends[1:], strict=False):
        inside = low + 1 if high is None else (low + high) / 2
        right = symbolic.resolve(function.expression, inside)
        left = symbolic.mirror(symbolic.resolve(function.expression, -inside))
        yield low, high, symbolic.add(symbolic.mul(right, right), symbolic.mul(left, left))


def _jump_signs(function):
    """How F jumps where |x| passes a breakpoint."""
    parts = list(_intervals(function))
    for (_, at, before), (_, _, after) in zip(parts, parts[1:], strict=False):
        step = ball_jets.value(after, arb(at)) - ball_jets.value(before, arb(at))
        continuous = all(
            function.is_continuous(r, 0) for r in (at, -at) if r in function.breakpoints
        )
        if not continuous and step.contains(0):
            raise Unproven(f"how f² jumps at |x| = {at} is undecided")
        yield 0 if continuous else 1 if step > 0 else -1


def _sign_on_interval(function, low, high, f):
    """The one sign of P on (low, high), 0 where it vanishes there; else Unproven."""
    if f.op == "polynomial":
        return _sign_of_polynomial(f.value, low, high)
    start, sign = _sign_on_tail(f) if high is None else (high, None)
    signs = {sign} - {None}
    if start > low:
        signs |= _signs_on_compact(
            f, low, fmpq(start), _order_at_0(function, f) if low == 0 else None
        )
    if len(signs) != 1:
        raise Unproven("(f(x)² + f(−x)²) / x² is not monotone, so other fixed points may be there")
    return signs.pop()


def _sign_of_polynomial(f, low, high):
    p = fmpq_poly([0, 1]) * f.derivative() - 2 * f
    if p == fmpq_poly([]):
        return 0
    if any(_is_inside(root, low, high) for root in roots.polynomial_roots(p)):
        raise Unproven("(f(x)² + f(−x)²) / x² is not monotone, so other fixed points may be there")
    return 1 if p(low + 1 if high is None else (low + high) / 2) > 0 else -1


def _is_inside(root, low, high):
    """Whether a zero lies strictly between two ends; one that overlaps an end is undecided."""
    return root.side(low) > 0 and (high is None or root.side(high) < 0)


def _sign_on_tail(f):
    """(T, sign of P on x ≥ T)."""
    why = None
    for start in TAIL_STARTS:
        try:
            ring = tails.Ring(start)
            value, slope = tails.jet(f, ring, 1)
            return start, ring.sign(ring.u * slope - value - value)
        except Unproven as refusal:
            why = refusal
    raise why


def _order_at_0(function, f):
    """m such that P's Taylor coefficients at 0 vanish below the m-th: P(x) = xᵐ·(m-th, at some ξ).

    P's k-th coefficient is (k − 2)·F's, so the second is always 0; F's are known to be 0 where
    that is exact, and the odd ones where 0 is no breakpoint, since F is even.
    """
    even = fmpq(0) not in function.breakpoints
    for k, c in enumerate(rational_jets.jet(f, fmpq(0), MAX_ORDER)):
        vanishes = isinstance(c, fmpq) and c == 0
        if not (vanishes or k == 2 or (even and k % 2)):
            return k
    raise Unproven("(f(x)² + f(−x)²) / x² is too flat at 0")


def _signs_on_compact(f, low, high, order):
    """The signs of P on [low, high], which must not be 0 inside; `order` is m where low is 0."""
    signs, stack = set(), [(low, high)]
    for _ in range(BUDGET):
        if not stack or len(signs) > 1:
            return signs
        a, b = stack.pop()
        found = _sign_on_part(f, a, b, order if a == 0 else 0)
        if found is None:
            stack += [((a + b) / 2, b), (a, (a + b) / 2)]
        else:
            signs.add(found)
    near = to_float(stack[-1][0])
    raise Unproven(f"whether (f(x)² + f(−x)²) / x² is monotone is undecided near x = {near:.4g}")


def _sign_on_part(f, a, b, m):
    """The sign of P over a part, by its m-th coefficient where the lower ones are 0 at 0."""
    at = ball_jets.interval(a, b)
    c = ball_jets.jet(f, at, m + 2)
    p = [at * (k + 1) * c[k + 1] + (k - 2) * c[k] for k in (m, m + 1)]
    middle = arb((a + b) / 2)
    if p[0].contains(0) and m == 0:
        d = ball_jets.jet(f, middle, 1)
        p[0] = middle * d[1] - 2 * d[0] + p[1] * (at - middle)
    return None if p[0].contains(0) else 1 if p[0] > 0 else -1
