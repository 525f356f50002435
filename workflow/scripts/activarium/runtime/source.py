"""Reads Python files that somebody added, without running them: names, errors and imports.

The Snakefile imports this at the start of every job, so nothing slow is imported here.
"""

import ast
import hashlib
import math
import tokenize
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from .errors import UserError, describe_error
from .own_files import absolute_path

OWN = "."  # the package of a file that stands beside a study
REGISTRIES = ("activations", "datasets", "networks")
VOCABULARY = ("FUNCTIONS", "on_torch", "on_numpy", "torch_module")  # of definitions/


def parse(file: Path | str) -> ast.Module:
    """The syntax tree of `file`; a UserError with its name and line where it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its text, when it is imported
            return ast.parse(Path(file).read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
        why = getattr(error, "msg", None) or str(error) or type(error).__name__
        if "bare *" in why:
            why += "; leave out the * where nothing follows it"
        if "null bytes" in why or "utf-8" in why.lower():
            why += "; save it as UTF-8"
        raise error_at(file, getattr(error, "lineno", None), f"cannot be read: {why}") from error


def digest_code(paths: Iterable[Path | str]) -> str:
    """16 hexadecimal digits for the names of Python files and their code, wherever they stand.

    Comments, docstrings and empty lines count for nothing, for they change no number.
    """
    sha = hashlib.sha256()
    for path in sorted(map(Path, paths), key=lambda path: (path.name, str(path))):
        sha.update("\n".join([path.name, *_code_lines(path), ""]).encode())
    return sha.hexdigest()[:16]


def _code_lines(path):
    """The lines of a file without comments and docstrings, those with nothing left out.

    Read from its text, since syntax trees differ between versions of Python.
    """
    lines: list[str] = path.read_text(encoding="utf-8").splitlines()
    for token in tokenize.generate_tokens(iter(f"{line}\n" for line in lines).__next__):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for first, last in _docstrings(parse(path)):
        lines[first - 1 : last] = [""] * (last - first + 1)
    return [line.rstrip() for line in lines if line.strip()]


def _docstrings(tree):
    """(first line, last line) of each docstring that has its lines for itself."""
    for node in ast.walk(tree):
        match node:
            case ast.Module() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if ast.get_docstring(node, clean=False) is not None:
                    text, *rest = node.body
                    before, after = getattr(node, "lineno", 0), rest[0].lineno if rest else math.inf
                    if before < text.lineno and text.end_lineno < after:
                        yield text.lineno, text.end_lineno


def top_level_names(body: Sequence[ast.stmt]) -> dict[str, ast.stmt]:
    """{name: the statement that binds it} for every name at the top of a module."""
    found: dict[str, ast.stmt] = {}
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found[name] = node
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {a.asname or a.name: node for a in names}
            case _:
                stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
                found |= {n.id: node for n in stored if isinstance(n.ctx, ast.Store)}
    return found


def has_name(file: Path | str, name: str) -> bool:
    """Whether `file` binds `name` at its top."""
    return name in top_level_names(parse(file).body)


def declared_text(file: Path | str, name: str) -> str | None:
    """The text that `file` binds to `name` at its top, read without running it; else None."""
    try:
        body = parse(file).body
    except UserError:
        return None
    for node in body:
        match node:
            case ast.Assign(targets=targets, value=ast.Constant(value=str(found))):
                if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                    return found
    return None


def labels_in(files: Mapping[str, str]) -> dict[str, str]:
    """{name: the `label` in its file} of {name: file}, read without running them.

    Names that share a file are left out: they tell apart what the label does not.
    """
    times = Counter(files.values())
    found = {n: declared_text(file, "label") for n, file in files.items() if times[file] == 1}
    return {name: label for name, label in found.items() if label}


def require_names(file: Path | str, forms: Mapping[str, str]) -> dict[str, ast.stmt]:
    """The `top_level_names` of `file`; a UserError where one of `forms` is missing.

    `forms` is {name: how it is written}, in the order in which what is missing is named.
    """
    found = top_level_names(parse(file).body)
    for name, form in forms.items():
        if name not in found:
            raise error_at(file, None, f"has no {name}; write {form}")
    return found


def error_raised_in(file: Path | str, error: BaseException) -> UserError:
    """The UserError for an error that the code of `file` raised: its line and its message."""
    frames = traceback.extract_tb(error.__traceback__)
    here = absolute_path(file)
    lines = [frame.lineno for frame in frames if absolute_path(frame.filename) == here]
    if isinstance(error, SyntaxError) and absolute_path(error.filename or "") == here:
        lines.append(error.lineno)
    return error_at(file, lines[-1] if lines else None, describe_error(error, 300))


def locate_error(file: Path | str, error: BaseException) -> tuple[Path, int | None, str | None]:
    """(file, line, code) where an error was raised last, in `file` or in its folder.

    The code is the expression that raised it, on one line. Line and code are None where the error
    was raised elsewhere.
    """
    found: tuple[Path, int | None, str | None] = (Path(file), None, None)
    trace = error.__traceback__
    while trace:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.parent == Path(file).parent and path.is_file():
            positions = list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2]
            found = path, trace.tb_lineno, _excerpt(path, *positions)
        trace = trace.tb_next
    return found


def _excerpt(
    file: Path,
    line: int | None,
    last: int | None,
    start: int | None,
    end: int | None,
    most: int = 60,
) -> str:
    """The code between two places of a file, columns counted in bytes, shortened to one line."""
    if line is None or last is None or start is None or end is None:
        return ""
    lines = file.read_bytes().splitlines()[line - 1 : last]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    code = " ".join(b" ".join(lines).decode(errors="replace").split())
    return code if len(code) <= most else code[: most - 1] + "…"


def error_at(file: Path | str, line: int | None, what: str) -> UserError:
    """A UserError that names the file and, where one is known, the line."""
    return UserError(f"{Path(file).name}{f', line {line}' if line else ''}: {what}")


@cache
def own_files(file: str) -> tuple[str, ...]:
    """`file`, which stands beside a study, and those of its folder that it imports, sorted.

    Paths are written as that of `file` is.
    """
    first = absolute_path(file)
    folder, found, waiting = first.parent, list[Path](), [first]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.append(path)
            words = _own_imports(path, folder, OWN)
            waiting += [beside for w in words for beside in _files(folder, w)]
    beside = (Path(file).parent / path.relative_to(folder) for path in found[1:])
    return (file, *sorted(map(str, beside)))


@cache
def library_files_of(file: str, library: Path) -> tuple[Path, ...]:
    """The files of `library` that `file`, which stands beside a study, depends on, sorted.

    Of a built-in activation, data set or network also what that imports.
    """
    found: set[Path] = set()
    for own in own_files(file):
        words = _own_imports(Path(own), Path(own).parent, "activarium")
        found |= {path for w in words if not _is_vocabulary(w) for path in _files(library, w)}
    built_in = [path for path in found if path.parent.name in REGISTRIES and path.parent != library]
    return tuple(sorted(found.union(*map(imported_files, built_in))))


def _own_imports(file: Path, folder: Path, package: str) -> list[tuple[str, ...]]:
    """The dotted words below `package`, OWN or the library, of what `file` in `folder` imports."""
    try:
        tree = parse(file)
    except UserError:
        return []
    modules = _modules(tree, (OWN, *file.relative_to(folder).parent.parts))
    words = [words for words in modules if len(words) > 1]
    return [tuple(rest) for first, *rest in words if first == package]


@cache
def imported_files(file: Path | str) -> tuple[Path, ...]:
    """`file`, then every file of the library that it depends on, sorted.

    Inside its own folder imports are followed through other files. Elsewhere in the library only
    what `file` itself imports is taken. The vocabulary of definitions is left out: rules that read
    a definition list it themselves. A file that is not Python counts as importing nothing.
    """
    file = Path(file)
    found: list[Path] = []
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.append(path)
            waiting += _imports_in_folder(path, file.parent)
    elsewhere = _imports_elsewhere(file, file.parent)
    return (file, *sorted({*found[1:], *elsewhere}))


def _imports_in_folder(file: Path, folder: Path) -> list[Path]:
    """The files of the library's `folder` that `file` imports."""
    words = [words for words in _library_imports(file, folder) if words[0] == folder.name]
    return [path for w in words for path in _files(folder.parent, w)]


def _imports_elsewhere(file: Path, folder: Path) -> list[Path]:
    """The files of the library that `file` imports, other than those of its `folder`."""
    words = [words for words in _library_imports(file, folder) if words[0] != folder.name]
    return [path for w in words for path in _files(folder.parent, w)]


def _library_imports(file: Path, folder: Path) -> list[tuple[str, ...]]:
    """The dotted words, without the library's own name, of what `file` in `folder` imports."""
    try:
        tree = parse(file)
    except UserError:
        return []
    modules = [words for words in _modules(tree, ("activarium", folder.name)) if len(words) > 1]
    words = [rest for library, *rest in modules if library == "activarium"]
    return [tuple(rest) for rest in words if not _is_vocabulary(rest)]


def _is_vocabulary(words: Sequence[str]) -> bool:
    """Whether these words name the vocabulary of definitions, in its room or as a whole."""
    if words[0] != "definitions":
        return False
    return len(words) == 1 or words[1] in VOCABULARY


def _files(library: Path, words: Sequence[str]) -> list[Path]:
    """The files that a dotted name of the library may mean: a module's, or all of a package."""
    module, deeper = library / words[0], library.joinpath(*words[:2])
    modules = [path.with_suffix(".py") for path in {module, deeper}]
    package = sorted(deeper.rglob("*.py")) if len(words) > 1 else []
    return [file for file in modules if file.is_file()] + package


def _modules(tree: ast.Module, package: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Whatever may be a module in a file of `package`, as a tuple of its dotted words.

    Also the name in `load("…")`, by which a folder's files are had without an import.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (tuple(a.name.split(".")) for a in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) + 1 - level] if level else ()
                base += tuple(module.split(".")) if module else ()
                yield from (base + (a.name,) for a in names)
            case ast.Call(args=[ast.Constant(value=str(name))], func=called):
                if getattr(called, "attr", getattr(called, "id", None)) == "load":
                    yield (*package, name)
                    if package[0] == OWN:
                        yield from (("activarium", folder, name) for folder in REGISTRIES)
