"""Which parameters an activation learns, from what values, and which of them one a channel.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import inspect
from collections.abc import Callable, Sequence
from types import ModuleType

from ..runtime.errors import UserError

WAYS = ("layer", "channel")  # what a study may say of `learned`


class NoChannelsError(UserError):
    """A parameter for each channel, and nobody said how many channels there are."""


def learned_starts(definition: Callable | None) -> dict[str, float]:
    """{parameter: the value that it starts from} of a definition, {} where it learns nothing."""
    return dict(getattr(definition, "__kwdefaults__", None) or {})


def per_channel(file: ModuleType, learned: str | None = None) -> tuple[str, ...]:
    """The parameters of an activation's file that are learned one a channel.

    `learned` is the study's word: "layer" for none of them; "channel" for those in the file's
    `per_channel`, or all where it names none; None for what the file says. A file whose `module`
    has to be given channels learns all of them so. Raises UserError where the file cannot do it.
    """
    names = tuple(learned_starts(getattr(file, "definition", None)))
    wanted = tuple(getattr(file, "per_channel", ()))
    needs, takes = _channels_of_module(file)
    if learned is None:
        return names if needs else wanted
    if not (names or takes):
        raise UserError(f"{_name(file)} learns nothing; leave out learned: {learned}")
    if learned == "layer" and needs:
        way = "write def module(channels=1):"
        raise UserError(f"{_name(file)}: learned: layer calls module() without channels; {way}")
    if learned == "channel" and hasattr(file, "module") and not takes:
        way = "write def module(channels=1):, or leave module out"
        raise UserError(f"{_name(file)}: learned: channel calls module(channels); {way}")
    return () if learned == "layer" else wanted or names


def is_per_channel(file: ModuleType, learned: str | None = None) -> bool:
    """Whether a file's activation, learned in this way, has to know how many channels there are."""
    needs, takes = _channels_of_module(file)
    return bool(per_channel(file, learned)) or needs or (takes and learned == "channel")


def no_channels_message(file: ModuleType, names: Sequence[str]) -> str:
    """That nobody said how many channels there are, with the ways out, in one line."""
    what = " and ".join(names) or "parameters"
    return (
        f"{_name(file)} learns {what} for each channel, and is not told how many there are; write "
        "activation(64) in the network, activation(64, dim=-1) where channels come last, or "
        "learned: layer in the study"
    )


def _name(file):
    """The activation's name, which is its file's."""
    return file.__name__.rpartition(".")[2]


def _channels_of_module(file):
    """Whether a file's module() (needs, takes) the number of channels."""
    if not hasattr(file, "module"):
        return False, False
    try:
        (given,) = inspect.signature(file.module).parameters.values()
    except (TypeError, ValueError):  # none or several, or a class of C, which tells nothing
        return False, False
    return given.default is given.empty and given.kind is not given.VAR_POSITIONAL, True
