"""Ways of training a pack of seeds at once, against each other and against a plain loop.

    python benchmarks/engines.py                        all of it on a GPU, in 8 minutes
    python benchmarks/engines.py --steps 2 --batch 8 --widths 4 --packs 1,2    tried on a CPU

ResNet-14 by the paper's recipe, batch 128, the library's own step. Every rate is the median of up
to three epochs of `--steps` steps after one that warms up, wall time of a synchronised device,
drawing the epoch's batches included. Beside it stands whether a run's bits are the same alone,
with one other, with seven others and in reversed order, and whether they are the eager engine's.
The plain loop (torchvision, PIL, DataLoader with a worker a core) is timed on the same card in
the same minutes; CIFAR-10 is real where ACTIVARIUM_DATA names it, else random images of its size.

Needs torch, torchvision, numpy, scipy and pandas with pyarrow. What raises, hangs or crashes costs
only its row: candidates are measured in a process that is started anew after an error. Writes
engines.parquet, one row a measurement, and engines.log into `--out`.
"""

import argparse
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [p for p in (str(HERE), str(HERE.parent / "workflow/scripts")) if p not in sys.path]

from shared.rows import NO_GPU, PLAIN, compare, failed_before, missing, plan, verdict  # noqa: E402
from shared.worker import Worker, WorkerError  # noqa: E402

GRACE = 40  # seconds that what is running at the end may still take
LONGEST = 200  # seconds for one row, of which a compilation may take most


def main():
    """Measure what fits into the time, then print the table and the verdicts."""
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    with open_log(options.out / "engines.log") as log:
        Bench(options, log).run()


def arguments():
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])

    def numbers(text):
        return [int(n) for n in text.split(",")]

    add = parser.add_argument
    add("--minutes", type=float, default=8, help="nothing is begun after these")
    add("--steps", type=int, default=200, help="an epoch's; at most 390")
    add("--batch", type=int, default=128)
    add("--widths", type=numbers, default=[16, 64])
    add("--precisions", type=lambda s: s.split(","), default=["bfloat16", "float32"])
    add("--packs", type=numbers, default=[1, 2, 4, 8, 16], help="sizes K, up to 16")
    add("--activation", default="gelu")
    add("--only", help="beside the eager engine: candidates with this in their name")
    add("--skip", action="append", default=[], help="no candidates with this in their name")
    add("--out", type=Path, default=HERE.parent / "results/benchmarks")
    options = parser.parse_args()
    if max(options.packs) > 16 or options.steps * options.batch > 50_000:
        parser.error("--packs go up to 16, --steps times --batch up to 50 000 images")
    return options


@contextmanager
def open_log(path):
    """A function of lines, on the screen and in a file; of an error the whole in the file."""
    with path.open("w", encoding="utf-8") as file:

        def log(line, trace=""):
            print(line, flush=True)
            print(f"{line}\n{trace}".rstrip(), file=file, flush=True)

        yield log


def describe_measurement(options, device):
    """The columns that all rows share: on what and of what everything was measured."""
    import torch

    from shared.setting import source

    cuda = device == "cuda"
    return {
        "device": torch.cuda.get_device_name() if cuda else "CPU",
        "torch": torch.__version__,
        "cuda": torch.version.cuda if cuda else None,
        "cudnn": torch.backends.cudnn.version() if cuda else None,
        "date": time.strftime("%Y-%m-%d"),
        "images": "CIFAR-10" if source() else "random",
        "activation": options.activation,
        "batch": options.batch,
        "steps": options.steps,
    }


class Bench:
    """The rows, and the processes that measure them: the session, and one for the plain loop."""

    def __init__(self, options, log):
        import torch

        from candidates import CANDIDATES, NAMED
        from shared.setting import Setting

        self.options, self.log, self.named = options, log, NAMED
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        about = {n: getattr(options, n) for n in ("activation", "batch", "steps")}
        self.base = Setting(device=self.device, **about)
        self.rows, self.main = plan(options, CANDIDATES)
        self.about = describe_measurement(options, self.device)
        self.deadline = time.monotonic() + 60 * options.minutes
        self.session = self.plain = None

    def run(self):
        """Everything, in order; the table is written after every row."""
        self.log(", ".join(f"{k} {v}" for k, v in self.about.items() if v is not None))
        try:
            self.ceilings()
            for row in self.rows:
                if row.candidate != PLAIN:
                    self.end_worker("plain")  # its processes would be in the way
                self.measure(row)
                self.save()
        finally:
            self.end_worker("session")
            self.end_worker("plain")
        self.report()

    def measure(self, row):
        """Fill one row, whatever happens."""
        if time.monotonic() > self.deadline:
            row.problem = f"did not fit into {self.options.minutes:g} min"
            return
        row.problem = failed_before(row, self.rows)
        if row.problem:
            return
        setting = self.row_setting(row)
        try:
            found = self.ask_for_row(row, setting)
            row.fill(found, row.k * setting.steps * setting.batch)
            row.problem = None if row.images_per_second else NO_GPU
            compare(row, self.rows, self.floor(row))
            trace = ""
        except Exception as error:
            row.problem = (str(error) or type(error).__name__).splitlines()[0]
            trace = getattr(error, "trace", "")
        self.log(str(row), trace)

    def ask_for_row(self, row, setting):
        """What the measurement of a row gives."""
        if row.candidate == PLAIN:
            return self.measure_plain(setting)
        candidate, steps = self.named[row.candidate], min(10, setting.steps)
        if not candidate.is_separate:
            check = (self.main, steps) if row.check else None
            return self.ask("measure", row.candidate, setting, row.k, check)
        if candidate.cuda and self.device == "cpu":
            return {}
        return measure_processes(candidate, row, setting, steps, self.seconds_left)

    def seconds_left(self):
        """Seconds that a measurement begun now may take."""
        return min(LONGEST, self.deadline + GRACE - time.monotonic())

    def row_setting(self, row):
        """The Setting that a row is measured in."""
        return replace(self.base, width=row.width, precision=row.precision)

    def ask(self, *question):
        """The session's answer; a session that failed is ended, and the next one is new."""
        try:
            if self.session is None:
                self.session = Worker("shared.session:start", self.device)
                self.session.answer(self.seconds_left())
            self.session.ask(*question)
            return self.session.answer(self.seconds_left())
        except WorkerError:
            self.end_worker("session")
            raise

    def end_worker(self, name):
        """End the session or the plain loop, if it is there."""
        worker = getattr(self, name)
        setattr(self, name, None)
        if worker:
            worker.close()

    def ceilings(self):
        """What the device can do, measured now: {precision: FLOP/s}, bytes/s."""
        self.flops, self.moved = {}, None
        try:
            self.flops, self.moved = self.ask("ceilings")
        except WorkerError as error:
            self.log(f"no ceilings: {error}", error.trace)
            return
        found = ", ".join(f"{kind} {f / 1e12:.2f} TFLOP/s" for kind, f in self.flops.items())
        self.log(f"measured: {found}, copy {self.moved / 1e12:.3f} TB/s")

    def floor(self, row):
        """Seconds an image needs at least where every operation moves its own tensors, or None."""
        from shared import work

        if row.precision not in self.flops:
            return None
        if (row.candidate, row.precision, self.device) == (PLAIN, "float32", "cuda"):
            return None  # its convolutions round to TF32, as torch's do unasked
        net = self.row_setting(row).network()
        moved = work.least_bytes(net, row.precision, self.base.batch)["unfused"]
        return work.floor(work.operations(net), moved, self.flops[row.precision], self.moved)

    def measure_plain(self, setting):
        """The plain loop, in its own process with torch's own number of threads."""
        try:
            begun = time.perf_counter()
            if self.plain is None:
                workers = len(os.sched_getaffinity(0))
                about = (setting.steps * setting.batch, setting.batch, workers, self.device)
                self.plain = Worker("shared.dataloader_loops:loop", *about)
                self.plain.answer(self.seconds_left())
            seconds = []
            for _ in range(3):
                self.plain.ask(setting)
                seconds.append(self.plain.answer(self.seconds_left())[0])
            whole = time.perf_counter() - begun
            return {"setup": whole - sum(seconds[1:]), "seconds": seconds[1:]}
        except WorkerError:
            self.end_worker("plain")
            raise

    def save(self):
        """The rows so far as a table."""
        import pandas

        table = pandas.DataFrame([self.about | vars(row) for row in self.rows])
        table.drop(columns="check").to_parquet(self.options.out / "engines.parquet")

    def report(self):
        """The table, what is missing, and the verdicts, that of the narrow net last."""
        self.log("")
        for row in self.rows:
            if row.images_per_second or row.independent is not None:
                self.log(str(row))
        for said in missing(self.rows):
            self.log(said)
        for width in reversed(self.options.widths):
            for precision in reversed(self.options.precisions):
                self.log(verdict(self.rows, width, precision))


def measure_processes(candidate, row, setting, steps, seconds_left):
    """The measurement of a candidate whose runs are processes of their own."""
    from candidates.processes import Processes, mps
    from shared import hashing

    with mps(candidate.mps) as environment:
        begun = time.perf_counter()
        pack = Processes(setting, range(row.k), environment, seconds_left)
        try:
            pack.epoch(0)
            found = {"setup": time.perf_counter() - begun}
            found["seconds"] = [pack.epoch(number) for number in (1, 2, 3)]
            if row.check:
                short = replace(setting, steps=steps)
                seen = [(seeds, pack.hashes(seeds, short)) for seeds in hashing.packs(row.k)]
                found |= {"hash": seen[0][1][0], "independent": hashing.is_independent(seen)}
        finally:
            pack.close()
    return found


if __name__ == "__main__":
    main()
