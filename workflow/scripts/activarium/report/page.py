"""The report as one HTML page that needs nothing beside itself."""

import base64
import hashlib
import json
import lzma
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from .. import figures
from ..activations import NOT_CERTIFIED
from . import (
    citation,
    data_warnings,
    formatting,
    learned_parameters,
    limitations,
    measurements,
    proven_properties,
    published_differences,
    recipe_verdicts,
    training_summary,
    tuning_choices,
    verdicts,
)
from .decision_table import decision_rows
from .equal_activations import equality_sentences
from .latex import latex_tables
from .machines import describe_machine
from .methods import methods_paragraphs
from .narrow_plots import narrow_plots
from .study_tables import StudyTables, dataset_label, label
from .svg_tags import change_tags, shorten
from .torch_numerics import numerics_rows, unmeasured

HERE = Path(__file__).parent
TYPES = {
    ".csv": "text/csv",
    ".tex": "application/x-tex",
    ".json": "application/json",
    ".xz": "application/x-xz",
}
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
MODULES = {  # whose functions the templates call
    "text": formatting,
    "verdicts": verdicts,
    "data_warnings": data_warnings,
    "limitations": limitations,
    "measurements": measurements,
    "learned_parameters": learned_parameters,
    "proven_properties": proven_properties,
    "published_differences": published_differences,
    "recipe_verdicts": recipe_verdicts,
    "training_summary": training_summary,
    "tuning_choices": tuning_choices,
    "citation": citation,
}


def render_page(
    tables: StudyTables,
    svgs: Mapping[str, str],
    provenance: Mapping[str, Mapping[str, int]],
    study: Mapping,
    claims: Mapping | None = None,
    numerics: Mapping[str, Mapping] | None = None,
    networks: Mapping[str, Mapping] | None = None,
    images: Mapping[str, Mapping] | None = None,
) -> str:
    """The page as text.

    `svgs` maps a figure's name to its SVG, in the order of the page. `provenance` maps a column to
    {value: number of runs}. `study` is what was declared. `claims` is what
    `activarium.proven_claims` settled, or None. `numerics` is {activation + ".numerics": what
    `definitions.numerics` gave}. `networks` is what `activarium.train.describe` found in each
    network, or None.
    `images` is {data set: its description} of the study's own, as in `training_facts`.
    """
    script = join_files("sort.js", "page.js")
    template = template_environment(HERE / "templates").get_template("page.html")
    return template.render(
        **MODULES,
        **_study_content(tables, study, networks, images or {}),
        **_proof_content(tables, study, claims, numerics or {}),
        provenance=provenance,
        figures={name: page_figure(name, svg, bool(tables.left_out)) for name, svg in svgs.items()},
        downloads=download_links(tables),
        label=label,
        style=Markup(join_files("base.css", "page.css")),
        script=Markup(script),
        script_hash=policy_hash(script),
    )


def join_files(*names: str) -> str:
    """The text of files of this folder, one after the other."""
    return "".join((HERE / name).read_text(encoding="utf-8") for name in names)


def policy_hash(text: str) -> str:
    """The SHA-256 of a script or style as a Content-Security-Policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def template_environment(folder: Path) -> jinja2.Environment:
    """Templates of a folder, compiled once in a process, and what all of them can do."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ratio": formatting.ratio, "machine": describe_machine}
    environment.filters |= {"dataset_label": dataset_label, "label": label}
    return environment


def _study_content(tables, study, networks, images):
    """What the templates show of the study and its tables."""
    decisions = {setting: decision_rows(tables, setting) for setting in tables.settings}
    return {
        "tables": tables,
        "study": study,
        "plan": tables.analysis["plan"],
        "decisions": decisions,
        "narrow_plots": narrow_plots(tables, decisions),
        "training_facts": training_summary.training_facts(tables, study, networks, images),
        "images": images,
        "methods": methods_paragraphs(tables, study, networks),
        "question_source": tables.analysis["published"]["source"],
    }


def _proof_content(tables, study, claims, numerics):
    """What the templates show of what is proven, and of torch beside it."""
    settled = proven_properties.settled_claims(tables, claims)
    return {
        "learned": learned_parameters.learned_rows(tables),
        "properties": proven_properties.property_rows(tables, study["activations"]),
        "uncertified": proven_properties.uncertified_rows(tables, study["activations"]),
        "not_certified": NOT_CERTIFIED,
        "settled": settled,
        "equality": equality_sentences(tables, settled["equal"] if settled else []),
        "numerics": numerics_rows(numerics),
        "unmeasured": unmeasured(numerics),
    }


def page_figure(name: str, svg: str, compact: bool = False) -> dict:
    """A figure for the page: {title, finding, caption, svg}; `svg` is None where it is empty.

    A `compact` one looks the same and is shorter.
    """
    text = dict(re.findall(rf'id="{name}-(title|finding)">(.*?)<', svg, re.DOTALL))
    return {
        "title": Markup(text["title"]),
        "finding": Markup(text["finding"]),
        "caption": figures.caption(name),
        "svg": None if "data-empty" in svg[: svg.index(">")] else Markup(_inline_svg(svg, compact)),
    }


def _inline_svg(svg, compact):
    """An SVG of ours with the page's colours, and marks in place of ids for the page's script."""
    svg = change_tags(svg, _use_page_colours)
    if compact:
        svg = shorten(svg)
    return re.sub(r'(?<= )(?:width|height)="[\d.]+pt" ', "", svg, count=2)


def _use_page_colours(tag):
    tag = re.sub(r'\bid="[a-z_]+-mark-(\d+)(?:_(\d+))?-[^"]*"', _mark_activations, tag)
    return re.sub("|".join(COLOURS), lambda colour: COLOURS[colour[0]], tag)


def _mark_activations(found):
    """The mark of whose numbers these are: one activation's, or two's for a pair."""
    return f'data-a="{" ".join(filter(None, found.groups()))}"'


def download_links(tables: StudyTables) -> dict[str, str]:
    """{file name: data URI} of what a reader may want to take along from the page alone.

    Those of a study whose figures cannot show all activations are compressed.
    """
    files = {
        f"{name}.csv": getattr(tables, name).to_csv(index=False)
        for name in ("summaries", "contrasts")
    }
    files["runs.csv"] = tables.runs.drop(columns="correct", errors="ignore").to_csv(index=False)
    if tables.profiles:
        files["profiles.json"] = json.dumps(tables.profiles, ensure_ascii=False)
    files["decision.tex"] = latex_tables(tables)
    contents = {name: text.encode() for name, text in files.items()}
    if tables.left_out:
        contents = {f"{name}.xz": lzma.compress(content) for name, content in contents.items()}
    return {
        name: f"data:{TYPES[Path(name).suffix]};base64,{base64.b64encode(content).decode()}"
        for name, content in contents.items()
    }
