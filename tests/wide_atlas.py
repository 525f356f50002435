"""The evidence of an atlas with more activations and settings than were ever published."""

from dataclasses import replace
from itertools import cycle, islice

from activarium.atlas.site import build_site

DATASETS = ("CIFAR-10", "CIFAR-100", "STL-10")
FAMILIES = ("ResNet-14, pre-activation", "vision transformer", "fast convolutional net")
REGIMES = (
    "7 epochs, SGD at a tuned rate, bfloat16, crops and flips",
    "20 epochs, AdamW at 0.001",
    "200 epochs, SGD at 0.1, crops and flips",
)
VERDICTS = ("better", "worse", "not shown", "equivalent")


def wide_index(evidence, activations=60, settings=40):
    """index.html of `evidence` with its first setting's numbers in every cell, as text."""
    study = evidence.studies[0]
    names = [name for name in evidence.specs if name != "gelu"][: activations - 1]
    made = [_setting(study.settings[0], names, k) for k in range(settings)]
    wide = replace(evidence, studies=[replace(study, settings=made)], claims=[])
    return build_site(wide)["index.html"].decode()


def _setting(base, names, k):
    """The setting number k: other words, and other runs in each cell, so that none is shared."""
    words = {
        "dataset": DATASETS[k % 3],
        "family": FAMILIES[k // 3 % 3],
        "network": f"{FAMILIES[k // 3 % 3]}, width 64",
        "regime": REGIMES[k // 9 % 3],
        "recipe": REGIMES[k // 9 % 3],
    }
    verdicts = islice(cycle(VERDICTS), k, None)
    cells = {"gelu": base.cells["gelu"] | {"runs": {k: (k, 0)}}}
    for n, (name, verdict) in enumerate(zip(names, verdicts, strict=False), 1):
        own = {"activation": name, "diff_verdict": verdict, "runs": {k: (k, n)}}
        cells[name] = base.cells["relu"] | own
    place = (f"recipe_{k}", "resnet14_16", "cifar10")
    return replace(base, names=place, words=words, cells=cells, pairs=[])
