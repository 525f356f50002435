"""How fast a combination trains and evaluates on this machine, from a few batches of noise.

python -m activarium.train.measure_speed, its arguments as JSON on the standard input
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from ..runtime import devices


def measure_speed(
    activation: Any, network: dict, recipe: Mapping[str, Any], shape: dict, batches: int
) -> dict[str, float]:
    """{"train", "evaluate": seconds an image} of one run, on one core or on the GPU.

    `activation` is an `ActivationSpec`, `network` its file and parameters, `recipe` all of its
    values, `shape` the {channels, size, classes} of the images. One batch warms up and `batches`
    are timed.
    """
    import torch

    from .dynamo import skip_dynamo_import
    from .fast_elu import speed_up_elu
    from .loop import Cell, train_run
    from .precision import prepare_torch
    from .sanity_check import SilentProgress, random_images

    skip_dynamo_import()
    speed_up_elu()
    prepare_torch(recipe["precision"])
    names = {"recipe": "r", "network": "n", "dataset": "d", "activation": activation.name}
    cell = Cell(names, dict(recipe) | {"epochs": 1}, network, activation)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for number in (1, batches):
        data = random_images(shape, number * recipe["batch_size"])
        silent = SilentProgress("", sys.stderr, 1)
        (cost,) = train_run(cell, 0, data, device, silent)["cost"].to_pylist()
    timed = batches * recipe["batch_size"]
    return {"train": cost["train_seconds"] / timed, "evaluate": cost["evaluate_seconds"] / timed}


def main() -> None:
    """Answer one request with a last line of JSON."""
    from ..activations import ActivationSpec

    asked = json.load(sys.stdin)
    found = measure_speed(ActivationSpec(**asked.pop("activation")), **asked)
    print(json.dumps(found))


if __name__ == "__main__":
    devices.use_one_thread()  # before torch is imported, as in training
    main()
