# Prove what each activation is like over all of R, and hold torch and the literature against it.
#
# inputs   the activations' files, or the expressions of the study
# outputs  {folder}/profiles/{activation}.json, what is proven, and .provenance, how
#          {folder}/profiles/{activation}.numerics.json, how far torch is from it
#          {folder}/profiles/proven_claims.json, what is claimed of activations, settled by proof
#          results/{study}/profiles.parquet and .csv, all profiles of the study
# steps    certify → numerics, profiles; proven_claims on its own
#
# {folder} is results for built-in activations, whose profiles all studies share, and the study's
# own folder for its expressions. `make profiles` certifies every activation that is built in.


rule certify:
    """From an activation's definition to its profile: properties, each with two ends."""
    input:
        definition=CODE.profile,
        code=CODE.files("certify/*.py", "definitions/__init__.py"),
    output:
        profile="{folder}/profiles/{activation}.json",
        provenance="{folder}/profiles/{activation}.provenance",
    log:
        "{folder}/profiles/logs/{activation}.log",
    wildcard_constraints:
        folder=GRID.folders,
        activation=GRID.certifiable,
    conda:
        "../envs/activarium.yaml"
    params:
        activation=GRID.profiled,
    message:
        "certify {wildcards.activation}"
    script:
        "../scripts/certify.py"


rule profiles:
    """The profiles of the study's activations in one table."""
    input:
        profiles=GRID.profiles,
        code=CODE.files(
            "../profiles.py",
            "certify/profile_table.py",
            "tables/__init__.py",
            "tables/schemas.py",
            "tables/storage.py",
        ),
    output:
        PATHS.table_pair("profiles"),
    log:
        PATHS.log("profiles"),
    conda:
        "../envs/activarium.yaml"
    params:
        uncertified=GRID.uncertified,
    message:
        "tabulate the profiles"
    script:
        "../scripts/profiles.py"


rule proven_claims:
    """What a proof settles of activations: reported properties, duplicates, distances."""
    input:
        definitions=CODE.claimed,
        through=CODE.claimed_imports,
        code=CODE.files(
            "../proven_claims.py",
            "proven_claims/*.py",
            "certify/*.py",
            "definitions/__init__.py",
        ),
    output:
        "{folder}/profiles/proven_claims.json",
    log:
        "{folder}/profiles/logs/proven_claims.log",
    wildcard_constraints:
        folder=GRID.folders,
    conda:
        "../envs/activarium.yaml"
    params:
        activations=GRID.claimed,
    message:
        "prove or refute what is claimed of activations"
    script:
        "../scripts/proven_claims.py"


rule numerics:
    """How far torch's values and gradients are from the certified ones."""
    input:
        profile="{folder}/profiles/{activation}.json",
        definition=CODE.profile,
        code=CODE.files(
            "../numerics.py",
            "certify/*.py",
            "definitions/__init__.py",
            "definitions/call_module.py",
            "definitions/numerics.py",
            "definitions/on_numpy.py",
            "definitions/on_torch.py",
            "definitions/learned.py",
            "definitions/torch_module.py",
        ),
    output:
        "{folder}/profiles/{activation}.numerics.json",
    log:
        "{folder}/profiles/logs/{activation}.numerics.log",
    wildcard_constraints:
        folder=GRID.folders,
        activation=GRID.certifiable,
    conda:
        "../envs/activarium.yaml"
    threads: 1
    params:
        activation=GRID.profiled,
    message:
        "measure how exact torch's {wildcards.activation} is"
    script:
        "../scripts/numerics.py"
