"""Claims settled by proof: what the paper reports of GELU, duplicates, distances."""

import json

import numpy as np
import pytest

from activarium import activations
from activarium.certify import Unproven, certify, initial_state
from activarium.definitions import expressions, on_numpy
from activarium.proven_claims import equal_functions, gelu_paper, prove_claims
from activarium.proven_claims.nearest import comparable, find_nearest
from activarium.report.profile_page import nearest_lines

DEFINITIONS = {name: activations.load(name).definition for name in activations.names()}


def test_the_reported_claims_are_answered_one_by_one():
    gelu = DEFINITIONS["gelu"]
    found = {a["claim"]: a for a in gelu_paper.check_reported_claims(certify(gelu), gelu)}
    assert [a["answer"] for a in found.values()] == [
        "does not hold",
        "holds when x ≥ 0, and only then",
        "holds",
        "holds when only a lower bound is meant",
        "holds when n, the scale and the shift of the normalisation are bounded",
        "holds",
    ]
    slope = found["|GELU′(x)| ≤ 1.084 for all x"]["enclosure"]
    assert 1.1289 < float(slope[0]) <= float(slope[1]) < 1.12891
    json.dumps(list(found.values()))


def test_another_function_gets_other_answers():
    mish = DEFINITIONS["mish"]
    profile = certify(mish)
    assert gelu_paper._slope(profile)["answer"] == "does not hold"
    assert gelu_paper._slope(certify(DEFINITIONS["tanh"]))["answer"] == "holds"
    assert gelu_paper._minimum(profile)["answer"] == "does not hold"
    assert gelu_paper._bounded(certify(DEFINITIONS["tanh"]))["answer"] == "holds"
    with pytest.raises(ValueError, match="not what was expected"):
        gelu_paper._below_identity(DEFINITIONS["elu"])


def test_equal_functions_are_found_under_all_their_names():
    written_anew = {
        "aptx by tanh": lambda x, xp: (1 + xp.tanh(x)) * x / 2,
        "elu by exp": lambda x, xp: xp.piecewise(x, 0, lambda x: xp.exp(x) - 1, lambda x: x),
        "relu from right": lambda x, xp: xp.piecewise(x, 0, lambda x: 0 * x, lambda x: x),
        "threshold from right": lambda x, xp: xp.piecewise(x, 1, lambda x: 0 * x, lambda x: x),
        "leaky_relu, nearly": lambda x, xp: xp.piecewise(
            x, 0, lambda x: xp.decimal("0.01000000000000000000001") * x, lambda x: x
        ),
    }
    assert equal_functions.equal_groups(DEFINITIONS | written_anew) == [
        ["aptx", "aptx by tanh"],
        ["celu", "elu", "elu by exp"],
        ["exp_expish", "golu"],
        ["relu", "relu from right"],
        ["tanh_exp", "telu"],
    ]


def test_what_learns_is_never_called_equal_to_anything():
    quarter = expressions.definition("0.25*x if x <= 0 else x")
    more = {"quarter": quarter, "silu again": DEFINITIONS["silu"]}
    found = equal_functions.equal_groups(DEFINITIONS | more)
    assert ["silu", "silu again"] in found
    assert not {"acon_c", "prelu", "quarter"} & {name for group in found for name in group}


def test_what_draws_at_random_is_never_called_equal_to_its_mean():
    mean = expressions.definition("11*x/48 if x <= 0 else x")
    two = {"rrelu": DEFINITIONS["rrelu"], "mean": mean}
    assert prove_claims(two)["equal"] == [["rrelu", "mean"]]
    assert prove_claims(two, drawn=["rrelu"])["equal"] == []


def test_of_the_built_in_activations_rrelu_alone_is_random():
    random = [n for n in activations.names() if initial_state.is_random(activations.load(n))]
    assert random == ["rrelu"]


def test_claims_of_what_cannot_be_read_leave_the_others_standing():
    broken = lambda x, xp, *, slope=float("inf"): slope * x  # noqa: E731
    two = {"celu": DEFINITIONS["celu"], "broken": broken, "elu": DEFINITIONS["elu"]}
    assert prove_claims(two)["equal"] == [["celu", "elu"]]


@pytest.mark.parametrize("group", equal_functions.equal_groups(DEFINITIONS))
def test_what_is_called_equal_is_equal_in_numpy(group):
    x = np.linspace(-30, 30, 60001)
    first, *others = (DEFINITIONS[name](x, on_numpy) for name in group)
    for other in others:
        np.testing.assert_allclose(first, other, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    ("of", "by", "expected"),
    [
        ("gelu", "gelu_tanh", 4.732355e-4),
        ("gelu", "quick_gelu", 0.0203349),
        ("relu", "softplus", 0.6931472),
        ("sigmoid", "hardsigmoid", 0.0691822),
        ("silu", "hardswish", 0.1422776),
        ("relu", "gelu", 0.1699712),
        ("tanh", "isru", 0.0736882),
        ("identity", "hardshrink", 0.5),
    ],
)
def test_a_distance_is_the_largest_difference_found_anywhere(of, by, expected):
    found = equal_functions.sup_distance(DEFINITIONS[of], DEFINITIONS[by])
    low, high = map(float, found["value"])
    assert low == pytest.approx(expected, abs=1e-7) and high - low < 1e-12
    x = np.linspace(-60, 60, 1200001)
    largest = abs(DEFINITIONS[of](x, on_numpy) - DEFINITIONS[by](x, on_numpy)).max()
    assert largest <= high + 1e-14 and largest == pytest.approx(high, abs=1e-8)
    swapped = equal_functions.sup_distance(DEFINITIONS[by], DEFINITIONS[of])
    assert swapped["value"] == found["value"]


@pytest.mark.parametrize(
    ("text", "equal", "nearest"),
    [
        ("x / (1 + exp(-x))", ["silu"], "elish"),
        ("log(1 + exp(x))", ["softplus"], None),
        ("log1p(exp(x)) + 0.01", [], "softplus"),
        ("exp(x) - 1 if x < 0 else x", ["celu", "elu"], "isrlu"),
        ("x * sigmoid(1.5*x)", [], "quick_gelu"),
        ("x / (2 + exp(-x))", [], None),
    ],
)
def test_a_new_activation_is_held_against_the_built_in_ones(text, equal, nearest):
    definition = expressions.definition(text)
    found = find_nearest(definition, comparable())
    assert found["equal"] == equal and nearest in (None, found["nearest"])
    x = np.linspace(-30, 30, 100_001)
    apart = {name: abs(definition(x, on_numpy) - DEFINITIONS[name](x, on_numpy)).max()
             for name in comparable() if name not in equal}  # fmt: skip
    assert min(apart, key=apart.get) == found["nearest"]
    if found["proven"]:
        assert apart[found["nearest"]] <= float(found["proven"]["value"][1]) + 1e-12
    assert found["apart"] <= apart[found["nearest"]] + 1e-6


def test_what_overflows_on_the_grid_is_not_called_far():
    """softplus(30x)/30 is 0.023 from ReLU at most, but exp(900) is no float64."""
    found = find_nearest(lambda x, xp: xp.log(1 + xp.exp(30 * x)) / 30, comparable())
    assert found["nearest"] is found["apart"] is None
    (line,) = nearest_lines(found)
    assert line == ("nearest built-in", "not looked for: f overflows for |x| ≤ 30")


def test_nothing_is_held_against_itself_or_what_learns_or_draws():
    others = comparable(but="gelu")
    assert not {"gelu", "prelu", "swish", "rrelu"} & others.keys() and "silu" in others
    assert find_nearest(DEFINITIONS["gelu"], others)["nearest"] == "gelu_tanh"
    assert find_nearest(DEFINITIONS["gelu"], {})["nearest"] is None


@pytest.mark.parametrize(("of", "by"), [("elu", "selu"), ("relu", "identity"), ("snake", "gelu")])
def test_an_infinite_distance_is_refused(of, by):
    with pytest.raises(Unproven):
        equal_functions.sup_distance(DEFINITIONS[of], DEFINITIONS[by])
