"""A definition as a few lines of PyTorch, JAX and NumPy that compute it, printed from it."""

import inspect
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..definitions.operations import Operation, written_operations

LIBRARIES = {  # {library: ({word: what it is called}, its lines of import by prefix)}
    "PyTorch": (
        {
            "sigmoid": "torch.sigmoid", "softplus": "F.softplus", "logsigmoid": "F.logsigmoid",
            "ndtr": "torch.special.ndtr", "erf": "torch.erf", "atan": "torch.atan",
            "asinh": "torch.asinh", "where": "torch.where", "pi": "torch.pi",
            "below": "torch.clamp({x}, max={c})", "above": "torch.clamp({x}, min={c})",
            "sqrt number": "math.sqrt", "*": "torch.{word}",
        },
        {
            "F.": "from torch.nn import functional as F", "torch.": "import torch",
            "math.": "import math",
        },
    ),
    "JAX": (
        {
            "sigmoid": "jax.nn.sigmoid", "softplus": "jax.nn.softplus",
            "logsigmoid": "jax.nn.log_sigmoid", "ndtr": "jax.scipy.special.ndtr",
            "erf": "jax.scipy.special.erf", "atan": "jnp.arctan", "asinh": "jnp.arcsinh",
            "where": "jnp.where", "pi": "jnp.pi", "below": "jnp.minimum({x}, {c})",
            "above": "jnp.maximum({x}, {c})", "sqrt number": "jnp.sqrt", "*": "jnp.{word}",
        },
        {"jax.": "import jax", "jnp.": "import jax.numpy as jnp"},
    ),
    "NumPy": (
        {
            "sigmoid": "special.expit", "softplus": "-special.log_expit(-({x}))",
            "logsigmoid": "special.log_expit", "ndtr": "special.ndtr", "erf": "special.erf",
            "atan": "np.arctan", "asinh": "np.arcsinh", "where": "np.where", "pi": "np.pi",
            "below": "np.minimum({x}, {c})", "above": "np.maximum({x}, {c})",
            "sqrt number": "np.sqrt", "*": "np.{word}",
        },
        {"np.": "import numpy as np", "special.": "from scipy import special"},
    ),
}  # fmt: skip
SIGNS = {"+": " + ", "−": " - ", "·": " * ", "/": " / "}
RANKS = {"+": 1, "−": 1, "negative": 2, "·": 2, "/": 2, "power": 4}
OWN_MODULE = re.compile(r"^    return (nn\.\w+\([^()]*\))$", re.MULTILINE)


def code_snippets(name: str, definition: Callable) -> dict[str, str]:
    """{library: the text of a function `name`(x) and what it imports}.

    Learned parameters are its keyword arguments, with the values that they start from.
    """
    written = written_operations(definition)
    learned = getattr(definition, "__kwdefaults__", None) or {}
    return {library: _snippet(library, name, written, learned) for library in LIBRARIES}


def torch_module_call(file: ModuleType) -> str | None:
    """ "nn.GELU()" where an activation's file gives a module of torch's own, else None."""
    if not hasattr(file, "module"):
        return None
    found = OWN_MODULE.search(inspect.getsource(file.module))
    return found[1] if found else None


def _snippet(library, name, written, learned):
    words, imports = LIBRARIES[library]
    body = _text(written, words)
    used = [
        line
        for prefix, line in imports.items()
        if re.search(rf"(?<![\w.]){re.escape(prefix)}", body)
    ]
    function = re.sub(r"\W", "_", name)
    given = "".join(f", {key}={value!r}" for key, value in learned.items())
    head = [*sorted(used), ""] if used else []
    return "\n".join([*head, f"def {function}(x{given}):", f"    return {body}", ""])


def _text(op: Operation, words: dict[str, str]) -> str:
    """The code of one operation."""
    match op.name, op.parts:
        case "number", (text,):
            return text
        case "symbol", (text,):
            return words["pi"] if text == "pi" else text
        case "power", (base, exponent):
            return f"{_inside(base, words, 4)}**{exponent}"
        case "negative", (part,):
            return f"-{_inside(part, words, 3)}"
        case (("+" | "−" | "·" | "/"), (left, right)):
            rank = RANKS[op.name]
            tight = rank + (op.name in "−/")
            return f"{_inside(left, words, rank)}{SIGNS[op.name]}{_inside(right, words, tight)}"
        case "piecewise", _:
            return _piecewise(op, words)
    return _call(op, words)


def _inside(op, words, rank):
    text = _text(op, words)
    loose = RANKS.get(op.name, 9) < rank or text.startswith("-")
    return f"({text})" if loose else text


def _call(op, words):
    """A function of one argument; the root of a plain number needs no tensor."""
    (part,) = op.parts
    inner = _text(part, words)
    key = "sqrt number" if op.name == "sqrt" and _is_constant(part) else op.name
    called = words.get(key) or words["*"].format(word=op.name)
    return called.format(x=inner) if "{x}" in called else f"{called}({inner})"


def _piecewise(op, words):
    """`where` of two branches; one that may overflow sees only its own side of c."""
    x, c, left, right, at = op.parts
    sign = "<=" if at == "left" else "<"
    texts = [
        _branch(branch, x, c, words, side) for branch, side in ((left, "below"), (right, "above"))
    ]
    condition = f"{_text(x, words)} {sign} {_text(c, words)}"
    return f"{words['where']}({condition}, {', '.join(texts)})"


def _branch(branch, x, c, words, side):
    if branch.name == "piecewise" or not _may_overflow(branch):
        return _text(branch, words)
    clamped = words[side].format(x=_text(x, words), c=_text(c, words))
    return _text(_replace(branch, x, Operation("symbol", (clamped,))), words)


def _may_overflow(op: Any) -> bool:
    """Whether a branch is more than sums and products, so that elsewhere it may not be finite."""
    if not isinstance(op, Operation):
        return False
    plain = ("+", "−", "·", "negative", "number", "symbol", "power", "piecewise")
    return op.name not in plain or any(map(_may_overflow, op.parts))


def _replace(op, old, new):
    """The operation with `new` wherever `old` stands."""
    if op == old:
        return new
    if not isinstance(op, Operation):
        return op
    return Operation(op.name, tuple(_replace(part, old, new) for part in op.parts))


def _is_constant(op: Any) -> bool:
    """Whether an operation holds numbers and π alone."""
    if not isinstance(op, Operation):
        return True
    return op.parts == ("pi",) or (op.name != "symbol" and all(map(_is_constant, op.parts)))
