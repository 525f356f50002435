"""Choose the tuned numbers of one cell by the runs that tried them, here or in published tables."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium.data import prepare
from activarium.runtime import files
from activarium.runtime.errors import open_log
from activarium.tables.published_tuning import read_choice
from activarium.tables.tuning import choose, read_accuracies

with open_log(snakemake.log[0]):
    given, candidates = snakemake.input, snakemake.params.candidates
    if given.published:
        choice = read_choice(given.published, list(snakemake.wildcards), candidates)
    else:
        chance = prepare.chance(prepare.description(given.description))
        choice = choose(read_accuracies(given.runs, chance), candidates)
    files.write_json(snakemake.output[0], choice)
