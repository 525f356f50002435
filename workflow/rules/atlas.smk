# Put one static site together of all published studies; only when it is asked for:
#
#     snakemake atlas --cores all
#
# inputs   every folder of reference/, and config/suite.yaml; profiles and numerics of all built-in
#          activations, and of the expressions that published studies state; what proofs and runs
#          settle of claims
# outputs  results/atlas/, whose index.html opens from a folder as well as from a server
#          results/stated/profiles/{activation}.json, what is proven of those expressions
# steps    certify, certify_stated, numerics, proven_claims, claims → atlas

PUBLISHED = PublishedFolders("reference")


rule certify_stated:
    """The profile of an expression that a published study states."""
    input:
        declared=PUBLISHED.provenances,
        code=CODE.files("atlas/addresses.py", "certify/*.py", "definitions/*.py"),
    output:
        profile="results/stated/profiles/{activation}.json",
        provenance="results/stated/profiles/{activation}.provenance",
    log:
        "results/stated/profiles/logs/{activation}.log",
    wildcard_constraints:
        activation="[^/]+",
    conda:
        "../envs/activarium.yaml"
    params:
        activation=PUBLISHED.stated,
    message:
        "certify {wildcards.activation}, which a published study states"
    script:
        "../scripts/certify.py"


rule atlas:
    """Every activation has a page, every study its report, every pair its comparison."""
    input:
        suite="config/suite.yaml",
        analyses=PUBLISHED.analyses,
        tables=PUBLISHED.files,
        questions=PUBLISHED.questions,
        profiles=GRID.built_in_profiles,
        stated=PUBLISHED.stated_profiles,
        numerics=GRID.built_in_numerics,
        proven=["results/profiles/proven_claims.json"],
        claims=rules.claims.output.tables,
        code=CODE.files(
            "../atlas.py",
            "activations/*.py",
            "atlas/*.*",
            "atlas/templates/*",
            "claims/settled_tables.py",
            "compare/*.py",
            "definitions/__init__.py",
            "definitions/on_numpy.py",
            "definitions/operations.py",
            "measures/*.py",
            "report/*.*",
            "study/suite_file.py",
            "study/yaml_files.py",
            "submission/study_status.py",
            "tables/storage.py",
        ),
    output:
        directory("results/atlas"),
    log:
        "results/logs/atlas.log",
    conda:
        "../envs/activarium.yaml"
    message:
        "put the atlas together"
    script:
        "../scripts/atlas.py"
