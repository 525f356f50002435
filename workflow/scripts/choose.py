"""Choose the tuned numbers of one cell by the runs that tried them."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium.data import prepare
from activarium.runtime import files
from activarium.runtime.errors import open_log
from activarium.tables.tuning import choose, read_accuracies

with open_log(snakemake.log[0]):
    chance = prepare.chance(prepare.description(snakemake.input.description))
    accuracies = read_accuracies(snakemake.input.runs, chance)
    files.write_json(snakemake.output[0], choose(accuracies, snakemake.params.candidates))
