"""Prepare one data set: its official files in, one memory-mappable file and a description out."""

import json
import sys

from activarium import datasets, files, prepare

name, root = snakemake.wildcards.dataset, snakemake.params.root
try:
    description = prepare.write(datasets.load(name).load(root), snakemake.output.data, name)
except datasets.DatasetError as error:
    sys.exit(str(error))
text = json.dumps(description, indent=2, sort_keys=True)
files.write_text(snakemake.output.description, text + "\n")
