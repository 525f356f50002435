"""Hold what torch computes for one activation against its certified values."""

from activarium import devices

devices.one_thread()  # before torch is imported

from activarium import activations, files  # noqa: E402
from activarium.numerics import numerics  # noqa: E402
from activarium.refusal import logged  # noqa: E402

name = snakemake.wildcards.activation
with logged(snakemake.log[0]):
    found = numerics(activations.load(name).definition, activations.module(name))
    files.write_json(snakemake.output[0], found)
