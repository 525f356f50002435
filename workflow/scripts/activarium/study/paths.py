"""Where the results of a study stand, as the rules write it: files below results/.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

from dataclasses import dataclass

CELL = "{recipe}/{network}/{dataset}/{activation}"


@dataclass(frozen=True)
class Paths:
    """The files of the study called `name`; words in braces are Snakemake's wildcards."""

    name: str

    @property
    def folder(self) -> str:
        """All results of this study are below here."""
        return f"results/{self.name}"

    @property
    def run(self) -> str:
        """A run's file, with the wildcards of its cell and its seed."""
        return f"{self.folder}/runs/{CELL}/{{seed}}.parquet"

    @property
    def run_weights(self) -> str:
        """The weights that a run ended with, beside its file."""
        return f"{self.folder}/runs/{CELL}/{{seed}}.safetensors"

    @property
    def tuning_run(self) -> str:
        """The file of a run that tunes, with the wildcards of what it tries and of its cell."""
        return f"{self.folder}/tuning/{{candidate}}/{CELL}/{{seed}}.parquet"

    @property
    def choice(self) -> str:
        """What tuning chose for a cell: {key: value} of each tuned number."""
        return f"{self.folder}/tuning/choices/{CELL}.json"

    @property
    def unfinished_tuning(self) -> str:
        """As `unfinished`, for the runs that tune."""
        return f"{self.folder}/unfinished/{{candidate}}/{CELL}"

    @property
    def unfinished(self) -> str:
        """The folder where the finished runs of an unfinished pack wait, by cell."""
        return f"{self.folder}/unfinished/{CELL}"

    @property
    def tally(self) -> str:
        """How many runs this execution trains and has trained; for people only."""
        return f"{self.folder}/logs/tally.jsonl"

    @property
    def manifest(self) -> str:
        """What the study declared when this execution submitted its jobs."""
        return f"{self.folder}/logs/study.json"

    @property
    def reused(self) -> str:
        """Which runs this execution takes from published tables."""
        return f"{self.folder}/logs/reused.json"

    @property
    def sanity_checks(self) -> str:
        """Which combinations were tried on one batch, and need not be tried again."""
        return f"{self.folder}/logs/tried.json"

    def weights_checksum(self, network: str) -> str:
        """The checksum of the file of weights that a network starts from, for the next start."""
        return f"{self.folder}/weights/{network}.json"

    def log(self, rule: str) -> str:
        """The log of a job of `rule`."""
        return f"{self.folder}/logs/{rule}.log"

    def table(self, name: str, ending: str = "parquet") -> str:
        """The file of one table."""
        return f"{self.folder}/{name}.{ending}"

    def table_pair(self, name: str) -> list[str]:
        """A table's two files: Parquet for programs, CSV for people."""
        return [self.table(name, "parquet"), self.table(name, "csv")]

    def cell_measure(self, measure: str) -> str:
        """What one measurement found of a cell, with the wildcards of the cell."""
        return f"{self.folder}/measures/{measure}/{CELL}.parquet"

    def cell_measure_costs(self, measure: str) -> str:
        """On what it was measured, and for how long."""
        return f"{self.folder}/measures/costs/{measure}/{CELL}.parquet"

    def measure_table(self, name: str) -> list[str]:
        """The two files of a table of measurements, as `table_pair`."""
        return [f"{self.folder}/measures/{name}.{ending}" for ending in ("parquet", "csv")]

    @property
    def tables(self) -> list[str]:
        """The tables that a report is made from."""
        return [self.table(t) for t in ("runs", "epochs", "costs", "summaries", "contrasts")]

    @property
    def analysis(self) -> str:
        """Everything that was compared."""
        return self.table("analysis", "json")

    @property
    def provenance(self) -> str:
        """With what the runs were made, and what the study declared then."""
        return self.table("provenance", "json")

    def figure(self, name: str) -> str:
        """The file of one figure."""
        return f"{self.folder}/figures/{name}.svg"

    def caption(self, name: str) -> str:
        """The file with what stands under a figure, in reStructuredText."""
        return f"{self.folder}/figures/{name}.rst"

    @property
    def report(self) -> str:
        """The page that people read."""
        return f"{self.folder}/report.html"
