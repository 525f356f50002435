"""Work in a child process, so that a signal that ends it is said in one line."""

import ctypes
import faulthandler
import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from .errors import UserError, describe_error

KEPT = "finished runs and checkpoints are kept, and the same command goes on from them"
ADVICE = {
    signal.SIGKILL: "as the system does where memory is full: let fewer jobs run at once "
    "(--cores 1), or give each more memory (mem_mb on a cluster)",
    signal.SIGTERM: "as a scheduler does with a job that is cancelled or out of time: give it more "
    "time (runtime on a cluster), or a smaller pack",
}
_started_by = None  # the process that started this job, known in a child
FAULT = (
    "a fault of compiled code, torch's for the most part; above this line the log names the file "
    "and line that called it: try another width, batch size or version of torch there"
)


def run_in_child(log, name):
    """Go on in a child process alone; this one waits, and ends as the child does.

    Call it before torch is imported. Where the child, the work on `name`, crashes in compiled
    code, the open file `log` gets the lines of Python that led there. Where any signal ends it,
    the waiting process raises a UserError that says so; of Ctrl-C it dies without a word, too.
    """
    global _started_by
    for file in (log, sys.stdout, sys.stderr):
        file.flush()
    waits, _started_by = os.getpid(), os.getppid()
    child = os.fork()
    if not child:
        _end_with(waits)
        faulthandler.enable(log)
        return
    signal.signal(signal.SIGINT, lambda *_: None)  # the terminal tells the child, too
    signal.signal(signal.SIGTERM, lambda number, _: _pass_on(child, number))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGINT:
        print("stopped by SIGINT (Ctrl-C)", file=log, flush=True)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(waits, signal.SIGINT)
    if code < 0:
        raise UserError(killed(name, -code, log.name))
    sys.exit(code)


def _pass_on(child, number):
    """Send a signal to a child, which may have ended just now."""
    with suppress(ProcessLookupError):
        os.kill(child, number)


def try_in_child(work, log):
    """(what `work()` returns, None) from a child process, or (None, why it gave nothing in a line).

    Whatever ends the child, an exception or a signal, ends nothing else; the open file `log` gets
    the lines of Python that led there. What is returned has to be what json can write.
    """
    (found,) = try_each_in_child([work], log)
    return found


def try_each_in_child(works, log):
    """What `try_in_child` gives of each, in turn; a new child begins after one was killed."""
    works = list(works)
    while works:
        answers, number = _answers(works, log)
        if len(answers) < len(works):
            why = f"killed by {_called(number)}" if number > 0 else "ended without a result"
            answers.append([None, why])
        yield from map(tuple, answers)
        works = works[len(answers) :]


def _answers(works, log):
    """The [value, reason] of the first of these works, of all where no signal ends their child."""
    log.flush()
    waits, (read, write) = os.getpid(), os.pipe()
    child = os.fork()
    if not child:
        try:
            _end_with(waits)
            faulthandler.enable(log)
            with os.fdopen(write, "w", encoding="utf-8") as answer:
                for work in works:
                    print(json.dumps(_answer(work, log)), file=answer, flush=True)
        finally:  # nothing of the parent's is done here
            os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as answer:
        said = answer.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return [json.loads(line) for line in said.splitlines(keepends=True) if line[-1] == "\n"], -code


def _answer(work, log):
    try:
        return [work(), None]
    except BaseException as error:  # a sys.exit, too
        traceback.print_exc(file=log)
        return [None, describe_error(error)]
    finally:
        log.flush()  # the child ends without it, or by the signal of a later work


def killed(name, number, log):
    """What is said of the work on `name` that the signal `number` ended."""
    return f"{name}: killed by {_called(number)}, {ADVICE.get(number, FAULT)}; {KEPT} ({log})"


def _called(number):
    """A signal's name."""
    return next((s.name for s in signal.Signals if s == number), f"signal {number}")


def orphaned():
    """Whether the process that started this job has ended meanwhile; False outside a child."""
    if _started_by is None:
        return False
    waits = Path(f"/proc/{os.getppid()}/stat").read_text()
    return int(waits.rpartition(")")[2].split()[1]) != _started_by


def _end_with(parent):
    """Have Linux kill this process where its parent ends: nobody would wait for it."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl:
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # before the line above
        os._exit(1)
