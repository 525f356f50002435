# A study's results into reference/, where the repository keeps them; only when it is asked for:
#     snakemake reference --cores all --configfile config/depth.yaml


PUBLISHED = [
    *GRID.tables,
    *(GRID.table(name, "csv") for name in ("summaries", "contrasts")),
    GRID.table("analysis", "json"),
    f"{GRID.folder}/figures/forest.svg",
    GRID.report,
]


localrules:
    reference,


rule reference:
    input:
        results=PUBLISHED,
        code=GRID.code("../reference.py", "reference.py"),
    output:
        study=f"{GRID.published}/study.yaml",
        readme=f"{GRID.published}/README.md",
        results=[f"{GRID.published}/{Path(file).name}" for file in PUBLISHED],
    log:
        GRID.log("reference"),
    conda:
        "../envs/activarium.yaml"
    params:
        study=config,
    script:
        "../scripts/reference.py"
