"""The report as one HTML page that needs nothing beside itself."""

import base64
import hashlib
import json
import re
from pathlib import Path

import jinja2
from markupsafe import Markup

from .. import figures
from . import citation, training, words
from .decision_table import decision
from .equal_activations import alike
from .latex import latex
from .methods import methods
from .narrow_plots import strips
from .proven_properties import properties, proven
from .study_tables import dataset_label, label
from .svg_tags import in_tags
from .torch_numerics import measured, refused

HERE = Path(__file__).parent
TYPES = {".csv": "text/csv", ".tex": "application/x-tex", ".json": "application/json"}
COLOURS = {  # of figures/_style.py, as the page's own variables, which have a dark variant
    "#ffffff": "var(--paper)",
    "#1b1f24": "var(--ink)",
    "#8c959f": "var(--faint)",
    "#57606a": "var(--quiet)",
    "#b35900": "var(--control)",
    "#0072b2": "var(--top1)",
    "#00805f": "var(--top2)",
    "#b5508f": "var(--top3)",
    "#7a5cd6": "var(--top4)",
}


def page(tables, svgs, provenance, study, claims=None, numerics=None, networks=None):
    """The page as text.

    `svgs` maps a figure's name to its SVG, in the order of the page, `provenance` a column to
    {value: number of runs}, `study` is what was declared, `claims` what `activarium.claims`
    settled or None, `numerics` {activation + ".numerics": what `definitions.numerics` gave},
    `networks` what `activarium.train.describe` found in each network or None.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    settled = proven(tables, claims)
    environment.filters |= {"ratio": words.ratio, "machine": words.machine}
    environment.filters |= {"dataset_label": dataset_label, "label": label}
    decisions = {setting: decision(tables, setting) for setting in tables.settings}
    script = (HERE / "page.js").read_text(encoding="utf-8")
    return environment.get_template("page.html").render(
        tables=tables,
        study=study,
        provenance=provenance,
        plan=tables.analysis["plan"],
        figures={name: drawn(name, svg) for name, svg in svgs.items()},
        decisions=decisions,
        strips=strips(tables, decisions),
        conditions=training.conditions(tables, study, networks),
        methods=methods(tables, study, networks),
        downloads=downloads(tables),
        properties=properties(tables, study["activations"]),
        project=citation,
        asks_again=tables.analysis["published"]["source"],
        proven=settled,
        alike=alike(tables, settled["equal"] if settled else []),
        numerics=measured(numerics or {}),
        not_measured=refused(numerics or {}),
        label=label,
        words=words,
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def drawn(name, svg):
    """A figure for the page: {title, finding, caption, svg}; `svg` is None where it is empty."""
    text = {part: re.search(rf'id="{name}-{part}">(.*?)<', svg, re.DOTALL)[1]
            for part in ("title", "finding")}  # fmt: skip
    return {
        "title": Markup(text["title"]),
        "finding": Markup(text["finding"]),
        "caption": figures.caption(name),
        "svg": None if "data-empty" in svg[: svg.index(">")] else Markup(inline(svg)),
    }


def inline(svg):
    """An SVG of ours with the page's colours, and marks in place of ids for the page's script."""
    svg = in_tags(svg, _themed)
    return re.sub(r'(<svg[^>]*?) (?:width|height)="[\d.]+pt" (?:height|width)?', r"\1 ", svg)


def _themed(tag):
    tag = re.sub(r'\bid="[a-z_]+-mark-(\d+)(?:_(\d+))?-[^"]*"', _belongs, tag)
    return re.sub("|".join(COLOURS), lambda colour: COLOURS[colour[0]], tag)


def _belongs(found):
    """The mark of whose numbers these are: one activation's, or two's for a pair."""
    return f'data-a="{" ".join(filter(None, found.groups()))}"'


def downloads(tables):
    """{file name: data URI} of what a reader may want to take along from the page alone."""
    files = {
        f"{name}.csv": getattr(tables, name).to_csv(index=False)
        for name in ("summaries", "contrasts")
    }
    files["runs.csv"] = tables.runs.drop(columns="correct", errors="ignore").to_csv(index=False)
    if tables.profiles:
        files["profiles.json"] = json.dumps(tables.profiles, ensure_ascii=False)
    files["decision.tex"] = latex(tables)
    return {
        name: f"data:{TYPES[Path(name).suffix]};base64,{_base64(text)}"
        for name, text in files.items()
    }


def _base64(text):
    return base64.b64encode(text.encode()).decode()
