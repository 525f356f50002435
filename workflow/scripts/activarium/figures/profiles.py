"""Each activation f (in the colour of the text) with its derivative f′ (blue) and second
derivative f″ (violet, dashed). All are drawn on −4 … 4 and to one scale. Marks stand at proven
places: zeros of f ○, extrema ▲, inflections ×. Breakpoints are dotted, asymptotes faint. The
curves are drawn in floating point. Proven are the places of the marks, and that there are no
others inside the frame."""

import numpy as np

from .. import activations
from ..definitions import on_numpy
from ..report.proven_properties import certified_form, uncertified_names
from ..report.study_tables import label
from ._style import FAINT, INK, TOP, panel_grid, tag_artist

title = "f, f′ and f″ with what is proven about them"
place = 200

REACH, LOW, HIGH = 4, -1.7, 2.7
POINTS = 161  # along the whole axis


def draw(tables):
    """One small panel an activation; None where none is certified."""
    if not tables.profiles:
        return None
    drawn = [name for name in tables.profiles if not tables.left_out or name in tables.shown]
    figure, axes = panel_grid(drawn or list(tables.profiles)[:1], 1.55, columns=4)
    for name, ax in axes.items():
        held = certified_form(tables.profiles[name])
        heading = ",\n".join(filter(None, [label(name), held]))  # on one line it meets the next
        tag_artist(ax.set_title(heading, fontsize=8.5), tables, name, "title")
        _panel(ax, tables, name)
        ax.set(xlim=(-REACH, REACH), ylim=(LOW, HIGH))
        ax.tick_params(labelsize=6.5, length=2)
    return figure


def _panel(ax, tables, name):
    profile, f = tables.profiles[name], _definition(name, tables.own_activations.get(name))
    ax.axhline(0, color=FAINT, lw=0.5)
    for x in (middle(point) for point in (profile["breakpoints"] or [])):
        ax.axvline(x, color=FAINT, lw=0.7, ls=":")
    for line in (profile.get("asymptotes") or {}).values():
        if line and line.get("slope"):
            slope, intercept = middle(line["slope"]), middle(line["intercept"])
            ax.axline((0, intercept), slope=slope, color=FAINT, lw=0.7, alpha=0.7)
    for x, curves in _curves_between(
        f, [middle(point) for point in (profile["breakpoints"] or [])]
    ):
        for curve, (colour, dash) in zip(curves, ((INK, "-"), (TOP[0], "-"), (TOP[3], "--")),
                                         strict=True):  # fmt: skip
            (line,) = ax.plot(x, curve, dash, color=colour, lw=1.0)
            tag_artist(line, tables, name, f"{colour[1:]}{x[0]:.2f}")
    _marks(ax, tables, name, f)


def _definition(name, declared):
    return activations.definition(activations.ActivationSpec.from_declared(name, declared))


def _curves_between(f, breakpoints):
    """(x, [f, f′, f″]) between the breakpoints, derivatives by central differences."""
    ends = [-REACH, *sorted(b for b in breakpoints if -REACH < b < REACH), REACH]
    h = 1e-4
    for low, high in zip(ends, ends[1:], strict=False):
        n = max(3, round(POINTS * (high - low) / (2 * REACH)))
        x = np.linspace(low + 3 * h, high - 3 * h, n)
        below, here, above = (np.asarray(f(x + d, on_numpy), float) for d in (-h, 0, h))
        yield x, [here, (above - below) / (2 * h), (above - 2 * here + below) / h**2]


def _marks(ax, tables, name, f):
    """Zeros, extrema and inflections, each where the profile has them."""
    profile = tables.profiles[name]
    for key, shape, size in (("zeros", "o", 4), ("stationary_points", "^", 4.5),
                             ("inflection_points", "x", 4)):  # fmt: skip
        for x in (middle(point["x"]) for point in profile.get(key) or []):
            if abs(x) <= REACH:
                y = float(f(np.float64(x), on_numpy))
                (dot,) = ax.plot([x], [y], shape, color=INK, ms=size, mfc="none", mew=0.9)
                tag_artist(dot, tables, name, key, x)


def middle(enclosure):
    """The middle of an enclosure as a float, for drawing."""
    low, high = map(float, enclosure)
    return low if low == high else (low + high) / 2


def finding(tables):
    """How many are certified, and how many of them bend both ways or have a kink."""
    left_out = f" Left out: {uncertified_names(tables)}." if tables.uncertified else ""
    if not tables.profiles:
        return f"No activation of this study is certified.{left_out}"
    kinked = sum(bool(p.get("kinks")) for p in tables.profiles.values())
    rising = sum((p.get("monotone") or {}).get("everywhere") in ("increasing", "nondecreasing")
                 for p in tables.profiles.values())  # fmt: skip
    held = sum(bool(certified_form(p)) for p in tables.profiles.values())
    which = f" ({held} at the start values, or without what training draws)" if held else ""
    n = len(tables.profiles)
    certified = f"{n} activations are" if n > 1 else "1 activation is"
    return (
        f"{certified} certified over all of R{which}. Non-decreasing: {rising}; with a kink or a "
        f"jump in some derivative: {kinked}.{left_out}"
    )
