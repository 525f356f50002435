"""The library's layout: rooms by name, short functions, types where modules meet."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import activarium

LIBRARY = Path(activarium.__file__).parent
REPOSITORY = LIBRARY.parents[2]
LONGEST = 40  # lines of a function
MODULES = sorted(LIBRARY.rglob("*.py"))
SCRIPTS = [*(REPOSITORY / "workflow/scripts").glob("*.py")]
CODE = [*MODULES, *SCRIPTS, *(REPOSITORY / "benchmarks").rglob("*.py")]


def relative(path):
    return str(path.relative_to(REPOSITORY))


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(node):
    """Every function of a module, at any depth."""
    return [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_no_function_is_longer_than_a_screen(path):
    long = [f.name for f in functions(tree(path)) if f.end_lineno - f.lineno >= LONGEST]
    assert not long, f"{relative(path)}: over {LONGEST} lines: {', '.join(long)}"


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_each_file_opens_with_a_sentence(path):
    said = ast.get_docstring(tree(path)) or ""
    assert said.split("\n\n")[0].rstrip().endswith((".", "?", ":", ")")), relative(path)


def test_nothing_lies_loose_at_the_top_of_the_library():
    loose = {path.name for path in LIBRARY.glob("*.py")}
    assert loose == {"__init__.py", "__main__.py", "cli.py"}


def test_no_file_name_stands_twice_with_two_meanings():
    rooms = Counter(path.name for path in MODULES if path.name != "__init__.py")
    assert {name for name, n in rooms.items() if n > 1} <= ALIKE


# The same name for the same thing seen from another room.
ALIKE = set()


def module_name(path):
    parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imported(path):
    """(module, name) of all that one file takes from the library, by import or by attribute."""
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    modules, found = {}, set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            for name in node.names:
                found.add((base, name.name))
                modules[name.asname or name.name] = f"{base}.{name.name}"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add((modules.get(node.value.id, ""), node.attr))
    return found


def untyped(function):
    """The parameters of a function that have no type, and "return" where it has none."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    names = [a.arg for a in every if a and a.annotation is None and a.arg not in ("self", "cls")]
    if function.returns is None and function.name != "__init__":
        names.append("return")
    return names


def used_elsewhere():
    """(path, function) of each function and public method that another module calls."""
    calls = {path: imported(path) for path in MODULES + SCRIPTS}
    for path in MODULES:
        name = module_name(path)
        others = set().union(*(found for other, found in calls.items() if other != path))
        for node in tree(path).body:
            if (name, getattr(node, "name", None)) not in others:
                continue
            if isinstance(node, ast.FunctionDef):
                yield path, node
            elif isinstance(node, ast.ClassDef):
                methods = [n for n in node.body if isinstance(n, ast.FunctionDef)]
                yield from ((path, m) for m in methods
                            if not m.name.startswith("_") or m.name == "__init__")  # fmt: skip


# What people add states plain functions of x and xp, or of an activation, as their README says.
ADDED = ("activations", "datasets", "networks", "figures")


def test_functions_that_another_module_calls_say_their_types():
    lacking = [
        f"{relative(path)}:{function.lineno}: {function.name} lacks {', '.join(missing)}"
        for path, function in used_elsewhere()
        if (missing := untyped(function))
        and not (path.parent.name in ADDED and path.name != "__init__.py")
    ]
    assert not lacking, "\n".join(lacking)
