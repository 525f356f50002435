"""The balanced accuracy of each run whose classes are of unequal size."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from pathlib import Path

from activarium import tables
from activarium.data.test_labels import find_test_labels
from activarium.runtime.errors import open_log
from activarium.tables.balanced import balanced_table

with open_log(snakemake.log[0]) as log:
    found = {Path(file).stem: find_test_labels(file) for file in snakemake.params.prepared}
    for name in [name for name, labels in found.items() if labels is None]:
        line = f"balanced accuracy: without {name}, whose test labels are gone"
        print(line, file=log)
    labels = {name: labels for name, labels in found.items() if labels is not None}
    balanced = balanced_table(tables.read(snakemake.input.runs), labels)
    tables.write_both(balanced, *snakemake.output)
