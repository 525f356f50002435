"""The seeds of a pack trained at once on one GPU: a step of all of them is one CUDA graph.

A step of one run is hundreds of small kernels, which the host launches too slowly and which leave
most of a GPU idle; benchmarks/README.md has what was measured. Every run is a branch of the graph,
so that what it computes does not depend on the others. A pack may therefore be cut at will, and is
where the GPU's memory does not hold it, or where it fails. Memory is left free on purpose: cuDNN
takes another algorithm, and with it gives other bits, where it gets none to work in.
"""

import gc
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress

import pyarrow as pa
import torch

from ..runtime.errors import describe_error
from .graphed_evaluation import capture_evaluation, evaluate_together
from .graphs import (
    BRANCHES,
    CaptureError,
    branch_streams,
    capture,
    is_out_of_memory,
    synchronize,
    warm_up,
)
from .loop import Run, is_evaluated, join_metrics
from .progress import Progress
from .step import GraphedTraining

MARGIN = 1.5  # so many times what the first seed took must be free for each one


class ConcurrentTrainer:
    """Trains seeds in lockstep, as many at once as the GPU holds.

    `make_run(seed)` gives a `loop.Run` whose training is a `step.GraphedTraining`.
    `keep(seed, table)` is called with each that is finished, `crash(seed, error)` with each that
    is not; `progress` gets epochs, and why seeds cannot train at once, or not captured.
    """

    def __init__(
        self,
        make_run: Callable[[int], Run],
        keep: Callable[[int, pa.Table], None],
        crash: Callable[[int, BaseException], None],
        progress: Progress,
    ):
        self.make_run, self.keep, self.crash, self.progress = make_run, keep, crash, progress
        self.runs: dict[int, Run] = {}  # those in training
        self.waiting: list[int] = []
        self.suspects: list[int] = []  # one of them ended all the others
        self.lone_seed: int | None = None  # a suspect that trains, or has trained, alone
        self.capacity: int | None = None  # known when the first seed has shown what it takes
        self.captures = True  # whether steps are captured
        self.graph: torch.cuda.CUDAGraph | None = None
        self.captured: list[GraphedTraining] = []  # those whose step is the graph

    def train(self, seeds: Iterable[int]) -> None:
        """Finish every seed, or say what crashed it."""
        self.waiting = list(seeds)
        while self.waiting or self.suspects or self.runs:
            if self.suspects and not self.runs:
                seed = self.lone_seed = self.suspects.pop(0)
                self.start(seed)
            while self.waiting and self._has_room():
                self.start(self.waiting.pop(0))
            try:
                results = self.train_epoch() if self.runs else {}
            except Exception as error:
                self._retry(error)
                continue
            self.progress.end_epochs(results)
            for seed, result in results.items():
                self._advance(seed, result)

    def _has_room(self):
        """Whether another seed may train beside those that do."""
        alone = self.suspects or self.lone_seed in self.runs
        return not alone and len(self.runs) < (self.capacity or 1)

    def start(self, seed: int) -> None:
        """Bring a run to its first step; one that memory does not hold waits for the others."""
        try:
            self.progress.start_seed(seed)
            if self.capacity is None:
                torch.cuda.empty_cache()  # what another left would hide what this one takes
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_reserved()
            self.runs[seed] = self.make_run(seed)
            draws = self._warm_up(seed)
            if self.capacity is None:
                self.capacity = 1 if draws else self._measure_capacity(before)
        except Exception as error:
            self._release([seed], error)
            if isinstance(error, CaptureError):
                self._disable_graph([seed], error)
            elif is_out_of_memory(error) and self.runs:
                self._shrink([seed], len(self.runs))
            elif is_out_of_memory(error) and self.captures:
                self._disable_graph([seed], error)
            else:
                self.crash(seed, error)

    def _warm_up(self, seed):
        """Get a run ready on a stream of its own; whether it draws from torch's global generators.

        These are all runs', so that such a one has to train alone.
        """
        training = self.runs[seed].training
        used = [run.training.stream for run in self.runs.values()]
        training.stream = next(stream for stream in branch_streams() if stream not in used)
        before = torch.get_rng_state(), torch.cuda.get_rng_state()
        waits = not warm_up(training, training.stream, [training.evaluate_splits])
        after = torch.get_rng_state(), torch.cuda.get_rng_state()
        on_host, on_gpu = (not torch.equal(*pair) for pair in zip(before, after, strict=True))
        torch.set_rng_state(before[0])
        torch.cuda.set_rng_state(before[1])
        if self.captures and (waits or on_host):
            why = "it waits for the GPU" if waits else "it draws numbers on the CPU"
            self._disable_graph([], why)
        if self.captures:
            capture_evaluation(training)
        if self.capacity is None and (on_host or on_gpu):
            self.progress.log(
                "steps draw from torch's global generator, so that seeds train one after the other"
            )
        return on_host or on_gpu

    def _measure_capacity(self, before):
        """How many seeds this GPU holds, from what the first one took beside the bytes `before`.

        That is what its steps took at most and what it holds now, captured evaluations among it.
        """
        taken = torch.cuda.max_memory_reserved() - before
        torch.cuda.empty_cache()
        taken += torch.cuda.memory_reserved() - before
        free = torch.cuda.mem_get_info()[0]
        capacity = max(1, min(BRANCHES, int(free / (MARGIN * max(1, taken)))))
        if capacity <= len(self.waiting):
            self.progress.log(
                f"{capacity} of {1 + len(self.waiting)} seeds train at once: one takes "
                f"{taken / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB of this GPU are free"
            )
        return capacity

    def train_epoch(self) -> dict:
        """Train and evaluate one epoch of all runs; {seed: what `loop.train_epoch` gives}.

        Seconds are each one's share of those that passed.
        """
        trainings = [run.training for run in self.runs.values()]
        if self.captures and trainings != self.captured:
            self._capture_step(trainings)
        start = time.perf_counter()
        trained = self._replay_steps() if self.graph else self._launch_steps()
        middle = time.perf_counter()
        evaluated = self._evaluate()
        seconds = {"train": middle - start, "evaluate": time.perf_counter() - middle}
        seconds = {phase: spent / len(trainings) for phase, spent in seconds.items()}
        given = zip(self.runs.items(), trained, evaluated, strict=True)
        return {seed: (*join_metrics(run.epoch, t, e), seconds) for (seed, run), t, e in given}

    def _evaluate(self):
        """{split: (loss, correct)} of each run; empty where its recipe leaves this epoch out."""
        due = [r.training for r in self.runs.values() if is_evaluated(r.training.recipe, r.epoch)]
        found = dict(zip(map(id, due), evaluate_together(due), strict=True))
        return [found.get(id(run.training), {}) for run in self.runs.values()]

    def _capture_step(self, trainings):
        """One step of all these runs as a graph, in place of the one before."""
        self.graph, self.captured = None, []
        for training in trainings:
            training.network.train()
            training.optimiser.zero_grad(set_to_none=True)
        synchronize()
        generators = {generator for training in trainings for generator in training.generators()}
        work = [(training.train_batch, training.stream) for training in trainings]
        self.graph = capture(work, generators)
        self.captured = trainings

    def _replay_steps(self):
        """What the steps of an epoch gave each run, all replayed."""
        for run in self.runs.values():
            run.training.begin_epoch(run.epoch)
        for _ in range(self.captured[0].loader.steps):
            self.graph.replay()
        return [training.epoch_metrics() for training in self.captured]

    def _launch_steps(self):
        """The same, launched by the host, one run after the other."""
        current, trained = torch.cuda.current_stream(), []
        for run in self.runs.values():
            run.training.stream.wait_stream(current)
            with torch.cuda.stream(run.training.stream):
                trained.append(run.training.train_epoch(run.epoch))  # waits for it
        return trained

    def _advance(self, seed, result):
        """Tell a run what its epoch gave; one that has ended is kept."""
        try:
            self.runs[seed].add_epoch(*result)
            table = self.runs[seed].table() if self.runs[seed].is_finished else None
        except Exception as error:
            self._release([seed], error)
            self.crash(seed, error)
            return
        if table is not None:
            self._drop(seed)
            self.keep(seed, table)

    def _retry(self, error):
        """Start runs that failed together again: not captured, fewer, or alone.

        One that was alone has crashed.
        """
        seeds = list(self.runs)
        with suppress(Exception):  # of work that is still to fail
            torch.cuda.synchronize()
        self._release(seeds, error)
        full = is_out_of_memory(error)
        if isinstance(error, CaptureError) or (full and self.captures and len(seeds) == 1):
            self._disable_graph(seeds, error)
        elif len(seeds) == 1:
            self.crash(seeds[0], error)
        elif full:
            self._shrink(seeds, len(seeds) * 3 // 4)
        else:
            why = describe_error(error)
            self.progress.log(f"{len(seeds)} seeds failed together ({why}): each alone now")
            self.suspects += seeds

    def _disable_graph(self, seeds, why):
        """From now on the host launches every step; these seeds start again."""
        self.captures, self.graph, self.captured = False, None, []
        why = describe_error(why) if isinstance(why, Exception) else why
        self.progress.log(f"a step is not captured and trains several times slower: {why}")
        self.waiting[:0] = seeds

    def _shrink(self, seeds, capacity):
        """Only so many train at once; these seeds wait."""
        self.capacity = capacity
        self.progress.log(f"the GPU's memory is full: {capacity} seeds train at once from now on")
        self.waiting[:0] = seeds

    def _release(self, seeds, error):
        """Forget runs, and let the error that ended them hold nothing of theirs but its lines."""
        while error is not None:
            traceback.clear_frames(error.__traceback__)
            error = error.__cause__ or error.__context__
        for seed in seeds:
            self._drop(seed)

    def _drop(self, seed):
        """Forget a run and the memory it had."""
        self.graph, self.captured = None, []
        self.runs.pop(seed, None)
        gc.collect()
