"""A drawing of f, f′ and f″ with the proven extrema marked, as one small SVG for a card."""

import html
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ..definitions import on_numpy
from ..report.proven_properties import format_enclosure

REACH, LOW, HIGH = 4.0, -2.0, 4.0  # what is drawn of x, and of the values
WIDTH, HEIGHT = 480, 360
POINTS = 161  # along the whole axis
STEP = 1e-4  # of the differences that derivatives are drawn by


def curves_svg(definition: Callable, profile: Mapping, label: str) -> str:
    """The SVG: three curves, breakpoints, axes, and a mark with its place at each proven extremum.

    The curves are in floating point. What is marked is proven: its place is in the mark's title.
    """
    breaks = [_middle(point) for point in profile.get("breakpoints") or []]
    lines = "".join(_axes()) + "".join(_break(x) for x in breaks if abs(x) < REACH)
    paths: list[list[str]] = [[], [], []]
    for x, values in _between(definition, breaks):
        for path, y in zip(paths, values, strict=True):
            path.append(_path(x, y))
    curves = "".join(
        f'<path class="{name}" d="{"".join(path)}"/>'
        for name, path in zip(("second", "first", "value"), reversed(paths), strict=True)
    )
    marks = "".join(_marks(definition, profile))
    words = f"{html.escape(label)}: f, f′ and f″ for x from −4 to 4, proven extrema marked"
    return (
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{words}">'
        f"{lines}{curves}{marks}</svg>"
    )


def _x(value):
    return (value + REACH) / (2 * REACH) * WIDTH


def _y(value):
    return (HIGH - value) / (HIGH - LOW) * HEIGHT


def _axes() -> Iterator[str]:
    """The two axes, and a number at each whole place."""
    yield f'<path class="axis" d="M0 {_y(0):g}H{WIDTH}M{_x(0):g} 0V{HEIGHT}"/>'
    yield from (_tick(place, _x(place), _y(0) + 16, "middle") for place in (-3, -2, -1, 1, 2, 3))
    yield from (_tick(place, _x(0) - 6, _y(place) + 4, "end") for place in (-1, 1, 2, 3))


def _tick(place, x, y, anchor):
    text = str(place).replace("-", "−")
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{text}</text>'


def _break(x):
    return f'<path class="break" d="M{_x(x):.4g} 0V{HEIGHT}"/>'


def _between(f, breaks):
    """(x, [f, f′, f″]) on each side of the breakpoints, the derivatives by differences."""
    ends = [-REACH, *sorted(b for b in breaks if -REACH < b < REACH), REACH]
    for low, high in zip(ends, ends[1:], strict=False):
        n = max(3, round(POINTS * (high - low) / (2 * REACH)))
        x = np.linspace(low + 3 * STEP, high - 3 * STEP, n)
        below, here, above = (np.asarray(f(x + d, on_numpy), float) for d in (-STEP, 0, STEP))
        below, here, above = (np.broadcast_to(y, x.shape) for y in (below, here, above))
        yield x, [here, (above - below) / (2 * STEP), (above - 2 * here + below) / STEP**2]


def _path(x: Sequence[float], y: Sequence[float]) -> str:
    """A line through what lies in the frame, or just outside it."""
    parts, drawing = [], False
    for at, value in zip(x, y, strict=True):
        inside = np.isfinite(value) and LOW - 1 < value < HIGH + 1
        if inside:
            parts.append(f"{'L' if drawing else 'M'}{_x(at):.1f} {_y(value):.1f}")
        drawing = bool(inside)
    return "".join(parts)


def _marks(f, profile) -> Iterator[str]:
    """A mark at each extremum and each inflection that is proven and in the frame."""
    for key, word in (("stationary_points", "extremum"), ("inflection_points", "inflection")):
        for point in profile.get(key) or []:
            x = _middle(point["x"])
            y = float(f(np.float64(x), on_numpy))
            if abs(x) > REACH or not LOW < y < HIGH:
                continue
            kind = {"extremum": point.get("kind") or word}.get(word, word)
            text = f"{kind} at x = {format_enclosure(point['x'])}"
            if point.get("value"):
                text += f", f = {format_enclosure(point['value'])}"
            yield _mark(word, _x(x), _y(y), text)


def _mark(word, x, y, text):
    shape = f"M{x - 5:.1f} {y + 9:.1f}l5 -8l5 8z"
    if word == "inflection":
        shape = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8"
    return f'<path class="mark" d="{shape}"><title>{text}</title></path>'


def _middle(enclosure):
    low, high = map(float, enclosure)
    return low if low == high else (low + high) / 2
