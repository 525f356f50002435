"""Two names of one function, and runs that are the same, in words: neither is a comparison."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from .formatting import count, join_words
from .study_tables import StudyTables, label
from .verdicts import SIGNS

SAME = {  # by the strongest evidence that the analysis has
    "losses": "have the same runs, to the last bit of every loss",
    "images": "classify the same test images correctly in every run",
    "scores": "have the same score on every seed",
}
AGREE = "they agree wherever the network used them, or it never calls its activation"
WHY = {
    "losses": f"Either {AGREE}",
    "images": f"Either {AGREE}",
    "scores": f"The scores are too coarse to tell them apart, {AGREE}",
}


def equality_sentences(tables: StudyTables, equal: Sequence[Sequence[str]]) -> list[str]:
    """What a reader must know before counting comparisons.

    `equal` are groups of names whose functions are proven equal, from `activarium.proven_claims`.
    """
    here = [[a for a in group if a in tables.activations] for group in equal]
    proven = [group for group in here if len(group) > 1]
    said = [_one_function(tables, group) for group in proven]
    return [*said, *_counted_once(tables, proven), *_same_runs(tables, proven)]


def _one_function(tables, group):
    names = join_words(map(label, group))
    if _always_same(tables, group):
        return f"{names} are proven to be one function, and their runs are the same."
    return (
        f"{names} are proven to be one function. Their runs differ by rounding alone, and each is "
        "counted."
    )


def _counted_once(tables, proven) -> Iterator[str]:
    """The counts of the headline without second names, where there are any."""
    groups = [group for group in proven if _always_same(tables, group)]
    others = [a for group in groups for a in group[1:] if tables.control not in group]
    rows = tables.compared
    once = rows[~rows["activation"].isin(others)]
    if len(once) == len(rows):
        return
    n = {verdict: int((once["verdict"] == verdict).sum()) for verdict in SIGNS}
    words = join_words(f"{n[verdict]} {verdict}" for verdict in SIGNS if n[verdict])
    yield f"With each function counted once there are {count(len(once), 'comparison')}: {words}."


def _always_same(tables, group):
    """Whether any two of these have the same runs in every setting that has both."""
    for setting in tables.settings:
        here = set(tables.of(tables.summaries, setting)["activation"]) & set(group)
        if {frozenset(pair) for pair in combinations(here, 2)} - set(tables.same_runs(setting)):
            return False
    return True


def _same_runs(tables, proven) -> Iterator[str]:
    """That runs are the same where that is not proven of their functions, setting by setting."""
    found: dict[tuple, list[str]] = {}
    for setting in tables.settings:
        for names, by in _groups(tables.same_runs(setting)):
            if not any(set(names) <= set(group) for group in proven):
                found.setdefault((names, by), []).append(tables.title(setting))
    for (names, by), where in found.items():
        place = "" if len(where) == len(tables.settings) else f" ({join_words(where, 4)})"
        yield (
            f"{join_words(map(label, names), 8)} {SAME[by]}{place}. {WHY[by]}. They are not tested "
            "and get no verdict."
        )


def _groups(same):
    """[(names, evidence)] of {pair: evidence}: what is the same as each other, put together."""
    groups = []
    for pair, by in same.items():
        joined = [group for group in groups if group[0] & pair]
        names = frozenset(pair).union(*(group[0] for group in joined))
        weakest = max([by, *(group[1] for group in joined)], key=list(SAME).index)
        groups = [group for group in groups if group not in joined] + [(names, weakest)]
    return [(tuple(sorted(names, key=label)), by) for names, by in groups]
