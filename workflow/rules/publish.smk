# Copy a study's results into reference/, where the repository keeps them; only when it is asked for:
#
#     snakemake reference --cores all --configfile config/depth.yaml
#
# inputs   the study's tables, figures and report
#          the files beside the study that define a part of it
# outputs  none for Snakemake, which would remove reference/{study} before every try
# steps    check, copy


localrules:
    reference,


rule reference:
    """A study's results where the repository keeps them."""
    input:
        results=[
            *PATHS.tables,
            *GRID.learned_tables,
            *(PATHS.table(name, "csv") for name in ("summaries", "contrasts")),
            *GRID.tuning.tables,
            *GRID.measured.tables,
            *GRID.tuning.provenance,
            PATHS.analysis,
            PATHS.provenance,
            PATHS.figure("forest"),
            PATHS.figure("curves"),
            PATHS.report,
        ],
        own_files=CODE.own_files,
    log:
        PATHS.log("reference"),
    conda:
        "../envs/activarium.yaml"
    params:
        study=config,
        folder=f"reference/{STUDY.name}",
    message:
        f"copy the results into reference/{STUDY.name}"
    script:
        "../scripts/reference.py"
