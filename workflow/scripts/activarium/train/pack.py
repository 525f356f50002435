"""One job's work: the seeds of one cell, one after the other, each finished one kept at once."""

import traceback


def train_pack(seeds, run, unfinished, progress):
    """Finish every seed of `seeds` in `unfinished`; a seed that crashes costs only itself.

    `run(seed, after_epoch)` trains one seed and returns its one-row table. Raises RuntimeError
    naming the seeds that crashed, after all the others are done. Returns how many were trained.
    """
    crashed, trained = {}, 0
    for seed in seeds:
        if unfinished.take(seed) is not None:
            progress.say(f"seed {seed} was finished before and is taken as it is")
            continue
        try:
            unfinished.keep(seed, run(seed))
            trained += 1
        except Exception as error:  # whatever it is, the other seeds go on
            progress.say(traceback.format_exc(), terminal=False)
            progress.say(f"seed {seed} crashed: {type(error).__name__}: {error}")
            crashed[seed] = error
    if crashed:
        names = ", ".join(map(str, crashed))
        raise RuntimeError(
            f"seed {names} of {progress.label} crashed ({next(iter(crashed.values()))}); "
            "the other seeds are kept: the next start trains only what is missing"
        )
    return trained
