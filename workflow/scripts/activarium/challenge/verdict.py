"""What a challenge found, as numbers: one mapping a setting, and the lines that people read."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..report.formatting import interval, percent, points

SETTING = ("recipe", "network", "dataset")


def challenge_numbers(
    analysis: Mapping[str, Any], activation: str, ratios: Mapping[tuple, float]
) -> dict[str, Any]:
    """{"activation", "control", "confidence", "settings": [numbers]} of a study's `analysis`.

    Accuracies and differences are fractions. `place` counts means from the best, `rank_low` and
    `rank_high` are its simultaneous interval. `ratios` maps (recipe, network, dataset) to the
    training time beside the control's. Where a recipe is tuned, `chosen` has the values taken, and
    `at_edge` the end of the list, smallest or largest, of each that stands there.
    """
    rows = [_numbers(analysis, activation, key) | {"cost_ratio": ratio} for key, ratio in
            sorted(ratios.items())]  # fmt: skip
    plan = analysis["plan"]
    return {
        "activation": activation,
        "control": plan["control"],
        "confidence": plan["confidence"],
        "margin": plan["margin"],
        "settings": rows,
    }


def _numbers(analysis: Mapping[str, Any], activation: str, key: tuple) -> dict[str, Any]:
    """The numbers of one setting."""
    setting = dict(zip(SETTING, key, strict=True))

    def rows(name: str) -> list[dict]:
        found = (row for row in analysis[name] if row.items() >= setting.items())
        return [row for row in found if row.get("failures", "chance") == "chance"]

    summaries = {row["activation"]: row for row in rows("summaries")}
    (contrast,) = (row for row in rows("contrasts") if row["activation"] == activation)
    mine = summaries[activation]
    better = sum(row["mean"] > mine["mean"] for row in summaries.values())
    return {
        **setting,
        "n_pairs": contrast["n_pairs"],
        "mean": mine["mean"],
        "n_failed": mine["n_failed"],
        "difference": contrast["mean_diff"],
        "low": contrast["low"],
        "high": contrast["high"],
        "p_max_t": contrast["p_max_t"],
        "verdict": contrast["verdict"],
        "same_runs": _is_same(rows("identical_runs"), activation, analysis["plan"]["control"]),
        "place": better + 1,
        "n_activations": len(summaries),
        "rank_low": mine["rank_low"],
        "rank_high": mine["rank_high"],
        **_tuned(analysis, setting | {"activation": activation}),
    }


def _tuned(analysis: Mapping[str, Any], cell: Mapping[str, str]) -> dict[str, Any]:
    """What tuning chose for a cell, where its recipe is tuned."""
    for found in analysis.get("tuning", {}).get("cells", []):
        if found.items() >= cell.items():
            return {key: found[key] for key in ("chosen", "at_edge")}
    return {}


def _is_same(pairs: Iterable[Mapping], activation: str, control: str) -> bool:
    """Whether an activation's runs are the control's, of the `pairs` of identical runs."""
    return any({activation, control} == {pair["activation"], pair["other"]} for pair in pairs)


def verdict_lines(numbers: Mapping[str, Any]) -> Iterable[str]:
    """A line a setting: verdict, difference, interval, place and cost."""
    for row in numbers["settings"]:
        where = " · ".join(row[name] for name in SETTING[::-1])
        if row["same_runs"]:
            yield f"{where}: every run of {numbers['activation']} is that of {numbers['control']}"
            continue
        ends = interval(row["low"], row["high"], show=points)
        yield (
            f"{where}: {numbers['activation']} is {row['verdict']}: {points(row['difference'])} pp "
            f"beside {numbers['control']} ({percent(numbers['confidence'], 0)} % interval {ends}, "
            f"{row['n_pairs']} pairs); place {row['place']} of {row['n_activations']}; "
            f"{row['cost_ratio']:.2f} times its training time{_tuning_words(row)}"
        )


def _tuning_words(row: Mapping[str, Any]) -> str:
    """The values that tuning chose, with a warning where a list should be longer."""
    words = ""
    for key, value in row.get("chosen", {}).items():
        words += f"; tuned {key.replace('_', ' ')} {value:g}"
        if end := row["at_edge"].get(key):
            words += f", the {end} that was tried: a better one may lie beyond"
    return words
