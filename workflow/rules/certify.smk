# From an activation's definition to its profile, and a study's profiles to one table.
# The profiles of the house's own activations belong to no study; `make profiles` makes them all.


rule certify:
    input:
        code=GRID.code("activations/{activation}.py", "certify/*.py", "primitives/__init__.py"),
    output:
        profile="results/profiles/{activation}.json",
        provenance="results/profiles/{activation}.provenance",
    log:
        "results/profiles/logs/{activation}.log",
    wildcard_constraints:
        activation=GRID.house,
    conda:
        "../envs/activarium.yaml"
    script:
        "../scripts/certify.py"


rule certify_expression:
    input:
        code=GRID.code("expressions.py", "certify/*.py", "primitives/__init__.py"),
    output:
        profile=f"{GRID.folder}/profiles/{{activation}}.json",
        provenance=f"{GRID.folder}/profiles/{{activation}}.provenance",
    log:
        GRID.log("certify/{activation}"),
    conda:
        "../envs/activarium.yaml"
    params:
        expr=GRID.expression,
    script:
        "../scripts/certify.py"


rule profiles:
    input:
        profiles=GRID.profiles,
        code=GRID.code("certify/rows.py", "tables.py"),
    output:
        multiext(GRID.table("profiles", ""), "parquet", "csv"),
    log:
        GRID.log("profiles"),
    conda:
        "../envs/activarium.yaml"
    script:
        "../scripts/profiles.py"


rule house:
    input:
        GRID.house_profiles,
