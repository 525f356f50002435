"""Collect the study's runs into the tables runs, epochs and costs."""

from activarium import interrupt

interrupt.end_quietly()

from activarium import collect, files, outside, pieces, tables
from activarium.refusal import logged

with logged(snakemake.log[0]):
    study = dict(snakemake.params.study)
    if snakemake.params.control:
        control, chance = snakemake.params.control, snakemake.params.chance
        runs, epochs, costs = outside.read(snakemake.input.runs, control, chance)
    elif study.get("pieces"):
        runs, epochs, costs = pieces.read(snakemake.input.runs, study)
        parts = study.pop("pieces")
        origin = pieces.origin(parts, study)
        study |= {"chance": pieces.chance(parts)} | ({"pieces": origin} if origin else {})
    else:
        runs, epochs, costs = collect.collect(snakemake.input.runs)
        study = study | {"chance": collect.chance(snakemake.params.descriptions)}
    tables.write_both(runs, *snakemake.output.runs)
    tables.write_both(epochs, *snakemake.output.epochs)
    tables.write_both(costs, *snakemake.output.costs)
    made = collect.provenance(costs) | {"study": study}
    files.write_json(snakemake.output.provenance, made)
