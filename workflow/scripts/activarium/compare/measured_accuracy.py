"""Contrasts of accuracies that were measured under conditions, as int8 or noise, paired by seed."""

from collections.abc import Iterator, Mapping

import pandas as pd
import pyarrow as pa

from .. import measures
from ..tables import KEY
from .contrasts import compute_contrasts


def compare_measures(
    found: Mapping[str, pa.Table],
    runs: pd.DataFrame,
    control: str,
    chance: Mapping[str, float],
    confidence: float,
    margin: float,
) -> list[dict]:
    """The rows of `tables.MEASURE_CONTRASTS` of {measure: its table}, for those with a score."""
    return [
        {"measure": name} | row
        for name, table in found.items()
        if (baseline := measures.declaration(name).baseline)
        for row in compare_conditions(
            table.to_pandas(), runs, baseline, control, chance, confidence, margin
        )
    ]


def compare_conditions(
    measured: pd.DataFrame,
    runs: pd.DataFrame,
    baseline: str,
    control: str,
    chance: Mapping[str, float],
    confidence: float,
    margin: float,
) -> Iterator[dict]:
    """Yield rows of `tables.MEASURE_CONTRASTS` without the measure.

    `measured` has the key of a run, `condition` and `accuracy` (fraction), `runs` is that table.
    Each condition is a family of its own, as a setting is: its contrasts are `compute_contrasts`
    of the accuracies. So are those of their changes from the condition `baseline`, in which
    failed runs are left out. Where no pair was measured, as of a network that is not quantised,
    nothing is compared.
    """
    status = runs[[*KEY, "status"]]
    clean = measured[measured["condition"] == baseline].set_index(KEY)["accuracy"]
    for condition, rows in measured.groupby("condition", sort=False):
        scores = rows.set_index(KEY)["accuracy"]
        for quantity, values in (("accuracy", scores), ("change", scores - clean)):
            if quantity == "change" and condition == baseline:
                continue
            scored = status.merge(values.rename("test_accuracy").reset_index(), "left", KEY)
            scored = scored[_is_scored(scored, quantity)]
            for row in compute_contrasts(scored, control, chance, confidence, margin):
                if row["n_pairs"]:
                    yield {"condition": condition, "quantity": quantity} | row


def _is_scored(scored, quantity):
    """Which runs count: those measured, and failed ones where guessing is a score."""
    failed = scored["status"] == "diverged"
    return scored["test_accuracy"].notna() | (failed & (quantity == "accuracy"))
