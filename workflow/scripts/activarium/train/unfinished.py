"""Finished runs of an unfinished pack, kept where Snakemake deletes nothing.

Snakemake removes a job's outputs when it fails and before it runs again. So each run is put
here as soon as it is done and moved to its place when the whole pack is; a later start of the
pack takes up what is here, if it was made from the same code, recipe, data and versions.
"""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from .. import tables


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
            table = tables.read_run(path)
            if (table.schema.metadata or {}).get(b"digest") == self.digest:
                return table.replace_schema_metadata(
                    {k: v for k, v in table.schema.metadata.items() if k != b"digest"} or None
                )
        except tables.DAMAGED:
            pass  # half a file: the same as none
        path.unlink(missing_ok=True)
        return None

    def keep(self, seed, table):
        """Put a finished run here.

        Another pack of the cell may remove the folder as empty at any moment, hence the retries.
        """
        stamped = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), b"digest": self.digest}
        )
        for _ in range(5):
            with suppress(FileNotFoundError):
                return tables.write_run(stamped, self.folder / f"{seed}.parquet")
        return tables.write_run(stamped, self.folder / f"{seed}.parquet")

    def clear(self, seeds):
        """Forget these seeds, what a kill left of them, and the folders that this leaves empty."""
        for seed in seeds:
            for path in self.folder.glob(f"*{seed}.parquet*"):
                if path.name == f"{seed}.parquet" or path.name.startswith(f".{seed}.parquet."):
                    path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or another pack was quicker
            for folder in (self.folder, *self.folder.parents):
                folder.rmdir()
                if folder.name == "unfinished":
                    break
