"""Which files claims are settled from: inputs of their rule, compared by content.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

from pathlib import Path

OF_A_STUDY = ("study.yaml", "runs.parquet", "contrasts.parquet", "analysis.json")
TUNING = "tuning.parquet"  # of one that tuned a number


def claim_files(repository: Path) -> list[str]:
    """The claims in `repository`, and the schema that they are held against."""
    return sorted(map(str, repository.glob("claims/*.yaml")))


def published_files(repository: Path) -> list[str]:
    """The files of each published study in `repository` that claims are settled by."""
    folders = sorted(file.parent for file in repository.glob("reference/*/study.yaml"))
    there = [str(folder / name) for folder in folders for name in OF_A_STUDY]
    return there + [str(f / TUNING) for f in folders if (f / TUNING).exists()]
