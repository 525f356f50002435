"""Work captured as a CUDA graph and replayed: the host launches a whole step at once.

A branch of a graph is a stream of its own while it is captured. So its allocations, which torch
keeps apart by stream, its workspaces and its kernels are nobody else's. It computes what it
computes alone. A graph holds the addresses of all it touched: nothing may be replaced afterwards,
only overwritten. A "unit" below is what is trained together in one branch. It has a `loader`, an
`optimiser`, `train_batch()` for one step, and `tensors()` and `generators()`, which steps change.
"""

import gc
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Protocol

import torch

from ..runtime.errors import describe_error
from .batches import DeviceLoader

BRANCHES = 16  # of one graph at most
WARM_UP_STEPS = 3  # before a capture
# Of an optimiser that could be captured and is not, as in the steps before a capture.
warnings.filterwarnings("ignore", message=".*capturable=True.*")


class CaptureError(Exception):
    """A capture that failed, and why."""


class Unit(Protocol):
    """What is trained together in one branch of a graph, as `step.GraphedTraining` is."""

    loader: DeviceLoader
    optimiser: torch.optim.Optimizer

    def train_batch(self) -> None: ...
    def tensors(self) -> Iterable[torch.Tensor]: ...
    def generators(self) -> Iterable[torch.Generator]: ...


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device's memory is full, by any of CUDA's libraries."""
    message = str(error)
    known = "out of memory" in message or "ALLOC_FAILED" in message
    return isinstance(error, torch.OutOfMemoryError) or known


@cache
def branch_streams() -> list[torch.cuda.Stream]:
    """The streams of branches, made once: torch has 32, and hands them out in turn."""
    return [torch.cuda.Stream() for _ in range(BRANCHES)]


@cache
def capture_stream() -> torch.cuda.Stream:
    """The stream that a capture begins and ends on; none of the branches'."""
    branch_streams()
    return torch.cuda.Stream()


def synchronize() -> None:
    """Wait for the device, and free now what would else be freed while capturing."""
    torch.cuda.synchronize()
    gc.collect()


@contextmanager
def frozen_garbage() -> Iterator[None]:
    """Within it `synchronize` passes over older objects: torch itself, a tenth of a second."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def warm_up(unit: Unit, stream: torch.cuda.Stream, others: Sequence[Callable] = ()) -> bool:
    """Take some steps on the stream that a unit is captured on, and put back what they changed.

    A first step loads kernels and starts the optimiser's state, neither of which may happen while
    capturing; `others` are functions to be called for the same reason. Returns whether the last
    step left the host alone, as a captured one has to: False where it waited for the device, say
    for the value of a tensor.
    """
    kept = _copy_state(unit)
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP_STEPS - 1):
            unit.loader.begin_epoch(0)
            unit.train_batch()
        unit.loader.begin_epoch(0)
        leaves_host_alone = _leaves_host_alone(unit.train_batch)
        unit.optimiser.zero_grad(set_to_none=True)  # captured ones live in the graph
        for function in others:
            function()
    synchronize()
    _restore_state(unit, *kept)
    return leaves_host_alone


def capture(
    work: Sequence[tuple[Callable, torch.cuda.Stream]], generators: Iterable[torch.Generator] = ()
) -> torch.cuda.CUDAGraph:
    """A graph of `work`, [(function, stream)], a branch each; capturing computes nothing.

    `generators` are those that any of the functions draws from on the device, beside torch's own.
    Raises CaptureError; or what a function raised where that is no Exception, or says that
    memory is full.
    """
    graph, main, failed = torch.cuda.CUDAGraph(), capture_stream(), None
    for generator in generators:
        graph.register_generator_state(generator)
    try:
        # torch leaves its stream to whoever is there when a capture fails.
        with torch.cuda.stream(torch.cuda.current_stream()):
            try:
                with torch.cuda.graph(graph, stream=main):
                    failed = _capture_branches(work, main)
            except Exception as error:
                failed = failed or error
        if failed is None:
            return graph
        if not isinstance(failed, Exception) or is_out_of_memory(failed):
            raise failed
        raise CaptureError(describe_error(failed)) from failed
    finally:
        failed = None  # which holds this frame, and with it all that it captured


def _capture_branches(work, main):
    """Call each function in its branch; returns what one raised first, so that capturing can end.

    Else torch's memory would stay in capture for good, as it may where CUDA itself refused.
    """
    failed, begun = None, []
    for function, stream in work:
        stream.wait_stream(main)
        begun.append(stream)
        with torch.cuda.stream(stream):
            try:
                function()
            except BaseException as error:  # a Ctrl-C, too
                failed = error
                break
    for stream in begun:
        try:
            main.wait_stream(stream)
        except Exception as error:  # CUDA's word after what it has refused
            failed = failed or error
    return failed


def _leaves_host_alone(function):
    """Call it; whether torch never waited for the device meanwhile."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*prototype feature.*")
        torch.cuda.set_sync_debug_mode("error")
        try:
            function()
        except RuntimeError as error:
            if "synchronizing CUDA operation" not in str(error):
                raise
            return False
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return True


def _copy_state(unit):
    """Copies of what the warm-up changes: tensors, the optimiser's state, generators' states."""
    tensors = [tensor.detach().clone() for tensor in unit.tensors()]
    states = {
        parameter: {name: value.clone() for name, value in state.items()}
        for parameter, state in unit.optimiser.state.items()
    }
    return tensors, states, [(g, g.get_state()) for g in unit.generators()]


@torch.no_grad()
def _restore_state(unit, tensors, states, generators):
    """As before, at the same addresses; an optimiser's state begins with zeros."""
    for tensor, kept in zip(unit.tensors(), tensors, strict=True):
        tensor.copy_(kept)
    for parameter, state in unit.optimiser.state.items():
        before = states.get(parameter, {})
        for name, tensor in state.items():
            tensor.copy_(before[name]) if name in before else tensor.zero_()
    for generator, state in generators:
        generator.set_state(state)
