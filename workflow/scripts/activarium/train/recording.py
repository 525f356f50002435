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
from functools import cache

import torch


class NotRecordedError(Exception):
    """A recording that CUDA refused, and why."""


WARM = 3  # steps before recording
warnings.filterwarnings("ignore", message=".*capturable=True.*")  # that these are not recorded


@cache
def streams(n=16):
    """The streams of branches, made once: torch has 32, and hands them out in turn."""
    return [torch.cuda.Stream() for _ in range(n)]


@cache
def recorder():
    """The stream that a recording begins and ends on; none of the branches'."""
    streams()
    return torch.cuda.Stream()


def settle():
    """Wait for the device, and free now what would else be freed while recording."""
    torch.cuda.synchronize()
    gc.collect()


def warm_up(unit, stream):
    """Take some steps on the stream that a unit is recorded on, and put back what they changed.

    A first step allocates, loads kernels and starts the optimiser's state, none of which may
    happen while recording. Returns whether the last one left the host alone, as a recorded one
    has to: False where it waited for the device, say for the value of a tensor.
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
    settle()
    _put_back(unit, *kept)
    return alone


def record(work, generators=()):
    """A graph of `work`, [(function, stream)], a branch each; recording computes nothing.

    `generators` are those that any of the functions draws from on the device, beside torch's own.
    Raises NotRecordedError, or torch.OutOfMemoryError.
    """
    graph, main = torch.cuda.CUDAGraph(), recorder()
    for generator in generators:
        graph.register_generator_state(generator)
    try:
        with torch.cuda.graph(graph, stream=main):
            for do, stream in work:
                stream.wait_stream(main)
                with torch.cuda.stream(stream):
                    do()
            for _, stream in work:
                main.wait_stream(stream)
    except Exception as error:  # CUDA's own error at the end hides what ended the recording
        first = error
        while first.__context__:
            first = first.__context__
        if isinstance(first, torch.OutOfMemoryError):
            raise first from None
        raise NotRecordedError(f"{type(first).__name__}: {first}") from error
    return graph


def _leaves_the_host_alone(do):
    """Do it; whether torch never waited for the device meanwhile."""
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
