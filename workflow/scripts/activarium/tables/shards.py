"""Shards, the tables of parts of a study that were trained separately, joined to the whole."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .. import activations, tables
from ..definitions.learned import is_per_channel
from ..runtime import files
from ..runtime.errors import UserError, first_line
from ..runtime.own_files import is_own_file
from .collect import CollectError, in_order

TABLES = {"runs": tables.RUNS, "epochs": tables.EPOCHS, "costs": tables.COSTS}
SCHEMAS = TABLES | {
    "learned": tables.LEARNED,
    "tuning": tables.TUNING,
    "tuning_costs": tables.TUNING_COSTS,
}
ANEW = "copy the tables of that study anew, all three"
AXES = dict(zip(("recipes", "networks", "datasets", "activations"), tables.KEY, strict=False))
DEFINED = ("recipes", "networks", "activations")  # by the study; a data set is what its files are


def read(paths: Sequence[str], study: dict) -> tuple[pa.Table, pa.Table, pa.Table]:
    """(runs, epochs, costs) as pyarrow tables in `tables.RUNS`, `EPOCHS`, `COSTS`.

    `paths` are the runs.parquet of studies. Each has its epochs.parquet and costs.parquet in the
    same folder, and often a provenance.json that says how it was trained. `study` is
    `Grid.declared_training`: each of its runs must stand in exactly one shard. Cells that the study
    does not have are left out. A seed that it does not declare is an error, since nobody should
    choose among seeds. Raises CollectError naming the shard, the run or the difference, and the way
    out.
    """
    found: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
    holders: dict[tuple, list[str]] = {}  # of each run, the shards that hold it
    for path in paths:
        _check_provenance(path, study)
        shard = {name: rows_of_study(read_table(path, name), study) for name in TABLES}
        if not shard["runs"].num_rows:
            fail(f"{path} has no run of this study; leave it out")
        check_whole(path, shard, study["recipes"])
        for key in run_keys(shard["runs"]):
            holders.setdefault(key, []).append(path)
        for name, table in shard.items():
            found[name].append(table)
    _check_runs(holders, paths, study)
    runs, epochs, costs = (in_order(pa.concat_tables(found[name])) for name in TABLES)
    return runs, epochs, costs


def read_learned(paths: Sequence[str], study: dict) -> pa.Table:
    """What the runs of the shards have learned, in `tables.LEARNED`; a shard may have no such file.

    `paths` and `study` as in `read`.
    """
    found = [tables.LEARNED.empty_table()]
    for path in paths:
        if Path(path).with_name("learned.parquet").exists():
            found.append(rows_of_study(read_table(path, "learned"), study))
    return in_order(pa.concat_tables(found))


def origin(paths: Sequence[str], study: dict) -> list[str]:
    """The shards that a study was trained in, by the paths of those it was put together from.

    The table of a whole study, read again as its only shard, keeps what its own provenance says:
    a report that is made again from it was trained in as many shards as before, or in none.
    `study` is `Grid.declared_training`.
    """
    provenances = [Path(path).with_name("provenance.json") for path in paths]
    if len(paths) != 1 or not provenances[0].exists():
        return list(paths)
    theirs = files.read_json(provenances[0]).get("study") or {}
    if any(_names(theirs.get(key)) != _names(study[key]) for key in (*AXES, "seeds")):
        return list(paths)
    return theirs.get("shards", theirs.get("pieces", []))  # as older versions called them


def with_origin(study: dict) -> dict:
    """`study` with `chance` and the original `shards` of the tables that it was joined from.

    `study` is `Grid.declared_training`; where its one shard was never split, `shards` is left out.
    """
    paths = study["shards"]
    rest = {key: value for key, value in study.items() if key != "shards"}
    joined = rest | {"chance": chance(paths)}
    if known := definitions(paths):
        joined |= {"definitions": known}
    shards = origin(paths, rest)
    return joined | {"shards": shards} if shards else joined


def _names(declared: Any) -> Any:
    """The names on one axis of a grid, whether it is a list or a mapping; a number as it is."""
    return sorted(declared) if isinstance(declared, list | tuple | dict) else declared


def chance(paths: Sequence[str]) -> dict[str, float]:
    """{data set: the accuracy of guessing}, as the provenance files of the shards say it."""
    studies = map(_declared, paths)
    return {name: value for study in studies for name, value in study.get("chance", {}).items()}


def definitions(paths: Sequence[str]) -> dict[str, dict[str, str]]:
    """{"activations", "datasets": {name: digest}} that all shards say; CollectError for two of one.

    What a shard of an older version does not say is left out, where it cannot be another one.
    """
    studies = [_declared(path) for path in paths]
    known: dict[str, dict[str, str]] = {}
    for axis in ("activations", "datasets") if all(studies) else ():
        for name in sorted({name for study in studies for name in study.get(axis, ())}):
            said = [
                s.get("definitions", {}).get(axis, {}) for s in studies if name in s.get(axis, ())
            ]
            found = {digests.get(name) for digests in said}
            older = axis == "activations" and None in found and has_other_meaning(name)
            if len(found) > 1 and older or len(found - {None}) > 1:
                fail(f"{name} was not the same in all of {', '.join(paths)}; train it anew in one")
            if None not in found:
                known.setdefault(axis, {})[name] = found.pop()
    return known


def has_other_meaning(name: str) -> bool:
    """Whether activation `name` was another one under older versions, which recorded no definition.

    These had one value a layer of all that is learned; a built-in one may have one a channel now.
    """
    return name in activations.names() and is_per_channel(activations.load(name))


def _declared(path: str) -> dict:
    """What the provenance beside the runs at `path` says of its study; empty without one."""
    file = Path(path).with_name("provenance.json")
    return files.read_json(file).get("study") or {} if file.exists() else {}


def read_table(path: str, name: str, key: str = "shards", way: str = ANEW) -> pa.Table:
    """The table `name` in the folder of the runs at `path`, which the study's `key` lists.

    Raises CollectError where it is gone or damaged, which ends with the `way` out.
    """
    file = Path(path).with_name(f"{name}.parquet")
    try:
        table = tables.verify_checksum(pq.read_table(file, partitioning=None))
        return tables.fit_schema(table, SCHEMAS[name])
    except tables.DAMAGED as error:
        reason = "is gone" if not file.exists() else f"cannot be read ({first_line(error)})"
        fail(f"{file} {reason}; {way}", key)


def rows_of_study(table: pa.Table, study: Mapping) -> pa.Table:
    """The rows of the cells that the study has."""
    mine = [pc.is_in(table[column], pa.array(list(study[axis]))) for axis, column in AXES.items()]
    return table.filter(reduce(pc.and_, mine))


def run_keys(table: pa.Table) -> list[tuple]:
    """The key of each row: recipe, network, dataset, activation, seed."""
    return list(zip(*(table[c].to_pylist() for c in tables.KEY), strict=True))


def check_whole(
    path: str, shard: dict[str, pa.Table], recipes: dict[str, dict], key: str = "shards"
) -> None:
    """Raise CollectError for runs without costs, or without every epoch unless they diverged.

    `recipes` are those that the runs were trained by, as far as they are known.
    """
    keys = run_keys(shard["runs"])
    epochs: dict[tuple, list[int]] = {}
    rows = zip(run_keys(shard["epochs"]), shard["epochs"]["epoch"].to_pylist(), strict=True)
    for run, epoch in rows:
        epochs.setdefault(run, []).append(epoch)
    if run_keys(shard["costs"]) != keys or not set(epochs) <= set(keys):
        what = "epochs.parquet or costs.parquet beside it are of other runs"
        fail(f"{path}: {what}; copy them anew, all three", key)
    for run, status in zip(keys, shard["runs"]["status"].to_pylist(), strict=True):
        found, declared = epochs.get(run, []), recipes.get(run[0], {}).get("epochs")
        if declared and status == "ok" and sorted(found) != list(range(1, declared + 1)):
            what = f"{run_name(run)} was trained for {len(found)} epochs and not for the {declared}"
            fail(f"{path}: {what} of recipe {run[0]}; leave it out, or name its own otherwise", key)


def declared_runs(study: dict) -> list[tuple]:
    """The key of each run that `study` declares, sorted."""
    seeds = range(study["first_seed"], study["first_seed"] + study["seeds"])
    return sorted(product(*(study[axis] for axis in AXES), seeds))


def _check_runs(holders: dict[tuple, list[str]], paths: Sequence[str], study: dict) -> None:
    """Raise CollectError unless each declared run stands in one shard, and no other seed does."""
    declared = set(declared_runs(study))
    if missing := sorted(declared - set(holders)):
        known = ", ".join(map(str, paths))
        fail(f"{run_name(*missing)} is in none of {known}; train it as a shard of its own")
    if other := sorted(set(holders) - declared):
        where = holders[other[0]][0]
        way = "take all seeds, or leave that shard out"
        fail(f"{where}: {run_name(*other)} is not declared; {way}")
    if repeated := sorted(key for key, where in holders.items() if len(where) > 1):
        where = " and in ".join(map(str, holders[repeated[0]]))
        fail(f"{run_name(*repeated)} stands in {where}; it must be in one")


def _check_provenance(path: str, study: dict) -> None:
    """Raise CollectError where a shard says another thing of its training than the study."""
    provenance = Path(path).with_name("provenance.json")
    if not provenance.exists():
        return
    try:
        theirs = files.read_json(provenance).get("study")
    except UserError as error:
        fail(f"{str(error).partition('; ')[0]}; copy it anew, or go without it")
    if not theirs:
        fail(f"{path} was made from external runs; analyse those by `runs`")
    check_training(path, theirs, study)


def check_training(path: str, theirs: Mapping, study: Mapping) -> None:
    """Raise CollectError where the runs at `path` were trained otherwise than `study` says.

    Both are `Grid.declared_training`; only what both say is compared.
    """
    pairs = [(w, theirs.get(w, study[w]), study[w]) for w in ("train_size", "validation")]
    pairs += differing("the content of", theirs.get("own_files", {}), study.get("own_files", {}))
    for axis in DEFINED:
        for name in theirs.get(axis, {}).keys() & study[axis].keys():
            pairs += differing(f"{AXES[axis]} {name}", theirs[axis][name], study[axis][name])
    for what, its, ours in pairs:
        if its != ours:
            way = "leave it out, or name its own otherwise"
            fail(f"{path} was trained with {what} {its}, and the study says {ours}; {way}")


def differing(what: str, theirs: Any, ours: Any) -> Iterator[tuple[str, Any, Any]]:
    """(what, its value, our value) of all that both have; an older version had fewer keys."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted(theirs.keys() & ours.keys()):
            if key == "file" and is_own_file(ours[key]) and is_own_file(theirs[key]):
                continue  # its content is compared, not its place
            yield from differing(f"{what}: {key}", theirs[key], ours[key])
    elif what.endswith(": tune"):  # a list of values to choose from, in any order
        yield what, sorted(theirs), sorted(ours)
    else:
        yield what, theirs, ours


def run_name(key: tuple, *more: tuple) -> str:
    """A run by its path, and how many more."""
    others = f" and {len(more)} more" if more else ""
    return f"the run {'/'.join(map(str, key))}{others}"


def fail(text: str, key: str = "shards") -> NoReturn:
    """Raise the CollectError that opens with the study's `key`."""
    raise CollectError(f"{key}: {text}")
