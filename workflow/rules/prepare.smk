# From the official archives to results/datasets/{dataset}.arrow, once for all studies.


localrules:
    prepare,  # where the network is, which is rarely where the GPUs are


rule prepare:
    input:
        code=GRID.code("datasets/{dataset}.py", "prepare.py", "stratified.py"),
    output:
        data="results/datasets/{dataset}.arrow",
        description="results/datasets/{dataset}.json",
    log:
        "results/datasets/logs/{dataset}.log",
    conda:
        "../envs/activarium.yaml"
    script:
        "../scripts/prepare.py"
