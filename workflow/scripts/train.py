"""Train one pack: the seeds of one cell, each into its own file."""

from activarium.runtime import devices, interrupt
from activarium.runtime.child_process import run_in_child
from activarium.runtime.errors import logged

interrupt.end_on_sigint()
devices.one_thread()  # before torch is imported
if devices.gpus() and snakemake.resources.get("gpu") == 0:  # as `--resources gpu=0` grants
    devices.hide_gpus()
devices.keep_freed_memory()

with logged(snakemake.log[0]) as log:
    run_in_child(log, " ".join(snakemake.wildcards))
    from activarium.train.job import train_cell

    train_cell(
        cell=dict(snakemake.wildcards.items()),
        files=snakemake.output,
        sources=[*snakemake.input.activation, *snakemake.input.network, *snakemake.input.step],
        data=snakemake.input.data,
        description=snakemake.input.description,
        log=log,
        **dict(snakemake.params.items()),
    )
