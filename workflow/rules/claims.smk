# Settle the claims of the literature by the studies in reference/; only when it is asked for:
#
#     snakemake claims --cores all
#
# inputs   claims/*.yaml, one file a claim
#          of each study in reference/: its runs, its contrasts, its plan and how it was declared, and
#          the runs that tuned it
# outputs  results/claims/claims and evidence, each as .parquet and .csv
#          results/claims/claims.md, the page that people read
# steps    read, settle, write


rule claims:
    """What our published runs say about each claim, and the contrasts that this rests on."""
    input:
        claims=claim_files.claim_files(REPOSITORY),
        studies=claim_files.published_files(REPOSITORY),
        schema=SCHEMA,
        code=CODE.files(
            "../claims.py",
            "claims/*.py",
            "compare/paired_tests.py",
            "compare/permutation_tests.py",
            "compare/retuning.py",
            "compare/scores.py",
            "compare/shared_pairs.py",
            "report/formatting.py",
            "tables/storage.py",
        ),
    output:
        tables=[
            f"results/claims/{n}.{e}" for n in ("claims", "evidence") for e in ("parquet", "csv")
        ],
        page="results/claims/claims.md",
    log:
        "results/claims/claims.log",
    conda:
        "../envs/activarium.yaml"
    message:
        "settle the claims of the literature"
    script:
        "../scripts/claims.py"
