"""Settle the claims about activations: those reported, duplicates, and how close others come."""

import json
from pathlib import Path

from activarium import activations, files
from activarium.certify.job import as_json
from activarium.claims import settled
from activarium.refusal import logged

with logged(snakemake.log[0]):
    gelu = json.loads(Path(snakemake.input.gelu).read_text(encoding="utf-8"))
    definitions = {name: activations.load(name).definition for name in activations.names()}
    files.write_text(snakemake.output[0], as_json(settled(gelu, definitions)))
