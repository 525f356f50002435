"""An activation's file held against what it must state, before anything is trained.

The file is run, and its definition on a stand-in for x: certifying and training would find the
same, each in its own words, after other jobs have begun.
"""

import ast
import inspect
import math
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType

from ..runtime import source
from ..runtime.errors import describe_error, suggest
from .abstract import INSTEAD, WORDS, Branching, NotAWord, StandIn, Words, instead

FORM = "def definition(x, xp)"
LEARNED = "def definition(x, xp, *, slope=0.25)"
LIBRARIES = ("torch", "nn", "F", "np", "numpy", "math", "scipy", "tf", "jnp", "jax")
LIGHT = {*sys.stdlib_module_names, "numpy", "scipy", "activarium"}  # what may stand at the top
# fmt: off
TAKEN = {  # what a module of torch, or ours of a definition, has already
    "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children",
    "compile", "cpu", "cuda", "definition", "double", "dtype", "dump_patches", "eval", "extra_repr",
    "float", "forward", "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "half",
    "ipu", "load_state_dict", "modules", "mtia", "named_buffers", "named_children", "named_modules",
    "named_parameters", "parameters", "register_backward_hook", "register_buffer",
    "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter",
    "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_",
    "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
    "training", "type", "xpu", "zero_grad",
}
# fmt: on


def check(file):
    """The module that `file` makes, once it states a definition; else a UserError in one line.

    The line names the file, where it can the line and the piece of code, and the way out.
    """
    file = Path(file)
    tree = source.parsed(file)
    _check_stated(file, tree)
    _check_imports(file, tree)
    module = _run(file)
    for word in ("label", "formula"):
        _check_text(file, tree, module, word)
    _check_definition(file, module.definition)
    _check_module(file, getattr(module, "module", None))
    return module


def _check_stated(file, tree):
    """Refuse a file that binds one of the three nowhere, whatever it has instead."""
    found = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _stores(n)}
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.alias
    found |= {getattr(n, "asname", None) or n.name for n in ast.walk(tree) if isinstance(n, kinds)}
    for word in ("label", "formula"):
        if word not in found and "definition" in found:
            raise source.error_at(file, None, f'has no {word}; write {word} = "…"')
    if "definition" not in found:
        made = ast.FunctionDef | ast.ClassDef
        own = [n.name for n in tree.body if isinstance(n, made) and n.name != "module"]
        near = f" ('{own[0]}' is there)" if own else ""
        way = f"write {FORM}: return x * xp.sigmoid(x), or {LEARNED} to learn it"
        raise source.error_at(file, None, f"has no definition{near}; {way}")


def _stores(node):
    return isinstance(node.ctx, ast.Store)


def _check_imports(file, tree):
    """Refuse what is slow to import at the top: the Snakefile reads the file in every job."""
    slow = {}
    for node in _at_the_top(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            relative = getattr(node, "level", 0) > 0
            for alias in node.names:
                path = getattr(node, "module", None) or alias.name
                torch = relative and {"on_torch", "as_module"} & {*path.split("."), alias.name}
                if torch or not (relative or path.split(".")[0] in LIGHT):
                    slow[alias.asname or alias.name.split(".")[0]] = (node.lineno, path)
    used = [n for n in _of_the_definition(tree) if isinstance(n, ast.Name) and n.id in slow]
    if used:
        line = min(used, key=lambda n: n.lineno)
        outermost = _around(tree, line)
        raise _not_a_word(file, line.lineno, ast.unparse(outermost), "is no word here", "xp")
    for line, path in slow.values():
        way = "import it inside module(), and write there what needs it"
        raise source.error_at(
            file, line, f"imports {path} at the top, which slows every job; {way}"
        )


def _at_the_top(tree):
    """Every node that is run when the file is imported."""
    for node in ast.iter_child_nodes(tree):
        guarded = isinstance(node, ast.If) and {"TYPE_CHECKING", "__name__"} & _names(node.test)
        if not guarded and not isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
        ):
            yield node
            yield from _at_the_top(node)


def _names(node):
    return {getattr(n, "id", getattr(n, "attr", None)) for n in ast.walk(node)}


def _of_the_definition(tree):
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


def _around(tree, name):
    """The dotted word that begins with `name`, called or not: torch.relu(x) for torch."""
    found = name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _first(node) is name:
            found = max(found, node, key=lambda n: n.end_col_offset)
    called = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.func is found)
    return next(called, found)


def _first(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _run(file):
    """What the file binds when it is run, as a module of the package of activations."""
    module = ModuleType(f"activarium.activations.{file.stem}")
    module.__file__, module.__package__ = str(file), "activarium.activations"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its text, when it is imported
            exec(compile(file.read_bytes(), file, "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        if isinstance(error, SyntaxError) and error.filename == str(file):
            raise source.error_at(file, error.lineno, f"cannot be read: {error.msg}") from error
        raise source.raised(file, error) from error
    if not hasattr(module, "definition"):
        raise source.error_at(file, None, f"has no definition at its top; write {FORM}")
    return module


def _check_text(file, tree, module, word):
    """Refuse a label or a formula that is no text of one line."""
    said = getattr(module, word, None)
    if not isinstance(said, str) or not said.strip() or not said.isprintable():
        line = getattr(source.bound(tree.body).get(word), "lineno", None)
        raise source.error_at(
            file, line, f'{word} is {said!r:.60}, no text of one line; write {word} = "…"'
        )


def _check_definition(file, definition):
    """Refuse what is no function of x and xp, and what does not stay within the vocabulary."""
    line = getattr(getattr(definition, "__code__", None), "co_firstlineno", None)
    xp = _check_arguments(file, line, definition)
    words = Words()
    learned = dict.fromkeys(getattr(definition, "__kwdefaults__", None) or (), words.pi)
    try:
        found = definition(StandIn(True, words.steps), words, **learned)
    except (Exception, SystemExit) as error:
        raise _explained(file, error, xp) from error
    if isinstance(found, StandIn | int | float) and not getattr(found, "shaped", False):
        raise source.error_at(file, line, "definition does not depend on x")
    if not isinstance(found, StandIn):
        gives = "nothing" if found is None else f"a {type(found).__name__}"
        raise source.error_at(
            file, line, f"definition gives {gives}; end it with return and a number"
        )


def _check_arguments(file, line, definition):
    """The name of the second argument, once definition is a function of x and xp."""

    def refuse(why):
        raise source.error_at(file, line, why)

    if not callable(definition) or inspect.isclass(definition):
        kind = "class" if inspect.isclass(definition) else type(definition).__name__
        refuse(f"definition is a {kind}, no function; write {FORM}")
    if inspect.iscoroutinefunction(definition) or inspect.isasyncgenfunction(definition):
        refuse(f"definition is asynchronous; write {FORM}")
    try:
        given = inspect.signature(definition).parameters.values()
    except (TypeError, ValueError):
        refuse(f"definition's arguments cannot be read; write {FORM}")
    before = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [p.name for p in before]
    has = f"a definition is a function of x and xp, and has {', '.join(names) or 'neither'}"
    more = [p for p in before[2:] if p.default is not p.empty]
    if more:
        refuse(f"{has}; what is learned stands behind a *: {_learned(more)}")
    if len(before) != 2:
        refuse(f"{has}; write {FORM}, whose xp has the words, as xp.exp")
    if names[1] == "x":
        refuse(f"{has} in this order; write {FORM}")
    _check_learned(given, refuse)
    return names[1]


def _learned(parameters):
    said = ", ".join(f"{p.name}={p.default!r:.20}" for p in parameters)
    return f"def definition(x, xp, *, {said})"


def _check_learned(given, refuse):
    """Refuse a keyword-only argument that does not say the one number where learning starts."""
    for p in (p for p in given if p.kind is p.KEYWORD_ONLY):
        way = f"one is learned for each name; write {p.name}=0.25"
        if p.name in TAKEN:
            refuse(f"{p.name} is a word of torch's modules; call what is learned otherwise")
        if p.default is p.empty:
            refuse(f"{p.name} has no number where learning starts; write {p.name}=0.25")
        if type(p.default) not in (int, float) or not math.isfinite(p.default):
            refuse(f"{p.name}={p.default!r:.40} is no number where learning starts; {way}")


def _check_module(file, module):
    """Refuse a module() that cannot be called as it is."""
    if module is None:
        return
    line = getattr(getattr(module, "__code__", None), "co_firstlineno", None)
    try:
        inspect.signature(module).bind()
    except TypeError as error:
        what = f"module cannot be called as module() ({error}); write def module():"
        raise source.error_at(file, line, what) from error
    except ValueError:  # a class of C tells nothing about itself
        return


def _explained(file, error, xp):
    """The UserError for what a definition raised when it ran on the stand-in."""
    file, line, code = source.place(file, error)
    code = code or "…"
    match error:
        case NotAWord():
            called = re.fullmatch(r"(?:[\w.]+\.)?(\w+)\(.*[)…]", code)
            if isinstance(error, Branching) and not (called and called[1] in INSTEAD):
                pieces = f"{xp}.piecewise(x, {error.at}, lambda x: …, lambda x: …)"
                why = f"branches by {xp}.piecewise only, never by if or comparisons of x"
                what = f"a definition {why}; write {pieces}, the left one first"
                return source.error_at(file, line, what)
            return _not_a_word(file, line, code, str(error).replace("{xp}", xp), xp)
        case NameError(name=str(name)):
            if name == xp:
                way = "hand it on to the function that needs it, as an argument"
                return source.error_at(file, line, f"'{name}' is not known there; {way}")
            if name in LIBRARIES:
                tree = source.parsed(file)
                here = (n for n in ast.walk(tree) if getattr(n, "id", None) == name)
                name = ast.unparse(_around(tree, next(n for n in here if n.lineno >= line)))
                return _not_a_word(file, line, name, "is no word here", xp)
            if instead(name, xp):
                return _not_a_word(file, line, name, "is no word here", xp)
            way = f"what training learns stands behind a *: def definition(x, xp, *, {name}=1)"
            return source.error_at(file, line, f"'{name}' is not defined; {way}")
        case RecursionError():
            return source.error_at(file, line, f"'{code}' calls itself without end")
    return source.error_at(file, line, f"'{code}' ends in {describe_error(error)}")


def _not_a_word(file, line, code, why, xp):
    """The UserError of a piece of code, with how it is written here where that is known."""
    if why in ("branches", "is no word here"):
        word = re.split(r"[^\w.]", code)[0].split(".")[-1]
        way = instead(word, xp)
        known = f"{suggest(word, WORDS)}; known are {', '.join(WORDS)}"
        why = "is no word here" + (f"; write {way}" if way else known)
    return source.error_at(file, line, f"'{code}' {why}")
