"""The methods text and the table of what the study declared, worded from the plan that was run."""

from .tables import dataset_label, label
from .words import confidence, count, listed, percent


def methods(tables, study):
    """The methods as a list of (heading, paragraph)."""
    plan = tables.analysis["plan"]
    said = [("Runs", _runs(tables, study))]
    if study["recipes"]:
        said += [("Training", text) for text in _recipes(study)]
    said += [
        (
            "Score",
            "A run's score is its test accuracy after the last epoch, never that of its best "
            "epoch. A run whose loss became infinite or undefined is a failure and scores what "
            f"guessing scores ({_chance(tables, plan)}); a second analysis leaves failures out.",
        ),
        (
            "Comparison",
            f"Every activation is compared with {label(plan['control'])} within its setting, "
            "paired by seed: the same seed gives both the same initial weights and the same "
            "batches. Shown is the mean of the paired differences with Student's t interval at "
            f"{confidence(plan)}.",
        ),
        ("Verdicts", _verdicts(plan)),
    ]
    return said


def _runs(tables, study):
    seeds = tables.runs.groupby(["recipe", "network", "dataset", "activation"])["seed"].nunique()
    low, high = seeds.min(), seeds.max()
    many = count(low, "seed") if low == high else f"{low} to {high} seeds"
    data = listed(dataset_label(d) for d in sorted(set(tables.runs["dataset"])))
    text = (
        f"{count(len(tables.runs), 'run')}: {count(len(tables.activations), 'activation')} "
        f"on {data} in {count(len(tables.settings), 'setting')}, {many} each."
    )
    if study["runs"]:
        return text + " They were made elsewhere and came as tables: " + listed(study["runs"]) + "."
    held = study["validation"]
    return text + (f" {percent(held, 0)} % of the training images are held out." if held else "")


def _recipes(study):
    for name, r in study["recipes"].items():
        yield (
            f"Recipe {name}: {r['optimizer']} at learning rate {r['learning_rate']:g} "
            f"({r['schedule']}), batches of {r['batch_size']}, {count(r['epochs'], 'epoch')}, "
            f"weight decay {r['weight_decay']:g}, augmentation {r['augmentation']}, label "
            f"smoothing {r['label_smoothing']:g}, {r['precision']}. Weights start as He normal "
            "(variance 2 / fan-in) unless the network says otherwise."
        )


def _chance(tables, plan):
    used = [d for d in sorted(set(tables.runs["dataset"])) if d in plan["chance"]]
    return (
        listed(f"{dataset_label(d)} {percent(plan['chance'][d], 1)} %" for d in used) or "unknown"
    )


def _verdicts(plan):
    alpha = f"{1 - plan['confidence']:g}"
    return (
        f"“better” and “worse” are said where the p value of the paired t test, corrected by "
        f"Holm's method over the contrasts of the setting, is below {round(float(alpha), 10):g}; "
        "everything else is “not shown”, which is no proof of equality."
    )
