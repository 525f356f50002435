# Measure what the trained networks cost where they serve; only what the study's `measures` name.
#
# inputs   results/datasets/{dataset}.arrow and .json
#          the runs of the cell and their weights, where a measure needs them
#          the code that the measured numbers come from, compared by content
# outputs  results/{study}/measures/{measure}/{recipe}/{network}/{dataset}/{activation}.parquet
#          the same below results/{study}/measures/costs/: on what, when and for how long
#          results/{study}/measures/{measure}, each as .parquet and .csv
#          results/{study}/measures/measures, measure_contrasts and measure_costs, likewise
# steps    measure_sparsity, measure_latency, …: one rule for each measure → measures

for measure in STUDY.measures:

    rule:
        """What one file of measures/ finds of one cell."""
        name:
            f"measure_{measure}"
        input:
            activation=CODE.activation,
            network=CODE.network,
            step=TRAINING_CODE,
            choice=GRID.tuning.choice,
            runs=GRID.measured.runs(measure),
            weights=GRID.measured.weights(measure),
            description=GRID.description,
            data=ancient(GRID.images),
            code=CODE.measure(measure),
        output:
            table=PATHS.cell_measure(measure),
            costs=PATHS.cell_measure_costs(measure),
        log:
            PATHS.log(f"measure/{measure}/{{recipe}}/{{network}}/{{dataset}}/{{activation}}"),
        conda:
            "../envs/activarium.yaml"
        threads: GRID.measured.threads(measure, SNAKEMAKE.cores)
        resources:
            gpu=GRID.measured.gpus(measure, GPU),
        params:
            measure=measure,
            activation=GRID.activation,
            recipe=GRID.recipe,
            network=GRID.network_content,
            weights_file=GRID.weights_file,
            train_size=STUDY.train_size,
            validation=STUDY.validation,
            locks="results/locks",
        message:
            f"measure {measure} of {{wildcards.activation}} on {{wildcards.dataset}}, "
            "recipe {wildcards.recipe}, network {wildcards.network}"
        script:
            "../scripts/measure.py"


rule measures:
    """The tables of all measures, and the contrasts of those that have a score."""
    input:
        cells=GRID.measured.cells,
        costs=GRID.measured.costs,
        runs=PATHS.table("runs"),
        provenance=PATHS.provenance,
        code=CODE.files(
            "../measures.py",
            "compare/*.py",
            "measures/*.py",
            "tables/__init__.py",
            "tables/measured.py",
            "tables/schemas.py",
            "tables/storage.py",
        ),
    output:
        GRID.measured.every_table,
    log:
        PATHS.log("measures"),
    conda:
        "../envs/activarium.yaml"
    params:
        control=STUDY.control,
        confidence=STUDY.confidence,
        margin=STUDY.margin,
        chance=GRID.chance,
    message:
        "collect what was measured into tables"
    script:
        "../scripts/measures.py"
