"""Claims about activations settled by proof: those of the literature, duplicates and distances."""

from ..certify import Unproven
from . import duplicates, reported

APPROXIMATIONS = (  # (what is meant, what stands in for it)
    ("gelu", "gelu_tanh"),
    ("gelu", "quick_gelu"),
    ("silu", "hardswish"),
    ("sigmoid", "hardsigmoid"),
    ("mish", "hard_mish"),
    ("tanh", "hardtanh"),
)


def settled(gelu, definitions):
    """{reported, equal, close}: answers to the reported claims, duplicates, and distances.

    `gelu` is its profile, `definitions` maps names to definition(x, xp). A distance is
    sup |f − g| over all of R with where it is found, or the reason why it was refused.
    """
    return {
        "reported": reported.answers(gelu, definitions["gelu"]),
        "equal": duplicates.equal(definitions),
        "close": [_distance(f, g, definitions) for f, g in APPROXIMATIONS],
    }


def _distance(f, g, definitions):
    try:
        found = duplicates.distance(definitions[f], definitions[g])
    except Unproven as why:
        found = {"refused": str(why)}
    return {"of": f, "by": g, **found}
