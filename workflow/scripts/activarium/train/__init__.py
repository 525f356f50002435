"""Training: from one cell and its seeds to finished runs.

`run`, `step`, `data`, `augmentation` and `randomness` define the numbers, on a GPU with `lane` and
`feed`, and are declared inputs of the rule that trains, so that an edit of them trains anew. On a
GPU `together` trains the seeds of a pack at once, by steps that `recording` recorded. `job`,
`startup`, `pack`, `progress`, `cost`, `checkpoints` and `unfinished` are everything around. An edit
of all these trains nothing again.
"""
