"""The checksum of what a study brings along, which outlives the files that it was made from.

Imported by the Snakefile at the start of every job, so nothing slow is here.
"""

from pathlib import Path

from ..data.fingerprint import fingerprint, known_fingerprint
from ..runtime.errors import UserError


def content_checksum(
    key: str, place: str, made_from_it: Path | str, cache: Path | str, write: bool = True
) -> str:
    """The checksum of the file or folder `place`, as `fingerprint` makes it, kept in `cache`.

    Where it is gone and what was `made_from_it` is there, it is the last one of `cache`. `write`
    is whether it is kept. Raises UserError, which opens with the study's `key`, where it is not
    there.
    """
    if not Path(place).exists():
        known = known_fingerprint(cache)
        if known and Path(made_from_it).exists():
            return known
        raise UserError(
            f"config: {key}: '{place}' is not there; a path is relative to where snakemake runs"
        )
    try:
        return fingerprint(place, cache, write)
    except OSError as error:
        why = f"{error.filename or place} cannot be read ({error.strerror or error})"
        raise UserError(f"config: {key}: {why}") from error
