# From the tables of runs, epochs and costs to what can be said: summaries, contrasts and the
# whole analysis. Only time to target reads epochs, only what stands under "cost" reads costs, and
# only what stands under "theory" reads what is proven. Of provenance only the accuracy of guessing.


rule compare:
    input:
        runs=GRID.table("runs"),
        epochs=GRID.table("epochs"),
        costs=GRID.table("costs"),
        provenance=GRID.table("provenance", "json"),
        profiles=GRID.profiles,
        code=GRID.code(
            "../compare.py",
            "compare/*.py",
            "tables/__init__.py",
            "tables/schemas.py",
            "tables/storage.py",
        ),
    output:
        summaries=multiext(GRID.table("summaries", ""), "parquet", "csv"),
        contrasts=multiext(GRID.table("contrasts", ""), "parquet", "csv"),
        analysis=GRID.table("analysis", "json"),
    log:
        GRID.log("compare"),
    conda:
        "../envs/activarium.yaml"
    params:
        control=STUDY.control,
        confidence=STUDY.confidence,
        margin=STUDY.margin,
        chance=GRID.chance,
    script:
        "../scripts/compare.py"
