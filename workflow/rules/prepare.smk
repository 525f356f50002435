# Prepare the images of each data set, once for all studies.
#
# inputs   the official files below the data root, which are fetched where they are missing
# outputs  results/datasets/{dataset}.arrow, the images and labels
#          results/datasets/{dataset}.json, what they are like, with their checksum
# steps    read, check, hold against the dataset's own file, write


rule prepare:
    """The images of one data set in one file that every training maps into its memory."""
    input:
        dataset=CODE.dataset,
        code=CODE.files("data/image_checks.py", "data/prepare.py", "data/stratified_sample.py"),
    output:
        data="results/datasets/{dataset}.arrow",
        description="results/datasets/{dataset}.json",
    log:
        "results/datasets/logs/{dataset}.log",
    priority: 1  # before the proofs: what is wrong with the images is said first
    conda:
        "../envs/activarium.yaml"
    message:
        "prepare {wildcards.dataset}"
    script:
        "../scripts/prepare.py"
