"""The methods text, worded from the plan that was run and from nothing else."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from .formatting import confidence_percent, count, join_words, percent, thousands
from .machines import short_commit
from .study_tables import StudyTables, dataset_label, label
from .training_summary import describe_networks, describe_recipe
from .tuning_choices import tuning_method


def methods_paragraphs(
    tables: StudyTables, study: Mapping, described: Mapping | None = None
) -> list[tuple[str, str]]:
    """The methods as a list of (heading, paragraph); `described` as in `training_facts`."""
    plan = tables.analysis["plan"]
    said = [("Runs", _runs(tables, study))]
    said += [("Training", text) for text in _recipes(study)]
    tuned = tuning_method(study)
    said += [("Tuning", tuned)] if tuned else []
    said += [("Network", describe_networks(described))] if described else []
    return said + [
        ("Score", _score(tables, plan, study)),
        ("Pairs", _pairs(plan, study)),
        ("Verdicts", _verdicts(plan)),
    ]


def _runs(tables, study):
    seeds = tables.runs.groupby(["recipe", "network", "dataset", "activation"])["seed"].nunique()
    low, high = seeds.min(), seeds.max()
    many = count(low, "seed") if low == high else f"{low} to {high} seeds"
    data = join_words(dataset_label(d) for d in sorted(set(tables.runs["dataset"])))
    text = (
        f"{count(len(tables.runs), 'run')}: {count(len(tables.activations), 'activation')} "
        f"on {data} in {count(len(tables.settings), 'setting')}, {many} each."
    )
    if study["runs"]:
        names = (Path(file).name for file in study["runs"])  # the folders are not the reader's
        return text + " They were made elsewhere and came as tables: " + join_words(names) + "."
    if len(study["shards"]) > 1:
        text += f" They were trained in {len(study['shards'])} shards, each run once."
    text += reuse_sentences(tables)
    held_out = percent(study["validation"], 0)
    kept = f" {held_out} % of the training images are held out." if study["validation"] else ""
    return text + kept


def reuse_sentences(tables: StudyTables) -> str:
    """How many runs were published before, at which commits, and by which code; "" for none."""
    taken = tables.reused
    if taken.empty:
        return ""
    commits = taken["commit"].dropna().map(short_commit).value_counts().index
    word = "commit" if len(commits) == 1 else "commits"
    where = f", at {word} {join_words(commits)}" if len(commits) else ""
    text = f" {len(taken)} of {count(len(tables.runs), 'run')} were published before{where}."
    today = set(tables.costs["code"][tables.costs["reused_from"].isna()].dropna())
    unknown = int(taken["code"].isna().sum())
    other = int((~taken["code"].isin(today)).sum()) - unknown if today else 0
    if unknown:
        text += f" Of {unknown} the code was not recorded."
    if other:
        text += f" {count(other, 'run')} of these came from other code than what was trained now."
    return text


def _recipes(study) -> Iterator[str]:
    for name, values in study["recipes"].items():
        yield f"Recipe {name}: {'; '.join(describe_recipe(values).values())}."


def _score(tables, plan, study):
    used = [d for d in sorted(set(tables.runs["dataset"])) if d in plan["chance"]]
    chance = join_words(f"{dataset_label(d)} {percent(plan['chance'][d], 1)} %" for d in used)
    score = "A run's score is its test accuracy after the last epoch, not after its best epoch."
    if study["runs"]:
        score = "A run's score is the test accuracy that its table states."
    return (
        f"{score} A run that diverged is a failure. It scores what guessing the most frequent "
        f"class scores{f' ({chance})' if chance else ''}. A second analysis leaves failures out."
    )


def _pairs(plan, study):
    same = (
        "The tables do not say whether equal seeds mean equal weights and batches."
        if study["runs"]
        else "The same seed gives both the same initial weights and the same batches."
    )
    return (
        f"Every activation is compared with {label(plan['control'])} within its setting (recipe × "
        f"network × data set), paired by seed. {same} Settings are pooled only where a table below "
        "says so."
    )


def _verdicts(plan):
    level, flips = f"{round(1 - plan['confidence'], 10):g}", plan["permutations"]
    return (
        "“Better” and “worse”: the p of the studentised max-T test over joint sign flips is below "
        f"{level}. Up to {flips['exact_up_to_seeds']} seeds all flips are tried; beyond that, "
        f"{thousands(flips['drawn'])} are drawn. Otherwise “equivalent”: two one-sided t tests "
        f"show the difference to be within ± {percent(plan['margin'], 1)} pp, with a "
        f"Holm-corrected p below {level}. Otherwise “not shown”, which is no proof of "
        f"equality. Intervals are at {confidence_percent(plan)}."
    )
