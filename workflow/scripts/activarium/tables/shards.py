"""Shards, the tables of parts of a study that were trained separately, joined to the whole."""

from functools import reduce
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .. import tables
from ..runtime import files
from ..runtime.errors import UserError, first_line
from .collect import CollectError, in_order

TABLES = {"runs": tables.RUNS, "epochs": tables.EPOCHS, "costs": tables.COSTS}
AXES = dict(zip(("recipes", "networks", "datasets", "activations"), tables.KEY, strict=False))
DEFINED = ("recipes", "networks", "activations")  # by the study; a data set is what its files are


def read(paths, study):
    """(runs, epochs, costs) as pyarrow tables in `tables.RUNS`, `EPOCHS`, `COSTS`.

    `paths` are our own runs.parquet, beside each its epochs.parquet and costs.parquet and, where
    it is there, the provenance.json that says how it was trained. `study` is
    `Grid.declared_training`: each of its runs must stand in one of them. A shard may hold cells
    that the study does not have, which are left out, but of its own cells no seed that it does not
    declare: seeds are not to be chosen among. Raises CollectError naming the shard, the run or
    what differs, and the way out.
    """
    found, places = {name: [] for name in TABLES}, {}
    for path in paths:
        _check_alike(path, study)
        shard = {name: _of_study(_table(path, name), study) for name in TABLES}
        if not shard["runs"].num_rows:
            _refuse(f"{path} has no run of this study; leave it out")
        _check_whole(path, shard, study)
        for key in _keys(shard["runs"]):
            places.setdefault(key, []).append(path)
        for name, table in shard.items():
            found[name].append(table)
    _check_runs(places, paths, study)
    return tuple(in_order(pa.concat_tables(parts)) for parts in found.values())


def origin(paths, study):
    """The shards that a study was trained in, by the paths of those it was put together from.

    The table of a whole study, read again as its only shard, keeps what its own provenance says:
    a report that is drawn anew from it was trained in as many shards as before, or in none.
    `study` is `Grid.declared_training`.
    """
    said = [Path(path).with_name("provenance.json") for path in paths]
    if len(paths) != 1 or not said[0].exists():
        return list(paths)
    theirs = files.read_json(said[0]).get("study") or {}
    same = all(_names(theirs.get(key)) == _names(study[key]) for key in (*AXES, "seeds"))
    before = theirs.get("shards", theirs.get("pieces", []))  # as older versions called them
    return before if same else list(paths)


def _names(declared):
    """The names on one axis of a grid, whether it is a list or a mapping; a number as it is."""
    return sorted(declared) if isinstance(declared, list | tuple | dict) else declared


def chance(paths):
    """{data set: the accuracy of guessing}, as the provenance beside the shards says it."""
    beside = [Path(path).with_name("provenance.json") for path in paths]
    said = [files.read_json(file).get("study") or {} for file in beside if file.exists()]
    return {name: value for study in said for name, value in study.get("chance", {}).items()}


def _table(path, name):
    """The table `name` that stands beside the runs at `path`."""
    file = Path(path).with_name(f"{name}.parquet")
    try:
        table = tables.verify_checksum(pq.read_table(file, partitioning=None))
        schema = TABLES[name]
        return table.replace_schema_metadata().select(schema.names).cast(schema)
    except tables.DAMAGED as error:
        reason = "is gone" if not file.exists() else f"cannot be read ({first_line(error)})"
        _refuse(f"{file} {reason}; copy the tables of this shard anew, all three")


def _of_study(table, study):
    """The rows of the cells that the study has."""
    mine = [pc.is_in(table[column], pa.array(list(study[axis]))) for axis, column in AXES.items()]
    return table.filter(reduce(pc.and_, mine))


def _keys(table):
    return list(zip(*(table[c].to_pylist() for c in tables.KEY), strict=True))


def _check_whole(path, shard, study):
    """Costs for every run of a shard, and the epochs of its recipe; fewer where it diverged."""
    keys, epochs = _keys(shard["runs"]), {}
    for key, row in zip(_keys(shard["epochs"]), shard["epochs"]["epoch"].to_pylist(), strict=True):
        epochs.setdefault(key, []).append(row)
    if _keys(shard["costs"]) != keys or not set(epochs) <= set(keys):
        _refuse(
            f"{path}: epochs.parquet or costs.parquet beside it are of other runs; copy them "
            "anew, all three"
        )
    for key, status in zip(keys, shard["runs"]["status"].to_pylist(), strict=True):
        seen, stated = epochs.get(key, []), study["recipes"].get(key[0], {}).get("epochs")
        if stated and status == "ok" and sorted(seen) != list(range(1, stated + 1)):
            _refuse(
                f"{path}: {_run(key)} was trained for {len(seen)} epochs and not for the {stated} "
                f"of recipe {key[0]}; leave it out, or name its own otherwise"
            )


def _check_runs(places, paths, study):
    """Every declared run in one shard, and no other seed."""
    seeds = range(study["first_seed"], study["first_seed"] + study["seeds"])
    declared = set(product(*(study[axis] for axis in AXES), seeds))
    if missing := sorted(declared - set(places)):
        known = ", ".join(map(str, paths))
        _refuse(f"{_run(*missing)} is in none of {known}; train it as a shard of its own")
    if other := sorted(set(places) - declared):
        where = places[other[0]][0]
        _refuse(f"{where}: {_run(*other)} is not declared; take all seeds, or leave that shard out")
    if twice := sorted(key for key, where in places.items() if len(where) > 1):
        where = " and in ".join(map(str, places[twice[0]]))
        _refuse(f"{_run(*twice)} stands in {where}; it must be in one")


def _check_alike(path, study):
    """What a shard says of its training must be what the study says, as far as both say it."""
    said = Path(path).with_name("provenance.json")
    if not said.exists():
        return
    try:
        theirs = files.read_json(said).get("study")
    except UserError as error:
        _refuse(f"{str(error).partition('; ')[0]}; copy it anew, or go without it")
    if not theirs:
        _refuse(f"{path} was made from tables of other origin; analyse those by `runs`")
    pairs = [(w, theirs.get(w, study[w]), study[w]) for w in ("train_size", "validation")]
    for axis in DEFINED:
        for name in theirs.get(axis, {}).keys() & study[axis].keys():
            pairs += _differing(f"{AXES[axis]} {name}", theirs[axis][name], study[axis][name])
    for what, its, ours in pairs:
        if its != ours:
            way = "leave it out, or name its own otherwise"
            _refuse(f"{path} was trained with {what} {its}, and the study says {ours}; {way}")


def _differing(what, theirs, ours):
    """(what, its value, our value) of all that both have; an older version had fewer keys."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted(theirs.keys() & ours.keys()):
            yield from _differing(f"{what}: {key}", theirs[key], ours[key])
    else:
        yield what, theirs, ours


def _run(key, *more):
    """A run by its path, and how many more."""
    others = f" and {len(more)} more" if more else ""
    return f"the run {'/'.join(map(str, key))}{others}"


def _refuse(text):
    raise CollectError(f"shards: {text}")
