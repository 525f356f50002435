"""The balanced accuracy of each run whose classes are of unequal size."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from pathlib import Path

from activarium import tables
from activarium.data import prepare
from activarium.runtime.errors import open_log
from activarium.tables.balanced import balanced_table

with open_log(snakemake.log[0]):
    labels = {Path(p).stem: prepare.read(p).test_labels for p in snakemake.input.images}
    found = balanced_table(tables.read(snakemake.input.runs), labels)
    tables.write_both(found, *snakemake.output)
