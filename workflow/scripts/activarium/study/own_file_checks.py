"""Checks a file that defines an activation, a data set or a network, before anything is trained."""

import ast
from pathlib import Path

from .. import activations, datasets, networks
from ..definitions import file_checks
from ..runtime import source
from ..runtime.errors import UserError
from ..runtime.own_files import is_own_file
from .study_error import study_error

FOLDERS = {"datasets": datasets, "activations": activations, "networks": networks}
KINDS = {"datasets": "dataset", "activations": "activation", "networks": "network"}


def check_file(key: str, file: str, name: str) -> None:
    """Raise StudyError for a file that is not what entry `name` below `key` of a study must have.

    `key` is one of KINDS. `file` is the name of a built-in one, or a path.
    """
    if is_own_file(file):
        _check_path(key, file, name)
    try:
        if is_own_file(file):
            for path in source.own_files(file):
                _check_imports_beside(key, path)
        if key == "activations":
            file_checks.check_file(_activation_file(file))
        elif key == "datasets":
            file_checks.check_imports(datasets.file_of(file), "load(root)")
            datasets.load(file)
        else:
            networks.parameters(file)
    except UserError as error:
        raise study_error([key, name], str(error)) from error


def _activation_file(file: str) -> Path:
    return Path(file) if is_own_file(file) else Path(activations.__file__).with_name(f"{file}.py")


def _check_path(key: str, file: str, name: str) -> None:
    """Raise StudyError for a path where no file is, or that Snakemake takes for a pattern."""
    where = [key, name, "file"]
    if "{" in file or "}" in file:
        raise study_error(where, f"'{file}' has a brace in its path; rename the file or its folder")
    if Path(file).is_file():
        return
    folder = Path(file).parent
    way = f"make one: activarium new {KINDS[key]} {Path(file).stem} --folder {folder}"
    raise study_error(where, f"no file '{file}'; a path starts where snakemake runs; {way}")


def _check_imports_beside(key: str, file: str) -> None:
    """Raise UserError for an import that does not find what stands beside `file`, or above it."""
    for node in ast.walk(source.parse(file)):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case ast.ImportFrom(level=level) if level > 0:
                _check_relative_import(key, file, node)
                continue
            case _:
                continue
        for module in modules:
            word = module.partition(".")[0]
            if Path(file).with_name(f"{word}.py").is_file() and word != "activarium":
                way = f"write from . import {word}, or from .{module} import …"
                what = f"imports {word}, which stands beside it; {way}"
                raise source.error_at(file, node.lineno, what)


def _check_relative_import(key: str, file: str, node: ast.ImportFrom) -> None:
    """Raise UserError for a relative import as a built-in file has it."""
    word = node.module or node.names[0].name
    built_in = word in FOLDERS[key].names() and not Path(file).with_name(f"{word}.py").is_file()
    if node.level > 1 or built_in:
        package = f"activarium.{key}." if node.level == 1 else "activarium."
        said = f"from {'.' * node.level}{node.module or ''} import …"
        way = f"write from {package}{word} import …"
        raise source.error_at(file, node.lineno, f"{said} finds nothing beside your study; {way}")
