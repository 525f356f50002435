"""Errors of users: what is wrong with their input, in one line that ends with the way out."""

import errno
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TextIO

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


class UserError(ValueError):
    """What is wrong, as one line for people: the thing, the value and the way out."""


def first_line(error: BaseException, most: int = 120) -> str:
    """What an error says, short enough for a UserError's line."""
    return (str(error).splitlines() or ["empty"])[0][:most]


def describe_error(error: BaseException, most: int = 200) -> str:
    """An error in one line: its type, and the first line of its message where it has one.

    A line that ends with a colon has the next one after it. The codes by which a terminal prints
    bold or in colour are left out.
    """
    lines = re.sub(r"\x1b\[[\d;]*m", "", str(error)).splitlines() or [""]
    announced = lines[0].rstrip().endswith(":")
    told = next((line.strip() for line in lines[1:] if line.strip()), "") if announced else ""
    message = f"{lines[0]} {told}".rstrip()[:most]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def suggest(word: Any, known: Iterable[str]) -> str:
    """A question that names the closest of the `known` words, in any capitals; "" for none."""
    known = list(known)
    close = [name for name in known if name.lower() == str(word).lower()]
    close = close or get_close_matches(str(word), known, 1)
    close = close or get_close_matches(str(word).lower(), known, 1)
    return f" (did you mean {close[0]}?)" if close else ""


def suggest_or_list(word: Any, known: Iterable[str], command: str | None = None) -> str:
    """The closest of the `known` words; else all of them, or the `command` that lists them."""
    known = list(known)
    listed = f"`{command}` lists those that are" if command else f"known are {', '.join(known)}"
    return suggest(word, known) or f"; {listed}"


@contextmanager
def exit_on_error() -> Iterator[None]:
    """A UserError in the block ends the process with its line alone, without a traceback."""
    try:
        yield
    except UserError as error:
        sys.exit(str(error))


@contextmanager
def open_log(log: Path | str) -> Iterator[TextIO]:
    """The open file `log` of a job; an error that ends the block is written there as well.

    A UserError ends the process in one line, and so does a disk that cannot be written to.
    """
    with exit_on_error(), _open_errors(log), Path(log).open("w", encoding="utf-8") as file:
        try:
            yield file
        except Exception as error:
            user_error = error if isinstance(error, UserError) else _unwritable(error, log)
            with suppress(OSError):  # a full disk takes no log either
                if user_error:
                    print(user_error, file=file, flush=True)
                else:
                    traceback.print_exc(file=file)
            if user_error:
                raise user_error from error
            raise


@contextmanager
def _open_errors(log: Path | str) -> Iterator[None]:
    """Turn errors of opening or closing the log itself into UserErrors."""
    try:
        yield
    except OSError as error:
        raise _unwritable(error, log) or error from error


def _unwritable(error: Exception, log: Path | str) -> UserError | None:
    """A UserError for an error that says that nothing can be written; else None."""
    if not isinstance(error, OSError) or error.errno not in UNWRITABLE:
        return None
    path = error.filename or Path(log).parent
    return UserError(
        f"cannot write {path} ({os.strerror(error.errno)}); make room or get the right to write "
        "there and start again: what is finished is kept"
    )
