"""The file of a queue: which studies are trained, whole or in parts, and in which order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .. import study
from ..runtime.errors import UserError
from ..study.yaml_files import duplicate_keys, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHERS_RUNS = ("runs", "shards")  # keys of a study that trains nothing


@dataclass(frozen=True)
class Item:
    """One study of a queue, or a part of one: its name, and the whole mapping of its file."""

    name: str
    config: Mapping[str, Any]


def read_queue(file: Path | str, schema: Path | str) -> list[Item]:
    """The items of a queue, each checked as a study by the JSON schema in the file `schema`.

    The file is a YAML list. An item has `study`, the file of a study, and keys of that study with
    other values. Raises UserError with one line that names the item.
    """
    listed = _read_list(file)
    items = []
    for number, entry in enumerate(listed, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("study"), str):
            way = "write {study: config/NAME.yaml}, and what is to be other than there"
            _fail(file, number, f"{entry!r} names no study; {way}")
        try:
            items.append(_read_item(entry, schema))
        except UserError as error:
            _fail(file, number, str(error))
    for name, times in Counter(item.name for item in items).items():
        if times > 1:
            raise UserError(f"queue: {file}: {times} items are called {name}; say another name")
    return items


def _read_list(file: Path | str) -> list:
    """The list in a YAML file, which gives no key twice."""
    content = read_yaml(file, "queue")
    if not isinstance(content, list) or not content:
        raise UserError(f"queue: {file} is no list of studies; write - {{study: config/NAME.yaml}}")
    if duplicate := duplicate_keys(file):
        raise UserError(f"queue: {file}: {duplicate} is given twice")
    return content


def _read_item(entry: Mapping[str, Any], schema: Path | str) -> Item:
    changes = {key: value for key, value in entry.items() if key != "study"}
    config = study.mapping(entry["study"]) | changes
    declared = study.read(config, schema)
    if external := [key for key in OTHERS_RUNS if config.get(key)]:
        raise UserError(f"{entry['study']} has {external[0]}, and trains nothing; leave it out")
    return Item(declared.name, config)


def _fail(file: Path | str, number: int, what: str) -> NoReturn:
    raise UserError(f"queue: {file}: item {number}: {what}")
