"""Every pair of activations that a study compared, small enough to stand in one page."""

from typing import Any

from ..compare.shared_pairs import find_holders
from .activation_cards import card_label
from .evidence import Evidence, Setting, paired_runs
from .settings_matrix import report_address, training_cost

DIGITS = 6  # of fractions, far below what a test set resolves
LEVEL = 0.05  # of the false discovery rate that a pair's p is held against


def comparison_data(evidence: Evidence) -> dict[str, Any]:
    """{activations, settings, cells, pairs} for the script of the page, which computes nothing.

    `activations` is [address, label, training time, saved bytes] of what was trained, as
    `training_cost` has them. `settings` is a dict each. `cells` is
    [setting, activation, mean, low, high, n]. `contrasts` is [setting, activation,
    difference, low, high, verdict, pairs, the ends of its interval alone] against the setting's
    control. `pairs` is [setting, activation, other, difference, low, high, corrected p, pairs] of
    all others. Of both a row ends with 1 more where another setting has its runs, too, and counts.
    Names stand as numbers, accuracies as fractions.
    """
    trained = [address for address in evidence.specs if evidence.ran(address)]
    number = {address: k for k, address in enumerate(trained)}
    data: dict[str, Any] = {
        "activations": [_activation(evidence, address) for address in trained],
        "settings": [],
        "cells": [],
        "contrasts": [],
        "pairs": [],
    }
    repeated = _repeated_comparisons(evidence.settings)
    for setting in (s for s in evidence.settings if len(s.cells) > 1):
        k = len(data["settings"])
        data["settings"].append(_setting(setting, number))
        for address, row in setting.cells.items():
            mean = _numbers(row, "mean", "low", "high")
            data["cells"].append([k, number[address], *mean, row["n_ok"]])
        for names, found in _comparisons(setting).items():
            more = [1] if (setting.key, names) in repeated else []
            kind, row = _comparison_row(found, number)
            data[kind].append([k, *row, *more])
    return data


def _comparisons(setting):
    """{the two addresses, sorted: its row, or its pair}; a row is against the control."""
    rows = {
        tuple(sorted((address, setting.control))): row | {"address": address}
        for address, row in setting.cells.items()
        if row.get("diff_n_pairs")
    }
    pairs = {
        tuple(sorted((pair["activation"], pair["other"]))): pair
        for pair in setting.pairs
        if pair["n_pairs"]
    }
    return pairs | rows


def _comparison_row(found, number):
    """Where a comparison stands in the data, "contrasts" or "pairs", and its row there."""
    if "address" in found:
        return "contrasts", [number[found["address"]], *_contrast(found)]
    return "pairs", _pair(found, number)


def _repeated_comparisons(settings):
    """The (key of a setting, two addresses) of which another setting has all pairs of runs, too."""
    known: dict[tuple[str, str], list[tuple[str, frozenset]]] = {}
    for setting in settings:
        for names in _comparisons(setting):
            one, other = (setting.cells.get(name, {}).get("runs", {}) for name in names)
            known.setdefault(names, []).append((setting.key, paired_runs(one, other)))
    return {
        (key, names)
        for names, found in known.items()
        for (key, _), held_by in zip(found, find_holders([p for _, p in found]), strict=True)
        if held_by
    }


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
