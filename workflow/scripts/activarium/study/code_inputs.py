"""Which files of code a job's numbers come from: inputs of its rule, compared by content.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from ..activations import ActivationSpec
from ..runtime import source
from ..runtime.own_files import is_own_file
from .grid import Grid, Wildcards

PACKAGE = Path(__file__).parents[1]
TRAINING = (  # what defines a run's numbers beside its activation, network and images
    "train/loop.py",
    "train/step.py",
    "train/batches.py",
    "train/augmentation.py",
    "train/initialisation.py",
    "train/learned_values.py",
    "train/moving_average.py",
    "train/precision.py",
    "train/graphs.py",
    "train/graphed_evaluation.py",
    "train/randomness.py",
    "train/schedules.py",
    "data/stratified_sample.py",
    "definitions/learned.py",
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

    def own(self, file: str) -> list[str]:
        """A file beside the study, and those beside it and of the library that it imports."""
        library = source.library_files_of(file, PACKAGE)
        names = [str(path.relative_to(PACKAGE)) for path in library]
        return [*source.own_files(file), *self.files(*names)]

    @property
    def own_files(self) -> list[str]:
        """Every file beside the study that defines a part of it, and what of them is imported."""
        files = self.grid.study.own_files.values()
        return sorted({path for file in files for path in source.own_files(file)})

    def module(self, folder: str, name: str) -> list[str]:
        """The file `name` of a folder of the library, or at that path, and those it imports."""
        if is_own_file(name):
            return self.own(name)
        files = source.imported_files(PACKAGE / folder / f"{name}.py")
        return self.files(*(str(file.relative_to(PACKAGE)) for file in files))

    def dataset(self, wildcards: Wildcards) -> list[str]:
        """What defines a data set: its file, or what reads a folder of pictures or arrays."""
        place = self.grid.study.image_sources.get(wildcards.dataset)
        if place is None or "file" in place:
            return self.module("datasets", place["file"] if place else wildcards.dataset)
        if "npz" in place:
            return self.files("data/sources.py", "data/arrays.py")
        return self.files("data/sources.py", "data/folder.py", "data/pictures.py")

    def network(self, wildcards: Wildcards) -> list[str]:
        """What defines the network of a cell."""
        return self.module("networks", self.grid.network(wildcards)["file"])

    def measure(self, name: str) -> list[str]:
        """What defines a measurement: its file, the files that all share, and their imports."""
        own = source.imported_files(PACKAGE / f"measures/{name}.py")
        shared = [file.stem for file in own if file.parent.name == "measures"]
        names = {name, "_job", "_trained_cell", *shared} - {"__init__"}
        return sorted({file for each in names for file in self.module("measures", each)})

    def activation(self, wildcards: Wildcards) -> list[str]:
        """What defines the activation of a cell: its file, or what reads its expression."""
        return self._definition(self.grid.spec(wildcards))

    def definitions(self, wildcards: Wildcards = None) -> dict[str, dict[str, str]]:
        """What the study's runs are made from, as {"activations", "code": {name: digest}}.

        Of the activations that files define, and of the training with each network; a rule's
        wildcards make no difference.
        """
        study = self.grid.study
        files = {k: self._definition(v) for k, v in study.activations.items() if not v.expr}
        step = self.files(*TRAINING)
        code = {
            name: [*self.network(SimpleNamespace(network=name)), *step] for name in study.networks
        }
        return {
            "activations": {name: source.digest_code(found) for name, found in files.items()},
            "code": {name: source.digest_code(found) for name, found in code.items()},
        }

    def profile(self, wildcards: Wildcards) -> list[str]:
        """What defines the activation that is certified: its file, or what reads its expression."""
        return self._definition(self.grid.profile_spec(wildcards))

    def _definition(self, spec: ActivationSpec) -> list[str]:
        if spec.expr:
            return self.files("definitions/expressions.py")
        return self.module("activations", str(spec.own_file or spec.built_in))

    def claimed(self, wildcards: Wildcards) -> list[str]:
        """The files of the activations that claims are about."""
        return [self._definition(spec)[0] for spec in self.grid.claimed_specs(wildcards)]

    def claimed_imports(self, wildcards: Wildcards) -> list[str]:
        """The files that those of `claimed` import."""
        specs = self.grid.claimed_specs(wildcards)
        found = {file for spec in specs for file in self._definition(spec)}
        return sorted(found - set(self.claimed(wildcards)))

    @property
    def networks_and_datasets(self) -> list[str]:
        """What defines the study's networks, and the shapes of the images that they see."""
        study = self.grid.study
        networks = [self.module("networks", n["file"]) for n in study.networks.values()]
        images = [self.module("datasets", name) for name in self.grid.built_in_datasets]
        return sorted({file for files in (*networks, *images) for file in files})
