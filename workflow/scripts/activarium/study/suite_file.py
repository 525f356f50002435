"""The file of the suite: the published studies that a new activation is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..runtime.errors import UserError, suggest
from .yaml_files import duplicate_keys, read_yaml

if TYPE_CHECKING:
    from collections.abc import Collection

KEYS = ("version", "studies")
WAY = 'write version: "2026.1" and studies: [NAME], each a folder of reference/'


@dataclass(frozen=True)
class Suite:
    """A suite's version, and its studies as folders of reference/; the first is the default."""

    version: str
    studies: tuple[str, ...]


def read_suite(file: Path | str, published: Collection[str]) -> Suite:
    """The suite in a YAML file; `published` are the names of all published studies.

    Raises UserError with one line that names the file, the key and the value.
    """
    content = read_yaml(file, "suite")
    if not isinstance(content, dict):
        _fail(file, f"{content!r} is no mapping; {WAY}")
    if key := duplicate_keys(file):
        _fail(file, f"{key} is given twice; {WAY}")
    for key in [*content, *KEYS]:
        if key not in KEYS or key not in content:
            _fail(file, f"{key} is {'missing' if key in KEYS else 'not a key'}; {WAY}")
    version, studies = content["version"], content["studies"]
    if not isinstance(version, str) or not version:
        _fail(file, f"version {version!r} is no text in quotes; {WAY}")
    if not isinstance(studies, list) or not studies or not all(isinstance(x, str) for x in studies):
        _fail(file, f"studies {studies!r} is no list of names; {WAY}")
    for name in studies:
        if studies.count(name) > 1:
            _fail(file, f"studies names {name} twice; once is enough")
        if name not in published:
            _fail(file, f"no published study '{name}'{suggest(name, published)}; {WAY}")
    return Suite(version, tuple(studies))


def _fail(file: Path | str, what: str) -> NoReturn:
    raise UserError(f"suite: {file}: {what}")
