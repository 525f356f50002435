"""The file of the suite: the published studies that a new activation is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..runtime.errors import UserError
from .yaml_files import read_yaml

WAY = 'write version: "2026.1" and studies: [NAME], each a folder of reference/'


@dataclass(frozen=True)
class Suite:
    """A suite's version, and its studies as folders of reference/; the first is the default."""

    version: str
    studies: tuple[str, ...]


def read_suite(file: Path | str) -> Suite:
    """The suite in a YAML file. Raises UserError with one line that names the file and the key."""
    content = read_yaml(file, "suite")
    if not isinstance(content, dict) or set(content) != {"version", "studies"}:
        raise UserError(f"suite: {file} is to have two keys; {WAY}")
    version, studies = content["version"], content["studies"]
    if not isinstance(version, str):
        raise UserError(f"suite: {file}: version {version!r} is no text in quotes; {WAY}")
    if not isinstance(studies, list) or not studies or not all(isinstance(x, str) for x in studies):
        raise UserError(f"suite: {file}: studies {studies!r} is no list of names; {WAY}")
    return Suite(version, tuple(studies))
