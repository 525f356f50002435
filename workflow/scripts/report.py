"""Put the report together from tables and figures."""

import json
from pathlib import Path

from activarium import files
from activarium.refusal import logged
from activarium.report.page import page
from activarium.report.tables import Tables

with logged(snakemake.log[0]):
    read = snakemake.input
    tables = Tables.read(read.tables, read.analysis, read.profiles)
    figures = {Path(f).stem: Path(f).read_text(encoding="utf-8") for f in read.figures}
    provenance = json.loads(Path(read.provenance).read_text(encoding="utf-8"))
    # What was trained is what the tables were made from, whatever the study has said since.
    study = snakemake.params.study | provenance.pop("study")
    claims = json.loads(Path(read.claims[0]).read_text(encoding="utf-8")) if read.claims else None
    html = page(tables, figures, provenance, study, claims)
    files.write_text(snakemake.output[0], html)
