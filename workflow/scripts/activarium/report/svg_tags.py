"""Changing an SVG's tags and never the text between them, which users write."""

import re
from collections.abc import Callable

DIGITS = 2  # after the point of a place in a figure, in points of 1/72 inch
PLACES = re.compile(r' (?:d|x|y|points|transform)="[^"]*"')


def change_tags(svg: str, change: Callable[[str], str]) -> str:
    """The SVG with `change` applied to the text of every tag."""
    return re.sub(r"<[^>]*>", lambda tag: change(tag[0]), svg)


def shorten(svg: str) -> str:
    """The SVG with places to a hundredth of a point, and without what shows nothing.

    That is space between tags and beside the commands of a path, and turns by 0.
    """
    svg = change_tags(svg, lambda tag: PLACES.sub(_shorten_places, " ".join(tag.split())))
    return re.sub(r">\s+<", "><", svg)


def _shorten_places(attribute):
    """Its numbers rounded, without space beside commands; of a scale all digits count."""
    text = attribute[0]
    if text.startswith(' transform="rotate(-0 '):
        return ""
    if "scale" in text or "matrix" in text:
        return text
    text = re.sub(r"-?\d+\.\d{3,}", lambda x: f"{round(float(x[0]), DIGITS):g}", text)
    if text.startswith(' d="'):
        return ' d="' + re.sub(r" ?([A-Za-z]) ?", r"\1", text[4:])
    return text
