"""Draw one figure from the tables."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium import figures
from activarium.report.study_tables import StudyTables, set_labels
from activarium.runtime import files
from activarium.runtime.errors import open_log

name = snakemake.wildcards.figure
with open_log(snakemake.log[0]):
    set_labels(snakemake.params.labels)
    read, given = snakemake.input, snakemake.params
    parquets = [*read.tables, *read.tuning]
    tables = StudyTables.read(
        parquets, read.analysis, read.profiles, given.activations, given.uncertified
    )
    files.write_text(snakemake.output[0], figures.draw_figure(name, tables))
