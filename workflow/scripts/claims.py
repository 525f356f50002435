"""Settle the claims about activations: those reported, duplicates, and how close others come."""

from activarium import interrupt

interrupt.end_quietly()

from pathlib import Path

from activarium import activations, files
from activarium.claims import settled
from activarium.refusal import logged

with logged(snakemake.log[0]):
    names = [Path(file).stem for file in snakemake.input.definitions]
    found = settled({name: activations.load(name).definition for name in names})
    files.write_json(snakemake.output[0], found)
