"""Sign flips for all pairs of activations: the sums of a difference are differences of sums.

So the sums of each activation's scores are taken once, not those of each pair. What comes out is
what `permutation_tests.max_t` gives of the pairs' differences, in a fraction of its time. Pairs of
an activation that lacks a seed are tested as there.
"""

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pandas as pd

from .permutation_tests import (
    EXACT,
    TIE,
    absolute_t,
    comparable,
    max_t,
    maxima_by_size,
    seed_order,
    share_as_large,
    sign_patterns,
)
from .scores import DIGITS, differences_from, significance_level

CHUNK = 50_000  # sums at a time, so that they stay in the processor's cache
SURE = 0.5  # of the level: a p of all pairs below that is one of fewer pairs below the level
ZERO = 1e-10  # smaller ratios are 0 but for their last bits
LARGEST = 1 - 1e-8  # the ratio's square where all differences are equal, whose t is infinite


def pair_differences(scores: pd.DataFrame) -> np.ndarray:
    """Paired differences a − b, [pairs, seeds], of all pairs of columns in their order."""
    return _differences(scores.to_numpy())


def _differences(table):
    """`pair_differences` of a table [seeds, activations]."""
    first, second = pairs_of(table.shape[1])
    return np.round(table.T[first] - table.T[second], DIGITS)


def pairs_of(n: int) -> tuple[np.ndarray, np.ndarray]:
    """(first, second) of all pairs of n columns, as `itertools.combinations` orders them."""
    return np.triu_indices(n, 1)


def pairwise_max_t(scores: pd.DataFrame) -> np.ndarray:
    """p of all pairs [pairs], corrected for all of them, as `max_t(pair_differences(scores))`."""
    table = np.ascontiguousarray(scores.to_numpy())
    return _pairwise_max_t(table.tobytes(), *table.shape)


@lru_cache(maxsize=32)  # ranks and the possible best ask for the same
def _pairwise_max_t(content, seeds, activations):
    """`pairwise_max_t` of a table [seeds, activations], given as the bytes of its values."""
    table = np.frombuffer(content).reshape(seeds, activations)
    whole = ~np.isnan(table).any(0)
    d = _differences(table)
    p = max_t(d) if seeds < 2 or whole.sum() < 3 else _p_by_parts(table, whole, d)
    p.setflags(write=False)  # the same array goes to everyone who asks
    return p


def _p_by_parts(table, whole, d):
    """The same from sums of the `whole` columns, and the other pairs' differences `d`."""
    counts = (~np.isnan(d)).sum(1)
    first, second = pairs_of(table.shape[1])
    fast, tested = whole[first] & whole[second], counts >= 2
    order = seed_order(d[tested])
    t, largest = _whole_statistics(table[order][:, whole])
    sizes, observed = np.array([len(table)]), np.full(len(d), np.nan)
    observed[fast] = t
    rest = tested & ~fast
    if rest.any():
        others = d[rest][:, order]
        observed[rest] = absolute_t(np.ones((1, len(order))), others)[0]
        fewer, largest_rest = maxima_by_size(others, counts[rest])
        sizes, largest = np.append(sizes, fewer), np.column_stack([largest, largest_rest])
    p = np.full(len(d), np.nan)
    seen = comparable(observed[tested], counts[tested])
    p[tested] = share_as_large(seen, comparable(largest, sizes).max(1))
    return p


def _whole_statistics(table):
    """(|t| of each pair, the largest under each pattern [patterns, 1]) of a table without NaN."""
    weights = _weights(table)
    largest = [_largest_ratios(sums, weights) for sums in _flipped_sums(table)]
    observed = [row[0].copy() for row in _ratios(next(_flipped_sums(table))[:1], weights)]
    t, most = (_t_of(_clean(np.concatenate(r)), len(table)) for r in (observed, largest))
    return t, most[:, None]


def _largest_ratios(sums, weights):
    """The largest ratio of all pairs under each pattern, [patterns]."""
    largest = np.zeros(len(sums))
    for ratios in _ratios(sums, weights):
        np.maximum(largest, ratios.max(1), out=largest)
    return largest


def find_beaten(scores: pd.DataFrame, confidence: float) -> list[str]:
    """The activations that another one is shown to be better than, in the order of `scores`.

    Each is held against all others by a `max_t` of its own.
    """
    if len(scores.columns) < 2:
        return []
    level = significance_level(confidence)
    surely = _surely_beaten(scores, level)
    if not _is_whole(scores):
        names = zip(scores, surely, strict=True)
        return [name for name, sure in names if sure or _is_beaten(scores, name, confidence)]
    table = scores.to_numpy()
    weights = _weights(table)
    return [
        name
        for i, name in enumerate(scores)
        if surely[i] or _is_beaten_quickly(table, i, weights[i], level)
    ]


def _surely_beaten(scores, level):
    """Which columns are beaten after a correction for all pairs already, bool [activations].

    The largest of all pairs is never less than that of a part of them. Where patterns are drawn,
    an activation's own family has other ones, which is what `SURE` leaves room for.
    """
    beaten = np.zeros(scores.shape[1], bool)
    first, second = pairs_of(scores.shape[1])
    sure = pairwise_max_t(scores) < SURE * level
    better = np.nansum(pair_differences(scores), axis=1) > 0
    beaten[np.where(better, second, first)[sure]] = True
    return beaten


def _is_beaten(scores, name, confidence):
    """Whether any other activation of the setting is shown to be better than this one."""
    d = differences_from(scores, name).to_numpy().T
    return bool(np.any((max_t(d) < significance_level(confidence)) & (np.nansum(d, axis=1) > 0)))


def _is_beaten_quickly(table, i, weights, level):
    """The same for column i of a whole `table` [seeds, activations], from its row of `weights`.

    Patterns are tried until so many are as extreme as the data that the level cannot be reached.
    """
    others = np.delete(table, i, axis=1)
    d = np.round(others - table[:, [i]], DIGITS).T
    n, better = len(table), d.sum(1) > 0
    weights = np.delete(weights, i)
    if not better.any():
        return False
    ratio = (np.abs(d.sum(1)) * weights)[better].max()
    if n > EXACT and _bound(ratio, n, len(d)) < level / 10:
        return True
    reached, patterns, ordered = 0, sign_patterns(n), d.T[seed_order(d)]
    threshold = _ratio_of(_t_of(_clean(ratio), n) * (1 - TIE), n)
    size = max(1, CHUNK // len(d))
    for start in range(0, len(patterns), size):
        sums = patterns[start : start + size] @ ordered
        reached += np.count_nonzero(_clean((np.abs(sums) * weights).max(1)) >= threshold)
        if reached >= level * len(patterns):
            return False
    return True


def _bound(ratio, n, n_contrasts):
    """An upper bound of the corrected p (Hoeffding 1963, JASA 58, and Boole's inequality)."""
    return 2 * n_contrasts * math.exp(-n * ratio**2 / 2)


def _is_whole(scores):
    """Whether all activations have the same seeds, two of them at least."""
    return len(scores) >= 2 and not scores.isna().to_numpy().any()


def _weights(table):
    """What a pair's sum is multiplied by to be the ratio, [activations, activations].

    The ratio is |Σd| / √(n·Σd²), from 0 to 1, and rises with |t|; the weight of equal scores is 0.
    """
    found = np.zeros((table.shape[1],) * 2)
    for i, column in enumerate(table.T):
        squares = len(table) * (np.round(table - column[:, None], DIGITS) ** 2).sum(0)
        found[i] = 1 / np.sqrt(squares, where=squares > 0, out=np.full_like(squares, np.inf))
    return found


def _flipped_sums(table: np.ndarray) -> Iterator[np.ndarray]:
    """The sums of each column's scores under sign patterns, [patterns, activations], in chunks."""
    patterns, size = sign_patterns(len(table)), max(1, CHUNK // table.shape[1])
    centred = table - table.mean(1, keepdims=True)  # of large sums a difference loses digits
    for start in range(0, len(patterns), size):
        yield patterns[start : start + size] @ centred


def _ratios(sums, weights):
    """For each column its ratios with all columns after it, [patterns, columns], until the next."""
    room = np.empty(sums.size)  # one after the other in the same memory: none is kept
    for i in range(sums.shape[1] - 1):
        later = sums[:, i + 1 :]
        ratios = room[: later.size].reshape(later.shape)
        np.subtract(later, sums[:, [i]], out=ratios)
        np.abs(ratios, out=ratios)
        yield np.multiply(ratios, weights[i, i + 1 :], out=ratios)


def _clean(ratios):
    return np.where(ratios < ZERO, 0, ratios)


def _t_of(ratio, n):
    """|t| of a ratio, as `permutation_tests.absolute_t` has it."""
    square = ratio**2
    return np.sqrt((n - 1) * square / np.maximum(1 - square, 1 - LARGEST))


def _ratio_of(t, n):
    """The ratio that `_t_of` gives this t."""
    square = t**2 / (n - 1 + t**2)
    return math.sqrt(square if square < LARGEST else t**2 * (1 - LARGEST) / (n - 1))
