"""The rings one by one: real jets, tails and exact rationals agree with mpmath and each other."""

from math import factorial

import mpmath
import pytest
from flint import arb, ctx, fmpq
from formulas import FORMULAS
from mpmath import mp

from activarium import activations
from activarium.certify import Unproven, ball_jets, rational_jets, roots, symbolic, tails
from activarium.definitions import FUNCTIONS

X = symbolic.X
WORDS = {word: getattr(symbolic.Tracer, word) for word in FUNCTIONS}
MPMATH = {
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "logsigmoid": lambda x: -mp.log(1 + mp.exp(-x)),
    "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
}


@pytest.fixture(autouse=True)
def precision():
    before = ctx.prec
    ctx.prec = 128
    yield
    ctx.prec = before


def ends(name):
    """[(branch, side)] at both infinite ends of an activation, polynomials left out."""
    cut = symbolic.cut(symbolic.trace(activations.load(name).definition))
    both = [(cut[0][2], -1), (cut[-1][2], 1)]
    return [(f, side) for f, side in both if f.op != "polynomial"]


def at_point(ring, element, u):
    """The ball of an element at one u of its domain."""
    total = arb(0)
    for (power, atoms), c in element.terms.items():
        value = arb(u) ** arb(power)
        for atom, k in atoms:
            of_atom = ring.atoms[atom]
            if of_atom is tails.LOG:
                inner = arb(u).log().log()
            else:
                inner = of_atom.log() if isinstance(of_atom, arb) else at_point(ring, of_atom, u)
            value = value * (arb(k) * inner).exp()
        total = total + c * value
    return total


def holds(ball, value):
    """Whether a ball holds an mpmath number, but for that number's own rounding."""
    number = arb(mp.nstr(value, 60, strip_zeros=False))
    return (ball - number).contains(0) or abs(ball - number) < arb(10) ** -30 * (1 + abs(number))


@pytest.mark.parametrize("word", FUNCTIONS)
def test_a_real_jet_holds_the_taylor_coefficients_of_every_point_of_its_ball(word):
    f, low, high = WORDS[word](X), fmpq(3, 10), fmpq(4, 10)
    jet = ball_jets.jet(f, ball_jets.interval(low, high), 4)
    with mpmath.workdps(80):
        formula = MPMATH.get(word) or getattr(mp, word)
        for x in (mp.mpf(3) / 10, mp.mpf(7) / 20, mp.mpf(4) / 10):
            taylor = mp.taylor(formula, x, 4)
            assert all(holds(c, t) for c, t in zip(jet, taylor, strict=True))


@pytest.mark.parametrize("x", ["-9.3", "-1.1", "0.4", "8.7"])
@pytest.mark.parametrize("name", activations.names())
def test_a_real_jet_of_an_activation_agrees_with_mpmath(name, x):
    branch = symbolic.resolve(
        symbolic.trace(activations.load(name).definition), symbolic.rational(float(x))
    )
    jet = ball_jets.jet(branch, arb(x), 2)
    with mpmath.workdps(100):
        h = mp.mpf(10) ** -30
        low, here, high = (FORMULAS[name](mp.mpf(x) + d) for d in (-h, mp.mpf(0), h))
        for c, t in zip(jet, (here, (high - low) / (2 * h), (high - 2 * here + low) / (2 * h * h)),
                        strict=True):  # fmt: skip
            assert holds(c, t)


@pytest.mark.parametrize("start", [6, 8])
@pytest.mark.parametrize("name", activations.names())
def test_a_tail_holds_the_real_jet_at_every_point_beyond(name, start):
    for branch, side in ends(name):
        ring = tails.Ring(start)
        jet = tails.jet(branch, ring, 3, side)
        for u in (start, start + fmpq(1, 3), 2 * start + 1, 5 * start):
            ctx.prec = 2000
            true = ball_jets.jet(branch, arb(side * u), 3)
            ctx.prec = 128
            for element, value in zip(jet, true, strict=True):
                assert at_point(ring, element, u).overlaps(value)


@pytest.mark.parametrize("word", FUNCTIONS)
@pytest.mark.parametrize(
    "argument", [X, -X, 2 * X + 1, X * X, -X * X, 1 / (X + 9), 3 - 1 / (X + 9)]
)
def test_every_word_holds_on_a_tail_or_is_refused(word, argument):
    f, ring = WORDS[word](argument), tails.Ring(32)
    try:
        jet = tails.jet(f, ring, 2, 1)
    except Unproven:
        assert not ball_jets.value(f, arb(40)).is_finite()  # sqrt and log of what is negative
        return
    for u in (32, fmpq(65, 2), 40, 99):
        ctx.prec = 2000
        true = ball_jets.jet(f, arb(u), 2)
        ctx.prec = 128
        for element, value in zip(jet, true, strict=True):
            assert at_point(ring, element, u).overlaps(value)


@pytest.mark.parametrize(("low", "high"), [(fmpq(1, 2), fmpq(3, 4)), (3, fmpq(7, 2)), (7, 8)])
@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "mish", "tanh_exp", "isru", "golu", "snake"])
def test_a_ring_over_a_compact_part_holds_the_real_jet_on_all_of_it(name, low, high):
    for branch, side in ends(name):
        ring = tails.Ring(low, high)
        for k, element in enumerate(tails.jet(branch, ring, 3, side)):
            bottom, top = ring.range(element)
            for u in (low, (low + high) / fmpq(2), high):
                value = ball_jets.jet(branch, arb(side * u), 3)[k]
                assert bottom <= value.upper() and top >= value.lower()


@pytest.mark.parametrize("word", FUNCTIONS)
def test_exact_coefficients_are_those_of_the_real_jet(word):
    f = WORDS[word](X + 1 if word == "log" else X + 4 if word == "sqrt" else X)
    balls = ball_jets.jet(f, arb(0), 6)
    for known, ball in zip(rational_jets.jet(f, fmpq(0), 6), balls, strict=True):
        assert arb(known).overlaps(ball)
        assert isinstance(known, fmpq) or not ball.is_exact()


def test_softplus_has_rational_derivatives_at_0_though_not_a_rational_value():
    value, *others = rational_jets.jet(WORDS["softplus"](X), fmpq(0), 4)
    assert isinstance(value, arb)
    assert others == [fmpq(1, 2), fmpq(1, 8), 0, fmpq(-1, 192)]


def test_roots_of_polynomials_come_with_their_multiplicities():
    cube = ((X - 1) * (X - 1) * (X - 1) * (X * X - 2)).value
    found = [
        (round(float(r.ball.mid()), 6), r.multiplicity, r.exact)
        for r in roots.polynomial_roots(cube)
    ]
    assert found == [(-1.414214, 1, None), (1.0, 3, 1), (1.414214, 1, None)]


def test_a_multiple_zero_counts_only_where_it_is_exact():
    f = X * X * WORDS["exp"](X)
    assert [
        (r.exact, r.multiplicity) for r in roots.isolate(f, 0, fmpq(-2), fmpq(3), [fmpq(0)])
    ] == [(0, 2)]
    double_at_pi = (X - symbolic.PI) * (X - symbolic.PI) * WORDS["exp"](X)
    with pytest.raises(Unproven, match="undecided"):
        roots.isolate(double_at_pi, 0, fmpq(3), fmpq(4))


def test_derivatives_are_taylor_coefficients_times_factorials():
    assert ball_jets.jet(X * X * X, arb(2), 3)[3] * factorial(3) == 6


def test_a_node_is_one_object_for_equal_expressions():
    assert X + 1 is 1 + X and X * 2 is 2 * X and (X + 1) * (X - 1) is X * X - 1
    assert WORDS["tanh"](-X) is -WORDS["tanh"](X) and WORDS["cos"](-X) is WORDS["cos"](X)
    assert symbolic.rational(0.1) == fmpq(1, 10)
