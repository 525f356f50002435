"""What a study's rules of tuning ask for: the runs that choose, and what they chose for each cell.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from . import Study, tuned_recipes
from .paths import Paths

AXES = ("recipe", "network", "dataset", "activation")
Wildcards = Any  # Snakemake's, an attribute for each wildcard


@dataclass(frozen=True)
class TuningGrid:
    """The files behind the tuned numbers of `study`, all of them empty where it tunes none.

    `taken` are the cells, by their names joined with slashes, whose tuning other tables hold.
    """

    study: Study
    taken: frozenset[str] = frozenset()

    @property
    def paths(self) -> Paths:
        """Where the results of this study stand."""
        return Paths(self.study.name)

    @property
    def recipes(self) -> dict[str, dict[str, Any]]:
        """The recipes that tune a number, with their values."""
        return {name: r for name, r in self.study.recipes.items() if tuned_recipes.is_tuned(r)}

    @property
    def packs(self) -> list[tuple[str, range]]:
        """(recipe, seeds) of each pack of runs that tune, `pack` seeds in a row at most."""
        if not self.runs:
            return []
        size = self.study.pack
        seeds = {name: tuned_recipes.tuning_seeds(recipe) for name, recipe in self.recipes.items()}
        return [
            (name, all_seeds[start : start + size])
            for name, all_seeds in seeds.items()
            for start in range(0, len(all_seeds), size)
        ]

    @property
    def candidate_pattern(self) -> str:
        """A pattern of the names of everything that is tried."""
        return "|".join(map(re.escape, sorted(self.all_candidates))) or "-"

    @property
    def runs(self) -> list[str]:
        """The file of every run that tunes; none where shards have them already."""
        return [file for cell in self.tuned_here for file in self.runs_of_cell(cell)]

    @property
    def choices(self) -> list[str]:
        """The file of what was chosen, for each cell that is tuned here."""
        return [self.paths.choice.format(**cell) for cell in self.tuned_here]

    @property
    def table(self) -> list[str]:
        """The table of all runs that tune, where there are any."""
        return [self.paths.table("tuning")] if self.recipes else []

    @property
    def parquets(self) -> list[str]:
        """Both tables of the runs that tune, without their files for people."""
        return [file for file in self.tables if file.endswith(".parquet")]

    @property
    def tables(self) -> list[str]:
        """`table` and what its runs have cost, each with its file for people."""
        names = ("tuning", "tuning_costs") if self.recipes else ()
        return [file for name in names for file in self.paths.table_pair(name)]

    @property
    def provenance(self) -> list[str]:
        """With what the runs that tune were made, where there are any."""
        return [self.paths.table("tuning_provenance", "json")] if self.recipes else []

    @property
    def given(self) -> list[str]:
        """The shards, or the tables of other studies, that runs that tune may be taken from."""
        return [*self.study.shards, *self.study.reuse] if self.recipes else []

    @property
    def published(self) -> list[str]:
        """The tables of runs that tune that are beside those `given`."""
        beside = {str(Path(file).with_name("tuning.parquet")): None for file in self.given}
        return [file for file in beside if Path(file).exists()]

    @property
    def validation(self) -> float:
        """The fraction of the training images that choices are made by."""
        return self.study.validation or tuned_recipes.HELD_OUT

    def runs_of(self, wildcards: Wildcards) -> list[str]:
        """The runs that choose for one cell; none where other tables hold them."""
        cell = {axis: getattr(wildcards, axis) for axis in AXES}
        return [] if self._is_taken(cell) else self.runs_of_cell(cell)

    def published_with(self, wildcards: Wildcards) -> list[str]:
        """The tables that the tuning of one cell is taken from; none where it is tuned here."""
        taken = self._is_taken({axis: getattr(wildcards, axis) for axis in AXES})
        return self.published if taken else []

    def choice(self, wildcards: Wildcards) -> list[str]:
        """The file of what was chosen for one cell, where its recipe is tuned."""
        tuned = wildcards.recipe in self.recipes
        return [self.paths.choice.format(**dict(wildcards.items()))] if tuned else []

    def candidates(self, wildcards: Wildcards) -> dict[str, dict[str, float]]:
        """{name: {key: value}} of what a cell tries."""
        return tuned_recipes.list_candidates(self.study.recipes[wildcards.recipe])

    @property
    def all_candidates(self) -> dict[str, dict[str, float]]:
        """{name: {key: value}} of what any cell tries."""
        found = [tuned_recipes.list_candidates(recipe) for recipe in self.recipes.values()]
        return {name: values for tried in found for name, values in tried.items()}

    def recipe_at(self, wildcards: Wildcards) -> dict[str, Any]:
        """The values of a cell's recipe at one candidate."""
        recipe = self.study.recipes[wildcards.recipe]
        return {**recipe, **tuned_recipes.list_candidates(recipe)[wildcards.candidate]}

    @property
    def tuned_here(self) -> Iterator[dict[str, str]]:
        """Every cell that is tuned by runs of this study, as {axis: name}."""
        s = self.study
        recipes = () if s.shards else self.recipes
        for names in product(recipes, s.networks, s.datasets, s.activations):
            cell = dict(zip(AXES, names, strict=True))
            if not self._is_taken(cell):
                yield cell

    def _is_taken(self, cell: dict[str, str]) -> bool:
        return "/".join(cell[axis] for axis in AXES) in self.taken

    def runs_of_cell(self, cell: dict[str, str]) -> list[str]:
        """The runs that choose for one cell, by the names of its axes."""
        recipe = self.recipes[cell["recipe"]]
        return [
            self.paths.tuning_run.format(**cell, candidate=name, seed=seed)
            for name in tuned_recipes.list_candidates(recipe)
            for seed in tuned_recipes.tuning_seeds(recipe)
        ]
