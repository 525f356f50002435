"""Reference results: what the repository keeps of a study, to be checked and repeated by anyone."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import yaml

from .. import tables
from ..runtime.errors import UserError
from ..runtime.files import atomic, write_text
from ..runtime.own_files import absolute_path
from ..study.kept_files import with_changed_paths
from ..train.progress import format_duration
from .machines import days

PUT_TOGETHER_FROM = ("shards", "pieces", "reuse", "strict")
AGAIN = "snakemake reference --cores all --configfile"


def publish(
    results: Iterable[Path | str], study: Mapping, folder: Path | str, own: Iterable[str] = ()
) -> None:
    """Copy the files `results` into `folder`, with the frozen study and a page on how it was made.

    `own` are the files beside the study that it names, and those that they import. They are kept in
    `folder`, too, and the frozen study names them there.
    `study` is the mapping that Snakemake was given; it is kept without the shards that it may have
    been put together from, and without the tables that it reused, so that it can be trained whole.
    Raises UserError, before anything is written, for runs whose code is no commit: nobody could
    repeat them.
    """
    study = {key: value for key, value in study.items() if key not in PUT_TOGETHER_FROM}
    named = {Path(file).name: file for file in results}
    runs, costs = (tables.read(named[f"{name}.parquet"]) for name in ("runs", "costs"))
    more = [named.get(f"{name}.parquet") for name in ("tuning_costs", "measure_costs")]
    tuning, measured = (tables.read(file) if file else None for file in more)
    whole = runs.merge(costs, "left", tables.KEY)
    for made, way in ((whole, "commit, then train"), (measured, "commit, then measure")):
        if made is not None and (loose := loose_commits(made)):
            what = f"the code of {study['name']} is no commit ({loose[0]})"
            raise UserError(f"reference: {what}: {way}")
    text = reference_page(study, runs, costs, folder, tuning, measured)
    kept = kept_files(own, folder)
    copies = [(Path(file), Path(folder, name)) for name, file in named.items()]
    for file, place in [*copies, *((Path(file), place) for file, place in kept.items())]:
        with atomic(place) as temporary:
            shutil.copyfile(file, temporary)
    frozen = yaml.safe_dump(with_kept_files(study, kept), sort_keys=False, allow_unicode=True)
    write_text(Path(folder, "study.yaml"), frozen)
    write_text(Path(folder, "README.md"), text)


def loose_commits(costs: pd.DataFrame) -> list[str]:
    """The values of `commit` that name no commit: "unknown", or with + where files differed."""
    commits = set(costs["commit"].fillna("unknown"))
    return sorted(c for c in commits if c == "unknown" or c.endswith("+"))


def kept_files(own: Iterable[str], folder: Path | str) -> dict[str, Path]:
    """{file: where it is kept below `folder`} of files beside a study.

    Below it they stand as they do below where Snakemake runs. Of a file that is elsewhere the name
    of its folder is kept. Raises UserError where two would be kept in one place.
    """
    kept: dict[str, Path] = {}
    for file in own:
        relative = Path(os.path.relpath(file))
        if relative.is_relative_to(folder):  # of a study that is kept already
            relative = relative.relative_to(folder)
        elif ".." in relative.parts:
            relative = Path(*absolute_path(file).parts[-2:])
        place = Path(folder, relative)
        if place in kept.values():
            raise UserError(f"reference: two files would be kept as {place}; rename a folder")
        kept[file] = place
    return kept


def with_kept_files(study: Mapping, kept: Mapping[str, Path]) -> dict:
    """`study` with each path of a file beside it changed into where that file is `kept`."""
    places = {absolute_path(file): str(place) for file, place in kept.items()}
    return with_changed_paths(study, lambda file: places[absolute_path(Path(file).expanduser())])


def reference_page(
    study: Mapping,
    runs: pd.DataFrame,
    costs: pd.DataFrame,
    folder: Path | str,
    tuning_costs: pd.DataFrame | None = None,
    measure_costs: pd.DataFrame | None = None,
) -> str:
    """The text that says on what, when, at which commit and for how long a study was trained."""
    first, last = costs["started"].agg(["min", "max"]).str[:16].str.replace("T", " ")
    rows = {
        "runs": f"{len(runs)}, of which {(runs['status'] != 'ok').sum()} diverged",
        "machine": _all(costs, ["device_name", "instruction_set"]),
        "begun": f"the first run {first}, the last one {last} UTC",
        "time": f"{_time(costs)} in training and testing, all runs added up",
        **_tuning_row(tuning_costs),
        "versions": f"Python {_all(costs, ['python'])}; torch {_all(costs, ['torch'])}",
        "commit": _all(costs, ["commit"]),
        **_measured_row(measure_costs),
        "again": f"`{AGAIN} {folder}/study.yaml`",
    }
    lines = [f"| {name} | {text} |" for name, text in rows.items()]
    return "\n".join([f"# {study['name']}", "", "| | |", "|---|---|", *lines, ""])


def _time(costs):
    """What runs took, added up, in words."""
    return format_duration(costs["train_seconds"].sum() + costs["evaluate_seconds"].sum())


def _tuning_row(costs):
    """The row on the runs that tuned, where there are any."""
    return {} if costs is None else {"tuning": f"{len(costs)} more runs, {_time(costs)}"}


def _measured_row(costs):
    """The row on what measured the networks, where anything did."""
    if costs is None:
        return {}
    columns = ["device_name", "instruction_set", "torch", "commit"]
    return {"measured": f"{days(costs)}: {_all(costs, columns, 'measurements')}"}


def _all(costs, columns, what="runs"):
    """The different values, joined; each with its number of `what` where there are several."""
    counted = costs.groupby(columns, dropna=False).size()
    keys = [", ".join(map(str, k)) if isinstance(k, tuple) else str(k) for k in counted.index]
    if len(keys) == 1:
        return keys[0]
    return "; ".join(f"{key} ({n} {what})" for key, n in zip(keys, counted, strict=True))
