"""Compare the activations: summaries, contrasts and the whole analysis."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from pathlib import Path

from activarium import tables
from activarium.compare.analysis import analyse
from activarium.runtime import files
from activarium.runtime.errors import open_log

out = snakemake.output
with open_log(snakemake.log[0]):
    read = [tables.read(snakemake.input[name]) for name in ("runs", "epochs", "costs")]
    profiles = {Path(p).stem: files.read_json(p) for p in snakemake.input.profiles}
    tuning = [tables.read(file) for file in snakemake.input.tuning]
    plan = dict(snakemake.params.items())
    trained = files.read_json(snakemake.input.provenance)["study"]
    plan["chance"] = plan["chance"] | trained.get("chance", {})
    found = analyse(*read, **plan, profiles=profiles, tuning=tuning[0] if tuning else None)
    tables.write_both(tables.table(found["summaries"], tables.SUMMARIES), *out.summaries)
    tables.write_both(tables.table(found["contrasts"], tables.CONTRASTS), *out.contrasts)
    files.write_json(out.analysis, found)
