"""What the runs were made on, in words: machines, mixed executions, and times that say nothing."""

from collections.abc import Mapping

import pandas as pd

from .formatting import count, join_words
from .study_tables import StudyTables


def describe_machine(cell: Mapping) -> str:
    """ "AMD EPYC, AVX512, node1" for what a cell of the costs was trained on."""
    about = (cell["device_name"] or cell["device"], cell["instruction_set"], cell["host"])
    return ", ".join(filter(None, about)) or "unknown"


def short_commit(commit: str) -> str:
    """The first seven digits of a commit, and the + of code that differed from it."""
    return commit[:7] + "+" * commit.endswith("+")


def days(costs: pd.DataFrame) -> str:
    """ "2026-11-29", or the first day and the last one, on which the rows of `costs` were made."""
    first, last = costs["started"].str[:10].agg(["min", "max"])
    return first if first == last else f"{first} to {last}"


def execution_sentences(tables: StudyTables) -> list[str]:
    """That runs were not all made alike, where they were not."""
    kinds = tables.analysis["cost"]["executions"]
    mixed = tables.analysis["cost"]["mixed"]
    if len(kinds) < 2:
        return []
    described = (
        f"{k['device']}, {k['instruction_set']}, {count(k['threads'], 'thread')}, "
        f"torch {k['torch']} ({count(k['n_runs'], 'run')})"
        for k in kinds
    )
    pairs = f" In {count(len(mixed), 'contrast')} some pairs mix them." if mixed else ""
    return [
        f"The runs were made in {len(kinds)} different ways: {join_words(described, 6)}.{pairs}"
    ]


def busy_sentences(tables: StudyTables) -> list[str]:
    """That times are not shown, where the machine did other work beside the runs."""
    if not tables.busy:
        return []
    return [
        f"Equal runs took up to {tables.time_spread:.1f} times as long as others. The machine was "
        "busy with other work too, so times are not shown."
    ]
