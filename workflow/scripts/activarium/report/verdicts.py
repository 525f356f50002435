"""Verdicts in sentences: who differs from the control, and who could be the best."""

from collections.abc import Iterator, Mapping

import pandas as pd

from .data_warnings import all_diverged_sentence
from .formatting import (
    confidence_percent,
    count,
    interval,
    is_number,
    join_words,
    points,
    probability,
)
from .study_tables import Setting, StudyTables, dataset_label, label

SIGNS = {"better": "▲", "worse": "▼", "equivalent": "≈", "not shown": "·"}
TESTS = {
    "p_max_t": "max-T (the verdict)",
    "p_max_t_study": "max-T, whole study",
    "p_t_holm": "t, Holm",
    "p_wilcoxon_holm": "Wilcoxon, Holm",
    "p_t": "t, uncorrected",
    "p_signflip": "sign flips, uncorrected",
    "p_wilcoxon": "Wilcoxon, uncorrected",
    "complete_case": "failures left out",
}
CONFLICTS = {  # by `interval_conflict`: what an interval does beside its verdict, and why
    "without 0": (
        "The interval leaves out 0, but no difference is shown",
        "An interval is about its comparison alone; the verdict is corrected for all {n} of this "
        "setting.",
    ),
    "single": (
        "The interval leaves out 0, but no difference is shown",
        "The interval assumes normal differences; the verdict’s sign flips do not.",
    ),
    "few": (
        "The interval leaves out 0, but no difference is shown",
        "The interval assumes normal differences. Without that, so few pairs show none.",
    ),
    "with 0": (
        "The interval holds 0, but a difference is shown",
        "The interval assumes normal differences, which an outlier spoils; the verdict’s sign "
        "flips do not.",
    ),
    "beyond": (
        "The interval reaches beyond the margin, but the verdict is “equivalent”",
        "Two one-sided tests go with a narrower interval, of twice their level.",
    ),
}
NAMED = 40  # names without a number in one sentence


def headline(tables: StudyTables) -> str:
    """The first sentences of a report: who differs from the control, and in which direction."""
    control = label(tables.control)
    rows, paired = tables.compared, int((tables.primary["n_pairs"] > 0).sum())
    same = f" {control}’s own runs also stand under other names." if len(rows) < paired else ""
    if rows.empty:
        return f"Nothing could be compared with {control}.{same}"
    n = {verdict: int((rows["verdict"] == verdict).sum()) for verdict in SIGNS}
    where = f" in {len(tables.settings)} settings" if len(tables.settings) > 1 else ""
    equivalent = f", {n['equivalent']} equivalent" if n["equivalent"] else ""
    rest = f", and in {n['not shown']} no difference was shown" if n["not shown"] else ""
    return (
        f"Of {count(len(rows), 'comparison')} with {control}{where}, {n['better']} came out "
        f"better, {n['worse']} worse{equivalent}{rest}.{same}{_few_seeds_sentence(tables)}"
        f"{_study_correction_sentences(tables, rows)}"
    )


def _few_seeds_sentence(tables: StudyTables) -> str:
    """That pairs are too few everywhere for a better or worse; "" where they are not."""
    about = [setting for setting in tables.analysis["settings"] if setting["has_control"]]
    if not all(setting["descriptive_only"] for setting in about):
        return ""
    if all(setting["n_pairs"]["most"] == 2 for setting in about):
        few = tables.analysis["plan"]["descriptive_up_to_pairs"]
        return f" Two seeds show no difference and no usable interval; train more than {few}."
    return " With so few seeds no difference could be shown."


def _study_correction_sentences(tables: StudyTables, rows: pd.DataFrame) -> str:
    """How many differences of several settings hold when corrected over the whole study."""
    shown = rows["verdict"].isin(["better", "worse"])
    if len(tables.settings) < 2 or not shown.any():
        return ""
    level = round(1 - tables.analysis["plan"]["confidence"], 10)
    hold = int((shown & (rows["p_max_t_study"] < level)).sum())
    return (
        " Each setting is corrected by itself. Corrected over the whole study, "
        f"{hold} of these differences {'holds' if hold == 1 else 'hold'}."
    )


def describe_contrast(row: Mapping, plan: Mapping) -> str:
    """ELU (+2.58 pp, +1.77 to +3.40), for a row of the contrasts as a mapping."""
    ends = ""
    if is_number(row["low"]):
        ends = f", {interval(row['low'], row['high'], show=points)}"
    small = ", by less than the margin" if is_within_margin(row, plan) else ""
    return f"{label(row['activation'])} ({points(row['mean_diff'])} pp{ends}{small})"


def verdict_sentences(tables: StudyTables, setting: Setting) -> list[tuple[str, str]]:
    """What was found in one setting, as a list of (verdict, text)."""
    plan, rows = tables.analysis["plan"], tables.of(tables.compared, setting)
    found = []
    for verdict in SIGNS:
        group = rows[rows["verdict"] == verdict]
        group = group.sort_values("mean_diff", ascending=verdict == "worse", kind="stable")
        if len(group):
            found.append((verdict, describe_contrasts(group.to_dict("records"), plan)))
    return found


def describe_contrasts(rows: list[dict], plan: Mapping, most: int = 8) -> str:
    """The contrasts of one verdict; beyond `most` more names, for the table has them all."""
    described = rows if len(rows) <= most else rows[: most - 2]
    rest = [label(row["activation"]) for row in rows[len(described) :]]
    more = f"; then {join_words(rest, NAMED)}" if rest else ""
    return join_words(describe_contrast(row, plan) for row in described) + more


def is_within_margin(row: Mapping, plan: Mapping) -> bool:
    """Whether a better or worse is shown to be smaller than the margin, corrected as it is."""
    level = round(1 - plan["confidence"], 10)
    small = is_number(row["p_tost_holm"]) and row["p_tost_holm"] < level
    return row["verdict"] in ("better", "worse") and small


def interval_conflict(row: Mapping, margin: float) -> str | None:
    """How the interval of a contrast contradicts its verdict, a key of CONFLICTS; else None."""
    if not is_number(row["low"]):
        return None
    shown, outside = row["verdict"] in ("better", "worse"), row["low"] > 0 or row["high"] < 0
    if shown != outside:
        return "without 0" if outside else "with 0"
    wide = row["low"] < -margin or row["high"] > margin
    return "beyond" if row["verdict"] == "equivalent" and wide else None


def conflict_sentences(tables: StudyTables, setting: Setting) -> Iterator[str]:
    """Why an interval and the verdict beside it say different things, where they do."""
    plan, rows = tables.analysis["plan"], tables.of(tables.compared, setting)
    found: dict[str, list[str]] = {}
    for row in rows.to_dict("records"):
        kind = interval_conflict(row, plan["margin"])
        if kind == "without 0" and row["n_pairs"] <= plan["descriptive_up_to_pairs"]:
            kind = "few"
        elif kind == "without 0" and len(rows) == 1:
            kind = "single"
        if kind:
            found.setdefault(kind, []).append(label(row["activation"]))
    for kind, names in found.items():
        what, why = CONFLICTS[kind]
        yield f"{what} ({join_words(names, 6)}). {why.format(n=len(rows))}"


def best_sentences(tables: StudyTables, setting: Setting) -> str | None:
    """Whether the control is the best of a setting, and who could be; None where nothing can be."""
    (about,) = tables.rows("settings", setting)
    compared = len(tables.of(tables.compared, setting))
    if not compared or about["descriptive_only"] or all_diverged_sentence(tables, setting):
        return None
    control, found = label(tables.control), about["control_is_best"]
    last = _possible_best_sentence(tables, setting, about["could_be_best"])
    last += _tuning_condition(tables, setting)
    if found["verdict"] == "supported":
        claim = f"{control} is better than every other here (p {probability(found['p'])})"
        return _one_sided_claim(claim, tables.of(tables.primary, setting)) + last
    if found["verdict"] == "contradicted":
        return f"{control} is not the best here.{last}"
    return f"Whether {control} is the best here is undecided.{last}"


def _possible_best_sentence(tables: StudyTables, setting: Setting, names: list[str]) -> str:
    """Which activations could be the best of a setting; "" without any."""
    best = [label(a) for a in tables.best_first(setting) if a in names]
    sure = f" ({confidence_percent(tables.analysis['plan'])} confidence)"
    if len(best) == 1:
        return f" Only {best[0]} could be the best{sure}."
    return f" The best could be {join_words(best, 8, 'or')}{sure}." if best else ""


def _tuning_condition(tables: StudyTables, setting: Setting) -> str:
    """That the claim is about the values that tuning chose; "" where nothing was tuned."""
    if not tables.tuned_cells(setting):
        return ""
    contrasts = tables.of(tables.primary, setting)
    better = set(contrasts.loc[contrasts["verdict"] == "better", "activation"])
    stand = any(r["holds"] for r in tables.retuned_contrasts(setting) if r["activation"] in better)
    falls = "; after another tuning none need be better" if better and not stand else ""
    return f" That is so at the values that tuning chose here{falls}."


def _one_sided_claim(claim: str, rows: pd.DataFrame) -> str:
    """The claim that the control is above all, tested on one side, beside the verdicts on two."""
    if (rows["verdict"] == "worse").all():
        return f"{claim}."
    return f"In one-sided tests {claim}. The two-sided verdicts do not all show it."


def study_best_sentence(tables: StudyTables) -> str | None:
    """Whether the control is the best in every setting, or None with one setting."""
    found, control = tables.analysis["control_is_best"], label(tables.control)
    few = any(setting["descriptive_only"] for setting in tables.analysis["settings"])
    nothing = tables.compared.empty or (few and found["verdict"] != "contradicted")
    if len(tables.settings) < 2 or not found["verdict"] or nothing:
        return None
    if found["verdict"] == "supported":
        p = probability(found["p"])
        claim = f"{control} is better than every other in every setting (p {p})"
        return _one_sided_claim(claim, tables.primary)
    if found["verdict"] == "contradicted":
        where = _where_better(tables, found["better"])
        return f"{control} is not the best everywhere. Shown to be better: {where}."
    return (
        "Corrected over the whole study, it is undecided whether "
        f"{control} is the best in every setting."
    )


def _where_better(tables: StudyTables, better: list[dict], most: int = 4) -> str:
    """ "ELU and Mish on Digits; ELU on STL-10" for rows of setting and activation."""
    found: dict[str, list[str]] = {}
    for row in better:
        where = tables.title((row["recipe"], row["network"], row["dataset"]))
        found.setdefault(where, []).append(label(row["activation"]))
    places = [f"{join_words(names, most)} on {where}" for where, names in found.items()]
    rest = [f"others in {count(len(places) - most, 'more setting')}"] if places[most:] else []
    return "; ".join([*places[:most], *rest])


def across_datasets_sentence(tables: StudyTables, group: Mapping, named: bool = False) -> str:
    """Whether one activation leads over the data sets of a recipe and network."""
    where = f" with {group['network']} and {group['recipe']}" if named else ""
    over = f"Over {join_words(map(dataset_label, group['datasets']))} together{where}"
    if group["winner"]:
        return f"{over}, {label(group['winner'])} is better than every other."
    seeds = tables.analysis["plan"]["descriptive_up_to_pairs"]
    depends = [label(row["activation"]) for row in group["rows"] if row["interaction"]]
    few = [row for row in group["rows"] if not is_number(row["df"]) or row["df"] < seeds]
    why = ": so few seeds show nothing" if few else ""
    if depends:
        why = f": the difference depends on the data set for {join_words(depends, 4)}"
    return f"{over}, no winner is named{why}."
