"""One profile as a page of text for a terminal: a property a line, in digits that are certain."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from ..activations import label
from .formatting import join_words
from .proven_properties import format_enclosure, property_texts

WIDTH = 100  # columns
INDENT = 23  # of what is said of a property
FAR = 1  # apart, where no bound is proven: no neighbour
UNSEEN = 1e-12  # apart: what float64 rounds
PIECES = 4  # of the real line that are described one by one; of more there is the number
NOT_CLAIMED = "not claimed"


def profile_page(
    profile: dict,
    title: str,
    formula: str | None = None,
    source: str = "",
    at_given_values: bool = False,
    beside: Mapping[str, Any] | None = None,
) -> str:
    """The page for a `profile`: at most 40 lines of at most WIDTH columns.

    `at_given_values` says that what is learned has other values than those it starts from. `beside`
    is what `proven_claims.nearest` found among the built-in activations.

    A number is exact, ends in “…” after digits that are all proven, or stands rounded after “≈”.
    """
    lines = [_truncate(line) for line in _head(profile, title, formula, source, at_given_values)]
    if profile["definition"]:
        for part in (shape_lines(profile), gaussian_lines(profile)):
            lines.append("")
            for name, text in part:
                lines += _wrapped_lines(name, text)
    lines.append("")
    for name, text in nearest_lines(beside) if beside else ():
        lines += _wrapped_lines(name, text)
    return "\n".join([*lines, *_wrapped_lines(NOT_CLAIMED, _refused(profile["refused"]))])


def _head(
    profile: dict, title: str, formula: str | None, source: str, at_given_values: bool
) -> Iterator[str]:
    yield f"{title}: f(x) = {formula}" if formula else f"f(x) = {title}"
    if source:
        yield source
    if profile["definition"]:
        yield "Proven for all real x. “…” cuts certain digits, “≈” rounds, other numbers are exact."
    if profile["parameters"]:
        end = ", as given." if at_given_values else ", where it starts."
        yield f"Training learns: proven at {property_texts(profile)['starts']}{end}"
    if profile["draws"]:
        yield "Training draws at random: proven of the form that is evaluated."


def shape_lines(profile: dict) -> Iterator[tuple[str, str]]:
    """(property, text) of f itself."""
    texts = property_texts(profile)
    breaks = f"; breaks at {texts['kinks']}" if profile["kinks"] else ""
    yield "class", texts["class"] + breaks
    yield "monotone", _pieces(profile["monotone"])
    yield "convex", _pieces(profile["convex"])
    yield "parity", {None: NOT_CLAIMED, "neither": "none"}.get(profile["parity"], texts["parity"])
    for name, key in (("f", "range_f"), ("f′", "range_fprime"), ("f″", "range_fsecond")):
        yield f"range of {name}", _range(profile[key])
    yield "minimum", _minimum(profile["range_f"])
    for key in ("zeros", "stationary_points", "inflection_points"):
        yield key.replace("_", " "), _points(texts[key])
    yield "asymptote left", _asymptote((profile["asymptotes"] or {}).get("left"))
    yield "asymptote right", _asymptote((profile["asymptotes"] or {}).get("right"))
    yield "Lipschitz constant", _number(profile["lipschitz"])
    yield "  of f′", _number(profile["smoothness"])


def gaussian_lines(profile: dict) -> Iterator[tuple[str, str]]:
    """(property, text) of f(z) for a standard normal z."""
    moments = profile["gaussian"] or {}
    named = {"E f": "Ef", "E f²": "Ef2", "E f′": "Efp", "E f′²": "Efp2", "P(f′ = 0)": "P_fp_zero"}
    equations = [_equation(name, moments.get(key)) for name, key in named.items()]
    yield "for z ~ N(0, 1)", ", ".join(equations[:3])
    yield "", ", ".join(equations[3:])
    yield "gain 1/√E f²", _number(profile["gain"])
    yield "χ₁ = E f′² / E f²", _number(profile["chi1"])
    edge = property_texts(profile)["edge"] if profile["edge_of_chaos"] else NOT_CLAIMED
    yield "edge of chaos σw, σb²", edge


def nearest_lines(beside: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which built-in activations are the same function, and which of the others is nearest."""
    if beside["equal"]:
        yield "equal to", join_words(map(label, beside["equal"]))
    yield "nearest built-in", _nearest_text(beside)


def _nearest_text(beside: Mapping[str, Any]) -> str:
    """ "ISRLU, at most 0.0755755… apart, at x = −0.920289…", or why none is named."""
    apart, proven, end = (beside[key] for key in ("apart", "proven", "looked_up_to"))
    if apart is None:
        return f"not looked for: f overflows for |x| ≤ {end}"
    name = label(beside["nearest"])
    if proven:
        sup, at = (format_enclosure(proven[key]) for key in ("value", "at"))
        where = f", at x = {at}" if abs(float(proven["at"][0])) < end else ""
        return f"{name}, no difference" if sup == "0" else f"{name}, at most {sup} apart{where}"
    if apart < UNSEEN:
        return f"{name}, no difference seen for |x| ≤ {end}; that they are equal is not proven"
    if apart < FAR:
        return f"{name}, about {apart:.3g} apart for |x| ≤ {end}, and may be more beyond"
    return f"none: each is {FAR} or more apart for |x| ≤ {end}"


def _number(enclosure: list | None) -> str:
    return format_enclosure(enclosure) if enclosure else NOT_CLAIMED


def _equation(name: str, enclosure: list | None) -> str:
    """ "E f = 0.282094…", "E f ≈ 0"."""
    text = _number(enclosure)
    if text.startswith("≈") or not enclosure:
        return f"{name} {text}"
    return f"{name} = {text}"


def _pieces(found: dict | None) -> str:
    """ "increasing", or "no: decreasing up to −0.751791…, then increasing"."""
    if not found:
        return NOT_CLAIMED
    pieces, period = found["pieces"], found.get("period")
    if found["everywhere"] != "neither":
        return found["everywhere"]
    if period or len(pieces) > PIECES:
        every = f" in each period of {format_enclosure(period)}" if period else ""
        return f"no: {len(pieces)} pieces{every}"
    described = [f"{piece['is']} up to {format_enclosure(piece['to'])}" for piece in pieces[:-1]]
    return f"no: {', '.join(described)}, then {pieces[-1]['is']}"


def _range(found: dict | None) -> str:
    """ "−0.169971… to ∞"."""
    if not found:
        return NOT_CLAIMED
    return f"{format_enclosure(found['inf']['value'])} to {format_enclosure(found['sup']['value'])}"


def _minimum(found: dict | None) -> str:
    """ "−0.169971… at x = −0.751791…", or that there is none."""
    if not found or found["inf"]["attained"] is None:
        return NOT_CLAIMED
    low = found["inf"]
    if low["value"][0] == "-inf":
        return "none: f is not bounded below"
    if not low["attained"]:
        return "none: the infimum is approached and never reached"
    intervals = [place for place in low["at"] if not all(isinstance(end, str) for end in place)]
    if intervals:
        return f"{format_enclosure(low['value'])} on a whole interval"
    more = f" and {len(low['at']) - 1} more" if len(low["at"]) > 1 else ""
    again = f", again every {format_enclosure(low['period'])}" if low.get("period") else ""
    return f"{format_enclosure(low['value'])} at x = {format_enclosure(low['at'][0])}{more}{again}"


def _points(text: str) -> str:
    """What the report says of a list of points; what it refuses stands in the page's last lines."""
    if text.startswith("refused: "):
        return NOT_CLAIMED
    return f"{text}, value in brackets" if "(" in text else text


def _asymptote(found: dict | None) -> str:
    """ "0.5·x − 0.5", or what is known where it is no line."""
    if not found:
        return NOT_CLAIMED
    if "slope" not in found:
        return (
            f"none: {found['none']}"
            if "none" in found
            else f"none: f → {format_enclosure(found['limit'])}"
        )
    slope, level = format_enclosure(found["slope"]), format_enclosure(found["intercept"])
    line = {"0": "", "1": "x", "−1": "−x"}.get(slope, f"{slope}·x")
    if not line or level == "0":
        return line or level
    return f"{line} − {level[1:]}" if level.startswith("−") else f"{line} + {level}"


def _refused(refused: dict[str, str]) -> str:
    """ "zeros and range_f (why); chi1 (why)": keys as in the profile, by their reason."""
    by_reason: dict[str, list[str]] = {}
    for name, why in refused.items():
        by_reason.setdefault(why, []).append(name)
    parts = [f"{join_words(names, most=3)} ({why})" for why, names in by_reason.items()]
    return "; ".join(parts) or "nothing: every property is proven"


def _wrapped_lines(name: str, text: str) -> list[str]:
    """One property, wrapped into at most two lines."""
    wrapped = textwrap.wrap(text, WIDTH - INDENT, max_lines=2, placeholder=" …")
    names = [name, *[""] * (len(wrapped) - 1)]
    return [f"{left:<{INDENT}}{right}" for left, right in zip(names, wrapped, strict=True)]


def _truncate(line: str) -> str:
    """The line, no longer than the page is wide."""
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
