"""Put a study's results where the repository keeps them."""

from activarium import interrupt

interrupt.end_quietly()

from activarium import reference
from activarium.refusal import logged

with logged(snakemake.log[0]):
    reference.publish(snakemake.input.results, **dict(snakemake.params.items()))
