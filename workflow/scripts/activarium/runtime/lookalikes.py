"""Names that people would take for one and the same, though a program tells them apart."""

import re
import unicodedata


def alike(names, printed=str):
    """The first two of the `names` that look alike, as written or as `printed`, or None.

    Alike are names that differ only in capitals, in blanks and underscores that do not stand
    between digits, or in letters that nobody sees.
    """
    seen = {}
    for name in sorted(set(names)):
        for look in {_look(name), _look(printed(name))}:
            if seen.setdefault(look, name) != name:
                return seen[look], name
    return None


def _look(name):
    """What is left of a name for the eye."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return re.sub(r"(?<!\d)[\s_]+|[\s_]+(?!\d)", "", text).casefold()
