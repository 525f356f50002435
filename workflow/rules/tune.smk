# Choose the numbers that a recipe tunes, for each cell, on images held out of the training set.
#
# inputs   results/datasets/{dataset}.arrow and .json
#          the code that defines a run's numbers, compared by content
#          the tables of shards, or of other studies whose runs are reused
# outputs  results/{study}/tuning/{candidate}/{recipe}/{network}/{dataset}/{activation}/{seed}.parquet
#          results/{study}/tuning/choices/{recipe}/{network}/{dataset}/{activation}.json, what was
#          chosen and nothing else, so that the scored runs depend on that alone
#          results/{study}/tuning and tuning_costs, each as .parquet and .csv
#          results/{study}/tuning_provenance.json, with what these runs were made
# steps    tune_0, tune_1, …: one rule for each pack of a recipe's tuning seeds → choose → tuning
#
# Runs that tune have seeds of their own and never see the test images.

for k, (tuned_recipe, seeds) in enumerate(GRID.tuning.packs):

    rule:
        """The tuning seeds of one pack at one candidate, each into one file."""
        name:
            f"tune_{k}"
        input:
            activation=CODE.activation,
            network=CODE.network,
            step=TRAINING_CODE,
            description=GRID.description,
            data=ancient(GRID.images),
        output:
            expand(PATHS.tuning_run, seed=seeds, allow_missing=True),
        log:
            PATHS.log(f"tune/{{candidate}}/{{recipe}}/{{network}}/{{dataset}}/{{activation}}-{k}"),
        wildcard_constraints:
            recipe=re.escape(tuned_recipe),
        priority: 1
        conda:
            "../envs/activarium.yaml"
        threads: 1
        resources:
            gpu=int(GPU),
        params:
            activation=GRID.activation,
            recipe=GRID.tuning.recipe_at,
            network=GRID.network_content,
            weights_file=GRID.weights_file,
            images=GRID.image_source,
            train_size=STUDY.train_size,
            validation=GRID.tuning.validation,
            tested=False,
            unfinished=PATHS.unfinished_tuning,
            tally_file=PATHS.tally,
            locks="results/locks",
        message:
            f"tune {{wildcards.activation}} on {{wildcards.dataset}} at {{wildcards.candidate}}, "
            f"{seed_words(seeds)}, recipe {{wildcards.recipe}}, network {{wildcards.network}}"
        script:
            "../scripts/train.py"


rule choose:
    """The values of highest mean validation accuracy, for one cell."""
    input:
        runs=GRID.tuning.runs_of,
        published=GRID.tuning.published_with,
        description=GRID.description,
        code=CODE.files("../choose.py", "tables/tuning.py"),
    output:
        PATHS.choice,
    log:
        PATHS.log("choose/{recipe}/{network}/{dataset}/{activation}"),
    conda:
        "../envs/activarium.yaml"
    params:
        candidates=GRID.tuning.candidates,
    message:
        "choose for {wildcards.activation} on {wildcards.dataset}, recipe {wildcards.recipe}"
    script:
        "../scripts/choose.py"


rule tuning:
    """All runs that tune in one table, with what was chosen, and what each has cost."""
    input:
        runs=GRID.tuning.runs,
        choices=GRID.tuning.choices,
        given=GRID.tuning.given,
        companions=GRID.companion_files,
        code=CODE.files(
            "../tuning.py",
            "tables/tuning.py",
            "tables/published_tuning.py",
            "tables/tuning_shards.py",
            "tables/shards.py",
            "tables/reuse.py",
            "tables/collect.py",
            "tables/__init__.py",
            "tables/schemas.py",
            "tables/storage.py",
        ),
    output:
        tuning=PATHS.table_pair("tuning"),
        costs=PATHS.table_pair("tuning_costs"),
        provenance=PATHS.table("tuning_provenance", "json"),
    log:
        PATHS.log("tuning"),
    conda:
        "../envs/activarium.yaml"
    params:
        candidates=GRID.tuning.all_candidates,
        study=GRID.declared_training,
        held_out=GRID.tuning.validation,
        definitions=CODE.definitions,
        schema=SCHEMA if STUDY.reuse else None,
        descriptions=GRID.dataset_descriptions,
    message:
        "collect the runs that tune"
    script:
        "../scripts/tuning.py"
