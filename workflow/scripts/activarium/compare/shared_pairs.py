"""Which comparisons rest on runs that another comparison has, too, so that each counts once."""

from collections import defaultdict
from collections.abc import Hashable, Sequence


def find_holders(comparisons: Sequence[frozenset[Hashable]]) -> list[list[int]]:
    """For each comparison the numbers of those that hold all its pairs of runs, largest first.

    A comparison is the set of its pairs, each as whatever tells two runs apart. Another one holds
    it if it has all its pairs and more, or the same pairs and stands before it. A comparison
    that nothing holds counts. One without pairs is held by none.
    """
    having = defaultdict(list)
    for k, pairs in enumerate(comparisons):
        for pair in pairs:
            having[pair].append(k)
    found = []
    for k, pairs in enumerate(comparisons):
        others = having[next(iter(pairs))] if pairs else ()  # a holder has each pair, so any one
        held_by = [n for n in others if pairs < comparisons[n]]
        held_by += [n for n in others if n < k and pairs == comparisons[n]]
        found.append(sorted(held_by, key=lambda n: (-len(comparisons[n]), n)))
    return found
