# Collect the study's runs into tables.
#
# inputs   the files of all runs, or the tables of shards, or tables made elsewhere;
#          the tables of other studies whose runs are reused
# outputs  results/{study}/runs, epochs and costs, each as .parquet and .csv
#          results/{study}/learned, where an activation learns parameters
#          results/{study}/provenance.json, with what the runs were made
# steps    read, check against the schema, join, write


rule collect:
    """One row a run, one row an epoch, and what each run has cost."""
    input:
        runs=GRID.collected_files,
        reused=list(STUDY.reuse),
        companions=GRID.companion_files,
        code=CODE.files(
            "../collect.py",
            "runtime/similar_names.py",
            "tables/collect.py",
            "tables/cell_values.py",
            "tables/external.py",
            "tables/table_files.py",
            "tables/shards.py",
            "tables/reuse.py",
            "tables/published_tuning.py",
            "tables/tuning_shards.py",
            "data/prepare.py",
            "tables/__init__.py",
            "tables/schemas.py",
            "tables/storage.py",
        ),
    output:
        runs=PATHS.table_pair("runs"),
        epochs=PATHS.table_pair("epochs"),
        costs=PATHS.table_pair("costs"),
        learned=GRID.learned_tables,
        provenance=PATHS.provenance,
    log:
        PATHS.log("collect"),
    conda:
        "../envs/activarium.yaml"
    params:
        control=STUDY.control if STUDY.runs else None,
        chance=sorted(STUDY.chance),
        study=GRID.declared_training,
        definitions=CODE.definitions,
        schema=SCHEMA if STUDY.reuse else None,
        # No input: whoever has the runs can do without the images.
        descriptions=GRID.dataset_descriptions,
    message:
        "collect the runs into tables"
    script:
        "../scripts/collect.py"


rule balance:
    """How much of each class is right, on average, where classes are of unequal size."""
    input:
        runs=PATHS.table("runs"),
        code=CODE.files("../balance.py", "data/test_labels.py", "tables/balanced.py"),
    output:
        PATHS.table_pair("balanced"),
    log:
        PATHS.log("balance"),
    conda:
        "../envs/activarium.yaml"
    params:
        # No input: where the images are gone, one would prepare them and train every run anew.
        prepared=GRID.unequal_images,
    message:
        "find the balanced accuracy of each run"
    script:
        "../scripts/balance.py"
