"""Reads all that the atlas is made from out of the files that the workflow wrote."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..runtime.files import read_json
from ..study.suite_file import Suite
from .addresses import activation_addresses, known_specs, read_declared
from .evidence import Evidence, read_questions, read_study


def read(
    suite: Suite,
    analyses: Sequence[str],
    questions: Sequence[str],
    profiles: Iterable[str],
    numerics: Iterable[str],
    proven: Sequence[str],
    claims: Sequence[Mapping[str, Any]] = (),
) -> Evidence:
    """The evidence behind the suite and the paths of each study's analysis.json and of the rest.

    `questions` is reference/README.md and `proven` is proven_claims.json, each a list of one path
    or none. A profile's file is named as the activation's card. `claims` are from
    `activarium.claims.read_settled`.
    """
    folders = sorted(Path(file).parent for file in analyses)
    declared = read_declared(analyses)
    addresses = activation_addresses(declared)
    asked: dict[str, str] = {}
    for file in questions:
        asked |= read_questions(Path(file).read_text(encoding="utf-8").splitlines())
    return Evidence(
        suite,
        [read_study(f, asked.get(f.name, ""), addresses[f.name]) for f in folders],
        {Path(file).stem: read_json(file) for file in profiles},
        {Path(file).stem.removesuffix(".numerics"): read_json(file) for file in numerics},
        read_json(proven[0]) if proven else {},
        known_specs(declared),
        claims,
    )
