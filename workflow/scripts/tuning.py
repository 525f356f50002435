"""Collect the runs that tune into the tables tuning and tuning_costs."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from pathlib import Path

from activarium import tables
from activarium.runtime import files
from activarium.runtime.errors import open_log
from activarium.study.reused_runs import todays_definitions
from activarium.tables import collect, published_tuning, reuse, shards, tuning_shards
from activarium.tables.tuning import tuning_tables

with open_log(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    study = dict(params.study)
    if study.get("shards"):
        tuning = tuning_shards.read(given.given, study)
        study = shards.with_origin(study)
    else:
        chosen = {
            Path(file).with_suffix("").parts[-4:]: files.read_json(file) for file in given.choices
        }
        tuning = published_tuning.TuningRuns(*tuning_tables(given.runs, params.candidates, chosen))
        made = {
            "activations": params.definitions["activations"],
            "datasets": collect.image_checksums(params.descriptions),
        }
        if study.get("reuse"):
            defined = params.definitions, params.descriptions, params.schema
            reused = reuse.read(given.given, study, todays_definitions(study["networks"], *defined))
            tuning = published_tuning.merge([("here", tuning), ("", reused.tuning)], "reuse")
            made = reuse.known_definitions(made, reused)
        study |= {"chance": collect.chance(params.descriptions), "definitions": made}
    tables.write_both(tuning.runs, *snakemake.output.tuning)
    tables.write_both(tuning.costs, *snakemake.output.costs)
    about = collect.provenance(tuning.costs) | {"study": study | {"held_out": params.held_out}}
    files.write_json(snakemake.output.provenance, about)
