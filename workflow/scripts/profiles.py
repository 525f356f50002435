"""Put the profiles of a study's activations into one table."""

import json
from pathlib import Path

import pyarrow as pa

from activarium import tables
from activarium.certify.rows import rows
from activarium.refusal import logged

with logged(snakemake.log[0]):
    files = map(Path, snakemake.input.profiles)
    profiles = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    table = pa.Table.from_pylist(rows(profiles), schema=tables.PROFILES)  # ∞ is an end here
    tables.write_both(table, *snakemake.output)
