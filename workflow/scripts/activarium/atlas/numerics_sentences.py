"""Where float32, bfloat16 and float16 break for an activation, in sentences for its card."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..report.torch_numerics import format_place

PARTS = {"value": "value", "gradient": "slope"}
WAYS = {"below": "downwards", "above": "upwards"}


def numerics_sentences(numerics: Mapping[str, Any]) -> dict[str, list[str]]:
    """{dtype: sentences} of what `definitions.numerics` measured; {} where it could not."""
    if "refused" in numerics:
        return {}
    return {
        dtype: [_reach(found), *_infinite(found), *_wrong_signs(found), *_zeros(found)]
        for dtype, found in numerics.items()
        if isinstance(found, Mapping)
    }


def _reach(found):
    """How far out value and slope are right; tables of old do not say."""
    value, slope = (found[part].get("right_to") for part in PARTS)
    if value is None or slope is None:
        return "How far out it is right was not measured."
    if value == slope:
        return f"Value and slope are right to a few roundings up to |x| = {value:g}."
    return f"The value is right up to |x| = {value:g}, the slope up to {slope:g}."


def _infinite(found) -> Iterator[str]:
    """How many inputs give inf or nan, and where the first is."""
    broken = found["not_finite"]
    for part, word in PARTS.items():
        if broken[part]:
            yield (
                f"The {word} is inf or nan at {broken[part]} of {broken['inputs']} inputs, though "
                "the dtype can hold the exact one."
            )
    if broken["first_at"] is not None:
        yield f"The first of these is x = {format_place(broken['first_at'])}."


def _wrong_signs(found) -> Iterator[str]:
    for part, word in PARTS.items():
        if n := found[part]["wrong_sign"]:
            yield f"The {word} has the wrong sign at {n} of {found['inputs']} inputs."


def _zeros(found) -> Iterator[str]:
    """From where on value or slope are 0 although the exact ones are not."""
    for part, word in PARTS.items():
        for side, way in WAYS.items():
            at = found[part][f"zero_{side}"]
            if at is not None:
                place = format_place(at)
                yield f"From x = {place} {way} the {word} is 0; the exact one is not."
