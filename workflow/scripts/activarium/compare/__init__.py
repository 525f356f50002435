"""Comparing: from tables of runs, epochs and costs to all that a report says, by pure functions.

Everything here is per setting (recipe × network × data set) unless its file says otherwise. An
accuracy is a fraction, and a difference is activation − control. A score without a number is NaN
in memory and null in the tables.

`plan` is the analysis plan in data. `scores` says what counts as a run's score, and pairs runs by
seed. `paired_tests` tests one contrast, `permutation_tests` a family of them. `contrasts` and
`summaries` make the tables. The other files answer one further question each. `analysis` puts all
of it together.
"""
