"""Whether a network trains the activation that it is given: held on a few images, before training.

A network that never calls it would give every activation the same numbers, and a module that
outlives its run would begin the next one where the last one ended.
"""

import os
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from torch import nn

from .. import activations, networks
from ..definitions.module_checks import find_mismatch
from ..runtime.errors import UserError, describe_error
from .pack import place
from .run import build


def hold(cell, network, data, expr=None):
    """Raise a UserError that names the file and what in it is wrong; `cell` and so on as `running`.

    The network must call the activation, own every one that learns, draws or counts, give a row
    of [n, classes], and never use an input again that an activation has overwritten. Neither
    `module()` nor `build` may give again what it gave before.
    """
    name = cell["activation"]
    activation = partial(activations.module, name, expr)
    at = f"config: activations: {name}" if expr else file_of(activations, name)
    file = file_of(networks, network["file"])
    _hold_new(activation, at, "module()")
    if not expr:
        _hold_defined(activations.load(name), at)
    calls = Calls(activation, at)
    with _misused(file):
        model = build(network, calls.activation, data)
    again = build(network, activation, data)
    _hold_apart(model, again, file, "build")
    x = data["test"][0][:4].float().div(255).contiguous(memory_format=torch.channels_last)
    model = model.to(x.device)
    try:
        with torch.no_grad(), _misused(file):
            y = model.train()(x)
    except Exception as error:
        if not calls.open:
            raise
        shape = list(calls.open[-1])
        where = place(error) or at
        raise UserError(
            f"{where}: {name} cannot take {shape} from {file}: {describe_error(error)}"
        ) from error
    _hold_used(model, calls, file, name)
    if tuple(y.shape) != (len(x), data["classes"]):
        wanted = [len(x), data["classes"]]
        raise UserError(f"{file}: the network gives {list(y.shape)} for {wanted}, [n, classes]")
    if calls.in_place:
        _hold_intact(model, calls, x, file, name)


@contextmanager
def _misused(file):
    """Raise a UserError, with its line, where `file` takes activation itself for the module."""
    try:
        yield
    except TypeError as error:  # torch's or Python's own, which names the method of ours
        if Calls.activation.__qualname__ not in str(error):
            raise
        way = "activation() makes one and takes nothing, self.act = activation(), then self.act(x)"
        raise UserError(f"{place(error) or file}: activation is no module; {way}") from error


class Calls:
    """The modules that `make()`, stated `at` a place, has made for a network, and their calls."""

    def __init__(self, make, at):
        self.at, self.make, self.made, self.called, self.open = at, make, [], [], []
        self.in_place, self.spare = False, False

    def activation(self):
        """A new module, whose calls are noted."""
        module = self.make()
        self.made.append(module)
        module.register_forward_pre_hook(self._begins, with_kwargs=True)
        module.register_forward_hook(self._ends, with_kwargs=True)
        return module

    def _begins(self, module, args, kwargs):
        x = _first(args, kwargs)
        self.called.append(module)
        self.open.append(x.shape)
        self.version = x._version
        if not self.spare:
            return None
        spare = {id(x): x.clone()}
        kwargs = {name: spare.get(id(value), value) for name, value in kwargs.items()}
        return tuple(spare.get(id(value), value) for value in args), kwargs

    def _ends(self, module, args, kwargs, output):
        self.open.pop()
        if not isinstance(output, torch.Tensor):
            raise UserError(f"{self.at}: it gives a {type(output).__name__}, and no torch.Tensor")
        self.in_place |= _first(args, kwargs)._version != self.version


def _first(args, kwargs):
    """The input of a call, by whichever way it came."""
    return next(iter((*args, *kwargs.values())))


def _hold_new(make, at, what):
    first, second = make(), make()
    if not isinstance(first, nn.Module):
        raise UserError(f"{at}: {what} gives a {type(first).__name__}, and no torch.nn.Module")
    if first is second:
        raise UserError(f"{at}: {what} gives the same module each time; make a new one in it")
    _hold_apart(first, second, at, what)


def _hold_defined(stated, at):
    """Refuse a file whose `module()` is not its definition; without both there is no question."""
    if hasattr(stated, "module") and hasattr(stated, "definition"):
        said = find_mismatch(stated.module(), stated.definition)
        if said:
            raise UserError(f"{at}: {said}")


def _hold_apart(first, second, at, what):
    """Refuse two modules that share what training changes: one run would go on in the next."""
    tensors = {id(t) for t in (*first.parameters(), *first.buffers())}
    shared = [n for n, t in (*second.named_parameters(), *second.named_buffers())
              if id(t) in tensors]  # fmt: skip
    if shared:
        raise UserError(f"{at}: {what} gives the same {shared[0]} each time; make a new one in it")


def _hold_used(model, calls, file, name):
    """Refuse a network that never calls the activation, or whose training passes it over."""
    way = "call activation() for each place and use what it gives"
    if not calls.called:
        done = "makes activations and never calls them" if calls.made else "never calls activation"
        raise UserError(f"{file}: the network {done}, so that all would train alike; {way}")
    owned = set(map(id, model.modules()))
    lost = [m for m in calls.called if id(m) not in owned and _has_state(m)]
    if lost:
        raise UserError(
            f"{file}: {name} is called without being a part of the network, which would not train "
            "it; make it in build or __init__ and keep it as an attribute or in a ModuleList"
        )


def _has_state(module):
    """Whether it learns, keeps numbers, or draws from the generator that a run gives it."""
    draws = any(hasattr(m, "generator") for m in module.modules())
    return draws or any(True for _ in (*module.parameters(), *module.buffers()))


@torch.no_grad()
def _hold_intact(model, calls, x, file, name):
    """Refuse a network that uses again what an in-place activation has overwritten."""
    as_it_is = model.eval()(x.clone())
    calls.spare = True
    if not torch.equal(as_it_is, model(x.clone())):
        raise UserError(
            f"{file}: {name} overwrites its input, which the network uses again; "
            "write the activation without inplace or x.…_()"
        )


def file_of(package, name):
    """The path of an activation's or a network's file, for people."""
    return os.path.relpath(Path(package.__file__).with_name(f"{name}.py"))
