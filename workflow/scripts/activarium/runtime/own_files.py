"""Files of Python that stand beside a study: found by their path and imported from it.

The Snakefile imports this at the start of every job, so nothing slow is imported here.
"""

import hashlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGE = "own_files_"  # and a checksum of the folder: what a folder's modules are below


def is_own_file(file: str | None) -> bool:
    """Whether `file` is the path of a file beside the study, and not the name of a built-in one."""
    return file is not None and file.endswith(".py")


def absolute_path(file: Path | str) -> Path:
    """The whole path of `file`; a link in the place of the file itself is not followed."""
    return Path(file).parent.resolve() / Path(file).name


def package_of(file: Path | str) -> str:
    """The name of the package that `file` is imported into; its folder is its path.

    So `from .shared import f` finds shared.py beside the file, and no folder's files are in the way
    of another's or of what is installed.
    """
    folder = str(absolute_path(file).parent)
    name = PACKAGE + hashlib.sha256(folder.encode()).hexdigest()[:12]
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [folder]
        sys.modules[name] = package
    return name


def import_file(file: Path | str) -> ModuleType:
    """The Python file `file` as a module, run once in a process. Raises whatever it raises."""
    name = f"{package_of(file)}.{Path(file).stem}"
    if name in sys.modules:
        return sys.modules[name]
    found = spec_from_file_location(name, absolute_path(file))
    if found is None or found.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = module_from_spec(found)
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def imported_folders() -> set[Path]:
    """The folders that files were imported from in this process."""
    packages = [m for name, m in list(sys.modules.items()) if name.startswith(PACKAGE)]
    return {Path(path) for package in packages for path in getattr(package, "__path__", ())}
