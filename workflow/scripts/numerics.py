"""Hold what torch computes for one activation against its certified values."""

from activarium.runtime import child_process, devices, files, interrupt
from activarium.runtime.errors import open_log

interrupt.end_on_sigint()
devices.use_one_thread()  # before torch is imported
name, (file,) = snakemake.wildcards.activation, snakemake.output


def measured():
    from activarium import activations
    from activarium.definitions.numerics import measure_numerics

    spec = activations.ActivationSpec(**snakemake.params.activation)
    module = activations.module(spec, channels=1)
    return measure_numerics(activations.definition(spec), module)


with open_log(snakemake.log[0]) as log:
    found, refused = child_process.try_in_child(measured, log)
    if refused:  # which is no reason to have no report
        print(f"{name}: numerics are not measured: {refused}; again: rm {file}", file=log)
    files.write_json(file, found or {"refused": refused})
