"""Activations × settings for the index: each difference to one control, as its study has it."""

import inspect
import re
import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from .. import activations
from ..compare.shared_pairs import find_holders
from ..compare.training_costs import REFERENCE
from ..report.formatting import count, join_words
from ..report.study_tables import formula_of
from ..report.verdicts import SIGNS
from .activation_cards import card_label, profile_of
from .evidence import Evidence, Setting, comparison_runs, distinct_comparisons, is_comparison
from .report_copy import setting_id

CONTROL = "gelu"  # what the index compares with; a setting without it has its own on the cards
MOST = 3  # activations that the answer names


def columns(evidence: Evidence) -> list[Setting]:
    """The settings that compare anything with the control, by data set and regime."""
    return [s for s in evidence.ran(CONTROL) if s.control == CONTROL and len(s.cells) > 1]


def rows(evidence: Evidence, settings: Sequence[Setting]) -> list[dict[str, Any]]:
    """One dict an activation: address, label, what it is filtered by, and its cell in each column.

    Those that ran in most settings come first.
    """
    found = [_row(evidence, address, settings) for address in evidence.specs]
    return sorted(found, key=lambda row: (-row["ran"], row["label"].lower()))


def _row(evidence, address, settings):
    spec = evidence.specs[address]
    cells = [setting.cells.get(address) for setting in settings]
    time, saved = training_cost(settings, address)
    profile = profile_of(evidence, address)
    return {
        "address": address,
        "label": card_label(spec),
        "control": address == CONTROL,
        "ran": sum(cell is not None for cell in cells),
        "smooth": _smooth(profile),
        "learned": bool(activations.learned_starts(spec)),
        "saved": saved,
        "time": time,
        "found_by": _found_by(spec, address),
        "cells": cells,
        "held": held_columns(settings, address),
        "counts": verdict_counts(settings, address),
    }


def training_cost(settings: Sequence[Setting], address: str) -> tuple[float | None, float | None]:
    """(training time, saved bytes) of an activation, each None where it was not measured.

    The time is a multiple of ReLU's, the median over the settings where both ran. The bytes are
    those kept for the backward pass for each element, in float32; of several values the largest.
    """
    ran = [setting for setting in settings if address in setting.cells]
    both = [setting.cells[address] for setting in ran if REFERENCE in setting.cells]
    ratios = [cell["times"][0] for cell in both if cell["times"]]
    kept = [saved for s in ran if (saved := s.cells[address]["saved"]) is not None]
    return statistics.median(ratios) if ratios else None, max(kept, default=None)


def held_columns(settings: Sequence[Setting], address: str) -> list[list[int]]:
    """For each setting the numbers of those that have all its pairs of an activation's runs, too.

    Whoever counts what is shown leaves out a cell while any of these columns is shown. Equal pairs
    are held by the first.
    """
    compared = [s.cells.get(address) for s in settings]
    pairs = [
        comparison_runs(s, row) if row and is_comparison(row) else frozenset()
        for s, row in zip(settings, compared, strict=True)
    ]
    return find_holders(pairs)


def _found_by(spec, address):
    """What a search finds it by beside its label: address, formula, description and papers."""
    text = "" if spec.expr else inspect.getdoc(activations.load(spec)) or ""
    words = (address, formula_of(spec.name, spec.declared) or "", text)
    return " ".join(" ".join(words).lower().split())


def _smooth(profile):
    """Whether it is differentiable everywhere, by proof; None where nothing is proven."""
    if not profile or not profile.get("class"):
        return None
    return profile["class"] not in ("C^0", "discontinuous")


def report_address(setting: Setting, prefix: str = "") -> str:
    """The decision table of a setting in its study's report."""
    return f"{prefix}studies/{quote(setting.study)}/report.html#{setting_id(setting.names)}"


def answer(evidence: Evidence, settings: Sequence[Setting]) -> dict[str, Any]:
    """{counts, leaders, …}: all verdicts, shared runs counted once, and who came out better most.

    A leader is {address, label, better, worse, ran}. `by_chance` is the most settings that are
    expected to hold a false verdict where no activation differs.
    """
    compared = distinct_comparisons(settings, CONTROL)
    counted = {setting.key: setting.confidence for setting, _ in compared}
    verdicts = [setting.cells[address]["diff_verdict"] for setting, address in compared]
    told: list[dict[str, Any]] = [
        {"address": address, "label": card_label(spec)} | verdict_counts(settings, address)
        for address, spec in evidence.specs.items()
    ]
    ordered = sorted(told, key=lambda x: (-x["better"], x["worse"], x["label"]))
    return {
        "total": len(compared),
        "n_settings": len(counted),
        "by_chance": sum(1 - confidence for confidence in counted.values()),
        "counts": {word: verdicts.count(word) for word in SIGNS},
        "leaders": [x for x in ordered if x["better"]][:MOST],
        "always": [x for x in ordered if x["better"] == x["ran"] > 1],
    }


def verdict_counts(settings: Sequence[Setting], address: str) -> dict[str, int]:
    """{better, worse, ran}: an activation's verdicts against the control, shared runs once."""
    own = [s for s in settings if s.control == CONTROL and address in s.cells]
    alone = [replace(s, cells={k: s.cells[k] for k in (CONTROL, address)}) for s in own]
    found = [s.cells[a]["diff_verdict"] for s, a in distinct_comparisons(alone, CONTROL)]
    return {word: found.count(word) for word in ("better", "worse")} | {"ran": len(found)}


def verdict_phrase(settings: Sequence[Setting], address: str) -> str:
    """ "6 better, 0 worse of 21 against GELU", for a badge."""
    if address == CONTROL:
        return f"control of {count(len(settings), 'setting')}"
    found = verdict_counts(settings, address)
    told = f"{found['better']} better, {found['worse']} worse of {found['ran']} against GELU"
    return told if found["ran"] else "in no comparison yet"


def scope_sentence(settings: Sequence[Setting]) -> str:
    """On what all of it was trained, so that nobody reads more into it."""
    nets, sets = (sorted({s.words[key] for s in settings}) for key in ("family", "dataset"))
    epochs = sorted({int(n) for s in settings for n in re.findall(r"^\d+", s.words["regime"])})
    if not settings or not epochs:
        return ""
    reach = f"{epochs[0]} to {epochs[-1]}" if epochs[1:] else f"{epochs[0]}"
    named = [re.sub(", (.*)", r" (\1)", net) for net in nets]
    return (
        f"The networks are {join_words(named)}. The data sets are {join_words(sets)}. Training "
        f"took {reach} epochs. Elsewhere it may be otherwise."
    )


def counts_sentence(found: dict[str, Any]) -> str:
    """The first sentence of the answer."""
    counts, where = found["counts"], count(found["n_settings"], "setting")
    words = [f"{counts['better']} came out better", f"{counts['worse']} worse"]
    words += [f"{counts['equivalent']} equivalent"] if counts["equivalent"] else []
    return (
        f"Of {count(found['total'], 'comparison')} with GELU in {where}, "
        f"{join_words(words)}; in {counts['not shown']} no difference was shown."
    )
