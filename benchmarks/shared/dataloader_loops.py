"""The training loop that tutorials show: torchvision, PIL images, a DataLoader; also Lightning's.

PIL images, RandomCrop and RandomHorizontalFlip, ToTensor, Normalize, channels first,
torch.optim.Adam, torch's own defaults throughout; autocast where the recipe is bfloat16. So on a
GPU its float32 convolutions round to TF32, which is several times faster; ours do where the recipe
is tf32, and that is the one to compare in.
"""

import time
from contextlib import nullcontext

import torch
from PIL import Image
from torch.nn import functional as F
from torchvision import datasets as vision
from torchvision import transforms as T

from activarium.runtime import devices

from . import setting as settings


class Random(torch.utils.data.Dataset):
    """What torchvision's CIFAR10 is, of random images: PIL images from an array in memory."""

    def __init__(self, n, transform):
        self.data, self.targets = settings.images(n)
        self.transform = transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.data[index])), int(self.targets[index])


def make_loader(n, batch, workers, device):
    """Batches of `n` images, read by so many processes (0: by this one)."""
    crop_and_flip = [T.RandomCrop(32, padding=4), T.RandomHorizontalFlip()]
    normalise = T.Normalize(settings.MEAN, settings.SD)
    transform = T.Compose([*crop_and_flip, T.ToTensor(), normalise])
    if settings.source():
        whole = vision.CIFAR10(settings.source(), transform=transform)
        images = torch.utils.data.Subset(whole, range(n))
    else:
        images = Random(n, transform)
    return torch.utils.data.DataLoader(
        images,
        batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        # Linux's way in a script until Python 3.14. A process that was spawned, as this one, would
        # spawn its own, of which each imports torch and is sent all images.
        multiprocessing_context="fork" if workers else None,
        persistent_workers=workers > 0,
        pin_memory=device == "cuda",
    )


def start_workers(batches):
    """The loader with its processes running, which are forked before there is CUDA to be copied."""
    iter(batches)
    return batches


def loop(n, batch, workers, device):
    """A function of a Setting that trains its network on `n` images; (seconds, CPU seconds).

    The network is made when it is first asked for, and that first epoch only warms up.
    """
    batches, made = start_workers(make_loader(n, batch, workers, device)), {}

    def epoch(setting):
        if setting not in made:
            net = setting.network().to(device).train()
            made[setting] = net, torch.optim.Adam(net.parameters(), lr=0.001)
        start = time.perf_counter(), time.process_time()
        _train(*made[setting], batches, setting.precision, device)
        return time.perf_counter() - start[0], time.process_time() - start[1]

    return epoch


def loop_on_one_thread(n, batch, keep):
    """As `loop` on one thread of the CPU, which also reads the images."""
    if keep:
        devices.keep_freed_memory()
    torch.set_num_threads(1)
    return loop(n, batch, 0, "cpu")


def _train(net, optimiser, batches, precision, device):
    bfloat16 = precision == "bfloat16"
    for x, y in batches:
        x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
        with torch.autocast(device, torch.bfloat16) if bfloat16 else nullcontext():
            loss = F.cross_entropy(net(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    if device == "cuda":
        torch.cuda.synchronize()


class PersistentLoader:
    """Batches of a loader whose processes Lightning does not end with each fit."""

    def __init__(self, loader):
        self.loader = loader

    def __iter__(self):
        return iter(self.loader)

    def __len__(self):
        return len(self.loader)


def lightning_module(net):
    """The network as Lightning trains it."""
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = net

        def training_step(self, batch, _):
            x, y = batch
            return F.cross_entropy(self.net(x), y)

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.001)

    return Module()


def lightning_clock(device):
    """A callback whose `spent` are the (seconds, CPU seconds) of an epoch."""
    import lightning

    class Clock(lightning.Callback):
        def on_train_epoch_start(self, *_):
            self.start = time.perf_counter(), time.process_time()

        def on_train_epoch_end(self, *_):
            if device == "cuda":
                torch.cuda.synchronize()
            wall, cpu = time.perf_counter(), time.process_time()
            self.spent = wall - self.start[0], cpu - self.start[1]

    return Clock()


def in_lightning(n, batch, workers, device):
    """As `loop`, trained by Lightning's Trainer; its own start of each fit is not counted."""
    import logging

    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    batches, made = PersistentLoader(start_workers(make_loader(n, batch, workers, device))), {}

    def epoch(setting):
        clock = lightning_clock(device)
        if setting not in made:
            made[setting] = lightning_module(setting.network())
        lightning.Trainer(
            max_epochs=1,
            accelerator="gpu" if device == "cuda" else "cpu",
            devices=1,
            precision="bf16-mixed" if setting.precision == "bfloat16" else "32-true",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[clock],
        ).fit(made[setting], batches)
        return clock.spent

    return epoch
