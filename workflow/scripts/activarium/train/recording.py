"""Work recorded as a CUDA graph and replayed: the host launches a whole step at once.

A branch of a graph is a stream of its own while it is recorded, so that its allocations, which
torch keeps apart by stream, its workspaces and its kernels are nobody else's, and it computes what
it computes alone. A graph holds the addresses of all it touched: nothing may be replaced
afterwards, only overwritten. A "unit" below is what is trained together in one branch: it has a
`feed`, an `optimiser`, `advance()` for one step, and `tensors()` and `generators()`, which steps
change.
"""

import gc
import warnings
from contextlib import contextmanager
from functools import cache

import torch

from ..runtime.errors import describe_error

BRANCHES = 16  # of one graph at most
WARM = 3  # steps before recording
# Of an optimiser that could be recorded and is not, as in the steps before a recording.
warnings.filterwarnings("ignore", message=".*capturable=True.*")


class NotRecordedError(Exception):
    """A recording that failed, and why."""


def is_memory(error):
    """Whether an error says that the device's memory is full, by any of CUDA's libraries."""
    said = str(error)
    known = "out of memory" in said or "ALLOC_FAILED" in said
    return isinstance(error, torch.OutOfMemoryError) or known


@cache
def streams():
    """The streams of branches, made once: torch has 32, and hands them out in turn."""
    return [torch.cuda.Stream() for _ in range(BRANCHES)]


@cache
def recorder():
    """The stream that a recording begins and ends on; none of the branches'."""
    streams()
    return torch.cuda.Stream()


def settle():
    """Wait for the device, and free now what would else be freed while recording."""
    torch.cuda.synchronize()
    gc.collect()


@contextmanager
def nothing_old_to_free():
    """Within it `settle` passes over what was there before: torch itself, a tenth of a second."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def warm_up(unit, stream, others=()):
    """Take some steps on the stream that a unit is recorded on, and put back what they changed.

    A first step loads kernels and starts the optimiser's state, neither of which may happen while
    recording; `others` are functions to be called for the same reason. Returns whether the last
    step left the host alone, as a recorded one has to: False where it waited for the device, say
    for the value of a tensor.
    """
    kept = _kept(unit)
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM - 1):
            unit.feed.begin(0)
            unit.advance()
        unit.feed.begin(0)
        alone = _leaves_the_host_alone(unit.advance)
        unit.optimiser.zero_grad(set_to_none=True)  # recorded ones live in the graph
        for do in others:
            do()
    settle()
    _put_back(unit, *kept)
    return alone


def record(work, generators=()):
    """A graph of `work`, [(function, stream)], a branch each; recording computes nothing.

    `generators` are those that any of the functions draws from on the device, beside torch's own.
    Raises NotRecordedError; or what a function raised where that is no Exception, or says that
    memory is full.
    """
    graph, main, failed = torch.cuda.CUDAGraph(), recorder(), None
    for generator in generators:
        graph.register_generator_state(generator)
    try:
        # torch leaves its stream to whoever is there when a recording fails.
        with torch.cuda.stream(torch.cuda.current_stream()):
            try:
                with torch.cuda.graph(graph, stream=main):
                    failed = _branches(work, main)
            except Exception as error:
                failed = failed or error
        if failed is None:
            return graph
        if not isinstance(failed, Exception) or is_memory(failed):
            raise failed
        raise NotRecordedError(describe_error(failed)) from failed
    finally:
        failed = None  # which holds this frame, and with it all that it recorded


def _branches(work, main):
    """Do it, a branch each; what one raised first is returned, so that the recording can end.

    Else torch's memory would stay in recording for good, as it may where CUDA itself refused.
    """
    failed, begun = None, []
    for do, stream in work:
        stream.wait_stream(main)
        begun.append(stream)
        with torch.cuda.stream(stream):
            try:
                do()
            except BaseException as error:  # a Ctrl-C, too
                failed = error
                break
    for stream in begun:
        try:
            main.wait_stream(stream)
        except Exception as error:  # CUDA's word after what it has refused
            failed = failed or error
    return failed


def _leaves_the_host_alone(do):
    """Do it; whether torch never waited for the device meanwhile."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*prototype feature.*")
        torch.cuda.set_sync_debug_mode("error")
        try:
            do()
        except RuntimeError as error:
            if "synchronizing CUDA operation" not in str(error):
                raise
            return False
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return True


def _kept(unit):
    """Copies of what the warm-up changes: tensors, the optimiser's state, generators' states."""
    tensors = [tensor.detach().clone() for tensor in unit.tensors()]
    states = {
        parameter: {name: value.clone() for name, value in state.items()}
        for parameter, state in unit.optimiser.state.items()
    }
    return tensors, states, [(g, g.get_state()) for g in unit.generators()]


@torch.no_grad()
def _put_back(unit, tensors, states, generators):
    """As before, at the same addresses; an optimiser's state begins with zeros."""
    for tensor, kept in zip(unit.tensors(), tensors, strict=True):
        tensor.copy_(kept)
    for parameter, state in unit.optimiser.state.items():
        before = states.get(parameter, {})
        for name, tensor in state.items():
            tensor.copy_(before[name]) if name in before else tensor.zero_()
    for generator, state in generators:
        generator.set_state(state)
