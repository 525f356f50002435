"""Draws stratified samples: the same labels and seed give the same images in every version."""

import numpy as np


def stratified_sample(labels: np.ndarray, size: int, generator: np.random.Generator) -> np.ndarray:
    """Sorted indices of `size` of the `labels` [n], every class in proportion.

    Each class is put in a random order; its image number r of m stands at (r + ½) / m, and those
    that stand first are drawn. So a larger draw from the same generator state contains every
    smaller one, and with classes of about equal size each count is within 1 of proportional.

    `generator` is a numpy.random.Generator. Only the raw 64-bit numbers of its bit generator are
    used (n of them), which numpy promises never to change, so a draw outlives any version.
    """
    labels = np.asarray(labels)
    if not 0 < size <= len(labels):
        raise ValueError(f"cannot draw {size} of {len(labels)} images")
    key = generator.bit_generator.random_raw(len(labels))
    order = np.lexsort((key, labels))
    sizes = np.bincount(labels)
    first = np.cumsum(sizes) - sizes
    ordered = labels[order]
    place = (np.arange(len(labels)) - first[ordered] + 0.5) / sizes[ordered]
    return np.sort(order[np.lexsort((key[order], place))][:size])
