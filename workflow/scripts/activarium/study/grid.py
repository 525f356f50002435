"""Where everything of a study lives: the paths and wildcards that the rules speak of.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import os
import re
import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import activations, datasets, figures
from ..runtime import source
from ..runtime.files import unreadable
from . import Study


def rebuild(files, study, changes=()):
    """The command that makes these files of runs anew, and with them the tables of `study`.

    It is whole, so that it can be copied, however many files have to be deleted before; `changes`
    are the words of this start behind --config.
    """
    broken = shlex.join(file for file in files if Path(file).exists())
    named = f"--configfile {shlex.quote(os.path.relpath(study))} " if study else ""
    start = f"snakemake --cores all {named}--forcerun collect"
    start += f" --config {shlex.join(changes)}" if changes else ""
    return f"rm {broken} && {start}" if broken else start


@dataclass(frozen=True)
class Grid:
    """The files of `study`; `library` is the path of this package as the rules shall write it."""

    study: Study
    library: str

    @property
    def folder(self):
        """Everything of this study is below here."""
        return f"results/{self.study.name}"

    @property
    def run(self):
        """A run's file, with the wildcards of its cell and its seed."""
        return (
            f"{self.folder}/runs/{{recipe}}/{{network}}/{{dataset}}/{{activation}}/{{seed}}.parquet"
        )

    def trains(self, files):
        """Whether these are files of runs; a rule's name is another where a module takes it up."""
        return any(file.startswith(f"{self.folder}/runs/") for file in files)

    @property
    def unfinished(self):
        """Where the finished runs of an unfinished pack wait, by cell."""
        return f"{self.folder}/unfinished/{{recipe}}/{{network}}/{{dataset}}/{{activation}}"

    @property
    def tally(self):
        """How many runs this execution trains and has trained; for people only."""
        return f"{self.folder}/logs/tally.jsonl"

    @property
    def sent(self):
        """What the study said when this execution sent its jobs off."""
        return f"{self.folder}/logs/study.json"

    def log(self, rule):
        """The log of a job of `rule`, by cell for training."""
        return f"{self.folder}/logs/{rule}.log"

    def table(self, name, ending="parquet"):
        """The file of one table."""
        return f"{self.folder}/{name}.{ending}"

    @property
    def tables(self):
        """The tables that a report is made from."""
        return [self.table(t) for t in ("runs", "epochs", "costs", "summaries", "contrasts")]

    @property
    def profiles(self):
        """The profile of each activation of the study: the house's shared, an expression's own."""
        names = self.study.activations.items()
        return [f"{self.folder if expr else 'results'}/profiles/{n}.json" for n, expr in names]

    @property
    def homes(self):
        """A pattern of where profiles live: shared ones, and this study's own."""
        return f"results|{re.escape(self.folder)}"

    @property
    def certified(self):
        """A pattern of the names of everything that can be certified: the house's and ours."""
        return "|".join(map(re.escape, sorted({*activations.names(), *self.study.activations})))

    def certified_expression(self, wildcards):
        """The text behind a profile where it is one of this study's own, else None."""
        ours = getattr(wildcards, "home", "results") == self.folder
        return self.study.activations.get(wildcards.activation) if ours else None

    def certified_code(self, wildcards):
        """The files behind a profile: those that define it, else what reads its text."""
        if self.certified_expression(wildcards):
            return self.code("definitions/expressions.py")
        return self.defining("activations", wildcards.activation)

    @property
    def expressions(self):
        """The activations that no file defines, with their text."""
        return {name: expr for name, expr in self.study.activations.items() if expr}

    @property
    def claims(self):
        """What is claimed of the study's own activations, settled, where any is certified."""
        return [f"{self.folder}/profiles/claims.json"] if self.study.activations else []

    def claimed(self, wildcards):
        """The files of the activations that claims are about: the study's, or all of the house."""
        house = activations.names()
        ours = wildcards.home == self.folder
        names = [n for n in house if n in self.study.activations] if ours else house
        return self.code(*(f"activations/{name}.py" for name in names))

    def claimed_through(self, wildcards):
        """The files that those of `claimed` import."""
        files = self.claimed(wildcards)
        found = {f for file in files for f in self.defining("activations", Path(file).stem)}
        return sorted(found - set(files))

    @property
    def numerics(self):
        """How far torch is from the proofs, for each activation of the study."""
        return [f"{profile.removesuffix('.json')}.numerics.json" for profile in self.profiles]

    @property
    def described(self):
        """What the study's networks are made of, where it has any."""
        return [self.table("networks", "json")] if self.study.networks else []

    @property
    def describing(self):
        """The files that define the study's networks, and the shapes of the images they see."""
        nets = {network["file"]: "networks" for network in self.study.networks.values()}
        places = nets | dict.fromkeys(self.study.datasets, "datasets")
        found = {f for name, folder in places.items() for f in self.defining(folder, name)}
        return sorted(found)

    @property
    def proven(self):
        """The table of the study's profiles, where it has activations to certify."""
        return [self.table("profiles")] if self.study.activations else []

    @property
    def report(self):
        """The page that people read."""
        return f"{self.folder}/report.html"

    @property
    def stated(self):
        """What the study declares, as a plain mapping; where its images are is not in it."""
        return {k: v for k, v in asdict(self.study).items() if k not in ("data_root", "pack")}

    @property
    def trained(self):
        """The part of `stated` that the tables of runs are made by; nothing for outside tables."""
        left_out = ["name", "control", "confidence", "margin", "runs", "chance"]
        left_out += [] if self.study.shards else ["shards"]
        return {k: v for k, v in self.stated.items() if not self.study.runs and k not in left_out}

    @property
    def chance(self):
        """The accuracy of guessing for the study's data sets; of tables, all that are known.

        As far as their files say it: what the prepared images are like stands in provenance.json.
        """
        names = self.study.datasets or datasets.names()
        return {name: datasets.chance(name) for name in names} | self.study.chance

    @property
    def descriptions(self):
        """What the study's images are like; not there where its runs were made elsewhere."""
        trained_here = not (self.study.runs or self.study.shards)
        return [f"results/datasets/{name}.json" for name in self.study.datasets if trained_here]

    @property
    def packs(self):
        """The seeds of each pack, `pack` in a row from the first one; the last may be shorter."""
        seeds, size = self.study.seed_range, self.study.pack
        return [seeds[start : start + size] for start in range(0, len(seeds), size)]

    @property
    def runs(self):
        """Every run's file that the study declares; none where shards have them already."""
        s = self.study
        if s.shards:
            return []
        return [
            self.run.format(recipe=r, network=n, dataset=d, activation=a, seed=seed)
            for r in s.recipes
            for n in s.networks
            for d in s.datasets
            for a in s.activations
            for seed in s.seed_range
        ]

    def kept(self, files):
        """Those of these runs' files that are there, or wait until their pack is finished."""
        waiting = {file: self._waiting(file) for file in files}
        return [file for file in files if Path(file).exists() or Path(waiting[file]).exists()]

    def _waiting(self, run):
        """Where a run's file waits while its pack is unfinished."""
        return f"{self.folder}/unfinished/{Path(run).relative_to(f'{self.folder}/runs')}"

    @property
    def sources(self):
        """The files that the tables of runs are made from."""
        return self.study.runs or self.study.shards or self.runs

    @property
    def beside(self):
        """What is read beside a runs.parquet of ours, where it is there."""
        given = [Path(file) for file in (*self.study.runs, *self.study.shards)]
        ours = [path for path in given if path.name == "runs.parquet"]
        names = ("epochs.parquet", "costs.parquet", *["provenance.json"] * bool(self.study.shards))
        beside = [path.with_name(name) for path in ours for name in names]
        return [str(path) for path in beside if path.exists()]

    def gone(self):
        """Files of runs that the table of runs holds and that are no longer there.

        Snakemake does not look for them: with the tables up to date it has nothing to do.
        """
        table = Path(self.table("runs"))
        missing = [run for run in self.runs if table.exists() and not Path(run).exists()]
        if not missing:
            return []
        import pyarrow.parquet as pq

        keys = pq.read_table(table, columns=["recipe", "network", "dataset", "activation", "seed"])
        held = {self.run.format(**key) for key in keys.to_pylist()}
        return [run for run in missing if run in held]

    def warn_missing_runs(self, study="", changes=()):
        """Name the `gone` files and the command that `rebuild`s them, on the standard error."""
        try:
            files = self.gone()
        except (OSError, ValueError, KeyError) as error:  # a damaged table stops nobody at the door
            print(unreadable(self.table("runs"), error), file=sys.stderr)
            return
        if files:
            print(f"results: {files[0]} is gone", end="", file=sys.stderr)
            print(f" and {len(files) - 1} more" * (len(files) > 1), end="", file=sys.stderr)
            command = rebuild(files, study, changes)
            print(f", though the tables hold it; rebuild: {command}", file=sys.stderr)

    def warn_no_validation(self):
        """Say, before anything is trained, that no recipe can be chosen for each activation."""
        recipes = self.study.recipes
        if len(recipes) < 2 or self.study.validation or all(map(os.path.exists, self.runs)):
            return
        print(
            f"config: validation: 0 with {len(recipes)} recipes: each activation at its own best "
            "one will not be compared, as that is chosen by validation accuracy, never by test; "
            "write validation: 0.1 now, as a later change trains every run anew",
            file=sys.stderr,
        )

    def code(self, *names):
        """Files of the library, to be declared as inputs; a name may be a pattern, compare/*.

        A rule's own script is one level up, ../compare.py: Snakemake looks at its date alone.
        """
        here = Path(__file__).parents[1]
        found = [sorted(here.glob(name)) if "*" in name else [here / name] for name in names]
        files = [str(p.relative_to(here)) for paths in found for p in paths]
        return [os.path.normpath(f"{self.library}/{file}") for file in files]

    def caption(self, wildcards):
        """What stands under a figure: the docstring of its file."""
        return figures.caption(wildcards.figure)

    def labels(self, wildcards):
        """What a figure is called in Snakemake's own report."""
        return {"figure": figures.title(wildcards.figure)}

    @property
    def figures(self):
        """The names of the figures that a report shows."""
        return figures.names()

    def defining(self, folder, name):
        """The file `name` of a folder of the library, and those beside it that it imports."""
        here = Path(__file__).parents[1]
        files = source.followed(here / folder / f"{name}.py")
        return self.code(*(str(file.relative_to(here)) for file in files))

    def dataset_code(self, wildcards):
        """The files that define a data set."""
        return self.defining("datasets", wildcards.dataset)

    def network_code(self, wildcards):
        """The files that define the network of a cell."""
        return self.defining("networks", self.study.networks[wildcards.network]["file"])

    def activation_code(self, wildcards):
        """The files that define the activation of a cell: its own, else what reads its text."""
        if self.expression(wildcards):
            return self.code("definitions/expressions.py")
        return self.defining("activations", wildcards.activation)

    def expression(self, wildcards):
        """The text of a cell's activation where the study states it, else None."""
        return self.study.activations[wildcards.activation]

    def recipe(self, wildcards):
        """The values of a cell's recipe."""
        return self.study.recipes[wildcards.recipe]

    def network(self, wildcards):
        """The file and the parameters of a cell's network."""
        return self.study.networks[wildcards.network]

    @property
    def constraints(self):
        """A pattern for each wildcard: the study's own names and nothing else."""
        s = self.study
        axes = {
            "recipe": s.recipes,
            "network": s.networks,
            "dataset": s.datasets,
            "activation": s.activations,
            "figure": figures.names(),
        }
        names = {axis: "|".join(map(re.escape, words)) or "-" for axis, words in axes.items()}
        return names | {"seed": "[0-9]+"}
