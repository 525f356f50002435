"""Runs work in a child process, so that a crash or a signal there becomes one line here."""

import ctypes
import faulthandler
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from .errors import UserError, describe_error

KEPT = "finished runs and checkpoints are kept, and the same command goes on from them"
ADVICE: dict[int, str] = {
    signal.SIGKILL: "as the system does where memory is full: let fewer jobs run at once "
    "(--cores 1), or give each more memory (mem_mb on a cluster)",
    signal.SIGTERM: "as a scheduler does with a job that is cancelled or out of time: give it more "
    "time (runtime on a cluster), or a smaller pack",
}
_started_by: int | None = None  # the process that started this job, known in a child
FAULT = (
    "a fault of compiled code, torch's for the most part; above this line the log names the file "
    "and line that called it: try another width, batch size or version of torch there"
)


def run_in_child(log: TextIO, name: str) -> None:
    """Continue in a child process; this one waits, and ends with the child's exit code.

    Call it before torch is imported. If the child, which works on `name`, crashes in compiled
    code, the open file `log` gets the lines of Python that led there. If a signal ends the child,
    the waiting process raises a UserError that names it; after Ctrl-C it ends by SIGINT as well.
    """
    global _started_by
    for file in (log, sys.stdout, sys.stderr):
        file.flush()
    parent, _started_by = os.getpid(), os.getppid()
    child = os.fork()
    if not child:
        _die_with_parent(parent)
        faulthandler.enable(log)
        return
    signal.signal(signal.SIGINT, lambda *_: None)  # the child gets it from the terminal, too
    signal.signal(signal.SIGTERM, lambda number, _: _forward_signal(child, number))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGINT:
        print("stopped by SIGINT (Ctrl-C)", file=log, flush=True)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(parent, signal.SIGINT)
    if code < 0:
        raise UserError(killed_message(name, -code, log.name))
    sys.exit(code)


def _forward_signal(child: int, number: int) -> None:
    """Send a signal to a child, which may have ended just now."""
    with suppress(ProcessLookupError):
        os.kill(child, number)


def try_in_child(work: Callable[[], Any], log: TextIO) -> tuple[Any, str | None]:
    """(what `work()` returns, None) from a child process, or (None, the reason in one line).

    An exception or a signal ends the child only; the open file `log` gets the lines of Python
    that led there. The result has to be what json can write.
    """
    (result,) = try_each_in_child([work], log)
    return result


def try_each_in_child(
    works: Iterable[Callable[[], Any]], log: TextIO
) -> Iterator[tuple[Any, str | None]]:
    """`try_in_child` of each of the `works` in turn; a new child starts after one was killed."""
    left = list(works)
    while left:
        results, number = _results(left, log)
        if len(results) < len(left):
            reason = "ended without a result"
            if number > 0:
                reason = f"killed by {_signal_name(number)}"
            results.append([None, reason])
        yield from map(tuple, results)
        left = left[len(results) :]


def _results(works: list[Callable[[], Any]], log: TextIO) -> tuple[list[list], int]:
    """([[value, reason], …], signal) of one child that does these works in turn.

    Where a signal ends the child, its number is above 0 and the results are fewer than the works.
    """
    log.flush()
    parent, (read, write) = os.getpid(), os.pipe()
    child = os.fork()
    if not child:
        try:
            _die_with_parent(parent)
            faulthandler.enable(log)
            with os.fdopen(write, "w", encoding="utf-8") as pipe:
                for work in works:
                    print(json.dumps(_result(work, log)), file=pipe, flush=True)
        finally:  # the parent's own cleanup must not run here
            os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        lines = pipe.read().splitlines(keepends=True)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return [json.loads(line) for line in lines if line[-1] == "\n"], -code


def _result(work: Callable[[], Any], log: TextIO) -> list:
    """[what `work()` returns, None], or [None, its error in one line]."""
    try:
        return [work(), None]
    except BaseException as error:  # a sys.exit, too
        traceback.print_exc(file=log)
        return [None, describe_error(error)]
    finally:
        log.flush()  # a later work may end the child by a signal


def killed_message(name: str, number: int, log: str) -> str:
    """The line for the work on `name` that the signal `number` ended."""
    return f"{name}: killed by {_signal_name(number)}, {ADVICE.get(number, FAULT)}; {KEPT} ({log})"


def _signal_name(number: int) -> str:
    return next((s.name for s in signal.Signals if s == number), f"signal {number}")


def is_orphaned() -> bool:
    """Whether the process that started this job has ended meanwhile; False outside a child."""
    if _started_by is None:
        return False
    parent = Path(f"/proc/{os.getppid()}/stat").read_text()
    return int(parent.rpartition(")")[2].split()[1]) != _started_by


def _die_with_parent(parent: int) -> None:
    """Have Linux kill this process when its parent ends: nobody would wait for it."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl:
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
