"""Compare the activations: summaries, contrasts and the whole analysis."""

import json
from pathlib import Path

from activarium import files, tables
from activarium.compare.analysis import analysis
from activarium.refusal import logged

out = snakemake.output
with logged(snakemake.log[0]):
    read = [tables.read(snakemake.input[name]) for name in ("runs", "epochs", "costs")]
    profiles = {Path(p).stem: json.loads(Path(p).read_text()) for p in snakemake.input.profiles}
    found = analysis(*read, **dict(snakemake.params.items()), profiles=profiles)
    tables.write_both(tables.table(found["summaries"], tables.SUMMARIES), *out.summaries)
    tables.write_both(tables.table(found["contrasts"], tables.CONTRASTS), *out.contrasts)
    files.write_text(out.analysis, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
