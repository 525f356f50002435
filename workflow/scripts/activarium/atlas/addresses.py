"""Where each activation's card is: its name, made unlike another's where it means another thing.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import activations
from ..activations import ActivationSpec
from ..runtime.files import read_json

BUILT_IN = "built in"
Declared = dict[str, dict[str, Any]]  # {study: {activation: what it says beside the name}}


def read_declared(analyses: Iterable[Path | str]) -> Declared:
    """What each published study says of its activations; a study is named as its folder."""
    folders = sorted(Path(file).parent for file in analyses)
    return {
        folder.name: read_json(folder / "provenance.json")["study"]["activations"]
        for folder in folders
    }


def activation_addresses(declared: Declared) -> dict[str, dict[str, str]]:
    """{study: {activation: the address of its card}}, from {study: {activation: what it says}}.

    A built-in one has its name. One of a study's own has its name, too, or name-study where another
    study means another function by it. What no file name should hold becomes an underscore.
    """
    meant: dict[str, set] = {name: {BUILT_IN} for name in activations.names()}
    for said in declared.values():
        for name, value in said.items():
            meant.setdefault(name, set()).add(_meaning(name, value))
    return {
        study: {
            name: _address(name, study if len(meant[name]) > 1 else "", _meaning(name, value))
            for name, value in said.items()
        }
        for study, said in declared.items()
    }


def _address(name, study, meaning):
    if meaning == BUILT_IN:
        return name
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", f"{name}-{study}" if study else name)


def _meaning(name, value):
    """What tells apart two functions of one name: what a study says, but not how it learns."""
    spec = ActivationSpec.from_declared(name, value)
    return BUILT_IN if spec.is_shared and name in activations.names() else repr(value)


def known_specs(declared: Declared) -> dict[str, ActivationSpec]:
    """{address: spec} of every built-in activation, and of those that studies state themselves."""
    specs = {name: ActivationSpec(name) for name in activations.names()}
    addresses = activation_addresses(declared)
    for study, said in declared.items():
        for name, value in said.items():
            address = addresses[study][name]
            specs.setdefault(address, ActivationSpec.from_declared(name, value))
    return dict(sorted(specs.items()))


def stated_expressions(analyses: Iterable[Path | str]) -> dict[str, dict[str, Any]]:
    """{address: its spec as a plain mapping} of what published studies state as expressions."""
    specs = known_specs(read_declared(analyses))
    return {address: asdict(spec) for address, spec in specs.items() if spec.expr}
