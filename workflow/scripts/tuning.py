"""Collect the runs that tune into the tables tuning and tuning_costs."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from pathlib import Path

from activarium import tables
from activarium.runtime import files
from activarium.runtime.errors import open_log
from activarium.tables.tuning import tuning_tables

with open_log(snakemake.log[0]):
    chosen = {
        Path(file).with_suffix("").parts[-4:]: files.read_json(file)
        for file in snakemake.input.choices
    }
    tuning, costs = tuning_tables(snakemake.input.runs, snakemake.params.candidates, chosen)
    tables.write_both(tuning, *snakemake.output.tuning)
    tables.write_both(costs, *snakemake.output.costs)
