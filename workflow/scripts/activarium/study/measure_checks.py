"""Refuses measures that a study cannot have: unknown ones, and those whose weights nobody keeps.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

from .. import measures
from ..runtime.errors import suggest_or_list
from .study_error import study_error

LOCK = "requirements-measures.txt"  # with the extra `measures`


def check_measures(config: Mapping[str, Any]) -> None:
    """Raise StudyError for a measure without a file, and for one whose weights are not kept."""
    elsewhere = next((key for key in ("shards", "reuse") if config.get(key)), None)
    without = f"the runs of {elsewhere} were trained elsewhere, without weights"
    if config["keep_weights"] and elsewhere:
        raise study_error(["keep_weights"], f"{without}; leave {elsewhere} out")
    known = measures.names()
    for name in config["measures"]:
        if name not in known:
            what = f"no '{name}'{suggest_or_list(name, known)}"
            raise study_error(["measures"], what)
        if measures.declaration(name).needs_weights and not config["keep_weights"]:
            way = f"{without}; leave one out" if elsewhere else "write keep_weights: true"
            raise study_error(["measures"], f"{name} needs the weights of the runs; {way}")


def check_packages(names: Iterable[str], keep_weights: bool) -> None:
    """Raise StudyError, in one line, for the packages that these measures need and lack.

    It looks where Snakemake runs, so it says nothing of the environments of --sdm conda.
    """
    needed: dict[str, tuple[str, ...]] = {"keep_weights": ("safetensors",)} if keep_weights else {}
    needed |= {name: measures.declaration(name).packages for name in names}
    for key, packages in needed.items():
        lacking = [package for package in packages if find_spec(package) is None]
        if lacking:
            place = [key] if key == "keep_weights" else ["measures", key]
            way = f"pip install -r {LOCK} (after make: .venv/bin/pip), or leave it out"
            raise study_error(place, f"needs {' and '.join(lacking)}: {way}")
