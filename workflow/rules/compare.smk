# Compare the activations: what can be said, and how sure it is.
#
# inputs   results/{study}/runs, epochs, costs and provenance; the profiles
# outputs  results/{study}/summaries and contrasts, each as .parquet and .csv
#          results/{study}/analysis.json, everything that was compared
# steps    summaries → contrasts → the whole analysis
#
# Only time to target reads epochs, only what stands under "cost" reads costs, only what stands
# under "theory" reads profiles. Of provenance the accuracy of guessing is read.


rule compare:
    """Each activation's scores, and its differences to the control, paired by seed."""
    input:
        runs=PATHS.table("runs"),
        epochs=PATHS.table("epochs"),
        costs=PATHS.table("costs"),
        provenance=PATHS.provenance,
        profiles=GRID.profiles,
        tuning=GRID.tuning.table,
        code=CODE.files(
            "../compare.py",
            "compare/*.py",
            "tables/__init__.py",
            "tables/schemas.py",
            "tables/storage.py",
        ),
    output:
        summaries=PATHS.table_pair("summaries"),
        contrasts=PATHS.table_pair("contrasts"),
        analysis=PATHS.analysis,
    log:
        PATHS.log("compare"),
    conda:
        "../envs/activarium.yaml"
    params:
        control=STUDY.control,
        confidence=STUDY.confidence,
        margin=STUDY.margin,
        chance=GRID.chance,
        chosen=list(GRID.own_activations),
    message:
        "compare the activations"
    script:
        "../scripts/compare.py"
