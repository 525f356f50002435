"""The decision table as LaTeX, for papers: booktabs, one tabular a setting."""

from .decision_table import decision_rows
from .formatting import (
    MINUS,
    confidence_percent,
    interval,
    is_number,
    percent,
    points,
    probability,
    ratio,
)
from .study_tables import StudyTables

SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{letter: rf"\{letter}" for letter in "&%$#_{}"},
    MINUS: "$-$", "±": r"$\pm$", "×": r"$\times$", "–": "--", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "\n": " ",
}  # fmt: skip


def latex_tables(tables: StudyTables) -> str:
    """The text of a .tex file to \\input; needs booktabs, and a control's row comes in italics."""
    parts = [_tabular(tables, setting) for setting in tables.settings]
    return (
        "% Needs \\usepackage{booktabs} and, for quotation marks, \\usepackage[T1]{fontenc}.\n"
        "% An interval is about its comparison alone, a verdict is corrected for its table.\n"
        + ("\n".join(parts))
    )


def escape_latex(text: str) -> str:
    """`text` as LaTeX that shows it and runs nothing of it."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def _tabular(tables, setting):
    heads = (
        "Activation", "Test accuracy, %", "Difference, pp",
        f"{confidence_percent(tables.analysis['plan'])} interval", "Verdict", "p, max-T", "Rank",
        "Time",
    )  # fmt: skip
    rows = [_row(row) for row in decision_rows(tables, setting)]
    lines = [" & ".join(map(escape_latex, row)) + r" \\" for row in rows]
    return "\n".join(
        [
            f"% {' '.join(tables.title(setting).split())}",
            r"\begin{tabular}{lrrrlrrr}",
            r"\toprule",
            " & ".join(map(escape_latex, heads)) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _verdict(row):
    if row["same_runs"]:
        return "the same runs"
    return row["diff_verdict"] if row["diff_n_pairs"] else "no pairs"


def _row(row):
    """The cells of one activation, in the order of the heads."""
    spread = is_number(row["low"]) and row["sd"]
    half = f" ± {percent((row['high'] - row['low']) / 2)}" if spread else ""
    rank = f"{row['rank_low']:g} to {row['rank_high']:g}" if is_number(row["rank_low"]) else "–"
    contrast = ["0", "–", "control", "–"]
    if not row["control"]:
        contrast = [
            points(row["diff_mean_diff"]),
            interval(row["diff_low"], row["diff_high"], show=points),
            _verdict(row),
            probability(None if row["same_runs"] else row["diff_p_max_t"]),
        ]
    times = ", ".join(map(ratio, row["times"])) or "–"
    return [row["label"], percent(row["mean"]) + half, *contrast, rank, times]
