"""Contrasts: what they are by hand, what independent implementations say, what cannot matter."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from comparing import CHANCE, compared, drawn, runs
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from activarium import tables
from activarium.compare.contrasts import compute_contrasts, decide_verdict, study_wide_p
from activarium.compare.paired_tests import (
    adjust_p_values,
    holm,
    paired_t_test,
    sign_flip_test,
    superiority,
    tost,
    wilcoxon_test,
)
from activarium.compare.permutation_tests import (
    absolute_t,
    critical_values,
    max_t,
    sign_patterns,
    smallest_p,
)
from activarium.compare.scores import CompareError, differences_from, pivot_scores, sorted_values

RAW = ("n_pairs", "mean_diff", "sd_diff", "low", "high", "p_t", "p_wilcoxon", "p_signflip",
       "p_tost", "p_superior", "cliffs_delta", "wins", "ties", "losses")  # fmt: skip
RNG = np.random.default_rng(5)
SAMPLES = [
    RNG.normal(0.001, 0.002, 7),
    RNG.normal(0, 0.002, 12),
    RNG.integers(-4, 6, 10) / 1000,  # ties and zeros, as accuracies have
    np.array([0.001, 0.001, 0.001, -0.001]),
    np.array([0.002, -0.001]),
]


def same(a, b):
    return all(a[k] == b[k] or (np.isnan(a[k]) and np.isnan(b[k])) for k in RAW)


# By hand


def test_a_contrast_is_the_mean_paired_difference_activation_minus_control():
    row = compared(runs({"relu": [0.5, 0.7, 0.6], "gelu": [0.4, 0.7, 0.7]}))["relu"]
    assert row["n_pairs"] == 3
    assert row["mean_diff"] == pytest.approx(0)
    assert row["sd_diff"] == pytest.approx(0.1)
    assert row["high"] == pytest.approx(4.302652729911275 * 0.1 / 3**0.5)
    assert (row["wins"], row["ties"], row["losses"]) == (1, 1, 1)
    assert row["p_superior"] == 0.5
    assert row["cliffs_delta"] == pytest.approx((3 - 4) / 9)  # of nine pairs two are ties


def test_a_mean_of_zero_has_p_one_though_its_sum_is_zero_only_nearly():
    d = sorted_values(np.array([-8, -5, -3, -2, 5, 6, 7]) / 1000)
    assert np.sum(d) != 0
    assert sign_flip_test(d) == max_t(d[None])[0] == 1


def test_three_wins_out_of_three_are_one_sign_pattern_in_four():
    d = np.array([0.01, 0.02, 0.03])
    assert sign_flip_test(d) == wilcoxon_test(d) == 2 / 8


def test_max_t_by_hand():
    # Two seeds have two patterns up to a common sign: t is 3 or 1/3, and 1/3 or 3.
    d = np.array([[0.01, 0.02], [0.02, -0.01]])
    np.testing.assert_allclose(absolute_t(sign_patterns(2), d), [[3, 1 / 3], [1 / 3, 3]])
    np.testing.assert_allclose(max_t(d), [1, 1])
    np.testing.assert_allclose(max_t(d[:1]), [0.5])


def test_the_columns_are_those_of_the_table():
    rows = compute_contrasts(drawn(), "gelu", CHANCE, 0.95, 0.005)
    assert {tuple(sorted(row)) for row in rows} == {tuple(sorted(tables.CONTRASTS.names))}


@pytest.mark.parametrize(
    "mean_diff, p, p_equivalent, word",
    [
        (0.01, 0.049, 0.9, "better"),
        (-0.01, 0.049, 0.9, "worse"),
        (0.001, 0.049, 0.001, "better"),
        (0.001, 0.05, 0.049, "equivalent"),
        (0.001, 0.05, 0.05, "not shown"),
        (0.01, float("nan"), float("nan"), "not shown"),
    ],
)
def test_the_difference_is_decided_before_equivalence(mean_diff, p, p_equivalent, word):
    assert decide_verdict(mean_diff, p, p_equivalent, 0.95) == word


def test_true_differences_are_found_and_equal_ones_called_equivalent():
    rows = compared(drawn(k=6, n=20, effects=[0.01, -0.01]))
    words = [rows[f"a{i}"]["verdict"] for i in range(6)]
    assert words == ["better", "worse", *["equivalent"] * 4]


# Held against independent implementations


@pytest.mark.parametrize("d", SAMPLES)
def test_the_sign_flip_p_is_scipy_s_permutation_test(d):
    expected = stats.permutation_test(
        (d, np.zeros_like(d)), lambda a, b: np.mean(a - b), permutation_type="samples",
        n_resamples=np.inf,
    ).pvalue  # fmt: skip
    assert sign_flip_test(sorted_values(d)) == pytest.approx(expected)


@pytest.mark.parametrize("d", SAMPLES)
def test_the_wilcoxon_p_is_scipy_s_enumeration_given_the_ties(d):
    d = d[d != 0]
    expected = stats.wilcoxon(d, method=stats.PermutationMethod(n_resamples=np.inf)).pvalue
    assert wilcoxon_test(d) == pytest.approx(expected)


@pytest.mark.parametrize("n", [20, 30, 50])
def test_the_wilcoxon_p_is_scipy_s_exact_one_without_ties(n):
    d = np.random.default_rng(n).normal(0.3, 1, n)
    assert wilcoxon_test(d) == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)


@pytest.mark.parametrize("d", SAMPLES)
def test_tost_is_statsmodels_one(d):
    expected = ttost_paired(d, np.zeros_like(d), -0.003, 0.003)[0]
    assert tost(d, 0.003) == pytest.approx(expected)


@pytest.mark.parametrize("n", [190, 300])
def test_the_wilcoxon_p_of_many_pairs_is_near_the_normal_one(n):
    d = np.random.default_rng(1).integers(-50, 53, n) / 1000
    assert wilcoxon_test(d) == pytest.approx(
        stats.wilcoxon(d, method="asymptotic").pvalue, rel=0.02
    )


def test_tost_and_paired_t_are_pingouin_s():
    pingouin = pytest.importorskip("pingouin", reason="pingouin is not installed")
    a, b = SAMPLES[1] + 0.8, RNG.normal(0.8, 0.002, 12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pingouin.tost(a, b, bound=0.003, paired=True)
        t = pingouin.ttest(a, b, paired=True)
    assert tost(a - b, 0.003) == pytest.approx(float(found["pval"].iloc[0]))
    assert paired_t_test(a - b) == pytest.approx(float(t["p_val"].iloc[0]))


def test_cliffs_delta_is_scipy_s_mann_whitney():
    table = drawn(n=9)
    a, b = (table.loc[table["activation"] == x, "test_accuracy"] for x in ("a0", "gelu"))
    expected = 2 * stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)) - 1
    assert compared(table)["a0"]["cliffs_delta"] == pytest.approx(expected)


def enumerated(d, centre=False):
    """max-T p of complete families by scipy's own t, pattern by pattern."""
    n = d.shape[1]
    patterns = np.array(list(itertools.product([1, -1], repeat=n)))
    flipped = patterns[:, None, :] * (d - d.mean(1, keepdims=True) * centre)
    largest = np.abs(stats.ttest_1samp(flipped, 0, axis=2).statistic).max(1)
    observed = np.abs(stats.ttest_1samp(d, 0, axis=1).statistic)
    if centre:
        return np.quantile(largest, 0.95, method="higher")
    return (largest >= observed[:, None] * (1 - 1e-9)).mean(1)


@pytest.mark.parametrize("n", [3, 6, 9])
def test_max_t_and_its_intervals_are_the_enumeration_by_scipy(n):
    d = np.random.default_rng(n).normal(0.1, 1, (5, n))
    np.testing.assert_allclose(max_t(d), enumerated(d))
    np.testing.assert_allclose(critical_values(d, 0.95), enumerated(d, centre=True))


def test_holm_and_benjamini_hochberg_are_those_of_scikit_posthocs_and_statsmodels():
    posthocs = pytest.importorskip("scikit_posthocs", reason="scikit-posthocs is not installed")
    table = drawn(k=5, n=12, effects=[0.002, 0.004])
    groups = [g["test_accuracy"].to_numpy() for _, g in table.groupby("activation")]
    raw = posthocs.posthoc_ttest(groups).to_numpy()[np.triu_indices(6, 1)]
    corrected = posthocs.posthoc_ttest(groups, p_adjust="holm").to_numpy()[np.triu_indices(6, 1)]
    np.testing.assert_allclose(adjust_p_values(raw), corrected)
    np.testing.assert_allclose(
        adjust_p_values(raw, stats.false_discovery_control), multipletests(raw, method="fdr_bh")[1]
    )


def test_a_p_value_that_is_missing_counts_for_nothing_in_its_family():
    p = adjust_p_values([0.01, np.nan, 0.04])
    assert np.isnan(p[1])
    np.testing.assert_allclose(p[::2], multipletests([0.01, 0.04], method="holm")[1])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_is_statsmodels_one(p_values):
    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1])


def test_drawn_flips_come_near_the_exact_ones():
    d = np.random.default_rng(3).normal(0.4, 1, 15)
    sums = np.abs(np.array(list(itertools.product([1, -1], repeat=15))) @ d)
    exact = np.mean(sums >= sums[0])
    assert sign_flip_test(sorted_values(d)) == pytest.approx(exact, abs=4 * (exact / 20_000) ** 0.5)


# What cannot matter

scores = st.integers(0, 40).map(lambda i: 0.8 + i / 1000)
cells = st.lists(scores, min_size=8, max_size=8)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(cells, min_size=3, max_size=5),
    st.permutations(range(8)),
    st.permutations(range(30)),
)
def test_raw_numbers_know_neither_pool_nor_order_nor_names_nor_seed_labels(pool, seeds, order):
    names = [f"a{i}" for i in range(len(pool) - 1)]
    whole = runs(dict(zip([*names, "gelu"], pool, strict=True)))
    expected = compared(whole)["a0"]

    alone = whole[whole["activation"].isin(["a0", "gelu"])]
    assert same(compared(alone)["a0"], expected)
    shuffled = whole.iloc[sorted(range(len(whole)), key=lambda i: order[i % 30])]
    assert same(compared(shuffled)["a0"], expected)
    renamed = whole.replace({"activation": {"a0": "zz", "gelu": "control"}})
    assert same(compared(renamed, "control")["zz"], expected)
    relabelled = whole.assign(seed=[100 - 7 * seeds[s] for s in whole["seed"]])
    found = compared(relabelled)
    assert same(found["a0"], expected)
    assert found["a0"]["p_max_t"] == expected["p_max_t"]


def test_drawn_flips_know_no_seed_labels_either():
    table = drawn(k=3, n=20, effects=[0.002])
    mixed = table.assign(seed=[(7 * s + 3) % 20 for s in table["seed"]])
    a, b = compared(table)["a0"], compared(mixed)["a0"]
    assert a["p_signflip"] == b["p_signflip"]
    assert a["p_max_t"] == b["p_max_t"]
    assert 0.0001 < a["p_max_t"] < 0.9


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=12))
def test_tests_are_symmetric_and_probabilities(values):
    d = sorted_values(np.array(values) / 1000)
    for test in (paired_t_test, sign_flip_test, wilcoxon_test):
        p = test(d)
        assert np.isnan(p) or 0 <= p <= 1
        assert p == pytest.approx(test(sorted_values(-d)), nan_ok=True)
    assert superiority(d) + superiority(-d) == pytest.approx(1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=2, max_size=9))
def test_the_max_t_of_one_contrast_is_its_sign_flip_test(values):
    d = sorted_values(np.array(values) / 1000)
    assert max_t(d[None])[0] == sign_flip_test(d)


def test_corrected_p_values_are_never_below_raw_ones():
    for row in compared(drawn(k=8, n=11, effects=[0.002, 0.004])).values():
        assert row["p_t"] <= row["p_t_holm"]
        assert row["p_tost"] <= row["p_tost_holm"]
        assert row["p_max_t"] <= row["p_max_t_study"]
        assert row["low_simultaneous"] < row["low"] < row["high"] < row["high_simultaneous"]


def test_the_corrected_columns_are_those_of_the_setting_s_family():
    rows = list(compared(drawn(k=8, n=11, effects=[0.002, 0.004])).values())
    for name in ("p_t", "p_wilcoxon", "p_tost"):
        expected = multipletests([row[name] for row in rows], method="holm")[1]
        np.testing.assert_allclose([row[f"{name}_holm"] for row in rows], expected)


# Edges


def test_all_zero_differences_are_no_difference_and_no_equivalence():
    row = compared(runs({"relu": [0.5, 0.7, 0.6], "gelu": [0.5, 0.7, 0.6]}))["relu"]
    assert (row["mean_diff"], row["sd_diff"]) == (0, 0)
    ends = ("low", "high", "low_simultaneous", "high_simultaneous", "p_tost", "p_tost_holm")
    assert all(np.isnan(row[end]) for end in ends)
    assert row["p_superior"] == 0.5
    ps = [row[p] for p in ("p_t", "p_max_t", "p_max_t_study", "p_wilcoxon", "p_signflip")]
    assert ps == [1, 1, 1, 1, 1]
    assert row["verdict"] == "not shown"


def test_scores_that_differ_in_the_last_bit_are_ties():
    row = compared(runs({"relu": [0.1 + 0.2, 0.5], "gelu": [0.3, 0.5]}))["relu"]
    assert (row["ties"], row["p_wilcoxon"], row["p_t"]) == (2, 1, 1)


def test_seeds_pair_by_their_value_and_the_others_are_left_out():
    table = runs({"relu": {7: 0.9, 3: 0.5, 1: 0.1}, "gelu": {1: 0.2, 3: 0.4, 5: 0.3}})
    row = compared(table)["relu"]
    assert row["n_pairs"] == 2
    assert row["mean_diff"] == pytest.approx(0)


def test_unequal_pairs_keep_their_own_and_are_compared_by_their_tails():
    # Two pairs with a t of 201 on one degree must not hide ten pairs with a t of 9.
    strong = np.random.default_rng(1).normal(3, 1, 10)
    few = np.full(10, np.nan)
    few[:2] = [0.01, 0.0101]
    p = max_t(np.array([strong, few]))
    assert p[0] < 0.01
    assert p[1] == pytest.approx(0.5, abs=0.01)
    reach = critical_values(np.array([strong, few]), 0.95)
    assert reach[1] > reach[0] > stats.t.ppf(0.975, 9)


def test_a_contrast_with_one_pair_has_no_test_and_does_not_disturb_the_others():
    table = drawn(k=2, n=8, effects=[0.01])
    one = runs({"once": {0: 0.99}})
    with_it = compared(pd.concat([table, one]))
    assert np.isnan(with_it["once"]["p_max_t"])
    assert np.isnan(with_it["once"]["low_simultaneous"])
    assert with_it["once"]["verdict"] == "not shown"
    for name in ("p_max_t", "p_t_holm", "low_simultaneous"):
        assert with_it["a0"][name] == compared(table)["a0"][name]


@pytest.mark.parametrize("n, p", [(5, 0.0625), (6, 0.03125), (10, 2 / 1024)])
def test_the_smallest_p_is_that_of_n_seeds_all_on_one_side(n, p):
    d = np.linspace(0.9, 1.1, n)
    assert sign_flip_test(d) == wilcoxon_test(d) == max_t(d[None])[0] == smallest_p(n) == p


def test_five_seeds_cannot_be_better_and_no_corrected_rank_test_is_claimed_below_ten():
    huge = compared(drawn(k=2, n=5, effects=[0.5]))["a0"]
    assert huge["verdict"] == "not shown"
    for n, there in ((9, False), (10, True)):
        assert np.isnan(compared(drawn(n=n))["a0"]["p_wilcoxon_holm"]) != there


def test_a_failure_scores_as_chance_and_is_left_out_of_the_complete_case():
    table = runs({"relu": [0.5, None, 0.5], "gelu": [0.5, 0.5, 0.5]})
    rows = compute_contrasts(table, "gelu", CHANCE, 0.95, 0.005)
    by = {row["failures"]: row for row in rows}
    assert by["chance"]["mean_diff"] == pytest.approx((0.1 - 0.5) / 3)
    assert by["complete_case"]["n_pairs"] == 2
    assert by["complete_case"]["mean_diff"] == 0


def test_failures_on_a_data_set_without_a_known_chance_are_refused():
    table = runs({"relu": [None], "gelu": [0.5]}, dataset="mine")
    with pytest.raises(CompareError, match="chance: 'mine' has diverged runs"):
        compute_contrasts(table, "gelu", CHANCE, 0.95, 0.005)


def test_a_setting_without_the_control_has_contrasts_that_say_nothing():
    row = compared(runs({"relu": [0.5, 0.6], "tanh": [0.5, 0.4]}))["relu"]
    assert (row["n_pairs"], row["verdict"], row["control"]) == (0, "not shown", "gelu")
    assert np.isnan(row["mean_diff"])


def test_the_control_alone_has_no_contrast():
    assert compute_contrasts(runs({"gelu": [0.5, 0.6]}), "gelu", CHANCE, 0.95, 0.005) == []


def test_one_max_t_of_the_study_flips_all_settings_by_seed():
    one, two = drawn(k=3, n=9, effects=[0.004]), drawn(k=3, n=9, seed=1, dataset="cifar10")
    rows = compute_contrasts(pd.concat([one, two]), "gelu", CHANCE, 0.95, 0.005)
    found = [row["p_max_t_study"] for row in rows if row["failures"] == "chance"]
    tables_of = [pivot_scores(t.assign(score=t["test_accuracy"])) for t in (two, one)]
    d = np.vstack([differences_from(table, "gelu").to_numpy().T for table in tables_of])
    np.testing.assert_allclose(found, enumerated(d))
    assert study_wide_p([], "gelu") == []


def test_the_signs_of_the_study_go_over_the_union_of_its_seeds():
    early = drawn(k=2, n=5, effects=[0.003])
    late = drawn(k=2, n=5, seed=1, dataset="cifar10").assign(seed=lambda t: t["seed"] + 3)
    rows = compute_contrasts(pd.concat([late, early]), "gelu", CHANCE, 0.95, 0.005)
    found = [row["p_max_t_study"] for row in rows if row["failures"] == "chance"]
    parts = [
        differences_from(pivot_scores(t.assign(score=t["test_accuracy"])), "gelu")
        for t in (late, early)
    ]
    d = np.full((4, 8), np.nan)  # eight seeds, of which both have 3 and 4
    d[:2, 3:], d[2:, :5] = parts[0].to_numpy().T, parts[1].to_numpy().T
    patterns = np.array(list(itertools.product([1, -1], repeat=8)))
    flipped = stats.ttest_1samp(patterns[:, None] * d, 0, axis=2, nan_policy="omit").statistic
    observed = np.abs(stats.ttest_1samp(d, 0, axis=1, nan_policy="omit").statistic)
    largest = np.abs(flipped).max(1)
    np.testing.assert_allclose(found, (largest >= observed[:, None] * (1 - 1e-9)).mean(1))


def test_what_one_setting_holds_changes_no_other():
    alone = compared(drawn(k=3, n=9, effects=[0.004]))
    both = pd.concat([drawn(k=3, n=9, effects=[0.004]), drawn(seed=1, dataset="cifar10")])
    rows = compute_contrasts(both, "gelu", CHANCE, 0.95, 0.005)
    found = [r for r in rows if r["dataset"] == "digits" and r["failures"] == "chance"]
    for row in found:
        for name in (*RAW, "p_max_t", "p_t_holm", "p_tost_holm", "verdict"):
            assert row[name] == alone[row["activation"]][name]
