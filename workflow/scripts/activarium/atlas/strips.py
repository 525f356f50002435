"""One setting's difference and simultaneous interval as a strip, all of a card on one scale."""

from collections.abc import Iterable, Mapping

WIDTH, HEIGHT, EDGE = 240, 18, 4
LEAST = 0.01  # what a card's scale reaches at least, as a fraction


def strip_limit(entries: Iterable[Mapping]) -> float:
    """How far the scale of a card reaches on both sides of 0, a fraction."""
    ends = [
        abs(entry[name])
        for entry in entries
        for name in ("diff_mean_diff", "diff_low_simultaneous", "diff_high_simultaneous")
        if entry[name] is not None
    ]
    return max([LEAST, *ends])


def strip_svg(entry: Mapping, limit: float) -> str:
    """The strip of one entry of a card's settings; its numbers stand beside it as text."""
    if entry["diff_mean_diff"] is None:
        return ""
    place = (WIDTH / 2 - EDGE) / limit
    x, low, high = (
        None if entry[name] is None else round(WIDTH / 2 + entry[name] * place, 1)
        for name in ("diff_mean_diff", "diff_low_simultaneous", "diff_high_simultaneous")
    )
    line = f'<path d="M{low} 9H{high}"/>' if low is not None and high is not None else ""
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<path class="zero" d="M{WIDTH // 2} 0V{HEIGHT}"/>{line}'
        f'<circle cx="{x}" cy="9" r="4"/></svg>'
    )
