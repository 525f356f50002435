"""The store of an unfinished pack: finished runs and checkpoints, which Snakemake never deletes.

Snakemake removes a job's outputs when it fails and before it runs again. So each run is put
here as soon as it is done and moved to its place when the whole pack is. While it is trained its
state waits here too. A later start of the pack takes up what is here, if it was made from the same
code, recipe, data and versions.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError

import pyarrow as pa
import torch

from .. import tables
from ..runtime.files import atomic


def compute_digest(sources: Iterable[Path | str], values: list) -> str:
    """One hexadecimal name for everything that defines a run's numbers.

    `sources` are files compared by content, `values` anything that json can write (recipe,
    parameters, data checksum, versions).
    """
    sha = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for source in sorted(map(str, sources)):
        sha.update(Path(source).read_bytes())
    return sha.hexdigest()


def _raise_if_unreadable(error):
    """Raise `error` again where a file cannot be read just now, which says nothing about it."""
    if getattr(error, "errno", None) and not isinstance(error, FileNotFoundError):
        raise error


class RunStore:
    """The store of one cell: `folder`/{seed}.parquet and {seed}.pt, each stamped with a digest.

    With `keeps_weights` the weights of each finished run wait in {seed}.safetensors, put there
    before the run itself. A run without them counts as unfinished.
    """

    def __init__(self, folder: Path | str, digest: str, keeps_weights: bool = False):
        self.folder, self.digest = Path(folder), digest.encode()
        self.keeps_weights = keeps_weights

    def load_run(self, seed: int) -> pa.Table | None:
        """The kept run of `seed` as a one-row table, or None; a foreign or broken one goes."""
        path = self.folder / f"{seed}.parquet"
        if not path.exists() or (self.keeps_weights and not self.weights_file(seed).exists()):
            return None
        try:
            table = tables.read_run(path)
            if (table.schema.metadata or {}).get(b"digest") == self.digest:
                return table.replace_schema_metadata(
                    {k: v for k, v in table.schema.metadata.items() if k != b"digest"} or None
                )
        except tables.DAMAGED as error:  # half a file: the same as none
            _raise_if_unreadable(error)
        path.unlink(missing_ok=True)
        return None

    def save_run(self, seed: int, table: pa.Table) -> None:
        """Put a finished run here; its checkpoint has served."""
        stamped = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), b"digest": self.digest}
        )
        self._write_with_retries(lambda: tables.write_run(stamped, self.folder / f"{seed}.parquet"))
        self.delete_checkpoint(seed)

    def weights_file(self, seed: int) -> Path:
        """Where the weights of a finished run wait."""
        return self.folder / f"{seed}.safetensors"

    def load_checkpoint(self, seed: int) -> dict | None:
        """The state that `save_checkpoint` put here, or None; a foreign or broken one goes.

        Nothing is read as a state before its own checksum matched, and tensors, numbers and text
        are all that it may hold.
        """
        path = self._checkpoint_file(seed)
        if not path.exists():
            return None
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # another execution of the pack has just cleared it
            return None
        with suppress(OSError, ValueError, RuntimeError, UnpicklingError):
            stamp, state = content.split(b"\n", 1)
            if stamp == self._stamp(seed, state):
                return torch.load(io.BytesIO(state), map_location="cpu", weights_only=True)
        self.delete_checkpoint(seed)
        return None

    def delete_checkpoint(self, seed: int) -> None:
        """Take the state of `seed` away."""
        self._checkpoint_file(seed).unlink(missing_ok=True)

    def save_checkpoint(self, seed: int, state: dict) -> None:
        """Put the state of an unfinished run here, in place of the one before."""
        buffer = io.BytesIO()
        torch.save(state, buffer)
        content = buffer.getbuffer()

        def write():
            with atomic(self._checkpoint_file(seed)) as temporary, temporary.open("wb") as file:
                file.writelines([self._stamp(seed, content), b"\n", content])

        self._write_with_retries(write)

    def clear(self, seeds: Iterable[int]) -> None:
        """Forget these seeds, what a kill left of them, and the folders that this leaves empty."""
        ours = re.compile(rf"\.?({'|'.join(map(str, seeds))})\.(parquet|pt|safetensors)(\..*)?")
        for path in self.folder.glob("*"):
            if ours.fullmatch(path.name):
                path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or another pack was quicker
            for folder in (self.folder, *self.folder.parents):
                folder.rmdir()
                if folder.name == "unfinished":
                    break

    def _checkpoint_file(self, seed):
        return self.folder / f"{seed}.pt"

    def _stamp(self, seed, state):
        """What a state is known by: this digest, its seed and its bytes."""
        sha = hashlib.sha256(b"%s %d " % (self.digest, seed))
        sha.update(state)
        return sha.hexdigest().encode()

    @staticmethod
    def _write_with_retries(write):
        """`write`, again where another pack of the cell has just removed the folder as empty."""
        for _ in range(5):
            with suppress(FileNotFoundError):
                return write()
        return write()
