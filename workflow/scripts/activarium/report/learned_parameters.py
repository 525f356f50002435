"""What the activations of a study have learned, as rows and sentences of the report."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from .. import activations
from ..compare.scores import SETTING
from ..definitions.learned import per_channel
from ..tables import KEY
from .formatting import count, join_words
from .study_tables import Setting, StudyTables, label

CELL = ["activation", "parameter"]


def learned_rows(tables: StudyTables) -> dict[Setting, list[dict]]:
    """{setting: one dict for each parameter of an activation}; {} where nothing was learned.

    Keys: `activation`, `parameter`, `numbers` (of a whole network), `per_layer` (the fewest and the
    most of a layer), `start`, `end` and `spread` (mean and standard deviation over seeds of the
    mean over layers), and `layers`, a dict each with `layer`, `start`, `end`, `spread` (over
    seeds), `sd`, `min` and `max` (over the numbers of a layer, None where it has one). Numbers are
    floats or None. A run that diverged has no end.
    """
    if tables.learned is None or tables.learned.empty:
        return {}
    ended = tables.learned.merge(tables.runs[[*KEY, "status"]], on=KEY, how="left")
    ended.loc[ended["status"] != "ok", ["mean", "sd", "min", "max"]] = float("nan")
    return {
        tuple(setting): [_row(name, group) for name, group in frame.groupby(CELL, sort=False)]
        for setting, frame in ended.groupby(SETTING)
    }


def _row(name, group):
    by_seed = group.groupby("seed")["mean"].mean()
    layers = [_layer(k, rows) for k, rows in group.groupby("layer")]
    sizes = [layer["numbers"] for layer in layers]
    return {
        "activation": name[0],
        "parameter": name[1],
        "numbers": sum(sizes),
        "per_layer": (min(sizes), max(sizes)),
        "start": _number(group["start"].mean()),
        "end": _number(by_seed.mean()),
        "spread": _number(by_seed.std()),
        "layers": layers,
    }


def _layer(k, rows):
    several = int(rows["numbers"].iloc[0]) > 1
    return {
        "layer": k,
        "numbers": int(rows["numbers"].iloc[0]),
        "start": _number(rows["start"].mean()),
        "end": _number(rows["mean"].mean()),
        "spread": _number(rows["mean"].std()),
        "sd": _number(rows["sd"].mean()) if several else None,
        "min": _number(rows["min"].min()) if several else None,
        "max": _number(rows["max"].max()) if several else None,
    }


def _number(value):
    return None if pd.isna(value) else float(value)


def learned_sentences(tables: StudyTables, declared: Mapping[str, Any]) -> Iterator[str]:
    """How many parameters are learned beside the weights, and who learns otherwise than its paper.

    `declared` maps an activation to what the study says beside its name.
    """
    found = learned_rows(tables)
    for setting, rows in found.items():
        sizes: Counter[str] = Counter()
        for row in rows:
            sizes[row["activation"]] += row["numbers"]
        each = join_words(f"{label(name)} {count(n, 'parameter')}" for name, n in sizes.items())
        where = f"{tables.title(setting)}: " if len(found) > 1 else ""
        yield f"{where}Beside the weights, a network learns {each}."
    for name in sorted({row["activation"] for rows in found.values() for row in rows}):
        if names := _apart_from_paper(name, declared.get(name)):
            yield (
                f"{label(name)} learned {join_words(names)} one a layer here, where its paper has "
                "one a channel."
            )


def _apart_from_paper(name, said):
    """The parameters that a file has one a channel, where the study says one a layer."""
    spec = activations.ActivationSpec.from_declared(name, said)
    if spec.learned != "layer" or spec.built_in not in activations.names():
        return ()
    return per_channel(activations.load(spec))


def is_any_certified(tables: StudyTables) -> bool:
    """Whether anything is proven of an activation that has learned, here or by its name.

    Nothing is of a module alone, nor of a name in tables from elsewhere that is not built in.
    """
    found = {row["activation"] for rows in learned_rows(tables).values() for row in rows}
    built_in = found & set(activations.names()) - set(tables.uncertified)
    return bool(found & set(tables.profiles)) or any(map(activations.has_definition, built_in))


def certify_command(tables: StudyTables) -> str | None:
    """A command that certifies one of the activations at what it learned one a layer, or None."""
    for rows in learned_rows(tables).values():
        for name in dict.fromkeys(row["activation"] for row in rows):
            own = [row for row in rows if row["activation"] == name]
            plain = name in activations.names() and all(row["per_layer"] == (1, 1) for row in own)
            if plain and all(row["end"] is not None for row in own):
                values = (f"{row['parameter']}={row['end']:#.4g}" for row in own)
                return " ".join(["activarium certify", name, *values])
    return None
