"""Refusals: input that cannot be worked with, said in one line with the way out."""

import errno
import os
import sys
import traceback
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path


class UserError(ValueError):
    """What is wrong, as one line for people: the thing, the value and the way out."""


def first_line(error, most=120):
    """What an error says, short enough for a UserError's line."""
    return (str(error).splitlines() or ["empty"])[0][:most]


def describe_error(error: BaseException, most: int = 200) -> str:
    """An error in one line: its type, and the first line of its message where it has one."""
    message = str(error).partition("\n")[0][:most]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def suggest(word, known):
    """A question for the one that may have been meant, however it was capitalised, or nothing."""
    close = get_close_matches(str(word), known, 1) or get_close_matches(str(word).lower(), known, 1)
    return f" (did you mean {close[0]}?)" if close else ""


@contextmanager
def exit_on_error():
    """A UserError in the block ends the process with its line alone, without a traceback."""
    try:
        yield
    except UserError as refusal:
        sys.exit(str(refusal))


@contextmanager
def logged(log):
    """The open file `log`, where whatever ends the block stands too.

    A UserError ends the process in one line, and so does a disk that cannot be written to.
    """
    with exit_on_error(), _writable(log), Path(log).open("w", encoding="utf-8") as file:
        try:
            yield file
        except Exception as error:
            refusal = error if isinstance(error, UserError) else _unwritable(error, log)
            with suppress(OSError):  # a full disk takes no last words either
                if refusal:
                    print(refusal, file=file, flush=True)
                else:
                    traceback.print_exc(file=file)
            if refusal:
                raise refusal from error
            raise


@contextmanager
def _writable(log):
    """What closing or opening the log itself meets, as the UserError that it is."""
    try:
        yield
    except OSError as error:
        raise _unwritable(error, log) or error from error


def _unwritable(error, log):
    """A UserError for an error that says that nothing can be written; else None."""
    reasons = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
    if not isinstance(error, OSError) or error.errno not in reasons:
        return None
    place = error.filename or Path(log).parent
    return UserError(
        f"cannot write {place} ({os.strerror(error.errno)}); make room or get the right to write "
        "there and start again: what is finished is kept"
    )
