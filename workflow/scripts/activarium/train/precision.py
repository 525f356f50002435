"""How torch computes in a job: one thread, fixed algorithms, and the recipe's precision."""

from typing import Any

import torch


def prepare_torch(precision: str) -> None:
    """One thread, fixed algorithms and no reduced precision but the recipe's `precision`."""
    torch.set_num_threads(1)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    allow_tf32(precision == "tf32")


def allow_tf32(allowed: bool) -> None:
    """Whether float32 may be multiplied in tf32 on a GPU; on a CPU it never may in less.

    Each operator is set by itself. The older flags alone do not forbid tf32 where the process
    allows it for all operators (`torch.backends.fp32_precision`).
    """
    of: Any = torch.backends  # of which torch's types know a part
    of.cudnn.allow_tf32 = of.cuda.matmul.allow_tf32 = allowed  # for what still reads these
    for operators in (of.cudnn.conv, of.cudnn.rnn, of.cuda.matmul):
        operators.fp32_precision = "tf32" if allowed else "ieee"
    for operators in (of.mkldnn.conv, of.mkldnn.rnn, of.mkldnn.matmul):
        operators.fp32_precision = "ieee"
