"""What Ctrl-C leaves on the screen: how far the study is and how to go on, and no traceback."""

import logging
import signal
import sys

STOPPING = ("Terminating processes on user request", "Will exit after finishing")


class Silence(logging.Filter):
    """Drops what Snakemake reports as errors once the user has stopped it.

    Jobs that end with it are no failures. Snakemake has no event of its own for a stop, so the two
    lines with which it begins one are looked for: the first is of Ctrl-C, the second of SIGTERM.
    """

    stopped = False

    def filter(self, record):
        """Whether `record` is to be shown."""
        said = record.getMessage()
        self.stopped = self.stopped or said.startswith(STOPPING)
        of_the_stop = self.stopped or "<Signals.SIGINT" in said
        return not (of_the_stop and record.levelno >= logging.ERROR)


def watch():
    """A `Silence` on Snakemake's logger of this process."""
    silence = Silence()
    logging.getLogger("snakemake.logging").addFilter(silence)
    return silence


def say(trained, declared, file=sys.stderr):
    """Say what a stopped execution leaves: `trained` of the `declared` runs."""
    kept = f"{trained} of {declared} runs are trained and kept; " if declared else ""
    print(f"stopped: {kept}the same command goes on from here", file=file, flush=True)


def end_quietly():
    """From here on Ctrl-C ends this process at once, as it ends any command of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
