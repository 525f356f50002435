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
    """The open file `log`, where whatever ends the block stands too; a Refusal ends in one line."""
    with Path(log).open("w", encoding="utf-8") as file:
        try:
            yield file
        except Refusal as refusal:
            print(refusal, file=file)
            sys.exit(str(refusal))
        except Exception:
            traceback.print_exc(file=file)
            raise
