"""Reference results: what the repository keeps of a study, to be checked and repeated by anyone."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from . import tables
from .files import atomic, write_text
from .refusal import Refusal
from .train.progress import span

AGAIN = "snakemake reference --cores all --configfile"


def publish(study, results, frozen, readme):
    """Copy `results` {from: to}, and write the frozen study and a page that says how it was made.

    `study` is the mapping that Snakemake was given. Refuses runs whose code is no commit: nobody
    could repeat them.
    """
    named = {Path(file).name: file for file in results}
    runs, costs = (tables.read(named[f"{name}.parquet"]) for name in ("runs", "costs"))
    commits = set(costs["commit"].fillna("+"))  # + marks a working tree that differs from it
    loose = sorted(c for c in commits if c.endswith("+"))
    if loose:
        raise Refusal(
            f"reference: the code of {study['name']} is no commit ('{loose[0]}'): "
            "commit, then train"
        )
    for file, to in results.items():
        with atomic(to) as temporary:
            shutil.copyfile(file, temporary)
    write_text(frozen, yaml.safe_dump(study, sort_keys=False, allow_unicode=True))
    write_text(readme, page(study, runs, costs, frozen))


def page(study, runs, costs, frozen):
    """The text that says on what, when, at which commit and for how long a study was trained."""
    seconds = costs["train_seconds"].sum() + costs["evaluate_seconds"].sum()
    failed = int((runs["status"] != "ok").sum())
    rows = {
        "runs": f"{len(runs)}, of which {failed} diverged",
        "machine": _all(costs, ["device_name", "instruction_set"]),
        "begun": " to ".join(dict.fromkeys(costs["started"].agg(["min", "max"]).str[:10])),
        "time": f"{span(seconds)} in training and testing, all runs added up; "
        f"{span(_wall(costs))} from the first start to the last end",
        "versions": f"Python {_all(costs, ['python'])}; torch {_all(costs, ['torch'])}",
        "commit": _all(costs, ["commit"]),
        "again": f"`{AGAIN} {frozen}`" + (", from its tables" if "runs" in study else ""),
    }
    lines = [f"| {name} | {text} |" for name, text in rows.items()]
    return "\n".join([f"# {study['name']}", "", "| | |", "|---|---|", *lines, ""])


def _all(costs, columns):
    """The different values, joined; each with the number of its runs where there are several."""
    counted = costs.groupby(columns, dropna=False).size()
    keys = [", ".join(map(str, k)) if isinstance(k, tuple) else str(k) for k in counted.index]
    if len(keys) == 1:
        return keys[0]
    return "; ".join(f"{key} ({n} runs)" for key, n in zip(keys, counted, strict=True))


def _wall(costs):
    """Seconds from the first start to the last end, as the runs' own times tell it."""
    begun = [datetime.fromisoformat(t) for t in costs["started"]]
    spent = costs["train_seconds"] + costs["evaluate_seconds"]
    ends = [b + timedelta(seconds=s) for b, s in zip(begun, spent, strict=True)]
    return (max(ends) - min(begun)).total_seconds()
