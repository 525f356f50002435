"""Measure one cell's trained networks, by one file of measures/."""

from datetime import UTC, datetime

from activarium.runtime import devices, files, interrupt
from activarium.runtime.child_process import run_in_child
from activarium.runtime.errors import open_log

interrupt.end_on_sigint()
devices.use_one_thread()  # before torch is imported
if devices.visible_gpus() and snakemake.resources.get("gpu") == 0:
    devices.hide_gpus()

with open_log(snakemake.log[0]) as log:
    run_in_child(log, " ".join([snakemake.params.measure, *snakemake.wildcards]))
    from activarium import tables
    from activarium.activations import ActivationSpec
    from activarium.measures._job import measure_cell
    from activarium.train.job import Cell, DataSource
    from activarium.train.run_cost import execution

    given, params = snakemake.input, snakemake.params
    names = dict(snakemake.wildcards.items())
    recipe = params.recipe | (files.read_json(given.choice[0]) if given.choice else {})
    spec = ActivationSpec(**params.activation)
    cell = Cell(names, recipe, params.network, spec, weights_file=params.weights_file)
    source = DataSource(given.data, given.description, params.train_size, params.validation)
    name, started = params.measure, datetime.now(UTC).isoformat(timespec="seconds")
    made = measure_cell(name, cell, source, given.runs, given.weights, params.locks, log)
    cost = {"measure": name, "seconds": made.seconds, "started": started} | execution(made.device)
    tables.write_run(made.table, snakemake.output.table)
    tables.write_run(tables.table([names | cost], tables.MEASURE_COSTS), snakemake.output.costs)
