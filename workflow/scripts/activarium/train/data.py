"""The images of one run as tensors on the device: which are trained on, held out and tested."""

import numpy as np
import torch

from ..data.stratified import stratified
from ..runtime.errors import UserError


def resident(images, description, train_size, validation, device):
    """The prepared `images` split for training, in the form that `step.Training` takes.

    `train_size` (None for all) images are drawn from the training set, stratified and the same
    for every run; the fraction `validation` of them is held out, again stratified. Images stay
    uint8, in memory once, as [n, channels, size, size] in channels-last order. Raises UserError for
    a `train_size` that the data set does not have, and where a class has no image to train on.
    """
    generator = np.random.Generator(np.random.PCG64(0))
    x, y = images.train_images, images.train_labels
    if train_size is not None:
        if train_size > len(y):
            name, n = description["name"], len(y)
            raise UserError(f"config: train_size: {train_size} is more than the {n} of {name}")
        x, y = _take(x, y, stratified(y, train_size, generator))
        _refuse_absent(images, y, f"train_size: {train_size}", "more", description)
    data = {"mean": description["mean"], "sd": description["sd"], "validation": None}
    if validation:
        held = stratified(y, max(1, round(validation * len(y))), generator)
        data["validation"] = _tensors(*_take(x, y, held), device)
        x, y = _take(x, y, np.setdiff1d(np.arange(len(y)), held))
        _refuse_absent(images, y, f"validation: {validation}", "less", description)
    data["train"] = _tensors(x, y, device)
    data["test"] = _tensors(images.test_images, images.test_labels, device)
    return data


def _refuse_absent(images, labels, said, way, description):
    """Refuse a draw without one of the classes, which the test images would be scored on."""
    absent = np.setdiff1d(images.train_labels, labels)
    if len(absent):
        where = f"config: {said} leaves no image of class {absent[0]} of {description['name']}"
        has = int((images.train_labels == absent[0]).sum())
        raise UserError(f"{where} to train on, which has {has} in all; write {way}")


def _take(x, y, rows):
    return x[rows], y[rows]


def _tensors(x, y, device):
    x = torch.from_numpy(np.array(x)).to(device).permute(0, 3, 1, 2)
    return x, torch.from_numpy(np.array(y, np.int64)).to(device)
