"""What an activation costs, on one machine at a time: times of two machines are never pooled.

All of it differs between two correct executions, so it stands apart in the analysis.
"""

import math

import numpy as np
import pandas as pd

from .scores import CELL, SETTING

MACHINE = ["host", "device", "device_name", "instruction_set", "threads", "torch"]
SAME_BITS = ["device", "instruction_set", "threads", "torch"]  # what can change a run's last bit
REFERENCE = "relu"  # the cheapest that everybody knows; the control where it is not there


def compare_costs(costs: pd.DataFrame, summaries: list[dict], control: str) -> dict:
    """{"cells", "executions", "mixed"}: the costs of every cell by machine, and who ran on what.

    `costs` is a DataFrame of the costs table, `summaries` the primary ones. Runs that were made
    elsewhere have no costs: then all three are empty.
    """
    accuracy = {tuple(row[name] for name in CELL): row["mean"] for row in summaries}
    cells = []
    keys = [*SETTING, *MACHINE]
    for place, group in costs.groupby(keys, sort=True, dropna=False):
        head = {k: _plain(v) for k, v in zip(keys, place, strict=True)}
        cells += [head | row for row in _cells(group, accuracy, control)]
    return {
        "cells": cells,
        "executions": count_executions(costs),
        "mixed": find_mixed_pairs(costs, control),
    }


def _cells(group, accuracy, control):
    """One setting on one machine: a dict an activation, with its place on the Pareto front."""
    names = set(group["activation"])
    reference = next((name for name in (REFERENCE, control) if name in names), None)
    rows = [_cell(a, cell, accuracy) for a, cell in group.groupby("activation", sort=True)]
    base = next((r["seconds_per_image"] for r in rows if r["activation"] == reference), math.nan)
    for row in rows:
        row["reference"] = reference
        row["ratio"] = row["seconds_per_image"] / base if base else math.nan
        row["on_front"] = is_on_front(row, rows)
    return rows


def _cell(activation, cell, accuracy):
    """Median time of one training image, of a run, and the score that a second of it buys."""
    key = tuple(cell[name].iloc[0] for name in SETTING) + (activation,)
    per_image = cell["train_seconds"] / cell["images"].where(cell["images"] > 0)
    seconds = cell["train_seconds"].median()
    score = accuracy.get(key, math.nan)
    return {
        "activation": activation,
        "n_runs": len(cell),
        "train_seconds": float(seconds),
        "seconds_per_image": float(per_image.median()),
        "spread": float(per_image.max() / per_image.where(per_image > 0).min()),
        "saved_bytes_per_element": float(cell["saved_bytes_per_element"].median()),
        "accuracy": score,
        "accuracy_per_second": float(score / seconds) if seconds > 0 else math.nan,
    }


def is_on_front(row: dict, rows: list[dict]) -> bool:
    """Whether no other is at least as accurate and as fast, and better in one (Pareto front)."""
    mine = np.array([row["accuracy"], -row["seconds_per_image"]])
    others = np.array([[r["accuracy"], -r["seconds_per_image"]] for r in rows])
    dominated = (others >= mine).all(1) & (others > mine).any(1)
    return bool(np.isfinite(mine).all() and not dominated.any())


def count_executions(costs: pd.DataFrame) -> list[dict]:
    """The different kinds of execution in the study, each with its number of runs."""
    counted = costs.groupby(SAME_BITS, sort=True, dropna=False).size()
    return [
        {k: _plain(v) for k, v in zip(SAME_BITS, kind, strict=True)} | {"n_runs": int(n)}
        for kind, n in counted.items()
    ]


def find_mixed_pairs(costs: pd.DataFrame, control: str) -> list[dict]:
    """Contrasts some of whose pairs were not trained alike: {cell, n_pairs, n_mixed}.

    A difference between devices, instruction sets, thread counts, torch versions or the code of the
    training is then part of the contrast's. Where code differs `n_code` counts those pairs. Code
    that was not recorded is other code than any that was.
    """
    code = costs["code"].fillna("") if "code" in costs else ""  # an older version kept none
    costs = costs.assign(code=code)
    kinds = costs.assign(kind=costs.groupby([*SAME_BITS, "code"], dropna=False).ngroup())
    kinds = kinds[[*CELL, "seed", "kind", "code"]]
    own = kinds[kinds["activation"] == control].drop(columns="activation")
    others = kinds[kinds["activation"] != control]
    pairs = others.merge(own, on=[*SETTING, "seed"], suffixes=("", "_control"))
    pairs["differs"] = pairs["kind"] != pairs["kind_control"]
    rows = []
    for cell, group in pairs.groupby(CELL, sort=True):
        if group["differs"].any():
            counts = {"n_pairs": len(group), "n_mixed": int(group["differs"].sum())}
            by_code = int((group["code"] != group["code_control"]).sum())
            counts |= {"n_code": by_code} if by_code else {}
            rows.append(dict(zip(CELL, cell, strict=True)) | counts)
    return rows


def _plain(value):
    """A pandas scalar as json has it."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
