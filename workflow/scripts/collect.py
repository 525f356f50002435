"""Collect the study's runs into the tables runs, epochs and costs, and what was learned."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium import tables
from activarium.runtime import files
from activarium.runtime.errors import open_log
from activarium.study.reused_runs import todays_definitions
from activarium.tables import collect, external, reuse, shards

with open_log(snakemake.log[0]):
    study = dict(snakemake.params.study)
    if snakemake.params.control:
        control, chance = snakemake.params.control, snakemake.params.chance
        runs, epochs, costs = external.read(snakemake.input.runs, control, chance)
        learned = external.read_learned(snakemake.input.runs, runs)
    elif study.get("shards"):
        runs, epochs, costs = shards.read(snakemake.input.runs, study)
        learned = shards.read_learned(snakemake.input.runs, study)
        study = shards.with_origin(study)
    else:
        given = snakemake.params
        made = {
            "activations": given.definitions["activations"],
            "datasets": collect.image_checksums(given.descriptions),
        }
        if study.get("reuse"):
            today = todays_definitions(
                study["networks"], given.definitions, given.descriptions, given.schema
            )
            reused = reuse.read(snakemake.input.reused, study, today)
            runs, epochs, costs = reuse.join(snakemake.input.runs, reused, study)
            learned = reuse.join_learned(snakemake.input.runs, snakemake.input.reused, reused)
            made = reuse.known_definitions(made, reused)
        else:
            whole = collect.read_runs(snakemake.input.runs)
            runs, epochs, costs = collect.split_tables(whole)
            learned = collect.learned_table(whole)
        study = study | {"chance": collect.chance(given.descriptions), "definitions": made}
    tables.write_both(runs, *snakemake.output.runs)
    tables.write_both(epochs, *snakemake.output.epochs)
    tables.write_both(costs, *snakemake.output.costs)
    if snakemake.output.learned:
        tables.write_both(learned, *snakemake.output.learned)
    made = collect.provenance(costs) | {"study": study}
    files.write_json(snakemake.output.provenance, made)
