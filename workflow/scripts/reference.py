"""Put a study's results where the repository keeps them."""

from activarium import reference
from activarium.refusal import logged

with logged(snakemake.log[0]):
    reference.publish(
        snakemake.params.study,
        dict(zip(snakemake.input.results, snakemake.output.results, strict=True)),
        snakemake.output.study,
        snakemake.output.readme,
    )
