"""Gaussian moments: integrals over the standard normal density, proven to 20 digits and more.

On a short interval around m an integrand g is its Taylor polynomial at m, which is integrated
exactly, and the remainder g_N(ξ)·(x − m)ᴺ, whose coefficient is bounded by the real jet over
the whole interval. Polynomial pieces have closed forms, exact where they end at 0 or ∞. Beyond
|x| = R the integrand times x² is bounded over the tail, and ∫ x⁻² is 1 / R.
"""

from flint import arb, arb_series, ctx, fmpq, fmpq_poly

from . import expression, tails, work
from .real import ball, series
from .refusal import Unproven

REACHES = (14, 24, 40)  # R: the density is below 1e-43 at the first
ORDER = 28  # of the Taylor polynomials, even
WIDTH = fmpq(1, 2)  # of the first intervals
SMALL = arb(10) ** -24  # radius that one interval may add
BUDGET = 1500  # intervals; the most that an activation of the house needs is 150


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


def moments(shape):
    """{name: fmpq or ball} of every integrand over a standard normal x."""
    total = {}
    for piece in shape.pieces:
        part = _of_polynomial(piece) if piece.polynomial is not None else _of_branch(piece)
        for name, value in part.items():
            total[name] = total.get(name, fmpq(0)) + value
    return total


def _of_polynomial(piece):
    x = fmpq_poly([0, 1])
    parts = integrands(x, piece.polynomial, piece.polynomial.derivative())
    return {name: integral(p, piece.low, piece.high) for name, p in parts.items()}


def integral(p, low, high):
    """∫ p(x) φ(x) dx over [low, high] for an fmpq_poly; None is an infinite end.

    By parts, ∫ xⁿφ = −[xⁿ⁻¹φ] + (n − 1)·∫ xⁿ⁻²φ. The rational part and the rest are kept
    apart, so that what is rational comes out exactly.
    """
    whole = mass(low, high)
    exact, rest = ([whole], [arb(0)]) if isinstance(whole, fmpq) else ([fmpq(0)], [whole])
    for n in range(1, max(p.degree(), 0) + 1):
        edge = _edge(n - 1, low) - _edge(n - 1, high)
        exact.append((n - 1) * exact[n - 2] if n > 1 else fmpq(0))
        rest.append(edge + ((n - 1) * rest[n - 2] if n > 1 else 0))
    rational = sum((p[n] * exact[n] for n in range(len(exact))), fmpq(0))
    other = sum((arb(p[n]) * rest[n] for n in range(len(rest)) if p[n] != 0), arb(0))
    return rational if other.is_zero() else other + arb(rational)


def _edge(n, at):
    """xⁿ·φ(x) at an end, 0 at ±∞."""
    if at is None or (at == 0 and n > 0):
        return arb(0)
    return arb(at) ** n * density(at)


def density(at):
    """φ(at), the standard normal density."""
    x = arb(at)
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def mass(low, high):
    """P(low < x < high), exact where the ends are 0 or infinite."""
    below = fmpq(0) if low is None else _normal(low)
    return (fmpq(1) if high is None else _normal(high)) - below


def _normal(at):
    """Φ(at), exact at 0."""
    return fmpq(1, 2) if at == 0 else (-arb(at) / arb(2).sqrt()).erfc() / 2


def _of_branch(piece):
    """Every integral over a piece, its infinite ends cut at the first R where the tail allows."""
    reach, beyond = _tails_of(piece)
    low = fmpq(-reach) if piece.low is None else piece.low
    high = fmpq(reach) if piece.high is None else piece.high
    inner = _between(piece.f, low, high)
    return {name: sum((part[name] for part in beyond), inner[name]) for name in inner}


def _tails_of(piece):
    """(R, the integrals beyond it at each infinite end)."""
    sides = [-1] * (piece.low is None) + [1] * (piece.high is None)
    least = max([0, *(abs(end) for end in (piece.low, piece.high) if end is not None)])
    why = Unproven(f"a breakpoint lies beyond {REACHES[-1]}")
    for reach in [r for r in REACHES if r >= least]:
        try:
            return reach, [_beyond(piece.f, side, reach) for side in sides]
        except Unproven as refusal:
            why = refusal
    raise why


def _between(f, low, high):
    total = {name: arb(0) for name in integrands(*[fmpq(0)] * 3)}
    steps = [low]
    while steps[-1] < high:
        steps.append(min(steps[-1] + WIDTH, high))
    stack = list(zip(steps, steps[1:], strict=False))
    for _ in range(BUDGET):
        if not stack:
            break
        a, b = stack.pop()
        work.spend(work.INTERVAL)
        part = _over(f, a, b)
        if all(value.rad() < SMALL for value in part.values()):
            total = {name: total[name] + part[name] for name in total}
        else:
            stack += [((a + b) / 2, b), (a, (a + b) / 2)]
    if stack:
        near = float(arb(stack[-1][0]).mid())
        raise Unproven(f"a Gaussian moment is undecided within the budget near x = {near:.6g}")
    return total


def _over(f, a, b):
    """Every integral over [a, b] by Taylor polynomial and remainder."""
    at_middle = _weighted(f, arb((a + b) / 2))
    over_all = _weighted(f, ball(a, b))
    h = arb((b - a) / 2)
    got = {}
    for name, middle in at_middle.items():
        value = sum((middle[k] * h ** (k + 1) / (k + 1) for k in range(0, ORDER, 2)), arb(0))
        got[name] = 2 * (value + over_all[name][ORDER] * h ** (ORDER + 1) / (ORDER + 1))
    return got


def _weighted(f, at):
    """{name: coefficients c₀ … c_ORDER} of every integrand times the density, around `at`."""
    ctx.cap = ORDER + 2
    x = arb_series([at, 1], prec=ORDER + 2)
    density = (x * x * arb(-0.5)).exp() * (1 / (2 * arb.pi()).sqrt())
    nothing = [arb.nan()] * (ORDER + 1)
    try:
        of_x = series(f, x, {})
        parts = integrands(x, of_x, of_x.derivative())
    except (ValueError, ZeroDivisionError):
        return dict.fromkeys(integrands(*[fmpq(0)] * 3), nothing)
    return {name: _padded((part * density).coeffs()) for name, part in parts.items()}


def _padded(coefficients):
    return coefficients[: ORDER + 1] + [arb(0)] * (ORDER + 1 - len(coefficients))


def _beyond(f, side, reach):
    """Every integral over u = side·x ≥ `reach`, as a ball."""
    ring = tails.Ring(reach)
    value, slope = tails.jet(f, ring, 1, side)
    x = ring.u if side > 0 else -ring.u
    root = ring.constant(expression.Tracer.sqrt(2 * expression.PI))
    density = ring.exp(x * x * ring.number(fmpq(-1, 2))) * ring.inverse(root)
    got = {}
    for name, part in integrands(x, value, slope).items():
        low, high = ring.range(part * density * x * x)
        if not (low.is_finite() and high.is_finite()):
            raise Unproven("a Gaussian moment may be infinite: the function grows too fast")
        got[name] = ball(low, high).union(arb(0)) / reach
    return got
