"""Draw one figure from the tables."""

from activarium import figures
from activarium.figures._style import save
from activarium.refusal import logged
from activarium.report.tables import Tables

name = snakemake.wildcards.figure
with logged(snakemake.log[0]):
    figure = figures.load(name)
    tables = Tables.read(snakemake.input.tables, snakemake.input.analysis)
    finding = figure.finding(tables)
    save(figure.draw(tables), snakemake.output[0], name, figure.title, finding)
