"""Every published cell as one table, for those who take the numbers along: Parquet and JSON."""

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .. import tables
from .activation_cards import setting_entry
from .evidence import Evidence

SCHEMA = "activarium-atlas 1"
TEXT, COUNT, FRACTION = pa.string(), pa.int64(), pa.float64()
COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "study": (TEXT, "the study, a folder of reference/"),
    "recipe": (TEXT, "the study's name of the recipe"),
    "network": (TEXT, "the study's name of the network"),
    "dataset": (TEXT, "the data set"),
    "regime": (TEXT, "epochs, optimizer, learning rate, and what is uncommon"),
    "family": (TEXT, "the network's family"),
    "activation": (TEXT, "the activation, as its card's address"),
    "control": (TEXT, "the activation that the study compares with"),
    "status": (TEXT, "self-reported, or reproduced here"),
    "confidence": (FRACTION, "of all intervals"),
    "n_ok": (COUNT, "runs that ended well"),
    "n_failed": (COUNT, "runs that diverged, which score as chance"),
    "mean": (FRACTION, "mean test accuracy after the last epoch, a fraction"),
    "sd": (FRACTION, "standard deviation over seeds"),
    "low": (FRACTION, "end of the mean's Student-t interval"),
    "high": (FRACTION, "the other end"),
    "rank_low": (COUNT, "simultaneous interval of the rank"),
    "rank_high": (COUNT, "the other end"),
    "diff_n_pairs": (COUNT, "seeds that both have; null for the control"),
    "diff_mean_diff": (FRACTION, "mean of activation − control over these seeds"),
    "diff_low": (FRACTION, "Student-t interval of this comparison alone"),
    "diff_high": (FRACTION, "the other end"),
    "diff_low_simultaneous": (FRACTION, "interval for all comparisons of the setting together"),
    "diff_high_simultaneous": (FRACTION, "the other end"),
    "diff_p_max_t": (FRACTION, "p value of the max-T test, corrected for the setting"),
    "diff_verdict": (TEXT, "better, worse, equivalent or not shown"),
    "interval_disagrees": (
        pa.bool_(),
        "whether the simultaneous interval, which assumes normal differences, says "
        "other than the verdict, which does not",
    ),
    "same_runs": (pa.bool_(), "whether its runs are the control's, so that nothing is compared"),
    "mixed_pairs": (COUNT, "pairs whose runs differ in machine, versions or code"),
    "time_ratio": (FRACTION, "training time of an image, a multiple of the reference's"),
    "saved": (FRACTION, "bytes kept for the backward pass for each element, float32"),
}


def published_rows(evidence: Evidence, status: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row a cell, in the order of settings and of activations, with the keys of COLUMNS."""
    found = []
    for setting in evidence.settings:
        for address in sorted(setting.cells):
            entry = setting_entry(setting, address, status) | {"activation": address}
            entry |= {key: setting.words[key] for key in ("regime", "family")}
            found.append({key: entry[key] for key in COLUMNS})
    return found


def digest(rows: list[dict[str, Any]]) -> str:
    """The first eight hex digits of the SHA-256 of the rows, which changes with any of them."""
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:8]


def as_parquet(rows: list[dict[str, Any]], suite: str) -> bytes:
    """The rows as a Parquet file; its metadata have the schema, the suite and the digest.

    Those of a column describe it.
    """
    fields = [
        pa.field(name, kind, metadata={"description": text})
        for name, (kind, text) in COLUMNS.items()
    ]
    schema = pa.schema(fields, metadata=_about(rows, suite))
    file = io.BytesIO()
    pq.write_table(tables.table(rows, schema), file, compression="zstd")
    return file.getvalue()


def as_json(rows: list[dict[str, Any]], suite: str) -> str:
    """The rows as JSON: {schema, suite, digest, columns: {name: description}, rows: lists}."""
    value = {
        **_about(rows, suite),
        "columns": {name: text for name, (_, text) in COLUMNS.items()},
        "rows": [[tables.finite(row[name]) for name in COLUMNS] for row in rows],
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _about(rows: list[dict[str, Any]], suite: str) -> dict[str, str]:
    return {"schema": SCHEMA, "suite": suite, "digest": digest(rows)}
