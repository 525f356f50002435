"""Checkpoints of a run in training: from the last finished epoch on, nothing is done twice."""

import time
from collections.abc import Callable

from .graphs import is_out_of_memory
from .progress import Progress
from .run_cost import machine
from .step import Training
from .unfinished_runs import RunStore

MIN_INTERVAL = 2.0  # seconds between two: what a kill may cost beside the epoch that runs
COST_RATIO = 20  # and so many times as long as all take to write: they cost a twentieth at most


class Checkpoints:
    """The checkpoints of one run, in the `store` of its cell.

    Only a machine of the same kind takes one up. `count_runs()` is how many runs train at once,
    since each writes its own and the others wait.
    """

    def __init__(
        self,
        store: RunStore,
        seed: int,
        progress: Progress,
        count_runs: Callable[[], int] = lambda: 1,
    ):
        self.store, self.seed, self.progress, self.count_runs = store, seed, progress, count_runs
        self.next = time.monotonic() + MIN_INTERVAL

    def resume(self, training: Training, history: dict) -> dict:
        """Bring `training` to its last checkpoint; returns the history by then, else `history`.

        A checkpoint that `training` cannot take is deleted, so that the next start begins anew.
        """
        state = self.store.load_checkpoint(self.seed)
        if state is None or state["machine"] != machine(training.device):
            return history
        try:
            training.load_state_dict(state["training"])
        except Exception as error:
            if not is_out_of_memory(error):  # which says nothing about the checkpoint
                self.store.delete_checkpoint(self.seed)
            raise
        epochs = len(state["history"]["epochs"])
        self.progress.log(f"seed {self.seed} goes on after epoch {epochs}")
        return state["history"]

    def save(self, training: Training, history: dict) -> None:
        """Keep the state after an epoch, unless the last checkpoint is hardly older.

        Where the disk is full, or the state cannot be written, the run goes on without a
        checkpoint and the log says why.
        """
        begun = time.monotonic()
        if begun < self.next:
            return
        try:
            state = {"history": history, "training": training.state_dict()}
            self.store.save_checkpoint(self.seed, state | {"machine": machine(training.device)})
        except Exception as error:
            self.progress.log(f"seed {self.seed}: no checkpoint is kept ({error})", terminal=False)
        now = time.monotonic()
        self.next = now + max(MIN_INTERVAL, COST_RATIO * self.count_runs() * (now - begun))
