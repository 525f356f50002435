"""Prepare one data set: its official files in, one memory-mappable file and a description out."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

import json

from activarium import datasets
from activarium.data import prepare
from activarium.data.image_checks import load_checked_images
from activarium.runtime import files
from activarium.runtime.errors import open_log

name = snakemake.wildcards.dataset
with open_log(snakemake.log[0]):
    # The folder is no param: the same official files in another place prepare nothing again.
    images = load_checked_images(name, datasets.data_root(snakemake.config.get("data_root")))
    description = prepare.write(images, snakemake.output.data, name)
    text = json.dumps(description, indent=2, sort_keys=True)
    files.write_text(snakemake.output.description, text + "\n")
