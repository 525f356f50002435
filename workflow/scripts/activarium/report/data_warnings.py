"""What is wrong with the runs of a setting, in sentences: diverged, unpaired, nothing learned."""

from .formatting import join_words, percent
from .study_tables import Setting, StudyTables, label

HARDLY = 0.02  # above guessing: as much as one class may be larger than the others


def unpaired_sentence(tables: StudyTables, setting: Setting) -> str | None:
    """Which activations of a setting share no seed with the control; None where all do."""
    rows = tables.of(tables.primary, setting)
    unpaired = [label(a) for a in rows.loc[rows["n_pairs"] == 0, "activation"]]
    if not unpaired:
        return None
    control = label(tables.control)
    return f"Not compared, because they share no seed with {control}: {join_words(unpaired, 8)}."


def all_diverged_sentence(tables: StudyTables, setting: Setting) -> str | None:
    """That no run of a setting has a score, or None: equal scores are then no finding."""
    if (tables.of(tables.runs, setting)["status"] == "ok").any():
        return None
    return "Every run diverged here. All score as guessing, so nothing can be said."


def diverged_sentence(tables: StudyTables, setting: Setting) -> str | None:
    """Whose runs diverged here, and what that changes; None where none or all did."""
    cells = [cell for cell in tables.rows("failures", setting) if cell["n_failed"]]
    if not cells or all_diverged_sentence(tables, setting):
        return None
    control = label(tables.control)
    failed = join_words(
        (f"{c['n_failed']} of {c['n_runs']} of {label(c['activation'])}" for c in cells), 6
    )
    chance = percent(tables.analysis["plan"]["chance"].get(setting[2]))
    sentence = f"Diverged runs: {failed}. They score as guessing ({chance} %)."
    if tables.control in {cell["activation"] for cell in cells}:
        sentence += f" That changes every difference from {control}."
    return sentence


def unlearned_sentence(tables: StudyTables, setting: Setting) -> str | None:
    """That the means of a setting are hardly above guessing, or None where they are."""
    chance = tables.analysis["plan"]["chance"].get(setting[2])
    rows = tables.of(tables.summaries, setting).dropna(subset=["mean", "low"])
    if chance is None or rows.empty:
        return None
    guessing = f"({percent(chance)} %)"
    if (rows["low"] <= chance).all():
        return f"No activation is shown to be better than guessing here {guessing}."
    if (rows["mean"] <= chance + HARDLY).all():
        return (
            f"Hardly anything was learned here: no activation is more than {percent(HARDLY, 0)} pp "
            f"above guessing {guessing}."
        )
    control = rows.loc[rows["activation"] == tables.control, "low"]
    if (control <= chance).any():
        return (
            f"{label(tables.control)} itself is not shown to be better than guessing here "
            f"{guessing}. “Better” may only mean that something was learned."
        )
    return None
