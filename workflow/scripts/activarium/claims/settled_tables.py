"""The tables of settled claims: written by the rule, and read as one mapping a claim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from .. import tables
from .columns import CLAIMS, EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def write_settled(
    settled: Iterable[Mapping[str, Any]], evidence: Iterable[Mapping[str, Any]], folder: Path | str
) -> None:
    """claims and evidence, each as .parquet and .csv, into `folder`."""
    for name, rows, schema in (("claims", settled, CLAIMS), ("evidence", evidence, EVIDENCE)):
        file = Path(folder, name)
        table = tables.table(rows, schema)
        tables.write_both(table, file.with_suffix(".parquet"), file.with_suffix(".csv"))


def read_settled(folder: Path | str) -> list[dict[str, Any]]:
    """One mapping a claim, with the columns of `CLAIMS` and "evidence", a list of its rows.

    `folder` is results/claims. Missing is None. Raises UserError where a table is damaged.
    """
    claims, evidence = (_rows(Path(folder, f"{name}.parquet")) for name in ("claims", "evidence"))
    return [
        claim | {"evidence": [row for row in evidence if row["claim"] == claim["claim"]]}
        for claim in claims
    ]


def _rows(file: Path) -> list[dict[str, Any]]:
    tables.read(file)  # which names a file that is damaged
    return pq.read_table(file).to_pylist()
