# Prepare the images of each data set, once: a built-in one for all studies, others for their own.
#
# inputs   the official files below the data root, which are fetched where they are missing,
#          or a study's own folder of pictures or file of arrays
# outputs  {folder}/datasets/{dataset}.arrow, the images and labels
#          {folder}/datasets/{dataset}.json, what they are like, with their checksum
#          {folder}/datasets/{dataset}.labels.json, the labels of the test images
# steps    read, check, hold against the dataset's own file, write


rule prepare:
    """The images of one data set in one file that every training maps into its memory."""
    input:
        dataset=CODE.dataset,
        code=CODE.files(
            "data/image_checks.py",
            "data/prepare.py",
            "data/repeated_images.py",
            "data/stratified_sample.py",
        ),
    output:
        data="{folder}/datasets/{dataset}.arrow",
        description="{folder}/datasets/{dataset}.json",
        labels="{folder}/datasets/{dataset}.labels.json",
    log:
        "{folder}/datasets/logs/{dataset}.log",
    wildcard_constraints:
        folder=GRID.folders,
    priority: 1  # before the proofs: what is wrong with the images is said first
    conda:
        "../envs/activarium.yaml"
    params:
        source=GRID.image_source,
    message:
        "prepare {wildcards.dataset}"
    script:
        "../scripts/prepare.py"
