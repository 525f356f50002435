"""The report as one HTML page."""

from pathlib import Path

import jinja2

HERE = Path(__file__).parent


def page(tables, figures, provenance, study):
    """The page as text: `figures` maps a name to its SVG, `study` is what was asked."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("page.html").render(
        tables=tables, figures=figures, provenance=provenance, study=study
    )
