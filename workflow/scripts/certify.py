"""Certify one activation: its profile, and apart from it what may differ between executions."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

import time

from activarium.runtime import files
from activarium.runtime.child_process import run_in_child
from activarium.runtime.errors import open_log

with open_log(snakemake.log[0]) as log:
    run_in_child(log, f"proofs of {snakemake.wildcards.activation}")
    from activarium.activations import ActivationSpec
    from activarium.certify.certify_activation import certify_declared, provenance

    started = time.perf_counter()
    profile = certify_declared(ActivationSpec(**snakemake.params.activation))
    about = provenance(time.perf_counter() - started)
    files.write_json(snakemake.output.profile, profile)
    files.write_text(snakemake.output.provenance, files.as_json(about))
