"""Finished runs of an unfinished pack, kept where Snakemake deletes nothing.

Snakemake removes a job's outputs when it fails and before it runs again. So each run is put
here as soon as it is done and moved to its place when the whole pack is; a later start of the
pack takes up what is here, if it was made from the same code, recipe, data and versions.
"""

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq

from ..files import atomic


def digest(sources, values):
    """One hexadecimal name for everything that defines a run's numbers.

    `sources` are files compared by content, `values` anything that json can write (recipe,
    parameters, data checksum, versions).
    """
    sha = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for source in sorted(map(str, sources)):
        sha.update(Path(source).read_bytes())
    return sha.hexdigest()


class Unfinished:
    """The store of one cell: `folder`/{seed}.parquet, each stamped with a digest."""

    def __init__(self, folder, digest):
        self.folder, self.digest = Path(folder), digest.encode()

    def take(self, seed):
        """The kept run of `seed` as a one-row table, or None; a foreign or broken one goes."""
        path = self.folder / f"{seed}.parquet"
        if not path.exists():
            return None
        try:
            table = pq.read_table(path)
            if (table.schema.metadata or {}).get(b"digest") == self.digest:
                return table.replace_schema_metadata(
                    {k: v for k, v in table.schema.metadata.items() if k != b"digest"} or None
                )
        except (OSError, ValueError):
            pass  # half a file: the same as none
        path.unlink(missing_ok=True)
        return None

    def keep(self, seed, table):
        """Put a finished run here."""
        stamped = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), b"digest": self.digest}
        )
        with atomic(self.folder / f"{seed}.parquet") as path:
            pq.write_table(stamped, path, compression="zstd")

    def clear(self, seeds):
        """Forget these seeds, and the folders that this leaves empty."""
        for seed in seeds:
            (self.folder / f"{seed}.parquet").unlink(missing_ok=True)
        folder = self.folder
        while folder.name and folder.exists() and not any(folder.iterdir()):
            folder.rmdir()
            if folder.name == "unfinished":
                break
            folder = folder.parent
