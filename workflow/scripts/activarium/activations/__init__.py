"""The built-in activations: one file each, and the file's name is the activation's name.

    from activarium import activations

    activations.names()                    # ['acon_c', 'aptx', …, 'xielu']
    golu = activations.module("golu")      # a torch.nn.Module, needs the extra [train]
    f = activations.definition("golu")     # the exact function f(x, xp)
    f(np.linspace(-3, 3, 7), on_numpy)     # from activarium.definitions import on_numpy

A file holds `label` and `formula` for people, and `definition(x, xp)` in the vocabulary of
`activarium.definitions`. Its keyword-only arguments are learned, from their defaults. A file also
holds `module()` where what is trained is not simply the definition: torch's own module where there
is one, else one with randomness or constraints of its own. torch is imported in `module()` alone,
because every job reads the file. `module()` must equal the definition where learning starts:
`definitions.module_checks` says where it does not. A file with `module()` alone, as of a spline
or a lookup table, is trained and compared, and not certified.
"""

import ast
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ..runtime import source
from ..runtime.errors import UserError, suggest_or_list
from ._spec import ActivationSpec, spec_of

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ActivationSpec", "definition", "label", "load", "module", "names", "spec_of"]

NOT_CERTIFIED = "not certified: no definition"  # what is said wherever proofs would stand


def names() -> list[str]:
    """The names of all activations, sorted; reads the folder and imports nothing."""
    return sorted(p.stem for p in Path(__file__).parent.glob("[a-z]*.py"))


@cache
def label(activation: str | ActivationSpec) -> str:
    """What people read for an activation: its file's `label`, else its name.

    Read from the text of the file, so that reports need not import it. A built-in file under
    another name is called by that name.
    """
    spec = spec_of(activation)
    name = spec.name
    if not spec.is_shared or name not in names():
        return name
    text = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=targets, value=ast.Constant(value=str(found))):
                if any(isinstance(t, ast.Name) and t.id == "label" for t in targets):
                    return found
    return name


@cache
def has_definition(activation: str | ActivationSpec) -> bool:
    """Whether an activation has a definition, so that it can be certified.

    Read from its file's text, since every job of the workflow asks.
    """
    spec = spec_of(activation)
    if spec.expr is not None:
        return True
    return source.has_name(Path(__file__).with_name(f"{spec.built_in}.py"), "definition")


def load(activation: str | ActivationSpec) -> ModuleType:
    """An activation's file as a Python module with `label`, `formula`, `definition` or `module`.

    Raises UserError for an unknown name, with a suggestion where one is close.
    """
    name = spec_of(activation).built_in
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        way = suggest_or_list(name, names(), "activarium list")
        raise UserError(f"no activation '{name}'{way}") from None


def definition(activation: str | ActivationSpec) -> Callable:
    """The exact function `definition(x, xp)` of an activation, a name or what a study says.

    `xp` is `definitions.on_torch`, `definitions.on_numpy` or the proofs' own. Of an expression no
    file is read and the name is not looked up.

        >>> from activarium.definitions import on_numpy
        >>> float(definition("golu")(1.0, on_numpy))
        0.6922006275553464

    Raises UserError for an unknown name, for a file that has a module alone, and for an expression
    that cannot be used.
    """
    spec = spec_of(activation)
    if spec.expr is None:
        file = load(spec)
        if not hasattr(file, "definition"):
            raise UserError(f"{spec.name}: {NOT_CERTIFIED}")
        return file.definition
    from ..definitions import expressions

    return expressions.definition(spec.expr)


def module(
    activation: str | ActivationSpec,
    *,
    learned: str | None = None,
    channels: int | None = None,
    dim: int = 1,
) -> "nn.Module":
    """A new torch module of an activation, its learned parameters at their defaults.

    `activation` is a name or what a study says. The module takes and gives tensors of any shape and
    floating dtype. `learned` says whether parameters are one a "layer" or one a "channel"; None
    leaves that to the study, then to the file.
    `channels` is how many channels there are, in dimension `dim` of an input.

        >>> import torch
        >>> module("golu")(torch.ones(2, 3)).shape
        torch.Size([2, 3])
        >>> module("prelu", learned="channel", channels=3)(torch.ones(2, 3)).shape
        torch.Size([2, 3])

    Raises UserError for an unknown name, and where torch is not installed. Raises
    `definitions.learned.NoChannelsError` where parameters are one a channel and `channels` is None.
    """
    spec = spec_of(activation)
    file = None if spec.expr else load(spec)
    try:
        from ..definitions import torch_module
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        way = "install it with pip install 'activarium[train]'"
        raise UserError(f"a module of {spec.name} needs torch; {way}") from error
    if file is None:
        return torch_module.DefinitionModule(definition(spec))
    return torch_module.build_module(file, learned or spec.learned, channels, dim)
