"""Prepare one data set: its files in, one memory-mappable file and a description out."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

import json
import sys

from activarium import datasets
from activarium.data import prepare
from activarium.data.repeated_images import find_repeated, repeated_sentence
from activarium.data.sources import load_images
from activarium.data.test_labels import write_test_labels
from activarium.runtime import files
from activarium.runtime.errors import open_log
from activarium.study.own_images import image_sources

name = snakemake.wildcards.dataset
with open_log(snakemake.log[0]) as log:
    # The folder is no param: the same files in another place prepare nothing again.
    source = image_sources(snakemake.config["datasets"]).get(name)
    images, about = load_images(name, source, datasets.data_root(snakemake.config.get("data_root")))
    repeated = find_repeated(images, getattr(about, "test_files", ())) if source else None
    description = prepare.write(images, snakemake.output.data, name, about, repeated)
    if said := repeated_sentence(description):
        for file in (log, sys.stderr):
            print(f"data: {name}: {said}", file=file, flush=True)
    write_test_labels(images.test_labels, snakemake.output.labels)
    text = json.dumps(description, indent=2, sort_keys=True)
    files.write_text(snakemake.output.description, text + "\n")
