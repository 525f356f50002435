"""The study of a challenge: a suite's settings and published runs, and one activation more."""

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import activations
from ..runtime.errors import UserError, suggest
from ..study import mapping
from ..study.kept_files import read_published
from ..study.suite_file import read_suite

CURRENT = "config/suite.yaml"  # the suite that everybody is compared on; its first study
UNPUBLISHED = ("keep_weights", "measures")  # the weights of published runs are not kept
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_.+-]{0,40}")


def find_suite(word: str | None, clone: Path) -> dict[str, Any]:
    """The mapping of the suite `word`, with the published tables that it reuses.

    A word is the name of a folder of reference/, a folder with study.yaml and runs.parquet, or the
    YAML file of a study. Without one it is the first study of `CURRENT`.
    """
    known = sorted(p.parent.name for p in (clone / "reference").glob("*/study.yaml"))
    place = Path(word or "")
    if not word or not place.exists():
        word = word or read_suite(clone / CURRENT, known).studies[0]
        place = clone / "reference" / word
    if place.is_file():
        return mapping(place)
    if not (place / "study.yaml").is_file():
        raise UserError(
            f"challenge: no suite '{word}'{suggest(word, known)}; a suite is a study's "
            "YAML file, or a folder with study.yaml and runs.parquet"
        )
    tables = os.path.relpath(place / "runs.parquet")
    declared = read_published(place).items()
    return {k: v for k, v in declared if k not in UNPUBLISHED} | {"reuse": [tables]}


def activation_entry(word: str, name: str | None = None) -> str | dict[str, str]:
    """How a study says the activation `word`: a file, a built-in name, or an expression of x.

    An activation of one's own is called `name`, by default as its file, or mine.
    """
    if word.endswith(".py"):
        if not Path(word).is_file():
            command = f"activarium new activation {Path(word).stem}"
            way = f"make one: {command} --folder {Path(word).parent}"
            raise UserError(f"challenge: no file {word}; {way}")
        return {"name": _checked(name or Path(word).stem), "file": word}
    if word in activations.names():
        return word
    if word.isidentifier() and word != "x":
        raise UserError(f"challenge: no activation '{word}'{activations.suggest_name(word)}")
    return {"name": _checked(name or "mine"), "expr": word}


def _checked(name: str) -> str:
    """A name that files can be called by; else a UserError."""
    if not NAME.fullmatch(name):
        raise UserError(f"challenge: '{name}' is no name for files; say another by --name")
    return name


def challenge_study(suite: Mapping[str, Any], entry: str | dict, at_once: int) -> dict[str, Any]:
    """The mapping of the study: `suite` with the activation `entry`, in packs for `at_once` jobs.

    Raises UserError for a suite that publishes no runs, or has the activation already.
    """
    if not suite.get("reuse"):
        raise UserError("challenge: the suite reuses no published runs; say reuse: […] in it")
    name = entry if isinstance(entry, str) else entry["name"]
    theirs = [item if isinstance(item, str) else item["name"] for item in suite["activations"]]
    if name in theirs:
        way = "look it up in the suite's report, or give yours another name by --name"
        raise UserError(f"challenge: the suite has {name} already; {way}")
    return {
        **suite,
        "name": f"challenge-{name}",
        "activations": [*suite["activations"], entry],
        "pack": math.ceil(suite["seeds"] / at_once),
    }
