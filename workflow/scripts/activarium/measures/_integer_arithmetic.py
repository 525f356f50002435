"""What in an activation's definition integer sums, products and comparisons cannot compute."""

from collections.abc import Iterator

from .. import activations
from ..activations import ActivationSpec
from ..definitions import FUNCTIONS
from ..definitions.operations import Operation, written_operations

DIVISION = "division by x"


def functions_beyond_integers(spec: ActivationSpec) -> list[str] | None:
    """The functions of x in a definition that 8-bit integers look up in a table, sorted.

    Division by something that depends on x is among them. Sums, products, whole powers, divisions
    by a number and cases are not. None where the activation has no definition.
    """
    if not activations.has_definition(spec):
        return None
    written = written_operations(activations.definition(spec))
    return sorted({found for each in _every(written) if (found := _beyond_integers(each))})


def _every(operation: Operation) -> Iterator[Operation]:
    """An operation and all that it is made of."""
    yield operation
    for part in operation.parts:
        if isinstance(part, Operation):
            yield from _every(part)


def _beyond_integers(operation):
    """What this operation alone needs a table for, or None."""
    if operation.name == "/" and _depends_on_x(operation.parts[1]):
        return DIVISION
    return operation.name if operation.name in FUNCTIONS and _depends_on_x(operation) else None


def _depends_on_x(operation):
    return any(each.name == "symbol" and each.parts == ("x",) for each in _every(operation))
