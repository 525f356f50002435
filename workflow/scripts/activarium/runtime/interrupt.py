"""What Ctrl-C leaves on the screen: how far the study is and how to go on, and no traceback."""

import logging
import signal
import sys

from .snakemake_internals import LOGGER, STOPPING


class Silence(logging.Filter):
    """Drops what Snakemake reports as errors once the user has stopped it.

    Jobs that end with it are no failures. Snakemake has no event of its own for a stop, so the two
    lines with which it begins one are looked for: the first is of Ctrl-C, the second of SIGTERM.
    """

    def __init__(self):
        super().__init__()
        self.stopped, self.early = False, []

    def filter(self, record):
        """Whether `record` is to be shown; a job may end by SIGINT just before the stop is said."""
        said = record.getMessage()
        self.stopped = self.stopped or said.startswith(STOPPING)
        if record.levelno < logging.ERROR or not (self.stopped or "<Signals.SIGINT" in said):
            return True
        self.early += [] if self.stopped else [said]
        return False


def watch():
    """A `Silence` on Snakemake's logger of this process."""
    silence = Silence()
    logging.getLogger(LOGGER).addFilter(silence)
    return silence


def say(silence, trained, declared, file=sys.stderr):
    """Say what a stopped execution leaves: `trained` of the `declared` runs.

    Where nobody stopped it, what was held back is said instead.
    """
    if not silence.stopped:
        print(*silence.early, sep="\n", end="\n" * bool(silence.early), file=file, flush=True)
        return
    kept = f"{trained} of {declared} runs are trained and kept; " if declared else ""
    print(f"stopped: {kept}the same command goes on from here", file=file, flush=True)


def end_on_sigint():
    """From here on Ctrl-C ends this process at once, as it ends any command of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
