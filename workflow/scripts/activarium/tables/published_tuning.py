"""The runs that tuned a shard or another study, read from its tables and held against its recipes.

Beside a runs.parquet, or alone, stand tuning.parquet, tuning_costs.parquet and
tuning_provenance.json. A cell's tuning is taken whole or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from .. import datasets, tables
from ..runtime import files
from ..runtime.errors import UserError
from ..study.tuned_recipes import is_tuned, list_candidates, tuning_seeds
from . import collect, shards
from .tuning import choose, in_order, value_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CELL = tables.KEY[:-1]
PROVENANCE = "tuning_provenance.json"
FILES = ("tuning.parquet", "tuning_costs.parquet", PROVENANCE)
VALUES = ["number", "value", "second_number", "second_value"]
ANEW = "copy all three files of that tuning anew"


@dataclass(frozen=True)
class TuningRuns:
    """Runs that tune: a table in `tables.TUNING`, and what they cost in `TUNING_COSTS`."""

    runs: pa.Table
    costs: pa.Table

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """(recipe, network, dataset, activation) of each cell, sorted."""
        return sorted(set(_cells(self.runs)))

    def only(self, cells: Iterable[tuple[str, ...]]) -> TuningRuns:
        """The runs of these cells."""
        kept = set(cells)
        masks = ([cell in kept for cell in _cells(table)] for table in (self.runs, self.costs))
        runs, costs = (
            table.filter(pa.array(mask, pa.bool_()))
            for table, mask in zip((self.runs, self.costs), masks, strict=True)
        )
        return TuningRuns(runs, costs)

    def marked(self, path: str) -> TuningRuns:
        """The same runs, whose costs say that they were taken from `path`."""
        return TuningRuns(self.runs, mark_reused(self.costs, path))


NONE = TuningRuns(tables.TUNING.empty_table(), tables.TUNING_COSTS.empty_table())


def mark_reused(costs: pa.Table, path: str) -> pa.Table:
    """The same costs, which say that their runs were taken from `path`."""
    at = costs.schema.get_field_index("reused_from")
    marks = pa.array([path] * costs.num_rows, pa.string())
    return costs.set_column(at, costs.schema.field(at), marks)


def is_tuning_table(path: str) -> bool:
    """Whether a path names the runs that tune alone, and not those that are scored."""
    return Path(path).name == FILES[0]


def read(path: str, key: str) -> tuple[dict[str, Any], TuningRuns]:
    """(what a study declared when it tuned, its runs that tune), from the folder of `path`.

    The declared mapping is `Grid.declared_training` with `held_out`, the fraction of the training
    images that choices were made by. Raises CollectError, which opens with the study's `key`, for
    what is gone, damaged or partial, and for a choice that does not follow from the runs.
    """
    theirs, counts = _read_provenance(path, key)
    runs, costs = (shards.read_table(path, name, key, ANEW) for name in ("tuning", "tuning_costs"))
    if any(column not in counts or made != counts[column]
           for column, made in collect.provenance(costs).items()):  # fmt: skip
        _fail(path, "tuning.parquet and tuning_provenance.json are of different runs", key)
    columns = [*CELL, "candidate", "seed"]
    if _keys(runs, columns) != _keys(costs, columns):
        _fail(path, "tuning_costs.parquet is of other runs", key)
    rows: dict[tuple, list[dict]] = {}
    for row in runs.to_pylist():
        rows.setdefault(tuple(row[axis] for axis in CELL), []).append(row)
    for cell, tried in rows.items():
        _check_cell(path, cell, tried, theirs, key)
    return theirs, TuningRuns(runs, costs)


def merge(found: Sequence[tuple[str, TuningRuns]], key: str) -> TuningRuns:
    """The runs that tune of several tables, in order; a cell of two must be the same in both.

    Of such a cell the costs are those of the table that trained it. Raises CollectError.
    """
    holders: dict[tuple, tuple[str, TuningRuns]] = {}
    for path, tuning in sorted(found, key=lambda each: _number_taken(each[1])):
        for cell in tuning.cells:
            part = tuning.only([cell])
            where, first = holders.setdefault(cell, (path, part))
            if not part.runs.equals(first.runs):
                what = f"the tuning of {'/'.join(cell)} differs in {where} and in {path}"
                way = "tune in one, and let the other reuse its tuning.parquet"
                shards.fail(f"{what}; {way}", key)
    parts = [NONE, *(part for _, part in holders.values())]
    runs, costs = ([getattr(part, name) for part in parts] for name in ("runs", "costs"))
    return TuningRuns(in_order(pa.concat_tables(runs)), in_order(pa.concat_tables(costs)))


def read_choice(
    paths: Iterable[str], cell: Sequence[str], candidates: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """{key: value} that was chosen for a `cell`, from the first tuning.parquet that holds it.

    `candidates` maps the name of each thing tried to its values. Raises CollectError.
    """
    for path in paths:
        table = shards.read_table(path, "tuning", "reuse", ANEW)
        rows = table.filter(pc.field("chosen")).select([*CELL, "candidate"]).to_pylist()
        for row in rows:
            if tuple(row[axis] for axis in CELL) == tuple(cell) and row["candidate"] in candidates:
                return dict(candidates[row["candidate"]])
    what = f"no table holds the tuning of {'/'.join(cell)} any more"
    raise collect.CollectError(f"reuse: {what}; start again")


def _cells(table: pa.Table) -> list[tuple[str, ...]]:
    return _keys(table, CELL)


def _keys(table: pa.Table, columns: Sequence[str]) -> list[tuple]:
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))


def _number_taken(tuning: TuningRuns) -> int:
    """How many of its runs a table took from another one."""
    return tuning.costs.num_rows - tuning.costs["reused_from"].null_count


def _read_provenance(path: str, key: str) -> tuple[dict, dict]:
    """(what was declared, {column: {value: number of runs}} of the costs)."""
    file = Path(path).with_name(PROVENANCE)
    if not file.exists():
        shards.fail(f"{file} is gone, which says how {path} was tuned; {ANEW}", key)
    try:
        said = files.read_json(file)
    except UserError as error:
        shards.fail(f"{str(error).partition('; ')[0]}; {ANEW}", key)
    return said.pop("study"), said


def _check_cell(path: str, cell: tuple, rows: list[dict], theirs: Mapping, key: str) -> None:
    """Raise CollectError unless a cell tried all that its recipe lists, and took the best."""
    name, recipe = "/".join(cell), theirs["recipes"].get(cell[0], {})
    known = all(part in theirs[axis] for axis, part in zip(shards.AXES, cell, strict=True))
    if not known or not is_tuned(recipe):
        _fail(path, f"{name} is none that {PROVENANCE} beside it tunes", key)
    candidates = list_candidates(recipe)
    made = sorted((row["candidate"], row["seed"]) for row in rows)
    if made != sorted(product(candidates, tuning_seeds(recipe))):
        expected = len(candidates) * len(tuning_seeds(recipe))
        _fail(path, f"the tuning of {name} has {len(made)} runs, not its {expected}", key)
    if any({k: row[k] for k in VALUES if row[k] is not None}
           != value_columns(candidates[row["candidate"]]) for row in rows):  # fmt: skip
        _fail(path, f"a run that tunes {name} has other values than its name says", key)
    chosen = {row["candidate"] for row in rows if row["chosen"]}
    if chosen != _best(cell, rows, candidates, theirs):
        _fail(path, f"{name} was not tuned to the best value of its runs", key)


def _best(cell: tuple, rows: list[dict], candidates: Mapping, theirs: Mapping) -> set[str]:
    """The name of what the runs of a cell choose."""
    known = {name: datasets.chance(name) for name in datasets.names()} | theirs.get("chance", {})
    guess = known.get(cell[2], 0.0)
    accuracies: dict[str, list[float]] = {}
    for row in rows:
        scored = row["validation_accuracy"] if row["status"] == "ok" else guess
        accuracies.setdefault(row["candidate"], []).append(scored)
    best = choose(accuracies, candidates)
    return {name for name, values in candidates.items() if values == best}


def _fail(path: str, what: str, key: str) -> NoReturn:
    shards.fail(f"{path}: {what}: files of two studies are mixed; {ANEW}", key)
