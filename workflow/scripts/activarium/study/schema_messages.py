"""Puts what JSON Schema finds wrong with a study into words that name the value and the way out."""

import math
from collections.abc import Collection
from datetime import date
from typing import Any

from jsonschema import ValidationError

from ..runtime.errors import suggest
from .study import Study
from .study_error import shorten

KINDS = {"string": "a word", "integer": "a whole number", "number": "a number",
         "boolean": "true or false",
         "array": "a list", "object": "a mapping of keys to values", "null": "null"}  # fmt: skip
BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}


def message(error: ValidationError, config: Any) -> str:
    """One line for a schema error of the study `config`."""
    value: Any = error.instance
    wanted: Any = error.validator_value
    schema: Any = error.schema
    shown = shorten(value)
    match error.validator:
        case "required":
            return _missing_key(value, wanted, is_study=value is config)
        case "additionalProperties" if isinstance(value, dict):
            return _unknown_key(value, schema.get("properties", {}))
        case "type":
            wrong = _wrong_type(value, [wanted] if isinstance(wanted, str) else wanted)
            if isinstance(value, list) and "recipes" in list(error.absolute_path)[:-2]:
                return f"{wrong}; to choose one of several write {{tune: […], seeds: 2}}"
            return wrong
        case "enum":
            return f"no {shown}; known are {', '.join(map(str, wanted))}"
        case "not":
            return f"{shown} is reserved in results/; choose another"
        case "pattern":
            return f"{shown} cannot be a name: letters, digits and _ . + - only, 64 at most"
        case "minItems" | "maxItems" if wanted > 1:
            return f"{shown} has {len(value)} entries; {wanted} are needed"
        case "minItems" | "minProperties":
            return "is empty; at least one is needed"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            return f"{shown} must be {BOUNDS[str(error.validator)]} {wanted}"
    return error.message.splitlines()[0][:200]


def _missing_key(value: dict, required: Collection[str], is_study: bool) -> str:
    missing = next(key for key in required if key not in value)
    why = "; a study file is whole and never merged with another one" if is_study else ""
    return f"'{missing}' is missing{why}"


def _unknown_key(value: dict, known: Collection[str]) -> str:
    trained = [k for k in value if k in Study.__dataclass_fields__ and k not in known]
    if "runs" in known and trained:
        return _external_with_grid(known, trained)
    unknown = next(key for key in value if key not in known)
    hint = suggest(unknown, known)
    return f"{shorten(unknown)} is not a key here{hint}; known are {', '.join(known)}"


def _external_with_grid(known: Collection[str], trained: list[str]) -> str:
    *others, last = [key for key in known if key != "runs"]
    goes = f"goes with {', '.join(others)} and {last} only"
    return f"'runs' analyses external runs and {goes}; leave out {', '.join(trained)}"


def _wrong_type(value: Any, wanted: list[str]) -> str:
    kinds = " or ".join(KINDS[kind] for kind in wanted)
    return f"{shorten(value)} is not {kinds}{_hint(value, wanted[0])}"


def _hint(value: Any, wanted: str) -> str:
    """The way out where YAML read another type than was meant: 1e-3 is a word, 2024 a number."""
    if wanted == "array" and isinstance(value, str) and value.isidentifier():
        return f"; write [{value}]"
    if wanted == "string" and isinstance(value, int | float | date):
        return "; write it in quotes in the study's file"
    if wanted not in ("number", "integer") or not isinstance(value, str | float):
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    if number.is_integer():
        return f"; write it as {int(number)}"
    return f"; write it as {number!r}" if wanted == "number" and math.isfinite(number) else ""
