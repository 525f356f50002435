"""Draw one figure from the tables."""

from activarium import figures
from activarium.figures._style import save
from activarium.report.tables import Tables

figure = figures.load(snakemake.wildcards.figure)
tables = Tables.read(snakemake.input.tables, snakemake.input.analysis)
name = snakemake.wildcards.figure
save(figure.draw(tables), snakemake.output[0], name, figure.title, figure.finding(tables))
