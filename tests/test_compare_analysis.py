"""The further questions of the analysis plan, the file that holds their answers, and its edges."""

import json
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml
from comparing import CHANCE, analysed, costs_of, drawn, epochs_of, runs
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

from activarium import tables
from activarium.compare import plan
from activarium.compare.aa_test import aa_test
from activarium.compare.across_datasets import compare_across_datasets, equal_weight_mean
from activarium.compare.all_pairs import compare_all_pairs
from activarium.compare.best import list_possible_best
from activarium.compare.contrasts import compute_contrasts
from activarium.compare.power import detectable_effect, seeds_needed
from activarium.compare.scores import score_tables
from activarium.compare.summaries import summarize_cells

SCHEMA = Path(plan.__file__).with_name("schema.yaml")


def settings_of(table):
    return score_tables(table, "chance", CHANCE)


def only(rows, **where):
    found = [row for row in rows if all(row[k] == v for k, v in where.items())]
    assert len(found) == 1
    return found[0]


# Summaries and ranks


def test_a_summary_is_the_mean_with_its_t_interval():
    row = summarize_cells(runs({"gelu": [0.7, 0.8, 0.9]}), CHANCE, 0.95)[0]
    assert (row["mean"], row["median"], row["sd"]) == pytest.approx((0.8, 0.8, 0.1))
    assert row["high"] - row["mean"] == pytest.approx(4.302652729911275 * 0.1 / 3**0.5)
    assert set(row) == set(tables.SUMMARIES.names)


def test_a_failure_is_counted_and_scores_as_chance():
    row = summarize_cells(runs({"gelu": [0.7, None, 0.9]}), CHANCE, 0.95)[0]
    assert (row["n_ok"], row["n_failed"], row["median"]) == (2, 1, 0.7)
    assert row["mean"] == pytest.approx((0.7 + 0.1 + 0.9) / 3)


def test_ranks_are_sure_where_seeds_agree_and_wide_where_they_cannot():
    cells = {a: [0.5 + 0.1 * i + 0.001 * s for s in range(8)] for i, a in enumerate("dcba")}
    cells["a2"] = cells["a"]  # as good as a
    ranks = {r["activation"]: (r["rank_low"], r["rank_high"])
             for r in summarize_cells(runs(cells), CHANCE, 0.95)}  # fmt: skip
    assert ranks == {"a": (1, 2), "a2": (1, 2), "b": (3, 3), "c": (4, 4), "d": (5, 5)}
    few = runs({a: v[:5] for a, v in cells.items()})
    assert {(r["rank_low"], r["rank_high"]) for r in summarize_cells(few, CHANCE, 0.95)} == {(1, 5)}


def test_rank_intervals_hold_all_true_ranks_nearly_always():
    effects, missed = [0.003, 0.001, 0.0, -0.002], 0
    true = {f"a{i}": 1 + sum(e > mine for e in effects) for i, mine in enumerate(effects)}
    for seed in range(150):
        table = drawn(k=4, n=10, seed=seed, effects=effects)
        rows = summarize_cells(table[table["activation"] != "gelu"], CHANCE, 0.95)
        missed += any(not r["rank_low"] <= true[r["activation"]] <= r["rank_high"] for r in rows)
    assert missed <= stats.binom.ppf(0.999, 150, 0.05)


# All pairs


def test_every_pair_is_compared_once_and_corrected_by_benjamini_and_hochberg():
    (_, scores), = settings_of(drawn(k=3, effects=[0.003]))  # fmt: skip
    rows = compare_all_pairs(scores, 0.95)
    assert [(r["activation"], r["other"]) for r in rows] == list(combinations(scores, 2))
    a0 = only(rows, activation="a0", other="gelu")
    d = scores["a0"] - scores["gelu"]
    assert a0["p_t"] == pytest.approx(stats.ttest_rel(scores["a0"], scores["gelu"]).pvalue)
    assert a0["mean_diff"] == pytest.approx(d.mean())
    corrected = stats.false_discovery_control([r["p_t"] for r in rows])
    np.testing.assert_allclose([r["p_t_bh"] for r in rows], corrected)


def test_all_pairs_are_pingouin_s():
    pingouin = pytest.importorskip("pingouin", reason="pingouin is not installed")
    table = drawn(k=3, effects=[0.003])
    (_, scores), = settings_of(table)  # fmt: skip
    theirs = pingouin.pairwise_tests(
        data=table, dv="test_accuracy", within="activation", subject="seed", padjust="fdr_bh"
    )
    expected = theirs.set_index(["A", "B"])["p_corr"].to_dict()
    for row in compare_all_pairs(scores, 0.95):
        assert row["p_t_bh"] == pytest.approx(expected[row["activation"], row["other"]])


# The same runs under two names


def alike(n=3):
    """Three activations of the same scores and losses: runs and epochs."""
    table = runs({a: [0.5 + s / 100 for s in range(n)] for a in ("gelu", "one", "two")})
    return table, epochs_of(table).assign(train_loss=0.5, test_loss=0.25)


def found_same(table, epochs=None):
    rows = analysed(table, epochs)["identical_runs"]
    return {(row["activation"], row["other"]): (row["by"], row["n_pairs"]) for row in rows}


def test_runs_whose_losses_are_the_same_are_named_and_get_no_equivalence():
    table, epochs = alike()
    last = (epochs["activation"] == "two") & (epochs["seed"] == 2) & (epochs["epoch"] == 5)
    epochs.loc[last, "test_loss"] += 1e-15
    assert found_same(table, epochs) == {("gelu", "one"): ("losses", 3)}
    row = only(analysed(table, epochs)["contrasts"], activation="one", failures="chance")
    assert (row["verdict"], row["p_tost"], row["low"]) == ("not shown", None, None)


def test_without_losses_the_images_told_right_decide_and_without_them_two_scores():
    table, _ = alike()
    bits = {(a, s): [1, 0, 1] for a in ("gelu", "one", "two") for s in range(3)}
    bits["two", 1] = [1, 1, 0]
    assert found_same(with_images(table, bits)) == {("gelu", "one"): ("images", 3)}
    assert len(found_same(table)) == 3 and set(found_same(table).values()) == {("scores", 3)}
    assert found_same(table[table["seed"] == 0]) == {}


def test_failures_are_not_taken_for_the_same_runs_nor_for_equivalence():
    table = runs({"gelu": [None] * 8, "relu": [None] * 8, "elu": [0.5, None, 0.4, 0.3]})
    assert found_same(table) == {}
    found = analysed(table)["contrasts"]
    assert only(found, activation="relu", failures="chance")["verdict"] == "not shown"
    assert found_same(runs({"elu": [0.5, None, 0.4], "celu": [0.5, None, 0.4]})) == {
        ("celu", "elu"): ("scores", 3)
    }
    assert found_same(runs({"elu": [0.5, None, 0.4], "celu": [0.5, 0.1, 0.4]})) == {}


# The best


def test_what_is_shown_to_be_worse_than_any_other_is_not_the_best():
    scores = settings_of(drawn(k=3, n=10, effects=[0.02, 0.02, -0.02]))[0][1]
    assert list_possible_best(scores, 0.95) == ["a0", "a1"]
    assert list_possible_best(scores[:5], 0.95) == list(scores), "five pairs show nothing"


def test_the_best_is_left_in_nearly_always():
    """Of ten equals any may be called the best; the first is."""
    left_out = sum(
        "a0" not in list_possible_best(settings_of(drawn(k=9, n=8, seed=seed))[0][1], 0.95)
        for seed in range(60)
    )
    assert left_out <= stats.binom.ppf(0.999, 60, 0.05)


# The control is the best


@pytest.mark.parametrize(
    "effects, word",
    [([-0.01, -0.01], "supported"), ([0.01, -0.01], "contradicted"), ([0.0, -0.01], "undecided")],
)
def test_the_control_is_the_best_only_when_it_beats_every_other(effects, word):
    table = drawn(k=2, n=12, seed=1, effects=effects)
    found = analysed(table)
    claim = found["settings"][0]["control_is_best"]
    assert claim["verdict"] == found["control_is_best"]["verdict"] == word
    score = table.pivot(index="seed", columns="activation", values="test_accuracy")
    p = [
        stats.ttest_rel(score["gelu"], score[a], alternative="greater").pvalue for a in ("a0", "a1")
    ]
    assert claim["p"] == pytest.approx(max(p))
    assert claim["weakest"] == ["a0", "a1"][int(np.argmax(p))]


def test_one_setting_that_is_undecided_leaves_the_study_undecided():
    good = drawn(k=2, n=12, seed=1, effects=[-0.01, -0.01])
    found = analysed(pd.concat([good, drawn(k=2, n=12, seed=3, dataset="cifar10")]))
    words = [s["control_is_best"]["verdict"] for s in found["settings"]]
    assert words == ["undecided", "supported"]
    assert found["control_is_best"]["verdict"] == "undecided"


# Over data sets


def test_over_data_sets_a_seed_is_averaged_first_and_tested_once():
    """A seed draws the same weights for every data set, so these are no independent samples."""
    rng = np.random.default_rng(2)
    d = pd.DataFrame(rng.normal(0.01, 0.01, (10, 2))).round(6)
    row = equal_weight_mean([d[0], d[1].iloc[:8]], 0.95)
    averaged = stats.ttest_1samp(d.iloc[:8].mean(axis=1), 0)
    assert row["p"] == pytest.approx(averaged.pvalue)
    assert (row["low"], row["high"]) == pytest.approx(tuple(averaged.confidence_interval(0.95)))
    assert row["df"] == 7


def test_over_data_sets_without_common_seeds_each_has_its_own_error():
    rng = np.random.default_rng(2)
    d = [rng.normal(0.01, 0.001, 10), rng.normal(0.01, 0.01, 5)]
    row = equal_weight_mean([pd.Series(d[0]), pd.Series(d[1], index=range(9, 14))], 0.95)
    assert row["mean_diff"] == pytest.approx((d[0].mean() + d[1].mean()) / 2)
    # Welch's t test is the same sum with the other sign.
    welch = stats.ttest_ind(d[0], -d[1], equal_var=False)
    assert row["df"] == pytest.approx(welch.df)
    assert row["p"] == pytest.approx(welch.pvalue)


def test_the_interaction_of_two_data_sets_is_welch_s_t_test():
    d = [np.array([1.0, 3.0, 4.0]), np.array([4.0, 8.0, 5.0, 9.0])]
    row = equal_weight_mean([pd.Series(v) for v in d], 0.95)
    assert row["p_interaction"] == pytest.approx(stats.ttest_ind(*d, equal_var=False).pvalue)


def test_among_many_activations_an_interaction_is_rarely_claimed_where_there_is_none():
    """Of 40 studies of 20 contrasts on three data sets, one in twenty at most."""
    claimed = 0
    for seed in range(40):
        parts = [
            drawn(k=20, n=8, seed=3 * seed + i, effects=[0.05] + 19 * [0.0], dataset=name)
            for i, name in enumerate(("cifar10", "cifar100", "digits"))
        ]
        (group,) = compare_across_datasets(settings_of(pd.concat(parts)), "gelu", 0.95)
        claimed += group["interaction"]
        assert group["winner"] in (None, "a0")
    assert claimed <= stats.binom.ppf(0.999, 40, 0.05)


def two_datasets(first, second, **more):
    tables_ = [
        drawn(k=2, n=12, seed=1, effects=first, dataset="cifar10", **more),
        drawn(k=2, n=12, seed=2, effects=second, dataset="digits", **more),
    ]
    return settings_of(pd.concat(tables_))


def test_a_winner_is_named_where_data_sets_agree_and_none_where_they_do_not():
    agree = compare_across_datasets(two_datasets([0.02, 0.0], [0.02, 0.0]), "gelu", 0.95)[0]
    assert (agree["winner"], agree["interaction"]) == ("a0", False)
    assert only(agree["rows"], activation="a0")["verdict"] == "better"
    disagree = compare_across_datasets(two_datasets([0.03, 0.0], [0.01, 0.0]), "gelu", 0.95)[0]
    assert (disagree["winner"], disagree["interaction"]) == (None, True)
    row = only(disagree["rows"], activation="a0")
    assert row["interaction"]
    assert row["verdict"] is None


def test_as_few_seeds_as_are_descriptive_only_show_nothing_over_data_sets():
    for n, word, winner in ((5, "not shown", None), (6, "better", "a0")):
        parts = [drawn(k=1, n=n, seed=s, effects=[0.1], dataset=d) for s, d in enumerate(CHANCE)]
        (group,) = compare_across_datasets(settings_of(pd.concat(parts)), "gelu", 0.95)
        assert group["rows"][0]["p_holm"] < 0.05
        assert (group["rows"][0]["verdict"], group["winner"]) == (word, winner)


def test_nothing_is_pooled_over_recipes_networks_or_a_single_data_set():
    both = [
        *two_datasets([0.02], [0.02], network="a"),
        *two_datasets([0.0], [0.0], network="b"),
    ]
    assert [g["network"] for g in compare_across_datasets(both, "gelu", 0.95)] == ["a", "b"]
    assert compare_across_datasets(settings_of(drawn()), "gelu", 0.95) == []


def test_data_sets_without_any_error_have_no_interaction():
    row = equal_weight_mean([pd.Series(np.zeros(3)), pd.Series(np.zeros(3))], 0.95)
    assert (row["mean_diff"], row["p"], row["p_interaction"]) == (0, 1, 1)
    row = equal_weight_mean([pd.Series(np.ones(3)), pd.Series(np.zeros(3))], 0.95)
    assert np.isnan([row["p"], row["low"], row["p_interaction"]]).all()


# Failures


def test_the_share_of_failures_has_the_ends_of_clopper_and_pearson():
    found = analysed(runs({"relu": [0.5, None, 0.5, 0.5], "gelu": [0.5] * 4}))["failures"]
    row = only(found, activation="relu")
    low, high = proportion_confint(1, 4, 0.05, method="beta")
    assert (row["n_runs"], row["n_failed"], row["share"]) == (4, 1, 0.25)
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    none = only(found, activation="gelu")
    assert none["low"] == 0
    assert none["high"] == pytest.approx(1 - 0.025 ** (1 / 4))


# Noise of the test set


def with_images(table, images):
    """The table with per-example correctness {(activation, seed): [0 or 1 an image]}."""
    bits = [np.array(images[a, s]) for a, s in zip(table["activation"], table["seed"], strict=True)]
    return table.assign(
        correct=[np.packbits(b).tobytes() for b in bits],
        n_test=[len(b) for b in bits],
        n_correct=[int(b.sum()) for b in bits],
    )


def test_the_error_of_the_accuracy_is_over_images_and_that_of_a_difference_is_paired():
    images = {("gelu", 0): [1, 1, 0, 0, 1], ("gelu", 1): [1, 0, 0, 0, 1],
              ("relu", 0): [1, 1, 1, 0, 0], ("relu", 1): [1, 1, 1, 0, 0]}  # fmt: skip
    table = with_images(runs({"gelu": [0.6, 0.4], "relu": [0.6, 0.6]}), images)
    found = analysed(table)["standard_errors"]
    gelu, relu = (only(found, activation=a) for a in ("gelu", "relu"))
    assert gelu["accuracy"] == pytest.approx(0.5)
    assert gelu["se_test"] == pytest.approx(np.std([1, 0.5, 0, 0, 1], ddof=1) / 5**0.5)
    assert gelu["se_seeds"] == pytest.approx(np.std([0.6, 0.4], ddof=1) / 2**0.5)
    assert relu["se_test_diff"] == pytest.approx(np.std([0, 0.5, 1, 0, -1], ddof=1) / 5**0.5)
    assert relu["se_seeds_diff"] == pytest.approx(np.std([0, 0.2], ddof=1) / 2**0.5)
    assert gelu["se_test_diff"] is None


def test_without_correctness_nothing_is_said_of_the_test_set():
    assert analysed(drawn())["standard_errors"] == []


# A/A


def test_aa_test_compares_the_upper_half_of_the_control_s_seeds_with_the_lower():
    table = runs({"gelu": {s: 0.5 + s / 1000 for s in (1, 2, 3, 11, 12, 14, 99)}})
    row = aa_test(table, "gelu", CHANCE, 0.95, 0.005)[0]
    assert row["n_pairs"] == 3  # the odd last seed is left out
    assert row["mean_diff"] == pytest.approx((10 + 10 + 11) / 3000)


@pytest.mark.parametrize("seeds, passed", [(11, None), (12, True)])
def test_aa_test_with_fewer_than_twelve_seeds_does_not_pass_for_it_cannot_fail(seeds, passed):
    assert analysed(drawn(n=seeds, seed=4))["aa_test"][0]["passed"] is passed


def test_aa_test_fails_when_the_control_s_halves_differ():
    table = runs({"gelu": [0.5, 0.501, 0.502, 0.5, 0.499, 0.501] + [0.7] * 6})
    row = aa_test(table, "gelu", CHANCE, 0.95, 0.005)[0]
    assert (row["verdict"], row["passed"]) == ("better", False)


def test_aa_test_stands_in_a_family_of_its_own():
    table = drawn(n=20)
    alone = table[table["activation"] == "gelu"]
    assert analysed(table)["aa_test"] == analysed(alone)["aa_test"]


# Power


def test_seeds_needed_are_those_that_the_plan_states():
    sd = 0.002 * 2**0.5  # of a difference, where that of a cell is 0.2 pp
    assert seeds_needed(0.002, sd, 0.05) == 18
    assert seeds_needed(0.002, sd, 0.05 / 24) == 36


@pytest.mark.parametrize("n, alpha", [(6, 0.05), (10, 0.05), (10, 0.05 / 24), (30, 0.05 / 74)])
def test_the_detectable_difference_is_statsmodels_one(n, alpha):
    assert TTestPower().power(detectable_effect(n, alpha), n, alpha) == pytest.approx(0.8)
    assert detectable_effect(n, alpha) == pytest.approx(
        TTestPower().solve_power(nobs=n, alpha=alpha, power=0.8), rel=1e-4
    )


def test_power_is_of_the_study_s_own_sd_and_five_seeds_can_show_nothing():
    row = analysed(drawn(k=3, n=10))["power"][0]
    sds = [
        c["sd_diff"] for c in compute_contrasts(drawn(k=3, n=10), "gelu", CHANCE, 0.95, 0.005)[:3]
    ]
    assert row["sd_diff"] == pytest.approx(np.median(sds))
    assert row["mde"] == pytest.approx(row["sd_diff"] * detectable_effect(10, 0.05))
    assert row["mde_corrected"] > row["mde"]
    assert [s["difference"] for s in row["seeds_needed"]] == [0.001, 0.002, 0.005]
    assert analysed(drawn(k=3, n=5))["power"][0]["mde"] is None


def test_no_fewer_seeds_are_asked_for_than_the_flips_need():
    near = runs({"relu": [0.5] * 7 + [0.5001], "gelu": [0.5] * 8})
    assert {s["seeds"] for s in analysed(near)["power"][0]["seeds_needed"]} == {6}


def test_differences_that_are_all_equal_say_nothing_of_what_could_be_seen():
    row = analysed(runs({"relu": [0.5] * 8, "gelu": [0.5] * 8}))["power"][0]
    assert (row["mde"], row["seeds_needed"]) == (None, [])
    table = drawn(k=3, n=10)
    again = table[table["activation"] == "gelu"].assign(activation="other")
    assert analysed(pd.concat([table, again]))["power"] == analysed(table)["power"]


# Sensitivity


def test_a_verdict_that_depends_on_the_method_is_said_to():
    table = drawn(k=12, n=10, seed=1, effects=[0.01, 0.003])
    rows = analysed(table)["sensitivity"]
    sure, torn = only(rows, activation="a0"), only(rows, activation="a1")
    assert set(sure["verdicts"].values()) == {"better"}
    assert sure["agree"]
    assert torn["verdicts"]["p_t_holm"] == "better"
    assert torn["verdicts"]["p_max_t"] == "not shown"
    assert not torn["agree"]


def test_what_is_shown_only_without_correction_is_no_disagreement():
    rows = analysed(drawn(k=12, n=10, seed=1, effects=[0.01, 0.002]))["sensitivity"]
    row = only(rows, activation="a1")
    assert (row["verdicts"]["p_t"], row["verdicts"]["p_max_t"]) == ("better", "not shown")
    assert row["agree"]


def test_complete_cases_that_tell_another_story_disagree():
    rng = np.random.default_rng(0)
    cells = {"gelu": (0.5 + rng.normal(0, 0.001, 16)).tolist()}
    cells["fails"] = [None if s < 8 else x + 0.02 for s, x in enumerate(cells["gelu"])]
    row = only(analysed(runs(cells))["sensitivity"], activation="fails")
    assert (row["verdicts"]["p_max_t"], row["verdicts"]["complete_case"]) == ("worse", "better")
    assert not row["agree"]


# Diagnostics


def test_diagnostics_are_the_correlation_of_pairs_and_quantiles_of_standardised_differences():
    table = drawn(k=1, n=10)
    score = table.pivot(index="seed", columns="activation", values="test_accuracy")
    found = analysed(table)["diagnostics"][0]
    assert found["control_sd"] == pytest.approx(score["gelu"].std())
    assert found["correlations"]["a0"] == pytest.approx(
        np.corrcoef(score["a0"], score["gelu"])[0, 1]
    )
    d = score["a0"] - score["gelu"]
    np.testing.assert_allclose(
        found["qq"]["observed"], np.sort((d - d.mean()) / d.std()), rtol=1e-6
    )
    np.testing.assert_allclose(stats.norm.cdf(found["qq"]["theoretical"]), np.arange(0.05, 1, 0.1))


# Several recipes


def recipes(slow, fast, validation):
    """Two recipes of one setting; `validation` maps (recipe, activation) to its accuracy."""
    tables_ = [
        drawn(k=2, n=10, seed=1, effects=slow, recipe="slow"),
        drawn(k=2, n=10, seed=2, effects=fast, recipe="fast"),
    ]
    whole = pd.concat(tables_, ignore_index=True)
    keys = zip(whole["recipe"], whole["activation"], strict=True)
    return whole.assign(validation_accuracy=[validation.get(key, 0.5) for key in keys])


def test_a_verdict_survives_the_other_recipe_or_does_not():
    rows = analysed(recipes([0.01, 0.01], [0.01, -0.01], {}))["recipes"]["survival"]
    a0, a1 = only(rows, activation="a0"), only(rows, activation="a1")
    assert a0["verdicts"] == {"fast": "better", "slow": "better"}
    assert (a0["survives"], a0["reverses"]) == (True, False)
    assert (a1["survives"], a1["reverses"]) == (False, True)
    assert a1["differences"]["slow"] > 0 > a1["differences"]["fast"]


def test_what_no_recipe_shows_has_no_verdict_that_could_survive():
    """Though the differences lie two points apart."""
    few = recipes([0.01, 0.01], [0.01, -0.01], {}).query("seed < 5")
    rows = analysed(few)["recipes"]["survival"]
    assert {word for row in rows for word in row["verdicts"].values()} == {"not shown"}
    assert [row["survives"] for row in rows] == [None, None]
    assert max(rows[1]["differences"].values()) - min(rows[1]["differences"].values()) > 0.015


def test_the_best_recipe_is_chosen_by_validation_and_never_by_test():
    validation = {("slow", "a0"): 0.9, ("fast", "a1"): 0.9, ("slow", "gelu"): 0.9}
    table = recipes([-0.1, 0.0], [0.1, 0.0], validation)  # by test a0 would be fast
    found = analysed(table)["recipes"]["own_best"]
    chosen = {row["activation"]: row["recipe"] for row in found["chosen"]}
    assert chosen == {"a0": "slow", "a1": "fast", "gelu": "slow"}
    row = only(found["contrasts"], activation="a0")
    assert (row["recipe"], row["verdict"]) == ("own best", "worse")
    score = table.set_index(["recipe", "activation", "seed"])["test_accuracy"].sort_index()
    d = score["slow", "a0"] - score["slow", "gelu"]
    assert row["mean_diff"] == pytest.approx(d.mean())


def test_a_recipe_in_which_runs_fail_is_not_the_best():
    table = recipes([0, 0], [0, 0], {("fast", "a0"): 0.9})
    failed = (table["recipe"] == "fast") & (table["activation"] == "a0") & (table["seed"] < 8)
    table.loc[failed, ["status", "test_accuracy", "validation_accuracy"]] = ["diverged", None, None]
    chosen = analysed(table)["recipes"]["own_best"]["chosen"]
    assert only(chosen, activation="a0")["recipe"] == "slow"


@pytest.mark.parametrize(
    "table, why",
    [
        (drawn(), "one recipe only"),
        (pd.concat([drawn(recipe="a"), drawn(recipe="b")]), "not every run has a validation"),
    ],
)
def test_without_a_choice_the_reason_is_given(table, why):
    found = analysed(table)["recipes"]["own_best"]
    assert found["left_out"].startswith(why)
    assert found["chosen"] == found["contrasts"] == []


# Time to target


def test_time_to_target_is_the_first_epoch_at_the_control_s_final_accuracy_less_the_margin():
    table = runs({"gelu": [0.5, 0.5], "fast": [1.0, 0.6], "slow": [0.4, 0.45], "lost": [None, 0.9]})
    rows = analysed(table, epochs_of(table, last=10))["time_to_target"]
    assert {row["target"] for row in rows} == {0.495}
    fast = only(rows, activation="fast")  # 0.1 an epoch and 0.06 an epoch
    assert (fast["epochs"], fast["share"], fast["median"]) == ([5, 9], [0.5, 1.0], 5)
    slow = only(rows, activation="slow")
    assert (slow["n_reached"], slow["epochs"], slow["median"]) == (0, [], None)
    lost = only(rows, activation="lost")
    assert (lost["n_runs"], lost["n_reached"], lost["median"]) == (2, 1, 6)


def test_a_run_that_reached_the_target_and_then_failed_counts_as_failed():
    table = runs({"gelu": [0.5] * 3, "relu": [0.5, 0.5, None]})
    before = table.assign(status="ok", test_accuracy=0.5)
    row = only(analysed(table, epochs_of(before))["time_to_target"], activation="relu")
    assert (row["n_runs"], row["n_reached"]) == (3, 2)


def test_the_curve_and_its_median_are_those_of_kaplan_and_meier():
    cell = [0.5, 0.55, 0.6, 0.7, 0.9, None, 0.8, 0.3, 0.65]
    table = runs({"gelu": [0.5] * 9, "some": cell})
    row = only(analysed(table, epochs_of(table, last=20))["time_to_target"], activation="some")
    times = [np.ceil(0.495 / (c / 20) - 1e-9) if c and c >= 0.495 else 20 for c in cell]
    there = [bool(c and c >= 0.495) for c in cell]
    curve = SurvfuncRight(np.array(times), np.array(there))
    np.testing.assert_allclose(row["share"], 1 - curve.surv_prob)
    assert row["epochs"] == curve.surv_times.tolist()
    assert row["median"] == curve.quantile(0.5)


def test_without_epochs_or_a_control_that_lives_there_is_no_target():
    assert analysed(drawn())["time_to_target"] == []
    dead = runs({"gelu": [None, None], "relu": [0.5, 0.5]})
    assert analysed(dead, epochs_of(dead))["time_to_target"] == []


# Cost


def test_costs_are_ratios_to_relu_on_the_same_machine_and_never_pooled_over_machines():
    table = runs({"gelu": [0.5] * 4, "relu": [0.5] * 4})
    costs = costs_of(table)
    costs["host"] = ["old", "old", "new", "new"] * 2
    costs["train_seconds"] = [30.0, 30.0, 3.0, 3.0, 20.0, 20.0, 1.0, 1.0]
    cells = analysed(table, costs=costs)["cost"]["cells"]
    assert only(cells, activation="gelu", host="old")["ratio"] == pytest.approx(1.5)
    assert only(cells, activation="gelu", host="new")["ratio"] == pytest.approx(3)
    assert only(cells, activation="relu", host="new")["seconds_per_image"] == pytest.approx(0.01)
    assert only(cells, activation="relu", host="new")["accuracy_per_second"] == pytest.approx(0.5)


def test_without_relu_the_control_is_the_reference_and_without_either_there_is_no_ratio():
    table = runs({"gelu": [0.5], "tanh": [0.5]})
    cells = analysed(table, costs=costs_of(table))["cost"]["cells"]
    assert [(c["reference"], c["ratio"]) for c in cells] == [("gelu", 1), ("gelu", 1)]
    other = analysed(table, costs=costs_of(table), control="mish")["cost"]["cells"]
    assert {(c["reference"], c["ratio"]) for c in other} == {(None, None)}


def test_the_pareto_front_is_what_nobody_beats_in_accuracy_and_time_at_once():
    table = runs({"cheap": [0.5], "good": [0.9], "dear": [0.7], "gelu": [0.5]})
    costs = costs_of(table)
    costs["train_seconds"] = costs["activation"].map({"cheap": 1, "good": 2, "dear": 3, "gelu": 1})
    cells = analysed(table, costs=costs)["cost"]["cells"]
    assert {c["activation"] for c in cells if c["on_front"]} == {"cheap", "good", "gelu"}


def test_contrasts_whose_pairs_mix_devices_are_marked():
    table = runs({"relu": [0.5] * 3, "tanh": [0.5] * 3, "gelu": [0.5] * 3})
    costs = costs_of(table)
    assert analysed(table, costs=costs)["cost"]["mixed"] == []
    costs.loc[(costs["activation"] == "relu") & (costs["seed"] > 0), "device"] = "cuda"
    found = analysed(table, costs=costs)["cost"]
    row = only(found["mixed"], activation="relu")
    assert (row["n_pairs"], row["n_mixed"]) == (3, 2)
    assert [(e["device"], e["n_runs"]) for e in found["executions"]] == [("cpu", 7), ("cuda", 2)]


# The file


def strict(schema):
    """The schema with every property required, as its head says."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            properties = schema["properties"].items()
            schema["required"] = [name for name, about in properties if "x-optional" not in about]
        for value in schema.values():
            strict(value)
    return schema


def study():
    """Two recipes and data sets with failures, images, epochs and costs."""
    rng = np.random.default_rng(0)
    where = enumerate([("a", "digits"), ("a", "cifar10"), ("b", "digits")])
    parts = [drawn(k=3, n=7, seed=i, effects=[0.01], recipe=r, dataset=d) for i, (r, d) in where]
    table = pd.concat(parts, ignore_index=True)
    table["validation_accuracy"] = table["test_accuracy"]
    failed = (table["activation"] == "a2") & (table["seed"] == 0)
    bits = [np.packbits(rng.random(50) < 0.8).tobytes() for _ in range(len(table))]
    table = table.assign(correct=bits, n_test=50)
    table.loc[failed, ["status", "test_accuracy", "validation_accuracy"]] = ["diverged", None, None]
    table.loc[failed, "correct"] = None
    return table, epochs_of(table), costs_of(table)


def text(found):
    return json.dumps(found, indent=1, allow_nan=False)


EDGES = {
    "a whole study": study(),
    "one seed": (drawn(n=1),),
    "two seeds": (drawn(n=2),),
    "five seeds": (drawn(n=5),),
    "one activation beside the control": (drawn(k=1),),
    "the control alone": (drawn(k=0, n=40),),
    "everything diverged": (runs({"relu": [None] * 6, "gelu": [None] * 6}),),
    "everything diverged in one setting": (
        pd.concat([drawn(), runs({"a0": [None] * 6, "gelu": [None] * 6}, dataset="cifar10")]),
    ),
    "no control in one setting": (
        pd.concat([drawn(), drawn(dataset="cifar10").query("activation != 'gelu'")]),
    ),
    "no control at all": (drawn().query("activation != 'gelu'"),),
    "all scores equal": (runs({"relu": [0.5] * 8, "gelu": [0.5] * 8}),),
    "unbalanced": (runs({"relu": {0: 0.5, 5: 0.6}, "tanh": {9: 0.1}, "gelu": {5: 0.5, 0: 0.4}}),),
    "no seed in common": (runs({"relu": {0: 0.5, 1: 0.6}, "gelu": {2: 0.5, 3: 0.4}}),),
    "seeds of data sets differ": (
        pd.concat([drawn(n=6), drawn(n=8, dataset="cifar10").query("seed > 3")]),
    ),
}


@pytest.mark.parametrize("case", EDGES)
def test_the_analysis_is_what_its_schema_says(case):
    found = json.loads(text(analysed(*EDGES[case])))
    schema = strict(yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))
    jsonschema.Draft202012Validator(schema).validate(found)
    tables.table(found["summaries"], tables.SUMMARIES)
    tables.table(found["contrasts"], tables.CONTRASTS)


def test_the_schema_names_the_columns_of_the_tables_and_the_words_of_the_plan():
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    assert set(schema["$defs"]["contrast"]["properties"]) == set(tables.CONTRASTS.names)
    summary = schema["properties"]["summaries"]["items"]["properties"]
    assert list(summary) == tables.SUMMARIES.names
    stated = plan.analysis_plan("gelu", 0.95, 0.005, {}, 1)
    assert list(stated["verdicts"]) == schema["$defs"]["verdict"]["enum"]


def test_every_method_of_the_plan_points_at_what_there_is():
    found = analysed(*study())
    there = {*found, *found["contrasts"][0], *found["summaries"][0], *found["settings"][0]}
    for method in found["plan"]["methods"]:
        assert set(method["columns"]) <= there


def test_the_same_tables_in_any_order_of_rows_give_the_same_bytes():
    table, epochs, costs = study()
    mixed = [t.sample(frac=1, random_state=1) for t in (table, epochs, costs)]
    assert text(analysed(table, epochs, costs)) == text(analysed(*mixed))


def test_five_pairs_are_descriptive_only_and_six_are_more():
    assert analysed(drawn(n=5))["settings"][0]["descriptive_only"]
    assert not analysed(drawn(n=6))["settings"][0]["descriptive_only"]
    assert not analysed(drawn(k=0, n=40))["settings"][0]["descriptive_only"]  # the control alone


def test_the_simulation_runs():
    script = SCHEMA.parents[4] / "benchmarks/simulation.py"
    done = subprocess.run([sys.executable, script, "2", "5"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "| none differs, normal, n = 5 | 2 |" in done.stdout


def test_nothing_but_cost_depends_on_costs():
    table, epochs, costs = study()
    slow = costs.assign(train_seconds=99.0, host="other")
    a, b = (analysed(table, epochs, c) for c in (costs, slow))
    assert a.pop("cost") != b.pop("cost")
    assert a == b


def test_a_large_study_is_analysed_within_seconds():
    parts = [drawn(k=24, n=30, seed=i, dataset=d) for i, d in enumerate(CHANCE)]
    table = pd.concat(parts, ignore_index=True)
    start = time.process_time()
    analysed(table, epochs_of(table, 20), costs_of(table))
    assert time.process_time() - start < 20  # about 3 s where this was written
