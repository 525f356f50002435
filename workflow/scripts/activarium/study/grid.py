"""What a study's rules ask for: its runs and packs, its profiles, and each cell's values.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from .. import activations, datasets, figures, networks
from ..activations import ActivationSpec
from ..runtime import source
from ..runtime.files import digest_files
from . import Study, own_images
from .content_checksum import content_checksum
from .measure_grid import MeasureGrid
from .path_checks import check_own_images
from .paths import Paths
from .study_error import study_error
from .tuning_grid import TuningGrid

SHARED = "results"  # above what belongs to no study: profiles and images of what is built in
ALL_CELLS = frozenset(["all"])  # of a study that reuses nothing
UNEQUAL = 1.5  # times its equal share that the most frequent class has, for balanced accuracy
Wildcards = Any  # Snakemake's, an attribute for each wildcard; nothing of it is imported here


def seed_words(seeds: range) -> str:
    """The seeds of a pack in words: seed 3, seeds 0 to 9."""
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"


@dataclass(frozen=True)
class Grid:
    """The files that `study` asks for, and the values behind their wildcards.

    In a dry run no checksum of the study's own images is written. `reused` maps a cell, by its
    names joined with slashes, to those of its seeds that published tables hold. `tuned` are the
    cells whose tuning they hold.
    """

    study: Study
    dry_run: bool = False
    reused: Mapping[str, frozenset[int]] = field(default_factory=dict)
    tuned: frozenset[str] = frozenset()

    @property
    def paths(self) -> Paths:
        """Where the results of this study stand."""
        return Paths(self.study.name)

    @property
    def tuning(self) -> TuningGrid:
        """What is asked for where a recipe tunes a number."""
        return TuningGrid(self.study, self.tuned)

    @property
    def measured(self) -> MeasureGrid:
        """What is asked for where the study measures its trained networks."""
        return MeasureGrid(self.study)

    # Runs

    @property
    def packs(self) -> list[range]:
        """The seeds of each pack, `pack` in a row from the first one; the last may be shorter.

        Every cell lacks all seeds of a pack or none, and each pack is lacked by some cell.
        """
        packs, size = [], self.study.pack
        cells = self._cells if self.reused else []
        for lacking, group in groupby(self.study.seed_range, partial(self._cells_without, cells)):
            seeds = list(group)
            if lacking:
                row = range(seeds[0], seeds[-1] + 1)
                packs += [row[start : start + size] for start in range(0, len(row), size)]
        return packs

    @property
    def _cells(self) -> list[str]:
        """Every cell, by its names joined with slashes."""
        return ["/".join(cell) for cell in self.study.cells]

    def _cells_without(self, cells: list[str], seed: int) -> frozenset[str]:
        """Those of the `cells` whose run of this seed no published table holds."""
        if not self.reused:
            return ALL_CELLS
        return frozenset(c for c in cells if seed not in self.reused.get(c, ()))

    @property
    def runs(self) -> list[str]:
        """The file of every run that this study trains; none where shards have them already."""
        if self.study.shards:
            return []
        folder = f"{self.paths.folder}/runs"
        return [
            f"{folder}/{cell}/{seed}.parquet"
            for cell in self._cells
            for seed in self.study.seed_range
            if seed not in self.reused.get(cell, ())
        ]

    @property
    def run_files(self) -> list[str]:
        """What a run leaves, with the wildcards of its cell and its seed: its table comes first."""
        return [self.paths.run, *([self.paths.run_weights] if self.study.keep_weights else [])]

    def has_runs(self, files: list[str]) -> bool:
        """Whether there are runs among these files.

        It tells a job of training, whose rule has another name where a module takes it up.
        """
        return any(re.match(self._trained_files, file) for file in files)

    def finished_runs(self, files: list[str]) -> list[str]:
        """Those of these runs' files that are there, or wait until their pack is finished."""
        return [f for f in files if Path(f).exists() or Path(self.waiting_run(f)).exists()]

    def waiting_run(self, run: str) -> str:
        """Where a run's file waits while its pack is unfinished."""
        return re.sub(self._trained_files, f"{self.paths.folder}/unfinished/", run)

    @property
    def _trained_files(self) -> str:
        """A pattern of how the file of a run begins, of one that tunes as well."""
        return f"{re.escape(self.paths.folder)}/(runs|tuning(?!/choices))/"

    # Tables

    @property
    def collected_files(self) -> list[str] | tuple[str, ...]:
        """The files that the tables of runs are made from."""
        return self.study.runs or self.study.shards or self.runs

    @property
    def companion_files(self) -> list[str]:
        """The other tables of a study, where its runs.parquet is read and they are beside it.

        Beside a tuning.parquet, or where a recipe is tuned, those of its tuning.
        """
        given = [Path(file) for file in (*self.study.runs, *self.study.shards, *self.study.reuse)]
        names = ["epochs.parquet", "costs.parquet", "learned.parquet"]
        if not self.study.runs:
            names.append("provenance.json")
        tuning = ["tuning_costs.parquet", "tuning_provenance.json"]
        both = [*names, "tuning.parquet", *tuning] if self.tuning.recipes else names
        found = {"runs.parquet": both, "tuning.parquet": tuning}
        beside = [path.with_name(name) for path in given for name in found.get(path.name, ())]
        return [str(path) for path in beside if path.exists()]

    @property
    def dataset_descriptions(self) -> list[str]:
        """What the study's images are like; empty where its runs were made elsewhere."""
        if self.study.runs or self.study.shards:
            return []
        return [self.prepared(name, "json") for name in self.study.datasets]

    @property
    def chance(self) -> dict[str, float]:
        """The accuracy of guessing for the study's data sets; of tables, all that are known.

        As far as their files say it: what the prepared images are like stands in provenance.json.
        """
        names = self.built_in_datasets if self.study.datasets else datasets.names()
        return {name: datasets.chance(name) for name in names} | dict(self.study.chance)

    @property
    def declared(self) -> dict[str, Any]:
        """What the study declares, as a plain mapping, without where its images and weights are."""
        left_out = ["data_root", "image_sources", "pack", "keep_weights"]
        if not self.study.reuse:
            left_out += ["reuse", "strict"]
        if not self.study.measures:
            left_out.append("measures")
        declared = {k: v for k, v in asdict(self.study).items() if k not in left_out}
        declared["activations"] = self.study.declared_activations
        declared["networks"] = {n: self._content_of_network(n) for n in self.study.networks}
        own = {"own_files": self.own_contents, "caveats": self.own_caveats}
        return declared | {key: value for key, value in own.items() if value}

    @property
    def own_caveats(self) -> dict[str, str]:
        """{data set: its caveat} of the files beside the study that have one."""
        files = {
            n: place["file"] for n, place in self.study.image_sources.items() if "file" in place
        }
        said = {name: getattr(datasets.load(file), "caveat", "") for name, file in files.items()}
        return {name: caveat for name, caveat in said.items() if caveat}

    @property
    def own_contents(self) -> dict[str, str]:
        """{axis/name: a checksum} of the files beside the study that define a part of it."""
        return {
            what: digest_files(source.own_files(file))
            for what, file in self.study.own_files.items()
        }

    @property
    def declared_training(self) -> dict[str, Any]:
        """The part of `declared` that defines the tables of runs; empty for external tables."""
        if self.study.runs:
            return {}
        left_out = ["name", "control", "confidence", "margin", "runs", "chance", "measures"]
        if not self.study.shards:
            left_out.append("shards")
        return {k: v for k, v in self.declared.items() if k not in left_out}

    @property
    def network_descriptions(self) -> list[str]:
        """What the study's networks are made of, where it has any."""
        return [self.paths.table("networks", "json")] if self.study.networks else []

    # Images

    @property
    def built_in_datasets(self) -> list[str]:
        """The names of those data sets of the study that a file of datasets/ defines."""
        return [name for name in self.study.datasets if name not in self.study.image_sources]

    @property
    def own_descriptions(self) -> list[str]:
        """Those of `dataset_descriptions` that are of the study's own images."""
        own = [self.prepared(name, "json") for name in self.study.image_sources]
        return [file for file in self.dataset_descriptions if file in own]

    @property
    def drawn_shares(self) -> dict[str, float]:
        """{data set: share of its images that is drawn to test on} of the study's own."""
        sources = self.study.image_sources.items()
        return {name: source["test"] for name, source in sources if source.get("test")}

    def prepared(self, name: str, ending: str = "arrow") -> str:
        """A data set's prepared file: a built-in one's is shared, a study's own is not."""
        folder = self.paths.folder if name in self.study.image_sources else SHARED
        return f"{folder}/datasets/{name}.{ending}"

    @property
    def unequal_images(self) -> list[str]:
        """The prepared images whose classes are of unequal size, or may be: the study's own."""
        if self.study.runs or self.study.shards:
            return []
        unequal = [
            name for name in self.built_in_datasets
            if datasets.chance(name) * datasets.load(name).classes >= UNEQUAL
        ]  # fmt: skip
        return [self.prepared(name) for name in (*unequal, *self.study.image_sources)]

    @property
    def balanced_table(self) -> list[str]:
        """The table of balanced accuracies, where a data set needs one."""
        return [self.paths.table("balanced")] if self.unequal_images else []

    @property
    def learned_tables(self) -> list[str]:
        """The table of what was learned and its copy for people, where anything learns."""
        told = any(Path(file).name == "learned.parquet" for file in self.companion_files)
        learns = any(activations.may_learn(spec) for spec in self.study.activations.values())
        made_elsewhere = self.study.runs or self.study.shards
        return self.paths.table_pair("learned") if (told if made_elsewhere else learns) else []

    def images(self, wildcards: Wildcards) -> str:
        """The prepared images of a cell."""
        return self.prepared(wildcards.dataset)

    def description(self, wildcards: Wildcards) -> str:
        """What the images of a cell are like."""
        return self.prepared(wildcards.dataset, "json")

    def image_source(self, wildcards: Wildcards) -> dict[str, Any] | None:
        """What defines a study's own images, with a checksum of them; None of a built-in set.

        Where they are is left out: the same files in another place prepare nothing again.
        """
        name = wildcards.dataset
        place = self.study.image_sources.get(name)
        if place is None:
            return None
        if "file" in place:  # whose content is an input
            return {}
        return own_images.options(place) | {"content": self.image_checksum(name)}

    def image_checksum(self, name: str) -> str:
        """The checksum of the files of a study's own images; UserError where they are not there."""
        place, kept = self.study.image_sources[name], self.prepared(name, "files.json")
        return own_images.checksum(name, place, self.prepared(name), kept, not self.dry_run)

    def check_images(self) -> None:
        """Raise UserError for own images that are missing, or too few for what is trained."""
        if not self.study.shards:
            check_own_images(self.study)
            for name, place in self.study.image_sources.items():
                if "file" not in place:
                    self.image_checksum(name)

    # Profiles

    @property
    def uncertified(self) -> list[str]:
        """The activations of the study that have a module alone, so that nothing is proven."""
        specs = self.study.activations.items()
        return [name for name, spec in specs if not activations.has_definition(spec)]

    @property
    def profiles(self) -> list[str]:
        """The profile of each activation: a built-in one's is shared, a study's own is not.

        There is none of what has no definition.
        """
        return [
            f"{SHARED if spec.is_shared else self.paths.folder}/profiles/{name}.json"
            for name, spec in self.study.activations.items()
            if activations.has_definition(spec)
        ]

    @property
    def profiles_table(self) -> list[str]:
        """The table of the study's profiles, where it has activations."""
        return [self.paths.table("profiles")] if self.study.activations else []

    @property
    def proven_claims(self) -> list[str]:
        """What is claimed of the study's own activations, settled, where any is certified."""
        return [f"{self.paths.folder}/profiles/proven_claims.json"] if self.profiles else []

    @property
    def numerics(self) -> list[str]:
        """How far torch is from the proofs, for each activation of the study."""
        return [f"{profile.removesuffix('.json')}.numerics.json" for profile in self.profiles]

    @property
    def folders(self) -> str:
        """A pattern of what is above profiles and images: of shared ones, and this study's own."""
        return f"{SHARED}|{re.escape(self.paths.folder)}"

    def built_in_profiles(self, wildcards: Wildcards) -> list[str]:
        """The profiles of all built-in activations, whatever the rule's wildcards."""
        certified = filter(activations.has_definition, activations.names())
        return [f"{SHARED}/profiles/{name}.json" for name in certified]

    def built_in_numerics(self, wildcards: Wildcards) -> list[str]:
        """How far torch is from the proofs, for all of `built_in_profiles`."""
        profiles = self.built_in_profiles(wildcards)
        return [f"{profile.removesuffix('.json')}.numerics.json" for profile in profiles]

    @property
    def certifiable(self) -> str:
        """A pattern of the names of everything that can be certified: built-in or the study's."""
        return "|".join(map(re.escape, sorted({*activations.names(), *self.study.activations})))

    def profile_spec(self, wildcards: Wildcards) -> ActivationSpec:
        """What a profile is about: an activation of this study, or one that is built in."""
        if wildcards.folder == self.paths.folder:
            return self.study.activations[wildcards.activation]
        return ActivationSpec(wildcards.activation)

    def profiled(self, wildcards: Wildcards) -> dict[str, Any]:
        """`profile_spec` as a plain mapping."""
        return asdict(self.profile_spec(wildcards))

    def claimed_specs(self, wildcards: Wildcards) -> list[ActivationSpec]:
        """The activations that claims are about: the study's with a file, or all built-in ones.

        What has no definition is left out.
        """
        specs = [ActivationSpec(name) for name in activations.names()]
        if wildcards.folder == self.paths.folder:
            own = sorted(self.study.activations.values(), key=attrgetter("name"))
            specs = [spec for spec in own if not spec.expr]
        return [spec for spec in specs if activations.has_definition(spec)]

    def claimed(self, wildcards: Wildcards) -> dict[str, Any]:
        """{name: what the study says beside it} of `claimed_specs`."""
        return {spec.name: spec.declared for spec in self.claimed_specs(wildcards)}

    # Cells

    def spec(self, wildcards: Wildcards) -> ActivationSpec:
        """What the study says of a cell's activation."""
        return self.study.activations[wildcards.activation]

    def activation(self, wildcards: Wildcards) -> dict[str, Any]:
        """`spec` as a plain mapping."""
        return asdict(self.spec(wildcards))

    def recipe(self, wildcards: Wildcards) -> dict[str, Any]:
        """The values of a cell's recipe."""
        return self.study.recipes[wildcards.recipe]

    def network(self, wildcards: Wildcards) -> dict[str, Any]:
        """The file and the parameters of a cell's network."""
        return self.study.networks[wildcards.network]

    def network_content(self, wildcards: Wildcards) -> dict[str, Any]:
        """What defines a cell's network: as `network`, with the checksum of a file of weights.

        Where that file is, is left out: the same weights in another place train nothing again.
        """
        return self._content_of_network(wildcards.network)

    def _content_of_network(self, name: str) -> dict[str, Any]:
        """As `network_content`, of the network `name`."""
        return networks.replace_weights(self.study.networks[name], self.weights_checksum(name))

    def weights_file(self, wildcards: Wildcards, threads: int) -> str | None:
        """The file of weights that a cell's network starts from, or None.

        Snakemake does not compare what is made from `threads`, so that the file may be moved.
        """
        return networks.weights_file(self.network(wildcards))

    def weights_checksum(self, name: str) -> str | None:
        """The checksum of the file of weights that network `name` starts from, or None.

        Of a file that is gone it is the last one. Raises UserError where none is known.
        """
        file = networks.weights_file(self.study.networks[name])
        if file is None:
            return None
        kept = self.paths.weights_checksum(name)
        return content_checksum(f"networks: {name}: weights", file, kept, kept, not self.dry_run)

    @property
    def weights_checksums(self) -> dict[str, str]:
        """{network: checksum of its file of weights} of those that start from one."""
        found = {name: self.weights_checksum(name) for name in self.study.networks}
        return {name: checksum for name, checksum in found.items() if checksum}

    def check_weights(self) -> None:
        """Raise UserError for a file of weights that is not there while runs are missing."""
        if self.study.shards or all(Path(run).exists() for run in self.runs):
            return
        for name, network in self.study.networks.items():
            file = networks.weights_file(network)
            if file and not Path(file).is_file():
                way = "a path is relative to where snakemake runs"
                raise study_error(["networks", name, "weights"], f"no file '{file}'; {way}")

    @property
    def wildcard_patterns(self) -> dict[str, str]:
        """A pattern for each wildcard: the study's own names and nothing else."""
        s = self.study
        axes = {
            "recipe": s.recipes,
            "network": s.networks,
            "dataset": s.datasets,
            "activation": s.activations,
        }
        names = {axis: "|".join(map(re.escape, words)) or "-" for axis, words in axes.items()}
        return names | {"seed": "[0-9]+", "candidate": self.tuning.candidate_pattern}

    # Figures

    @property
    def figure_names(self) -> list[str]:
        """The names of the figures that a report shows, in its order."""
        return figures.names(["tuning"] if self.tuning.recipes else [])

    @property
    def figures(self) -> list[str]:
        """The files of the figures that a report shows."""
        return [self.paths.figure(name) for name in self.figure_names]

    @property
    def captions(self) -> list[str]:
        """The files with what stands under each of `figures`."""
        return [self.paths.caption(name) for name in self.figure_names]

    @property
    def own_activations(self) -> dict[str, Any]:
        """{name: what the study says} of the activations that are not simply built in."""
        own = (spec for spec in self.study.activations.values() if not spec.is_shared)
        return {spec.name: spec.declared for spec in own}
