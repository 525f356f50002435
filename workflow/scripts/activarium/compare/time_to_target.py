"""Time to target: how soon runs are as good as the control ends up, failures censored."""

import math
from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

from .scores import SETTING, group_by_setting, sorted_values


def time_to_target(
    runs: pd.DataFrame, epochs: pd.DataFrame, control: str, confidence: float, margin: float
) -> list[dict]:
    """One dict a cell of a setting with epochs: when its runs first reach the setting's target.

    The target is the mean final test accuracy of the control's runs that did not fail, less the
    margin. A run that never reaches it, or fails, is censored at the setting's last epoch, for a
    failure is no run that was merely stopped early; so the curve of Kaplan and Meier (1958, JASA
    53) is the share of runs that are there. The median has exact binomial ends (Conover 1999,
    Practical nonparametric statistics, section 3.2), infinite where too many are censored, and
    `epochs` and `share` are the steps of the curve.
    """
    rows = []
    settings = dict(iter(epochs.groupby(SETTING, sort=True)))
    for setting, group in group_by_setting(runs):
        own = group[(group["activation"] == control) & (group["status"] == "ok")]
        curves = settings.get(tuple(setting.values()))
        if len(own) and curves is not None:
            target = float(own["test_accuracy"].mean() - margin)
            reached = first_reached(group, curves, target)
            rows += [
                setting | {"activation": a, "target": target} | _cell(times, confidence)
                for a, times in reached.groupby("activation", sort=True)["epoch"]
            ]
    return rows


def first_reached(runs: pd.DataFrame, epochs: pd.DataFrame, target: float) -> pd.DataFrame:
    """The first epoch at or above `target` by run, DataFrame [activation, seed, epoch].

    NaN for a run that never reaches it or that failed, also where it was above before it failed.
    """
    above = epochs[epochs["test_accuracy"] >= target]
    first = above.groupby(["activation", "seed"])["epoch"].min()
    ok = runs.loc[runs["status"] == "ok", ["activation", "seed"]]
    keys = runs[["activation", "seed"]]
    found = ok.merge(first.reset_index(), on=["activation", "seed"], how="left")
    return keys.merge(found, on=["activation", "seed"], how="left").astype({"epoch": float})


def _cell(times, confidence):
    """Runs, those that are there, when half of them are, and the curve; `times` may have NaN."""
    censored = np.sort(times.fillna(np.inf).to_numpy())
    low, high = _places(len(times), confidence)
    steps, counts = np.unique(sorted_values(times), return_counts=True)
    return {
        "n_runs": len(times),
        "n_reached": int(counts.sum()),
        "median": float(censored[(len(times) - 1) // 2]),
        "low": math.nan if low is None else float(censored[low]),
        "high": math.nan if high is None else float(censored[high]),
        "epochs": steps.astype(int).tolist(),
        "share": (counts.cumsum() / len(times)).tolist(),
    }


@cache  # they depend on the number of runs alone
def _places(n, confidence):
    """Where the ends of the median's interval stand among n sorted times; None where nowhere."""
    ends = stats.quantile_test(np.arange(n), p=0.5).confidence_interval(confidence)
    return [None if math.isnan(end) else int(end) for end in (ends.low, ends.high)]
