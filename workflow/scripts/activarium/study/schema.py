"""Holds a study against config/schema.yaml, and fills in the defaults that stand there."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from .schema_messages import message
from .study_error import study_error

DEEPEST = 8  # levels; no study needs more
_TYPES = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
)  # 10.0 is not a number of seeds
_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=_TYPES)


def definitions(schema: Path | str) -> dict[str, dict]:
    """The `$defs` of the JSON schema in the YAML file `schema`."""
    return yaml.safe_load(Path(schema).read_text(encoding="utf-8"))["$defs"]


def check_finite(value: Any, path: tuple = ()) -> None:
    """Raise StudyError for infinite and undefined numbers, which JSON Schema lets through."""
    if isinstance(value, float) and not math.isfinite(value):
        raise study_error(path, f"{value} is not a number that can be used")
    if len(path) > DEEPEST:  # also a YAML anchor inside itself, which has no end
        raise study_error(path[:2], "is nested more deeply than any key of a study")
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value, 1)
    for key, item in items:
        check_finite(item, (*path, key))


def validate(
    config: Any, kind: str, definitions: dict[str, dict], where: Sequence[str] = ()
) -> None:
    """Raise StudyError where `config` breaks the schema of its `kind`, trained or external.

    Of several errors the deepest is named, since it says most. `where` are the keys above `config`.
    """
    schema = {"$ref": f"#/$defs/{kind}", "$defs": definitions}
    errors = list(_Validator(schema).iter_errors(config))
    if not errors:
        return
    error = max(errors, key=lambda e: (len(e.absolute_path), e.validator != "required"))
    path, value = [], config
    for step in error.absolute_path:
        path.append(step + 1 if isinstance(value, list) else step)  # people count from 1
        value = value[step]
    raise study_error([*where, *path], message(error, config))


def fill_defaults(config: Any, schema: dict, definitions: dict[str, dict]) -> Any:
    """`config` with the schema's defaults for every key that it leaves out, at every depth."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if not isinstance(config, dict):
        return config
    properties = schema.get("properties", {})
    filled = {k: p["default"] for k, p in properties.items() if "default" in p} | config
    for key, value in filled.items():
        below = properties.get(key, schema.get("additionalProperties"))
        if isinstance(below, dict):
            filled[key] = fill_defaults(value, below, definitions)
    return filled
