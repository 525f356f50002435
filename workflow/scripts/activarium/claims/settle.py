"""Settles claims by published runs: the rows that each rests on, and what they come to.

The rule is stated in docs/statistics.md. A verdict is about the direction. How large a difference
is stands beside it, and changes no verdict.
"""

from __future__ import annotations

import math
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import activations, datasets
from ..compare.paired_tests import adjust_p_values, mean, sd, t_interval, t_quantile, tost
from ..compare.permutation_tests import max_t
from ..compare.retuning import predict_difference
from ..compare.scores import differences_from, significance_level, sorted_values
from ..compare.shared_pairs import find_holders
from .published_studies import differing_keys
from .register import reported_accuracies, reported_differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .published_studies import PublishedStudy

Row = dict[str, Any]
PLACE = itemgetter("study", "recipe", "network", "dataset")
VERDICTS = ("supported", "contradicted", "undecided", "not tested here")


def settle_claims(
    claims: Iterable[Mapping[str, Any]], studies: Iterable[PublishedStudy]
) -> tuple[list[Row], list[Row]]:
    """(one row a claim, one row a contrast it rests on), in `columns.CLAIMS` and `EVIDENCE`.

    `claims` are from `read_claims`, `studies` from `read_studies`. Differences are fractions,
    activation − control.
    """
    claims, studies = list(claims), list(studies)
    evidence = [_find_evidence(claim, studies) for claim in claims]
    for rows in evidence:
        for kind in (True, False):
            _correct([row for row in rows if row["decides"] == kind], "claim")
    _correct([row for rows in evidence for row in rows if row["decides"]], "register")
    settled = [_settle(*pair) for pair in zip(claims, evidence, strict=True)]
    rows = [row for rows in evidence for row in rows]
    return settled, [{k: v for k, v in row.items() if k not in HIDDEN} for row in rows]


HIDDEN = (  # of a row, while it is being settled
    "differences", "scores", "level", "direction", "margin", "p_retuned", "falls",
)  # fmt: skip


# The rows that a claim rests on


def _find_evidence(claim, studies):
    """The rows of every published setting on the claim's data set, shared runs once.

    Settings that differ in nothing that the paper states decide; where there is none, all do.
    """
    rows: list[Row] = []
    if claim["measure"] == "accuracy":
        rows = _count_shared_once(row for found in studies for row in _rows_of(claim, found))
    any_alike = any(not row["differs"] for row in rows)
    for row in rows:
        row["decides"] = not any_alike or not row["differs"]
    return rows


def _rows_of(claim, found: PublishedStudy) -> Iterator[Row]:
    """The rows of one study."""
    for key, scores in found.settings:
        if key["dataset"] != claim["dataset"]:
            continue
        for control in claim["controls"]:
            both = {claim["activation"], control}
            if both <= set(scores) and both <= found.built_in:
                yield from _row(claim, found, key, scores, control)


def _row(claim, found, key, scores, control) -> Iterator[Row]:
    """The contrast of the claim's activation with `control` in one setting, from two pairs on."""
    activation = claim["activation"]
    series = differences_from(scores, control)[activation].dropna()
    d = sorted_values(series)
    if len(d) < 2:
        return
    low, high = t_interval(d, found.confidence) if sd(d) else (math.nan, math.nan)
    yield {
        "claim": claim["claim"],
        "study": found.name,
        **key,
        "activation": activation,
        "control": control,
        "also_in": "",
        "differs": "; ".join(differing_keys(claim["setting"], found, key)),
        "n_pairs": len(d),
        "mean_diff": mean(d),
        "low": low,
        "high": high,
        **_after_another_tuning(found, key, activation, control, d),
        "accuracy": mean(sorted_values(scores.loc[series.index, activation])),
        "control_accuracy": mean(sorted_values(scores.loc[series.index, control])),
        "reported_accuracy": reported_accuracies(claim).get(activation),
        **_compare_size(d, reported_differences(claim).get(control), claim["runs"], found),
        "p_published": _published_p(found, key, activation, control),
        "p_tost": tost(d, found.margin),
        "differences": series,
        "scores": tuple(map(tuple, scores.loc[series.index, [activation, control]].to_numpy())),
        "level": significance_level(found.confidence),
        "margin": found.margin,
        "direction": claim["direction"],
    }


def _after_another_tuning(found, key, activation, control, d) -> Row:
    """The range of the true difference had other tuning seeds chosen, and its p.

    All are None where nothing was tuned. Where nobody can say, the range is NaN and p is 1.
    """
    gains = found.gains.get((key["recipe"], key["network"], key["dataset"]))
    low = high = p = None
    if gains is not None:
        low, high, p = math.nan, math.nan, 1.0
        if {activation, control} <= gains.keys() and sd(d):
            more = gains[activation] - gains[control]
            low, high, p = predict_difference(mean(d), sd(d), len(d), more, found.confidence)
            p = p if (low + high) * mean(d) > 0 else 1.0  # the other side is no difference of d's
    return {"retuned_low": low, "retuned_high": high, "p_retuned": p}


def _published_p(found, key, activation, control) -> float:
    """The study's own corrected p of this pair, whichever of the two is its control; else NaN."""
    setting = (key["recipe"], key["network"], key["dataset"])
    pairs = ((*setting, activation, control), (*setting, control, activation))
    return next((found.p_published[pair] for pair in pairs if pair in found.p_published), math.nan)


def _compare_size(d, reported, runs, found) -> Row:
    """The reported difference beside the range in which as many further pairs as theirs would lie.

    A prediction interval for the mean of `runs` further pairs (Whitmore 1986, The American
    Statistician 40); where the number is not known, of one. The spread is taken to be ours.
    """
    half = math.nan
    if reported is not None and sd(d):
        further = math.sqrt(1 / len(d) + 1 / (runs or 1))
        half = t_quantile(found.confidence, len(d)) * sd(d) * further
    low, high = mean(d) - half, mean(d) + half
    size = None
    if not math.isnan(half) and reported is not None:
        size = "below" if reported < low else "above" if reported > high else "within"
    return {
        "reported_difference": reported,
        "predicted_low": low,
        "predicted_high": high,
        "size": size,
    }


def _count_shared_once(rows: Iterable[Row]) -> list[Row]:
    """The rows without those whose pairs of runs another one has, too: it keeps the larger.

    "also_in" of a row names the other studies that hold its runs, or some of them.
    """
    rows = list(rows)
    holders = find_holders([_pairs_of_runs(row) for row in rows])
    for row, held_by in zip(rows, holders, strict=True):
        if held_by:
            kept = rows[held_by[0]]
            kept["also_in"] = ", ".join(filter(None, [kept["also_in"], row["study"]]))
    return [row for row, held_by in zip(rows, holders, strict=True) if not held_by]


def _pairs_of_runs(row: Row) -> frozenset:
    """What tells a contrast apart: data set, control, and the two scores of each seed."""
    place = (row["dataset"], row["control"])
    pairs = zip(row["differences"].index, row["scores"], strict=True)
    return frozenset((*place, seed, scores) for seed, scores in pairs)


# What they come to


def _correct(rows: list[Row], family: str) -> None:
    """Give each row "p_FAMILY", "p_tost_FAMILY" and "shown_FAMILY", corrected for all `rows`.

    Max-T over joint sign flips by seed, as within a study; Holm for equivalence. Where a number was
    tuned, p is no smaller than that of the difference after another tuning, by Holm over those
    contrasts, and equivalent is only what stays in the margin after it.
    """
    if not rows:
        return
    table = pd.concat([row["differences"] for row in rows], axis=1).sort_index()
    corrected = max_t(table.to_numpy(dtype=float).T)
    equivalent = adjust_p_values([row["p_tost"] for row in rows])
    chosen = [_shown(*row) for row in zip(rows, corrected, equivalent, strict=True)]
    tuned = [i for i, row in enumerate(rows) if row["p_retuned"] is not None]
    retuned = adjust_p_values([rows[i]["p_retuned"] for i in tuned])
    for i, p in zip(tuned, retuned, strict=True):
        low, high, margin = (rows[i][key] for key in ("retuned_low", "retuned_high", "margin"))
        corrected[i] = max(corrected[i], p)
        equivalent[i] = equivalent[i] if -margin < low and high < margin else 1.0
    for row, p, p_tost, before in zip(rows, corrected, equivalent, chosen, strict=True):
        row[f"p_{family}"], row[f"p_tost_{family}"] = float(p), p_tost
        row[f"shown_{family}"] = _shown(row, p, p_tost)
        row["falls"] = row[f"shown_{family}"] != before  # of the larger family, which is the last


def _shown(row: Row, p: float, p_tost: float) -> str:
    """ "claimed", "opposite" or "neither": what a contrast shows of its claim."""
    sign = -1 if row["direction"] == "worse" else 1
    better = p < row["level"] and sign * row["mean_diff"] > 0
    worse = p < row["level"] and sign * row["mean_diff"] < 0
    if row["direction"] == "not worse" and p_tost < row["level"]:
        return "claimed"  # equivalent: whatever differs is less than the margin
    return "claimed" if better else "opposite" if worse else "neither"


def _settle(claim, rows) -> Row:
    """The row of one claim, from the rows that decide it."""
    deciding = [row for row in rows if row["decides"]]
    counts = _count_settings(claim, deciding, "shown_register")
    sizes = [row["size"] for row in deciding if row["size"]]
    differences = reported_differences(claim)
    one = len(claim["controls"]) == 1
    return {
        **_stated(claim),
        "reported_difference": differences.get(claim["controls"][0]) if one else None,
        "verdict": _verdict(counts),
        "verdict_alone": _verdict(_count_settings(claim, deciding, "shown_claim")),
        "setting": _likeness(deciding),
        **counts,
        "sizes_compared": len(sizes),
        "sizes_within": sizes.count("within"),
        "reason": _reason(claim, deciding, counts),
    }


def _stated(claim) -> Row:
    """What the columns of a claim take from its file as it stands."""
    setting = claim["setting"]
    recipe = ", ".join(f"{key} {value}" for key, value in setting["recipe"].items())
    return {
        "claim": claim["claim"],
        **{key: claim["paper"][key] for key in ("identifier", "title", "url")},
        **{key: claim[key] for key in ("sentence", "place", "source", "activation", "direction")},
        "controls": ", ".join(claim["controls"]) or claim["other_control"],
        "dataset": claim["dataset"],
        "other_dataset": claim.get("other_dataset"),
        "measure": claim["measure"],
        "runs": claim["runs"],
        "network": setting["network"],
        "recipe": recipe or None,
    }


def _count_settings(claim, rows: list[Row], shown: str) -> dict[str, int]:
    """How many settings show the claim, its opposite, and neither.

    A setting shows a claim about several controls only where it shows it beside each of them; it
    shows the opposite where it does so beside any.
    """
    found = []
    for _, group in groupby(sorted(rows, key=PLACE), PLACE):
        said = {row["control"]: row[shown] for row in group}
        if "opposite" in said.values():
            found.append("opposite")
        else:
            whole = all(said.get(control) == "claimed" for control in claim["controls"])
            found.append("claimed" if whole else "neither")
    counted = {word: found.count(word) for word in ("claimed", "opposite", "neither")}
    names = {"claimed": "supporting", "opposite": "contradicting", "neither": "undecided"}
    return {names[word]: n for word, n in counted.items()}


def _verdict(counts: Mapping[str, int]) -> str:
    """One of `VERDICTS`. Settings that disagree leave a claim undecided."""
    if not sum(counts.values()):
        return "not tested here"
    if bool(counts["supporting"]) == bool(counts["contradicting"]):
        return "undecided"
    return "supported" if counts["supporting"] else "contradicted"


def _likeness(rows: list[Row]) -> str | None:
    """Whether the settings that decide are the paper's, as far as it states its own."""
    if not rows:
        return None
    return "other" if any(row["differs"] for row in rows) else "as reported"


def _reason(claim, rows: list[Row], counts: Mapping[str, int]) -> str:
    """Why the verdict is what it is, in a sentence or two."""
    if claim["measure"] != "accuracy":
        return MEASURES[claim["measure"]]
    if not claim["controls"]:
        return f"It is compared with {claim['other_control']}, which is no activation."
    if claim["dataset"] is None:
        return f"We have no {claim['other_dataset']}."
    if not rows:
        others = [activations.label(name) for name in claim["controls"]]
        beside = others[0] if len(others) == 1 else "any of the others"
        where = f"beside {beside} on {datasets.label(claim['dataset'])}"
        return f"No published study has {activations.label(claim['activation'])} {where}."
    missing = len(set(claim["controls"]) - {row["control"] for row in rows})
    lacking = f"; {missing} of {len(claim['controls'])} controls were not tested" if missing else ""
    return f"{_count_words(counts)}{lacking}.{_tuning_words(rows)}{_size_words(rows)}"


MEASURES = {
    "perplexity": "It is about perplexity, not accuracy.",
    "several": "It is about several measures, not accuracy alone.",
}
SHOWN = {"supporting": "it", "contradicting": "the opposite", "undecided": "neither"}


def _count_words(counts: Mapping[str, int]) -> str:
    """How many settings show what."""
    shown = {SHOWN[name]: n for name, n in counts.items() if n}
    if sum(counts.values()) == 1:
        return f"The one setting shows {next(iter(shown))}"
    said = ", ".join(f"{n} {'show' if n > 1 else 'shows'} {what}" for what, n in shown.items())
    return f"Of {sum(counts.values())} settings {said}"


def _tuning_words(rows: list[Row]) -> str:
    """How many contrasts are shown at the tuned values, and not after another tuning."""
    n = sum(row["falls"] for row in rows)
    what = "contrast is" if n == 1 else "contrasts are"
    return f" {n} {what} shown at the tuned values alone, not after another tuning." if n else ""


def _size_words(rows: list[Row]) -> str:
    """How many of the contrasts could have given the difference that is reported."""
    sizes = [row["size"] for row in rows if row["size"]]
    if not sizes:
        return ""
    contrasts = "contrast" if len(sizes) == 1 else "contrasts"
    return f" The reported size fits {sizes.count('within')} of {len(sizes)} {contrasts}."
