"""Training: from one cell and its seeds to finished runs.

`run`, `step`, `data`, `augmentation` and `randomness` define the numbers, on a GPU with `lane`,
`feed` and `recording`, and are declared inputs of the rule that trains, so that an edit of them
trains anew. `together` trains the seeds of a pack at once on a GPU; it, `job`, `startup`, `pack`,
`progress`, `cost`, `checkpoints` and `unfinished` are everything around, whose edits train nothing
again; `usable` and `sanity_check` try a batch before anything is trained.
"""
