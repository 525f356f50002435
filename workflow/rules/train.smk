# Train every run of the study: a pack of seeds of one cell in one job.
#
# inputs   results/datasets/{dataset}.arrow and .json
#          what tuning chose for the cell, where its recipe is tuned (tune.smk)
#          the code that defines a run's numbers, compared by content
# outputs  results/{study}/runs/{recipe}/{network}/{dataset}/{activation}/{seed}.parquet
#          {seed}.safetensors beside it, where the study says keep_weights: true
# steps    one rule for each pack, train_0, train_1, …, since its seeds are named by its outputs
#
# What is no input re-trains nothing: progress, logging and timing.

# What every training runs, that of tuning as well.
TRAINING_CODE = CODE.files(*TRAINING)

for k, seeds in enumerate(GRID.packs):

    rule:
        """The seeds of one pack, each from its first epoch to its last, into one file each."""
        name:
            f"train_{k}"
        input:
            activation=CODE.activation,
            network=CODE.network,
            step=TRAINING_CODE,
            choice=GRID.tuning.choice,
            description=GRID.description,
            # Whole files of images are compared by date only; the description holds their checksum.
            data=ancient(GRID.images),
        output:
            expand(GRID.run_files, seed=seeds, allow_missing=True),
        log:
            PATHS.log(f"train/{{recipe}}/{{network}}/{{dataset}}/{{activation}}-{k}"),
        # Packs first: they take longest, and short jobs fill the gaps beside the last of them.
        priority: 1
        conda:
            "../envs/activarium.yaml"
        threads: 1
        resources:
            gpu=int(GPU),
        params:
            activation=GRID.activation,
            recipe=GRID.recipe,
            network=GRID.network_content,
            weights_file=GRID.weights_file,
            # Here too, so that a preparation that failed is not forgotten at the next start.
            images=GRID.image_source,
            train_size=STUDY.train_size,
            validation=STUDY.validation,
            unfinished=PATHS.unfinished,
            tally_file=PATHS.tally,
            locks="results/locks",
        message:
            f"train {{wildcards.activation}} on {{wildcards.dataset}}, {seed_words(seeds)}, "
            "recipe {wildcards.recipe}, network {wildcards.network}"
        script:
            "../scripts/train.py"
