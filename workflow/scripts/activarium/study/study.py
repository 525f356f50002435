"""A study as the rest of the library sees it: checked, with every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from .. import activations, datasets
from ..activations import ActivationSpec
from ..runtime.own_files import is_own_file


@dataclass(frozen=True)
class Study:
    """A valid study with every default filled in.

    `activations` maps a name to what the study says of it, an `ActivationSpec`; `networks` maps a
    name to {"file", "parameters"}, `recipes` a name to all of its values, `image_sources`
    a data set that is not built in to where its images are. `shards` are the tables of parts of
    this study that were trained separately, `reuse` tables of other studies whose runs are taken.
    With `strict` none is taken that other code trained. `measures` names what is measured of the
    trained networks, whose weights are kept with `keep_weights`. A study of external runs has
    `runs`, the files of its tables, and an empty grid.
    """

    name: str
    control: str
    confidence: float
    margin: float
    datasets: tuple[str, ...] = ()
    image_sources: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    activations: Mapping[str, ActivationSpec] = field(default_factory=dict)
    networks: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    recipes: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    seeds: int = 0
    first_seed: int = 0
    validation: float = 0.0
    train_size: int | None = None
    data_root: str | None = None
    pack: int = 10
    shards: tuple[str, ...] = ()
    reuse: tuple[str, ...] = ()
    strict: bool = False
    keep_weights: bool = False
    measures: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    chance: Mapping[str, float] = field(default_factory=dict)

    @property
    def seed_range(self) -> range:
        """The seeds that every cell trains on."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def own_files(self) -> dict[str, str]:
        """{axis/name: path} of the files beside the study that define a part of it."""
        defined = {
            "activations": {name: spec.file for name, spec in self.activations.items()},
            "datasets": {name: place.get("file") for name, place in self.image_sources.items()},
            "networks": {name: network["file"] for name, network in self.networks.items()},
        }
        return {
            f"{axis}/{name}": str(file)
            for axis, files in defined.items()
            for name, file in files.items()
            if is_own_file(file)
        }

    @property
    def own_labels(self) -> dict[str, dict[str, str]]:
        """{activations or datasets: {name: the label in its file}} of what such files define."""
        return {
            "activations": activations.own_labels(self.activations.values()),
            "datasets": datasets.own_labels(self.image_sources),
        }

    @property
    def declared_activations(self) -> dict[str, Any]:
        """{name: what the study says beside it}, plain values that JSON can hold."""
        return {name: spec.declared for name, spec in self.activations.items()}

    @property
    def cells(self) -> list[tuple[str, str, str, str]]:
        """(recipe, network, dataset, activation) of each cell that the grid declares."""
        return list(product(self.recipes, self.networks, self.datasets, self.activations))

    @property
    def size(self) -> int:
        """How many runs the grid declares."""
        return len(self.cells) * self.seeds
