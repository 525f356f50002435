"""Every pair of activations that a study compared, small enough to stand in one page."""

from typing import Any

from .activation_cards import card_label
from .evidence import Evidence, Setting
from .settings_matrix import report_address, training_cost

DIGITS = 6  # of fractions, far below what a test set resolves
LEVEL = 0.05  # of the false discovery rate that a pair's p is held against


def comparison_data(evidence: Evidence) -> dict[str, Any]:
    """{activations, settings, cells, pairs} for the script of the page, which computes nothing.

    `activations` is [address, label, training time, saved bytes] of what was trained, as
    `training_cost` has them. `settings` is a dict each. `cells` is
    [setting, activation, mean, low, high, n, which runs]. `contrasts` is [setting, activation,
    difference, low, high, verdict, pairs, the ends of its interval alone] against the setting's
    control. `pairs` is [setting, activation, other, difference, low, high, corrected p, pairs] of
    all others. Names stand as numbers, accuracies as fractions.
    """
    trained = [address for address in evidence.specs if evidence.ran(address)]
    number = {address: k for k, address in enumerate(trained)}
    runs: dict[tuple, int] = {}
    data: dict[str, Any] = {
        "activations": [_activation(evidence, address) for address in trained],
        "settings": [],
        "cells": [],
        "contrasts": [],
        "pairs": [],
    }
    for setting in (s for s in evidence.settings if len(s.cells) > 1):
        k = len(data["settings"])
        data["settings"].append(_setting(setting, number))
        for address, row in setting.cells.items():
            which = runs.setdefault(row["scores"], len(runs))
            mean = _numbers(row, "mean", "low", "high")
            data["cells"].append([k, number[address], *mean, row["n_ok"], which])
            if row.get("diff_n_pairs"):
                data["contrasts"].append([k, number[address], *_contrast(row)])
        data["pairs"] += [[k, *_pair(pair, number)] for pair in setting.pairs if pair["n_pairs"]]
    return data


def _activation(evidence, address):
    time, saved = training_cost(evidence.settings, address)
    time = None if time is None else round(time, 2)
    return [address, card_label(evidence.specs[address]), time, saved]


def _setting(setting: Setting, number):
    words = setting.words
    return {
        "study": setting.study,
        "dataset": words["dataset"],
        "what": f"{words['network']}; {words['regime']}",
        "control": number.get(setting.control),
        "report": report_address(setting),
        "tuned": any(row["tuned"] for row in setting.cells.values()),
    }


def _contrast(row):
    verdict = "the same runs" if row["same_runs"] else row["diff_verdict"]
    ends = _numbers(row, "diff_mean_diff", "diff_low_simultaneous", "diff_high_simultaneous")
    return [*ends, verdict, row["diff_n_pairs"], *_numbers(row, "diff_low", "diff_high")]


def _pair(pair, number):
    names = [number[pair["activation"]], number[pair["other"]]]
    return [*names, *_numbers(pair, "mean_diff", "low", "high", "p_t_bh"), pair["n_pairs"]]


def _numbers(row, *names):
    return [None if row.get(name) is None else round(row[name], DIGITS) for name in names]
