"""What a person sees of a training job: every epoch in its log, now and then one on the screen."""

import json
import sys
import time
from pathlib import Path

from ..runtime.files import write_text


def span(seconds):
    """A duration in words: 8 s, 3 min, 2.5 h, 1.2 days."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}" if unit != "min" else f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s"


class Progress:
    """Lines of one pack: all of them in `log`, and on the terminal one after `every` seconds.

    Each line opens with the cell, so that lines of several jobs can stand between each other,
    and each next one on the terminal waits twice as long, up to ten minutes.
    """

    def __init__(self, label, log, epochs, every=15):
        self.label, self.log, self.every, self.epochs = label, log, every, epochs
        self.done, self.untold, self.left = 0, set(), {}
        self.started = self.shown = time.monotonic()

    def say(self, text, terminal=True):
        """One line, to the log and, unless told otherwise, to the terminal."""
        print(text, file=self.log, flush=True)
        if terminal:
            sys.stderr.write(f"{self.label}: {text}\n")  # at once: other jobs write there too
            sys.stderr.flush()

    def begins(self, seeds):
        """These are trained from now on: reading the data tells nothing about an epoch."""
        self.left = dict.fromkeys(seeds, self.epochs)
        self.started = time.monotonic()

    def again(self, seed):
        """This seed starts, for the first time or anew."""
        self.left[seed] = self.epochs

    def ends(self, seed):
        """Nothing of this seed is left, however it ended."""
        self.left.pop(seed, None)
        self.untold.discard(seed)

    def together(self, seeds):
        """An epoch of each of these has ended at once; `epoch` or `ends` follow one by one."""
        self.done, self.untold = self.done + len(seeds), set(seeds)

    def epoch(self, seed, metrics):
        """One finished epoch with the time that is left for the pack."""
        self.done += seed not in self.untold
        self.untold.discard(seed)
        now = time.monotonic()
        self.left[seed] = self.epochs - metrics["epoch"]
        left = (now - self.started) / self.done * (sum(self.left.values()) - len(self.untold))
        show = now - self.shown >= self.every
        if show:
            self.shown, self.every = now, min(2 * self.every, 600)
        self.say(
            f"seed {seed}, epoch {metrics['epoch']} of {self.epochs}: "
            f"train loss {metrics['train_loss']:.3f}, "
            f"test accuracy {100 * metrics['test_accuracy']:.2f} %, "
            f"{span(left)} left in this pack",
            terminal=show,
        )


def begin(path, left, declared, at_once, kept=0):
    """Say how many runs are left, and open the tally at `path` that finished packs add to.

    Of the `declared` runs, `left` are in unfinished packs, which train `at_once` jobs at the same
    time; `kept` of these were finished before and are trained again only where what defines them
    has changed since.
    """
    if not left:
        return
    said = f"training: {left - kept} of {declared} runs are left"
    said += f", {kept} of unfinished packs are kept" if kept else ""
    print(said, file=sys.stderr, flush=True)
    write_text(path, json.dumps({"runs": left, "at_once": at_once}) + "\n")


def tally(path, runs, trained, seconds):
    """Add a finished pack to the tally; returns the line that says how long the rest will take.

    Of the pack's `runs`, `trained` took these `seconds` and the others were finished before.
    Without a tally that can be used (a job started by hand, a full disk) there is nothing to say
    and None is returned: runs that are finished never fail for a line about the others.
    """
    if not Path(path).exists():
        return None
    try:
        with Path(path).open("a") as file:  # one short write at the end: jobs never mix
            file.write(json.dumps({"runs": runs, "trained": trained, "seconds": seconds}) + "\n")
        first, *packs = map(json.loads, Path(path).read_text().splitlines())
        return _rest(first, packs)
    except (OSError, ValueError, KeyError):
        return None


def _rest(first, packs):
    """The line about the rest, from the tally's first line and those of the packs."""
    done = sum(p["runs"] for p in packs)
    trained = sum(p["trained"] for p in packs)
    left = first["runs"] - done
    if left <= 0 or not trained:
        return None
    seconds = sum(p["seconds"] for p in packs if p["trained"]) / trained * left / first["at_once"]
    line = f"{done} of {first['runs']} runs are trained; about {span(seconds)} left"
    if seconds > 86400:
        line += ": more than a day; a GPU, a cluster or a smaller study would be shorter"
    return line
