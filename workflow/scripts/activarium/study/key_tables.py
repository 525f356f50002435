"""The tables of a study's keys in config/README.md, written from config/schema.yaml.

python -m activarium.study.key_tables config/schema.yaml config/README.md
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..runtime.files import write_text
from .schema import definitions

BEGIN, END = "<!-- keys of config/schema.yaml -->", "<!-- end of keys -->"
TABLES = {
    "trained": "A study that trains:",
    "images": "A data set of your own, in the list `datasets`:",
    "recipe": "A recipe, below its name in `recipes`:",
    "tuning": "A number of a recipe that is tuned, such as `{tune: [0.001, 0.01], seeds: 2}`:",
    "external": "A study of tables made elsewhere:",
}
HEAD = "| key | values | default | what it says |\n|---|---|---|---|\n"
BOUNDS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
}
WORDS = {
    "integer": "whole number",
    "number": "number",
    "array": "list",
    "object": "mapping",
    "boolean": "true or false",
}


def key_tables(schema: Path | str) -> str:
    """The Markdown tables of every key that the JSON schema in the file `schema` knows."""
    known = definitions(schema)
    parts = []
    for kind, title in TABLES.items():
        rows = "".join(_rows(known[kind], known))
        parts.append(f"{title}\n\n{HEAD}{rows}")
    return "\n".join(parts)


def with_tables(text: str, tables: str) -> str:
    """`text` with `tables` between the two marks, in place of whatever stood there."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables}\n{END}{after}"


def _rows(schema: dict[str, Any], known: dict[str, dict], prefix: str = "") -> Iterator[str]:
    """A row for each key of a mapping, and below it those of the mapping that it holds."""
    for key, entry in schema["properties"].items():
        resolved = _resolved(entry, known)
        default = _default(resolved, key in schema.get("required", ()))
        cells = [f"`{prefix}{key}`", _values(resolved), default, resolved["description"]]
        yield f"| {' | '.join(cells)} |\n"
        inner = resolved.get("items", {}).get("then", resolved)
        if "properties" in inner:
            yield from _rows(inner, known, f"{prefix}{key}: ")


def _resolved(entry: dict[str, Any], known: dict[str, dict]) -> dict[str, Any]:
    """An entry together with the definition that it refers to; what it says itself goes first."""
    if "$ref" not in entry:
        return entry
    return known[entry["$ref"].rsplit("/", 1)[1]] | entry


def _values(entry: dict[str, Any]) -> str:
    """What a key may be, in words: `adam`, `adamw` or `sgd`; number above 0 to 1000."""
    if "enum" in entry:
        *others, last = [f"`{value}`" for value in entry["enum"]]
        return f"{', '.join(others)} or {last}"
    if "if" in entry and "type" not in entry:
        return "file or list"
    kinds = entry.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    bounds = [words.format(entry[key]) for key, words in BOUNDS.items() if key in entry]
    return " ".join([" or ".join(WORDS.get(kind, "word") for kind in kinds), *bounds])


def _default(entry: dict[str, Any], required: bool) -> str:
    """The default in a cell; a dash where a study has to say the key, or where it may be absent."""
    default = entry.get("x-default", entry.get("default"))
    if required:
        return "required"
    if default in (None, {}):
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def main(schema: str, page: str) -> None:
    """Write the tables from the file `schema` into the Markdown file `page`."""
    text = Path(page).read_text(encoding="utf-8")
    write_text(page, with_tables(text, key_tables(schema)))


if __name__ == "__main__":
    main(*sys.argv[1:])
