"""Latency: the time of one inference, as a ratio to ReLU's in the same minutes.

The activation alone is timed on the largest input that it has in the network, and the whole
network on images, each in float32 with batches of 1 and 128. Repeats of both take turns, and so
does who is first, so that what slows the machine slows both. A CPU computes on one thread, and its
own time counts; a GPU's calls follow one another at once. Behind ± stands half the distance between
the quartiles of the repeats. ReLU beside itself shows what is noise.
"""

title = "Latency, as a ratio to ReLU"
place = 20
device = "any"
alone = True
columns = {
    "subject": ("string", "activation or network"),
    "device": ("string", "cpu or cuda"),
    "device_name": ("string", ""),
    "batch": ("int32", "images"),
    "mode": ("string", "eager or compiled"),
    "seconds": ("float64", "s of one call, median over repeats"),
    "relu_seconds": ("float64", "s of one call with ReLU"),
    "ratio": ("float64", "median over pairs of repeats"),
    "ratio_low": ("float64", "lower quartile"),
    "ratio_high": ("float64", "upper quartile"),
    "repeats": ("int32", "pairs"),
    "refused": ("string", "why it was not timed"),
}
quantities = {
    "activation": ("Activation alone", "ratio"),
    "network": ("Whole network", "ratio"),
}
BATCHES = (1, 128)
REPEATS = 20
SHORTEST = 0.002  # seconds of a repeat, which calls as often as that takes


def measure(trained):
    """A row for each device, batch, subject and mode."""
    import torch

    from ..activations import ActivationSpec
    from ..train.run_cost import machine

    specs = (None, ActivationSpec("relu"))
    kinds = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    for kind in kinds:
        networks = [trained.untrained_network(spec).to(kind) for spec in specs]
        about = {"device": kind, "device_name": machine(torch.device(kind))["device_name"]}
        for batch in BATCHES:
            for row in _time_networks(networks, _images(trained, batch, kind)):
                yield about | {"batch": batch} | row


def _images(trained, batch, kind):
    """Random images as normalised ones are, of the shape of the data."""
    import torch

    shape = trained.data["test"][0].shape[1:]
    draws = torch.Generator().manual_seed(0)
    return torch.randn(batch, *shape, generator=draws).to(kind)


def _time_networks(networks, images):
    """The rows of one batch: of each subject, eager and compiled."""
    from ._trained_cell import activations_of, largest_input

    layers = [list(activations_of(network)) for network in networks]
    inputs = [largest_input(networks[0], layer, images) for layer in layers[0]]
    largest = max(range(len(inputs)), key=lambda k: inputs[k].numel())
    subjects = {
        "activation": ([own[largest] for own in layers], inputs[largest]),
        "network": (networks, images),
    }
    for subject, (pair, x) in subjects.items():
        for mode in ("eager", "compiled"):
            yield {"subject": subject, "mode": mode} | _time_pair(pair, x, mode)


def _time_pair(pair, x, mode):
    """The columns from `seconds` on; `refused` where one cannot be compiled or called."""
    import torch

    from ..runtime.errors import describe_error

    try:
        if mode == "compiled":
            torch.compiler.reset()
            pair = [torch.compile(module, dynamic=False) for module in pair]
        with torch.no_grad():
            return time_calls(*pair, x, REPEATS)
    except Exception as error:  # no compiler, or torch's own kinds
        return {"refused": describe_error(error)}


def time_calls(first, second, x, repeats):
    """Seconds of a call of `first` and `second` on x, in turns, and the ratio of each pair."""
    import numpy as np

    calls = [_calls_needed(function, x) for function in (first, second)]
    pairs = np.empty((repeats, 2))
    for repeat in range(repeats):
        for k in ((0, 1), (1, 0))[repeat % 2]:
            pairs[repeat, k] = _seconds((first, second)[k], x, calls[k])
    low, ratio, high = np.quantile(pairs[:, 0] / pairs[:, 1], (0.25, 0.5, 0.75))
    seconds, relu = np.median(pairs, 0)
    found = {"seconds": seconds, "relu_seconds": relu, "ratio": ratio}
    found |= {"ratio_low": low, "ratio_high": high}
    return {name: float(value) for name, value in found.items()} | {"repeats": repeats}


def _calls_needed(function, x):
    """How many calls take SHORTEST, once it is warm."""
    _seconds(function, x, 3)
    n = 1
    while _seconds(function, x, n) * n < SHORTEST:
        n *= 2
    return n


def _seconds(function, x, n):
    """Seconds of each of n calls: of the CPU's own time, or until a GPU is done."""
    import time

    import torch

    on_gpu = x.device.type == "cuda"
    clock = time.perf_counter if on_gpu else time.process_time
    start = clock()
    for _ in range(n):
        function(x)
    if on_gpu:
        torch.cuda.synchronize()
    return (clock() - start) / n


def summarise(table):
    """The ratio of each subject, device, batch and mode."""
    for row in table.to_dict("records"):
        where = {"cpu": "CPU", "cuda": "GPU"}[row["device"]]
        part = f"batch {row['batch']}, {row['mode']}, {where}"
        spread = (row["ratio_high"] - row["ratio_low"]) / 2
        found = {"quantity": row["subject"], "part": part, "value": row["ratio"]}
        yield found | {"spread": spread, "n": row["repeats"], "text": row["refused"]}
