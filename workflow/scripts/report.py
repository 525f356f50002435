"""Put the report together from tables and figures."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium.report.page import page
from activarium.report.study_tables import Tables, texts, values
from activarium.runtime import files
from activarium.runtime.errors import logged

read = snakemake.input
with logged(snakemake.log[0]):
    tables = Tables.read(read.tables, read.analysis, read.profiles)
    (provenance,) = values([read.provenance]).values()
    # What was trained is what the tables were made from, whatever the study has said since.
    study = snakemake.params.study | provenance.pop("study")
    proofs = {"claims": values(read.claims).get("claims"), "numerics": values(read.numerics)}
    nets = values(read.networks).get("networks")
    html = page(tables, texts(read.figures), provenance, study, **proofs, networks=nets)
    files.write_text(snakemake.output[0], html)
