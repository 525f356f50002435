"""The networks: one file each, and the file's name is the network's name.

A file holds `label` and `build(activation, channels, classes, size, *, …) -> torch.nn.Module`:
`activation()` makes a new activation module, images come as [n, channels, size, size] and go
out as [n, classes]. What stands behind the `*` are the parameters that a study may set. Their
weights are drawn by the training, not by the network: see `activarium.train.step.initialise`.
"""

import ast
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parent


def names():
    """The names of all networks, sorted; reads the folder and imports nothing."""
    return sorted(p.stem for p in FOLDER.glob("[a-z]*.py"))


def parameters(name):
    """The parameters of network `name` with their defaults, read without importing torch."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    build = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "build")
    defaults = (ast.literal_eval(d) for d in build.args.kw_defaults)
    return {a.arg: d for a, d in zip(build.args.kwonlyargs, defaults, strict=True)}


def load(name):
    """The file `name` as a Python module with `label` and `build`."""
    return import_module(f"{__name__}.{name}")
