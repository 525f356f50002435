"""Draw the figures from the tables, and write what stands under each."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium import figures
from activarium.report.study_tables import StudyTables, set_labels
from activarium.runtime import files
from activarium.runtime.errors import open_log

read, given, out = snakemake.input, snakemake.params, snakemake.output
with open_log(snakemake.log[0]) as log:
    set_labels(given.labels)
    parquets = [*read.tables, *read.tuning]
    tables = StudyTables.read(
        parquets, read.analysis, read.profiles, given.activations, given.uncertified
    )
    for name, drawing, caption in zip(given.names, out.figures, out.captions, strict=True):
        print(f"draw {name}", file=log, flush=True)
        files.write_text(drawing, figures.draw_figure(name, tables))
        files.write_text(caption, figures.caption(name))
