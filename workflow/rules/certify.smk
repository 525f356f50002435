# From an activation's definition to its profile, and a study's profiles to one table.
# What is known of the house's own activations belongs to no study and is shared: the profiles, how
# far torch is from them. `make profiles` makes all, and settles the claims about all of them.


rule certify:
    input:
        definition=GRID.certified_code,
        code=GRID.code("certify/*.py", "definitions/__init__.py"),
    output:
        profile="{home}/profiles/{activation}.json",
        provenance="{home}/profiles/{activation}.provenance",
    log:
        "{home}/profiles/logs/{activation}.log",
    wildcard_constraints:
        home=GRID.homes,
        activation=GRID.certified,
    conda:
        "../envs/activarium.yaml"
    params:
        expr=GRID.certified_expression,
    script:
        "../scripts/certify.py"


rule profiles:
    input:
        profiles=GRID.profiles,
        code=GRID.code(
            "../profiles.py",
            "certify/profile_table.py",
            "tables/__init__.py",
            "tables/schemas.py",
            "tables/storage.py",
        ),
    output:
        multiext(GRID.table("profiles", ""), "parquet", "csv"),
    log:
        GRID.log("profiles"),
    conda:
        "../envs/activarium.yaml"
    script:
        "../scripts/profiles.py"


rule claims:
    input:
        definitions=GRID.claimed,
        through=GRID.claimed_through,
        code=GRID.code("../claims.py", "claims/*.py", "certify/*.py", "definitions/__init__.py"),
    output:
        "{home}/profiles/claims.json",
    log:
        "{home}/profiles/logs/claims.log",
    wildcard_constraints:
        home=GRID.homes,
    conda:
        "../envs/activarium.yaml"
    script:
        "../scripts/claims.py"


rule numerics:
    input:
        profile="{home}/profiles/{activation}.json",
        definition=GRID.certified_code,
        code=GRID.code("../numerics.py", "certify/*.py", "definitions/*.py"),
    output:
        "{home}/profiles/{activation}.numerics.json",
    log:
        "{home}/profiles/logs/{activation}.numerics.log",
    wildcard_constraints:
        home=GRID.homes,
        activation=GRID.certified,
    conda:
        "../envs/activarium.yaml"
    threads: 1
    params:
        expr=GRID.certified_expression,
    script:
        "../scripts/numerics.py"
