"""Reads a study: from the mapping of its file to a checked `Study`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import datasets
from ..activations import ActivationSpec
from .measure_checks import check_measures
from .name_checks import check_names, check_paths_alone, network_with_defaults
from .own_images import image_sources
from .path_checks import check_data_root, check_tables
from .recipe_checks import check_recipes
from .schema import check_finite, definitions, fill_defaults, validate
from .study import Study
from .study_error import study_error
from .tuning_checks import check_tuning, studies_at_values, with_seeds
from .yaml_files import duplicate_keys

OWN_AXES = ("activations", "datasets", "networks")  # a file beside the study may define
OLD_KEYS = {"pieces": "shards"}  # the last version's names, which this one still reads


def load(config: Any, files: Sequence[Path | str], schema: Path | str) -> Study:
    """`read`, for the Snakefile: also holds the study against the files of this machine.

    `files` are the study's own: there must be one, without duplicate keys. The tables of external
    runs must exist, and the data root must be readable where a data set still needs it.
    """
    if len(files) > 1:
        names = " and ".join(map(str, files))
        raise study_error([], f"{names} are two studies; a study is one whole file")
    for file in files:
        duplicate = duplicate_keys(file)
        if duplicate:
            raise study_error([duplicate], f"is given twice in {file}")
    study = read(config, schema)
    check_tables(study)
    if not study.shards:  # shards are trained already
        check_data_root(study)
    return study


def read(config: Any, schema: Path | str) -> Study:
    """The study that the mapping `config` declares, by the JSON schema in the file `schema`.

    Raises StudyError with one line, "config: key: …", for the first thing that is wrong.
    """
    config = rename_old_keys(config)
    defined = definitions(schema)
    kind = "external" if isinstance(config, dict) and "runs" in config else "trained"
    check_finite(config)
    if kind == "trained":
        check_paths_alone(config)
        check_tuning(config, defined)
    for stated in studies_at_values(config) if kind == "trained" else [config]:
        validate(stated, kind, defined)
    filled = fill_defaults(config, defined[kind], defined)
    analysis = filled.pop("analysis")
    for key in ("runs", "shards", "reuse"):
        if key in filled:
            files = [filled[key]] if isinstance(filled[key], str) else filled[key]
            filled[key] = tuple(_expand(file, key) for file in files)
    if kind == "trained":
        filled |= {axis: _expand_files(filled[axis]) for axis in OWN_AXES}
        seeds = defined["tuning"]["properties"]["seeds"]["default"]
        filled["recipes"] = with_seeds(filled["recipes"], seeds)
        check_recipes(filled["recipes"])
        check_names(filled)
        check_measures(filled)
        filled |= _grid(filled)
    return Study(**filled, **analysis)


def _expand_files(items: list) -> list:
    """The entries of one axis, each path of a file beside the study with ~ written out."""
    own = [isinstance(item, dict) and "file" in item for item in items]
    return [
        {**item, "file": _expand(item["file"], "file")} if has_file else item
        for item, has_file in zip(items, own, strict=True)
    ]


def _expand(file: str, key: str) -> str:
    """A path with ~ written out."""
    return str(datasets.expand_home(file, key)) if file.startswith("~") else file


def _grid(config: dict) -> dict:
    """The axes of the grid in the form that Study holds."""
    specs = map(ActivationSpec.from_entry, config["activations"])
    return {
        "datasets": tuple(d if isinstance(d, str) else d["name"] for d in config["datasets"]),
        "image_sources": image_sources(config["datasets"]),
        "activations": {spec.name: spec for spec in specs},
        "networks": dict(network_with_defaults(item) for item in config["networks"]),
        "measures": tuple(config["measures"]),
    }


def rename_old_keys(config: Any) -> Any:
    """`config` with today's name for each key that it gives by its old one, in the same order.

    Raises StudyError where it gives both.
    """
    if not isinstance(config, dict):
        return config
    for old, new in OLD_KEYS.items():
        if old in config and new in config:
            raise study_error([old], f"is the old name of {new}, which is there too; leave one out")
    return {OLD_KEYS.get(key, key): value for key, value in config.items()}


def warn_old_keys(config: dict) -> None:
    """Name each key that `config` gives by its old name, and the new one, on the standard error."""
    for key in OLD_KEYS.keys() & config.keys():
        way = "the old name works in this version only"
        print(f"config: {key}: is called {OLD_KEYS[key]} now; {way}", file=sys.stderr)
