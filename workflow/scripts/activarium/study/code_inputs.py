"""Which files of code a job's numbers come from: inputs of its rule, compared by content.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from ..activations import ActivationSpec
from ..runtime import source
from ..runtime.files import digest_files
from .grid import Grid, Wildcards

PACKAGE = Path(__file__).parents[1]
TRAINING = (  # what defines a run's numbers beside its activation, network and images
    "train/loop.py",
    "train/step.py",
    "train/batches.py",
    "train/augmentation.py",
    "train/initialisation.py",
    "train/moving_average.py",
    "train/precision.py",
    "train/graphs.py",
    "train/graphed_evaluation.py",
    "train/randomness.py",
    "train/schedules.py",
    "data/stratified_sample.py",
    "definitions/torch_module.py",
    "definitions/on_torch.py",
    "definitions/on_numpy.py",  # constants, as sqrt(2 / pi)
)


@dataclass(frozen=True)
class CodeFiles:
    """The files behind the jobs of `grid`; `library` is the package's path as rules write it."""

    grid: Grid
    library: str

    def files(self, *names: str) -> list[str]:
        """Files of the library; a name may be a pattern, compare/*.py.

        A rule's own script is one level up, ../compare.py: Snakemake looks at its date alone.
        """
        found: list[Path] = []
        for name in names:
            found += sorted(PACKAGE.glob(name)) if "*" in name else [PACKAGE / name]
        return [os.path.normpath(f"{self.library}/{path.relative_to(PACKAGE)}") for path in found]

    def module(self, folder: str, name: str) -> list[str]:
        """The file `name` of a folder of the library, and those that it imports."""
        files = source.imported_files(PACKAGE / folder / f"{name}.py")
        return self.files(*(str(file.relative_to(PACKAGE)) for file in files))

    def dataset(self, wildcards: Wildcards) -> list[str]:
        """What defines a data set: its file, or what reads a folder of pictures or arrays."""
        source = self.grid.study.image_sources.get(wildcards.dataset)
        if source is None:
            return self.module("datasets", wildcards.dataset)
        if "npz" in source:
            return self.files("data/sources.py", "data/arrays.py")
        return self.files("data/sources.py", "data/folder.py", "data/pictures.py")

    def network(self, wildcards: Wildcards) -> list[str]:
        """What defines the network of a cell."""
        return self.module("networks", self.grid.network(wildcards)["file"])

    def activation(self, wildcards: Wildcards) -> list[str]:
        """What defines the activation of a cell: its file, or what reads its expression."""
        return self._definition(self.grid.spec(wildcards))

    def definitions(self) -> dict[str, dict[str, str]]:
        """What the study's runs are made from, as {"activations", "code": {name: digest}}.

        Of the activations that files define, and of the training with each network.
        """
        study = self.grid.study
        files = {k: self._definition(v) for k, v in study.activations.items() if not v.expr}
        step = self.files(*TRAINING)
        code = {
            name: [*self.network(SimpleNamespace(network=name)), *step] for name in study.networks
        }
        return {
            "activations": {name: digest_files(found) for name, found in files.items()},
            "code": {name: digest_files(found) for name, found in code.items()},
        }

    def profile(self, wildcards: Wildcards) -> list[str]:
        """What defines the activation that is certified: its file, or what reads its expression."""
        return self._definition(self.grid.profile_spec(wildcards))

    def _definition(self, spec: ActivationSpec) -> list[str]:
        if spec.built_in:
            return self.module("activations", spec.built_in)
        return self.files("definitions/expressions.py")

    def claimed(self, wildcards: Wildcards) -> list[str]:
        """The files of the activations that claims are about."""
        names = self.grid.claimed_activations(wildcards)
        return self.files(*(f"activations/{name}.py" for name in names))

    def claimed_imports(self, wildcards: Wildcards) -> list[str]:
        """The files that those of `claimed` import."""
        names = self.grid.claimed_activations(wildcards)
        found = {file for name in names for file in self.module("activations", name)}
        return sorted(found - set(self.claimed(wildcards)))

    @property
    def networks_and_datasets(self) -> list[str]:
        """What defines the study's networks, and the shapes of the images that they see."""
        study = self.grid.study
        networks = [self.module("networks", n["file"]) for n in study.networks.values()]
        images = [self.module("datasets", name) for name in self.grid.built_in_datasets]
        return sorted({file for files in (*networks, *images) for file in files})
