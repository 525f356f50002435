"""The networks: one file each, and the file's name is the network's name.

A file holds `label` and `build(activation, channels, classes, size, *, …) -> torch.nn.Module`:
`activation(n)` makes a new activation module for n channels, in dimension 1 of its input or in
`dim`: activation(n, dim=-1). Images come as [n, channels, size, size] and go out as [n, classes].
What stands behind the `*` are the parameters that a study may set. Their weights are drawn by the
training, not by the network: see `activarium.train.initialisation`. A network that needs another
start has a method `init_weights(generator)` that draws all weights from the given generator, and
`start`, which says in words how.

So nothing that `build` sets in a convolution or a linear layer is trained on;
`activarium.train.pretrained` says which networks that concerns.

A parameter `weights=None` is a file of weights to start from, which `init_weights` reads. Its
content, not its name, is part of what defines a run.

A file that says `non_square = True` gets `size` as (height, width) where these differ, which
`data.image_size.height_width` takes apart; any other is not built for such images.
"""

import ast
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ..data.image_size import height_width
from ..runtime import own_files, source
from ..runtime.errors import UserError

FOLDER = Path(__file__).parent
BUILD = "build(activation, channels, classes, size, *, …)"
WEIGHTS_ENDINGS = (".pth", ".pt", ".safetensors")


def names() -> list[str]:
    """The names of all networks, sorted; reads the folder and imports nothing."""
    return sorted(p.stem for p in FOLDER.glob("[a-z]*.py"))


def file_of(name: str) -> Path:
    """The file of network `name`: a built-in one, or the path of a file beside the study."""
    return Path(name) if own_files.is_own_file(name) else FOLDER / f"{name}.py"


def parameters(name: str) -> dict:
    """The parameters of network `name` with their defaults, read without importing torch.

    `name` is a built-in network's, or the path of a file beside the study.

    Raises a UserError with the file's name and line where it is no network's file.
    """
    file = file_of(name)
    forms = {"label": 'label = "…"', "build": f"def {BUILD}"}
    build = source.require_names(file, forms)["build"]
    if not isinstance(build, ast.FunctionDef):
        raise source.error_at(file, build.lineno, f"build must be a function of this file: {BUILD}")
    return _parameters(build, file)


def _parameters(build, file):
    """{name: default} of what stands behind the `*`, once the signature is that of a network."""
    given = build.args
    positional = [*given.posonlyargs, *given.args]
    if len(positional) > 4 and len(positional) - len(given.defaults) == 4:
        what = f"what a study may set stands behind a *: write *, before {positional[4].arg}"
        raise source.error_at(file, positional[4].lineno, what)
    if len(positional) != 4 or given.vararg or given.kwarg:
        raise source.error_at(file, build.lineno, f"build must be {BUILD}")
    pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return {arg.arg: _default(arg, default, file) for arg, default in pairs}


def _default(arg, default, file):
    try:
        return ast.literal_eval(default)
    except (ValueError, TypeError, SyntaxError, RecursionError) as error:
        found = "no default" if default is None else f"the default {ast.unparse(default):.60}"
        what = f"{arg.arg} has {found}; write a number out, as {arg.arg}=16"
        raise source.error_at(file, arg.lineno, what) from error


def load(name: str) -> ModuleType:
    """The file `name`, or at that path, as a Python module with `label` and `build`.

    Raises a UserError with the file's name and line where it cannot be imported.
    """
    parameters(name)
    own = own_files.is_own_file(name)
    try:
        return own_files.import_file(name) if own else import_module(f"{__name__}.{name}")
    except Exception as error:
        raise source.error_raised_in(file_of(name), error) from error


def fitting_size(name: str, size: int | Sequence[int]) -> int | tuple[int, int]:
    """`size` as network `name` is built for it: one number, and (height, width) where they differ.

    Raises a UserError where they do and the file does not say `non_square = True`.
    """
    height, width = height_width(size)
    if height == width:
        return height
    if not getattr(load(name), "non_square", False):
        file = file_of(name)
        raise UserError(
            f"{file.parent.name}/{file.name} takes square images only, and these are "
            f"{height} × {width}; write "
            f"size: {min(height, width)} for a folder of pictures, cut the arrays of an .npz file, "
            "or choose another network"
        )
    return height, width


def weights_file(network: Mapping) -> str | None:
    """The file that a network {"file", "parameters"} of a study starts from, where it names one."""
    return network["parameters"].get("weights")


def replace_weights(network: Mapping, value: str | None) -> dict:
    """The same network with `value` in place of its file of weights; None changes nothing."""
    if value is None:
        return dict(network)
    return {**network, "parameters": {**network["parameters"], "weights": value}}


def describe_wrong_weights(value: object) -> str | None:
    """What is wrong with the name of a file of weights; None where nothing is."""
    if isinstance(value, str) and Path(value).suffix in WEIGHTS_ENDINGS:
        return None
    return f"{value!r} is no file of weights; it ends with {', '.join(WEIGHTS_ENDINGS)}"
