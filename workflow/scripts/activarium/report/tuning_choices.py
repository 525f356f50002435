"""What tuning chose, how far that can be trusted, and what it changed, in sentences and rows."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from ..study.tuned_recipes import HELD_OUT, is_tuned, tuned_numbers
from ..train.progress import format_duration
from .formatting import count, join_words, points
from .study_tables import Setting, StudyTables, label

WAY = {"largest": "upwards", "smallest": "downwards"}


def choice_rows(tables: StudyTables, setting: Setting) -> list[dict[str, Any]]:
    """One dict an activation of a tuned setting, best validation accuracy first.

    {activation, chosen (words), mean (of the chosen values), failed, verdict, diff, low, high,
    holds}; of the control `verdict` is None.
    """
    predicted = {row["activation"]: row for row in tables.retuned_contrasts(setting)}
    contrasts = tables.of(tables.primary, setting).set_index("activation")
    rows = []
    for cell in tables.tuned_cells(setting):
        (taken,) = [c for c in cell["candidates"] if c["values"] == cell["chosen"]]
        row = {
            "activation": cell["activation"],
            "chosen": _values_text(cell["chosen"]),
            "mean": taken["mean"],
            "failed": sum(c["n_failed"] for c in cell["candidates"]),
            "verdict": None,
        }
        if cell["activation"] in contrasts.index:
            contrast = contrasts.loc[cell["activation"]]
            row |= {"verdict": contrast["verdict"], "diff": contrast["mean_diff"]}
            row |= {k: predicted[cell["activation"]][k] for k in ("low", "high", "holds")}
        rows.append(row)
    return sorted(rows, key=lambda row: -row["mean"])


def _values_text(values):
    return join_words(f"{key.replace('_', ' ')} {value:g}" for key, value in values.items())


def warning_sentences(tables: StudyTables, setting: Setting) -> list[str]:
    """Which choices are at the end of what was tried, tied, or beside runs that diverged."""
    cells = tables.tuned_cells(setting)
    said = [*edge_sentences(cells)]
    for cell in cells:
        if cell["tied"]:
            names = join_words(cell["tied"])
            said.append(
                f"{label(cell['activation'])}: {names} have the same mean validation accuracy. "
                "The smallest was taken."
            )
    failed = {label(c["activation"]): sum(t["n_failed"] for t in c["candidates"]) for c in cells}
    who = [f"{n} of {name}" for name, n in failed.items() if n]
    if who:
        said.append(f"Tuning runs that diverged: {join_words(who, 6)}. They validate as guessing.")
    return said


def edge_sentences(cells: list[dict]) -> Iterator[str]:
    """A warning for each number and end at which choices stand."""
    numbers = dict.fromkeys(key for cell in cells for key in cell["chosen"])
    for key in numbers:
        for end, way in WAY.items():
            at_end = [c for c in cells if c["at_edge"].get(key) == end]
            if at_end:
                what, value = key.replace("_", " "), at_end[0]["chosen"][key]
                yield (
                    f"The best {what} of {join_words((label(c['activation']) for c in at_end), 6)} "
                    f"is the {end} that was tried, {value:g}. A still better one may lie beyond: "
                    f"extend the list {way}."
                )


def standing_sentence(tables: StudyTables, setting: Setting) -> str:
    """How many of the differences and equivalences shown would stand after another tuning."""
    rows = tables.retuned_contrasts(setting)
    verdicts = tables.of(tables.primary, setting).set_index("activation")["verdict"]
    if tables.tuned_cells(setting)[0]["n_seeds"] < 2:
        return (
            "With one tuning seed nobody can say what another tuning would choose. "
            "Write seeds: 2 or more to know."
        )
    said = []
    for what, equivalent in (("difference", False), ("equivalence", True)):
        shown = [row["holds"] for row in rows if row["holds"] is not None
                 and (verdicts[row["activation"]] == "equivalent") == equivalent]  # fmt: skip
        if shown:
            stand = sum(shown)
            said.append(
                f"Of {count(len(shown), what)} shown at the values chosen, {stand} "
                f"{'is' if stand == 1 else 'are'} also shown for another tuning."
            )
    return " ".join(said) or "Nothing is shown here that could fall with another tuning."


def changed_sentences(tables: StudyTables, study: Mapping) -> list[str]:
    """What tuning changed beside each recipe that is the same but for the tuned numbers."""
    said = []
    for tuned, untuned in _pairs_of_recipes(study["recipes"]):
        rows = [
            row
            for row in tables.analysis["recipes"]["survival"]
            if {tuned, untuned} <= row["verdicts"].keys()
        ]
        if rows:
            said.append(_changed_sentence(tables, rows, tuned, untuned))
    return said


def _pairs_of_recipes(recipes):
    """(tuned, untuned) names of recipes that agree in all but what is tuned."""
    for tuned, values in recipes.items():
        numbers = tuned_numbers(values)
        rest = {key: value for key, value in values.items() if key not in numbers}
        for other, theirs in recipes.items():
            same = rest == {key: value for key, value in theirs.items() if key not in numbers}
            if numbers and same and not is_tuned(theirs):
                yield tuned, other


def _changed_sentence(tables, rows, tuned, untuned):
    other = [row for row in rows if row["verdicts"][tuned] != row["verdicts"][untuned]]
    each = [
        f"{label(r['activation'])} from {r['verdicts'][untuned]} "
        f"({points(r['differences'][untuned])} pp) to {r['verdicts'][tuned]} "
        f"({points(r['differences'][tuned])} pp)"
        for r in other
    ]
    which = f": {join_words(each, 8)}" if each else ""
    gains = _score_gains(tables, tuned, untuned)
    least, most = min(gains, key=gains.__getitem__), max(gains, key=gains.__getitem__)
    return (
        f"Beside recipe {untuned}, tuning changed {len(other)} of {count(len(rows), 'verdict')}"
        f"{which}. It changed mean test accuracy by {points(gains[least])} ({label(least)}) to "
        f"{points(gains[most])} points ({label(most)})."
    )


def _score_gains(tables, tuned, untuned):
    """{activation: mean score of the tuned recipe less that of the other}, over their settings."""
    means = tables.summaries.pivot_table(index="activation", columns="recipe", values="mean")
    return (means[tuned] - means[untuned]).dropna().to_dict()


def cost_sentence(tables: StudyTables) -> str:
    """How long tuning took beside the scored runs of the same recipes."""
    if tables.tuning_costs is None:
        return ""
    tuned = set(tables.tuning_costs["recipe"])
    scored = tables.costs[tables.costs["recipe"].isin(tuned)]
    times = []
    for costs in (tables.tuning_costs, scored):
        times.append(costs["train_seconds"].sum() + costs["evaluate_seconds"].sum())
    taken = tables.tuning_costs.get("reused_from", pd.Series(dtype=str)).notna().sum()
    published = f" {taken} of them were published before." if taken else ""
    return (
        f"{count(len(tables.tuning_costs), 'run')} tuned, in {format_duration(times[0])} of "
        f"training and evaluation.{published} The {count(len(scored), 'scored run')} of the same "
        f"recipes took {format_duration(times[1])}."
    )


def tuning_method(study: Mapping) -> str | None:
    """How numbers were tuned and what is compared then; None where none was."""
    tuned = [name for name, values in study["recipes"].items() if is_tuned(values)]
    if not tuned:
        return None
    held_out = f"{100 * (study['validation'] or HELD_OUT):g} %"
    kept = "" if study["validation"] else " The scored runs train on them as well."
    return (
        f"Recipe {join_words(tuned)}: the values are chosen for each cell by mean validation "
        f"accuracy over tuning seeds, which are never scored. {held_out} of the training images "
        f"are held out for that.{kept} Every activation tries the same values on as many runs. "
        "Tuning runs never see the test images. Of equal means the smaller value is taken. A "
        "diverged run validates as guessing. A verdict there is about two activations at the "
        "values chosen here. Neither its test nor its interval knows that another tuning might "
        "choose others. “After another tuning” adds that. It predicts the true difference for "
        "other tuning seeds on the same held-out images, with the same noise for all activations."
    )
