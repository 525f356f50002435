"""New files for an activation, a network or a data set: commented, and working as they are."""

import keyword
import re
from pathlib import Path

from .. import activations, datasets, networks
from ..runtime.errors import UserError
from ..runtime.files import write_text

FOLDERS = {"activation": activations, "network": networks, "dataset": datasets}
CLONE = Path("workflow/scripts/activarium")  # in the folder of a clone
TEMPLATES = Path(__file__).with_name("templates")
RESERVED = ("claims",)  # a file of that name stands among the profiles


def built_in_folder(kind: str, here: Path) -> Path | None:
    """The folder of built-in files of this kind where `here` is a clone, else None."""
    folder = here / CLONE / FOLDERS[kind].__name__.rpartition(".")[2]
    return folder if folder.is_dir() else None


def write_new_file(kind: str, name: str, folder: Path) -> Path:
    """Write the file `name`.py of a `kind` (a key of FOLDERS) into `folder`; its path.

    Raises UserError where the name cannot be one, or is taken.
    """
    _check_name(kind, name)
    file = folder / f"{name}.py"
    if file.exists():
        raise UserError(f"{file} is there already; choose another name")
    text = (TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8")
    label = name.replace("_", " ")
    write_text(file, text.replace("{name}", name).replace("{label}", label))
    return file


def _check_name(kind: str, name: str) -> None:
    package = FOLDERS[kind]
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UserError(
            f"'{name}' cannot be the name of a file; write a to z first, then also digits and _"
        )
    if name in package.names():
        raise UserError(f"'{name}' is a built-in {kind}; choose another name")
    if hasattr(package, name) or name in RESERVED:
        raise UserError(f"'{name}' is reserved in the library; choose another name")
