"""How every figure looks, and how it becomes an SVG that a page can hold."""

import io
import re

import matplotlib as mpl
import seaborn as sns

from ..files import write_text

mpl.use("svg")

INK = "#1b1f24"  # every text and line of this colour follows the page's, light or dark
FAINT = "#8c959f"
CONTROL = "#b35900"
TOP = ["#0072b2", "#009e73", "#cc79a7", "#56b4e9"]  # Okabe and Ito, safe for colour-blind eyes

sns.set_theme(
    style="ticks",
    rc={
        "font.family": "sans-serif",
        "font.size": 9,
        "svg.fonttype": "none",
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        **dict.fromkeys(
            ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK
        ),
    },
)


def save(figure, path, name):
    """The figure as SVG into `path`; the same figure gives the same bytes.

    Ids are prefixed with `name` so that several figures fit one page, colours that are `INK`
    become the page's own, and matplotlib's style sheet, which would reach the page, goes.
    """
    with mpl.rc_context({"svg.hashsalt": name}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = svg.replace(INK, "currentColor")
    write_text(path, svg)
