"""Does training keep its promises on this device? What the tests show of a CPU, asked of a GPU.

    python benchmarks/check_device.py                                  about 2 minutes on a GPU
    python benchmarks/check_device.py --width 2 --images 480 --few     tried on a CPU

Whole jobs are trained, as Snakemake starts them but without it, on made-up images that can be
learned: the same seeds in packs of several shapes, and a pack that is cut off and started again,
must give the same weights and rows bit by bit. Every activation is trained for some steps here and
on the CPU, whose losses must be near. And steps captured as a CUDA graph must give eager's bits.

Needs torch, numpy, scipy, pandas and pyarrow. One line a check, and last how many went wrong.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path[:0] = [p for p in (str(HERE), str(HERE.parent / "workflow/scripts")) if p not in sys.path]

from activarium.runtime import devices  # noqa: E402

devices.use_one_thread()  # before torch is imported
devices.keep_freed_memory()

import numpy as np  # noqa: E402
import torch  # noqa: E402

from activarium import activations, datasets, tables  # noqa: E402
from activarium.data import prepare  # noqa: E402
from activarium.train import checkpoints, job, loop, progress, step  # noqa: E402
from activarium.train.pack import CrashedError  # noqa: E402
from activarium.train.precision import prepare_torch  # noqa: E402
from candidates import engine, graph, one_by_one  # noqa: E402
from shared import hashing  # noqa: E402
from shared.setting import Setting  # noqa: E402

RECIPE = {
    "optimizer": "adam", "learning_rate": 0.001, "schedule": "cosine", "batch_size": 32,
    "epochs": 4, "weight_decay": 0.0001, "augmentation": "crop_flip", "label_smoothing": 0.1,
    "precision": "float32",
}  # fmt: skip
CELLS = [
    ("gelu", {}),
    ("rrelu", {"precision": "bfloat16"}),
    ("gelu", {"optimizer": "sgd", "precision": "tf32"}),
    ("prelu", {"precision": "bfloat16"}),
    ("gelu", {"optimizer": "adamw", "precision": "bfloat16"}),
    ("rrelu", {}),
    ("prelu", {"schedule": "one_cycle", "clip": 0.5, "ema": 0.9, "betas": [0.9, 0.95]}),
    ("rrelu", {"optimizer": "sgd", "momentum": 0.5, "warmup": 0.1, "clip": 0.5, "ema": 0.9,
               "precision": "bfloat16"}),
]  # fmt: skip
GRAPHS = [
    ("gelu", "float32", {}),
    ("rrelu", "bfloat16", {}),
    ("prelu", "tf32", {}),
    ("rrelu", "float32", {"one_graph": False}),
]
# Of the loss: the sums are in another order, and of rounded terms.
NEAR = {"float32": 2e-3, "tf32": 1e-2, "bfloat16": 5e-2}


def main():
    """Every check, whatever becomes of the others."""
    options = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(f"torch {torch.__version__}, {name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Jobs(Path(folder), options)
        few = 2 if options.few else None
        checks = [(place.check, cell) for cell in CELLS[:few]]
        checks += [(compare_with_cpu, (device, precision, options)) for precision in NEAR]
        checks += [(compare_captured, (device, *each, options)) for each in GRAPHS[:few]]
        wrong = sum(not run_check(check, given) for check, given in checks)
    print(f"{wrong} of {len(checks)} checks went wrong")
    return wrong


def arguments():
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--few", action="store_true", help="a part of all cells and activations")
    return parser.parse_args()


def run_check(check, given):
    """Print the line of one check; whether it went well."""
    begun = time.monotonic()
    try:
        line, fine = check(*given)
    except Exception as error:  # one more thing that went wrong
        line, fine = f"{check.__name__} {given[:2]}: {type(error).__name__}: {error}", False
    line = " ".join(line.split())[:600]
    print(f"{'ok   ' if fine else 'WRONG'} {line}, {time.monotonic() - begun:.0f} s", flush=True)
    return fine


class CutOffError(Exception):
    """What ends a run in the middle."""


class Jobs:
    """Training jobs in `folder`, on made-up images of which as many as asked for are trained on."""

    def __init__(self, folder, options):
        self.folder, self.width = folder, options.width
        self.data, self.description = folder / "cifar10.arrow", folder / "cifar10.json"
        about = prepare.write(make_images(options.images), self.data, "cifar10")
        self.description.write_text(json.dumps(about))
        checkpoints.MIN_INTERVAL = checkpoints.COST_RATIO = 0  # one after every epoch

    def check(self, activation, changed):
        """A cell whose seeds are trained in packs of several shapes, and cut off and resumed."""
        cell = f"{activation} {changed or ''}".strip()
        whole = self.train(cell, "whole", [0, 1], activation, changed)
        back = self.train(cell, "back", [1, 0], activation, changed)
        alone = self.train(cell, "alone", [1], activation, changed)
        try:
            self.train(cell, "cut", [0, 1], activation, changed, cut=(1, 3))
            cut = False
        except CrashedError as crashed:
            cut = CutOffError.__name__ in str(crashed)
        again = self.train(cell, "cut", [0, 1], activation, changed)
        packs = whole.runs == back.runs and alone.runs == {1: whole.runs[1]}
        # Seed 0 was done by then and is not trained again: it has no weights to look at.
        resumed = cut and again.rows == whole.rows and again.runs[1] == whole.runs[1]
        resumed = resumed and "seed 1 goes on after epoch 2" in again.log
        score, speed = whole.rows[0]["test_accuracy"], whole.costs[0]["images_per_second"]
        said = f"{cell}: any pack the same {packs}, resumed the same {resumed}"
        return f"{said}; {100 * score:.0f} % on test, {speed:.0f} img/s", packs and resumed

    def train(self, cell, name, seeds, activation, changed, cut=None):
        """Rows, costs and (weights, row) by seed; `cut` off after (seed, epoch)."""
        folder, weights = self.folder / cell / name, {}
        folder.mkdir(parents=True, exist_ok=True)
        files = {seed: folder / f"{seed}.parquet" for seed in seeds}

        loop.Training, job.Progress = (
            hashing_training(step.Training, weights),
            cutting_progress(cut),
        )
        job.GraphedTraining = hashing_training(step.GraphedTraining, weights)
        names = {"recipe": "r", "network": "n", "dataset": "cifar10", "activation": activation}
        network = {"file": "resnet14", "parameters": {"width": self.width}}
        cell = job.Cell(names, RECIPE | changed, network)
        source = job.DataSource(self.data, self.description, validation=0.1)
        places = [folder / name for name in ("unfinished", "tally", "locks")]
        with (folder / "log").open("w") as log:
            runs = list(map(str, files.values()))
            job.train_cell(cell, source, job.JobFiles(runs, [], *places), log)
        rows = {seed: tables.read_run(file).to_pylist()[0] for seed, file in files.items()}
        costs = {seed: row.pop("cost") for seed, row in rows.items()}
        runs = {seed: (weights.get(seed), row) for seed, row in rows.items()}
        log = (folder / "log").read_text()
        return SimpleNamespace(rows=rows, costs=costs, runs=runs, log=log)


def hashing_training(kind, weights):
    """A class of training that puts {seed: hash of its last weights} into `weights`."""

    class Hashed(kind):
        def _hash(self):
            state = SimpleNamespace(states=lambda: [self.network.state_dict()])
            weights[self.seed] = hashing.hashes(state)

        def evaluate(self, split):  # one after the other
            self._hash()
            return super().evaluate(split)

        def epoch_metrics(self):  # at once
            self._hash()
            return super().epoch_metrics()

    return Hashed


def cutting_progress(cut):
    """A class of progress that cuts the run off after (seed, epoch)."""

    class Cutting(progress.Progress):
        def log_epoch(self, seed, metrics):
            super().log_epoch(seed, metrics)
            if (seed, metrics["epoch"]) == cut:
                raise CutOffError("cut off")

    return Cutting


def make_images(n):
    """`n` noisy images whose brightness tells the class, a sixth of them to test on."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, n).astype(np.uint8)
    bright = 20 * labels[:, None, None, None] + 30
    pixels = np.clip(random.normal(bright, 40, (n, 32, 32, 3)), 0, 255).astype(np.uint8)
    m = n * 5 // 6
    return datasets.Images(pixels[:m], labels[:m], pixels[m:], labels[m:])


def compare_with_cpu(device, precision, options):
    """The loss of two steps of every activation, here and on the CPU.

    RReLU draws its slopes on the device, so that another one draws others: its losses are not
    compared, but it has to train.
    """
    setting = Setting(width=4, batch=8 if options.few else 64, steps=2)
    off = []
    for name in activations.names()[:: 9 if options.few else 1]:
        here, there = (
            loss(replace(setting, activation=name, device=d, precision=precision))
            for d in (device, "cpu")
        )
        near = abs(here - there) < NEAR[precision] * abs(there)
        if not (near or (name == "rrelu" and np.isfinite(here))):
            off.append(f"{name} {here:.5f} for {there:.5f}")
    return f"losses in {precision} beside the CPU's, off: {', '.join(off) or 'none'}", not off


def loss(setting):
    """Of one epoch as a job trains it."""
    prepare_torch(setting.precision)
    if setting.device == "cpu":
        return setting.training(step.Training, 0).train_epoch(0)["train_loss"]
    ((metrics, _, _),) = engine.ConcurrentPack(setting, [0]).epoch(0).values()
    return metrics["train_loss"]


def compare_captured(device, activation, precision, how, options):
    """Three runs as branches of a CUDA graph beside the same run eagerly; no graph on a CPU."""
    small = {"width": 4, "batch": 8} if options.few else {}
    setting = Setting(steps=4, activation=activation, device=device, precision=precision)
    setting = replace(setting, **small)
    prepare_torch(precision)
    packs = [
        one_by_one.OneByOne(setting, [0, 1, 2]),
        graph.Graph(setting, [0, 1, 2], per_graph=2, **how),
        engine.pack(setting, [0, 1, 2]),
    ]
    for pack in packs:
        pack.epoch(0)
        pack.epoch(1)
    eager, *found = map(hashing.hashes, packs)
    same = all(hashes == eager for hashes in found)
    return f"graph {activation} {precision} {how or ''} and engine: eager's own bits {same}", same


if __name__ == "__main__":
    sys.exit(main() > 0)
