"""Compositions drawn at random: whatever is claimed of one holds by mpmath, or it is refused."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from independent import violations
from mpmath import mp

from activarium.certify import certify
from activarium.definitions import expressions


def _exp(x):
    """e^x; far below every bound it is 0, which mpmath would compute for hours to say."""
    return mp.exp(x) if x > -(2**64) else mp.zero


def _sigmoid(x):
    e = _exp(-abs(x))
    return (1 if x >= 0 else e) / (1 + e)


def _softplus(x):
    return max(x, mp.zero) + mp.log1p(_exp(-abs(x)))


WORDS = {
    "exp": _exp,
    "expm1": lambda x: _exp(x) - 1,
    "sin": mp.sin,
    "cos": mp.cos,
    "atan": mp.atan,
    "asinh": mp.asinh,
    "tanh": mp.tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "logsigmoid": lambda x: -_softplus(-x),
    "erf": mp.erf,
    "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2 if x > -(2**32) else mp.zero,
}
TAME = [w for w in WORDS if w not in ("exp", "expm1")]  # so that towers of exponentials stay low

LEAVES = st.sampled_from(
    [
        ("x", lambda x: x),
        ("(x - 1)", lambda x: x - 1),
        ("0.3*x", lambda x: x * 3 / 10),
        ("(-2*x)", lambda x: -2 * x),
        ("0.7", lambda x: mp.mpf(7) / 10),
        ("x*x", lambda x: x * x),
    ]
)


def _apply(name, part):
    text, f = part
    return f"{name}({text})", lambda x: WORDS[name](f(x))


def _add(a, b):
    return f"({a[0]} + {b[0]})", lambda x: a[1](x) + b[1](x)


def _multiply(a, b):
    return f"({a[0]})*({b[0]})", lambda x: a[1](x) * b[1](x)


def _divide(a, b):
    return f"({a[0]}) / (1 + ({b[0]})**2)", lambda x: a[1](x) / (1 + b[1](x) ** 2)


def _branch(a, b, c):
    text = f"({a[0]} if x < {c} else {b[0]})"
    return text, lambda x: a[1](x) if x < mp.mpf(c) else b[1](x)


def _larger(parts):
    return st.one_of(
        st.builds(_apply, st.sampled_from(TAME), parts),
        st.builds(_add, parts, parts),
        st.builds(_multiply, parts, parts),
        st.builds(_divide, parts, parts),
        st.builds(_branch, parts, parts, st.sampled_from(["0", "1", "-0.5"])),
    )


SMALL = st.one_of(LEAVES, st.builds(_apply, st.sampled_from(list(WORDS)), LEAVES))
COMPOSITIONS = st.recursive(SMALL, _larger, max_leaves=4)


def holds(composition):
    text, formula = composition
    profile = certify(expressions.definition(text))
    assert violations(profile, formula, n=48) == [], text


QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


@settings(max_examples=8, derandomize=True, **QUIET)
@given(COMPOSITIONS)
def test_a_composition_never_leaves_its_enclosures(composition):
    holds(composition)


SIZES = [
    ("1e5*tanh(x)", lambda x: 10**5 * mp.tanh(x)),
    ("1e-30*x*sigmoid(x)", lambda x: mp.mpf(10) ** -30 * x * _sigmoid(x)),
    ("(tanh(x)**4)**4", lambda x: mp.tanh(x) ** 16),
    ("(x-1)*(x-1)*sigmoid(x)", lambda x: (x - 1) ** 2 * _sigmoid(x)),
]


@pytest.mark.parametrize("composition", SIZES, ids=[text for text, _ in SIZES])
def test_sizes_powers_and_double_zeros_never_leave_their_enclosures(composition):
    holds(composition)


@pytest.mark.slow
@settings(max_examples=120, **QUIET)
@given(COMPOSITIONS)
def test_many_compositions_never_leave_their_enclosures(composition):
    holds(composition)
