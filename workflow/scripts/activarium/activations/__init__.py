"""The activations: one file each, and the file's name is the activation's name.

A file holds `label` and `formula` for people, `definition(x, xp)` in the words of
`activarium.definitions`, whose keyword-only arguments are learned from their defaults, and
`module()` where what is trained is not simply the definition: torch's own module where there is
one, else one with randomness or constraints of its own. torch is imported in `module()` alone,
because every job reads the file. `module()` must agree with the definition where learning starts:
`module_checks.find_mismatch` says where it does not.
"""

import ast
from functools import cache
from importlib import import_module
from pathlib import Path


def names():
    """The names of all activations, sorted; reads the folder and imports nothing."""
    return sorted(p.stem for p in Path(__file__).parent.glob("[a-z]*.py"))


@cache
def label(name):
    """What people read for an activation: the text of its file's `label`, else its name.

    Found without running the file, so that whoever asks has what reports print.
    """
    if name not in names():
        return name
    text = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=targets, value=ast.Constant(value=str(said))):
                if any(isinstance(t, ast.Name) and t.id == "label" for t in targets):
                    return said
    return name


def load(name):
    """The file `name` as a Python module with `label`, `formula` and `definition`."""
    return import_module(f"{__name__}.{name}")


def definition(name, expr=None):
    """The `definition(x, xp)` of the activation: its file's, else what the text `expr` states."""
    if expr is None:
        return load(name).definition
    from ..definitions import expressions

    return expressions.definition(expr)


def module(name, expr=None):
    """A new torch module of the activation: the file's own, else its definition made one.

    `expr` is its text where the study states it; then no file is read.
    """
    from ..definitions.torch_module import DefinitionModule, build_module

    if expr is not None:
        return DefinitionModule(definition(name, expr))
    return build_module(load(name))
