"""The error of a study that cannot be run, and how its one line is written."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from ..runtime.errors import UserError


class StudyError(UserError):
    """A study that cannot be run; the message names the key, the value and the way out."""


def study_error(path: Iterable[Any], text: str) -> StudyError:
    """The StudyError "config: key: key: text" for what stands under the keys of `path`."""
    return StudyError(": ".join(["config", *map(_printed, path), text]))


def _printed(key: Any) -> str:
    """A key as it stands in a message: short and printable."""
    return str(key) if str(key).isprintable() and len(str(key)) <= 64 else shorten(key)


def shorten(value: Any) -> str:
    """A value as it stands in a message: on one line, 80 characters at most."""
    if value is None:
        return "nothing"
    text = str(value) if isinstance(value, date) else repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
