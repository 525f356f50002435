"""Training: from one cell and its seeds to finished runs.

`run`, `step`, `data`, `augmentation` and `randomness` define the numbers and are declared inputs
of the rule that trains, so that an edit of them trains anew; `job`, `startup`, `pack`, `progress`,
`cost`, `checkpoints` and `unfinished` are everything around, whose edits train nothing again.
"""
