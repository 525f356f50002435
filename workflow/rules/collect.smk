# From the files of all runs, or from tables of shards or made elsewhere, to the tables runs, epochs
# and costs.


rule collect:
    input:
        runs=GRID.sources,
        beside=GRID.beside,
        code=GRID.code(
            "../collect.py",
            "runtime/lookalikes.py",
            "tables/collect.py",
            "tables/exported.py",
            "tables/external.py",
            "tables/shards.py",
            "data/prepare.py",
            "tables/__init__.py",
            "tables/schemas.py",
            "tables/storage.py",
        ),
    output:
        runs=multiext(GRID.table("runs", ""), "parquet", "csv"),
        epochs=multiext(GRID.table("epochs", ""), "parquet", "csv"),
        costs=multiext(GRID.table("costs", ""), "parquet", "csv"),
        provenance=GRID.table("provenance", "json"),
    log:
        GRID.log("collect"),
    conda:
        "../envs/activarium.yaml"
    params:
        control=STUDY.control if STUDY.runs else None,
        chance=sorted(STUDY.chance),
        study=GRID.trained,
        descriptions=GRID.descriptions,  # no input: who has the runs can do without the images
    script:
        "../scripts/collect.py"
