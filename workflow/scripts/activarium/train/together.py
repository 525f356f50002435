"""The seeds of a pack trained at once on one GPU: a step of all of them is one CUDA graph.

A step of one run is hundreds of small kernels, which the host launches too slowly and which leave
most of a GPU idle; benchmarks/README.md has what was measured. Every run is a branch of the graph,
so that what it computes does not depend on the others: a pack may be cut at will, and is where the
GPU's memory does not hold it, or where it fails. Memory is left free on purpose: cuDNN takes
another algorithm, and with it gives other bits, where it gets none to work in.
"""

import gc
import time
import traceback
from contextlib import suppress

import torch

from ..runtime.errors import describe_error
from .recording import BRANCHES, NotRecordedError, is_memory, record, settle, streams, warm_up
from .run import outcome

MARGIN = 1.5  # so many times what the first seed took must be free for each one


class Together:
    """Trains seeds in lockstep, as many at once as the GPU holds.

    `begin(seed)` gives the course of a run (`run.running`) whose training is a `lane.Lane`.
    `keep(seed, table)` is told of each that is finished, `crash(seed, error)` of each that is not;
    `progress` of epochs, and where seeds cannot train at once, or not recorded.
    """

    def __init__(self, begin, keep, crash, progress):
        self.begin, self.keep, self.crash, self.progress = begin, keep, crash, progress
        self.waiting, self.suspects = [], []  # of the latter one ended all the others
        self.tried = None  # a suspect that trains, or has trained, alone
        self.courses, self.asked = {}, {}
        self.room = None  # known when the first seed has shown what it takes
        self.recordable, self.graph, self.recorded = True, None, []

    def train(self, seeds):
        """Finish every seed, or say what crashed it."""
        self.waiting = list(seeds)
        while self.waiting or self.suspects or self.asked:
            if self.suspects and not self.asked:
                self.tried = self.suspects.pop(0)
                self.start(self.tried)
            while self.waiting and self._have_room():
                self.start(self.waiting.pop(0))
            try:
                answers = self.epoch() if self.asked else {}
            except Exception as error:
                self._again(error)
                continue
            self.progress.together(answers)
            for seed, answer in answers.items():
                self._go_on(seed, answer)

    def _have_room(self):
        """Whether another seed may train beside those that do."""
        alone = self.suspects or self.tried in self.asked
        return not alone and len(self.asked) < (self.room or 1)

    def start(self, seed):
        """Bring a run to its first step; one that memory does not hold waits for the others."""
        try:
            self.progress.again(seed)
            if self.room is None:
                torch.cuda.empty_cache()  # what another left would hide what this one takes
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_reserved()
            self.courses[seed] = self.begin(seed)
            self.asked[seed] = next(self.courses[seed])
            draws = self._take(self.asked[seed][0])
            if self.room is None:
                self.room = 1 if draws else self._fitting(before)
        except Exception as error:
            self._let_go([seed], error)
            if isinstance(error, NotRecordedError):
                self._by_hand([seed], error)
            elif is_memory(error) and self.asked:
                self._smaller([seed], len(self.asked))
            elif is_memory(error) and self.recordable:
                self._by_hand([seed], error)
            else:
                self.crash(seed, error)

    def _take(self, lane):
        """Get a run ready on a stream of its own; whether it draws from torch's global generators.

        These are all runs', so that such a one has to train alone.
        """
        used = [training.stream for training, _ in self.asked.values()]
        lane.stream = next(stream for stream in streams() if stream not in used)
        before = torch.get_rng_state(), torch.cuda.get_rng_state()
        waits = not warm_up(lane, lane.stream, [lane.evaluations])
        after = torch.get_rng_state(), torch.cuda.get_rng_state()
        on_host, on_gpu = (not torch.equal(*pair) for pair in zip(before, after, strict=True))
        torch.set_rng_state(before[0])
        torch.cuda.set_rng_state(before[1])
        if self.recordable and (waits or on_host):
            self._by_hand([], "it waits for the GPU" if waits else "it draws numbers on the CPU")
        if self.recordable:
            lane.record_evaluations()
        if self.room is None and (on_host or on_gpu):
            self.progress.say(
                "steps draw from torch's global generator, so that seeds train one after the other"
            )
        return on_host or on_gpu

    def _fitting(self, before):
        """How many seeds this GPU holds, from what the first one took beside the bytes `before`.

        That is what its steps took at most and what it holds now, recorded evaluations among it.
        """
        taken = torch.cuda.max_memory_reserved() - before
        torch.cuda.empty_cache()
        taken += torch.cuda.memory_reserved() - before
        free = torch.cuda.mem_get_info()[0]
        room = max(1, min(BRANCHES, int(free / (MARGIN * max(1, taken)))))
        if room <= len(self.waiting):
            self.progress.say(
                f"{room} of {1 + len(self.waiting)} seeds train at once: one takes "
                f"{taken / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB of this GPU are free"
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
        trained = self._replayed() if self.graph else self._launched()
        middle = time.perf_counter()
        evaluated = self._evaluated(lanes)
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

    def _replayed(self):
        """What the steps of an epoch gave each run, all replayed."""
        for lane, epoch in self.asked.values():
            lane.begin(epoch)
        for _ in range(self.recorded[0].feed.steps):
            self.graph.replay()
        return [lane.trained() for lane in self.recorded]

    def _launched(self):
        """The same, launched by the host, one run after the other."""
        current, trained = torch.cuda.current_stream(), []
        for lane, epoch in self.asked.values():
            lane.stream.wait_stream(current)
            with torch.cuda.stream(lane.stream):
                trained.append(lane.epoch(epoch))  # waits for it
        return trained

    def _evaluated(self, lanes):
        """{split: (loss, correct)} of each run, all computed at the same time."""
        current, found = torch.cuda.current_stream(), []
        for lane in lanes:
            lane.stream.wait_stream(current)
            with torch.cuda.stream(lane.stream):
                found.append(lane.evaluations())
        for lane in lanes:
            current.wait_stream(lane.stream)
        return [
            {split: (loss.item(), correct.cpu()) for split, (loss, correct) in of.items()}
            for of in found
        ]

    def _go_on(self, seed, answer):
        """Tell a run what its epoch gave, and hear what it asks for next."""
        try:
            self.asked[seed] = self.courses[seed].send(answer)
        except StopIteration as ended:
            self._drop(seed)
            self.keep(seed, ended.value)
        except Exception as error:
            self._let_go([seed], error)
            self.crash(seed, error)

    def _again(self, error):
        """Runs that failed together start again: by hand, fewer or alone; one alone has crashed."""
        seeds = list(self.asked)
        with suppress(Exception):  # of work that is still to fail
            torch.cuda.synchronize()
        self._let_go(seeds, error)
        full = is_memory(error)
        if isinstance(error, NotRecordedError) or (full and self.recordable and len(seeds) == 1):
            self._by_hand(seeds, error)
        elif len(seeds) == 1:
            self.crash(seeds[0], error)
        elif full:
            self._smaller(seeds, len(seeds) * 3 // 4)
        else:
            self.progress.say(
                f"{len(seeds)} seeds failed together ({describe_error(error)}): each alone now"
            )
            self.suspects += seeds

    def _by_hand(self, seeds, why):
        """From now on the host launches every step; these seeds start again."""
        self.recordable, self.graph, self.recorded = False, None, []
        why = describe_error(why) if isinstance(why, Exception) else why
        self.progress.say(f"a step is not recorded and trains several times slower: {why}")
        self.waiting[:0] = seeds

    def _smaller(self, seeds, room):
        """Only so many train at once; these seeds wait."""
        self.room = room
        self.progress.say(f"the GPU's memory is full: {room} seeds train at once from now on")
        self.waiting[:0] = seeds

    def _let_go(self, seeds, error):
        """Forget runs, and let the error that ended them hold nothing of theirs but its lines."""
        while error is not None:
            traceback.clear_frames(error.__traceback__)
            error = error.__cause__ or error.__context__
        for seed in seeds:
            self._drop(seed)

    def _drop(self, seed):
        """Forget a run and the memory it had."""
        self.graph, self.recorded = None, []
        self.asked.pop(seed, None)
        self.courses.pop(seed, None)
        gc.collect()
