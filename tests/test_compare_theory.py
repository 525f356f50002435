"""Proven properties and scores: rank correlations over activations, fixed beforehand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from activarium.certify import certify
from activarium.compare import theory

SETTING = {"recipe": "adam", "network": "plain", "dataset": "digits"}


def profile(bend, kinks=()):
    """A profile of what `theory` reads, with one property that matters."""
    return {
        "kinks": [{"smooth_to": k} for k in kinks],
        "chi1": ["0.5", "0.5"],
        "variance_map": {"slope": ["1", "1"]},
        "gaussian": {"Efp4": ["1", "1"], "P_fp_zero": ["0", "0"]},
        "smoothness": [str(bend)] * 2,
    }


def correlations(bends, scores):
    """{property: row} of made-up activations with these sup |f″| and mean scores."""
    names = [f"a{i}" for i in range(len(bends))]
    rows = [SETTING | {"activation": n, "mean": s} for n, s in zip(names, scores, strict=True)]
    profiles = dict(zip(names, map(profile, bends), strict=True))
    return {r["property"]: r for r in theory.correlate_properties(rows, profiles, 0.95)}


def test_the_correlation_is_spearmans():
    generator = np.random.default_rng(1)
    bends, scores = generator.normal(size=(2, 12)).round(6)
    found = correlations(bends, scores)["bend"]
    assert found["rho"] == pytest.approx(stats.spearmanr(bends, scores).statistic)
    assert found["n"] == 12 and found["low"] < found["rho"] < found["high"]


def test_the_p_value_agrees_with_the_t_approximation():
    generator = np.random.default_rng(2)
    bends = generator.normal(size=30).round(6)
    scores = bends + generator.normal(scale=2.5, size=30)
    found = correlations(bends, scores)["bend"]
    assert found["p"] == pytest.approx(stats.spearmanr(bends, scores).pvalue, abs=0.02)


def test_a_perfect_order_has_the_smallest_p_and_no_interval():
    found = correlations([1, 2, 3, 4, 5, 6, 7, 8], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    assert found["bend"]["rho"] == 1 and found["bend"]["p"] < 0.001
    assert math.isnan(found["bend"]["low"])


def test_a_property_that_all_share_says_nothing():
    found = correlations([1, 2, 3, 4, 5], [0.5, 0.3, 0.4, 0.2, 0.1])
    assert math.isnan(found["isometry"]["rho"]) and math.isnan(found["isometry"]["p_holm"])


def test_five_activations_are_too_few():
    """Even a perfect order of five, 2/120, is no less than 5 % when corrected for six."""
    assert math.isnan(correlations([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])["bend"]["rho"])


def test_the_correction_is_over_the_properties_of_the_setting():
    found = correlations([1, 2, 3, 4, 5, 6], [0.1, 0.3, 0.2, 0.5, 0.4, 0.6])
    assert found["bend"]["p_holm"] == found["bend"]["p"]  # the only one that can be computed


def test_one_function_under_two_names_counts_once():
    bends, scores = [1, 2, 3, 4, 5, 6], [0.1, 0.3, 0.2, 0.5, 0.4, 0.6]
    again = correlations([*bends, 4], [*scores, 0.5])
    assert again["bend"] == correlations(bends, scores)["bend"]
    assert correlations([*bends, 4], [*scores, 0.4])["bend"]["n"] == 7


def test_infinite_bends_are_the_largest():
    scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    found = correlations(["1", "2", "3", "4", "inf", "inf"], scores)["bend"]
    assert found["n"] == 6 and found["rho"] > 0.9


def test_without_proofs_there_is_nothing_to_correlate():
    assert theory.correlate_properties([SETTING | {"activation": "a", "mean": 0.5}], {}, 0.95) == []


def test_what_is_refused_is_left_out():
    assert math.isnan(theory.property_value("bend", profile(1) | {"smoothness": None}))


def test_the_values_are_those_of_the_profiles():
    relu = certify(lambda x, xp: xp.piecewise(x, 0, lambda x: 0 * x, lambda x: x, at="left"))
    tanh = certify(lambda x, xp: xp.tanh(x))
    assert theory.property_value("flat", relu) == 0.5 and theory.property_value("flat", tanh) == 0
    assert theory.property_value("smooth", relu) == 0 and theory.property_value("smooth", tanh) == 1
    assert theory.property_value("depth_scale", relu) == math.inf
    assert theory.property_value("bend", relu) == math.inf
    assert theory.property_value("bend", tanh) == pytest.approx(4 / (3 * math.sqrt(3)))
    assert theory.property_value("isometry", relu) == 0.5


def test_every_property_is_worded_and_has_a_source():
    schema = (Path(theory.__file__).parent / "schema.yaml").read_text(encoding="utf-8")
    for name, (what, source) in theory.PROPERTIES.items():
        assert what and source and name in schema
    assert json.dumps(theory.PROPERTIES)
