"""The whole report from tables in memory: needs neither Snakemake nor torch, and takes seconds.

For tables from elsewhere, as `activarium compare runs.csv --control gelu` reads them:

    report = build_external_report(["runs.csv"], control="gelu")
    write_report(report, "results/runs")

For tables that are in memory already:

    build_report(
        runs, epochs, costs,                    # DataFrames in tables.RUNS, EPOCHS, COSTS
        control="gelu", confidence=0.95, margin=0.005,
        chance={"digits": 0.1},                 # accuracy of guessing by data set
        study=external_study("runs", ["runs.csv"]),
        profiles={}, own_activations={},            # what is proven, by the name of the activation
        provenance=None, claims=None, numerics=None, networks=None, tuning=None,
    ) -> Report                                 # .tables, .figures {name: SVG}, .html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .. import datasets, figures, tables
from ..compare.analysis import analyse
from ..runtime import files
from ..tables import external
from ..tables.collect import provenance as count_provenance
from .page import render_page
from .study_tables import StudyTables

CONFIDENCE = 0.95  # as in a study that says nothing else, see config/schema.yaml
MARGIN = 0.005


@dataclass(frozen=True, eq=False)
class Report:
    """A finished report: its `tables` with the analysis, `figures` {name: SVG} and the page."""

    tables: StudyTables
    figures: dict[str, str]
    html: str


def build_external_report(
    paths: Sequence[Path | str],
    control: str,
    confidence: float = CONFIDENCE,
    margin: float = MARGIN,
    chance: Mapping[str, float] | None = None,
    name: str | None = None,
) -> Report:
    """The `Report` of CSV or Parquet tables of runs that were made elsewhere.

    `tables.external` says which columns they need. `chance` maps a data set that has no file here
    to the accuracy of guessing, `name` is the page's heading: else the first file's name. Raises
    UserError with the file, the rows and the way out.
    """
    chance = dict(chance or {})
    found = external.read([str(path) for path in paths], control, sorted(chance))
    runs, epochs, costs = (table.to_pandas() for table in found)
    return build_report(
        runs, epochs, costs, control, confidence, margin,
        known_chances() | chance, external_study(name or Path(paths[0]).stem, paths),
        provenance=count_provenance(found[2]),
    )  # fmt: skip


def build_report(
    runs: pd.DataFrame,
    epochs: pd.DataFrame,
    costs: pd.DataFrame,
    control: str,
    confidence: float,
    margin: float,
    chance: Mapping[str, float],
    study: Mapping,
    profiles: Mapping[str, dict] | None = None,
    own_activations: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Mapping[str, int]] | None = None,
    claims: Mapping | None = None,
    numerics: Mapping[str, dict] | None = None,
    networks: Mapping[str, dict] | None = None,
    tuning: pd.DataFrame | None = None,
    draw: bool = True,
    uncertified: Sequence[str] = (),
    learned: pd.DataFrame | None = None,
    images: Mapping[str, Mapping] | None = None,
) -> Report:
    """The `Report` of a study's tables; `study` and what follows are as in `page.render_page`.

    Without `draw` each figure holds its finding alone, which is ten times as fast. `uncertified`
    names the activations that have no definition; `learned` is in `tables.LEARNED`.
    """
    known, own = dict(profiles or {}), dict(own_activations or {})
    given = control, confidence, margin, dict(chance), known, tuning, own
    found = analyse(runs, epochs, costs, *given)
    made = StudyTables(
        runs, epochs, costs,
        tables.table(found["summaries"], tables.SUMMARIES).to_pandas(),
        tables.table(found["contrasts"], tables.CONTRASTS).to_pandas(),
        json.loads(json.dumps(found)),  # as whoever reads it from its file has it
        known, own, uncertified=uncertified, tuning=tuning, learned=learned,
    )  # fmt: skip
    names = figures.names([] if tuning is None else ["tuning"])
    drawn = {name: figures.draw_figure(name, made, not draw) for name in names}
    html = render_page(made, drawn, provenance or {}, study, claims, numerics, networks, images)
    return Report(made, drawn, html)


def external_study(name: str, paths: Sequence[Path | str]) -> dict:
    """What a study says of itself that only names its tables."""
    return {
        "name": name,
        "runs": tuple(map(str, paths)),
        "shards": (),
        "activations": {},
        "recipes": {},
        "networks": {},
        "datasets": (),
        "seeds": None,
        "validation": 0.0,
        "train_size": None,
    }


def known_chances() -> dict[str, float]:
    """The accuracy of guessing of every data set that has a file."""
    return {name: datasets.chance(name) for name in datasets.names()}


def write_report(report: Report, folder: Path | str) -> Path:
    """Write report.html, figures/, analysis.json and the tables; the path of the page."""
    folder = Path(folder)
    for name in ("summaries", "contrasts"):
        schema = getattr(tables, name.upper())
        table = tables.table(report.tables.analysis[name], schema)
        tables.write_both(table, folder / f"{name}.parquet", folder / f"{name}.csv")
    files.write_json(folder / "analysis.json", report.tables.analysis)
    for name, svg in report.figures.items():
        files.write_text(folder / "figures" / f"{name}.svg", svg)
    files.write_text(folder / "report.html", report.html)
    return folder / "report.html"
