"""Checks of an activation's file before anything is trained, each error with its line.

The file is imported, and its definition dry-run on an abstract x. Certifying and training would
find the same errors, but only after other jobs have begun.
"""

import ast
import inspect
import math
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType

from ..runtime import own_files, source
from ..runtime.errors import describe_error, suggest
from .dry_run import UNKNOWN, VOCABULARY, AbstractValue, BranchesOnValue, NotInVocabulary, dry_run
from .learned import learned_starts
from .suggestions import EQUIVALENTS, suggestion

FORM = "def definition(x, xp)"
LEARNED_FORM = "def definition(x, xp, *, slope=0.25)"
BUILT_IN = Path(__file__).absolute().parents[1] / "activations"
LIBRARIES = ("torch", "nn", "F", "np", "numpy", "math", "scipy", "tf", "jnp", "jax")
FAST_IMPORTS = {*sys.stdlib_module_names, "numpy", "scipy", "activarium"}  # at the top
# fmt: off
RESERVED_NAMES = {  # attributes of a torch module, of ours of a definition, or set by the training
    "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init",
    "channel_dim", "children",
    "compile", "cpu", "cuda", "definition", "double", "dtype", "dump_patches", "eval", "extra_repr",
    "float", "forward", "generator", "get_buffer", "get_extra_state", "get_parameter",
    "get_submodule", "half", "is_activation",
    "ipu", "learned_values", "load_state_dict", "modules", "mtia", "named_buffers",
    "named_children", "named_modules", "named_parameters", "parameters", "register_backward_hook",
    "register_buffer", "register_forward_hook", "register_forward_pre_hook",
    "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter",
    "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_",
    "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
    "training", "type", "xpu", "zero_grad",
}
# fmt: on


def check_file(file: Path | str) -> ModuleType:
    """The imported module of `file`, once it has a label, a formula and a valid definition.

    A file that has `module()` alone is not certified, and needs no definition. Else a UserError in
    one line: the file, the line and code where known, and the way out.
    """
    file = Path(file)
    tree = source.parse(file)
    _check_declared(file, tree)
    _check_definition_imports(file, tree)
    for beside in _files_beside(file):
        check_imports(beside, "the function that needs it")
    module = _import_file(file)
    for word in ("label", "formula"):
        _check_text(file, tree, module, word)
    if hasattr(module, "definition"):
        _check_definition(file, module.definition)
    _check_per_channel(file, tree, module)
    _check_least(file, tree, module)
    _check_module(file, getattr(module, "module", None))
    return module


def _check_declared(file, tree):
    """Raise for a file that binds no label, no formula, or neither definition nor module."""
    found = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_stored(n)}
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.alias
    found |= {getattr(n, "asname", None) or n.name for n in ast.walk(tree) if isinstance(n, kinds)}
    for word in ("label", "formula"):
        if word not in found and found & {"definition", "module"}:
            raise source.error_at(file, None, f'has no {word}; write {word} = "…"')
    made = ast.FunctionDef | ast.ClassDef
    own = [n.name for n in tree.body if isinstance(n, made) and n.name != "module"]
    misspelt = [name for name in own if suggest(name, ["definition"])]
    if "definition" not in found and ("module" not in found or misspelt):
        near = f" ('{(misspelt or own)[0]}' is there)" if own else ""
        way = f"write {FORM}: return x * xp.sigmoid(x), or {LEARNED_FORM} to learn it"
        if (name := _module_class(tree)) and not misspelt:
            way += f", or def module(): return {name}()"
        raise source.error_at(file, None, f"has no definition{near}; {way}")


def _module_class(tree):
    """The name of the first class at the top, of the first torch module if there is one."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    modules = [node for node in classes if "Module" in {n for b in node.bases for n in _names(b)}]
    return (modules or classes)[0].name if classes else None


def _is_stored(node):
    return isinstance(node.ctx, ast.Store)


def _files_beside(file):
    """The files beside it that a user's file imports."""
    return [] if _is_built_in(file) else source.own_files(str(file))[1:]


def _is_built_in(file):
    return Path(file).absolute().parent == BUILT_IN


def check_imports(file: Path | str, place: str) -> None:
    """Raise a UserError for a slow import at the top: the Snakefile reads the file in every job.

    `place` is the function of the file where such an import belongs.
    """
    for line, path in _slow_imports(source.parse(file)).values():
        what = f"imports {path} at the top, which slows every job; import it inside {place}"
        raise source.error_at(file, line, what)


def _slow_imports(tree):
    """{name: (line, module)} of what is imported at the top and is slow to import."""
    slow = {}
    for node in _top_level_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            relative = getattr(node, "level", 0) > 0
            for alias in node.names:
                path = getattr(node, "module", None) or alias.name
                torch = relative and {"on_torch", "torch_module"} & {*path.split("."), alias.name}
                if torch or not (relative or path.split(".")[0] in FAST_IMPORTS):
                    slow[alias.asname or alias.name.split(".")[0]] = (node.lineno, path)
    return slow


def _check_definition_imports(file, tree):
    """Raise for a slow import at the top of an activation's file."""
    slow = _slow_imports(tree)
    used = [n for n in _definition_nodes(tree) if isinstance(n, ast.Name) and n.id in slow]
    if used:
        line = min(used, key=lambda n: n.lineno)
        outermost = _enclosing_call(tree, line)
        raise _vocabulary_error(file, line.lineno, ast.unparse(outermost), UNKNOWN, "xp")
    for line, path in slow.values():
        way = "import it inside module(), and write there what needs it"
        raise source.error_at(
            file, line, f"imports {path} at the top, which slows every job; {way}"
        )


def _top_level_nodes(tree):
    """Every node that runs when the file is imported."""
    for node in ast.iter_child_nodes(tree):
        guarded = isinstance(node, ast.If) and {"TYPE_CHECKING", "__name__"} & _names(node.test)
        if not guarded and not isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
        ):
            yield node
            yield from _top_level_nodes(node)


def _names(node):
    return {getattr(n, "id", getattr(n, "attr", None)) for n in ast.walk(node)}


def _definition_nodes(tree):
    """Every node of the definition and of the file's functions that it names."""
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    waiting, seen = ["definition"], set()
    while waiting:
        name = waiting.pop()
        if name in functions and name not in seen:
            seen.add(name)
            nodes = list(ast.walk(functions[name]))
            yield from nodes
            waiting += [n.id for n in nodes if isinstance(n, ast.Name)]


def _enclosing_call(tree, name):
    """The dotted word that begins with `name`, called or not: torch.relu(x) for torch."""
    found = name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _first_name(node) is name:
            found = max(found, node, key=lambda n: n.end_col_offset)
    called = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.func is found)
    return next(called, found)


def _first_name(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _import_file(file):
    """What the file binds when it is run, as a module of the package of activations."""
    package = "activarium.activations" if _is_built_in(file) else own_files.package_of(file)
    module = ModuleType(f"{package}.{file.stem}")
    module.__file__, module.__package__ = str(file), package
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about its text come when it is imported
            exec(compile(file.read_bytes(), file, "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        if isinstance(error, SyntaxError) and error.filename == str(file):
            raise source.error_at(file, error.lineno, f"cannot be read: {error.msg}") from error
        raise source.error_raised_in(file, error) from error
    if not hasattr(module, "definition") and not hasattr(module, "module"):
        raise source.error_at(file, None, f"has no definition at its top; write {FORM}")
    return module


def _check_text(file, tree, module, word):
    """Raise for a label or a formula that is not a text of one line."""
    said = getattr(module, word, None)
    if not isinstance(said, str) or not said.strip() or not said.isprintable():
        line = getattr(source.top_level_names(tree.body).get(word), "lineno", None)
        raise source.error_at(
            file, line, f'{word} is {said!r:.60}, not a text of one line; write {word} = "…"'
        )


def _check_definition(file, definition):
    """Raise for a definition that is not a function of x and xp, or leaves the vocabulary."""
    line = getattr(getattr(definition, "__code__", None), "co_firstlineno", None)
    xp = _check_arguments(file, line, definition)
    try:
        found = dry_run(definition)
    except (Exception, SystemExit) as error:
        raise _explain_error(file, error, xp) from error
    if isinstance(found, AbstractValue | int | float) and not getattr(found, "depends_on_x", False):
        raise source.error_at(file, line, "definition does not depend on x")
    if not isinstance(found, AbstractValue):
        gives = "nothing" if found is None else f"a {type(found).__name__}"
        raise source.error_at(
            file, line, f"definition gives {gives}; end it with return and a number"
        )


def _check_arguments(file, line, definition):
    """The name of the second argument, once definition is a function of x and xp."""

    def fail(why):
        raise source.error_at(file, line, why)

    if not callable(definition) or inspect.isclass(definition):
        kind = "class" if inspect.isclass(definition) else type(definition).__name__
        fail(f"definition is a {kind}, not a function; write {FORM}")
    if inspect.iscoroutinefunction(definition) or inspect.isasyncgenfunction(definition):
        fail(f"definition is asynchronous; write {FORM}")
    try:
        given = inspect.signature(definition).parameters.values()
    except (TypeError, ValueError):
        fail(f"definition's arguments cannot be read; write {FORM}")
    before = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [p.name for p in before]
    has = f"a definition is a function of x and xp, and has {', '.join(names) or 'neither'}"
    more = [p for p in before[2:] if p.default is not p.empty]
    if more:
        fail(f"{has}; what is learned stands behind a *: {_learned_form(more)}")
    if len(before) != 2:
        fail(f"{has}; write {FORM}, where xp has the functions, as xp.exp")
    if names[1] == "x":
        fail(f"{has} in this order; write {FORM}")
    _check_learned(given, fail)
    return names[1]


def _learned_form(parameters):
    said = ", ".join(f"{p.name}={p.default!r:.20}" for p in parameters)
    return f"def definition(x, xp, *, {said})"


def _check_learned(given, fail):
    """Raise for a keyword-only argument whose default is not one finite number."""
    for p in (p for p in given if p.kind is p.KEYWORD_ONLY):
        way = f"one is learned for each name; write {p.name}=0.25"
        if p.name in RESERVED_NAMES:
            fail(f"{p.name} is an attribute of torch's modules; rename the parameter")
        if p.default is p.empty:
            fail(f"{p.name} has no number where learning starts; write {p.name}=0.25")
        if type(p.default) not in (int, float) or not math.isfinite(p.default):
            fail(f"{p.name}={p.default!r:.40} is not a number where learning can start; {way}")


def _check_per_channel(file, tree, module):
    """Raise where `per_channel` is not a tuple of parameters of the definition, or is not heard."""
    if not hasattr(module, "per_channel"):
        return
    line = getattr(source.top_level_names(tree.body).get("per_channel"), "lineno", None)
    known = list(learned_starts(getattr(module, "definition", None)))
    said = module.per_channel
    way = f'write per_channel = ("{known[0] if known else "gamma"}",)'
    if not isinstance(said, tuple) or not all(isinstance(name, str) for name in said):
        why = f"per_channel is {said!r:.60}, and no tuple of names; {way}"
        raise source.error_at(file, line, why)
    for name in said:
        if name not in known:
            told = f"; it learns {', '.join(known)}" if known else ", which learns nothing"
            why = f"per_channel names {name!r}, no parameter of definition{told}; {way}"
            raise source.error_at(file, line, why)
    if hasattr(module, "module"):
        why = "per_channel is for a definition alone; write def module(channels): without it"
        raise source.error_at(file, line, why)


def _check_least(file, tree, module):
    """Raise where `least` does not map parameters of the definition to bounds below their start."""
    if not hasattr(module, "least"):
        return
    line = getattr(source.top_level_names(tree.body).get("least"), "lineno", None)
    if not hasattr(module, "module"):
        way = "write def module(): that keeps them, or leave it out"
        why = f"least has bounds that module keeps; {way}"
        raise source.error_at(file, line, why)
    starts = learned_starts(getattr(module, "definition", None))
    name = next(iter(starts), "gamma")
    way = f'write least = {{"{name}": 0}}'
    if not isinstance(module.least, dict):
        why = f"least is {module.least!r:.60}, and no dict of bounds; {way}"
        raise source.error_at(file, line, why)
    for name, bound in module.least.items():
        if name not in starts:
            why = f"least names {name!r}, no parameter of definition; {way}"
            raise source.error_at(file, line, why)
        if type(bound) not in (int, float) or not -math.inf < bound <= starts[name]:
            why = f"least of {name} is {bound!r:.40}, no number up to its start, {starts[name]:g}"
            raise source.error_at(file, line, why)


def _check_module(file, module):
    """Raise for a module() that needs more than the number of channels."""
    if module is None:
        return
    line = getattr(getattr(module, "__code__", None), "co_firstlineno", None)
    if not callable(module):
        kind = type(module).__name__
        raise source.error_at(
            file, line, f"module is a {kind}, not a function; write def module():"
        )
    try:
        given = inspect.signature(module).parameters.values()
    except (TypeError, ValueError):  # a class of C tells nothing about itself
        return
    needed = [
        p for p in given if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if len(needed) > 1 or any(p.kind is p.KEYWORD_ONLY for p in needed):
        names = ", ".join(p.name for p in needed)
        what = f"module needs {names}; write def module(): or, one a channel, def module(channels):"
        raise source.error_at(file, line, what)


def _explain_error(file, error, xp):
    """The UserError for what a definition raised in its dry run."""
    file, line, code = source.locate_error(file, error)
    code = code or "…"
    match error:
        case BranchesOnValue() if not _has_equivalent(code):
            pieces = f"{xp}.piecewise(x, {error.at}, lambda x: …, lambda x: …)"
            why = f"branches by {xp}.piecewise only, never by if or comparisons of x"
            what = f"a definition {why}; write {pieces}, the left one first"
            return source.error_at(file, line, what)
        case NotInVocabulary():
            return _vocabulary_error(file, line, code, str(error).replace("{xp}", xp), xp)
        case NameError(name=str(name)):
            return _explain_name(file, line, name, xp)
        case RecursionError():
            return source.error_at(file, line, f"'{code}' calls itself without end")
    return source.error_at(file, line, f"'{code}' ends in {describe_error(error)}")


def _has_equivalent(code):
    """Whether a piece of code calls a function of another library that can be written here."""
    called = re.fullmatch(r"(?:[\w.]+\.)?(\w+)\(.*[)…]", code)
    return bool(called and called[1] in EQUIVALENTS)


def _explain_name(file, line, name, xp):
    """The UserError for a name that is not defined where the definition uses it."""
    if name == xp:
        way = "pass it to the function that needs it, as an argument"
        return source.error_at(file, line, f"'{name}' is not known there; {way}")
    if name in LIBRARIES:
        tree = source.parse(file)
        here = (n for n in ast.walk(tree) if getattr(n, "id", None) == name)
        name = ast.unparse(_enclosing_call(tree, next(n for n in here if n.lineno >= line)))
        return _vocabulary_error(file, line, name, UNKNOWN, xp)
    if suggestion(name, xp):
        return _vocabulary_error(file, line, name, UNKNOWN, xp)
    way = f"what training learns stands behind a *: def definition(x, xp, *, {name}=1)"
    return source.error_at(file, line, f"'{name}' is not defined; {way}")


def _vocabulary_error(file, line, code, why, xp):
    """The UserError for code outside the vocabulary, with a suggestion where there is one."""
    if why in ("branches", UNKNOWN):
        word = re.split(r"[^\w.]", code)[0].split(".")[-1]
        way = suggestion(word, xp)
        known = f"{suggest(word, VOCABULARY)}; known are {', '.join(VOCABULARY)}"
        why = UNKNOWN + (f"; write {way}" if way else known)
    return source.error_at(file, line, f"'{code}' {why}")
