"""The profile of an activation that is given by its name, its file or as an expression."""

import sys
from importlib.metadata import version

from .. import activations
from . import initial_state
from .find_activation import look_up
from .properties import certify


def certify_activation(activation: str, **values: float) -> dict:
    """The profile of a built-in activation, a file of one, or an expression, as `certify` gives it.

    What training learns has the given `values`, else those that it starts from.

        >>> certify_activation("gelu")["lipschitz"]
        ['1.128904145185154786340744', '1.128904145185154786340745']
        >>> certify_activation("x*ndtr(1.1*x)")["class"]
        'analytic'
        >>> certify_activation("prelu", slope=0.11)["parameters"]
        {'slope': ['0.11', '0.11']}

    Raises UserError for an unknown name, with a suggestion, for an expression that cannot be read
    or may not be finite, and for values that are not learned.
    """
    found = look_up(activation)
    return certify(found.at(values), draws=found.draws)


def certify_declared(spec: activations.ActivationSpec) -> dict:
    """The profile of an activation as a study says it.

    Nothing is checked before; what cannot be read is a profile with the reason.
    """
    definition = activations.definition(spec)
    is_random = spec.expr is None and initial_state.is_random(activations.load(spec))
    return certify(definition, draws=is_random)


def provenance(seconds: float) -> dict:
    """What may differ between two correct executions: the time taken, and versions."""
    about = {"seconds": round(seconds, 3), "python": sys.version.split()[0]}
    return about | {"python-flint": version("python-flint")}
