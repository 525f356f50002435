"""Pieces: parts of a study that were trained by themselves, put together as the study they are."""

from collections import Counter
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from . import files, tables
from .collect import CollectError, in_order
from .refusal import Refusal

TABLES = {"runs": tables.RUNS, "epochs": tables.EPOCHS, "costs": tables.COSTS}
PARTS = {"recipes": "recipe", "networks": "network", "activations": "activation"}


def read(paths, study):
    """(runs, epochs, costs) as pyarrow tables in `tables.RUNS`, `EPOCHS`, `COSTS`.

    `paths` are our own runs.parquet, beside each its epochs.parquet and costs.parquet and, where
    it is there, the provenance.json that says how it was trained; `study` is `Grid.trained`, each
    of whose runs must stand in one of them. Raises CollectError naming the piece or the run, and
    the way out.
    """
    for path in paths:
        _check_alike(path, study)
    runs, epochs, costs = (_joined(paths, name) for name in TABLES)
    _check_runs(_keys(runs), study)
    if _keys(costs) != _keys(runs):
        raise CollectError("pieces: a costs.parquet is not of the runs beside it; copy both anew")
    return in_order(runs), in_order(epochs), in_order(costs)


def _joined(paths, name):
    """One table of the rows that all pieces have in the table `name`."""
    return pa.concat_tables([_table(Path(path).with_name(f"{name}.parquet")) for path in paths])


def _table(path):
    try:
        table = tables.checked(pq.read_table(path, partitioning=None))
        schema = TABLES[path.stem]
        return table.replace_schema_metadata().select(schema.names).cast(schema)
    except tables.DAMAGED as error:
        reason = "is not there" if not path.exists() else f"cannot be read ({str(error)[:120]})"
        raise CollectError(
            f"pieces: {path} {reason}; copy runs, epochs and costs.parquet of the piece anew"
        ) from error


def _keys(table):
    """How often each run stands in a table."""
    return Counter(zip(*(table[c].to_pylist() for c in tables.KEY), strict=True))


def _check_runs(found, study):
    """Every declared run once, and no other one."""
    seeds = range(study["first_seed"], study["first_seed"] + study["seeds"])
    axes = (study[a] for a in ("recipes", "networks", "datasets", "activations"))
    declared = set(product(*axes, seeds))
    for wrong, text in (
        (declared - set(found), "is in none of them; train it as a piece of its own"),
        (
            set(found) - declared,
            "is not declared by the study; leave that piece out, or declare it",
        ),
        ({key for key, n in found.items() if n > 1}, "stands in two of them; leave one out"),
    ):
        if wrong:
            first = "/".join(map(str, min(wrong)))
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise CollectError(f"pieces: the run {first}{more} {text}")


def _check_alike(path, study):
    """What a piece says of its training must be what the study says."""
    said = Path(path).with_name("provenance.json")
    try:
        theirs = files.read_json(said).get("study", {}) if said.exists() else {}
    except Refusal as error:
        reason = str(error).partition("; ")[0]
        raise CollectError(f"pieces: {reason}; copy it anew, or go without it") from error
    pairs = [(word, theirs[word], study[word]) for word in ("train_size", "validation")
             if word in theirs]  # fmt: skip
    for plural, word in PARTS.items():
        both = [name for name in theirs.get(plural, {}) if name in study[plural]]
        pairs += [(f"{word} {n}", theirs[plural][n], study[plural][n]) for n in both]
    for what, its, ours in pairs:
        if its != ours:
            raise CollectError(
                f"pieces: {path} was trained with another {what} ({_short(its)}) than the study "
                f"says ({_short(ours)}); leave it out, or name its own otherwise"
            )


def _short(value):
    text = str(value)
    return text if len(text) <= 160 else text[:157] + "…"
