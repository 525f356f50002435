"""Prepare one data set: its official files in, one memory-mappable file and a description out."""

import json
import sys

from activarium import datasets, files, prepare

root = snakemake.params.root  # where the official files are, or shall be
name = snakemake.wildcards.dataset
try:
    images = datasets.load(name).load(root)
    description = prepare.write(images, snakemake.output.data, name)
except datasets.DatasetError as error:
    sys.exit(str(error))
text = json.dumps(description, indent=2, sort_keys=True, ensure_ascii=False)
files.write_text(snakemake.output.description, text + "\n")
