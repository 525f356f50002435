"""Whether a network trains the activation that it is given: checked on a few images first.

A network that never calls it would give every activation the same numbers. A module that outlives
its run would begin the next run where the last one ended.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from numbers import Integral
from pathlib import Path

import torch
from torch import nn

from .. import activations, networks
from ..definitions.learned import NoChannelsError, is_per_channel
from ..definitions.module_checks import find_fault, find_mismatch
from ..definitions.torch_module import Float32Module
from ..runtime.errors import UserError, describe_error
from .loop import Cell
from .pack import find_place

SIZES = (2, 3, 5, 7, 11)  # of dimensions that are no channels


def check_network(cell: Cell, data: dict) -> None:
    """Raise a UserError that names the file and what in it is wrong.

    `data` is what `loop.Run` takes. The network must call the activation and use what it gives, and
    own every one that learns, draws or counts. It must give [n, classes], and never use an input
    again that an activation has overwritten. Neither `module()` nor `build` may give again what it
    gave before.
    """
    name, place, file = cell.names["activation"], place_of_activation(cell), place_of_network(cell)
    _check_module(cell, place)
    calls = CallRecorder(cell.make_activation, place, file)
    with _explain_misuse(file):
        model = cell.build_network(data, calls.activation)
    _check_unshared(model, cell.build_network(data), file, "build")
    x = data["train"][0][:4].float().div(255).contiguous(memory_format=torch.channels_last)
    model = model.to(x.device)
    y = _run(model, x, calls, file, name)
    _check_calls(model, calls, file, name)
    _check_channel_dimension(cell, calls)
    if tuple(y.shape) != (len(x), data["classes"]):
        wanted = [len(x), data["classes"]]
        raise UserError(f"{file}: the network gives {list(y.shape)} for {wanted}, [n, classes]")
    _check_outputs_used(model, calls, x, y, file, name)
    if calls.in_place:
        _check_inputs_unused(model, calls, x, file, name)
    if not (cell.activation.expr or hasattr(activations.load(cell.activation), "definition")):
        _check_trainable(calls)


def place_of_activation(cell: Cell) -> str:
    """Where the activation is declared, for people: its file, or the study."""
    spec = cell.activation
    if spec.expr:
        return f"config: activations: {spec.name}"
    built_in = Path(activations.__file__).with_name(f"{spec.built_in}.py")
    return os.path.relpath(spec.own_file or built_in)


def place_of_network(cell: Cell) -> str:
    """The network's file, for people."""
    return os.path.relpath(networks.file_of(cell.network["file"]))


class CallRecorder:
    """The modules that `make(channels, dim)` has made for the network in `file`, and their calls.

    `place` is where the activation is declared.

    `channels` are the numbers of channels that the network has said. `called` are the modules
    called, in order, and `shapes` those of their inputs. `open_shapes` are of those calls that have
    not returned. `in_place` says whether a call has changed its input; with `copies_inputs` each
    call gets a copy of it, with `shifts_outputs` it gives other numbers.
    """

    def __init__(self, make: Callable[..., nn.Module], place: str, file: str):
        self.make, self.place, self.file = make, place, file
        self.made: list[nn.Module] = []
        self.channels: list[int] = []
        self.called: list[nn.Module] = []
        self.shapes: list[torch.Size] = []
        self.open_shapes: list[torch.Size] = []
        self.in_place, self.copies_inputs, self.shifts_outputs = False, False, False

    def activation(self, channels: int | None = None, dim: int = 1) -> nn.Module:
        """A new module, whose calls are noted."""
        if not (channels is None or isinstance(channels, Integral)):  # as activation(x) would be
            raise TypeError(f"{CallRecorder.activation.__qualname__} of a {type(channels)}")
        module = self.make(channels, dim)
        self.made.append(module)
        if channels is not None:
            self.channels.append(int(channels))
            check = partial(self._check_channels, channels, dim)
            module.register_forward_pre_hook(check, with_kwargs=True)
        module.register_forward_pre_hook(self._before_call, with_kwargs=True)
        module.register_forward_hook(self._after_call, with_kwargs=True)
        return module

    def _check_channels(self, channels, dim, module, args, kwargs):
        """Refuse an input with another number of channels than the network has said."""
        shape = list(_first_input(args, kwargs).shape)
        if not -len(shape) <= dim < len(shape) or shape[dim] != channels:
            said = f"activation({channels})" if dim == 1 else f"activation({channels}, dim={dim})"
            raise UserError(
                f"{self.file}: the network makes {said} and calls it on {shape}; give it the size "
                "of the input's dimension that has the channels, dim=-1 where that is the last"
            )

    def _before_call(self, module, args, kwargs):
        x = _first_input(args, kwargs)
        self.called.append(module)
        self.shapes.append(x.shape)
        self.open_shapes.append(x.shape)
        self.version = x._version
        if not self.copies_inputs:
            return None
        copies = {id(x): x.clone()}
        kwargs = {name: copies.get(id(value), value) for name, value in kwargs.items()}
        return tuple(copies.get(id(value), value) for value in args), kwargs

    def _after_call(self, module, args, kwargs, output):
        self.open_shapes.pop()
        if not isinstance(output, torch.Tensor):
            kind = type(output).__name__
            raise UserError(f"{self.place}: it gives a {kind}, and no torch.Tensor")
        self._check_kept(_first_input(args, kwargs), output)
        self.in_place |= _first_input(args, kwargs)._version != self.version
        return _shifted(output) if self.shifts_outputs else None

    def _check_kept(self, x, y):
        """Refuse an output of another shape or dtype than its input."""
        if y.shape != x.shape:
            what = f"it makes {list(y.shape)} of {list(x.shape)}; it must keep shapes"
            raise UserError(f"{self.place}: {what}")
        if y.dtype != x.dtype:
            what = f"it makes {y.dtype} of {x.dtype}; it must keep the dtype: end it with .to(x)"
            raise UserError(f"{self.place}: {what}")


def _shifted(y):
    """Numbers that all differ from those of `y`, and not by what a norm would take away."""
    ramp = torch.linspace(1, 2, y.numel(), device=y.device).view(y.shape)
    return y + (ramp * (1 + y.abs())).to(y)


def _first_input(args, kwargs):
    """The input of a call, by whichever way it came."""
    return next(iter((*args, *kwargs.values())))


@contextmanager
def _explain_misuse(file: str) -> Iterator[None]:
    """Raise a UserError, with its line, where `file` takes activation itself for the module."""
    try:
        yield
    except TypeError as error:  # torch's or Python's own, which names the method of ours
        if CallRecorder.activation.__qualname__ not in str(error):
            raise
        advice = "activation(channels) makes one: self.act = activation(64), then self.act(x)"
        place = find_place(error) or file
        raise UserError(f"{place}: activation is no module; {advice}") from error
    except NoChannelsError as error:
        raise UserError(f"{find_place(error) or file}: {error}") from error


def _run(model, x, calls, file, name):
    """What the network in training gives for `x`; a UserError where an activation fails in it.

    What draws from torch's own generators, as dropout, draws the same each time.
    """
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad(), _explain_misuse(file):
            torch.manual_seed(0)
            return model.train()(x)
    except Exception as error:
        if not calls.open_shapes:
            raise
        shape, why = list(calls.open_shapes[-1]), describe_error(error)
        place = find_place(error) or calls.place
        raise UserError(f"{place}: {name} cannot take {shape} from {file}: {why}") from error


def _check_module(cell, place):
    """Refuse an activation that gives no new module each time, or another than it defines."""
    first, second = cell.make_activation(1), cell.make_activation(1)
    made = first.module if isinstance(first, Float32Module) else first
    if not isinstance(made, nn.Module):
        kind = type(made).__name__
        way = f"; write return {made.__name__}()" if isinstance(made, type) else ""
        raise UserError(f"{place}: module() gives a {kind}, and no torch.nn.Module{way}")
    if first is second:
        raise UserError(f"{place}: module() gives the same module each time; make a new one in it")
    _check_unshared(first, second, place, "module()")
    if not cell.activation.expr:
        _check_definition(activations.load(cell.activation), cell.activation.learned, place)


def _check_definition(file, learned, place):
    """Refuse a file whose `module()` is not its definition; without both there is no question."""
    if hasattr(file, "module") and hasattr(file, "definition"):
        module = file.module(1) if is_per_channel(file, learned) else file.module()
        difference = find_mismatch(module, file.definition)
        if difference:
            raise UserError(f"{place}: {difference}")


def _check_channel_dimension(cell, calls):
    """Refuse a module of several channels that has them elsewhere than in dimension 1.

    Where an image is as wide as it has channels, torch would take one number for each column. So
    no other dimension is as long here; there are as many as in the network's own inputs.
    """
    spec = cell.activation
    if spec.expr or not is_per_channel(activations.load(spec), spec.learned):
        return
    channels = max(calls.channels)
    first, *others = (size for size in SIZES if size != channels)
    x = torch.zeros((first, channels, *others)[: len(calls.shapes[0])])
    try:
        with torch.no_grad():
            fits = cell.make_activation(channels)(x).shape == x.shape
    except (RuntimeError, IndexError):  # torch's, of shapes
        fits = False
    if not fits:
        raise UserError(
            f"{calls.place}: it learns for each of {channels} channels and cannot take "
            f"{list(x.shape)}; have the channels in dimension 1, as in torch.ones(channels, 1, 1) "
            "for images"
        )


def _check_trainable(calls):
    """Refuse a module, which nothing else is held against, that no gradient comes through."""
    shape = calls.shapes[0]
    try:
        fault = find_fault(calls.called[0].cpu(), shape)
    except UserError:
        raise
    except Exception as error:
        place, why = find_place(error) or calls.place, describe_error(error)
        raise UserError(f"{place}: module() fails on {list(shape)} in training: {why}") from error
    if fault:
        raise UserError(f"{calls.place}: {fault}")


def _check_unshared(first, second, place, what):
    """Refuse two modules that share what training changes: one run would go on in the next."""
    tensors = {id(tensor) for tensor in (*first.parameters(), *first.buffers())}
    for name, tensor in (*second.named_parameters(), *second.named_buffers()):
        if id(tensor) in tensors:
            raise UserError(
                f"{place}: {what} gives the same {name} each time; make a new one in it"
            )


def _check_calls(model, calls, file, name):
    """Refuse a network that never calls the activation, or whose training passes it over."""
    if not calls.called:
        done = "makes activations and never calls them" if calls.made else "never calls activation"
        raise _alike(file, done)
    owned = set(map(id, model.modules()))
    if any(id(module) not in owned and _has_state(module) for module in calls.called):
        raise UserError(
            f"{file}: {name} is called without being a part of the network, which would not train "
            "it; make it in build or __init__ and keep it as an attribute or in a ModuleList"
        )


def _alike(file, done):
    """The UserError of a network to which all activations are the same."""
    advice = "call activation(channels) for each place and use what it gives"
    return UserError(f"{file}: the network {done}, so that all would train alike; {advice}")


def _check_outputs_used(model, calls, x, y, file, name):
    """Refuse a network that gives the same `y`, whatever its activations give."""
    calls.shifts_outputs = True
    shifted = _run(model, x, calls, file, name)
    calls.shifts_outputs = False
    if y.isfinite().all() and torch.equal(y, shifted):
        raise _alike(file, "calls activations and uses nothing of what they give")


def _has_state(module):
    """Whether it learns, keeps numbers, or draws from the generator that a run gives it."""
    draws = any(hasattr(m, "generator") for m in module.modules())
    return draws or any(True for _ in (*module.parameters(), *module.buffers()))


@torch.no_grad()
def _check_inputs_unused(model, calls, x, file, name):
    """Refuse a network that uses again what an in-place activation has overwritten."""
    overwritten = model.eval()(x.clone())
    calls.copies_inputs = True
    if not torch.equal(overwritten, model(x.clone())):
        raise UserError(
            f"{file}: {name} overwrites its input, which the network uses again; "
            "write the activation without inplace or x.…_()"
        )
