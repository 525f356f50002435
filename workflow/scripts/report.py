"""Put the report together from tables and figures."""

import json
from pathlib import Path

from activarium import files
from activarium.refusal import logged
from activarium.report.page import page
from activarium.report.tables import Tables

with logged(snakemake.log[0]):
    tables = Tables.read(snakemake.input.tables, snakemake.input.analysis)
    figures = {Path(f).stem: Path(f).read_text(encoding="utf-8") for f in snakemake.input.figures}
    provenance = json.loads(Path(snakemake.input.provenance).read_text(encoding="utf-8"))
    # What was trained is what the tables were made from, whatever the study has said since.
    study = snakemake.params.study | provenance.pop("study")
    html = page(tables, figures, provenance, study)
    files.write_text(snakemake.output[0], html)
