"""The finished runs of a study that is not whole yet, as tables that other studies can take."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from .. import tables
from ..data import prepare
from ..runtime import files
from ..study.tuned_recipes import list_candidates
from ..tables import collect, published_tuning, shards
from ..tables.published_tuning import TuningRuns
from ..tables.tuning import choose, read_accuracies, tuning_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..study.grid import Grid

KEY = tables.KEY
NAMES = ("runs", "tuning")  # whose tables a study may take


@dataclass(frozen=True)
class KeptTables:
    """The tables of one study's finished runs, in a folder that is replaced as a whole."""

    folder: Path

    def recover(self) -> None:
        """Put the tables back that a kill took away while others were put in their place."""
        if self._old.exists() and not self.folder.exists():
            self._old.rename(self.folder)
        for rest in (self._old, self._new):
            shutil.rmtree(rest, ignore_errors=True)

    @property
    def paths(self) -> list[str]:
        """Those tables that a study takes by `reuse`."""
        found = (self.folder / f"{name}.parquet" for name in NAMES)
        return [str(file) for file in found if file.exists()]

    @property
    def size(self) -> int:
        """How many scored runs are kept."""
        return self._read("runs").num_rows

    def add(self, grid: Grid, since: float | None, declared: Mapping, code: Mapping) -> None:
        """Add the finished runs of `grid` that are not kept yet.

        Only those are current that were made after the time `since`; None where all are. `declared`
        is what the tables' provenance says of the study, `code` maps a network to the digest of the
        code that trains it now.
        """
        tuning = self._with_tuning(grid, since)
        kept = {grid.paths.run.format(**key) for key in self._read("runs").select(KEY).to_pylist()}
        left = (run for run in grid.runs if run not in kept)
        finished = filter(None, (_finished(grid, run, since) for run in left))
        found = [file for file in finished if _is_scored_fairly(grid, file, tuning)]
        whole = collect.read_runs(found) if found else tables.RUN_FILE.empty_table()
        runs, epochs, costs = collect.split_tables(whole)
        new = {"runs": runs, "epochs": epochs, "costs": _with_code(costs, code)}
        new["learned"] = collect.learned_table(whole)
        joined = {name: collect.in_order(pa.concat_tables([self._read(name), table]))
                  for name, table in new.items()}  # fmt: skip
        self._replace(joined, tuning, declared, grid.tuning.validation)

    def _read(self, name: str) -> pa.Table:
        """One of the tables that are kept, empty where there is none."""
        file = self.folder / f"{name}.parquet"
        if not file.exists():
            return shards.SCHEMAS[name].empty_table()
        return shards.read_table(str(self.folder / "runs.parquet"), name, "queue")

    def _with_tuning(self, grid: Grid, since: float | None) -> TuningRuns:
        """The tuning that is kept, with that of the cells that were tuned since."""
        kept = TuningRuns(self._read("tuning"), self._read("tuning_costs"))
        found = [("", kept)]
        for cell in grid.tuning.tuned_here:
            recipe = grid.study.recipes[cell["recipe"]]
            candidates, tried = list_candidates(recipe), grid.tuning.runs_of_cell(cell)
            choice = Path(grid.paths.choice.format(**cell))
            is_current = _is_new(choice, since) or all(_is_new(Path(f), since) for f in tried)
            if is_current and all(Path(file).exists() for file in tried):
                about = prepare.description(grid.prepared(cell["dataset"], "json"))
                chosen = choose(read_accuracies(tried, prepare.chance(about)), candidates)
                made = tuning_tables(tried, candidates, {tuple(cell.values()): chosen})
                found.append(("", TuningRuns(*made)))
        return published_tuning.merge(found, "queue")

    def _replace(
        self, made: Mapping[str, pa.Table], tuning: TuningRuns, declared: Mapping, held_out: float
    ) -> None:
        """Write the tables and put them in the place of those before."""
        shutil.rmtree(self._new, ignore_errors=True)
        if made["runs"].num_rows:
            for name, table in made.items():
                if table.num_rows or name != "learned":
                    tables.write_run(table, self._new / f"{name}.parquet")
            said = collect.provenance(made["costs"]) | {"study": declared}
            files.write_json(self._new / "provenance.json", said)
        if tuning.cells:
            tables.write_run(tuning.runs, self._new / "tuning.parquet")
            tables.write_run(tuning.costs, self._new / "tuning_costs.parquet")
            about: dict[str, Any] = {"study": {**declared, "held_out": held_out}}
            said = collect.provenance(tuning.costs) | about
            files.write_json(self._new / published_tuning.PROVENANCE, said)
        if not self._new.exists():
            return
        if self.folder.exists():
            self.folder.rename(self._old)
        self._new.rename(self.folder)
        shutil.rmtree(self._old, ignore_errors=True)

    @property
    def _new(self) -> Path:
        return self.folder.with_name(f".{self.folder.name}.new")

    @property
    def _old(self) -> Path:
        return self.folder.with_name(f".{self.folder.name}.old")


def _is_new(file: Path, since: float | None) -> bool:
    """Whether a file is there, and was made since; always where `since` is None."""
    return file.exists() and (since is None or file.stat().st_mtime >= since)


def _finished(grid: Grid, run: str, since: float | None) -> str | None:
    """The file of a finished run, or where it waits for its pack; None of one that is neither."""
    return next((f for f in (run, grid.waiting_run(run)) if _is_new(Path(f), since)), None)


def _is_scored_fairly(grid: Grid, file: str, tuning: TuningRuns) -> bool:
    """Whether the tuning behind a run is known, or there is none."""
    cell = Path(file).parts[-5:-1]
    return cell[0] not in grid.tuning.recipes or cell in tuning.cells


def _with_code(costs: pa.Table, code: Mapping[str, str]) -> pa.Table:
    """The costs with the digest of today's code where a run waits, which has not got it yet."""
    now: Iterable[str | None] = (code.get(name) for name in costs["network"].to_pylist())
    filled = pc.coalesce(costs["code"], pa.array(list(now), pa.string()))
    return costs.set_column(
        costs.schema.get_field_index("code"), costs.schema.field("code"), filled
    )
