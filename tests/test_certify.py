"""Certified profiles: what is claimed holds by mpmath, exactly where it can, else it says why."""

import copy
import functools
import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from formulas import FORMULAS
from independent import moment_violations, violations
from scipy import stats
from scipy.integrate import quad

from activarium import activations
from activarium import certify as room
from activarium.certify import certify, certify_activation
from activarium.certify.certify_activation import certify_declared, provenance
from activarium.certify.enclosure import relative_width
from activarium.certify.profile_table import profile_rows, round_outwards
from activarium.definitions import on_numpy
from activarium.runtime.errors import UserError

NAMES = activations.names()
LIBRARY = Path(activations.__file__).parents[2]
SCHEMA = json.loads((Path(room.__file__).parent / "schema.json").read_text(encoding="utf-8"))
OSCILLATING = {"gcu", "gelu_sinc", "gelu_sine", "sine", "snake"}
JUMPING = {"hardshrink", "threshold"}
UNDECIDED = {"smooth_relu2": {"range_fsecond", "smoothness"}}  # the sign of f‴ far to the right
INFINITE = {"chi1", "edge_of_chaos", "gaussian.Efp2", "gaussian.Efp4"}  # where f jumps
PAPERS = """elu hardshrink hardsigmoid hardtanh hardswish leaky_relu logsigmoid prelu relu relu6
rrelu selu celu gelu sigmoid softplus softshrink softsign tanh tanhshrink"""
pytestmark = pytest.mark.xdist_group("profiles")  # which one process makes and keeps


@functools.cache
def profile(name):
    return certify(activations.load(name).definition)


def enclosures(value):
    """Every [low, high] in a profile."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value):
        return [value]
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [pair for item in below for pair in enclosures(item)]


def midpoint(pair):
    return float((Decimal(pair[0]) + Decimal(pair[1])) / 2)


def places(entries):
    return [round(midpoint(entry["x"]), 9) for entry in entries]


# Every built-in activation


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_obeys_the_schema(name):
    jsonschema.validate(profile(name), SCHEMA)


@pytest.mark.parametrize("name", NAMES)
def test_no_enclosure_is_wider_than_1e_12(name):
    for low, high in enclosures({k: v for k, v in profile(name).items() if k != "monotone"}):
        if "inf" not in low + high:
            assert Decimal(low) <= Decimal(high) and relative_width([low, high]) <= Decimal("1e-12")


@pytest.mark.parametrize("name", NAMES)
def test_no_value_leaves_its_enclosure(name):
    assert violations(profile(name), FORMULAS[name], n=200) == []


@pytest.mark.parametrize("name", NAMES)
def test_gaussian_moments_agree_with_mpmaths_quadrature(name):
    assert list(moment_violations(profile(name), FORMULAS[name])) == []


@pytest.mark.parametrize("name", [n for n in NAMES if n not in OSCILLATING | JUMPING | {"pau"}])
def test_nothing_is_refused(name):
    assert set(profile(name)["refused"]) <= {"variance_map.fixed_points"} | UNDECIDED.get(
        name, set()
    )


def test_of_the_pade_unit_all_is_proven_but_what_rests_on_its_slope_far_to_the_left():
    found = profile("pau")
    assert set(found["refused"]) == {
        "inflection_points", "range_fprime", "range_fsecond", "lipschitz", "convex", "asymptotes",
        "variance_map.fixed_points",
    }  # fmt: skip
    assert len(found["zeros"]) == 3 and found["range_f"]["inf"]["value"] == ["-inf", "-inf"]


def test_the_papers_twenty_and_at_least_45_are_certified():
    whole = [n for n in NAMES if n not in OSCILLATING]
    assert set(PAPERS.split()) <= set(whole) and len(whole) >= 45
    for name in JUMPING:
        assert set(profile(name)["refused"]) == INFINITE


@pytest.mark.parametrize("name", NAMES)
def test_stein_by_parts_ties_the_moments_of_f_and_of_its_derivative(name):
    gaussian = profile(name)["gaussian"]
    assert midpoint(gaussian["Efp"]) == pytest.approx(midpoint(gaussian["hermite"][1]), abs=1e-15)
    if name not in JUMPING:
        assert midpoint(gaussian["Efp2"]) <= midpoint(gaussian["Efp4"]) ** 0.5 + 1e-15


@pytest.mark.parametrize("key", ["range_f", "range_fprime", "zeros", "gaussian"])
def test_the_checks_above_can_fail(key):
    broken = copy.deepcopy(profile("gelu"))
    if key == "gaussian":
        broken[key]["Ef2"] = ["0.42522147", "0.425221476"]
        assert list(moment_violations(broken, FORMULAS["gelu"]))
        return
    if key == "zeros":
        broken[key] = []
    else:
        broken[key]["inf"]["value"] = ["-0.12", "-0.119"]
    assert violations(broken, FORMULAS["gelu"])


@pytest.mark.parametrize("name", ["gelu", "silu", "elu", "tanh", "hardswish", "mish"])
def test_another_formula_does_not_pass_for_this_one(name):
    others = [n for n in ("gelu_tanh", "quick_gelu", "selu", "isru", "relu6") if n != name]
    for other in others:
        assert violations(profile(name), FORMULAS[other], n=200)


# Exact where it is exact


def test_relus_lipschitz_constant_is_exactly_1():
    relu = profile("relu")
    assert relu["lipschitz"] == ["1", "1"] and relu["smoothness"] == ["inf", "inf"]
    assert relu["class"] == "C^0" and relu["gaussian"]["P_fp_zero"] == ["0.5", "0.5"]
    assert relu["chi1"] == ["1", "1"] and relu["edge_of_chaos"]["sigma_b2"] == ["0", "0"]


@pytest.mark.parametrize(
    ("name", "smooth"),
    [("elu", "C^1"), ("celu", "C^1"), ("isrlu", "C^2"), ("selu", "C^0"), ("relu2", "C^1"),
     ("hardshrink", "discontinuous"), ("gelu", "analytic"), ("softsign", "C^1"),
     ("hardswish", "C^0"), ("xielu", "C^1"), ("rrelu", "C^0"), ("threshold", "discontinuous")],
)  # fmt: skip
def test_the_class_of_smoothness_is_proven_exactly(name, smooth):
    assert profile(name)["class"] == smooth


@pytest.mark.parametrize("name", ["leaky_relu", "prelu", "rrelu", "relu", "identity", "relu2"])
def test_moments_of_half_lines_are_exact_rationals(name):
    gaussian = profile(name)["gaussian"]
    if name != "rrelu":  # 2425/4608 has no finite decimal
        assert gaussian["Ef2"][0] == gaussian["Ef2"][1]
    assert profile(name)["chi1"] == (["1", "1"] if name != "relu2" else profile(name)["chi1"])


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("gelu", "stationary_points", [-0.751791525]),
        ("gelu", "inflection_points", [-1.414213562, 1.414213562]),
        ("silu", "stationary_points", [-1.278464543]),
        ("mish", "stationary_points", [-1.192431215]),
        ("tanhshrink", "zeros", [0]),
        ("hard_elish", "stationary_points", [-0.442854401]),
        ("hardswish", "stationary_points", [-1.5]),
        ("softsign", "inflection_points", []),
    ],
)
def test_a_list_of_points_is_what_the_literature_has(name, key, expected):
    assert places(profile(name)[key]) == expected


def test_tanhshrink_has_a_triple_zero():
    assert profile("tanhshrink")["zeros"] == [{"x": ["0", "0"], "multiplicity": 3}]
    assert profile("tanhshrink")["stationary_points"][0]["kind"] == "saddle"


def test_sine_repeats_and_is_complete_over_one_period():
    sine = profile("sine")
    assert len(sine["zeros"]) == 2 and all("period" in zero for zero in sine["zeros"])
    assert midpoint(sine["lipschitz"]) == 1 and sine["parity"] == "odd"
    assert [p["is"] for p in sine["monotone"]["pieces"]] == ["decreasing", "increasing"]
    assert sine["asymptotes"]["right"] == {"none": "a periodic part stays"}


@pytest.mark.parametrize(
    ("name", "parity"),
    [("tanh", "odd"), ("lisht", "even"), ("gelu", "neither"), ("softsign", "odd"),
     ("hardshrink", "odd"), ("isru", "odd"), ("tanhshrink", "odd"), ("relu", "neither")],
)  # fmt: skip
def test_parity_is_proven_or_refuted(name, parity):
    assert profile(name)["parity"] == parity


# What the moments say of wide networks


@pytest.mark.parametrize(
    ("name", "q1"),
    [("gelu", "repels"), ("silu", "repels"), ("mish", "repels"), ("hardswish", "repels"),
     ("elu", "attracts"), ("selu", "attracts"), ("tanh", "attracts"), ("relu", "neutral")],
)  # fmt: skip
def test_the_variance_map_has_q_1_as_its_only_fixed_point(name, q1):
    found = profile(name)["variance_map"]
    assert found["q1"] == q1
    assert found["fixed_points"] == ("every" if q1 == "neutral" else [["1", "1"]])


@pytest.mark.parametrize("name", [n for n in NAMES if n not in {"gcu", "sine", "snake"}])
def test_the_variance_map_moves_as_its_fixed_points_say(name):
    found = profile(name)["variance_map"]
    if found["fixed_points"] not in (None, "every"):

        def f(x):
            return float(activations.load(name).definition(np.float64(x), on_numpy))

        def mean_square(q):
            density = stats.norm.pdf
            parts = [(-12, -3), (-3, -1), (-1, 0), (0, 1), (1, 3), (3, 12)]
            square = [quad(lambda z: f(q**0.5 * z) ** 2 * density(z), *p)[0] for p in parts]
            return sum(square)

        one = mean_square(1)
        for q in (0.3, 4.0):
            grows = mean_square(q) / one > q
            assert grows == ((q > 1) == (found["q1"] == "repels"))


def test_the_edge_of_chaos_is_known_or_proven_absent():
    tanh = profile("tanh")["edge_of_chaos"]
    assert tanh["exists"] and midpoint(tanh["sigma_w"]) ** 2 == pytest.approx(1 / 0.4644029024)
    sigmoid = profile("sigmoid")["edge_of_chaos"]
    assert not sigmoid["exists"] and float(sigmoid["sigma_b2"][1]) < 0


# Metamorphic: what a change of the function must do to its profile


def shifted(f, c):
    return lambda x, xp: f(x, xp) + c


def scaled(f, a):
    return lambda x, xp: a * f(x, xp)


def turned(f):
    return lambda x, xp: f(-x, xp)


def tilted(f):
    return lambda x, xp: f(x, xp) + x


def agree(pair, other, sign=1, offset=0.0, factor=1.0):
    assert midpoint(pair) == pytest.approx(sign * factor * midpoint(other) + offset, abs=1e-14)


@pytest.mark.parametrize("name", ["gelu", "elu", "softplus", "hardswish", "mish", "hardshrink"])
def test_adding_a_constant_shifts_values_and_nothing_else(name):
    before, after = profile(name), certify(shifted(activations.load(name).definition, 3))
    agree(after["range_f"]["inf"]["value"], before["range_f"]["inf"]["value"], offset=3)
    agree(after["gaussian"]["Ef"], before["gaussian"]["Ef"], offset=3)
    for key in ("lipschitz", "smoothness", "class", "monotone", "convex"):
        assert after[key] == before[key]


@pytest.mark.parametrize("name", ["gelu", "elu", "softsign", "mish", "tanh", "hardswish"])
def test_a_factor_scales_values_slopes_and_moments(name):
    before, after = profile(name), certify(scaled(activations.load(name).definition, 2.5))
    agree(after["lipschitz"], before["lipschitz"], factor=2.5)
    agree(after["gaussian"]["Ef2"], before["gaussian"]["Ef2"], factor=6.25)
    agree(after["chi1"], before["chi1"])
    assert places(after["stationary_points"]) == places(before["stationary_points"])


@pytest.mark.parametrize("name", ["gelu", "elu", "selu", "mish", "softsign", "relu6", "threshold"])
def test_turning_x_around_mirrors_everything(name):
    before, after = profile(name), certify(turned(activations.load(name).definition))
    for key in ("zeros", "stationary_points", "inflection_points"):
        assert places(after[key]) == sorted(-x + 0.0 for x in places(before[key]))
    assert after["lipschitz"] == before["lipschitz"] and after["class"] == before["class"]
    agree(after["gaussian"]["hermite"][1], before["gaussian"]["hermite"][1], sign=-1)
    agree(after["gaussian"]["Ef2"], before["gaussian"]["Ef2"])


@pytest.mark.parametrize("name", ["gelu", "elu", "softsign", "relu", "tanh", "hardswish"])
def test_adding_x_adds_1_to_every_slope(name):
    before, after = profile(name), certify(tilted(activations.load(name).definition))
    for end in ("inf", "sup"):
        agree(after["range_fprime"][end]["value"], before["range_fprime"][end]["value"], offset=1)
    assert after["smoothness"] == before["smoothness"] and after["class"] == before["class"]
    agree(after["gaussian"]["hermite"][1], before["gaussian"]["hermite"][1], offset=1)


# Functions made to mislead


def near_double(x, xp):
    return (x - 1) * (x - 1) * (x + 2) + xp.decimal("1e-9")


def near_double_through_exp(x, xp):
    return (x - 1) * (x - 1) * xp.exp(-x) + xp.decimal("1e-9") * xp.exp(-x)


def needle(x, xp):
    return x + 0.1 * xp.exp(-200 * (x - 7.3) * (x - 7.3))


def fine_needle(x, xp):
    return x + 0.001 * xp.exp(-1000000 * (x - 7.3) * (x - 7.3))


def celu2(x, xp):
    return xp.piecewise(x, 0, lambda x: 2 * xp.expm1(x / 2), lambda x: x, at="left")


def elu2(x, xp):
    return xp.piecewise(x, 0, lambda x: 2 * xp.expm1(x), lambda x: x, at="left")


def test_a_near_double_root_is_one_root_and_not_three():
    assert places(certify(near_double)["zeros"]) == [-2.0]
    assert certify(near_double_through_exp)["zeros"] == []


def test_a_needle_far_out_is_found():
    found = certify(needle)
    assert len(found["stationary_points"]) == 2 and len(found["inflection_points"]) == 2
    assert midpoint(found["range_fprime"]["inf"]["value"]) == pytest.approx(1 - 1.2130613194)


@pytest.mark.slow
def test_a_finer_needle_is_found_or_refused_and_never_missed():
    fine = certify(fine_needle)
    slope = fine["range_fprime"]
    assert slope is None or midpoint(slope["sup"]["value"]) == pytest.approx(1.8577638849)
    assert fine["stationary_points"] is None or places(fine["stationary_points"]) == []


def test_celu_2_is_smooth_at_0_and_elu_2_has_a_kink():
    assert certify(celu2)["class"] == "C^1" and certify(celu2)["lipschitz"] == ["1", "1"]
    assert certify(elu2)["class"] == "C^0" and certify(elu2)["lipschitz"] == ["2", "2"]


def test_a_jump_makes_the_lipschitz_constant_infinite():
    assert profile("hardshrink")["lipschitz"] == ["inf", "inf"]
    assert [k["smooth_to"] for k in profile("hardshrink")["kinks"]] == [-1, -1]


def test_the_value_at_a_jump_is_that_of_the_side_that_the_definition_names():
    assert [k["value"] for k in profile("hardshrink")["kinks"]] == [["0", "0"], ["0", "0"]]
    (threshold,) = profile("threshold")["kinks"]
    assert threshold["value"] == ["0", "0"] and threshold["f"]["right"] == ["1", "1"]

    def from_the_right(x, xp):
        return xp.piecewise(x, 1, lambda x: 0 * x, lambda x: x, at="right")

    assert certify(from_the_right)["kinks"][0]["value"] == ["1", "1"]


@pytest.mark.parametrize(
    "definition",
    [lambda x, xp: 1 / x, lambda x, xp: xp.sqrt(x), lambda x, xp: xp.log(x * x)],
)
def test_what_is_not_finite_everywhere_is_refused(definition):
    found = certify(definition)
    assert found["range_f"] is None and found["gaussian"] is None and found["lipschitz"] is None


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        (lambda x, xp: xp.piecewise(x * x, 1, lambda x: x, lambda x: 0 * x), "affine"),
        (lambda x, xp: xp.piecewise(xp.exp(x), 1, lambda x: x, lambda x: 0 * x), "affine"),
        (lambda x, xp: x if x > 0 else 0 * x, "xp.piecewise only"),
        (lambda x, xp: x / (x - x), "divides by zero"),
    ],
)
def test_what_cannot_be_read_is_refused_as_a_whole(definition, reason):
    found = certify(definition)
    assert reason in found["refused"]["definition"] and found["range_f"] is None
    jsonschema.validate(found, SCHEMA)


def test_a_refusal_leaves_the_other_properties():
    gcu = profile("gcu")
    assert gcu["range_f"] is None and gcu["gaussian"] and gcu["chi1"] and gcu["parity"] == "odd"
    assert all("oscillates" in gcu["refused"][key] for key in ("zeros", "range_f", "lipschitz"))


# The table and the files


@pytest.mark.parametrize("text", ["0.1", "-0.1", "1.128904145185154786340744", "1e-400", "-1e400"])
def test_float_ends_are_rounded_outwards(text):
    low, high = round_outwards(text, -1), round_outwards(text, 1)
    assert low == float("-inf") or Fraction(low) <= Fraction(text)
    assert high == float("inf") or Fraction(high) >= Fraction(text)


def test_rows_hold_every_enclosure_and_every_refusal():
    table = profile_rows({"gelu": profile("gelu"), "gcu": profile("gcu")})
    lipschitz = next(r for r in table if (r["activation"], r["property"]) == ("gelu", "lipschitz"))
    assert lipschitz["low"] <= 1.1289041451851547 <= lipschitz["high"]
    assert lipschitz["low"] < lipschitz["high"]
    assert [lipschitz["low_decimal"], lipschitz["high_decimal"]] == profile("gelu")["lipschitz"]
    refused = {r["property"] for r in table if r["activation"] == "gcu" and r["refused"]}
    assert refused == set(profile("gcu")["refused"])


def test_an_expression_has_the_same_profile_as_the_file_it_repeats():
    mine = certify_activation("0 if x <= 0 else x")
    assert json.dumps(mine) == json.dumps(certify_activation("relu")) == json.dumps(profile("relu"))


def test_time_and_versions_stand_apart_from_the_profile():
    about = provenance(1.23456)
    assert about["seconds"] == 1.235 and set(about) == {"seconds", "python", "python-flint"}
    assert not set(about) & set(certify_declared(activations.ActivationSpec("relu")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("golo", r"no activation 'golo' \(did you mean golu\?\)"),
        ("zzz", "no activation 'zzz'; `activarium list` lists"),
        ("x*ndrt(x)", "'ndrt' is not a function here .did you mean ndtr"),
        ("1/x", "'1/x': a division, logarithm or root is not proven finite near x = 0"),
        ("3", "'3' does not depend on x"),
        ("pi", "'pi' does not depend on x"),
    ],
)
def test_what_cannot_be_certified_is_an_error_with_a_way_out(text, said):
    with pytest.raises(UserError, match=said):
        certify_activation(text)


def test_a_profile_says_where_what_is_learned_starts_and_whether_it_draws():
    found = {name: certify_activation(name) for name in ("acon_c", "prelu", "relu", "rrelu")}
    for one in found.values():
        jsonschema.validate(one, SCHEMA)
    assert found["acon_c"]["parameters"] == {"p1": ["1", "1"], "p2": ["0", "0"], "beta": ["1", "1"]}
    assert found["prelu"]["parameters"] == {"slope": ["0.25", "0.25"]}
    assert found["relu"]["parameters"] == found["rrelu"]["parameters"] == {}
    assert [name for name, profile in found.items() if profile["draws"]] == ["rrelu"]


@pytest.mark.parametrize("start", ["a", float("inf"), float("nan"), None, 1j])
def test_a_learned_parameter_that_starts_at_no_number_is_refused(start):
    def learns(x, xp, *, slope=start):
        return slope * x

    found = certify(learns)
    assert "is no finite number" in found["refused"]["definition"]
    jsonschema.validate(found, SCHEMA)


def test_the_core_certifies_where_there_is_no_torch():
    """Neither torch nor what comes with training: importing any of it raises."""
    program = f"""
import sys
from importlib.abc import MetaPathFinder
ABSENT = {{"torch", "torchvision", "sklearn", "snakemake", "pandas"}}
class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name.split(".")[0])
sys.meta_path.insert(0, Absent())
from activarium import activations, certify, definitions, proven_claims
from activarium.definitions import expression_checks, expressions, file_checks, on_numpy
assert certify.certify_activation("gelu")["lipschitz"] == {profile("gelu")["lipschitz"]}
assert certify.certify_activation("x*ndtr(1.1*x)")["class"] == "analytic"
assert round(float(activations.definition("golu")(1.0, on_numpy)), 6) == 0.692201
try:
    activations.module("golu")
except activations.UserError as error:
    assert str(error) == (
        "a module of golu needs torch; install it with pip install 'activarium[train]'"
    )
else:
    raise AssertionError("torch was there")
assert not ABSENT & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], cwd=LIBRARY, check=True)


def test_certifying_imports_neither_pandas_nor_scipy():
    program = """
import sys
from activarium.certify import certify_activation
certify_activation("relu")
assert not {"torch", "pandas", "scipy"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], cwd=LIBRARY, check=True)


def test_the_same_definition_gives_the_same_bytes():
    assert json.dumps(certify(activations.load("silu").definition)) == json.dumps(profile("silu"))
