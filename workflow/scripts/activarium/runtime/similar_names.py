"""Finds names that people would take for one and the same, though a program tells them apart."""

import re
import unicodedata
from collections.abc import Callable, Iterable


def find_lookalikes(
    names: Iterable[str], printed: Callable[[str], str] = str
) -> tuple[str, str] | None:
    """The first two of the `names` that look alike, as written or as `printed`, or None.

    Alike are names that differ only in capitals, in blanks and underscores that do not stand
    between digits, or in invisible characters.
    """
    seen: dict[str, str] = {}
    for name in sorted(set(names)):
        for appearance in {_appearance(name), _appearance(printed(name))}:
            if seen.setdefault(appearance, name) != name:
                return seen[appearance], name
    return None


def _appearance(name: str) -> str:
    """A name without what the eye does not tell apart."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return re.sub(r"(?<!\d)[\s_]+|[\s_]+(?!\d)", "", text).casefold()
