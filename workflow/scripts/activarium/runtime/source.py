"""A file of Python that somebody added, held against what it must state: by its text, not run.

Read by the Snakefile at the start of every job, so nothing slow is imported here.
"""

import ast
import traceback
import warnings
from functools import cache
from pathlib import Path

from .errors import UserError, describe_error

VOCABULARY = ("FUNCTIONS", "on_torch", "on_numpy", "torch_module")  # of definitions/


def parsed(file):
    """The syntax tree of `file`; a UserError with its name and line where it is no Python."""
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


def bound(body):
    """{name: the statement that binds it} of everything that stands at the top of a module."""
    found = {}
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


def stated(file, forms):
    """What `file` binds at its top, once every name of `forms` is there; else a UserError.

    `forms` is {name: how it is written}, in the order in which what is missing is named.
    """
    found = bound(parsed(file).body)
    for name, form in forms.items():
        if name not in found:
            raise error_at(file, None, f"has no {name}; write {form}")
    return found


def raised(file, error):
    """The UserError for an error that the code of `file` raised: its line and its message."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == Path(file)]
    if isinstance(error, SyntaxError) and error.filename == str(file):
        lines.append(error.lineno)
    return error_at(file, lines[-1] if lines else None, describe_error(error, 300))


def place(file, error):
    """(file, line, code) where an error was raised last, in `file` or in one beside it.

    The code is the very piece that raised it, on one line; line and code are None for elsewhere.
    """
    found, trace = (Path(file), None, None), error.__traceback__
    while trace:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.parent == Path(file).parent and path.is_file():
            positions = list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2]
            found = path, trace.tb_lineno, _piece(path, *positions)
        trace = trace.tb_next
    return found


def _piece(file, line, last, start, end, most=60):
    """The code between two places of a file, columns counted in bytes, shortened to one line."""
    if None in (line, last, start, end):
        return ""
    lines = Path(file).read_bytes().splitlines()[line - 1 : last]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    code = " ".join(b" ".join(lines).decode(errors="replace").split())
    return code if len(code) <= most else code[: most - 1] + "…"


def error_at(file, line, what):
    """A UserError that names the file and, where one is known, the line."""
    return UserError(f"{Path(file).name}{f', line {line}' if line else ''}: {what}")


@cache
def followed(file):
    """`file`, all files beside it that it imports, also through another, and others of the library.

    Of those elsewhere in the library only what `file` itself names; the words of definitions are
    left out, since whoever reads a definition names them. Where a file is no Python, what it
    imports is unknown, and the check has said so.
    """
    file, found = Path(file), []
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.append(path)
            waiting += _imported(path, file.parent)
    elsewhere = _imported(file, file.parent, beside=False)
    return (file, *sorted({*found[1:], *elsewhere}))


def _imported(file, folder, beside=True):
    """The files that one file of the library's `folder` imports, of it or of all that is not."""
    try:
        tree = parsed(file)
    except UserError:
        return []
    found = []
    for library, *words in _modules(tree, ("activarium", folder.name)):
        if library == "activarium" and words and not _is_vocabulary(words):
            found += _files(folder.parent, words) if beside == (words[0] == folder.name) else []
    return found


def _is_vocabulary(words):
    return words[0] == "definitions" and (words[1:2] or ["FUNCTIONS"])[0] in VOCABULARY


def _files(library, words):
    """The files that a dotted name of the library may mean: a module's, or all of a package."""
    module, deeper = library / words[0], library.joinpath(*words[:2])
    modules = [path.with_suffix(".py") for path in {module, deeper}]
    package = sorted(deeper.rglob("*.py")) if len(words) > 1 else []
    return [file for file in modules if file.is_file()] + package


def _modules(tree, package):
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
