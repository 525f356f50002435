"""A training job from its input files to its output files; what Snakemake's script calls."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import torch

from .. import tables
from ..data import prepare
from ..runtime import child_process, devices
from ..runtime.errors import UserError, describe_error
from ..runtime.files import atomic
from ..runtime.source import digest_code
from .batches import load_splits
from .check_network import check_network
from .checkpoints import Checkpoints
from .concurrent_trainer import ConcurrentTrainer
from .dynamo import skip_dynamo_import
from .fast_elu import speed_up_elu
from .graphs import frozen_garbage
from .kept_weights import RunWithWeights
from .loop import Cell, Run, train_run
from .pack import Pack
from .precision import prepare_torch
from .progress import Progress, add_to_tally
from .step import GraphedTraining, Training
from .unfinished_runs import RunStore, compute_digest


@dataclass(frozen=True)
class DataSource:
    """A prepared data set, and which of its training images are trained on.

    `file` and `description` are the paths that `prepare` wrote; `train_size` images are drawn, all
    where it is None, and the fraction `validation` of them is held out. Without `tested` the run
    never sees the test images.
    """

    file: str
    description: str
    train_size: int | None = None
    validation: float = 0
    tested: bool = True


@dataclass(frozen=True)
class JobFiles:
    """Where a job reads and writes beside its data.

    `runs` are the files to be made, {seed}.parquet each. `sources` are the files of code that
    define the numbers. In the folder `unfinished` finished runs wait for the rest of the pack.
    Through the folder `locks` jobs share GPUs. The file `tally` counts the study's finished runs.
    With `keeps` finished runs stay in `unfinished` as well. A later job that turns out to ask for
    the same takes them from there.
    `training_code` are those `sources` that all activations share: their digest is kept.
    `weights` are the files of weights to be made, {seed}.safetensors each, where they are kept.
    """

    runs: Sequence[str]
    sources: Sequence[str]
    unfinished: str
    tally: str
    locks: str
    keeps: bool = False
    training_code: Sequence[str] = ()
    weights: Sequence[str] = ()

    @property
    def by_seed(self) -> dict[int, str]:
        """{seed: file} of the runs."""
        return {int(Path(file).stem): file for file in self.runs}


def train_cell(cell: Cell, source: DataSource, files: JobFiles, log: TextIO) -> None:
    """Train the runs that `files.runs` name and move them to their places.

    Raises a UserError naming the seeds that crashed, code that changed, or a network that does not
    use its activation. The open file `log` gets every epoch.
    """
    started = time.monotonic()
    about = prepare.description(source.description)
    progress = Progress(cell.label, log, cell.recipe["epochs"])
    digest = _digest(cell, source, files, about)
    store = RunStore(files.unfinished, digest, keeps_weights=bool(files.weights))
    with devices.lease_gpu(devices.visible_gpus(), files.locks) as card:
        device = _choose_device(card, progress)
        prepare_torch(cell.recipe["precision"])
        skip_dynamo_import()
        speed_up_elu()
        data = load_splits(source.file, about, source.train_size, source.validation, device)
        if not source.tested:
            data["test"] = None
        _check(cell, data, progress)
        pack = Pack(files.by_seed, store, progress)
        progress.start_pack(pack.missing)
        _train(pack, cell, data, device)
    pack.check_crashes()
    # Else Snakemake would take the runs for the new code's.
    if _digest(cell, source, files, about) != digest:
        raise UserError(
            f"the code of {progress.label} was edited while it trained: its runs are of neither "
            "the old nor the new; start again"
        )
    _write_runs(pack, files)
    seconds = time.monotonic() - started
    line = add_to_tally(files.tally, len(pack.finished), len(pack.missing), seconds)
    if line:
        progress.log(line)


def _digest(cell, source, files, about):
    """The digest of all that defines the cell's numbers."""
    values = [cell.names, asdict(cell.activation), cell.recipe, cell.network]
    values += [source.train_size, source.validation, about["sha256"], torch.__version__]
    values += [] if source.tested else ["untested"]
    return compute_digest(files.sources, values)


def _choose_device(card, progress):
    """What torch trains on; a line says where the leased `card` cannot be used."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if card and device.type == "cpu":
        progress.log(
            f"GPU {card} is not used: torch {torch.__version__} finds no CUDA device there "
            "(nvidia-smi shows the driver); trained on the CPU"
        )
    return device


def _check(cell, data, progress):
    """`check_network`, of which only a UserError ends the job: each seed logs the rest."""
    try:
        check_network(cell, data)
    except UserError:
        raise
    except Exception as error:
        progress.log(f"this cell may crash: {describe_error(error)}")


def fits_several(device: torch.device) -> bool:
    """Whether one run leaves a part of the device idle, so that a pack's seeds train at once."""
    return device.type == "cuda"


def _train(pack, cell, data, device):
    """Train the missing runs of a pack: at once on a GPU, else one after the other."""
    if fits_several(device):
        _train_at_once(pack, cell, data, device)
        return
    for seed in pack.missing:
        checkpoints = Checkpoints(pack.store, seed, pack.progress)
        try:
            given = cell, seed, data, device, pack.progress
            if pack.store.keeps_weights:
                table = _make_run(pack, given, Training, checkpoints).finish()
            else:
                table = train_run(*given, checkpoints)
        except Exception as error:  # whatever it is, the other seeds go on
            pack.crash(seed, error)
        else:
            pack.keep(seed, table)


def _make_run(pack, given, training_class, checkpoints):
    """A new run of `given`, the first parameters of `Run`; one that keeps weights where asked."""
    if not pack.store.keeps_weights:
        return Run(*given, training_class, checkpoints)
    run = RunWithWeights(*given, training_class, checkpoints)
    run.weights_file = pack.store.weights_file(run.seed)
    return run


def _train_at_once(pack, cell, data, device):
    progress = pack.progress

    def make_run(seed):
        checkpoints = Checkpoints(pack.store, seed, progress, lambda: len(trainer.runs))
        return _make_run(pack, (cell, seed, data, device, progress), GraphedTraining, checkpoints)

    trainer = ConcurrentTrainer(make_run, pack.keep, pack.crash, progress)
    with frozen_garbage():
        trainer.train(pack.missing)


def _with_code(run: pa.Table, code: str | None) -> pa.Table:
    """A run's one-row table whose cost says the digest `code`."""
    (row,) = run.to_pylist()
    row["cost"]["code"] = code
    return tables.table([row], tables.RUN_FILE).replace_schema_metadata(run.schema.metadata)


def _write_runs(pack, files):
    """Move the finished runs to their places, with the digest of the code that trained them."""
    code = digest_code(files.training_code) if files.training_code else None
    for seed, file in files.by_seed.items():
        tables.write_run(_with_code(pack.finished[seed], code), file)
    for file in files.weights:
        with atomic(file) as temporary:
            shutil.copyfile(pack.store.weights_file(int(Path(file).stem)), temporary)
    if not child_process.is_orphaned():
        if not files.keeps:
            pack.store.clear(pack.finished)
    else:  # who would have taken note of these files is gone, so the next start makes them anew
        pack.progress.log("Snakemake was killed meanwhile: its next start takes these runs up")
