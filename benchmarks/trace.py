"""What a training step spends its time on: torch's profiler, kernel by kernel.

    python benchmarks/trace.py                                  eagerly, and 8 runs in one graph
    python benchmarks/trace.py --width 64 --packs 1,8 --top 30

For each way and number of runs: the wall time of a step unprofiled, how many kernels a run's step
launches, the time in which at least one runs ("busy") and the sum over all, which is larger where
they overlap. Then the kernels that take most. On a CPU torch's operators are listed instead.
"""

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow/scripts")]

from activarium.runtime import devices  # noqa: E402

devices.use_one_thread()  # before torch is imported

import torch  # noqa: E402
from torch.profiler import ProfilerActivity, profile  # noqa: E402

from activarium.train.precision import prepare_torch  # noqa: E402
from candidates import NAMED  # noqa: E402
from shared.setting import Setting  # noqa: E402


def main():
    """A table for eager steps and for each size of a captured pack."""
    options = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    prepare_torch(options.precision)
    about = {n: getattr(options, n) for n in ("width", "precision", "activation", "batch", "steps")}
    setting = Setting(device=device, **about)
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}: {', '.join(f'{k} {v}' for k, v in about.items())}")
    for name, k in [("eager", 1), *((options.way, k) for k in options.packs)]:
        print_step(name, k, setting, options.top)


def arguments():
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--width", type=int, default=16)
    add("--precision", default="bfloat16", choices=["float32", "tf32", "bfloat16"])
    add("--activation", default="gelu")
    add("--batch", type=int, default=128)
    add("--steps", type=int, default=20)
    add("--way", default="graph, 10 steps", choices=list(NAMED), help="of candidates/")
    add("--packs", type=lambda s: [int(n) for n in s.split(",")], default=[1, 8])
    add("--top", type=int, default=12)
    return parser.parse_args()


def print_step(name, k, setting, top):
    """Train two epochs, time one and profile one."""
    pack, cuda = NAMED[name].pack(setting, range(k)), setting.device == "cuda"

    def epoch(number):
        start = time.perf_counter()
        pack.epoch(number)
        if cuda:
            torch.cuda.synchronize()
        return time.perf_counter() - start

    epoch(0)
    wall = min(epoch(1), epoch(2))
    with profile(activities=[ProfilerActivity.CUDA if cuda else ProfilerActivity.CPU]) as seen:
        epoch(3)
    spent, spans = defaultdict(list), []
    for event in seen.events():
        if event.device_type.name == setting.device.upper():
            start, end = event.time_range.start, event.time_range.end
            spans.append((start, end))
            spent[event.name].append(end - start if cuda else event.self_cpu_time_total)
    steps = k * setting.steps  # of one run
    print(
        f"\n{name}, K = {k}: {1e6 * wall / steps:.1f} us a run's step, "
        f"{steps * setting.batch / wall:.0f} img/s; {len(spans) / steps:.0f} "
        f"{'kernels' if cuda else 'operators'}; busy {busy_seconds(spans) / steps:.1f} us, "
        f"sum {sum(map(sum, spent.values())) / steps:.1f} us"
    )
    for kernel, times in sorted(spent.items(), key=lambda item: -sum(item[1]))[:top]:
        each = f"{sum(times) / steps:7.1f} us in {len(times) / steps:5.1f}"
        print(f"  {each}  {' '.join(kernel.split())[:110]}")


def busy_seconds(spans):
    """Time covered by at least one of the spans (start, end)."""
    covered, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, until))
        until = max(until, end)
    return covered


if __name__ == "__main__":
    main()
