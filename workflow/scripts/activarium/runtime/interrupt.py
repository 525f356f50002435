"""How a process ends by Ctrl-C: Snakemake with how far the study is, a job at once."""

import logging
import signal
import sys
import threading
from typing import Any, TextIO

from .snakemake_internals import LOGGER, STOPPING


class StopFilter(logging.Filter):
    """Hides what Snakemake reports as errors once the user has stopped it.

    Jobs that end because of the stop are not failures. Snakemake has no event for a stop. So the
    two lines with which it begins one are recognised: the first after Ctrl-C, the second after
    SIGTERM. `held_back` are errors of jobs that ended by SIGINT before that line came.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stopped = False
        self.held_back: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is shown."""
        text = record.getMessage()
        if text.startswith(STOPPING):
            self.stopped = True
        if record.levelno < logging.ERROR:
            return True
        if self.stopped:
            return False
        if "<Signals.SIGINT" in text:
            self.held_back.append(text)
            return False
        return True


def hide_errors_after_stop() -> StopFilter:
    """A `StopFilter` on Snakemake's logger of this process."""
    stop_filter = StopFilter()
    logging.getLogger(LOGGER).addFilter(stop_filter)
    return stop_filter


def report_stop(
    stop_filter: StopFilter, trained: int, declared: int, file: TextIO = sys.stderr
) -> None:
    """Print how many of the `declared` runs a stopped execution has `trained`, and how to go on.

    Where nobody stopped it, what was held back is printed instead.
    """
    if not stop_filter.stopped:
        for text in stop_filter.held_back:
            print(text, file=file, flush=True)
        return
    kept = f"{trained} of {declared} runs are trained and kept; " if declared else ""
    print(f"stopped: {kept}the same command goes on from here", file=file, flush=True)


def hold_sigint_for_jobs() -> None:
    """Have a job that is still importing keep Ctrl-C until it calls `end_on_sigint`.

    Else Python ends it there with the traceback of a KeyboardInterrupt. Snakemake starts each job
    in a thread, and a process inherits what its thread blocks. So each thread that starts from here
    on blocks SIGINT, which the main thread gets as before.
    """
    threading.setprofile(_block_sigint)  # the one hook that runs at the start of every thread


def _block_sigint(*_: Any) -> None:
    sys.setprofile(None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def end_on_sigint() -> None:
    """From here on Ctrl-C ends this process at once, as it ends any command of a shell.

    One that was held back by `hold_sigint_for_jobs` ends it here.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
