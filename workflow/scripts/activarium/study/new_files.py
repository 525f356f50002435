"""New files for an activation, a network or a data set: commented, and working as they are."""

import keyword
import re
from pathlib import Path

from .. import activations, datasets, networks
from ..runtime.errors import UserError
from ..runtime.files import write_text

FOLDERS = {"activation": activations, "network": networks, "dataset": datasets}
TEMPLATES = Path(__file__).with_name("templates")


def write_new_file(kind: str, name: str, folder: Path) -> Path:
    """Write the file `name`.py of a `kind` (a key of FOLDERS) into `folder`; its path.

    The folder is made where it is not there. Raises UserError where the name cannot be one, or is
    taken.
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
    if kind == "activation" and name == "proven_claims":  # stands among the profiles
        raise UserError(f"'{name}' is reserved in profiles/; choose another name")
