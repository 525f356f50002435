"""What is computed for all pairs at once is what each pair gives alone, to the last bit."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from activarium.compare import pairwise_max_t
from activarium.compare.all_pairs import compare_all_pairs
from activarium.compare.paired_tests import mean, paired_t_test, superiority, t_interval
from activarium.compare.permutation_tests import max_t
from activarium.compare.scores import differences_from, sorted_values

KINDS = ["distinct", "equal", "twins", "coarse", "thirds", "missing", "holes", "two"]


def scores(kind, seed):
    """Scores of a few activations, DataFrame [seeds, activations]."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    n, k = (2 if kind == "two" else int(rng.integers(3, 18))), int(rng.integers(2, 9))
    effects = rng.normal(0, 0 if kind == "equal" else 0.01, k)
    values = (0.8 + effects + rng.normal(0, 0.005, (n, k))).round(2 if kind == "coarse" else 4)
    if kind == "twins":
        values[:, 0] = values[:, -1]
    if kind == "thirds":
        values = (values * 1397).round() / 1397
    if kind == "missing":
        values[rng.random(values.shape) < 0.15] = np.nan
    if kind == "holes":  # of two activations; the others have all seeds
        values = np.tile(values, 3) + rng.normal(0, 0.002, (n, 3 * k)).round(4)
        values[rng.random(n) < 0.3, 0] = np.nan
        values[:2, -1] = np.nan
    return pd.DataFrame(values, columns=[f"a{i}" for i in range(values.shape[1])])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_all_pairs_at_once_have_the_p_of_one_family(kind, seed):
    table = scores(kind, seed)
    family = max_t(pairwise_max_t.pair_differences(table))
    np.testing.assert_array_equal(pairwise_max_t.pairwise_max_t(table), family)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_beaten_is_so_by_a_test_of_its_own(kind, seed):
    table, beaten = scores(kind, seed), []
    for name in table:
        d = differences_from(table, name).to_numpy().T
        if np.any((max_t(d) < 0.05) & (np.nansum(d, axis=1) > 0)):
            beaten.append(name)
    assert pairwise_max_t.find_beaten(table, 0.95) == beaten


def test_the_bound_that_saves_the_patterns_is_above_what_they_give():
    table = scores("distinct", 0)
    while len(table) < 16:
        table = pd.concat([table, table + 1e-3], ignore_index=True)
    d = differences_from(table, "a0").to_numpy().T
    ratios = np.abs(d.sum(1)) / np.sqrt(len(table) * (d**2).sum(1))
    bounds = [pairwise_max_t._bound(ratio, len(table), len(d)) for ratio in ratios]
    assert min(bounds) < 1 and all(max_t(d) <= np.maximum(bounds, 1 / 20_001))


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_all_pairs_is_what_the_pair_gives_alone(kind):
    table = scores(kind, 5)
    for row in compare_all_pairs(table, 0.95):
        d = sorted_values((table[row["activation"]] - table[row["other"]]).round(10))
        low, high = t_interval(d, 0.95)
        alone = [len(d), mean(d), low, high, superiority(d), paired_t_test(d)]
        names = ["n_pairs", "mean_diff", "low", "high", "p_superior", "p_t"]
        np.testing.assert_array_equal([row[n] for n in names], alone)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_a_t_test_has_the_bits_of_scipy(alternative):
    rng = np.random.default_rng(0)
    for n in (2, 3, 8, 13, 30):
        d = rng.normal(0.001, 0.003, n)
        theirs = float(stats.ttest_1samp(d, 0, alternative=alternative).pvalue)
        assert paired_t_test(d, alternative) == theirs
