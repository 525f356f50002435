"""Numbers and verdicts in words: what the report says, made from the tables and nothing else."""

import math

from .. import datasets
from .tables import dataset_label, label

MINUS, DASH = "−", "–"
MEANS = {
    "better": "scored higher than the control",
    "worse": "scored lower than the control",
    "equivalent": "within the margin of the control",
    "not shown": "no difference could be shown",
}
SIGNS = {"better": "▲", "worse": "▼", "equivalent": "≈", "not shown": "·"}


def known(value):
    """Whether there is a number to show."""
    return value is not None and isinstance(value, int | float) and math.isfinite(value)


def percent(fraction, digits=2):
    """95.23 for 0.9523; a dash where there is none."""
    return f"{100 * fraction:.{digits}f}" if known(fraction) else DASH


def points(fraction, digits=2):
    """+1.25 or −1.25 for a difference of fractions, in percentage points."""
    if not known(fraction):
        return DASH
    text = f"{100 * fraction:+.{digits}f}"
    return text.replace("-", MINUS)


def interval(low, high, digits=2, show=percent):
    """ "1.10 to 2.30"; a dash where there is none."""
    if not (known(low) and known(high)):
        return DASH
    return f"{show(low, digits)} to {show(high, digits)}"


def probability(p):
    """A p value: 0.012, or < 0.001."""
    if not known(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def count(n, word, plural=None):
    """ "1 seed", "10 seeds"."""
    return f"{n} {word if n == 1 else plural or word + 's'}"


def listed(words, most=None):
    """ "a, b and c"; beyond `most` words the rest is only counted."""
    words = list(words)
    if most and len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def confidence(plan):
    """ "95 %" for the plan's confidence."""
    return f"{100 * plan['confidence']:g} %"


def contrast(row):
    """ "ELU (+2.58 pp, 1.77 to 3.40)" for a row of the contrasts."""
    reach = interval(row.low, row.high, show=points)
    return f"{label(row.activation)} ({points(row.mean_diff)} pp, {reach})"


def verdicts(tables, setting):
    """What was found in one setting, as a list of (heading, sentence), strongest first."""
    rows = tables.of(tables.primary, setting)
    said = []
    for verdict in ("better", "worse", "equivalent", "not shown"):
        group = rows[rows["verdict"] == verdict]
        group = group.sort_values("mean_diff", ascending=verdict == "worse", kind="stable")
        if len(group):
            said.append((verdict, listed(map(contrast, group.itertuples()))))
    return said


def headline(tables):
    """The one sentence at the top: who differs from the control, and in which direction."""
    rows, control = tables.primary, label(tables.control)
    if rows.empty:
        return f"Nothing could be compared with {control}."
    better, worse = ((rows["verdict"] == v).sum() for v in ("better", "worse"))
    where = f" in {len(tables.settings)} settings" if len(tables.settings) > 1 else ""
    return (
        f"Of {count(len(rows), 'comparison')} with {control}{where}, {better} came out higher, "
        f"{worse} lower, and in {len(rows) - better - worse} no difference was shown."
    )


def limits(tables, study):
    """What a reader must know before quoting a number, as a list of sentences."""
    said = []
    recipes = {s[0] for s in tables.settings}
    if len(recipes) == 1:
        said.append("For this training recipe only: another one may order them differently.")
    seeds = tables.runs.groupby(["recipe", "network", "dataset", "activation"])["seed"].nunique()
    if seeds.min() <= 5:
        said.append(
            f"{count(seeds.min(), 'seed')} in the smallest cell: with five or fewer this report "
            "only describes; no corrected rank test could reach significance."
        )
    said += _data(tables, study)
    if (tables.runs["status"] == "diverged").any():
        n = int((tables.runs["status"] == "diverged").sum())
        said.append(
            f"{count(n, 'run')} of {len(tables.runs)} diverged and count as guessing, "
            "not as missing."
        )
    return said


def _data(tables, study):
    """What is special about the images that the runs of each data set saw."""
    for dataset in sorted(set(tables.runs["dataset"])):
        said = (
            [getattr(datasets.load(dataset), "caveat", "")] if dataset in datasets.names() else []
        )
        if study.get("train_size"):
            size = f"{study['train_size']:,}".replace(",", "\u202f")
            said.append(f"Trained on a fixed draw of {size} images, not on the whole training set.")
        yield from (f"{dataset_label(dataset)}: {text}" for text in said if text)
