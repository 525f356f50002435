"""What a device can do at most: its matrix rate and its copy rate, measured now."""

import time

import torch
from torch.nn import functional as F

KINDS = {"float32": (torch.float32, False), "tf32": (torch.float32, True)}
KINDS |= {"bfloat16": (torch.bfloat16, False)}


def matrix(kind, device):
    """FLOP/s of a large matrix product of random numbers, float32, tf32 or bfloat16.

    On a CPU the better one of a product and a large convolution: torch has them from different
    libraries, of which MKL, the product's, leaves half of an AMD processor's AVX-512 unused.
    """
    dtype, tf32 = KINDS[kind]
    n = 8192 if device == "cuda" else 2048
    a, b = (torch.randn(n, n, device=device, dtype=dtype) for _ in range(2))
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32
    try:
        product = 2 * n**3 / _seconds(lambda: a @ b, device)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before
    return product if device == "cuda" else max(product, _convolution(dtype))


def _convolution(dtype, channels=256, size=32, images=8):
    """FLOP/s of a 3 × 3 convolution on the CPU."""
    layout = {"dtype": dtype, "memory_format": torch.channels_last}
    x = torch.randn(images, channels, size, size).to(**layout)
    w = torch.randn(channels, channels, 3, 3).to(**layout)
    with torch.no_grad():
        seconds = _seconds(lambda: F.conv2d(x, w, padding=1), "cpu")
    return 2 * 9 * channels**2 * images * size**2 / seconds


def copy(device):
    """Bytes read and written a second by a copy far larger than any cache."""
    n = 2**32 if device == "cuda" else 2**28
    a = torch.ones(n // 4, device=device)
    b = torch.empty_like(a)
    return 2 * n / _seconds(lambda: b.copy_(a), device)


def _seconds(do, device, warm=3, times=20):
    """The shortest time of one call; a CPU's own, whatever else the machine does."""
    now, found = time.perf_counter if device == "cuda" else time.process_time, []
    for number in range(warm + times):
        start = now()
        do()
        if device == "cuda":
            torch.cuda.synchronize()
        if number >= warm:
            found.append(now() - start)
    return min(found)
