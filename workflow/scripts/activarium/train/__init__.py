"""Training: from one cell and its seeds to finished runs.

A batch passes three files on its way from the prepared data set to the optimiser:

1. `batches` reads the prepared file, keeps its images on the device, and draws each batch;
2. `loop` trains and evaluates a run epoch by epoch; on a GPU `concurrent_trainer`, several at once;
3. `step` takes the step: normalise, forward, backward, optimiser.

`job` is what Snakemake's script calls: it loads the data, starts the runs, and writes their files.

What defines a run's numbers is a declared input of the rule that trains, so that an edit of it
trains anew: `loop`, `step`, `batches`, `augmentation`, `initialisation`, `schedules`,
`moving_average`, `learned_values`, `precision`, `randomness` and, on a GPU, `graphs` and
`graphed_evaluation`, which capture and replay. An edit of the others trains nothing again. `job`,
`pack`, `concurrent_trainer`, `dynamo` and `progress` run the work. `unfinished_runs` and
`checkpoints` keep what is finished of it, and `run_cost` measures it. `preflight`, `sanity_check`,
`check_network` and `pretrained` try a batch before anything is trained; `describe` counts what a
network is made of.
"""
