"""Refusals: input that cannot be worked with, said in one line with the way out."""

import sys
import traceback
from contextlib import contextmanager
from pathlib import Path


class Refusal(ValueError):
    """What is wrong, as one line for people: the thing, the value and the way out."""


@contextmanager
def in_one_line():
    """A Refusal in the block ends the process with its line alone, without a traceback."""
    try:
        yield
    except Refusal as refusal:
        sys.exit(str(refusal))


@contextmanager
def logged(log):
    """Whatever ends the block also stands in the file `log`; a Refusal ends the job in one line."""
    Path(log).write_text("")
    try:
        yield
    except Refusal as refusal:
        Path(log).write_text(f"{refusal}\n", encoding="utf-8")
        sys.exit(str(refusal))
    except Exception:
        Path(log).write_text(traceback.format_exc(), encoding="utf-8")
        raise
