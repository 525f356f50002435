"""Holds a study against the files of this machine: its tables, and the folder of its data."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .. import datasets
from .name_checks import check_size
from .own_images import training_images
from .study import Study
from .study_error import study_error

SHARD = ("runs.parquet", "epochs.parquet", "costs.parquet")
TUNING = ("tuning.parquet", "tuning_costs.parquet", "tuning_provenance.json")


def check_tables(study: Study) -> None:
    """Raise StudyError for a table that is missing, or that this study itself would write."""
    for file in study.runs:
        _check_path("runs", file, study)
        if Path(file).suffix not in (".csv", ".parquet") or not Path(file).is_file():
            what = f"no table '{file}'; it must be a .csv or .parquet file that is there"
            raise study_error(["runs"], what)
    for file in study.shards:
        _check_path("shards", file, study)
        _check_published("shards", file, SHARD, "a shard")
    for file in study.reuse:
        _check_path("reuse", file, study)
        if Path(file).name == TUNING[0]:
            _check_published("reuse", file, TUNING, "a tuning that is reused")
        else:
            _check_published("reuse", file, (*SHARD, "provenance.json"), "what is reused")
    if study.shards and study.reuse:
        raise study_error(["reuse"], "goes with no shards, which hold every run; leave one out")
    for key in ("runs", "shards", "reuse"):
        files = getattr(study, key)
        count = Counter(map(os.path.realpath, files))
        repeated = [file for file in files if count[os.path.realpath(file)] > 1]
        if repeated:
            raise study_error([key], f"'{repeated[-1]}' is listed twice; leave one out")


def _check_published(key: str, file: str, names: Sequence[str], what: str) -> None:
    """Raise StudyError unless `file` is the first of `names`, and all are in its folder."""
    for name in names:
        needed = Path(file).with_name(name)
        if Path(file).name != names[0] or not needed.is_file():
            beside = f"{', '.join(names[1:-1])} and {names[-1]}"
            why = f"{what} is the {names[0]} of a study, with {beside} beside it"
            raise study_error([key], f"no {needed} for '{file}'; {why}")


def _check_path(key: str, file: str, study: Study) -> None:
    """Raise StudyError for a path that Snakemake takes for a pattern, or that this study writes."""
    if "{" in file or "}" in file:
        what = f"'{file}' has a brace in its path; rename the file or its folder"
        raise study_error([key], what)
    if Path("results", study.name).resolve() in Path(file).resolve().parents:
        way = "give the study another name, or move the table"
        raise study_error([key], f"'{file}' would be written by this study itself; {way}")


def check_data_root(study: Study) -> None:
    """Raise StudyError for a data root that cannot be read while a data set still needs it."""
    root = datasets.expand_home(datasets.data_root(study.data_root))
    files = {name: study.image_sources.get(name, {"file": name}) for name in study.datasets}
    needed = [n for n, s in files.items() if "file" in s and datasets.load(s["file"]).needs_files]
    folders = {n: f"{study.name}/" if n in study.image_sources else "" for n in needed}
    if all(Path(f"results/{folders[n]}datasets/{n}.arrow").exists() for n in needed):
        return
    if root.exists() and not (root.is_dir() and os.access(root, os.R_OK | os.X_OK)):
        what = f"'{root}' is not a folder that can be read; name one, it may be empty"
        raise study_error([datasets.data_root_key()], what)


def check_own_images(study: Study) -> None:
    """Hold the study against its own images, as far as names and heads of arrays tell.

    Raises UserError. It lists their folders, so that only the main process does it, once.
    """
    for name, source in study.image_sources.items():
        n = training_images(name, source)
        if n is not None:
            check_size(name, n, study.train_size, study.validation, study.recipes)
