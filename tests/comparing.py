"""Tables of runs for the tests of comparing: written by hand, or drawn."""

import numpy as np

from activarium import tables
from activarium.compare.analysis import analyse
from activarium.compare.contrasts import compute_contrasts

CHANCE = {"digits": 0.1, "cifar10": 0.1, "cifar100": 0.01}


def runs(scores, **constant):
    """The runs table from {activation: {seed: score}} or {activation: [scores from seed 0]}.

    A score of None is a diverged run; `constant` sets columns, such as recipe or dataset.
    """
    rows = []
    for activation, cell in scores.items():
        cell = cell if isinstance(cell, dict) else dict(enumerate(cell))
        for seed, score in cell.items():
            status = "diverged" if score is None else "ok"
            row = {"recipe": "adam", "network": "net", "dataset": "digits", **constant}
            row |= {"activation": activation, "seed": seed, "status": status}
            rows.append(row | {"test_accuracy": score})
    return tables.table(rows, tables.RUNS).to_pandas()


def drawn(k=4, n=10, seed=0, effects=(), **constant):
    """`k` activations beside the control gelu with common seed noise; effect i on activation ai."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0.8, 0.002, n)
    shift = dict(enumerate(effects))
    cells = {f"a{i}": common + rng.normal(shift.get(i, 0), 0.002, n) for i in range(k)}
    cells["gelu"] = common + rng.normal(0, 0.002, n)
    return runs({a: v.tolist() for a, v in cells.items()}, **constant)


def epochs_of(table, last=5):
    """An epochs table in which every run of `table` rises linearly to its score."""
    rows = [
        {k: row[k] for k in tables.KEY}
        | {"epoch": e, "test_accuracy": row["test_accuracy"] * e / last}
        for row in table[table["status"] == "ok"].to_dict("records")
        for e in range(1, last + 1)
    ]
    return tables.table(rows, tables.EPOCHS).to_pandas()


def costs_of(table, **columns):
    """A costs table with one machine for every run, unless `columns` says otherwise."""
    machine = {"host": "h", "device": "cpu", "device_name": "p", "instruction_set": "AVX2"}
    machine |= {"threads": 1, "torch": "2", "train_seconds": 2.0, "images": 100}
    machine |= {"saved_bytes_per_element": 4.0}
    rows = table[tables.KEY].assign(**machine | columns).to_dict("records")
    return tables.table(rows, tables.COSTS).to_pandas()


def compared(table, control="gelu", confidence=0.95, margin=0.005):
    """{activation: contrast} of the primary analysis of a table with one setting."""
    rows = compute_contrasts(table, control, CHANCE, confidence, margin)
    return {row["activation"]: row for row in rows if row["failures"] == "chance"}


def analysed(table, epochs=None, costs=None, control="gelu"):
    """The whole analysis of a runs table, with no epochs and costs unless they are given."""
    epochs = tables.table([], tables.EPOCHS).to_pandas() if epochs is None else epochs
    costs = tables.table([], tables.COSTS).to_pandas() if costs is None else costs
    return analyse(table, epochs, costs, control, 0.95, 0.005, CHANCE)
