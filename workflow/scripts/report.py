"""Put the report together from tables and figures."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium.data import prepare
from activarium.report.page import render_page
from activarium.report.study_tables import StudyTables, read_json_files, read_texts, set_labels
from activarium.runtime import files
from activarium.runtime.errors import open_log

read = snakemake.input
with open_log(snakemake.log[0]):
    set_labels(snakemake.params.labels)
    tables = StudyTables.read(
        [*read.tables, *read.balanced, *read.tuning, *read.learned, *read.measures],
        read.analysis,
        read.profiles,
        uncertified=snakemake.params.uncertified,
    )
    (provenance,) = read_json_files([read.provenance]).values()
    # What was trained is what the tables were made from, whatever the study has said since.
    study = snakemake.params.study | provenance.pop("study")
    proofs = {
        "claims": read_json_files(read.claims).get("proven_claims"),
        "numerics": read_json_files(read.numerics),
    }
    nets = read_json_files(read.networks).get("networks")
    drawn = snakemake.params.drawn
    images = {
        about["name"]: about | {"test": drawn.get(about["name"])}
        for about in map(prepare.description, read.images)
    }
    figures = read_texts(read.figures)
    html = render_page(tables, figures, provenance, study, **proofs, networks=nets, images=images)
    files.write_text(snakemake.output[0], html)
