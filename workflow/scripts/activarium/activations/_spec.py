"""What a study says of one activation: where it is defined, and how many values it learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..runtime.own_files import is_own_file


@dataclass(frozen=True)
class ActivationSpec:
    """One activation of a study: `name` alone is a built-in one.

    `expr` is its text where the study states it as an expression. `file` is the path of a file
    beside the study, or the name of the built-in file behind another name, without .py. `learned`
    is "layer" or "channel" where the study chooses; None leaves that to the activation's file.
    """

    name: str
    expr: str | None = None
    file: str | None = None
    learned: str | None = None

    @classmethod
    def from_entry(cls, entry: "str | Mapping[str, Any]") -> "ActivationSpec":
        """The spec of one entry of a study's list `activations:`, a name or a mapping."""
        return cls(entry) if isinstance(entry, str) else cls(**entry)

    @classmethod
    def from_declared(cls, name: str, declared: Any) -> "ActivationSpec":
        """The spec behind what `declared` gave, as a provenance.json keeps it."""
        if isinstance(declared, Mapping):
            return cls(name, **declared)
        return cls(name, expr=declared or None)

    @property
    def declared(self) -> str | dict[str, str] | None:
        """What the study says beside the name: None, an expression alone, or {key: value}."""
        fields = {"expr": self.expr, "file": self.file, "learned": self.learned}
        said = {key: value for key, value in fields.items() if value is not None}
        return self.expr if set(said) <= {"expr"} else said

    @property
    def built_in(self) -> str | None:
        """The name of the built-in file that defines it; None for an expression or one's own."""
        return None if self.expr or self.own_file else self.file or self.name

    @property
    def own_file(self) -> str | None:
        """The path of the file beside the study that defines it, else None."""
        return self.file if is_own_file(self.file) else None

    @property
    def is_shared(self) -> bool:
        """Whether all studies call the same definition by this name, and share its profile."""
        return self.built_in == self.name


def spec_of(activation: str | ActivationSpec) -> ActivationSpec:
    """The spec of a built-in activation that is given by its name; a spec as it is."""
    return ActivationSpec(activation) if isinstance(activation, str) else activation
