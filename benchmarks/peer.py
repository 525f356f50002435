"""Images a second of our training beside a plain torchvision DataLoader loop and Lightning's.

    ACTIVARIUM_DATA=folder python benchmarks/peer.py                the whole machine
    ACTIVARIUM_DATA=folder python benchmarks/peer.py --one-thread   and a CPU second of one thread

The same net, batches' size and optimiser on CIFAR-10 (random images of its size where
ACTIVARIUM_DATA names none): ResNet-14, Adam, batch 128, crop and flip. The peers are what
tutorials show: PIL images, torchvision's transforms, a DataLoader with a worker a core, torch's
own number of threads; the one as a loop, the other in PyTorch Lightning where `lightning` can be
imported. Ours is what `make` does: on a CPU as many processes of one thread as cores, each
training a run of its own, on a GPU one process that trains a pack of seeds at once.

A round of a peer is as many images as one of ours, and 50 000 at most; Lightning's first batches
are read before its clock starts. On a GPU compare in tf32 or bfloat16: a peer's float32
convolutions round to TF32 there, which ours do in tf32 alone.

The sides take turns in the same minutes, so that whatever else the machine does slows all of
them; medians over rounds, and ratios round by round. With --one-thread it also compares what one
thread trains in a CPU second, the loop that reads its images itself; --keep-nothing takes
`devices.keep_freed_memory` from both there.
"""

import argparse
import importlib.util
import os
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [p for p in (str(HERE), str(HERE.parent / "workflow/scripts")) if p not in sys.path]

from shared.worker import Worker, WorkerError, ask_all  # noqa: E402

WHOLE = 50_000  # images that there are to read
CORES = len(os.sched_getaffinity(0))
ONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main():
    """Both comparisons, that of the whole machine last."""
    options = arguments()
    device, setting = make_setting(options)
    peers = {"plain": "loop"}
    if importlib.util.find_spec("lightning"):
        peers["lightning"] = "in_lightning"
    else:
        print("lightning cannot be imported here, so it is not compared")
    if options.one_thread:
        one_thread(setting, options)
    whole_machine(setting, device, peers, options)


def arguments():
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--rounds", type=int, default=5)
    add("--steps", type=int, default=20, help="batches of a round, for each core")
    add("--pack", type=int, default=8, help="seeds of a pack on a GPU")
    add("--width", type=int, default=16)
    add("--blocks", type=int, default=2, help="in each stage; 2 is ResNet-14, 1 ResNet-8")
    add("--activation", default="gelu")
    add("--precision", default="float32", choices=["float32", "tf32", "bfloat16"])
    add("--one-thread", action="store_true")
    add("--keep-nothing", action="store_true")
    return parser.parse_args()


def make_setting(options):
    """The device and what is trained on it, said in a line."""
    import torch

    from shared.setting import Setting, source

    device = "cuda" if torch.cuda.is_available() else "cpu"
    asked = ("width", "blocks", "precision", "activation", "steps")
    about = {name: getattr(options, name) for name in asked}
    name = torch.cuda.get_device_name() if device == "cuda" else f"{CORES} cores"
    images = "CIFAR-10" if source() else "random images"
    said = ", ".join(f"{k} {v}" for k, v in about.items())
    print(f"{name}, torch {torch.__version__}, {images}: {said}, {options.rounds} rounds")
    return device, Setting(device=device, **about)


def whole_machine(setting, device, peers, options):
    """Images a second of all cores, or of the GPU: ours beside each peer."""
    packs = [[seed] for seed in range(CORES)] if device == "cpu" else [range(options.pack)]
    images = sum(map(len, packs)) * setting.steps * setting.batch
    read = min(images, WHOLE // setting.batch * setting.batch)  # a peer's round
    sides = {"ours": [Worker("shared.training_loop:loop", setting, pack) for pack in packs]}
    for name, loop in peers.items():
        about = (read, setting.batch, CORES, device)
        sides[name] = [Worker(f"shared.dataloader_loops:{loop}", *about)]
    asked = {"ours": lambda number: (number,)} | {name: lambda _: (setting,) for name in peers}
    found = measure_rounds(sides, asked, options.rounds)
    rates = {}
    for name, seen in found.items():
        # A peer says how long its epoch took; ours took until the last process was done.
        ours = name == "ours"
        seconds = [wall if ours else said[0][0] for wall, said in seen]
        rates[name] = [(images if ours else read) / s for s in seconds]
        print(f"{name}: {statistics.median(rates[name]):.0f} img/s")
    print_ratios(rates, "the whole machine")


def one_thread(setting, options):
    """Images a CPU second on one thread, where both read and train in one process."""
    images, keep = setting.steps * setting.batch, not options.keep_nothing
    sides = {
        "ours": [Worker("shared.training_loop:loop", setting, [0], keep)],
        "plain": [
            Worker(
                "shared.dataloader_loops:loop_on_one_thread",
                images,
                setting.batch,
                keep,
                environment=ONE,
            )
        ],
    }
    asked = {"ours": lambda number: (number,), "plain": lambda _: (setting,)}
    found = measure_rounds(sides, asked, options.rounds)
    rates = {name: [images / said[0][1] for _, said in seen] for name, seen in found.items()}
    for name, seen in rates.items():
        print(f"{name}: {statistics.median(seen):.0f} img/s a CPU second of one thread")
    print_ratios(rates, "a CPU second of one thread")


def measure_rounds(sides, asked, number):
    """{side: [(wall seconds, answers)]}: the sides in turn, the first round warms up.

    `sides` maps a name to its workers, `asked` to what each of them is asked in a round.
    """
    found = {name: [] for name in sides}
    try:
        for name, workers in sides.items():
            if not is_ready(name, workers):
                del found[name]
        for n in range(number + 1):
            for name in list(found):
                workers = sides[name]
                try:
                    found[name].append(ask_all(workers, [asked[name](n)] * len(workers)))
                except WorkerError as error:
                    _leave_out(name, error)
                    del found[name]
        return {name: seen[1:] for name, seen in found.items()}
    finally:
        for workers in sides.values():
            for worker in workers:
                worker.close()


def is_ready(name, workers):
    """Whether a side can begin; a peer that cannot is said and left out."""
    try:
        for worker in workers:
            worker.answer()
        return True
    except WorkerError as error:
        _leave_out(name, error)
        return False


def _leave_out(name, error):
    """Say that a peer failed, which costs only itself; ours must not."""
    if name == "ours":
        raise error
    print(f"{name} is not compared: {error}", flush=True)


def print_ratios(rates, what):
    """One line a peer: ours over it, round by round; the plain loop last."""
    for name in reversed([name for name in rates if name != "ours"]):
        of = [o / p for o, p in zip(rates["ours"], rates[name], strict=True)]
        print(
            f"ours / {name}, {what}: {statistics.median(of):.2f} "
            f"({min(of):.2f} to {max(of):.2f} over {len(of)} rounds)"
        )


if __name__ == "__main__":
    main()
