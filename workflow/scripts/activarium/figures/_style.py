"""How every figure looks: colours, panels, legends, and marks that the page can find."""

import contextlib
import os
import warnings
from pathlib import Path

# matplotlib as it comes: a notebook's backend or a matplotlibrc, of this user or in the folder of
# the study, shall change no figure, nor break it.
os.environ.pop("MPLBACKEND", None)
os.environ["MATPLOTLIBRC"] = os.devnull
with contextlib.chdir(Path(__file__).parent):
    import matplotlib as mpl

mpl.rcdefaults()  # somebody may have imported it before
mpl.use("svg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import seaborn as sns  # noqa: E402
from matplotlib.backends.backend_svg import FigureCanvasSVG as FigureCanvasSVG  # noqa: E402

from ..report.axis_limits import bulk_range as bulk_range  # noqa: E402
from ..report.axis_limits import deciding_range as deciding_range  # noqa: E402
from ..report.axis_limits import uncrowded_range as uncrowded_range  # noqa: E402
from ..report.axis_limits import visible_range as visible_range  # noqa: E402
from ..report.formatting import count  # noqa: E402
from ..report.study_tables import label  # noqa: E402

# matplotlib only measures text; the reader's browser draws it, with a font that has the letter.
warnings.filterwarnings("ignore", "Glyph .* missing from font")

# The page gives each of these its own value in the dark: see report/page.py.
PAPER = "#ffffff"
INK = "#1b1f24"
FAINT = "#8c959f"
QUIET = "#57606a"  # words that stand back, dark enough to read
CONTROL = "#b35900"
TOP = ["#0072b2", "#00805f", "#b5508f", "#7a5cd6"]  # after Okabe and Ito, darkened for white paper
SHAPES = ["s", "^", "D", "v"]  # a shape beside each colour, for eyes that do not tell them apart
DASHES = ["-", "--", "-.", ":"]
ALONE = (QUIET, "P", "-")  # the look of an activation that would be the only faint one

sns.set_theme(
    style="ticks",
    rc={
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9,
        "axes.labelsize": 9,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        # Where a title ends up anyway, after matplotlib has measured all labels, if none is "+1e2".
        "axes.titley": 1.0,
        "axes.formatter.useoffset": False,
        "legend.fontsize": 9,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "svg.fonttype": "none",
        "text.parse_math": False,  # names come from users: "$" is a letter like any other
        "figure.facecolor": PAPER,
        "axes.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "grid.color": FAINT,
        "grid.alpha": 0.25,
        "grid.linewidth": 0.6,
        **dict.fromkeys(
            ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK
        ),
    },
)


def setting_panels(tables, height, columns=3, width=7.4):
    """(figure, {setting: axes}): one panel a setting, each `height` inches high and titled."""
    figure, placed = panel_grid(tables.settings, height, columns, width)
    most = 76 // min(columns, len(placed))  # letters that fit over a panel
    for setting, ax in placed.items():
        ax.set_title(_wrap_title(tables.title(setting), most) if len(placed) > 1 else "")
    return figure, placed


def row_panels(tables, order, each=0.21):
    """`panels` with one row an activation of `order`, `each` inches high."""
    titled = 0.2 if len(tables.settings) > 1 else 0
    rows = len(order) + (1 if tables.left_out else 0)
    return setting_panels(tables, max(1.3, 0.6 + titled + each * rows))


def _wrap_title(title, most):
    """A setting's title on one line where it fits, else on one line a part."""
    parts = [title] if len(title) <= most else title.split(" · ")
    return "\n".join(p if len(p) <= most else f"{p[: most - 1]}…" for p in parts)


def panel_grid(keys, height, columns=3, width=7.4):
    """(figure, {key: axes}): one panel for each of the `keys`."""
    n = len(keys)
    across = min(n, columns)
    down = -(-n // across)
    figure, axes = plt.subplots(
        down, across, figsize=(width, down * height), squeeze=False, layout="constrained",
    )  # fmt: skip
    for ax in axes.flat[n:]:
        ax.remove()
    return figure, dict(zip(keys, axes.flat, strict=False))


def lay_out(figure):
    """Place the panels where they stay. matplotlib's `savefig` draws all of them once for that."""
    engine = figure.get_layout_engine()
    if engine:
        engine.execute(figure)
        figure.set_layout_engine("none")


def activation_styles(tables):
    """{activation: (colour, shape, dash)} of the control and the few best; all others are FAINT.

    But for a single other, which has a look of its own.
    """
    coloured = zip(tables.coloured, TOP, SHAPES, DASHES, strict=False)
    found = {tables.control: (CONTROL, "o", "-")} | {a: look for a, *look in coloured}
    others = [a for a in tables.activations if a not in found]
    return found | (dict.fromkeys(others, ALONE) if len(others) == 1 else {})


def short_label(name):
    """An activation's name for people, cut where it would leave no room for the figure."""
    name = label(name)
    return name if len(name) <= 30 else f"{name[:29]}…"


def tag_artist(artist, tables, activation, *key):
    """Let the page find what belongs to an activation; `key` tells apart what one figure holds.

    What belongs to two has a tuple of both.
    """
    artist.set_gid(mark_id(tables, activation, *key))
    return artist


def mark_id(tables, activation, *key):
    """The id of a mark, as `tag_artist` says."""
    both = activation if isinstance(activation, tuple) else (activation,)
    numbers = "_".join(str(tables.number(name)) for name in both)
    return "-".join(map(str, ("mark", numbers, *key)))


def label_rows(ax, tables, activations, *key):
    """Activations down the y axis; their names where the panel is the first of its line."""
    rows = len(activations) + (1 if tables.left_out else 0)
    ax.set_ylim(rows - 0.4, -0.6)
    ax.yaxis.set_label_coords(0, 0.5)  # it has none, for which matplotlib would measure all names
    ax.set_yticks([])
    if ax.get_subplotspec().is_first_col():
        _name_rows(ax, tables, activations, key)


def _name_rows(ax, tables, activations, key):
    """The names of rows, the control's and new ones' bold and in their colours."""
    styles = activation_styles(tables)
    rest = [count(tables.left_out, "other")] if tables.left_out else []
    names = [*map(short_label, activations), *rest]
    ax.tick_params(axis="y", length=0)
    ticks = ax.set_yticks(range(len(names)), names)
    for tick, activation in zip(ticks, activations, strict=False):
        label = tag_artist(tick.label1, tables, activation, "name", *key)
        if activation == tables.control:
            label.set(color=CONTROL, fontweight="bold")
        elif activation in tables.new_activations:
            label.set(color=styles.get(activation, (INK,))[0], fontweight="bold")
    for tick in ticks[len(activations) :]:
        tick.label1.set(color=QUIET, fontstyle="italic")


def draw_others(ax, values, y, seen, show):
    """What fractions that have no row of their own look like at `y`: range, middle half, median.

    `show` words the median where it lies outside of `seen`, the axis in percent or None.
    """
    known = to_percent(values)
    known = known[np.isfinite(known)]
    if len(known):
        lowest, low, middle, high, highest = np.quantile(known, (0, 0.25, 0.5, 0.75, 1))
        ax.plot([lowest, highest], [y, y], color=FAINT, lw=0.7)
        ax.plot([low, high], [y, y], color=FAINT, lw=4, solid_capstyle="butt")
        ax.plot([middle], [y], "|", color=INK, ms=7)
        label_outside(ax, seen, middle, y - 0.34, f"median {show(middle / 100)}", QUIET)


def add_legend(figure, tables, kind):
    """One legend above the panels; `kind` is "line" or "point"."""
    handles = []
    for activation, (colour, shape, dash) in activation_styles(tables).items():
        style = {"ls": dash, "marker": ""} if kind == "line" else {"ls": "", "marker": shape}
        handles.append(
            mpl.lines.Line2D([], [], color=colour, label=short_label(activation), **style)
        )
    style = {"ls": "-", "alpha": 0.5} if kind == "line" else {"ls": "", "marker": "o", "ms": 4}
    if len(tables.activations) > len(handles):
        handles.append(mpl.lines.Line2D([], [], color=FAINT, label="others", **style))
    names = [handle.get_label() for handle in handles]
    legend = figure.legend(
        handles, [str(i) for i, _ in enumerate(names)], loc="outside upper left",
        ncols=max(1, min(6, 95 // (6 + max(map(len, names))))), frameon=False,
    )  # fmt: skip
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)  # only now: as a label, what begins with "_" would be left out
    drawn = zip(activation_styles(tables), legend.get_texts(), legend.legend_handles, strict=False)
    for activation, *parts in drawn:  # the control may be a word of the study alone
        for k, part in enumerate(parts if activation in tables.activations else ()):
            tag_artist(part, tables, activation, "key", k)


def set_x_limits(ax, seen, margin=0.06):
    """The x axis to what is `seen`, (low, high), with some room; nothing for None."""
    if seen:
        room = margin * (seen[1] - seen[0])
        ax.set_xlim(seen[0] - room, seen[1] + room)


def label_outside(ax, seen, value, y, text, color):
    """Name a value that lies outside of `seen` at that edge of the axes."""
    if seen and not seen[0] <= value <= seen[1]:
        left = value < seen[0]
        ax.annotate(
            f"◂ {text}" if left else f"{text} ▸", (0.01 if left else 0.99, y), color=color,
            xycoords=ax.get_yaxis_transform(), ha="left" if left else "right", va="center",
            fontsize=7.5,
        ).set_in_layout(False)  # fmt: skip


def to_percent(values):
    """Fractions as percent, for an axis."""
    return 100 * np.asarray(values, float)
