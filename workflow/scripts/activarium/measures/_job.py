"""One measurement of one cell: from its files to its table; what Snakemake's script calls."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

import pyarrow as pa
import torch

from .. import measures, tables
from ..data import prepare
from ..runtime import devices
from ..tables.measured import cell_table
from ..train.batches import load_splits
from ..train.dynamo import skip_dynamo_import
from ..train.job import DataSource
from ..train.loop import Cell
from ..train.precision import prepare_torch
from ._trained_cell import TrainedCell


class Measured(NamedTuple):
    """What was measured of a cell, on which device, and for how many seconds of the wall."""

    table: pa.Table
    device: torch.device
    seconds: float


def measure_cell(
    name: str,
    cell: Cell,
    source: DataSource,
    runs: Sequence[str],
    weights: Sequence[str],
    locks: str,
    log: TextIO,
) -> Measured:
    """The table of measure `name` of a cell, in its `tables.measured.measure_schema`.

    `runs` and `weights` are the files of the cell's runs, empty for a measure that needs neither.
    A GPU is leased through the folder `locks`. Runs that diverged are left out.
    """
    about = prepare.description(source.description)
    with devices.lease_gpu(devices.visible_gpus(), locks):
        since = time.perf_counter()
        prepare_torch(cell.recipe["precision"])
        skip_dynamo_import()  # which measures that compile do by themselves
        on_gpu = measures.declaration(name).device == "any" and torch.cuda.is_available()
        device = torch.device("cuda" if on_gpu else "cpu")
        data = load_splits(source.file, about, source.train_size, source.validation, device)
        kept = {int(Path(f).stem): f for f, run in zip(weights, runs, strict=True) if _is_ok(run)}
        trained = TrainedCell(cell, data, kept, device)
        rows = []
        with _divert_output(log):
            for row in measures.load(name).measure(trained):
                rows.append(row)
                print(row, file=log, flush=True)
    return Measured(cell_table(name, cell.names, rows), device, time.perf_counter() - since)


@contextmanager
def _divert_output(log: TextIO) -> Iterator[None]:
    """Write into `log` what exporters and compilers print, however they do it: graphs, warnings."""
    sys.stdout.flush()
    kept = {stream: os.dup(stream) for stream in (1, 2)}  # what compiled code writes to
    for stream in kept:
        os.dup2(log.fileno(), stream)
    try:
        yield
    finally:
        sys.stdout.flush()
        for stream, copy in kept.items():
            os.dup2(copy, stream)
            os.close(copy)


def _is_ok(run):
    return tables.read_run(run)["status"].to_pylist() == ["ok"]
