"""Hold what torch computes for one activation against its certified values."""

from activarium import devices, interrupt

interrupt.end_quietly()
devices.one_thread()  # before torch is imported

from activarium import activations, files
from activarium.numerics import numerics
from activarium.refusal import logged

name = snakemake.wildcards.activation
with logged(snakemake.log[0]):
    found = numerics(activations.load(name).definition, activations.module(name))
    files.write_json(snakemake.output[0], found)
