"""Do the comparisons keep their promises? Studies with a known truth, drawn many times.

python benchmarks/simulation.py [REPETITIONS [SEEDS …]] prints the tables of docs/statistics.md.
Where flips are drawn (20 seeds), 2 000 of them instead of 20 000: the test has the same level at
any number of flips, and ten times as many studies can be drawn.
"""

import sys
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

import pandas as pd  # noqa: E402

from activarium.compare import permutation_tests  # noqa: E402
from activarium.compare.best import judge_control, list_possible_best  # noqa: E402
from activarium.compare.paired_tests import holm, t_interval  # noqa: E402
from activarium.compare.permutation_tests import critical_values, max_t  # noqa: E402
from activarium.compare.rank_intervals import rank_intervals  # noqa: E402
from activarium.compare.retuning import gains_of_another_tuning, predict_difference, run_sd  # noqa: E402

CONTRASTS, SETTINGS, SD = 24, 3, 0.002  # sd of a cell: 0.2 pp, as seen on CIFAR-10
MARGIN, CONFIDENCE, LEVEL = 0.005, 0.95, 0.05
NONE = np.zeros((SETTINGS, CONTRASTS))
SOME = NONE.copy()
SOME[0, :12] = 0.01  # half of one data set, which Holm over data sets would not survive
EDGE = NONE.copy()
EDGE[:, :12] = MARGIN  # just not equivalent
permutation_tests.DRAWN = 2_000
TRUTHS = {"none differs": NONE, "some differ": SOME, "half at the margin": EDGE}
TUNED, TUNING_SEEDS, VALIDATION_SD = 8, 2, 0.004  # of a tuning run: twice that of a score
CURVES = {  # true accuracies at four rates, beside the best: the control's, and all others'
    "all rates alike": ((0, 0, 0, 0),) * 2,
    "second best 0.3 pp behind": ((-0.01, 0, -0.003, -0.01),) * 2,
    "second best 0.6 pp behind": ((-0.01, 0, -0.006, -0.01),) * 2,
    "second best 2 pp behind": ((-0.03, 0, -0.02, -0.03),) * 2,
    "control alike, others 0.3 pp": ((0, 0, 0, 0), (-0.01, 0, -0.003, -0.01)),
}
NOISES = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy tails": lambda rng, shape: rng.standard_t(3, shape) / 3**0.5,
}


def study(rng, truth, noise, n):
    """Paired differences [settings, contrasts, seeds], the control's own noise in all of them."""
    control = noise(rng, (SETTINGS, 1, n))
    return truth[..., None] + SD * (noise(rng, (SETTINGS, CONTRASTS, n)) - control)


def claims(d, truth):
    """Which promises one study breaks, {promise: broken or share broken}."""
    p = np.array([max_t(family) for family in d])
    p_study = max_t(d.reshape(-1, d.shape[-1])).reshape(p.shape)
    null = truth == 0
    raw = one_sample(d, 0)
    t_ends = np.array([t_interval(x, CONFIDENCE) for x in d[0]])
    mean, se = d[0].mean(1), d[0].std(1, ddof=1) / np.sqrt(d.shape[-1])
    reach = critical_values(d[0], CONFIDENCE) * se
    tost = np.maximum(one_sample(d[0], -MARGIN, "greater"), one_sample(d[0], MARGIN, "less"))
    equivalent = (holm(tost) < LEVEL) & (p[0] >= LEVEL)
    return {
        "uncorrected, a setting": np.any(raw[0] < LEVEL, where=null[0]),
        "t and Holm, a setting": np.any(holm(raw[0]) < LEVEL, where=null[0]),
        "max-T, a setting": np.any(p[0] < LEVEL, where=null[0]),
        "max-T, any of 3 settings": np.any(p < LEVEL, where=null),
        "max-T of the study": np.any(p_study < LEVEL, where=null),
        "t interval misses": np.mean((t_ends[:, 0] > truth[0]) | (t_ends[:, 1] < truth[0])),
        "any simultaneous one misses": np.any(np.abs(mean - truth[0]) > reach),
        "false equivalent": np.any(equivalent & (np.abs(truth[0]) >= MARGIN)),
    }


def one_sample(d, mean, alternative="two-sided"):
    """p of the t test of every contrast in `d` [… , seeds] at once."""
    return stats.ttest_1samp(d, mean, axis=-1, alternative=alternative).pvalue


def unequal(rng, n):
    """The same promises of one setting where every pair is missing with probability 0.2."""
    d = study(rng, NONE, NOISES["normal"], n)[0]
    d[rng.random(d.shape) < 0.2] = np.nan
    pairs = (~np.isnan(d)).sum(1)
    d = d[pairs > 1]
    reach = critical_values(d, CONFIDENCE) * np.nanstd(d, axis=1, ddof=1) / pairs[pairs > 1] ** 0.5
    return {
        "max-T, a setting": np.nanmin(max_t(d)) < LEVEL,
        "any simultaneous one misses": np.any(np.abs(np.nanmean(d, axis=1)) > reach),
    }


def best(rng, n):
    """The claims about ranks and the best, at their least favourable truths."""
    true = -SD * np.repeat([0, 2, 4, 8], 2)  # every true rank is shared by two
    scores = pd.DataFrame(true + SD * rng.normal(size=(n, len(true))))
    ranks = rank_intervals(scores, CONFIDENCE)
    wrong = [
        ranks[i]["rank_low"] > 1 + (true > t).sum() or ranks[i]["rank_high"] < (true >= t).sum()
        for i, t in enumerate(true)
    ]
    one_as_good = pd.DataFrame(SD * rng.normal(size=(n, CONTRASTS + 1)))
    one_as_good.loc[:, 2:] -= 0.05
    claim = judge_control(one_as_good, 0, [], CONFIDENCE)
    equals = pd.DataFrame(SD * rng.normal(size=(n, 8)))
    return {
        "a rank outside": any(wrong),
        "the best left out": 0 not in list_possible_best(equals, CONFIDENCE),
        "false supported": claim["verdict"] == "supported",
    }


def unlike(rng, n):
    """Whether the one of smallest and the one of largest spread of eight equals are ruled out."""
    spreads = SD * np.geomspace(0.5, 2, 8)
    left = list_possible_best(pd.DataFrame(spreads * rng.normal(size=(n, 8))), CONFIDENCE)
    return {"smallest sd left out": 0 not in left, "largest sd left out": 7 not in left}


def edge(rng, n):
    """How often p_max_t and the simultaneous interval disagree, of contrasts within ± 0.6 pp."""
    truth = NONE + rng.uniform(-0.006, 0.006, NONE.shape)
    d = study(rng, truth, NOISES["normal"], n)[0]
    reach = critical_values(d, CONFIDENCE) * d.std(1, ddof=1) / n**0.5
    by_p, by_interval = max_t(d) < LEVEL, np.abs(d.mean(1)) > reach
    return {
        "shown by both": np.mean(by_p & by_interval),
        "by p_max_t alone": np.mean(by_p & ~by_interval),
        "by the interval alone": np.mean(~by_p & by_interval),
    }


def power(rng, n, effect):
    """Whether one true difference among 24 contrasts is found, by max-T and without correction."""
    truth = NONE.copy()
    truth[0, 0] = effect
    d = study(rng, truth, NOISES["normal"], n)[0]
    return {"max-T": max_t(d)[0] < LEVEL, "uncorrected": one_sample(d[0], 0) < LEVEL}


def tuned(rng, curves, n):
    """Claims among activations that tuning gave a value each, all with the same true curve.

    The first of `curves` is the control's, [candidates]; the second that of all others.
    """
    control, others = CURVES[curves]
    true = np.array([control] + [others] * TUNED)
    validated = true[..., None] + VALIDATION_SD * rng.normal(size=(*true.shape, TUNING_SEEDS))
    means = validated.mean(-1)
    chosen = means.argmax(1)
    at_chosen = true[np.arange(len(true)), chosen]
    scores = at_chosen[:, None] + SD * rng.normal(size=(len(true), n))
    d = scores[1:] - scores[0]
    p, same = max_t(d), at_chosen[1:] == at_chosen[0]
    sd = run_sd(validated)
    gains = gains_of_another_tuning(means, chosen, sd, TUNING_SEEDS, draws=4_000).T
    wide = [
        predict_difference(x.mean(), x.std(ddof=1), n, gain - gains[0], CONFIDENCE)
        for x, gain in zip(d, gains[1:], strict=True)
    ]
    low, high, p_wide = map(np.array, zip(*wide, strict=True))
    ends = np.array([t_interval(x, CONFIDENCE) for x in d])
    return {
        "false, at the values chosen": np.any(p < LEVEL, where=same),
        "false, read as tuned alike": np.any(p < LEVEL),
        "false, after another tuning": np.any(holm(p_wide) < LEVEL),
        "t interval misses": np.mean((ends[:, 0] > 0) | (ends[:, 1] < 0)),
        "predicted interval misses": np.mean((low > 0) | (high < 0)),
    }


def kept(rng, truth, noise, n):
    """`claims` of one study with a named truth and noise."""
    return claims(study(rng, TRUTHS[truth], NOISES[noise], n), TRUTHS[truth])


def rates(repetitions, function, *arguments, key):
    """The mean of every number that `function` returns, over repetitions of one generator."""
    rng = np.random.default_rng(list(key))
    return pd.DataFrame([function(rng, *arguments) for _ in range(repetitions)]).mean()


def print_table(title, rows):
    """One Markdown table; `rows` are (what, repetitions, rates)."""
    print(f"\n| {title} | repetitions | {' | '.join(rows[0][2].index)} |")
    print("|---|---:|" + "---:|" * len(rows[0][2]))
    for what, repetitions, found in rows:
        print(f"| {what} | {repetitions} | {' | '.join(f'{100 * x:.1f}' for x in found)} |")


def main(repetitions=5_000, *seeds):
    """Print every table, in percent."""
    seeds, r = seeds or (5, 8, 10, 20), repetitions
    promises = [
        (f"{truth}, {noise}, n = {n}", r, rates(r, kept, truth, noise, n, key=(n, i, j)))
        for i, truth in enumerate(TRUTHS)
        for j, noise in enumerate(NOISES)
        for n in seeds
    ]
    print_table("truth, noise, seeds", promises)
    for k, function in ((0, unequal), (1, best), (3, unlike), (2, edge)):
        rows = [(f"n = {n}", r, rates(r, function, n, key=(n, k, 7))) for n in seeds]
        print_table("seeds", rows)
    curves = [
        (f"{name}, n = {n}", r, rates(r, tuned, name, n, key=(n, k, 9)))
        for k, name in enumerate(CURVES)
        for n in seeds
    ]
    print_table("true curve, seeds", curves)
    curve = [
        (f"{100 * effect:.1f} pp, n = {n}", r, rates(r, power, n, effect, key=(n, k, 8)))
        for n in seeds
        for k, effect in enumerate((0.001, 0.002, 0.003, 0.004, 0.006, 0.008))
    ]
    print_table("true difference", curve)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
