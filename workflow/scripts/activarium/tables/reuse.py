"""Published runs that a study reuses: those of its grid that the tables of other studies hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from .. import datasets
from ..runtime import files
from ..runtime.errors import UserError
from ..study.tuned_recipes import is_tuned
from . import collect, external, published_tuning, shards
from .published_tuning import TuningRuns
from .tuning_shards import check_tuned_alike, tuned_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NEEDED = ("recipes", "networks", "datasets", "activations", "seeds", "train_size", "validation")
ANEW = "copy its folder anew"


@dataclass(frozen=True)
class Definitions:
    """What defines the runs that are trained now, beside the values of the study.

    `activations` maps a name to the digest of its file, `code` a network to the digest of the
    training's and its own files, `images` a data set to the checksum of what is prepared. `recipe`
    holds the values of a recipe that says nothing, `networks` those of a file's parameters.
    """

    activations: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reused:
    """The `runs`, `epochs` and `costs` that are taken, and what no table recorded of them.

    `unrecorded` maps "activations" and "datasets" to the names whose definition is not known.
    `tuning` holds the runs that tune, of whole cells.
    """

    runs: pa.Table
    epochs: pa.Table
    costs: pa.Table
    unrecorded: Mapping[str, set[str]]
    tuning: TuningRuns = published_tuning.NONE

    @property
    def keys(self) -> list[tuple]:
        """The key of each run: recipe, network, dataset, activation, seed."""
        return shards.run_keys(self.runs)


def read(paths: Sequence[str], study: dict, today: Definitions) -> Reused:
    """The runs of `study` that the tables at `paths` hold, marked in the costs.

    A runs.parquet has its epochs.parquet, costs.parquet and provenance.json in the same folder, and
    the three files of `published_tuning` where its recipe is tuned. A tuning.parquet gives the runs
    that tune alone. `study` is `Grid.declared_training`. Cells that it does not have are left out.
    Raises CollectError, in one line, for tables that are damaged or do not belong together, for
    runs that were defined otherwise, for a seed that the study does not declare, and for a run that
    two tables hold. With `strict`, also for runs of other code than `today`'s, or of code that was
    not recorded.
    """
    found: dict[str, list[pa.Table]] = {name: [] for name in shards.TABLES}
    holders: dict[tuple, str] = {}
    unrecorded: dict[str, set[str]] = {"activations": set(), "datasets": set()}
    tuned = []
    for path in paths:
        published = _take_runs(path, study, today)
        tuned.append((path, published.tuning))
        for run in published.keys:
            if run in holders:
                where = f"{holders[run]} and in {path}"
                _fail(f"{shards.run_name(run)} stands in {where}; leave one of them out")
            holders[run] = path
        for name, parts in found.items():
            parts.append(getattr(published, name))
        for axis, names in published.unrecorded.items():
            unrecorded[axis] |= names
    runs, epochs, costs = (collect.in_order(pa.concat_tables(found[n])) for n in shards.TABLES)
    return Reused(runs, epochs, costs, unrecorded, published_tuning.merge(tuned, "reuse"))


def join(
    trained: Iterable[Path | str], reused: Reused, study: dict
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """(runs, epochs, costs) of the files of `trained` runs and of the `reused` ones, in order.

    Raises CollectError where they are not each declared run once, or were tested on different
    numbers of images.
    """
    trained = list(trained)
    parts = [(reused.runs, reused.epochs, reused.costs)]
    parts += [collect.collect(trained)] if trained else []
    runs, epochs, costs = (
        collect.in_order(pa.concat_tables(each)) for each in zip(*parts, strict=True)
    )
    if sorted(shards.run_keys(runs)) != shards.declared_runs(study):
        _fail("its tables were changed while the study was trained; start again")
    for name in study["datasets"]:
        of_set = runs.filter(pc.equal(runs["dataset"], name))
        sizes = sorted(set(of_set["n_test"].drop_null().to_pylist()))
        if len(sizes) > 1:
            what = f"runs on {name} were tested on {sizes[0]} images and others on {sizes[-1]}"
            _fail(f"{what}; leave the published ones out")
    return runs, epochs, costs


def join_learned(trained: Iterable[Path | str], paths: Sequence[str], reused: Reused) -> pa.Table:
    """What the `trained` and the `reused` runs have learned, in `tables.LEARNED`, in order.

    `paths` as in `read`; a table without learned.parquet beside it adds nothing.
    """
    trained = list(trained)
    scored = [path for path in paths if not published_tuning.is_tuning_table(path)]
    parts = [external.read_learned(scored, reused.runs)]
    parts += [collect.learned_table(collect.read_runs(trained))] if trained else []
    return collect.in_order(pa.concat_tables(parts))


def known_definitions(
    made: Mapping[str, Mapping[str, str]], reused: Reused
) -> dict[str, dict[str, str]]:
    """Those of the definitions `made` that hold for every run, also for the `reused` ones."""
    return {
        axis: {k: v for k, v in digests.items() if k not in reused.unrecorded.get(axis, ())}
        for axis, digests in made.items()
    }


def read_published(path: str) -> tuple[dict, dict[str, pa.Table]]:
    """(what a published study declared, its tables by name), read and held against each other.

    Raises CollectError for what is damaged or gone, and for files of two studies.
    """
    theirs, counts = _read_provenance(path)
    whole = {name: shards.read_table(path, name, "reuse") for name in shards.TABLES}
    _check_belonging(path, whole, theirs, counts)
    return theirs, whole


def _take_runs(path: str, study: dict, today: Definitions) -> Reused:
    """The runs of one published study that are taken; CollectError where none can be."""
    if published_tuning.is_tuning_table(path):
        tuning, unrecorded = _take_tuning(path, study, today)
        if not tuning.cells:
            _fail(f"{path} tunes no cell of this study; leave it out")
        runs, epochs, costs = (schema.empty_table() for schema in shards.TABLES.values())
        return Reused(runs, epochs, costs, unrecorded, tuning)
    theirs, whole = read_published(path)
    mine = {name: shards.rows_of_study(table, study) for name, table in whole.items()}
    runs = shards.run_keys(mine["runs"])
    if not runs:
        _fail(f"{path} has no run of this study; leave it out")
    declared = range(study["first_seed"], study["first_seed"] + study["seeds"])
    other = [run for run in runs if run[-1] not in declared]
    if other:
        _fail(f"{path}: {shards.run_name(*other)} is not declared; take all seeds, or none of it")
    unrecorded = _check_definitions(path, theirs, study, today, runs)
    if study.get("strict"):
        _check_code(path, mine["costs"], today)
    tuning, more = _tuning_behind(path, runs, study, today)
    unrecorded = {axis: names | more.get(axis, set()) for axis, names in unrecorded.items()}
    costs = published_tuning.mark_reused(mine["costs"], path)
    return Reused(mine["runs"], mine["epochs"], costs, unrecorded, tuning)


def _tuning_behind(
    path: str, runs: list[tuple], study: dict, today: Definitions
) -> tuple[TuningRuns, dict[str, set[str]]]:
    """As `_take_tuning`, beside the study's `runs` at `path`; none where none of them is tuned.

    Raises CollectError for a run of a tuned recipe whose tuning is not there.
    """
    tuned = {run[:4] for run in runs if is_tuned(study["recipes"][run[0]])}
    if not tuned:
        return published_tuning.NONE, {}
    tuning, unrecorded = _take_tuning(path, study, today)
    if lacking := sorted(tuned - set(tuning.cells)):
        what = f"{path} has scored runs of {'/'.join(lacking[0])} and no tuning of it"
        _fail(f"{what}; {published_tuning.ANEW}")
    return tuning, unrecorded


def _take_tuning(
    path: str, study: dict, today: Definitions
) -> tuple[TuningRuns, dict[str, set[str]]]:
    """(the tuning of the study's cells in the folder of `path`, what is not recorded of them)."""
    theirs, tuning = published_tuning.read(path, "reuse")
    tuning = tuning.only(tuned_cells(study))
    check_tuned_alike(path, theirs, study, "reuse")
    unrecorded = _check_definitions(path, theirs, study, today, tuning.cells)
    if study.get("strict"):
        _check_code(path, tuning.costs, today)
    return tuning.marked(path), unrecorded


def _read_provenance(path: str) -> tuple[dict, dict]:
    """(what a published study declared, {column: {value: number of runs}} of its costs)."""
    file = Path(path).with_name("provenance.json")
    if not file.exists():
        _fail(f"{file} is gone, which says how the runs were trained; {ANEW}")
    try:
        said = files.read_json(file)
    except UserError as error:
        _fail(f"{str(error).partition('; ')[0]}; {ANEW}")
    theirs = said.pop("study", None)
    if not theirs:
        _fail(f"{path} was made from external runs, and nothing says how those were trained")
    lacking = [key for key in NEEDED if key not in theirs]
    if lacking:
        _fail(f"{file} does not say {lacking[0]}; leave {path} out")
    return theirs, said


def _check_belonging(
    path: str, whole: dict[str, pa.Table], theirs: Mapping, counts: Mapping
) -> None:
    """Raise CollectError unless the tables and the provenance in a folder are of one study."""
    runs = shards.run_keys(whole["runs"])
    if len(set(runs)) < len(runs):
        _fail(f"{path} holds a run twice; {ANEW}")
    shards.check_whole(path, whole, theirs["recipes"], "reuse")
    first = theirs.get("first_seed", 0)
    axes = [list(theirs[axis]) for axis in shards.AXES]
    axes.append(list(range(first, first + theirs["seeds"])))
    for run in runs:
        if not all(part in names for part, names in zip(run, axes, strict=True)):
            what = f"{shards.run_name(run)} is none that provenance.json beside it declares"
            _fail(f"{path}: {what}: files of two studies are mixed; {ANEW}")
    made = collect.provenance(whole["costs"])
    if any(made[column] != counts.get(column) for column in made):
        what = "costs.parquet and provenance.json beside it are of different runs"
        _fail(f"{path}: {what}: files of two studies are mixed; {ANEW}")
    _check_scores(path, whole)


def _check_scores(path: str, whole: dict[str, pa.Table]) -> None:
    """Raise CollectError where a score is not that of its test bits or of its last epoch."""
    last: dict[tuple, float | None] = {}
    rows = zip(
        shards.run_keys(whole["epochs"]), whole["epochs"]["test_accuracy"].to_pylist(), strict=True
    )
    for run, accuracy in rows:  # in order of the epochs
        last[run] = accuracy
    columns = ("status", "test_accuracy", "n_correct", "n_test", "correct")
    for run, row in zip(
        shards.run_keys(whole["runs"]), whole["runs"].select(columns).to_pylist(), strict=True
    ):
        if row["status"] != "ok":
            continue
        bits = int.from_bytes(row["correct"] or b"", "big").bit_count()
        if row["correct"] is not None and bits != row["n_correct"]:
            what = f"{bits} test bits and {row['n_correct']} correct images"
            _fail(f"{path}: {shards.run_name(run)} has {what}; {ANEW}")
        if last.get(run) is not None and last[run] != row["test_accuracy"]:
            what = f"{shards.run_name(run)} has another score than its last epoch"
            _fail(f"{path}: {what}: files of two studies are mixed; {ANEW}")


def _check_definitions(
    path: str, theirs: Mapping, study: dict, today: Definitions, runs: list[tuple]
) -> dict[str, set[str]]:
    """Raise CollectError where the `runs` were defined otherwise; what is not recorded of them."""
    for key in ("train_size", "validation"):
        _compare(path, [(key, theirs[key], study[key])])
    recipes, networks, images, names = (sorted({run[k] for run in runs}) for k in range(4))
    for name in recipes:
        pairs = _filled(theirs["recipes"][name], study["recipes"][name], today.recipe)
        _compare(path, shards.differing(f"recipe {name}", *pairs))
    for name in networks:
        ours = study["networks"][name]
        defaults = today.networks.get(name, {})
        pairs = theirs["networks"][name], ours
        filled = _filled(pairs[0]["parameters"], pairs[1]["parameters"], defaults)
        _compare(path, shards.differing(f"network {name}", *({"file": p["file"]} for p in pairs)))
        _compare(path, shards.differing(f"network {name}", *filled))
    contents = (said.get("own_files", {}) for said in (theirs, study))
    _compare(path, shards.differing("the content of", *contents))
    kept = theirs.get("definitions", {})
    return {
        "activations": _check_activations(path, names, theirs, study, kept, today),
        "datasets": _check_images(path, images, kept, today),
    }


def _filled(theirs: Mapping, ours: Mapping, defaults: Mapping) -> tuple[dict, dict]:
    """Both with every key of either: what one does not say is the default, or not there."""
    every = dict.fromkeys([*theirs, *ours])
    base = {key: defaults.get(key, "not there") for key in every}
    return base | dict(theirs), base | dict(ours)


def _compare(path: str, pairs: Iterable[tuple[str, Any, Any]]) -> None:
    """Raise CollectError for the first of (what, their value, our value) that differ."""
    for what, its, ours in pairs:
        if its != ours:
            way = "leave it out, or name its own otherwise"
            _fail(f"{path} was trained with {what} {its}, and the study says {ours}; {way}")


def _check_activations(
    path: str, names: list[str], theirs: Mapping, study: dict, kept: Mapping, today: Definitions
) -> set[str]:
    """Those of the activations `names` whose files' content nobody recorded."""
    digests, unrecorded = kept.get("activations", {}), set()
    for name in names:
        its, ours = (_without_place(said["activations"][name]) for said in (theirs, study))
        _compare(path, [(f"activation {name}", its, ours)])
        if name not in today.activations:  # an expression, which is its whole definition
            continue
        if name not in digests:
            _check_unrecorded(path, name, study["activations"][name])
            unrecorded.add(name)
        elif digests[name] != today.activations[name]:
            what = f"{name} was trained by another definition than its file has now"
            _fail(f"{path}: {what}; leave it out, or name the activation otherwise")
    return unrecorded


def _check_unrecorded(path: str, name: str, said: Any) -> None:
    """Raise CollectError where a definition that nobody recorded may be another than now.

    `said` is what the study says of the activation beside its name.
    """
    way = "train it, or name it otherwise"
    if said is not None:
        _fail(f"{path} does not say which file {name} was; {way}")
    if shards.has_other_meaning(name):
        what = f"{path} is older than {name} of now, which learns one value a channel"
        _fail(f"{what}; leave it out, or {way}")


def _without_place(said: Any) -> Any:
    """What a study says of an activation, without where its file is."""
    return {k: v for k, v in said.items() if k != "file"} if isinstance(said, dict) else said


def _check_images(path: str, names: list[str], kept: Mapping, today: Definitions) -> set[str]:
    """Those of the data sets `names` whose checksum nobody recorded: of official files alone."""
    checksums, unrecorded = kept.get("datasets", {}), set()
    for name in names:
        if name not in checksums:
            if name not in datasets.names():
                _fail(f"{path} does not say which images {name} has; leave it out")
            unrecorded.add(name)
        elif today.images.get(name, checksums[name]) != checksums[name]:
            _fail(f"{path} was trained on other images of {name} than are prepared; leave it out")
    return unrecorded


def _check_code(path: str, costs: pa.Table, today: Definitions) -> None:
    """Raise CollectError for the first run whose code is not recorded, or not today's."""
    for run, code in zip(shards.run_keys(costs), costs["code"].to_pylist(), strict=True):
        if code is None or code != today.code[run[1]]:
            found = "code that was not recorded" if code is None else f"other code ({code})"
            way = "leave strict out and it is marked, or leave the table out"
            _fail(f"{path}: {shards.run_name(run)} was trained by {found}; {way}")


def _fail(text: str) -> NoReturn:
    shards.fail(text, "reuse")
