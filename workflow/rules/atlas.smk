# Put one static site together of all published studies; only when it is asked for:
#
#     snakemake atlas --cores all
#
# inputs   every folder of reference/; the profiles and the numerics of all built-in activations;
#          what proofs settle of claims
# outputs  results/atlas/, whose index.html opens from a folder as well as from a server
# steps    certify, numerics, proven_claims → atlas

PUBLISHED = sorted(glob.glob("reference/*/analysis.json"))
CERTIFIED = [f"results/profiles/{name}" for name in GRID.certified_built_in]


localrules:
    atlas,


rule atlas:
    """Every activation has a page, every study its report, every pair its comparison."""
    input:
        analyses=PUBLISHED,
        tables=[
            file
            for folder in map(os.path.dirname, PUBLISHED)
            for ending in ("*.parquet", "provenance.json", "report.html", "reproduction/*.parquet")
            for file in sorted(glob.glob(f"{folder}/{ending}"))
        ],
        questions=glob.glob("reference/README.md"),
        profiles=[f"{profile}.json" for profile in CERTIFIED],
        numerics=[f"{profile}.numerics.json" for profile in CERTIFIED],
        settled=["results/profiles/proven_claims.json"],
        code=CODE.files(
            "../atlas.py",
            "activations/*.py",
            "atlas/*.*",
            "atlas/templates/*",
            "definitions/__init__.py",
            "definitions/on_numpy.py",
            "report/*.*",
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
