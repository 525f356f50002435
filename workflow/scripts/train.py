"""Train one pack: the seeds of one cell, each into its own file."""

from activarium.runtime import devices, files, interrupt
from activarium.runtime.child_process import run_in_child
from activarium.runtime.errors import open_log

interrupt.end_on_sigint()
devices.use_one_thread()  # before torch is imported
if devices.visible_gpus() and snakemake.resources.get("gpu") == 0:  # as `--resources gpu=0` grants
    devices.hide_gpus()
devices.keep_freed_memory()

with open_log(snakemake.log[0]) as log:
    run_in_child(log, " ".join(snakemake.wildcards))
    from activarium.activations import ActivationSpec
    from activarium.train.job import Cell, DataSource, JobFiles, train_cell

    given, params = snakemake.input, snakemake.params
    shared = [*given.network, *given.step]
    code = [*given.activation, *shared]
    names = dict(snakemake.wildcards.items())
    candidate, choice = names.pop("candidate", None), given.get("choice", [])
    recipe = params.recipe | (files.read_json(choice[0]) if choice else {})
    place = params.unfinished, params.tally_file, params.locks
    tested = params.get("tested", True)
    runs = [file for file in snakemake.output if file.endswith(".parquet")]  # weights come last
    spec = ActivationSpec(**params.activation)
    train_cell(
        Cell(names, recipe, params.network, spec, candidate, params.weights_file),
        DataSource(given.data, given.description, params.train_size, params.validation, tested),
        JobFiles(runs, code, *place, bool(choice), shared, weights=snakemake.output[len(runs) :]),
        log,
    )
