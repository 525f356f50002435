"""Layers whose kernels write beyond their memory: those of the built-in networks, on a CPU.

    python benchmarks/memory.py [--widths 1-16,32,64] [--sizes 8,16,32,96] [--strided]

Every layer of every network at these widths and image sizes runs forward and backward in a process
of its own, in float32 and in bfloat16, under glibc's heap checker: with this CPU's instructions and
with AVX2 alone. `--strided` tries torch's own 1×1 convolution with stride 2 instead, which is known
to fail (docs/torch.md). Prints what fails, and ends with 1 where anything did.
"""

import argparse
import copy
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

CHECKER = {"MALLOC_CHECK_": "3", "MALLOC_PERTURB_": "165", "LD_PRELOAD": "libc_malloc_debug.so.0"}
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
INSTRUCTIONS = {"this CPU's instructions": {}, "AVX2 alone": AVX2}
WIDTHS = "1-17,20,24,31-33,48,63,64"
SIZES = "8,9,12,16,24,28,32,33,48,64,96"
BATCH = 5
PRECISIONS = ("float32", "bfloat16")


def layers(network, width, size, channels):
    """[(layer on no device, shape of its input)] of a network, each kind once."""
    import torch

    from activarium import networks

    found = {}

    def note(layer, inputs, _output):
        found.setdefault((str(layer), tuple(inputs[0].shape)), layer)

    def activation(_channels=None, dim=1):
        return torch.nn.GELU()

    with torch.device("meta"):
        heads = networks.parameters(network).get("heads", 1)
        width = -(-width // heads) * heads
        net = networks.load(network).build(activation, channels, 10, size, width=width)
        for layer in net.modules():
            if not list(layer.children()):
                layer.register_forward_hook(note)
        net(torch.zeros(BATCH, channels, size, size))
    return [(layer, shape) for (_, shape), layer in found.items()]


def built_in_layers(widths, sizes):
    """{words: (layer, shape)} of all built-in networks that have a width."""
    from activarium import networks

    found = {}
    for network in (name for name in networks.names() if "width" in networks.parameters(name)):
        for width in widths:
            for size in sizes:
                for channels in (1, 3):
                    for layer, shape in layers(network, width, size, channels):
                        found.setdefault(f"{layer} on {list(shape)}", (layer, shape))
    return found


def strided_layers(widths, sizes):
    """{words: (layer, shape)} of torch's own 1×1 convolutions with stride 2."""
    from torch import nn

    found = {}
    for width in widths:
        for size in sizes:
            layer = nn.Conv2d(width, 2 * width, 1, 2, bias=False, device="meta")
            found[f"{layer} on {size} pixels"] = layer, (BATCH, width, size, size)
    return found


def run(layer, shape, precision):
    """Forward and backward three times, and forward once as in an evaluation."""
    import torch

    layer = copy.deepcopy(layer).to_empty(device="cpu")
    with torch.no_grad():
        for tensor in layer.state_dict().values():
            tensor.fill_(1)
    last = torch.channels_last if len(shape) == 4 else torch.contiguous_format
    layer = layer.to(memory_format=last)
    lower = torch.autocast("cpu", torch.bfloat16) if precision == "bfloat16" else nullcontext()
    for _ in range(3):
        x = torch.rand(shape).to(memory_format=last).requires_grad_()
        with lower:
            y = layer(x)
        y.backward(torch.ones_like(y))
    with torch.no_grad(), lower:
        layer.eval()(x)


def signal_of(case, precision):
    """The signal that ended a process which did nothing but `run`, or None."""
    child = os.fork()
    if not child:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # glibc's own words
            run(*case, precision)
            os._exit(0)
        except BaseException:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        return "error"
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else None


def find_failures(cases):
    """[words] of those that fail."""
    found = []
    for words, case in cases.items():
        for precision in PRECISIONS:
            if ended := signal_of(case, precision):
                found.append(f"{ended}: {words}, {precision}")
                print("   ", found[-1], flush=True)
    return found


def parse_numbers(text):
    """1-3,8 as [1, 2, 3, 8]."""
    parts = [part.split("-") for part in text.split(",")]
    return [n for part in parts for n in range(int(part[0]), int(part[-1]) + 1)]


def check_layers(options):
    """Try everything in this process's surroundings; 1 where anything failed."""
    import torch

    torch.set_num_threads(1)
    kind = strided_layers if options.strided else built_in_layers
    cases = kind(parse_numbers(options.widths), parse_numbers(options.sizes))
    found = find_failures(cases)
    print(f"    {len(found)} of {len(cases) * len(PRECISIONS)} fail (torch {torch.__version__})")
    return bool(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--widths", default=WIDTHS)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--strided", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        return check_layers(options)
    failed = 0
    for name, environment in INSTRUCTIONS.items():
        print(name, flush=True)
        command = [sys.executable, *sys.argv, "--here"]
        failed |= subprocess.run(command, env=os.environ | CHECKER | environment).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
