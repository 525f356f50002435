"""Proven properties as the page shows them: enclosures in digits that are all certain."""

from collections.abc import Sequence
from decimal import Decimal, localcontext

from . import words
from .study_tables import formula, label

DIGITS = 6  # significant ones that a cell shows; the profiles hold 20 and more
CLASSES = {"discontinuous": "jumps", "C^0": "C⁰", "C^1": "C¹", "C^2": "C²", "C^3": "C³"}
KINDS = {None: "–", "neither": "no"}


def properties(tables, stated):
    """One dict an activation of the study that is certified, sorted by name; text is ready.

    `stated` maps a name to its text where the study states it in a line.
    """
    return [
        _row(tables, name, profile) | {"formula": stated.get(name) or formula(name)}
        for name, profile in sorted(tables.profiles.items())
    ]


def _row(tables, name, profile):
    return {
        "name": name,
        "label": label(name),
        "number": tables.number(name) if name in tables.activations else None,
    } | property_texts(profile)


def property_texts(profile: dict) -> dict:
    """{property: its text} of one profile; (what it sorts by, its text) for a cell of the table."""
    gauss = profile.get("gaussian") or {}
    low = (profile.get("range_f") or {}).get("inf")
    return {
        "definition": profile["definition"],
        "form": words.form(profile),
        "starts": _starts(profile),
        "class": CLASSES.get(profile["class"], profile["class"] or "–"),
        "monotone": _kind(profile.get("monotone")),
        "convex": _kind(profile.get("convex")),
        "bounded": _bounded(profile.get("bounded")),
        "parity": profile.get("parity") or "–",
        "lipschitz": _cell(profile.get("lipschitz")),
        "smoothness": _cell(profile.get("smoothness")),
        "minimum": _cell(low["value"] if low else None),
        "gain": _cell(profile.get("gain")),
        "chi1": _cell(profile.get("chi1")),
        "edge": _edge(profile.get("edge_of_chaos") or {}),
        "q1": (profile.get("variance_map") or {}).get("q1") or "–",
        "Ef": shown(gauss.get("Ef")),
        "Ef2": shown(gauss.get("Ef2")),
        "Efp4": shown(gauss.get("Efp4")),
        "flat": shown(gauss.get("P_fp_zero")),
        "zeros": _places(profile, "zeros"),
        "stationary_points": _places(profile, "stationary_points", "value"),
        "inflection_points": _places(profile, "inflection_points", "value"),
        "kinks": _kinks(profile),
        "refused": profile["refused"],
        "bits": profile["bits"],
    }


def _edge(edge):
    """The σw and σb² at the edge of chaos; "none" where it is proven that there are none."""
    if edge.get("exists") and edge.get("sigma_w"):
        return f"{shown(edge['sigma_w'], 4)}, {shown(edge['sigma_b2'], 4)}"
    return "none" if edge.get("exists") is False else "–"


def _starts(profile):
    """ "slope = 0.25" for what is learned, as a list in words; "" where nothing is."""
    learned = (profile.get("parameters") or {}).items()
    return words.listed(f"{name} = {shown(start)}" for name, start in learned)


def proven(tables, claims):
    """What `claims` settled that this study is about: {reported, equal, close}, or None.

    The claims reported of GELU where it is here; groups of equal functions and distances of
    approximations where at least two, or one of the pair, are here.
    """
    if not claims:
        return None
    here = set(tables.activations)
    close = [c for c in claims["close"] if c["of"] in here and c.get("value")]
    return {
        "reported": claims["reported"] if "gelu" in here else [],
        "equal": [g for g in claims["equal"] if here & set(g)],
        "close": [c | {"text": shown(c["value"]), "where": shown(c.get("at"))} for c in close],
    }


def _cell(enclosure):
    """(what the table sorts by, the text) of an enclosure."""
    infinite = {"inf": "Infinity", "-inf": "-Infinity"}  # as the page's script reads them
    return infinite.get(enclosure[0], enclosure[0]) if enclosure else "", shown(enclosure)


def shown(enclosure: Sequence[str] | None, digits: int = DIGITS) -> str:
    """An enclosure as text: exact where it is a short decimal, else its certain digits and “…”.

    ["1", "1"] is “1”, ["1.128904145185154786", "1.128904145185154787"] is “1.12890…”; where
    both ends share no digits, as around 0, the rounded middle after “≈”, and both ends, rounded
    outwards, of an enclosure that is too wide for it.
    """
    if not enclosure:
        return "–"
    low, high = map(Decimal, enclosure)
    if low.is_infinite() and low == high:
        return "−∞" if low < 0 else "∞"
    if low.is_infinite() or high.is_infinite():
        return f"below {_plain(high)}" if low.is_infinite() else f"above {_plain(low)}"
    if low == high and len(low.normalize().as_tuple().digits) <= digits + 2:
        return _plain(low)
    cut = [_truncated(end, digits) for end in (low, high)]
    if cut[0] == cut[1]:
        return f"{cut[0]}…"
    with localcontext(prec=DIGITS):
        middle = (low + high) / 2
    if max(abs(low), abs(high)) < Decimal("1e-12"):
        return "≈ 0"
    if high - low > Decimal(1).scaleb(middle.adjusted() - DIGITS + 1):
        return f"{_truncated(low, 3, 'ROUND_FLOOR')} to {_truncated(high, 3, 'ROUND_CEILING')}"
    return f"≈ {_plain(middle)}"


def _truncated(value, digits, rounding="ROUND_DOWN"):
    with localcontext(prec=digits, rounding=rounding):
        return _plain(+value, whole=False)


def _plain(value, whole=True):
    """A decimal as people write it; far from 1 with an exponent."""
    value = value.normalize() if whole else value
    exponent = value.adjusted() if value else 0
    text = f"{value:f}" if -5 <= exponent < 9 else f"{value:E}".replace("E", "e")
    return text.replace("-", "−").replace("+", "")


def _kind(found):
    word = found["everywhere"] if found else None
    return KINDS.get(word, word)


def _bounded(found):
    if not found:
        return "–"
    words = {(True, True): "yes", (True, False): "below", (False, True): "above"}
    return words.get((found["below"], found["above"]), "no")


def _places(profile, key, value=None):
    """ "−0.751791… (−0.169971…)" for every point of a list; what is refused or flat is said."""
    if key in profile["refused"]:
        return f"refused: {profile['refused'][key]}"
    points = [
        shown(p["x"]) + (f" ({shown(p[value])})" if value and p.get(value) else "")
        for p in profile.get(key) or []
    ]
    periods = dict.fromkeys(shown(p["period"]) for p in profile.get(key) or [] if p.get("period"))
    points = [f"{', '.join(points)}, each again every {', '.join(periods)}"] if periods else points
    flat = (profile.get("identically_zero_on") or {}).get(key) or []
    zero = {"zeros": "f", "stationary_points": "f′", "inflection_points": "f″"}[key]
    points += [f"{zero} = 0 on a whole interval"] if flat else []
    return ", ".join(points) or "none"


def _kinks(profile):
    """ "0 (C⁰)" for every kink, with the class that f has there."""
    order = {-1: "jump", 0: "C⁰", 1: "C¹", 2: "C²", 3: "C³"}
    found = (f"{shown(k['x'])} ({order.get(k['smooth_to'], k['smooth_to'])})"
             for k in profile.get("kinks") or [])  # fmt: skip
    return ", ".join(found) or "none"
