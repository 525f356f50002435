"""Which ranks each activation could have: simultaneous intervals from all pairs of the setting.
Those in colour are not ruled out as the best. For that, each is compared with the others alone.
This sees more than ranks do, which are corrected for all pairs. The dot is the rank by mean
score; alone it proves nothing."""

from ..report.data_warnings import all_diverged_sentence
from ..report.formatting import join_words
from ..report.study_tables import label
from ._style import FAINT, TOP, label_rows, row_panels, tag_artist

title = "Which could be the best"
place = 50


def draw(tables):
    """One panel a setting; rows in the order of the first setting's means."""
    if tables.summaries["rank_low"].isna().all():
        return None
    order = tables.shown_first()
    figure, axes = row_panels(tables, order, 0.2)
    for i, (setting, ax) in enumerate(axes.items()):
        (about,) = tables.rows("settings", setting)
        place = {a: k + 1 for k, a in enumerate(tables.best_first(setting))}
        rows = tables.shown_rows(tables.of(tables.summaries, setting))
        for row in rows.dropna(subset="rank_low").itertuples():
            y = order.index(row.activation)
            colour = TOP[0] if row.activation in about["could_be_best"] else FAINT
            (line,) = ax.plot([row.rank_low, row.rank_high], [y, y], color=colour, lw=3.2,
                              solid_capstyle="round", alpha=0.8)  # fmt: skip
            (dot,) = ax.plot([place[row.activation]], [y], "o", color=colour, ms=5.5)
            tag_artist(line, tables, row.activation, "ranks", i)
            tag_artist(dot, tables, row.activation, "rank", i)
        label_rows(ax, tables, order, i)
        ax.grid(axis="x")
        ax.set_xlim(0.5, len(place) + 0.5)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("rank")
    return figure


def finding(tables):
    """Who cannot be ruled out as the best, in each setting."""
    words = []
    for setting in tables.settings:
        (about,) = tables.rows("settings", setting)
        best = [label(a) for a in tables.best_first(setting) if a in about["could_be_best"]]
        if best and not all_diverged_sentence(tables, setting):
            words.append(f"{tables.title(setting)}: the best could be {join_words(best, 8, 'or')}.")
    return " ".join(words) or "Too few runs to rank anything."
