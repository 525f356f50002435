"""Checks of a submitted folder: is it whole, does it belong together, do its verdicts follow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from .. import study, tables
from ..compare.analysis import analyse
from ..report import reference_results
from ..runtime import files
from ..runtime.errors import UserError
from ..study.grid import Grid
from ..tables import reuse, shards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TABLES = ("runs", "epochs", "costs", "summaries", "contrasts")
FILES = (
    "study.yaml", *(f"{name}.parquet" for name in TABLES), "provenance.json", "analysis.json",
    "report.html", "README.md",
)  # fmt: skip


def find_problems(folder: Path, schema: Path | str) -> Iterator[str]:
    """A line for each thing that is missing or wrong with the submission in `folder`; none if fine.

    `schema` is the file of the JSON schema of studies.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    yield from (f"{folder / name} is missing" for name in missing)
    if missing:
        return
    checks: list[Callable[[Path, Path | str], Iterator[str]]] = [
        _check_checksums, _check_training, _check_verdicts, _check_origin,
    ]  # fmt: skip
    for check in checks:
        try:
            found = list(check(folder, schema))
        except UserError as error:
            found = [str(error)]
        yield from found
        if found:
            return  # what comes after would say the same in other words


def _check_checksums(folder: Path, schema: Path | str) -> Iterator[str]:
    """Every table and every JSON file holds what was written."""
    for name in TABLES:
        tables.read(folder / f"{name}.parquet")
    for name in ("provenance.json", "analysis.json"):
        files.read_json(folder / name)
    yield from ()


def _check_training(folder: Path, schema: Path | str) -> Iterator[str]:
    """The tables belong together, and are of the study that study.yaml declares, every run."""
    declared = Grid(study.read(study.mapping(folder / "study.yaml"), schema)).declared_training
    theirs, whole = reuse.read_published(str(folder / "runs.parquet"))
    runs = set(shards.run_keys(whole["runs"]))
    expected = set(shards.declared_runs(declared))
    if lacking := sorted(expected - runs):
        yield f"{folder}: {shards.run_name(*lacking)} of study.yaml is not in runs.parquet"
    if more := sorted(runs - expected):
        yield f"{folder}: {shards.run_name(*more)} is not declared in study.yaml"
    said = [(key, theirs[key], declared[key]) for key in ("train_size", "validation")]
    for axis in shards.DEFINED:
        for name in declared[axis]:
            pair = theirs[axis].get(name), declared[axis][name]
            said += shards.differing(f"{axis}: {name}", *pair)
    for what, its, ours in said:
        if its != ours:
            yield f"{folder}: study.yaml says {what} {ours}, and provenance.json {its}"


def _check_verdicts(folder: Path, schema: Path | str) -> Iterator[str]:
    """Summaries and contrasts follow from the runs, to the bit."""
    chance = files.read_json(folder / "analysis.json")["plan"]["chance"]
    said = study.read(study.mapping(folder / "study.yaml"), schema)
    runs, epochs, costs = (
        tables.read(folder / f"{name}.parquet") for name in ("runs", "epochs", "costs")
    )
    found = analyse(runs, epochs, costs, said.control, said.confidence, said.margin, chance)
    for name, columns in (("summaries", tables.SUMMARIES), ("contrasts", tables.CONTRASTS)):
        stored = pq.read_table(folder / f"{name}.parquet").replace_schema_metadata()
        if not tables.table(found[name], columns).replace_schema_metadata().equals(stored):
            yield f"{folder / f'{name}.parquet'} does not follow from runs.parquet"


def _check_origin(folder: Path, schema: Path | str) -> Iterator[str]:
    """Every run says at which commit it was trained, and the README says what the tables say."""
    runs, costs = (tables.read(folder / f"{name}.parquet") for name in ("runs", "costs"))
    loose = [c for c in costs["commit"].fillna("unknown").unique() if c == "unknown" or "+" in c]
    if loose:
        yield f"{folder}: some runs were trained by code that is no commit ({loose[0]})"
    config = study.mapping(folder / "study.yaml")
    page = (folder / "README.md").read_text(encoding="utf-8")
    rows = reference_results.reference_page(config, runs, costs, folder).splitlines()
    stated = [row for row in rows if row.startswith("| ") and not row.startswith("| again")]
    for row in stated:
        if row not in page:
            yield f"{folder / 'README.md'} does not say: {row}"
