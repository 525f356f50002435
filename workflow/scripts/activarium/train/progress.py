"""What a person sees of a training job: every epoch in its log, now and then one on the screen."""

import json
import sys
import time
from pathlib import Path

from ..files import write_text


def span(seconds):
    """A duration in words: 8 s, 3 min, 2.5 h, 1.2 days."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}" if unit != "min" else f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s"


class Progress:
    """Lines of one pack: all of them in `log`, at most one in `every` seconds on the terminal.

    Each line opens with the cell, so that lines of several jobs can stand between each other.
    """

    def __init__(self, label, log, epochs, runs, every=15):
        self.label, self.log, self.every = label, log, every
        self.total, self.done = epochs * runs, 0
        self.started = self.shown = time.monotonic()

    def say(self, text, terminal=True):
        """One line, to the log and, unless told otherwise, to the terminal."""
        print(text, file=self.log, flush=True)
        if terminal:
            print(f"{self.label}: {text}", file=sys.stderr, flush=True)

    def epoch(self, seed, metrics, epochs):
        """One finished epoch with the time that is left for the pack."""
        self.done += 1
        now = time.monotonic()
        left = (now - self.started) / self.done * (self.total - self.done)
        show = now - self.shown > self.every
        self.shown = now if show else self.shown
        self.say(
            f"seed {seed}, epoch {metrics['epoch']} of {epochs}: "
            f"train loss {metrics['train_loss']:.3f}, "
            f"test accuracy {100 * metrics['test_accuracy']:.2f} %, "
            f"{span(left)} left in this pack",
            terminal=show,
        )

    def skip(self, epochs):
        """Epochs that are not trained: of a run taken up again or one that diverged."""
        self.total -= epochs


def begin(path, left, declared, at_once):
    """Say how many runs are left, and open the tally at `path` that finished packs add to.

    `left` runs of the `declared` ones are to be trained, `at_once` jobs at the same time.
    """
    if not left:
        return
    print(f"training: {left} of {declared} runs are left", file=sys.stderr, flush=True)
    write_text(path, json.dumps({"runs": left, "at_once": at_once}) + "\n")


def tally(path, runs, seconds):
    """Add a finished pack to the tally; returns the line that says how long the rest will take.

    Without a tally (a job started by hand) there is nothing to say and None is returned.
    """
    path = Path(path)
    if not path.exists():
        return None
    with path.open("a") as file:
        file.write(json.dumps({"runs": runs, "seconds": seconds}) + "\n")
    first, *packs = map(json.loads, path.read_text().splitlines())
    done = sum(p["runs"] for p in packs)
    left = first["runs"] - done
    if left <= 0:
        return None
    seconds = sum(p["seconds"] for p in packs) / done * left / first["at_once"]
    line = f"{done} of {first['runs']} runs are trained; about {span(seconds)} left on this device"
    if seconds > 86400:
        line += ": more than a day; a GPU, a cluster or a smaller study would be shorter"
    return line
