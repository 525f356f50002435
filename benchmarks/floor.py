"""How far a training step is from what its device can do at all, both measured now.

    python benchmarks/floor.py                   our step, on the GPU if there is one
    python benchmarks/floor.py --rate 400000     a rate measured elsewhere on the same device

First the device's ceilings: its matrix rate (float32, tf32, bfloat16; on a CPU float32 on one
thread, in CPU seconds) and its copy rate. Then what ResNet-14 must do: floating-point operations
an image, and the fewest bytes (shared/work.py says what is counted) where every operation moves
its own tensors and where norms and activations are fused with the convolutions. The larger of
the two times is the floor. On a CPU, whose caches keep tensors of a batch, the share of the
matrix rate counts.
"""

import argparse
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow/scripts")]

from activarium.runtime import devices  # noqa: E402

devices.use_one_thread()  # before torch is imported

import torch  # noqa: E402

from shared import ceilings, training_loop, work  # noqa: E402
from shared.setting import Setting, source  # noqa: E402


def main():
    """Ceilings, floors, and the step beside them."""
    options = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    kinds = ("float32", "tf32", "bfloat16") if device == "cuda" else ("float32",)
    flops = {kind: ceilings.matrix(kind, device) for kind in kinds}
    moved = ceilings.copy(device)
    name = torch.cuda.get_device_name() if device == "cuda" else "one thread of the CPU"
    rates = ", ".join(f"{kind} {f / 1e9:.0f} GFLOP/s" for kind, f in flops.items())
    print(f"{name}, torch {torch.__version__}: {rates}; copy {moved / 1e9:.0f} GB/s")
    for width in options.widths:
        for precision in (p for p in ("float32", "tf32", "bfloat16") if p in flops):
            print_floors(width, precision, flops[precision], moved)
    precision = options.precision if options.precision in flops else "float32"
    setting = Setting(options.width, precision, options.activation, steps=20, device=device)
    print_verdict(
        setting, options.rate or measure_step(setting, options.pack), flops[precision], moved
    )


def arguments():
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--rate", type=float, help="img/s; not given, our step is measured")
    add("--width", type=int, default=16, help="of the net that the rate belongs to")
    add("--precision", default="float32", help="of the rate: float32, tf32 or bfloat16")
    add("--activation", default="gelu")
    add("--pack", type=int, default=8, help="seeds that train at once on a GPU")
    add("--widths", type=lambda s: [int(n) for n in s.split(",")], default=[16, 64])
    return parser.parse_args()


def image_work(width, precision):
    """FLOP an image and {"unfused", "fused"} bytes an image."""
    net = Setting(width).network()
    return work.operations(net), work.least_bytes(net, precision, Setting().batch)


def print_floors(width, precision, flops, moved):
    """One line: what an image of this net needs, in work and in time."""
    operations, bytes_ = image_work(width, precision)
    memory = {kind: n / moved for kind, n in bytes_.items()}
    least = {kind: max(operations / flops, seconds) for kind, seconds in memory.items()}
    print(
        f"width {width:2} {precision:8}: {operations / 1e6:5.0f} MFLOP, "
        f"{bytes_['unfused'] / 1e6:.1f} MB unfused, {bytes_['fused'] / 1e6:.1f} fused; us/img: "
        f"compute {1e6 * operations / flops:.2f}, memory {1e6 * memory['unfused']:.2f} unfused, "
        f"{1e6 * memory['fused']:.2f} fused; at most {1 / least['unfused']:.0f} img/s unfused, "
        f"{1 / least['fused']:.0f} fused"
    )


def measure_step(setting, pack, epochs=5):
    """Images a second of our own step, the median of some epochs after one."""
    cpu = setting.device == "cpu"  # there its own seconds, whatever else the machine does
    seeds = range(1 if cpu else pack)
    epoch = training_loop.loop(setting, seeds)
    spent = [epoch(number)[cpu] for number in range(epochs + 1)][1:]
    print(
        f"our step on {'CIFAR-10' if source() else 'random images'}: {setting.steps} steps an "
        f"epoch, {len(seeds)} seeds at once"
    )
    return len(seeds) * setting.steps * setting.batch / statistics.median(spent)


def print_verdict(setting, rate, flops, moved):
    """The last line: the rate beside the floor."""
    operations, bytes_ = image_work(setting.width, setting.precision)
    net = f"ResNet-14 width {setting.width}, {setting.activation}, {setting.precision}"
    share = f"{rate * operations / flops:.1%} of the matrix rate"
    if setting.device == "cpu":
        print(f"{net}: {rate:.0f} img/s a CPU second, {share}")
        return
    most = {kind: 1 / work.floor(operations, n, flops, moved) for kind, n in bytes_.items()}
    print(
        f"{net}: {rate:.0f} img/s, {share}, {rate / most['unfused']:.1%} of the unfused floor "
        f"({most['unfused']:.0f} img/s), {rate / most['fused']:.1%} of the fused one"
    )


if __name__ == "__main__":
    main()
