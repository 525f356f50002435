"""The seeds of a pack trained at once on one GPU: a step of all of them is one CUDA graph.

A step of one run is hundreds of small kernels, which the host launches too slowly and which leave
most of a GPU idle; benchmarks/README.md has what was measured. Every run is a branch of the graph,
so that what it computes does not depend on the others: a pack may be cut at will, and is where the
GPU's memory does not hold it, or where it fails.
"""

import gc
import time

import torch

from .recording import NotRecordedError, record, settle, streams, warm_up
from .run import outcome

AT_ONCE = 16  # seeds
MARGIN = 1.5  # so many times what the first seed took must be free for each other one


class Together:
    """Trains seeds in lockstep, as many at once as the GPU holds.

    `begin(seed)` gives the course of a run (`run.running`) whose training is a `lane.Lane`.
    `keep(seed, table)` is told of each that is finished, `crash(seed, error)` of each that is not;
    `say` gets a line where seeds cannot train at once, or not recorded.
    """

    def __init__(self, begin, keep, crash, say):
        self.begin, self.keep, self.crash, self.say = begin, keep, crash, say
        self.waiting, self.courses, self.asked = [], {}, {}
        self.room = None  # known when the first seed has shown what it takes
        self.recordable, self.graph, self.recorded = True, None, []

    def train(self, seeds):
        """Finish every seed, or say what crashed it."""
        self.waiting = list(seeds)
        while self.waiting or self.asked:
            while self.waiting and len(self.asked) < (self.room or 1):
                self.start(self.waiting.pop(0))
            try:
                answers = self.epoch() if self.asked else {}
            except Exception as error:
                self._again(error)
            else:
                for seed, answer in answers.items():
                    self._go_on(seed, answer)

    def start(self, seed):
        """Bring a run to its first step; one that memory does not hold waits for the others."""
        try:
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            self.courses[seed] = self.begin(seed)
            self.asked[seed] = next(self.courses[seed])
            alone = self._take(self.asked[seed][0])
            if self.room is None:
                self.room = 1 if alone else self._fitting(before)
        except StopIteration as ended:  # a checkpoint of a run that was all but kept
            self._drop(seed)
            self.keep(seed, ended.value)
        except NotRecordedError as error:
            self._by_hand([seed], error)
        except Exception as error:
            self._drop(seed)
            if isinstance(error, torch.OutOfMemoryError) and self.asked:
                self.room = len(self.asked)
                self.waiting.insert(0, seed)
            else:
                self.crash(seed, error)

    def _take(self, lane):
        """Get a run ready on a stream of its own; whether it has to be the only one.

        What draws from torch's global generators, which all runs share, has to be.
        """
        used = [training.stream for training, _ in self.asked.values()]
        lane.stream = next(stream for stream in streams() if stream not in used)
        before = torch.get_rng_state(), torch.cuda.get_rng_state()
        waits = not warm_up(lane, lane.stream)
        after = torch.get_rng_state(), torch.cuda.get_rng_state()
        on_host, on_gpu = (not torch.equal(*pair) for pair in zip(before, after, strict=True))
        torch.set_rng_state(before[0])
        torch.cuda.set_rng_state(before[1])
        if self.recordable and (waits or on_host):
            self._by_hand([], "it waits for the GPU" if waits else "it draws numbers on the CPU")
        if self.recordable:
            lane.record_evaluations()
        if self.room is None and (on_host or on_gpu):
            self.say("steps draw from torch's global generator, so seeds train one after the other")
        return on_host or on_gpu

    def _fitting(self, before):
        """How many seeds this GPU holds, from what the first one took beside the bytes `before`."""
        taken = torch.cuda.max_memory_allocated() - before
        torch.cuda.empty_cache()
        free = torch.cuda.mem_get_info()[0]
        room = min(AT_ONCE, 1 + int(free / (MARGIN * max(1, taken))))
        if room <= len(self.waiting):
            self.say(
                f"{room} of {1 + len(self.waiting)} seeds train at once: one takes "
                f"{taken / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB of this GPU were free"
            )
        return room

    def epoch(self):
        """Train and evaluate one epoch of all that is asked for; {seed: what `train_epoch` gives}.

        Seconds are each one's share of those that passed.
        """
        lanes = [lane for lane, _ in self.asked.values()]
        if self.recordable and lanes != self.recorded:
            self._record(lanes)
        start = time.perf_counter()
        for lane, epoch in self.asked.values():
            lane.begin(epoch)
        self._steps(lanes)
        trained = [lane.trained(epoch) for lane, epoch in self.asked.values()]
        middle = time.perf_counter()
        evaluated = self._evaluate(lanes)
        seconds = {"train": middle - start, "evaluate": time.perf_counter() - middle}
        seconds = {what: spent / len(lanes) for what, spent in seconds.items()}
        told = zip(self.asked.items(), trained, evaluated, strict=True)
        return {seed: (*outcome(epoch, t, e), seconds) for (seed, (_, epoch)), t, e in told}

    def _record(self, lanes):
        """One step of all these runs as a graph, in place of the one before."""
        self.graph, self.recorded = None, []
        for lane in lanes:
            lane.network.train()
            lane.optimiser.zero_grad(set_to_none=True)
        settle()
        generators = {generator for lane in lanes for generator in lane.generators()}
        self.graph = record([(lane.advance, lane.stream) for lane in lanes], generators)
        self.recorded = lanes

    def _steps(self, lanes):
        """All steps of an epoch, recorded or launched by the host."""
        for _ in range(lanes[0].feed.steps):
            if self.graph:
                self.graph.replay()
            else:
                for lane in lanes:
                    lane.advance()

    def _evaluate(self, lanes):
        """{split: (loss, correct)} of each run, all computed at the same time."""
        current, found = torch.cuda.current_stream(), []
        for lane in lanes:
            lane.stream.wait_stream(current)
            with torch.cuda.stream(lane.stream):
                found.append({split: lane.evaluated(split) for split in lane.splits})
        for lane in lanes:
            current.wait_stream(lane.stream)
        return [
            {s: (loss.item(), correct.cpu()) for s, (loss, correct) in of.items()} for of in found
        ]

    def _go_on(self, seed, answer):
        """Tell a run what its epoch gave, and hear what it asks for next."""
        try:
            self.asked[seed] = self.courses[seed].send(answer)
        except StopIteration as ended:
            self._drop(seed)
            self.keep(seed, ended.value)
        except Exception as error:
            self._drop(seed)
            self.crash(seed, error)

    def _again(self, error):
        """Runs that failed together start again, half as many at once; one alone has crashed."""
        seeds = list(self.asked)
        if isinstance(error, NotRecordedError):
            self._by_hand(seeds, error)
            return
        for seed in seeds:
            self._drop(seed)
        if len(seeds) == 1:
            self.crash(seeds[0], error)
            return
        self.waiting[:0] = seeds
        self.room = len(seeds) // 2
        said = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        self.say(f"{len(seeds)} seeds failed together ({said}): {self.room} at once from now on")

    def _by_hand(self, seeds, why):
        """From now on the host launches every step; these seeds start again."""
        self.recordable = False
        self.say(f"a step cannot be recorded and trains several times slower: {why}")
        for seed in seeds:
            self._drop(seed)
        self.waiting[:0] = seeds

    def _drop(self, seed):
        """Forget a run and the memory it had."""
        self.graph, self.recorded = None, []
        self.asked.pop(seed, None)
        self.courses.pop(seed, None)
        gc.collect()
