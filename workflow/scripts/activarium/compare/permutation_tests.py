"""Sign flips of whole seeds: one family of contrasts tested together, whatever their dependence.

If an activation is as good as the control, the two could be swapped in any seed and a difference
change its sign. Flipping a seed's differences together keeps how the contrasts go along with one
another, most of all that they share the control's runs.
"""

from functools import lru_cache

import numpy as np
from scipy import stats

EXACT = 14  # up to 2¹⁴ patterns are enumerated
DRAWN = 20_000  # patterns otherwise
SEED = 0  # of the generator that draws them
CHUNK = 500_000  # statistics at a time, for the memory's sake
SUM_DIGITS = 12  # sums of differences are rounded: in the last bits 0 is not 0
TIE = 1e-7  # statistics this close, relatively, are equal


@lru_cache(maxsize=2)
def sign_patterns(n: int) -> np.ndarray:
    """Patterns of ±1, float64 [patterns, n], the identity first.

    Up to 14 seeds all of them, each standing for its opposite too, for no statistic here tells
    them apart; above that the identity and 20 000 drawn ones.
    """
    if n <= EXACT:
        patterns = np.arange(2 ** max(n - 1, 0))[:, None] >> np.arange(n) & 1
        return _fixed(1 - 2 * patterns)
    draw = np.random.Generator(np.random.PCG64(SEED))
    patterns = draw.integers(0, 2, (DRAWN + 1, n), dtype=np.int8)
    patterns[0] = 0
    return _fixed(1 - 2 * patterns)


def _fixed(patterns):
    patterns = patterns.astype(float)  # once, as products need them
    patterns.setflags(write=False)  # the same array goes to everyone who asks
    return patterns


def absolute_t(patterns: np.ndarray, d: np.ndarray) -> np.ndarray:
    """|t| of every contrast under every pattern, [patterns, contrasts].

    `d` is [contrasts, seeds] with NaN where a contrast has no pair, of which it needs two. The sd
    is that of the flipped differences. All-zero differences have t = 0; equal ones, whose t is
    infinite, a large number.
    """
    n = (~np.isnan(d)).sum(1)
    filled = np.nan_to_num(d)
    squares = n * (filled**2).sum(1)
    sums = np.round(patterns @ filled.T, SUM_DIGITS) ** 2
    rest = np.maximum(squares - sums, 1e-8 * squares)
    return np.sqrt((n - 1) * sums / np.where(squares == 0, 1, rest))


def comparable(t: np.ndarray, n: np.ndarray) -> np.ndarray:
    """|t| made comparable between contrasts: as it is, or where `n` differs by its own tail.

    Two pairs reach t = 100 easily, thirty do not; so unequal contrasts are compared by the
    negative logarithm of Student's tail probability on their own degrees of freedom.
    """
    return t if len(set(n)) == 1 else -stats.t.logsf(t, n - 1)


def maxima_by_size(d: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(numbers of pairs, |t| [patterns, such numbers]): the largest of contrasts with as many.

    `d` is [contrasts, seeds] with NaN where a contrast has no pair, `n` how many it has. The
    observed values come first.
    """
    patterns, size = sign_patterns(d.shape[1]), max(1, CHUNK // len(d))
    chunks = (patterns[i : i + size] for i in range(0, len(patterns), size))
    sizes = np.unique(n)  # contrasts of one size are compared as they are, which is fast
    largest = [
        np.transpose([t[:, n == k].max(1) for k in sizes])
        for t in (absolute_t(chunk, d) for chunk in chunks)
    ]
    return sizes, np.concatenate(largest)


def _maxima(d, n):
    """The largest comparable |t| under every pattern, the observed one first, [patterns]."""
    sizes, largest = maxima_by_size(d, n)
    return comparable(largest, sizes).max(1)


def seed_order(d: np.ndarray) -> np.ndarray:
    """The order of a family's seeds that no name and no seed label can change, [seeds].

    `d` is [contrasts, seeds]; it has a contrast at least.
    """
    keys = np.sort(d, axis=0)
    # The last keys count first, and numpy makes an object of each: half a million pairs take 1 GB.
    last = keys[-64:]
    told_apart = not np.isnan(last).any() and np.unique(last, axis=1).shape[1] == d.shape[1]
    return np.lexsort(last if told_apart else keys)


def _testable(d):
    """(family without empty seeds, which contrasts stand in it, their pairs), from two pairs on."""
    n = (~np.isnan(d)).sum(1)
    rows = n >= 2
    family = d[rows]
    seeds = ~np.isnan(family).all(0)
    family = family[:, seeds]
    return family[:, seed_order(family)] if len(family) else family, rows, n[rows]


def max_t(d: np.ndarray) -> np.ndarray:
    """p of every contrast [contrasts], corrected for the whole family; NaN below two pairs.

    The single-step maximum of studentised differences (Westfall and Young 1993, Resampling-based
    multiple testing; Romano and Wolf 2005, JASA 100) over joint sign flips of seeds. `d` is
    [contrasts, seeds] with NaN where a contrast has no pair.
    """
    family, rows, n = _testable(np.asarray(d, float))
    p = np.full(len(rows), np.nan)
    if rows.any():
        observed = comparable(absolute_t(np.ones((1, family.shape[1])), family), n)[0]
        p[rows] = share_as_large(observed, _maxima(family, n))
    return p


def share_as_large(observed: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """p of each observed statistic: the share of patterns whose largest one is as large."""
    most = np.sort(largest)
    return (len(most) - np.searchsorted(most, observed * (1 - TIE))) / len(most)


def critical_values(d: np.ndarray, confidence: float) -> np.ndarray:
    """How many standard errors the simultaneous interval of every contrast reaches, [contrasts].

    The same flips as in `max_t`, of differences from which each contrast's own mean is taken, so
    that they hold under any true means; NaN below two pairs.
    """
    d = np.asarray(d, float)
    reach = np.full(len(d), np.nan)
    family, rows, n = _testable(d)
    if rows.any():
        centred = family - np.nanmean(family, axis=1, keepdims=True)
        value = np.quantile(_maxima(centred, n), confidence, method="higher")
        same = len(set(n)) == 1
        reach[rows] = value if same else stats.t.isf(np.exp(-value), n - 1)
    return reach


def smallest_p(n: int) -> float:
    """The smallest two-sided p that flips of `n` seeds can give: 2/2ⁿ, or one of those drawn."""
    return 2 / 2**n if n <= EXACT else 1 / (DRAWN + 1)
