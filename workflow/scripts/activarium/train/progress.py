"""What a person sees of a training job: every epoch in its log, now and then one on the screen."""

import json
import sys
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TextIO

from ..runtime.files import write_text


def format_duration(seconds: float) -> str:
    """A duration in words: 8 s, 3 min, 2.5 h, 1.2 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 1.5 * 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 1.5 * 86400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


class Progress:
    """Lines of one pack: all of them in `file`, and on the terminal one after `every` seconds.

    Each line opens with the cell, so that lines of several jobs can be told apart. On the terminal
    each next line waits twice as long, up to ten minutes.
    """

    def __init__(self, label: str, file: TextIO, epochs: int, every: float = 15):
        self.label, self.file, self.every, self.epochs = label, file, every, epochs
        self.done = 0  # epochs, of all seeds
        self.left: dict[int, int] = {}  # epochs, by seed
        # Seeds whose epoch is among those done, but has no line yet.
        self.unlogged: set[int] = set()
        self.started = self.shown = time.monotonic()

    def log(self, text: str, terminal: bool = True) -> None:
        """One line, to the log file and, unless told otherwise, to the terminal."""
        print(text, file=self.file, flush=True)
        if terminal:
            sys.stderr.write(f"{self.label}: {text}\n")  # at once: other jobs write there too
            sys.stderr.flush()

    def start_pack(self, seeds: Iterable[int]) -> None:
        """These are trained from now on: reading the data tells nothing about an epoch."""
        self.left = dict.fromkeys(seeds, self.epochs)
        self.started = time.monotonic()

    def start_seed(self, seed: int) -> None:
        """This seed starts, for the first time or anew."""
        self.left[seed] = self.epochs

    def end_seed(self, seed: int) -> None:
        """Nothing of this seed is left, however it ended."""
        self.left.pop(seed, None)
        self.unlogged.discard(seed)

    def end_epochs(self, seeds: Collection[int]) -> None:
        """An epoch of each has ended at once; `log_epoch` or `end_seed` follow one by one."""
        self.done, self.unlogged = self.done + len(seeds), set(seeds)

    def log_epoch(self, seed: int, metrics: dict) -> None:
        """One finished epoch with the time that is left for the pack."""
        if seed not in self.unlogged:
            self.done += 1
        self.unlogged.discard(seed)
        now = time.monotonic()
        self.left[seed] = self.epochs - metrics["epoch"]
        left = (now - self.started) / self.done * (sum(self.left.values()) - len(self.unlogged))
        show = now - self.shown >= self.every
        if show:
            self.shown, self.every = now, min(2 * self.every, 600)
        words = [
            f"seed {seed}, epoch {metrics['epoch']} of {self.epochs}: "
            f"train loss {metrics['train_loss']:.3f}"
        ]
        if metrics["test_accuracy"] is not None:
            words.append(f"test accuracy {100 * metrics['test_accuracy']:.2f} %")
        words.append(f"{format_duration(left)} left in this pack")
        self.log(", ".join(words), terminal=show)


def open_tally(path: Path | str, left: int, declared: int, at_once: int, kept: int = 0) -> None:
    """Say how many runs are left, and open the tally at `path` that finished packs add to.

    Of the `declared` runs, `left` are in unfinished packs, which train `at_once` jobs at the same
    time; `kept` of these were finished before and are trained again only where what defines them
    has changed since.
    """
    if not left:
        return
    line = f"training: {left - kept} of {declared} runs are left"
    if kept:
        line += f", {kept} of unfinished packs are kept"
    print(line, file=sys.stderr, flush=True)
    write_text(path, json.dumps({"runs": left, "at_once": at_once}) + "\n")


def add_to_tally(path: Path | str, runs: int, trained: int, seconds: float) -> str | None:
    """Add a finished pack to the tally; returns the line that says how long the others will train.

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
        return _describe_rest(first, packs)
    except (OSError, ValueError, KeyError):
        return None


def _describe_rest(first, packs):
    """The line about the rest, from the tally's first line and those of the packs."""
    done = sum(p["runs"] for p in packs)
    trained = sum(p["trained"] for p in packs)
    left = first["runs"] - done
    if left <= 0 or not trained:
        return None
    seconds = sum(p["seconds"] for p in packs if p["trained"]) / trained * left / first["at_once"]
    rest = f"about {format_duration(seconds)} of training left"
    line = f"{done} of {first['runs']} runs are trained; {rest}"
    if seconds > 86400:
        line += ": more than a day; a GPU, a cluster or a smaller study would be shorter"
    return line
