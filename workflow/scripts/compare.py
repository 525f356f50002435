"""Compare the activations: summaries, contrasts and the analysis."""

import json

import pandas as pd

from activarium import files, tables
from activarium.compare.analysis import analysis
from activarium.compare.contrasts import contrasts
from activarium.compare.summaries import summaries
from activarium.refusal import logged

p = snakemake.params
with logged(snakemake.log[0]):
    runs = pd.read_parquet(snakemake.input.runs)
    described = summaries(runs, p.chance, p.confidence)
    compared = contrasts(runs, p.control, p.chance, p.confidence)
    tables.write_both(tables.table(described, tables.SUMMARIES), *snakemake.output.summaries)
    tables.write_both(tables.table(compared, tables.CONTRASTS), *snakemake.output.contrasts)
    found = analysis(described, compared, p.control, p.confidence, p.margin, p.chance)
    files.write_text(snakemake.output.analysis, json.dumps(found, indent=1) + "\n")
