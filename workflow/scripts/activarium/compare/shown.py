"""Which activations figures and the list of pairs show, where there are too many to show all."""

from collections.abc import Collection
from itertools import zip_longest

from .scores import group_rows_by_setting

MOST = 40  # up to so many are all shown
SHOWN = 12  # of more


def list_shown(
    summaries: list[dict], control: str, chosen: Collection[str] = ()
) -> list[str] | None:
    """The names of those shown, sorted; None where all are.

    Above `MOST` activations that is the control, those `chosen` where they are at most half of
    `SHOWN`, and the best of each setting in turn by mean score. `summaries` are those of
    `summarize_cells`.
    """
    names = {row["activation"] for row in summaries}
    if len(names) <= MOST:
        return None
    orders = [_best_first(rows) for _, rows in group_rows_by_setting(summaries)]
    ranked = [name for rank in zip_longest(*orders) for name in rank if name is not None]
    first = sorted(names & set(chosen))
    first = first if len(first) <= SHOWN // 2 else []
    wanted = dict.fromkeys(name for name in (control, *first, *ranked) if name in names)
    return sorted(list(wanted)[:SHOWN])


def _best_first(rows):
    """The activations of one setting, highest mean first."""
    return [row["activation"] for row in sorted(rows, key=lambda row: -row["mean"])]
