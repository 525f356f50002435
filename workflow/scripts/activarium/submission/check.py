"""Checks of a submitted folder: is it whole, does it belong together, do its verdicts follow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from .. import study, tables
from ..compare.analysis import analyse
from ..report import reference_results
from ..runtime import files
from ..runtime.errors import UserError, describe_error
from ..study.grid import Grid
from ..study.kept_files import kept_place, own_paths, read_published
from ..study.tuned_recipes import list_candidates
from ..tables import published_tuning, reuse, shards
from ..tables.tuning import choose
from .measured_tables import find_measure_problems
from .study_status import TRAINED_AGAIN, find_differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

TABLES = ("runs", "epochs", "costs", "summaries", "contrasts")
FILES = (
    "study.yaml", *(f"{name}.parquet" for name in TABLES), "provenance.json", "analysis.json",
    "report.html", "README.md",
)  # fmt: skip


RUN_THAT_TUNES = ["candidate", *tables.KEY]
TUNED = ("tuning", "tuning_costs")  # tables of a study that tunes a number
UNFIT = (KeyError, TypeError, ValueError, AttributeError, IndexError, OSError)  # of strange content


def find_problems(folder: Path, schema: Path | str) -> Iterator[str]:
    """A line for each thing that is missing or wrong with the submission in `folder`; none if fine.

    `schema` is the file of the JSON schema of studies.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    yield from (f"{folder / name} is missing" for name in missing)
    if missing:
        return
    checks: list[Callable[[Path, Path | str], Iterator[str]]] = [
        _check_checksums, _check_own_files, _check_training, _check_tuning, _check_verdicts,
        _check_measures, _check_origin, _check_reproduction,
    ]  # fmt: skip
    for check in checks:
        try:
            found = list(check(folder, schema))
        except UserError as error:
            found = [str(error)]
        except UNFIT as error:
            way = "make the folder anew by snakemake reference"
            found = [f"{folder} holds what no study has ({describe_error(error, 200)}); {way}"]
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


def _check_own_files(folder: Path, schema: Path | str) -> Iterator[str]:
    """Each file of one's own that the study names is kept in the folder."""
    said = study.mapping(folder / "study.yaml")
    for file in own_paths(said):
        place = kept_place(file, said, folder)
        if place is None:
            what = f"{folder / 'study.yaml'} names {file}, which is not kept in the folder"
            yield f"{what}; make it anew by snakemake reference"
        elif not place.is_file():
            yield f"{place} is missing"


def _check_training(folder: Path, schema: Path | str) -> Iterator[str]:
    """The tables belong together, and are of the study that study.yaml declares, every run."""
    declared = Grid(study.read(read_published(folder), schema)).declared_training
    if not declared:
        yield f"{folder / 'study.yaml'} is of tables made elsewhere, which nobody can train again"
        return
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
    its_files, our_files = (each.get("own_files", {}) for each in (theirs, declared))
    for what in sorted({*its_files, *our_files}):
        if its_files.get(what) != our_files.get(what):
            yield f"{folder}: the file of {what}, or one it imports, is not what was trained"
    for what, its, ours in said:
        if its != ours:
            yield f"{folder}: study.yaml says {what} {ours}, and provenance.json {its}"


def _check_tuning(folder: Path, schema: Path | str) -> Iterator[str]:
    """Of a study that tunes a number: every tuning run is there, and the best value was chosen."""
    grid = Grid(study.read(read_published(folder), schema))
    needed = published_tuning.FILES if grid.tuning.recipes else ()
    missing = [name for name in needed if not (folder / name).is_file()]
    yield from (f"{folder / name} is missing" for name in missing)
    if missing or not grid.tuning.recipes:
        return
    tuning, _ = (tables.read(folder / f"{name}.parquet") for name in TUNED)
    made = [str(Path(*map(str, run))) for run in tuning[RUN_THAT_TUNES].itertuples(index=False)]
    declared = [str(Path(*Path(file).with_suffix("").parts[-6:])) for file in grid.tuning.runs]
    if sorted(made) != sorted(declared):
        yield f"{folder / 'tuning.parquet'} has other runs than study.yaml tunes by"
        return
    guess = tuning["dataset"].map(_chance(folder))
    diverged = tuning["status"] != "ok"
    scored = tuning.assign(accuracy=tuning["validation_accuracy"].mask(diverged, guess))
    for cell, rows in scored.groupby(tables.KEY[:-1]):
        tried = list_candidates(grid.tuning.recipes[cell[0]])
        if _best_candidate(rows, tried) != set(rows.loc[rows["chosen"], "candidate"]):
            yield f"{folder}: {'/'.join(cell)} was not tuned to the best value of tuning.parquet"


def _best_candidate(rows: pd.DataFrame, tried: Mapping[str, Mapping[str, float]]) -> set[str]:
    """The name of what the tuning runs of one cell choose among what was `tried`."""
    accuracies = {name: list(found) for name, found in rows.groupby("candidate")["accuracy"]}
    best = choose(accuracies, tried)
    return {name for name, values in tried.items() if values == best}


def _chance(folder: Path) -> dict[str, float]:
    """{data set: accuracy of guessing} of a submission."""
    said = files.read_json(folder / "provenance.json")["study"].get("chance", {})
    return files.read_json(folder / "analysis.json")["plan"]["chance"] | said


def _check_verdicts(folder: Path, schema: Path | str) -> Iterator[str]:
    """Summaries and contrasts follow from the runs, to the bit, and the analysis has the same."""
    analysis, chance = files.read_json(folder / "analysis.json"), _chance(folder)
    said = study.read(read_published(folder), schema)
    runs, epochs, costs = (
        tables.read(folder / f"{name}.parquet") for name in ("runs", "epochs", "costs")
    )
    found = analyse(runs, epochs, costs, said.control, said.confidence, said.margin, chance)
    for name, columns in (("summaries", tables.SUMMARIES), ("contrasts", tables.CONTRASTS)):
        expected = tables.table(found[name], columns).replace_schema_metadata()
        stored = pq.read_table(folder / f"{name}.parquet").replace_schema_metadata()
        if not expected.equals(stored):
            yield f"{folder / f'{name}.parquet'} does not follow from runs.parquet"
        if not tables.table(analysis[name], columns).replace_schema_metadata().equals(expected):
            yield f"{folder / 'analysis.json'} has other {name} than follow from runs.parquet"


def _check_measures(folder: Path, schema: Path | str) -> Iterator[str]:
    """What the study measured is there, and its summary and its contrasts follow from it."""
    said = study.read(read_published(folder), schema)
    yield from find_measure_problems(folder, said, _chance(folder))


def _check_origin(folder: Path, schema: Path | str) -> Iterator[str]:
    """Every run and every measurement says its commit, and the README says what the tables say."""
    runs, costs = (tables.read(folder / f"{name}.parquet") for name in ("runs", "costs"))
    more = [folder / f"{name}.parquet" for name in ("tuning_costs", "measure_costs")]
    tuned, measured = (tables.read(file) if file.is_file() else None for file in more)
    for spent, what in ((costs, "runs were trained"), (measured, "networks were measured")):
        if spent is not None and (loose := reference_results.loose_commits(spent)):
            yield f"{folder}: some {what} by code that is no commit ({loose[0]})"
    config = read_published(folder)
    page = (folder / "README.md").read_text(encoding="utf-8")
    due = reference_results.reference_page(config, runs, costs, folder, tuned, measured)
    stated = [
        row for row in due.splitlines() if row.startswith("| ") and not row.startswith("| again")
    ]
    for row in stated:
        if row not in page:
            yield f"{folder / 'README.md'} does not say: {row}"


def _check_reproduction(folder: Path, schema: Path | str) -> Iterator[str]:
    """Where runs were trained again, they are the same."""
    if (folder / TRAINED_AGAIN).exists():
        yield from find_differences(folder)
