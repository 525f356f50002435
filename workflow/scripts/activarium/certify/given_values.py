"""Definitions at given values of what training learns, which proofs then are about."""

import math
from collections.abc import Callable, Mapping, Sequence

from ..definitions.learned import learned_starts
from ..runtime.errors import UserError, suggest


def at_values(
    definition: Callable, values: Mapping[str, float], least: Mapping[str, float]
) -> Callable:
    """The definition with these values where learning starts, as `certify` takes it.

    `least` holds bounds that training keeps some parameters above. Raises UserError for a parameter
    that it does not learn, and for a value that is no finite number or below such a bound.
    """
    starts = learned_starts(definition)
    for name, value in values.items():
        if name not in starts:
            known = f"it learns {', '.join(starts)}" if starts else "it learns nothing"
            raise UserError(f"no parameter '{name}'{suggest(name, list(starts))}; {known}")
        if type(value) not in (int, float) or not math.isfinite(value):
            raise UserError(f"{name}={value} is no finite number; write {name}={starts[name]}")
        if (bound := least.get(name, value)) > value:
            raise UserError(f"{name}={value} is never learned: training keeps it above {bound}")
    moved = starts | dict(values)

    def definition_at(x, xp, **given):
        return definition(x, xp, **(moved | given))

    definition_at.__kwdefaults__ = moved
    return definition_at


def read_values(words: Sequence[str]) -> dict[str, float]:
    """{parameter: value} of words such as slope=0.11; UserError for one of another form."""
    values: dict[str, float] = {}
    for word in words:
        name, _, text = word.partition("=")
        if not text or not name.strip().isidentifier() or name.strip() in values:
            raise UserError(f"'{word}' is no value of a parameter; write each once, as slope=0.11")
        try:
            values[name.strip()] = float(text)
        except ValueError:
            raise UserError(f"{word}: {text} is no number; write {name}=0.11") from None
    return values
