"""Images a second of our training loop beside a plain torchvision DataLoader loop, on one thread.

    ACTIVARIUM_DATA=folder python benchmarks/throughput.py [rounds] [--keep-nothing]

The same net, optimiser and batches' size on the real CIFAR-10: ResNet-14 of width 16, Adam 1e-3,
batch 128, crop and flip, float32. The two take turns in the same minutes, so that whatever else
the machine does slows both. The plain loop is the one that tutorials show: PIL images, RandomCrop
and RandomHorizontalFlip, ToTensor, Normalize, channels first, torch.optim.Adam. With
--keep-nothing both run without `devices.keep_freed_memory`.
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "workflow/scripts"))

from activarium import devices

devices.one_thread()
if "--keep-nothing" not in sys.argv:
    devices.keep_freed_memory()

import torch  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torchvision import datasets as vision  # noqa: E402
from torchvision import transforms as T  # noqa: E402

from activarium import activations, datasets, networks, prepare  # noqa: E402
from activarium.train import data, step  # noqa: E402

IMAGES, BATCH = 2560, 128
RECIPE = {
    "optimizer": "adam",
    "learning_rate": 0.001,
    "schedule": "constant",
    "batch_size": BATCH,
    "epochs": 20,
    "weight_decay": 0.0,
    "augmentation": "crop_flip",
    "label_smoothing": 0.0,
    "precision": "float32",
}


def network():
    return networks.load("resnet14").build(lambda: activations.module("gelu"), 3, 10, 32, width=16)


def ours(root):
    """A function that trains one epoch of IMAGES images as a job does."""
    images = datasets.load("cifar10").load(root)
    mean, sd = prepare._moments(images.train_images)
    about = {"name": "cifar10", "mean": mean, "sd": sd}
    resident = data.resident(images, about, IMAGES, 0, torch.device("cpu"))
    training = step.Training(network(), resident, RECIPE, 0, torch.device("cpu"))
    return training.epoch


def plain(root):
    """A function that trains one epoch of IMAGES images as tutorials do."""
    crop_and_flip = [T.RandomCrop(32, padding=4), T.RandomHorizontalFlip()]
    normalise = T.Normalize((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
    whole = vision.CIFAR10(root, transform=T.Compose([*crop_and_flip, T.ToTensor(), normalise]))
    subset = torch.utils.data.Subset(whole, range(IMAGES))
    loader = torch.utils.data.DataLoader(subset, BATCH, shuffle=True, drop_last=True)
    net = network().train()
    optimiser = torch.optim.Adam(net.parameters(), lr=0.001)

    def epoch(_):
        for x, y in loader:
            optimiser.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimiser.step()

    return epoch


def main(rounds):
    step.prepare_torch()
    root = datasets.root()
    loops, rates = {"ours": ours(root), "plain": plain(root)}, {"ours": [], "plain": []}
    for number in range(rounds + 1):
        for name, epoch in loops.items():
            wall, cpu = time.perf_counter(), time.process_time()
            epoch(number)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if number:  # the first round warms up
                rates[name].append((IMAGES / wall, IMAGES / cpu))
    for name, found in rates.items():
        wall, cpu = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"{name}: {wall:.0f} img/s, {cpu:.0f} a CPU second")
    ratios = [o[1] / p[1] for o, p in zip(rates["ours"], rates["plain"], strict=True)]
    print(f"ours / plain, a CPU second: {statistics.median(ratios):.2f} "
          f"({min(ratios):.2f} to {max(ratios):.2f} over {rounds} rounds)")  # fmt: skip


if __name__ == "__main__":
    main(int(next(iter(a for a in sys.argv[1:] if a.isdigit()), 5)))
