"""Reads YAML files, and finds keys that one mapping gives twice."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from .study_error import StudyError


def mapping(file: Path | str) -> dict:
    """What the YAML file of a study says, for those who read it without Snakemake.

    Raises StudyError where it is not YAML, or not a mapping.
    """
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise StudyError(f"config: {file} is not a mapping of keys to values, as a study must be")
    return content


def duplicate_keys(path: Path | str) -> str | None:
    """The first key that the YAML file at `path` gives twice in one mapping, as a/b/c, or None.

    YAML readers keep the last one without a warning, and nobody knows which one was meant.
    """
    return find_duplicate_key(read_yaml(path, read=yaml.compose))


def read_yaml(file: Path | str, what: str = "config", read: Callable[..., Any] = yaml.load) -> Any:
    """What a YAML file says. Raises StudyError with one line that begins with `what`."""
    try:
        return read(Path(file).read_text(encoding="utf-8"), yaml.SafeLoader)
    except FileNotFoundError as error:
        raise StudyError(f"{what}: no file {file}") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:160]
        raise StudyError(f"{what}: {file} cannot be read as YAML ({reason})") from error


def find_duplicate_key(root: yaml.Node | None, where: str = "") -> str | None:
    """The first key that one mapping of a YAML node gives twice, as a/b/c, or None."""
    stack, seen = [(root, where)], set()
    while stack:
        node, where = stack.pop()
        if id(node) in seen:  # an anchor may stand inside itself
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            stack += [(item, where) for item in node.value]
        elif isinstance(node, yaml.MappingNode):
            keys = Counter(str(key.value) for key, _ in node.value)
            duplicates = [key for key, n in keys.items() if n > 1]
            if duplicates:
                return where + duplicates[0]
            stack += [(value, f"{where}{key.value}/") for key, value in node.value]
    return None
