"""Put the profiles of a study's activations into one table."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from pathlib import Path

import pyarrow as pa

from activarium import tables
from activarium.certify.profile_table import profile_rows
from activarium.runtime import files
from activarium.runtime.errors import open_log

with open_log(snakemake.log[0]):
    profiles = {Path(p).stem: files.read_json(p) for p in snakemake.input.profiles}
    rows = profile_rows(profiles, snakemake.params.uncertified)
    table = pa.Table.from_pylist(rows, schema=tables.PROFILES)  # ∞ is an end here
    tables.write_both(table, *snakemake.output)
