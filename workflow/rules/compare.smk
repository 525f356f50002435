# From the table of runs to what can be said: summaries, contrasts and the whole analysis.


rule compare:
    input:
        runs=GRID.table("runs"),
        code=GRID.code("compare/*.py"),
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
