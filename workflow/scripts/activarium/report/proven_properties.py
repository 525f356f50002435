"""Proven properties as the page shows them: enclosures in digits that are all certain."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from ..activations import NOT_CERTIFIED
from .formatting import DASH, join_words
from .study_tables import StudyTables, formula_of, label

DIGITS = 6  # significant ones that a cell shows; the profiles hold 20 and more
CLASSES = {"discontinuous": "jumps", "C^0": "C⁰", "C^1": "C¹", "C^2": "C²", "C^3": "C³"}
KINDS = {None: "–", "neither": "no"}


def certified_form(profile: Mapping) -> str | None:
    """Which form of an activation a profile is about, where training makes another of it."""
    if profile.get("parameters"):
        return "at the start values"
    return "as evaluated" if profile.get("draws") else None


def form_sentences(tables: StudyTables) -> Iterator[str]:
    """That what learns is proven where it starts, and what draws in the form it is evaluated in.

    And of which activations nothing is proven.
    """
    forms = {label(name): certified_form(p) for name, p in sorted(tables.profiles.items())}
    learn = [name for name, form in forms.items() if form == "at the start values"]
    draw = [name for name, form in forms.items() if form == "as evaluated"]
    if learn:
        yield (
            f"{join_words(learn)} {'learns' if len(learn) == 1 else 'learn'} parameters. The "
            "properties here hold at the start values; of what training makes of them nothing is "
            "proven."
        )
    if draw:
        yield (
            f"{join_words(draw)} {'draws' if len(draw) == 1 else 'draw'} at random in training. "
            "The properties here are those of the form that is evaluated."
        )
    if tables.uncertified:
        yield f"Left out, since nothing is proven of them: {uncertified_names(tables)}."


def uncertified_names(tables: StudyTables) -> str:
    """ "Spline and Table (not certified: no definition)"; "" where all have a definition."""
    names = join_words(sorted(map(label, tables.uncertified), key=str.lower))
    return f"{names} ({NOT_CERTIFIED})" if names else ""


def uncertified_rows(tables: StudyTables, declared: Mapping[str, Any]) -> list[dict]:
    """One dict an activation that cannot be certified: name, label, number and formula."""
    return [
        _identity(tables, name) | {"formula": formula_of(name, declared.get(name))}
        for name in sorted(tables.uncertified)
    ]


def property_rows(tables: StudyTables, declared: Mapping[str, Any]) -> list[dict]:
    """One dict an activation of the study that is certified, sorted by name; text is ready.

    `declared` maps a name to what the study says beside it.
    """
    return [
        _row(tables, name, profile) | {"formula": formula_of(name, declared.get(name))}
        for name, profile in sorted(tables.profiles.items())
    ]


def _row(tables, name, profile):
    return _identity(tables, name) | property_texts(profile)


def _identity(tables, name):
    """Whose row it is: its name, its label, and its number where the study has runs of it."""
    return {
        "name": name,
        "label": label(name),
        "number": tables.number(name) if name in tables.activations else None,
    }


def property_texts(profile: dict) -> dict:
    """{property: its text} of one profile; (what it sorts by, its text) for a cell of the table."""
    return {
        "definition": profile["definition"],
        "form": certified_form(profile),
        "starts": _starts(profile),
        "refused": profile["refused"],
        "bits": profile["bits"],
        **_shape_cells(profile),
        **_gaussian_cells(profile),
    }


def _shape_cells(profile):
    """What is proven of f as a function of the real line."""
    low = (profile.get("range_f") or {}).get("inf")
    return {
        "class": CLASSES.get(profile["class"], profile["class"] or DASH),
        "monotone": _kind(profile.get("monotone")),
        "convex": _kind(profile.get("convex")),
        "bounded": _bounded(profile.get("bounded")),
        "parity": profile.get("parity") or DASH,
        "lipschitz": _cell(profile.get("lipschitz")),
        "smoothness": _cell(profile.get("smoothness")),
        "minimum": _cell(low["value"] if low else None),
        "zeros": _places(profile, "zeros"),
        "stationary_points": _places(profile, "stationary_points", "value"),
        "inflection_points": _places(profile, "inflection_points", "value"),
        "kinks": _kinks(profile),
    }


def _gaussian_cells(profile):
    """What is proven of f under a normal input, and so of signals in a wide network."""
    gauss = profile.get("gaussian") or {}
    return {
        "gain": _cell(profile.get("gain")),
        "chi1": _cell(profile.get("chi1")),
        "edge": _edge(profile.get("edge_of_chaos") or {}),
        "q1": (profile.get("variance_map") or {}).get("q1") or DASH,
        "Ef": format_enclosure(gauss.get("Ef")),
        "Ef2": format_enclosure(gauss.get("Ef2")),
        "Efp4": format_enclosure(gauss.get("Efp4")),
        "flat": format_enclosure(gauss.get("P_fp_zero")),
    }


def _edge(edge):
    """The two numbers of the edge of chaos, or that there is none."""
    if edge.get("exists") is False:
        return "none"
    if not (edge.get("exists") and edge.get("sigma_w")):
        return DASH
    return f"{format_enclosure(edge['sigma_w'], 4)}, {format_enclosure(edge.get('sigma_b2'), 4)}"


def _starts(profile):
    """ "slope = 0.25" for what is learned, as a list in words; "" where nothing is."""
    learned = (profile.get("parameters") or {}).items()
    return join_words(f"{name} = {format_enclosure(start)}" for name, start in learned)


def settled_claims(tables: StudyTables, claims: Mapping | None) -> dict | None:
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
        "close": [
            c | {"text": format_enclosure(c["value"]), "where": format_enclosure(c.get("at"))}
            for c in close
        ],
    }


def _cell(enclosure):
    """(what the table sorts by, the text) of an enclosure."""
    infinite = {"inf": "Infinity", "-inf": "-Infinity"}  # as the page's script reads them
    order = infinite.get(enclosure[0], enclosure[0]) if enclosure else ""
    return order, format_enclosure(enclosure)


def format_enclosure(enclosure: Sequence[str] | None, digits: int = DIGITS) -> str:
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
        if low.is_infinite():
            return f"below {_truncated(high, digits, 'ROUND_CEILING')}"
        return f"above {_truncated(low, digits, 'ROUND_FLOOR')}"
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
        format_enclosure(p["x"])
        + (f" ({format_enclosure(p[value])})" if value and p.get(value) else "")
        for p in profile.get(key) or []
    ]
    periods = dict.fromkeys(
        format_enclosure(p["period"]) for p in profile.get(key) or [] if p.get("period")
    )
    points = [f"{', '.join(points)}, each again every {', '.join(periods)}"] if periods else points
    flat = (profile.get("identically_zero_on") or {}).get(key) or []
    zero = {"zeros": "f", "stationary_points": "f′", "inflection_points": "f″"}[key]
    points += [f"{zero} = 0 on a whole interval"] if flat else []
    return ", ".join(points) or "none"


def _kinks(profile):
    """ "0 (C⁰)" for every kink, with the class that f has there."""
    order = {-1: "jump", 0: "C⁰", 1: "C¹", 2: "C²", 3: "C³"}
    found = (f"{format_enclosure(k['x'])} ({order.get(k['smooth_to'], k['smooth_to'])})"
             for k in profile.get("kinks") or [])  # fmt: skip
    return ", ".join(found) or "none"
