"""Claims about activations settled by proof: those of the literature, duplicates and distances."""

from collections.abc import Callable, Iterable

from ..certify import Unproven, certify
from . import equal_functions, gelu_paper

APPROXIMATIONS = (  # (what is meant, what stands in for it)
    ("gelu", "gelu_tanh"),
    ("gelu", "quick_gelu"),
    ("silu", "hardswish"),
    ("sigmoid", "hardsigmoid"),
    ("mish", "hard_mish"),
    ("tanh", "hardtanh"),
)


def prove_claims(definitions: dict[str, Callable], drawn: Iterable[str] = ()) -> dict:
    """{reported, equal, close}: answers to the reported claims, duplicates, and distances.

    `definitions` maps names to definition(x, xp); what is claimed of others is left out. Nothing
    is equal to what learns or to the names in `drawn`, which draw at random in training. A
    distance is sup |f − g| over all of R with where it is found, or the reason why it was refused.
    """
    gelu = definitions.get("gelu")
    fixed = {name: f for name, f in definitions.items() if name not in drawn}
    pairs = [pair for pair in APPROXIMATIONS if set(pair) <= set(definitions)]
    return {
        "reported": gelu_paper.check_reported_claims(certify(gelu), gelu) if gelu else [],
        "equal": equal_functions.equal_groups(fixed),
        "close": [_distance(f, g, definitions) for f, g in pairs],
    }


def _distance(f, g, definitions):
    try:
        found = equal_functions.sup_distance(definitions[f], definitions[g])
    except Unproven as why:
        found = {"refused": str(why)}
    return {"of": f, "by": g, **found}
