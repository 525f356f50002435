"""What a study's rules of measuring ask for: the files of each cell, and the tables of all.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

from dataclasses import dataclass

from .. import measures
from . import Study
from .paths import Paths


@dataclass(frozen=True)
class MeasureGrid:
    """The files behind the `measures` of `study`, all of them empty where it has none."""

    study: Study

    @property
    def paths(self) -> Paths:
        """Where the results of this study stand."""
        return Paths(self.study.name)

    def runs(self, measure: str) -> list[str]:
        """The files of a cell's runs, with its wildcards, where `measure` needs them."""
        return self._of_seeds(measure, self.paths.run)

    def weights(self, measure: str) -> list[str]:
        """Their weights."""
        return self._of_seeds(measure, self.paths.run_weights)

    def _of_seeds(self, measure, pattern):
        needed = measures.declaration(measure).needs_weights
        seeds = self.study.seed_range if needed else []
        return [pattern.replace("{seed}", str(seed)) for seed in seeds]

    @property
    def cells(self) -> list[str]:
        """What each measure finds of each cell."""
        return self._of_cells(self.paths.cell_measure)

    @property
    def costs(self) -> list[str]:
        """On what each of them was measured."""
        return self._of_cells(self.paths.cell_measure_costs)

    def _of_cells(self, pattern):
        axes = ("recipe", "network", "dataset", "activation")
        cells = [dict(zip(axes, cell, strict=True)) for cell in self.study.cells]
        return [pattern(name).format(**cell) for name in self.study.measures for cell in cells]

    @property
    def summaries(self) -> list[str]:
        """The table that sums all measures up and that of their costs, where the study has any."""
        names = ("measures", "measure_costs") if self.study.measures else ()
        return [self.paths.measure_table(name)[0] for name in names]

    @property
    def tables(self) -> list[str]:
        """Both files of every table of measures, where the study has any."""
        return self.every_table if self.study.measures else []

    @property
    def every_table(self) -> list[str]:
        """Both files of every table that the rule makes."""
        names = [*self.study.measures, "measures", "measure_contrasts", "measure_costs"]
        return [file for name in names for file in self.paths.measure_table(name)]

    def threads(self, measure: str, cores: int | None) -> int:
        """All `cores` of this machine for a measure that nothing runs beside; else one.

        The measure itself computes on one.
        """
        return (cores or 1) if measures.declaration(measure).alone else 1

    def gpus(self, measure: str, offered: bool) -> int:
        """The GPUs that a job asks for, where any are `offered`."""
        return int(offered and measures.declaration(measure).device == "any")
