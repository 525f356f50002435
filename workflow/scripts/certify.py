"""Certify one activation: its profile, and apart from it what may differ between executions."""

from activarium import interrupt

interrupt.end_quietly()

from activarium.certify import job
from activarium.refusal import logged

with logged(snakemake.log[0]):
    job.run(
        snakemake.wildcards.activation,
        snakemake.params.get("expr"),
        snakemake.output.profile,
        snakemake.output.provenance,
    )
