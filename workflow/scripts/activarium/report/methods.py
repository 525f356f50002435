"""The methods text, worded from the plan that was run and from nothing else."""

from pathlib import Path

from .study_tables import dataset_label, label
from .training import networks, recipe
from .words import confidence, count, listed, percent


def methods(tables, study, described=None):
    """The methods as a list of (heading, paragraph); `described` as in `training.conditions`."""
    plan = tables.analysis["plan"]
    said = [("Runs", _runs(tables, study))]
    said += [("Training", text) for text in _recipes(study)]
    said += [("Network", networks(described))] if described else []
    return said + [
        ("Score", _score(tables, plan, study)),
        ("Pairs", _pairs(plan, study)),
        ("Verdicts", _verdicts(plan)),
    ]


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
        names = (Path(file).name for file in study["runs"])  # the folders are not the reader's
        return text + " They were made elsewhere and came as tables: " + listed(names) + "."
    if len(study["shards"]) > 1:
        text += f" They were trained in {len(study['shards'])} shards, each run once."
    held = study["validation"]
    return text + (f" {percent(held, 0)} % of the training images are held out." if held else "")


def _recipes(study):
    for name, values in study["recipes"].items():
        yield f"Recipe {name}: {'; '.join(recipe(values).values())}."


def _score(tables, plan, study):
    used = [d for d in sorted(set(tables.runs["dataset"])) if d in plan["chance"]]
    chance = listed(f"{dataset_label(d)} {percent(plan['chance'][d], 1)} %" for d in used)
    score = (
        "A run's score is the test accuracy that its table states"
        if study["runs"]
        else "A run's score is its test accuracy after the last epoch, never that of its best epoch"
    )
    return (
        f"{score}. A run that diverged is a failure and scores what guessing scores, of "
        f"unequal classes the most frequent one{f' ({chance})' if chance else ''}; a second "
        "analysis leaves failures out."
    )


def _pairs(plan, study):
    same = (
        "whether equal seeds mean equal weights and batches, its tables do not say"
        if study["runs"]
        else "the same seed gives both the same initial weights and the same batches"
    )
    return (
        f"Every activation is compared with {label(plan['control'])} within its setting (recipe × "
        f"network × data set), paired by seed: {same}. Settings are never pooled unless the table "
        "below says so."
    )


def _verdicts(plan):
    alpha, flips = f"{round(1 - plan['confidence'], 10):g}", plan["permutations"]
    return (
        "“better” and “worse”: p of the studentised max-T test over joint sign flips is below "
        f"{alpha} (every flip up to {flips['exact_up_to_seeds']} seeds, {flips['drawn']} drawn "
        "ones beyond). Otherwise “equivalent”: two one-sided t tests show the difference to be "
        f"within ± {percent(plan['margin'], 1)} pp, Holm-corrected p below {alpha}. Otherwise "
        f"“not shown”, which is no proof of equality. Intervals are at {confidence(plan)}."
    )
