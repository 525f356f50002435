"""Train one pack: the seeds of one cell, each into its own file."""

import os

from activarium import devices, interrupt
from activarium.refusal import logged

interrupt.end_quietly()
parent = os.getppid()
devices.one_thread()  # before torch is imported
devices.keep_freed_memory()

from activarium.train.job import train_cell

with logged(snakemake.log[0]) as log:
    train_cell(
        cell=dict(snakemake.wildcards.items()),
        files=snakemake.output,
        sources=[*snakemake.input.activation, *snakemake.input.network, *snakemake.input.step],
        data=snakemake.input.data,
        description=snakemake.input.description,
        log=log,
        parent=parent,
        **dict(snakemake.params.items()),
    )
