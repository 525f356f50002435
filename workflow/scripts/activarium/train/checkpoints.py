"""Checkpoints of a run in training: from the last finished epoch on, nothing is done twice."""

import time

from .cost import machine
from .recording import is_memory

APART = 2.0  # seconds from one to the next: what a kill may cost beside the epoch that runs
SHARE = 20  # and so many times as long as all take to write, so that they cost a twentieth at most


class Checkpoints:
    """Those of one run, in the `store` of its cell; only this kind of machine takes them up.

    `at_once()` is how many runs wait for one another meanwhile, each of which writes its own.
    """

    def __init__(self, store, seed, progress, at_once=lambda: 1):
        self.store, self.seed, self.progress, self.at_once = store, seed, progress, at_once
        self.next = time.monotonic() + APART

    def resume(self, training, told):
        """Bring `training` to its last checkpoint; returns what was told by then, else `told`.

        One that `training` cannot take goes, so that the next start begins anew.
        """
        state = self.store.resume(self.seed)
        if state is None or state["machine"] != machine(training.device):
            return told
        try:
            training.restore(state["training"])
        except Exception as error:
            if not is_memory(error):  # which says nothing about it
                self.store.forget(self.seed)
            raise
        self.progress.say(f"seed {self.seed} goes on after epoch {len(state['told']['epochs'])}")
        return state["told"]

    def save(self, training, told):
        """Keep the state after an epoch, unless the last one is hardly older.

        A disk that has no place for it, or a state that cannot be written, costs the checkpoint
        and not the run, as long as the log still has place.
        """
        begun = time.monotonic()
        if begun < self.next:
            return
        try:
            state = {"told": told, "training": training.state()}
            self.store.save(self.seed, state | {"machine": machine(training.device)})
        except Exception as error:
            self.progress.say(f"seed {self.seed}: no checkpoint is kept ({error})", terminal=False)
        now = time.monotonic()
        self.next = now + max(APART, SHARE * self.at_once() * (now - begun))
