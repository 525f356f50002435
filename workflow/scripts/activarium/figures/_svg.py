"""A figure as the text of an SVG that stands alone and in a page."""

import html
import io
import re

from ..report.svg_tags import change_tags
from ._style import FAINT, FigureCanvasSVG, lay_out, mpl, plt


def as_svg(figure: plt.Figure | None, name: str, title: str, finding: str) -> str:
    """The figure as the text of an SVG; the same figure gives the same text.

    Ids are prefixed with `name` so that several figures fit one page; `title` and `finding` are
    its text for whoever cannot see it. None instead of a figure leaves an SVG with these words.
    """
    empty = figure is None
    if figure is None:
        figure = plt.figure(figsize=(7.4, 0.5))
        figure.text(0.01, 0.4, finding, color=FAINT)
    with mpl.rc_context({"svg.hashsalt": name}):
        buffer = io.StringIO()
        lay_out(figure)
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return _described(buffer.getvalue(), name, title, finding, empty)


def _described(svg, name, title, finding, empty):
    """matplotlib's SVG with our ids, a title and a description, without its style sheet."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = change_tags(svg, lambda tag: re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", tag))
    words = (
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-finding">{html.escape(finding)}</desc>'
    )
    role = f' role="img" aria-labelledby="{name}-title {name}-finding"'
    role += ' data-empty="yes"' if empty else ""
    return re.sub(r"<svg([^>]*)>", lambda m: f"<svg{m[1]}{role}>{words}", svg, count=1)
