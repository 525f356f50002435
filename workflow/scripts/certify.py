"""Certify one activation: its profile, and apart from it what may differ between executions."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium.runtime.child_process import run_in_child
from activarium.runtime.errors import logged

with logged(snakemake.log[0]) as log:
    run_in_child(log, f"proofs of {snakemake.wildcards.activation}")
    from activarium.certify import job

    job.run(
        snakemake.wildcards.activation,
        snakemake.params.get("expr"),
        snakemake.output.profile,
        snakemake.output.provenance,
    )
