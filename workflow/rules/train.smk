# From a cell's definitions to one file for each of its runs, a pack of seeds in one job.
# What defines a run's numbers is an input, compared by content; everything else re-trains nothing.

for k, seeds in enumerate(GRID.packs):

    rule:
        name:
            f"train_{k}"
        input:
            activation=GRID.activation_code,
            network=GRID.network_code,
            step=GRID.code(
                "train/loop.py",
                "train/step.py",
                "train/batches.py",
                "train/augmentation.py",
                "train/initialisation.py",
                "train/precision.py",
                "train/graphs.py",
                "train/randomness.py",
                "data/stratified.py",
                "definitions/torch_module.py",
                "definitions/on_torch.py",
                "definitions/on_numpy.py",  # constants, as sqrt(2 / pi)
            ),
            description="results/datasets/{dataset}.json",
            # Whole files of images are compared by date only; the description holds their checksum.
            data=ancient("results/datasets/{dataset}.arrow"),
        output:
            expand(GRID.run, seed=seeds, allow_missing=True),
        log:
            GRID.log(f"train/{{recipe}}/{{network}}/{{dataset}}/{{activation}}-{k}"),
        conda:
            "../envs/activarium.yaml"
        threads: 1
        resources:
            gpu=int("gpu" in workflow.global_resources),
        params:
            expr=GRID.expression,
            recipe=GRID.recipe,
            network=GRID.network,
            train_size=STUDY.train_size,
            validation=STUDY.validation,
            unfinished=GRID.unfinished,
            tally_file=GRID.tally,
            locks="results/locks",
        script:
            "../scripts/train.py"
