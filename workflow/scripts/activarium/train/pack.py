"""One job's work: the seeds of one cell, one after the other, each finished one kept at once."""

import traceback

from ..refusal import Refusal


class CrashedError(Refusal):
    """Runs that ended in an exception; the message names their seeds and what is kept."""


def train_pack(seeds, run, unfinished, progress):
    """Finish every seed of `seeds` in `unfinished`; a seed that crashes costs only itself.

    `run(seed)` trains one seed and returns its one-row table. Raises CrashedError naming the
    seeds that crashed, after all the others are done. Returns {seed: table}, whatever becomes of
    `unfinished` meanwhile (another execution of the same pack clears it), and how many of them
    were trained now.
    """
    finished = {seed: unfinished.take(seed) for seed in seeds}
    missing = [seed for seed in seeds if finished[seed] is None]
    if len(missing) < len(seeds):
        kept = len(seeds) - len(missing)
        progress.say(f"{kept} of {len(seeds)} runs were finished before and are taken as they are")
    crashed = {}
    for follow, seed in zip(reversed(range(len(missing))), missing, strict=True):
        progress.starts(follow)
        try:
            finished[seed] = run(seed)
            unfinished.keep(seed, finished[seed])
        except Exception as error:  # whatever it is, the other seeds go on
            progress.say(traceback.format_exc(), terminal=False)
            # As text: the exception itself would hold the crashed network in memory.
            crashed[seed] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            progress.say(f"seed {seed} crashed: {crashed[seed]}")
    if crashed:
        names = ", ".join(map(str, crashed))
        raise CrashedError(
            f"seed {names} of {progress.label} crashed ({next(iter(crashed.values()))}); "
            "the other seeds are kept: the next start trains only what is missing"
        )
    return finished, len(missing)
