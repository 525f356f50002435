"""The register of claims: one YAML file a claim, read and held against its schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from .. import activations, datasets, networks
from ..runtime.errors import UserError, first_line, suggest
from ..study import StudyError, duplicate_keys
from ..study.schema import definitions, validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA = "schema.yaml"  # beside the claims


def read_claims(folder: Path | str) -> list[dict[str, Any]]:
    """Every claim in `folder`, in the order of their names, each as its file says it.

    The key "claim" is added: the file's name without .yaml. Raises UserError, in one line, for a
    file that breaks the schema or names what is not there.
    """
    folder = Path(folder)
    if not (folder / SCHEMA).is_file():
        raise UserError(f"no file {folder / SCHEMA}; claims stand beside their schema")
    known = definitions(folder / SCHEMA)
    files = sorted(file for file in folder.glob("*.yaml") if file.name != SCHEMA)
    return [read_claim(file, known) for file in files]


def read_claim(file: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """The claim in `file`, held against the schema's definitions `known`. Raises UserError."""
    content = _load(file)
    try:
        validate(content, "claim", dict(known))
    except StudyError as error:
        raise UserError(f"{file}{str(error).removeprefix('config')}") from error
    for problem in _problems(content):
        raise UserError(f"{file}: {problem}")
    return {"claim": file.stem, **content}


def _load(file: Path) -> Any:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        twice = duplicate_keys(file)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{file} cannot be read as YAML ({first_line(error)})") from error
    if twice:
        raise UserError(f"{file}: {twice} is given twice; leave one out")
    return content


def _problems(claim: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a claim that its schema cannot tell."""
    named = [("activation", claim["activation"]), *(("controls", c) for c in claim["controls"])]
    for key, name in named:
        yield from _unknown(key, name, activations.names())
    if claim["dataset"] is not None:
        yield from _unknown("dataset", claim["dataset"], datasets.names())
    network = claim["setting"]["built_in_network"]
    if network is not None:
        yield from _unknown("setting: built_in_network", network, networks.names())
    for key in ("controls", "dataset"):
        other = f"other_{key.removesuffix('s')}"
        if bool(claim[key]) == (other in claim):
            yield f"{key}: say either {key} or {other}"
    if claim["activation"] in claim["controls"]:
        yield f"controls: {claim['activation']} is the activation itself; leave it out"
    if len(set(claim["controls"])) < len(claim["controls"]):
        yield "controls: a name is given twice; leave one out"
    yield from _number_problems(claim, claim["reported"] or {})


def _unknown(key: str, name: str, known: list[str]) -> Iterator[str]:
    if name not in known:
        yield f"{key}: no '{name}' here{suggest(name, known)}"


def _number_problems(claim: dict[str, Any], reported: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the numbers that are reported."""
    for key, names in (
        ("accuracies", [claim["activation"], *claim["controls"]]),
        ("differences", claim["controls"]),
    ):
        for name in reported.get(key, ()):
            if name not in names:
                yield f"reported: {key}: '{name}' is not compared here{suggest(name, names)}"
    if reported and not {"accuracies", "differences"} & set(reported):
        yield "reported: say accuracies or differences, or null"
    whole = 100 if reported.get("unit") == "percent" else 1
    for name, value in reported.get("accuracies", {}).items():
        if not 0 <= value <= whole:
            yield f"reported: accuracies: {name}: {value} must lie between 0 and {whole}"


def reported_accuracies(claim: Mapping[str, Any]) -> dict[str, float]:
    """{activation: the test accuracy that is reported, a fraction}."""
    return _fractions(claim, "accuracies")


def reported_differences(claim: Mapping[str, Any]) -> dict[str, float]:
    """{control: activation − control as reported, a fraction}, where both ends are reported."""
    found = reported_accuracies(claim)
    own = found.get(claim["activation"])
    known = {c: own - found[c] for c in claim["controls"] if own is not None and c in found}
    return {c: round(d, 10) for c, d in (known | _fractions(claim, "differences")).items()}


def _fractions(claim: Mapping[str, Any], key: str) -> dict[str, float]:
    reported = claim["reported"] or {"unit": "fraction"}
    scale = 100 if reported["unit"] == "percent" else 1
    return {name: round(value / scale, 10) for name, value in reported.get(key, {}).items()}
