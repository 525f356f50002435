"""The built-in activations: one file each, and the file's name is the activation's name.

    from activarium import activations

    activations.names()                    # ['acon_c', 'aptx', …, 'xielu']
    golu = activations.module("golu")      # a torch.nn.Module, needs the extra [train]
    f = activations.definition("golu")     # the exact function f(x, xp)
    f(np.linspace(-3, 3, 7), on_numpy)     # from activarium.definitions import on_numpy

A file holds `label` and `formula` for people, and `definition(x, xp)` in the vocabulary of
`activarium.definitions`. Its keyword-only arguments are learned, from their defaults.
`per_channel` names those of which each channel learns one, and `least` has bounds that `module`
keeps. A file also holds `module()` where what is trained is not simply the definition: torch's own
module where there is one, else one with randomness or constraints of its own. torch is imported in
`module()` alone, because every job reads the file. `module()` must equal the definition where
learning starts: `definitions.module_checks` says where it does not. A file with `module()` alone,
as of a spline or a lookup table, is trained and compared, and not certified.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ..definitions.learned import learned_starts as starts_of
from ..runtime import own_files, source
from ..runtime.errors import UserError, suggest_or_list
from ._spec import ActivationSpec, spec_of

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "ActivationSpec",
    "definition",
    "label",
    "learned_starts",
    "load",
    "may_learn",
    "module",
    "names",
    "own_labels",
    "set_labels",
    "spec_of",
    "suggest_name",
]

_own_labels: dict[str, str] = {}

GATED = {"glu": "sigmoid", "swiglu": "silu", "geglu": "gelu", "reglu": "relu"}
NOT_CERTIFIED = "not certified: no definition"  # what is said wherever proofs would stand


def names() -> list[str]:
    """The names of all activations, sorted; reads the folder and imports nothing."""
    return sorted(p.stem for p in Path(__file__).parent.glob("[a-z]*.py"))


def suggest_name(name: str) -> str:
    """What to write in place of `name`, which is no built-in activation; behind "no 'name'"."""
    if activation := GATED.get(name.lower()):
        way = f"write {activation}, and gated: true at vit or mixer"
        return f"; {name} is a gated feed-forward: {way}"
    return suggest_or_list(name, names(), "activarium list")


def label(name: str) -> str:
    """What people read for an activation: its file's `label`, else its name.

    Read from the text of the file, so that reports need not import it. Of a study's own ones it is
    what `set_labels` was given.
    """
    return _own_labels.get(name) or _built_in_label(name)


@cache
def _built_in_label(name):
    if name not in names():
        return name
    return source.declared_text(_built_in_file(name), "label") or name


def set_labels(labels: Mapping[str, str]) -> None:
    """From now on `label` knows a study's own activations, {name: what people read}."""
    _own_labels.clear()
    _own_labels.update(labels)


def own_labels(specs: Iterable[ActivationSpec]) -> dict[str, str]:
    """{name: the label in its file} of the activations that files beside the study define.

    Where two share a file, it is the names that tell them apart.
    """
    return source.labels_in({spec.name: spec.own_file for spec in specs if spec.own_file})


@cache
def has_definition(activation: str | ActivationSpec) -> bool:
    """Whether an activation has a definition, so that it can be certified.

    Read from its file's text, since every job of the workflow asks.
    """
    spec = spec_of(activation)
    if spec.expr is not None:
        return True
    return source.has_name(spec.own_file or _built_in_file(str(spec.built_in)), "definition")


def _built_in_file(name):
    return Path(__file__).with_name(f"{name}.py")


def load(activation: str | ActivationSpec) -> ModuleType:
    """An activation's file as a Python module with `label`, `formula`, `definition` or `module`.

    Raises UserError for an unknown name, with a suggestion where one is close.
    """
    spec = spec_of(activation)
    if spec.own_file:
        return _load_own(spec.own_file)
    name = spec.built_in
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise UserError(f"no activation '{name}'{suggest_name(str(name))}") from None


def _load_own(file):
    try:
        return own_files.import_file(file)
    except Exception as error:
        raise source.error_raised_in(file, error) from error


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


def learned_starts(activation: str | ActivationSpec) -> dict[str, float]:
    """{parameter: where it starts} of a definition; {} of an expression or a module alone."""
    spec = spec_of(activation)
    if spec.expr is not None:
        return {}
    return starts_of(getattr(load(spec), "definition", None))


def may_learn(activation: str | ActivationSpec) -> bool:
    """Whether something may be learned: a definition says it, a module alone does not."""
    return bool(learned_starts(activation)) or not has_definition(activation)


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
