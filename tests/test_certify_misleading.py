"""Made to mislead the proofs: a value at one point alone, constants that do not exist, sizes."""

import json
import math
import time
from fractions import Fraction

import jsonschema
import pytest
from flint import arb, ctx, fmpq, fmpq_poly
from test_certify import SCHEMA

from activarium.certify import Unproven, budget, certify, gaussian, roots, symbolic
from activarium.certify.enclosure import to_decimals
from activarium.certify.fixed_points import _sign_of_polynomial
from activarium.certify.pieces import Piece
from activarium.certify.piecewise import PiecewiseFunction
from activarium.definitions import expression_checks, expressions
from activarium.definitions.expressions import ExpressionError
from activarium.proven_claims import equal_functions


def profile(text):
    return certify(expressions.definition(text))


@pytest.fixture
def a_tenth_of_the_work(monkeypatch):
    """So that a test is quick: what it asks of a profile is found long before all of it is."""
    monkeypatch.setattr(budget, "PER_PROPERTY", budget.PER_PROPERTY // 10)
    monkeypatch.setattr(budget, "PER_ACTIVATION", budget.PER_ACTIVATION // 10)


# A value of its own at one point

THIRDS = [
    "x if x < 0 else (5 if x <= 0 else 2*x)",
    "1 if x < 0 else (0 if x <= 0 else 1)",
    "0 if x < 0 else (1 if x <= 0 else 0)",
    "tanh(x if x < 0 else (7 if x <= 0 else x))",
    "x if x < 0 else (exp(1) if x <= 0 else x)",
    "x if x < 0 else (1/x if x <= 0 else x)",
    "(0 if x < 0 else 1) + (0 if x <= 0 else -1)",
]


@pytest.mark.parametrize("text", THIRDS)
def test_a_value_that_only_one_point_has_is_refused(text):
    found = profile(text)
    assert "at x = 0 a third branch holds" in found["refused"]["definition"]
    assert found["class"] is None and found["monotone"] is None and found["parity"] is None
    with pytest.raises(ExpressionError, match="third branch"):
        expression_checks.check_expression(text)


@pytest.mark.parametrize(
    ("text", "smooth"),
    [
        ("x if x < 0 else (0 if x <= 0 else 2*x)", "C^0"),
        ("(x if x < 0 else 2*x) + (0 if x <= 0 else x)", "C^0"),
        ("0 if x < 0 else (1 if x <= 0 else 1 + x)", "discontinuous"),
    ],
)
def test_a_third_branch_with_the_value_of_a_side_is_none(text, smooth):
    assert profile(text)["class"] == smooth


def test_functions_that_differ_in_one_point_are_not_called_equal():
    mine = expressions.definition("x if x < 0 else (5 if x <= 0 else x)")
    assert equal_functions.equal_groups({"a": mine, "b": expressions.definition("1*x")}) == []
    with pytest.raises(Unproven, match="third branch"):
        equal_functions.sup_distance(mine, expressions.definition("1*x"))


def test_the_direction_of_the_smallest_jump_is_told_exactly():
    assert profile("x if x < 1/3 else x + 1e-50")["monotone"]["everywhere"] == "increasing"
    assert profile("x if x < 1/3 else x - 1e-50")["monotone"]["everywhere"] == "neither"


# Constants that do not exist


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x / sin(0)", "a division by sin(0), which is not proven other than 0"),
        ("x / sin(pi)", "a division by sin(pi), which is not proven other than 0"),
        ("x * log(0 - 1)", "log(−1), whose argument is not proven above 0"),
        ("x + (log(-1) - log(-1))", "log(−1), whose argument is not proven above 0"),
        ("x * log1p(0 - 1)", "log1p(−1), whose argument is not proven above -1"),
        ("x * sqrt(0 - 2)", "sqrt(−2), whose argument is not proven above 0"),
        ("exp(1 / (tanh(1) - tanh(1) + sin(0))) * x", "a division by sin(0)"),
    ],
)
def test_a_constant_that_does_not_exist_is_refused(text, why):
    assert why in profile(text)["refused"]["definition"]
    with pytest.raises(ExpressionError) as refused:
        expression_checks.check_expression(text)
    assert why in str(refused.value) and "\n" not in str(refused.value)


def test_a_constant_that_is_only_small_is_none_of_them():
    expression_checks.check_expression("x / (exp(1e-20) - 1)")
    expression_checks.check_expression("x * sqrt(log(1 + 1e-20))")


# Numbers beyond all sizes

HUGE = "1.000000000000000000000000E+1000"


@pytest.mark.parametrize(
    ("number", "low", "high"),
    [
        (arb(10**4).exp(), HUGE, "inf"),
        (-arb(10**4).exp(), "-inf", f"-{HUGE}"),
        (arb(10**15).exp(), HUGE, "inf"),
    ],
)
def test_what_is_beyond_1e1000_keeps_that_as_its_inner_end(number, low, high):
    assert to_decimals(number) == [low, high]


@pytest.mark.parametrize(
    "text",
    [
        "exp(1e15*x) if x < 1 else x",
        pytest.param("exp(exp(30*x)) if x < 1 else x", marks=pytest.mark.slow),
    ],
)
def test_an_astronomic_value_is_certified_or_refused_and_ends_no_process(text):
    found = profile(text)
    jsonschema.validate(found, SCHEMA)
    assert found["kinks"][0]["f"]["left"] == [HUGE, "inf"]


# Zeros beside breakpoints


def near_the_root_of(k, digits, bits=500):
    """A rational that is less than 10^(1 − 2·digits) from the k-th root of 2."""
    with ctx.workprec(bits):
        root = arb(2).root(k).mid().fmpq()
    near = Fraction(int(root.p), int(root.q)).limit_denominator(10**digits)
    return fmpq(near.numerator, near.denominator)


@pytest.mark.parametrize("digits", [17, 20, 25, 40])
def test_an_irrational_zero_beside_a_breakpoint_is_placed_or_refused_and_never_lost(digits):
    x = symbolic.X
    with ctx.workprec(128):
        end = near_the_root_of(2, digits)
        found = []
        for low, high in ((None, end), (end, None)):
            try:
                found.append(len(Piece(low, high, x * x - 2).zeros(0)))
            except Unproven:
                found.append("refused")
    assert found in ([1, 1], [2, 0], ["refused", "refused"])


def test_a_zero_at_a_breakpoint_without_a_finite_decimal_is_found():
    found = profile("(3*x - 1)*(x*x - 2) if x < 1/3 else 15*x - 5")
    assert [zero["multiplicity"] for zero in found["zeros"]] == [1, 1]
    assert found["zeros"][1]["x"][0].startswith("0.33333333333333333333")


def test_a_turn_of_the_variance_map_close_to_a_breakpoint_is_never_lost():
    f = fmpq_poly([1, 0, 0, 0, fmpq(1, 2)])  # P = x⁴ − 2, which turns at the fourth root of 2
    with ctx.workprec(128):
        with pytest.raises(Unproven, match="too close to x ="):
            _sign_of_polynomial(f, near_the_root_of(4, 40), None)
        end = near_the_root_of(4, 19)
        close = end if end**4 < 2 else 2 / end**3  # below the turn, by some 1e-38
        with pytest.raises(Unproven, match="not monotone"):
            _sign_of_polynomial(f, close, None)
    assert _sign_of_polynomial(f, fmpq(6, 5), None) == 1


@pytest.mark.parametrize(
    ("text", "key", "where", "multiplicity"),
    [
        ("(x-1)*(x-1)*exp(x)", "zeros", "1", 2),
        ("tanh((x-0.5)*(x-0.5))", "zeros", "0.5", 2),
        ("(x-0.7123)**3*sigmoid(x)", "zeros", "0.7123", 3),
        ("tanh((x+2.25)**3)", "stationary_points", "-2.25", 2),
    ],
)
def test_a_multiple_zero_at_a_rational_is_found(
    text, key, where, multiplicity, a_tenth_of_the_work
):
    found = [z for z in profile(text)[key] if z["x"] == [where, where]]
    assert [z["multiplicity"] for z in found] == [multiplicity]


@pytest.mark.parametrize("text", ["(x-1)*(x-1)*exp(x) + 1e-30", "(x-1)*(x-1)*exp(x) - 1e-30"])
def test_what_is_no_multiple_zero_by_little_is_not_called_one(text):
    zeros = profile(text)["zeros"]
    multiplicities = [1, 1, 1] if " - " in text else []
    assert zeros is None or [z["multiplicity"] for z in zeros] == multiplicities


@pytest.mark.parametrize(
    ("low", "high", "simple"),
    [("1/4", "1/2", "1/2"), ("3/10", "7/20", "1/3"), ("-7/20", "-3/10", "-1/3"), ("-1", "5", "0"),
     ("7122/10000", "7124/10000", "52/73"), ("5/2", "7/2", "3")],
)  # fmt: skip
def test_the_simplest_rational_of_an_interval(low, high, simple):
    ends = [fmpq(f.numerator, f.denominator) for f in map(Fraction, (low, high, simple))]
    assert roots.simplest_rational(*ends[:2]) == ends[2]


# Means of slopes where f jumps


def test_a_jump_counts_in_the_mean_slope_with_its_height_times_the_density():
    step = profile("0 if x < 1 else 2")["gaussian"]
    assert float(step["Efp"][0]) == pytest.approx(2 * math.exp(-0.5) / math.sqrt(2 * math.pi))
    assert step["Efp2"] is None and step["Efp4"] is None


def test_means_of_slopes_are_refused_where_a_jump_is_undecided_and_the_rest_stays():
    found = profile("tanh(x) if x < 1 else tanh(1) + tanh(x - 1)")
    assert found["gaussian"]["Efp"] is None and found["gaussian"]["Ef2"]
    assert "undecided" in found["refused"]["gaussian.Efp"]
    jsonschema.validate(found, SCHEMA)


# Work


def test_a_property_that_costs_too_much_is_refused_and_the_others_stay(monkeypatch):
    monkeypatch.setattr(budget, "PER_PROPERTY", 100_000)
    found = profile("x * tanh(exp(x))")
    assert "within the 100000 units of work for one property" in found["refused"]["range_fsecond"]
    assert found["class"] == "analytic" and found["asymptotes"] and found["parity"] == "neither"
    assert json.dumps(profile("x * tanh(exp(x))")) == json.dumps(found)
    jsonschema.validate(found, SCHEMA)


def test_all_properties_together_cost_no_more_than_an_activation_may(monkeypatch):
    monkeypatch.setattr(budget, "PER_ACTIVATION", 200_000)
    found = profile("x * tanh(exp(x))")
    assert "within the 200000 units of work for one activation" in found["refused"]["range_fsecond"]
    assert found["class"] == "analytic"
    jsonschema.validate(found, SCHEMA)


def test_zeros_of_a_polynomial_that_hardly_differ_are_refused_and_not_waited_for():
    """A triple zero of (f(x)² + f(−x)²)′ that 1e-800 parts into three: FLINT took minutes."""
    started = time.process_time()
    found = profile("(1e-200 if x < -0.5 else x-3)**2")
    assert time.process_time() - started < 20
    assert "more than 1500 bits" in found["refused"]["variance_map.fixed_points"]


def test_moments_that_are_refused_are_tried_once(monkeypatch):
    tried = []

    def refuses(shape):
        tried.append(shape)
        raise Unproven("for a test")

    monkeypatch.setattr(gaussian, "moments", refuses)
    refused = profile("tanh(x)")["refused"]
    assert len(tried) == 1
    needs = {"gaussian", "gain", "chi1", "variance_map", "edge_of_chaos"}
    assert refused == dict.fromkeys(needs, "for a test")


SLOW = [
    "tanh(exp(exp(x)))",
    "ndtr(tanh(x)*(-x)*ndtr(x-30))",
    "((((((tanh(x)**16)**16)**16)**16)**16)**16)**16",
    "((((((2+tanh(x))**16)**16)**16)**16)**16)**16",
]


@pytest.mark.parametrize("text", SLOW)
def test_every_certification_ends_and_what_is_undecided_is_refused(text, a_tenth_of_the_work):
    expression_checks.check_expression(text)
    started = time.process_time()
    found = profile(text)
    assert time.process_time() - started < 20
    assert any("undecided within" in why for why in found["refused"].values())
    jsonschema.validate(found, SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "tanh(1e299*1e299*x)",
        "exp(-x*x*1e299*1e299)",
        "x*sigmoid(1e200*1e200*x)",
        "1e-299*1e-299*tanh(x)",
        "x if x < 1e299*1e299 else tanh(x)",
        "tanh(x) if x < 1e-299*1e-299 else x",
        "sin(1e-299*1e-299*x)",
        "(1e299)**16*tanh(x)",
        "softplus((1e-299)**16*x)",
    ],
)
def test_numbers_beyond_a_doubles_range_are_certified_or_refused(text, monkeypatch):
    monkeypatch.setattr(budget, "PER_ACTIVATION", budget.PER_ACTIVATION // 6)
    expression_checks.check_expression(text)
    jsonschema.validate(profile(text), SCHEMA)


def test_a_number_of_a_million_digits_is_refused_at_once():
    with pytest.raises(ExpressionError, match="a number of more digits than are supported"):
        expression_checks.check_expression("x*" + "(" * 5 + "1e299" + ")**16" * 5)


def test_what_is_nested_too_deep_for_pythons_stack_is_refused():
    with pytest.raises(ExpressionError, match="nested more than 240 deep"):
        expression_checks.check_expression("(" * 100 + "tanh(x)" + ")**16" * 100)


# Sizes


@pytest.mark.parametrize("factor", ["1e5", "1e-10", "1e20", "1e-200", "1e298"])
def test_a_factor_costs_no_digits_of_the_moments(factor):
    one, other = profile("tanh(x)"), profile(f"{factor}*tanh(x)")
    assert other["refused"] == {}
    gain, expected = (Fraction(ends[0]) for ends in (other["gain"], one["gain"]))
    assert abs(gain * Fraction(factor) / expected - 1) < Fraction(1, 10**22)
    for got, want in zip(other["chi1"], one["chi1"], strict=True):
        assert abs(Fraction(got) / Fraction(want) - 1) < Fraction(1, 10**22)


def mean(text):
    with ctx.workprec(128):
        function = PiecewiseFunction(symbolic.trace(expressions.definition(text)))
        return gaussian.moments(function)["x0"]


def test_what_cancels_to_little_is_known_to_as_many_digits():
    """sigmoid(x + h) − sigmoid(x) ≈ h·sigmoid′(x + h/2)."""
    found = mean("sigmoid(x+1e-10)-sigmoid(x)")
    assert found.rad() < abs(found) * arb(10) ** -20
    assert abs(found / mean("1e-10*sigmoid(x)*(1-sigmoid(x))") - 1) < arb(10) ** -9


def test_nobody_counts_outside_of_a_profile(monkeypatch):
    monkeypatch.setattr(budget, "PER_PROPERTY", 0)
    profile("x * tanh(exp(x))")
    budget.spend(10**9)


# What the steps take for granted


@pytest.mark.parametrize("front", ["", "tanh(x)*", "sigmoid(x)*"])
def test_exponentials_that_cancel_each_other_do_not_grow(front, a_tenth_of_the_work):
    """x² and x in three exponents add up to 0 exactly: a constant, which tends to no infinity."""
    found = profile(front + "exp(x)*exp(x*x)*exp(-x-x*x)")
    ranges = found["range_f"] or {"inf": {"value": ["-1", "-1"]}, "sup": {"value": ["1", "1"]}}
    assert "inf" not in ranges["sup"]["value"] and "-inf" not in ranges["inf"]["value"]
    assert found["bounded"] in ({"below": True, "above": True}, None)


def test_a_zero_at_the_end_of_the_chosen_period_is_not_lost():
    for c in (
        "0.33333333333333333333333333333333333343",
        "0.33333333333333333333333333333333333341",
    ):
        found = profile(f"cos(x+{c})")
        assert "stationary_points" in found["refused"] or len(found["stationary_points"]) == 2
        assert "monotone" in found["refused"] or found["monotone"]["everywhere"] == "neither"


@pytest.mark.parametrize("text", ["x + 0/x", "exp(0/x)*x", "x*x + (0/x)*exp(x)"])
def test_nothing_by_nothing_is_refused(text):
    """FLINT's power series take 0 / x for 0, also at 0."""
    with pytest.raises(ExpressionError, match="not proven finite near x = 0"):
        expression_checks.check_expression(text)


def test_what_is_larger_than_all_that_is_printed_is_not_called_unbounded():
    found = profile("exp(300)**16*atan(x)")
    assert found["bounded"] is None
    assert found["refused"]["bounded"] == "what is beyond 10^1000 is not told from infinity"
