"""Train one pack: the seeds of one cell, each into its own file."""

from pathlib import Path

from activarium import devices

devices.one_thread()  # before torch is imported

from activarium.train.job import train_cell  # noqa: E402

with Path(snakemake.log[0]).open("w") as log:
    train_cell(
        cell=dict(snakemake.wildcards.items()),
        files=snakemake.output,
        sources=[*snakemake.input.activation, snakemake.input.network, *snakemake.input.step],
        data=snakemake.input.data,
        description=snakemake.input.description,
        log=log,
        **dict(snakemake.params.items()),
    )
