"""What is proven of an activation in sentences that a practitioner reads, each with its digits."""

from collections.abc import Iterator, Mapping

from ..report.proven_properties import CLASSES, format_enclosure

SMOOTH = {
    "analytic": "It is smooth: every derivative exists everywhere.",
    "discontinuous": "It jumps: it is not continuous.",
    "C^0": "It is continuous, but has a kink, where the slope jumps.",
    "C^1": "Its slope is continuous, but the second derivative jumps.",
    "C^2": "Its first two derivatives are continuous, but the third jumps.",
}
MONOTONE = {
    "increasing": "It rises everywhere, so it never changes the order of its inputs.",
    "nondecreasing": "It never falls, but is flat somewhere.",
    "decreasing": "It falls everywhere.",
    "nonincreasing": "It never rises, but is flat somewhere.",
    "constant": "It is constant.",
}


def proven_sentences(profile: Mapping, label: str) -> list[str]:
    """The sentences, in the order of what people ask; none where nothing is proven of a property.

    Digits before “…” are all certain.
    """
    if not profile.get("definition"):
        return []
    return [sentence for find in FINDERS for sentence in find(profile, label)]


def _smoothness(profile, label) -> Iterator[str]:
    if sentence := SMOOTH.get(profile.get("class") or ""):
        yield sentence
    elif profile.get("class"):
        yield f"It is of class {CLASSES.get(profile['class'], profile['class'])}."


def _slope(profile, label) -> Iterator[str]:
    """The Lipschitz constant, which answers whether the slope exceeds a number."""
    bound = profile.get("lipschitz")
    if not bound:
        return
    if bound[0] == "inf":
        yield "Its slope has no bound, so it has no Lipschitz constant."
        return
    grows = _above_one(bound)
    yield (
        f"|{label}′| never exceeds {format_enclosure(bound)}, its Lipschitz constant"
        f"{_where_steepest(profile)}. A layer of it {grows}."
    )


def _above_one(bound):
    low, high = map(float, bound)
    if high <= 1:
        return "never makes a difference between inputs larger"
    return "can make a small difference between inputs larger" if low > 1 else "may do either"


def _where_steepest(profile):
    """ ", reached at x = 1.41421…", where the steepest slope is reached at one place."""
    ends = profile.get("range_fprime") or {}
    bound = profile["lipschitz"]
    for end in ("sup", "inf"):
        found = ends.get(end) or {}
        value = [text.lstrip("-") for text in found.get("value") or []]
        places = found.get("at") or []
        if sorted(value) == sorted(bound) and found.get("attained") and _is_one_point(places):
            return f", reached at x = {format_enclosure(places[0])}"
    return ""


def _is_one_point(places):
    """Whether something is reached at one point, not on an interval and not at ±∞."""
    if len(places) != 1 or isinstance(places[0], str):
        return False
    return all(isinstance(end, str) for end in places[0])


def _monotone(profile, label) -> Iterator[str]:
    found = profile.get("monotone")
    if not found:
        return
    if found["everywhere"] in MONOTONE:
        yield MONOTONE[found["everywhere"]]
    elif len(found["pieces"]) == 2 and not found.get("period"):
        first, second = found["pieces"]
        yield (
            f"It is not monotone: {first['is']} up to x = {format_enclosure(first['to'])}, then "
            f"{second['is']}."
        )
    else:
        yield "It is not monotone: it rises and falls by turns."


def _values(profile, label) -> Iterator[str]:
    found = profile.get("range_f")
    if not found:
        return
    low, high = found["inf"], found["sup"]
    ends = [format_enclosure(low["value"]), format_enclosure(high["value"])]
    if low["value"][0] == "-inf" and high["value"][0] == "inf":
        yield "Its values have no bound on either side."
    elif high["value"][0] == "inf":
        reached = "its least value" if low["attained"] else "approached and never reached"
        yield f"Its values are bounded below by {ends[0]}, {reached}, and have no bound above."
    elif low["value"][0] == "-inf":
        yield f"Its values are bounded above by {ends[1]}, and have no bound below."
    else:
        yield f"Its values stay between {ends[0]} and {ends[1]}, so it saturates on both sides."


def _flat(profile, label) -> Iterator[str]:
    flat = (profile.get("gaussian") or {}).get("P_fp_zero")
    if not flat:
        return
    if float(flat[0]) > 0:
        share = f"{100 * float(flat[0]):.1f}"
        yield f"For a standard normal input it passes no gradient {share} % of the time."
    elif float(flat[1]) == 0:
        yield "It passes a gradient at almost every input."


def _gaussian(profile, label) -> Iterator[str]:
    if gain := profile.get("gain"):
        yield (
            f"A gain of {format_enclosure(gain)} on its output keeps the mean square of a standard "
            "normal signal."
        )
    edge = profile.get("edge_of_chaos") or {}
    if edge.get("exists") and edge.get("sigma_w"):
        yield (
            "A deep net without normalisation passes signals farthest with weights of standard "
            f"deviation {format_enclosure(edge['sigma_w'], 4)}/√fan-in and biases of variance "
            f"{format_enclosure(edge.get('sigma_b2'), 4)}: the edge of chaos."
        )


FINDERS = (_smoothness, _slope, _monotone, _values, _flat, _gaussian)
