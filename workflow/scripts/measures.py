"""Collect what was measured into the study's tables, and compare what has a score."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from pathlib import Path

from activarium import tables
from activarium.compare.measured_accuracy import compare_measures
from activarium.runtime import files
from activarium.runtime.errors import open_log
from activarium.tables.measured import read_measure_costs, read_measures, summary_table

with open_log(snakemake.log[0]):
    given, plan = snakemake.input, dict(snakemake.params.items())
    plan["chance"] |= files.read_json(given.provenance)["study"].get("chance", {})
    made = read_measures(given.cells)
    contrasts = compare_measures(made, tables.read(given.runs), **plan)
    made["measures"] = summary_table(made, contrasts)
    made["measure_contrasts"] = tables.table(contrasts, tables.MEASURE_CONTRASTS)
    made["measure_costs"] = read_measure_costs(given.costs)
    for name, table in made.items():
        pair = [file for file in snakemake.output if Path(file).stem == name]
        tables.write_both(table, *pair)
