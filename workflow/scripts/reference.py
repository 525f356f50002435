"""Put a study's results where the repository keeps them."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium.report import reference_results
from activarium.runtime.errors import open_log

with open_log(snakemake.log[0]):
    given = snakemake.input
    reference_results.publish(given.results, **dict(snakemake.params.items()), own=given.own_files)
