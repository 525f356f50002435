"""Gaussian moments: integrals over the standard normal density, proven to 20 digits and more.

On a short interval around m an integrand g is its Taylor polynomial at m, which is integrated
exactly, and the remainder g_N(ξ)·(x − m)ᴺ, whose coefficient is bounded by the real jet over
the whole interval. Intervals are cut in two until each one's radius is small beside the integral's
size, so that 10⁵·tanh and 10⁻¹⁰·tanh are known to as many digits as tanh. Polynomial pieces have
closed forms, exact where they end at 0 or ∞. Beyond |x| = R the integrand times x² is bounded over
the tail, and ∫ x⁻² is 1 / R.
"""

import math
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from flint import arb, arb_series, ctx, fmpq, fmpq_poly

from . import budget, symbolic, tails
from .ball_jets import interval, series
from .enclosure import to_float
from .unproven import Unproven

if TYPE_CHECKING:
    from .piecewise import PiecewiseFunction

REACHES = (14, 17, 20, 24, 32, 40)  # R: the density is below 1e-43 at the first
ORDER = 28  # of the Taylor polynomials, even
WIDTH = fmpq(1, 2)  # of the first intervals
SMALL = arb(10) ** -25  # radius that one interval may add, as a share of the integral's size
ROUGH = arb(2) ** -20  # share of the size below which a radius shrinks as its order says
MORE = (1, 2, 4)  # times the working precision and ORDER, where they are needed
MANY = 4  # parts for each first interval, from where longer polynomials are cheaper
BUDGET = 1500  # intervals; a built-in activation needs 150 at most


def integrands(x, f, slope):
    """The integrands before the density, as series, polynomials or tails; a name each.

    `x_k` is xᵏ·f, for the Hermite coefficients; `f2_x2` gives the slope of the variance map.
    """
    f2, slope2 = f * f, slope * slope
    got = {"f2": f2, "f2_x2": f2 * x * x, "fp": slope, "fp2": slope2, "fp4": slope2 * slope2}
    for k in range(5):
        got[f"x{k}"] = f
        f = f * x
    return got


NAMES = tuple(integrands(*[fmpq(0)] * 3))


class TooCoarse(Exception):
    """Terms cancel so far that more bits and longer polynomials are needed."""


def moments(function: "PiecewiseFunction") -> dict[str, fmpq | arb]:
    """{name: fmpq or ball} of every integrand over a standard normal x."""
    for more in MORE:
        with suppress(TooCoarse), ctx.workprec(ctx.prec * more):
            return _moments(function, more * ORDER, last=more == MORE[-1])
    raise AssertionError("the last one takes what it gets")


def _moments(function, order, last):
    known = [_integrate_polynomial(p) for p in function.pieces if p.polynomial is not None]
    branches = [p for p in function.pieces if p.polynomial is None]
    first = [i for p in branches for i in _initial_intervals(p, _tail_starts(p)[0])]
    done = {i: _integrate_interval(*i, order) for i in first}
    sizes, intervals = _lower_bounds(known + list(filter(_is_finite, done.values()))), []
    for piece in branches:
        reach, beyond = _integrate_tails(piece, sizes)
        known += beyond
        intervals += _initial_intervals(piece, reach)
    return _add_up([*known, *_refine(intervals, _lower_bounds(known), order, last, done)])


def _is_finite(part):
    return all(value.is_finite() for value in part.values())


def _add_up(parts):
    """The parts of every integral added up."""
    return {name: sum((p[name] for p in parts), fmpq(0)) for name in NAMES}


def _lower_bounds(parts):
    """A lower bound of Σ |part| for every integral: what its radii are small beside."""
    return {name: sum((arb(p[name]).abs_lower() for p in parts), arb(0)) for name in NAMES}


def _integrate_polynomial(piece):
    x = fmpq_poly([0, 1])
    parts = integrands(x, piece.polynomial, piece.polynomial.derivative())
    return {name: polynomial_integral(p, piece.low, piece.high) for name, p in parts.items()}


def polynomial_integral(p, low, high):
    """∫ p(x) φ(x) dx over [low, high] for an fmpq_poly; None is an infinite end.

    By parts, ∫ xⁿφ = −[xⁿ⁻¹φ] + (n − 1)·∫ xⁿ⁻²φ. The rational part and the rest are kept
    apart, so that what is rational comes out exactly.
    """
    whole = normal_probability(low, high)
    exact, rest = ([whole], [arb(0)]) if isinstance(whole, fmpq) else ([fmpq(0)], [whole])
    for n in range(1, max(p.degree(), 0) + 1):
        edge = _boundary_term(n - 1, low) - _boundary_term(n - 1, high)
        exact.append((n - 1) * exact[n - 2] if n > 1 else fmpq(0))
        rest.append(edge + ((n - 1) * rest[n - 2] if n > 1 else 0))
    rational = sum((p[n] * exact[n] for n in range(len(exact))), fmpq(0))
    other = sum((arb(p[n]) * rest[n] for n in range(len(rest)) if p[n] != 0), arb(0))
    return rational if other.is_zero() else other + arb(rational)


def _boundary_term(n, at):
    """xⁿ·φ(x) at an end, 0 at ±∞."""
    if at is None or (at == 0 and n > 0):
        return arb(0)
    return arb(at) ** n * normal_density(at)


def normal_density(at: fmpq) -> arb:
    """φ(at), the standard normal density."""
    x = arb(at)
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def normal_probability(low: fmpq | None, high: fmpq | None) -> fmpq | arb:
    """P(low < x < high), exact where the ends are 0 or infinite."""
    below = fmpq(0) if low is None else _normal_cdf(low)
    return (fmpq(1) if high is None else _normal_cdf(high)) - below


def _normal_cdf(at):
    """Φ(at), exact at 0."""
    return fmpq(1, 2) if at == 0 else (-arb(at) / arb(2).sqrt()).erfc() / 2


def _tail_starts(piece):
    """The R at which the piece's tails may begin."""
    least = max([0, *(abs(end) for end in (piece.low, piece.high) if end is not None)])
    found = [r for r in REACHES if r >= least]
    if not found:
        raise Unproven(f"a breakpoint lies beyond {REACHES[-1]}")
    return found


def _integrate_tails(piece, sizes):
    """(R, the integrals beyond it at each infinite end), which are small if that can be shown."""
    sides = piece.infinite_sides()
    found = why = None
    for reach in _tail_starts(piece):
        try:
            found = reach, [_integrate_tail(piece.f, side, reach) for side in sides]
        except Unproven as refusal:
            why = refusal
            continue
        if all(part[name].rad() <= SMALL * sizes[name] for part in found[1] for name in NAMES):
            break
    if found is None:
        raise why
    return found


def _initial_intervals(piece, reach):
    """[(f, a, b)] of WIDTH over a piece, its infinite ends cut at ±reach."""
    low = fmpq(-reach) if piece.low is None else piece.low
    high = fmpq(reach) if piece.high is None else piece.high
    steps = [low]
    while steps[-1] < high:
        steps.append(min(steps[-1] + WIDTH, high))
    return [(piece.f, a, b) for a, b in zip(steps, steps[1:], strict=False)]


def _refine(intervals, sizes, order, last, done):
    """The integrals over `intervals`, cut until none has a radius above SMALL of the size.

    `sizes` are lower bounds of the integrals elsewhere, to which those found here are added. `done`
    holds integrals of some first intervals. Raises TooCoarse where more bits and a higher `order`
    help more; with `last` the rounding errors are accepted.
    """
    settled, left, parts = [], BUDGET, []
    rough = [IntervalIntegrals(i, done.get(i), None) for i in intervals]
    while rough:
        left -= len(rough)
        if left < 0:
            raise _budget_error(rough, last)
        parts += [
            p._replace(value=p.value or _integrate_interval(*p.interval, order)) for p in rough
        ]
        budget.spend(50 * len(parts))
        near = _lower_bounds([p.value for p in parts if _is_finite(p.value)])
        size = {name: sizes[name] + near[name] for name in NAMES}
        allowed = {name: SMALL * size[name] for name in NAMES}
        rounded = [p.is_rounded(size, allowed) for p in parts]
        if any(rounded) and not last:
            raise TooCoarse
        good = [p.is_small(allowed) or r for p, r in zip(parts, rounded, strict=True)]
        new = [p.value for p, is_good in zip(parts, good, strict=True) if is_good]
        more = _lower_bounds(new)
        settled, sizes = settled + new, {name: sizes[name] + more[name] for name in NAMES}
        parts = [p for p, is_good in zip(parts, good, strict=True) if not is_good]
        worst, parts = _split_worst(parts, allowed)
        rough = [part for p in worst for part in p.cut(size, allowed, order)]
        if len(rough) > MANY * len(intervals) and not last:
            raise TooCoarse
    return settled


def _split_worst(parts, allowed):
    """(those with a radius near the largest one, the others): those wait until sizes are known."""
    if not all(_is_finite(p.value) for p in parts):
        near = [not _is_finite(p.value) for p in parts]
    else:
        wide = [(p, n) for p in parts for n in p.too_wide(allowed)]
        most = {n: max((p.value[n].rad() for p, m in wide if m == n), default=0) for n in NAMES}
        near = [
            any(p.value[n].rad() >= most[n] * ROUGH for n in p.too_wide(allowed)) for p in parts
        ]
    both = list(zip(parts, near, strict=True))
    return [p for p, is_near in both if is_near], [p for p, is_near in both if not is_near]


def _budget_error(rough, last):
    """What to raise where the budget is spent and these are left."""
    if not last and all(p.before and _is_finite(p.before) for p in rough):
        return TooCoarse()
    near = to_float(rough[len(rough) // 2].interval[1])
    return Unproven(f"a Gaussian moment is undecided within the budget near x = {near:.6g}")


class IntervalIntegrals(NamedTuple):
    """An interval (f, a, b), its integrals, and those of the interval that it was cut from."""

    interval: tuple
    value: dict | None
    before: dict | None

    def too_wide(self, allowed):
        """The names of the integrals whose radius is too large."""
        return [n for n in NAMES if not self.value[n].rad() <= allowed[n]]

    def is_small(self, allowed):
        """Whether no radius is too large."""
        return _is_finite(self.value) and not self.too_wide(allowed)

    def is_rounded(self, size, allowed):
        """Whether a radius is so small that cutting should have helped, and it did not."""
        if self.before is None or not (_is_finite(self.value) and _is_finite(self.before)):
            return False
        pairs = [(n, self.before[n].rad(), self.value[n].rad()) for n in self.too_wide(allowed)]
        return any(before < size[n] * ROUGH and now * 16 > before for n, before, now in pairs)

    def cut(self, size, allowed, order):
        """Its halves, or as many smaller parts as it will need.

        A radius shrinks with the width's (order + 1)-th power where it has begun to.
        """
        f, a, b = self.interval
        n = 2 ** max(self._halvings(name, size, allowed, order) for name in self.too_wide(allowed))
        ends = [a + (b - a) * fmpq(i, n) for i in range(n + 1)]
        return [
            IntervalIntegrals((f, *e), None, self.value) for e in zip(ends, ends[1:], strict=False)
        ]

    def _halvings(self, name, size, allowed, order):
        if self.before is None or not (_is_finite(self.before) and _is_finite(self.value)):
            return 1
        now, before = self.value[name].rad(), self.before[name].rad()
        if not (allowed[name] > 0 and now * arb(2) ** (order // 2) < before):
            return 1
        need = to_float((now / allowed[name]).log()) / (math.log(2) * (order + 1))
        return min(max(math.ceil(need), 1), 5)


def _integrate_interval(f, a, b, order):
    """Every integral over [a, b] by Taylor polynomial and remainder."""
    budget.spend(60 * (10 + f.size) * order * order // (ORDER * ORDER))
    at_middle = _weighted_series(f, arb((a + b) / 2), order)
    over_all = _weighted_series(f, interval(a, b), order)
    h = arb((b - a) / 2)
    got = {}
    for name, middle in at_middle.items():
        value = sum((middle[k] * h ** (k + 1) / (k + 1) for k in range(0, order, 2)), arb(0))
        got[name] = 2 * (value + over_all[name][order] * h ** (order + 1) / (order + 1))
    return got


def _weighted_series(f, at, order):
    """{name: coefficients c₀ … c_order} of every integrand times the density, around `at`."""
    ctx.cap = order + 2
    x = arb_series([at, 1], prec=order + 2)
    normal_density = (x * x * arb(-0.5)).exp() * (1 / (2 * arb.pi()).sqrt())
    nothing = [arb.nan()] * (order + 1)
    try:
        of_x = series(f, x, {})
        parts = integrands(x, of_x, of_x.derivative())
    except (ValueError, ZeroDivisionError):
        return dict.fromkeys(NAMES, nothing)
    return {name: _pad((part * normal_density).coeffs(), order) for name, part in parts.items()}


def _pad(coefficients, order):
    return coefficients[: order + 1] + [arb(0)] * (order + 1 - len(coefficients))


def _integrate_tail(f, side, reach):
    """Every integral over u = side·x ≥ `reach`, as a ball."""
    ring = tails.Ring(reach)
    value, slope = tails.jet(f, ring, 1, side)
    x = ring.u if side > 0 else -ring.u
    root = ring.constant(symbolic.sqrt(2 * symbolic.PI))
    normal_density = ring.exp(x * x * ring.number(fmpq(-1, 2))) * ring.inverse(root)
    got = {}
    for name, part in integrands(x, value, slope).items():
        low, high = ring.range(part * normal_density * x * x)
        if not (low.is_finite() and high.is_finite()):
            raise Unproven("a Gaussian moment may be infinite: the function grows too fast")
        got[name] = interval(low, high).union(arb(0)) / reach
    return got
