"""Everything that a report says, as one mapping that json can hold.

What each key holds, and in which unit, says schema.yaml beside this file.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from ..tables import KEY, finite
from . import retuning
from .aa_test import aa_test
from .across_datasets import compare_across_datasets
from .all_pairs import compare_all_pairs
from .assumptions import check_assumptions
from .best import judge_control, judge_control_in_study, list_possible_best
from .contrasts import compute_contrasts
from .failures import count_failures
from .identical_runs import find_identical_runs
from .plan import analysis_plan, max_descriptive_pairs
from .power import estimate_power
from .published_results import compare_with_published
from .recipes import compare_at_best_recipes, find_surviving_verdicts
from .retuning import describe_tuning
from .scores import differences_from, group_rows_by_setting, score_tables
from .sensitivity import verdicts_by_method
from .shown import list_shown
from .standard_errors import standard_errors
from .summaries import summarize_cells
from .theory import correlate_properties
from .time_to_target import time_to_target
from .training_costs import compare_costs


def analyse(
    runs: pd.DataFrame,
    epochs: pd.DataFrame,
    costs: pd.DataFrame,
    control: str,
    confidence: float,
    margin: float,
    chance: Mapping[str, float],
    profiles: Mapping[str, dict] | None = None,
    tuning: pd.DataFrame | None = None,
    chosen: Collection[str] = (),
) -> dict:
    """The plan that was run and its results; the names are those of the tables' columns.

    `runs`, `epochs` and `costs` are DataFrames of those tables, the last two perhaps empty;
    `chance` maps a data set to the accuracy of guessing, `profiles` an activation to what is
    proven of it, where anything is. `tuning` is that table, where a recipe tunes a number. Of many
    activations those `chosen` are shown, too. The order of rows changes nothing.
    """
    runs = runs.sort_values(KEY)
    settings = score_tables(runs, "chance", chance)
    described = summarize_cells(runs, chance, confidence)
    compared = compute_contrasts(runs, control, chance, confidence, margin)
    primary = [row for row in compared if row["failures"] == "chance"]
    found = {
        "schema": "workflow/scripts/activarium/compare/schema.yaml",
        "plan": analysis_plan(control, confidence, margin, chance, len(settings)),
        **_claims(settings, control, primary, confidence),
        "summaries": described,
        "contrasts": compared,
        **_shown(described, settings, control, confidence, chosen),
        **_comparisons(runs, epochs, settings, control, confidence),
        **_checks(runs, compared, control, chance, confidence, margin),
        "time_to_target": time_to_target(runs, epochs, control, confidence, margin),
        "diagnostics": [key | check_assumptions(scores, control) for key, scores in settings],
        "cost": compare_costs(costs, described, control),
        "published": compare_with_published(settings, control, confidence),
        "theory": correlate_properties(described, profiles or {}, confidence),
    }
    return finite(found if tuning is None else _with_tuning(found, tuning, primary))


def _with_tuning(found, tuning, primary):
    """The analysis with what tuning chose, and its plan with how that is judged."""
    plan = found["plan"]
    described = describe_tuning(tuning, primary, plan["chance"], plan["confidence"], plan["margin"])
    methods = [*plan["methods"], retuning.METHOD]
    return found | {"plan": plan | {"methods": methods}, "tuning": described}


def _shown(described, settings, control, confidence, chosen):
    """The pairs of each setting; of many activations which are shown, and their pairs alone."""
    shown = list_shown(described, control, chosen)
    pairs = [
        key | row
        for key, scores in settings
        for row in compare_all_pairs(scores, confidence, shown)
    ]
    return {"pairs": pairs} if shown is None else {"shown": shown, "pairs": pairs}


def _comparisons(runs, epochs, settings, control, confidence):
    """What compares more than one activation with the control in one setting."""
    return {
        "identical_runs": find_identical_runs(runs, epochs),
        "across_datasets": compare_across_datasets(settings, control, confidence),
        "failures": count_failures(runs, confidence),
        "standard_errors": standard_errors(runs, control),
    }


def _checks(runs, compared, control, chance, confidence, margin):
    """What says how far the verdicts can be trusted."""
    primary = [row for row in compared if row["failures"] == "chance"]
    return {
        "aa_test": aa_test(runs, control, chance, confidence, margin),
        "power": estimate_power(primary, confidence),
        "sensitivity": verdicts_by_method(compared, confidence),
        "recipes": {
            "survival": find_surviving_verdicts(primary),
            "own_best": compare_at_best_recipes(runs, control, chance, confidence, margin),
        },
    }


def _claims(settings, control, primary, confidence):
    """What is true of each setting as a whole, and whether the control is the best in all."""
    families = {tuple(k.values()): rows for k, rows in group_rows_by_setting(primary)}
    about = [
        key
        | _setting(scores, control, confidence)
        | {
            "could_be_best": list_possible_best(scores, confidence),
            "control_is_best": judge_control(
                scores, control, families.get(tuple(key.values()), []), confidence
            ),
        }
        for key, scores in settings
    ]
    claims = [setting["control_is_best"] for setting in about]
    in_study = judge_control_in_study(claims, primary, confidence)
    return {"settings": about, "control_is_best": in_study}


def _setting(scores, control, confidence):
    """How much a setting holds, and whether that is enough for more than a description."""
    pairs = differences_from(scores, control).notna().sum()
    most = int(pairs.max()) if len(pairs) else 0
    return {
        "n_activations": scores.shape[1],
        "n_seeds": len(scores),
        "n_pairs": {"fewest": int(pairs.min()) if len(pairs) else 0, "most": most},
        "has_control": control in scores,
        "descriptive_only": (most or len(scores)) <= max_descriptive_pairs(confidence),
    }
