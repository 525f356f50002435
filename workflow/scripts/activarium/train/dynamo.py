"""torch's compiler is not imported where nothing is compiled."""

import inspect

import torch
from torch.optim import SGD, Adam, Optimizer


def skip_dynamo_import() -> None:
    """Have torch's optimisers not import its compiler, which they do only to be left alone by it.

    That import takes more than a second of CPU, in every job, and a run computes the same without.
    torch marks a function that its compiler leaves alone with `__dynamo_disable`, and imports it
    to set the mark where it is missing. Around `step` it would interrupt a compilation, so that
    `step` is here what torch wraps, without gradients. Where a torch wraps it otherwise nothing is
    changed.
    """
    for method in vars(Optimizer).values():
        if getattr(method, "__globals__", {}).get("__name__") == "torch._compile":
            method.__wrapped__.__dict__.setdefault("__dynamo_disable", method.__wrapped__)
    for kind in (Adam, SGD):  # AdamW steps as Adam does
        if kind.step.__code__.co_name == "_use_grad":
            kind.step = torch.no_grad()(inspect.unwrap(kind.step))  # type: ignore[method-assign]
