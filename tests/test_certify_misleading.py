"""Made to mislead the proofs: a value at one point alone, constants that do not exist, sizes."""

from fractions import Fraction

import jsonschema
import pytest
from flint import arb, ctx, fmpq, fmpq_poly
from test_certify import SCHEMA

from activarium import expressions
from activarium.certify import Unproven, certify, expression
from activarium.certify.enclosure import pair
from activarium.certify.pieces import Piece
from activarium.certify.variance import _sign_of_polynomial
from activarium.claims import duplicates
from activarium.expressions import ExpressionError


def profile(text):
    return certify(expressions.definition(text))


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
        expressions.check(text)


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
    with pytest.raises(Unproven, match="third branch"):
        duplicates.equal({"a": mine, "b": expressions.definition("1*x")})
    with pytest.raises(Unproven, match="third branch"):
        duplicates.distance(mine, expressions.definition("1*x"))
