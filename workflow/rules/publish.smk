# A study's results into reference/, where the repository keeps them; only when it is asked for:
#     snakemake reference --cores all --configfile config/depth.yaml
# What is kept is no output: Snakemake would take it away before every try, refused ones too.


localrules:
    reference,


rule reference:
    input:
        results=[
            *GRID.tables,
            *(GRID.table(name, "csv") for name in ("summaries", "contrasts")),
            GRID.table("analysis", "json"),
            GRID.table("provenance", "json"),
            f"{GRID.folder}/figures/forest.svg",
            f"{GRID.folder}/figures/curves.svg",
            GRID.report,
        ],
    log:
        GRID.log("reference"),
    conda:
        "../envs/activarium.yaml"
    params:
        study=config,
        folder=f"reference/{STUDY.name}",
    script:
        "../scripts/reference.py"
