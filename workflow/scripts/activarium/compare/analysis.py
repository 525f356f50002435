"""Everything that a report says, as one mapping that json can hold.

What each key holds, and in which unit, says schema.yaml beside this file.
"""

from ..tables import KEY, finite
from .aa_test import a_a
from .across_datasets import over_datasets
from .all_pairs import all_pairs
from .assumptions import diagnostics
from .best import control_is_best, could_be_best, in_the_study
from .contrasts import contrasts
from .failures import failures
from .identical_runs import identical
from .plan import descriptive, plan
from .power import power
from .published_results import published
from .recipes import own_best, survival
from .scores import against, by_setting, rows_by_setting, scored, wide
from .sensitivity import sensitivity
from .standard_errors import test_noise
from .summaries import summaries
from .theory import theory
from .time_to_target import time_to_target
from .training_costs import cost


def analysis(runs, epochs, costs, control, confidence, margin, chance, profiles=None):
    """The plan that was run and its results; the names are those of the tables' columns.

    `runs`, `epochs` and `costs` are DataFrames of those tables, the last two perhaps empty;
    `chance` maps a data set to the accuracy of guessing, `profiles` an activation to what is
    proven of it, where anything is. The same tables, in whatever order of
    rows, give the same mapping.
    """
    runs = runs.sort_values(KEY)
    settings = [(k, wide(g)) for k, g in by_setting(scored(runs, "chance", chance))]
    described = summaries(runs, chance, confidence)
    compared = contrasts(runs, control, chance, confidence, margin)
    primary = [row for row in compared if row["failures"] == "chance"]
    about = _settings(settings, control, primary, confidence)
    return finite(
        {
            "schema": "workflow/scripts/activarium/compare/schema.yaml",
            "plan": plan(control, confidence, margin, chance, len(settings)),
            "settings": about,
            "control_is_best": in_the_study(
                [setting["control_is_best"] for setting in about], primary, confidence
            ),
            "summaries": described,
            "contrasts": compared,
            "pairs": [k | row for k, scores in settings for row in all_pairs(scores, confidence)],
            "identical": identical(runs, epochs),
            "over_datasets": over_datasets(settings, control, confidence),
            "failures": failures(runs, confidence),
            "test_noise": test_noise(runs, control),
            "a_a": a_a(runs, control, chance, confidence, margin),
            "power": power(primary, confidence),
            "sensitivity": sensitivity(compared, confidence),
            "recipes": {
                "survival": survival(primary),
                "own_best": own_best(runs, control, chance, confidence, margin),
            },
            "time_to_target": time_to_target(runs, epochs, control, confidence, margin),
            "diagnostics": [k | diagnostics(scores, control) for k, scores in settings],
            "cost": cost(costs, described, control),
            "published": published(settings, control, confidence),
            "theory": theory(described, profiles or {}, confidence),
        }
    )


def _settings(settings, control, primary, confidence):
    """What is true of a setting as a whole, one dict each."""
    families = {tuple(k.values()): rows for k, rows in rows_by_setting(primary)}
    return [
        key
        | _setting(scores, control, confidence)
        | {
            "could_be_best": could_be_best(scores, confidence),
            "control_is_best": control_is_best(
                scores, control, families.get(tuple(key.values()), []), confidence
            ),
        }
        for key, scores in settings
    ]


def _setting(scores, control, confidence):
    """How much a setting holds, and whether that is enough for more than a description."""
    pairs = against(scores, control).notna().sum()
    most = int(pairs.max()) if len(pairs) else 0
    return {
        "n_activations": scores.shape[1],
        "n_seeds": len(scores),
        "n_pairs": {"fewest": int(pairs.min()) if len(pairs) else 0, "most": most},
        "has_control": control in scores,
        "descriptive_only": (most or len(scores)) <= descriptive(confidence),
    }
