"""Weights of somebody's training, read from a file and held against the network they are for."""

import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from ..runtime.errors import UserError, describe_error

State = dict[str, torch.Tensor]
MODULES = ("torch.nn.modules.", "torchvision.models.")
COUNTERS = "num_batches_tracked"  # of batch norms, which older files lack and nothing reads


def read_weights(file: Path | str) -> State:
    """{name: tensor} of a .safetensors file, or of a .pth file of tensors alone.

    Names are those of the network itself, where DataParallel has put `module.` before them. Raises
    UserError where it cannot be read so, and for numbers that are not finite.
    """
    try:
        found = _read_safetensors(file) if Path(file).suffix == ".safetensors" else _read_pth(file)
    except UserError:
        raise
    except Exception as error:  # torch's and safetensors' own kinds, and those of files
        raise UserError(f"{file} {_explain_error(file, error)}") from error
    for key in ("state_dict", "model"):  # as training scripts nest it
        found = found[key] if isinstance(found, Mapping) and key in found else found
    if not isinstance(found, Mapping) or not all(map(torch.is_tensor, found.values())):
        raise UserError(
            f"{file} holds more than tensors; write it by torch.save(m.state_dict(), …)"
        )
    found = dict(found)
    consume_prefix_in_state_dict_if_present(found, "module.")
    broken = [name for name, tensor in found.items() if not tensor.isfinite().all()]
    if broken:
        raise UserError(f"{file} holds numbers that are not finite, as in {broken[0]}")
    return found


def _read_safetensors(file):
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        way = "pip install safetensors, or save a .pth file"
        raise UserError(f"{file} needs the package safetensors: {way}") from error
    return load_file(file)


def _read_pth(file):
    return torch.load(file, map_location="cpu", weights_only=True)


def _explain_error(file, error):
    """Why a file of weights cannot be read, behind its name."""
    refused = re.search(r"GLOBAL ([\w.]+) was not an allowed global", str(error))
    names = _list_objects(file, refused[1]) if refused else []
    if "TorchScript" in str(error) or any(name.startswith(MODULES) for name in names):
        return "holds a whole module; save model.state_dict()"
    if names:
        return f"holds more than tensors, such as a {names[0]}; save model.state_dict()"
    if isinstance(error, UnpicklingError):
        return "cannot be read: torch.save has not written it"
    return f"cannot be read: {describe_error(error)}"


def _list_objects(file, first):
    """The classes of what a .pth file holds beside tensors; `first` alone of an old file."""
    try:
        return torch.serialization.get_unsafe_globals_in_checkpoint(file) or [first]
    except ValueError:  # torch's, of a file that is no archive
        return [first]


def fit_weights(found: State, wanted: State, head: set[str], file: Path | str) -> State:
    """Those of `found` that replace `wanted`: all, or all but the `head` where its shape differs.

    Raises UserError that names the first ones that are missing, unknown or of another shape.
    """
    differ = [k for k in found.keys() & wanted.keys() if found[k].shape != wanted[k].shape]
    missing = {k for k in wanted.keys() - found.keys() if not k.endswith(COUNTERS)}
    if head & (missing | set(differ)):
        found = {k: v for k, v in found.items() if k not in head}
        differ, missing = [k for k in differ if k not in head], missing - head
    shapes = [
        f"{k} is {list(found[k].shape)} and not {list(wanted[k].shape)}"
        for k in wanted if k in differ
    ]  # fmt: skip
    wrong = _name_first("has no ", [k for k in wanted if k in missing])
    wrong += _name_first("has the unknown ", [k for k in found if k not in wanted])
    wrong += _name_first("", shapes)
    if wrong:
        raise UserError(
            f"{file} is of another network: it {', '.join(wrong)}; name the model and the size of "
            "images that it was trained with"
        )
    return found


def _name_first(words, names):
    """[the first of some names behind `words`, and how many more there are]; [] for none."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return [f"{words}{names[0]}{more}"] if names else []
