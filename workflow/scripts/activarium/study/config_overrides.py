"""Reads what `snakemake --config` gives: text that Snakemake left as text becomes numbers."""

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from .schema import check_finite
from .study_error import study_error
from .yaml_files import find_duplicate_key, mapping

PLAIN = {"null": None, "true": True, "false": False}


def parse_cli_values(
    config: dict, files: Sequence[Path | str], given: Iterable[str] | None = ()
) -> dict:
    """`config` with what the command line gives as text read as the number, truth or null it is.

    `given` are the words after --config; StudyError where two of them set the same key.

    Snakemake reads `--config seeds=8` as a number, but everything inside `[…]` or `{…}`, and null,
    true and false anywhere, as text. What the study's `files` say stays as YAML read it; names and
    expressions stay text.
    """
    check_finite(config)  # also stops a mapping that contains itself
    _check_given_once(given or ())
    return _with_numbers(config, mapping(files[0]) if files else {})


def _check_given_once(given: Iterable[str]) -> None:
    """Raise StudyError for a key that is given twice; a mapping may be given in parts."""
    texts: dict[str, str] = {}
    for word in given:
        key, _, text = word.partition("=")
        with suppress(yaml.YAMLError):  # what is not YAML is a plain word
            node = yaml.compose(text, yaml.SafeLoader)
            duplicate = find_duplicate_key(node, f"{key}/") if node else None
            if duplicate:
                raise study_error([duplicate], "is given twice after --config")
            if key in texts and not isinstance(node, yaml.MappingNode):
                what = f"is given twice after --config: {texts[key]} and {text}"
                raise study_error([key], what)
        texts[key] = text


def _with_numbers(value: Any, in_file: Any, key: str | None = None) -> Any:
    """`value` with its texts read as numbers, except where the study's file says the same."""
    if value == in_file or key in ("name", "expr", "file", "folder", "npz"):
        return value
    if isinstance(value, dict):
        in_file = in_file if isinstance(in_file, dict) else {}
        return {k: _with_numbers(v, in_file.get(k), k) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_numbers(item, None) for item in value]
    return _number(value) if isinstance(value, str) else value


def _number(text: str) -> int | float | str | None:
    """The finite number, true, false or null that a text is; else the text."""
    if text in PLAIN:
        return PLAIN[text]
    for kind in (int, float):
        with suppress(ValueError):
            if math.isfinite(kind(text)):
                return kind(text)
    return text
