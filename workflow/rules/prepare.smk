# From the official archives to results/datasets/{dataset}.arrow, once for all studies.


rule prepare:
    input:
        dataset=GRID.dataset_code,
        code=GRID.code("data/checked.py", "data/prepare.py", "data/stratified.py"),
    output:
        data="results/datasets/{dataset}.arrow",
        description="results/datasets/{dataset}.json",
    log:
        "results/datasets/logs/{dataset}.log",
    priority: 1  # before the proofs: what is wrong with the images is said first
    conda:
        "../envs/activarium.yaml"
    script:
        "../scripts/prepare.py"
