"""What becomes of verdicts from recipe to recipe, in sentences."""

from collections.abc import Iterable, Mapping

from .formatting import count, is_number, join_words, points
from .study_tables import StudyTables, label


def survival_sentences(tables: StudyTables) -> str:
    """How many verdicts stay the same under every recipe, and how many are reversed."""
    rows = tables.analysis["recipes"]["survival"]
    shown = [row for row in rows if row["survives"] is not None]
    stay, reversed_ = (sum(bool(row[key]) for row in shown) for key in ("survives", "reverses"))
    said = "No recipe shows anything, so no verdict could survive."
    if shown:
        said = (
            f"{count(len(shown), 'comparison')} {'has' if len(shown) == 1 else 'have'} a verdict "
            f"under some recipe. {stay} {'has' if stay == 1 else 'have'} the same verdict under "
            f"every recipe that tried it. {reversed_} {'is' if reversed_ == 1 else 'are'} better "
            "under one recipe and worse under another."
        )
    silent = [row for row in rows if row["survives"] is None]
    return f"{said} {_silent_sentences(silent)}".rstrip()


def _silent_sentences(rows: list[dict]) -> str:
    """How far apart differences lie of which no recipe shows any; "" without such rows."""
    differences = [d for row in rows for d in row["differences"].values() if is_number(d)]
    if not differences:
        return ""
    names = join_words(dict.fromkeys(label(row["activation"]) for row in rows), 6)
    return (
        f"For {names} no recipe shows a difference, which is no agreement. Their differences reach "
        f"from {points(min(differences))} to {points(max(differences))} pp."
    )


def survival_word(row: Mapping) -> str:
    """The last cell of a row of the survival table."""
    return {True: "yes", False: "no", None: "nothing shown"}[row["survives"]]


def recipe_names(survival: Iterable[Mapping]) -> list[str]:
    """The names of all recipes that any row of the survival table has, sorted."""
    return sorted({recipe for row in survival for recipe in row["verdicts"]})
