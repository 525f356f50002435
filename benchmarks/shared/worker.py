"""Processes of their own that get ready, then do what they are asked and answer.

Nothing here imports torch, so that a process decides on its threads before it does.
"""

import multiprocessing
import os
import time
import traceback
from contextlib import contextmanager, suppress
from importlib import import_module

PLENTY = 600  # seconds


class WorkerError(Exception):
    """What went wrong in a process, in one line; `trace` is the whole of it."""

    def __init__(self, line, trace=""):
        super().__init__(line[:300])
        self.trace = trace


class Worker:
    """A spawned process around what `make` ("module:function") returns for `arguments`.

    `environment` is set while it starts; None takes a variable away. The process is ready once
    `answer` has been asked for the first time, which gives the seconds that it took.
    """

    def __init__(self, make, *arguments, environment=None):
        spawn = multiprocessing.get_context("spawn")
        self.connection, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_serve, args=(theirs, make, arguments))
        with _environment(environment or {}):
            self.process.start()
        theirs.close()

    def ask(self, *question):
        """Send a question; `answer` gives what comes of it."""
        try:
            self.connection.send(question)
        except OSError as error:
            raise WorkerError(f"the process is gone ({type(error).__name__})") from error

    def answer(self, seconds=PLENTY):
        """What the process says within `seconds`; WorkerError where it fails or is silent."""
        if not self.connection.poll(max(0, seconds)):
            raise WorkerError(f"no answer within {seconds:.0f} s")
        try:
            fine, said, trace = self.connection.recv()
        except (EOFError, OSError) as error:
            self.process.join(5)
            raise WorkerError(f"the process ended with {self.process.exitcode}") from error
        if not fine:
            raise WorkerError(said, trace)
        return said

    def dismiss(self):
        """Tell the process to end, without waiting for it."""
        with suppress(OSError):
            self.connection.send(None)

    def close(self):
        """End the process, by force where it does not end by itself."""
        self.dismiss()
        self.process.join(20)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


def ask_all(workers, question, seconds=PLENTY):
    """Ask all at once; (wall seconds to the last answer, the answers)."""
    start = time.perf_counter()
    for worker, asked in zip(workers, question, strict=True):
        worker.ask(*asked)
    answers = [w.answer(seconds - (time.perf_counter() - start)) for w in workers]
    return time.perf_counter() - start, answers


def _serve(connection, make, arguments):
    """The life of the process: make the function, then answer until told to end."""
    try:
        start = time.perf_counter()
        module, name = make.split(":")
        function = getattr(import_module(module), name)(*arguments)
        connection.send((True, time.perf_counter() - start, ""))
        while (question := connection.recv()) is not None:
            connection.send((True, function(*question), ""))
    except EOFError:
        pass  # nobody asks any more
    except Exception as error:
        line = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        connection.send((False, line, traceback.format_exc()))


@contextmanager
def _environment(changes):
    """os.environ with `changes`, for as long as a process takes to start."""
    before = dict(os.environ)
    for name, value in changes.items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
