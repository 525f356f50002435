"""CIFAR-10: 60 000 colour photographs of 32 × 32 pixels in ten classes of animals and vehicles.

Source: https://www.cs.toronto.edu/~kriz/cifar.html, through torchvision and its checksums.
A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", University of Toronto,
2009. No licence is stated; the authors ask to be cited. The official split of 50 000 training
and 10 000 test images, equally many of each class; 3.3 % of the test images have a near
duplicate in the training set (B. Barz and J. Denzler, arXiv 1902.00423).
"""

label = "CIFAR-10"
classes = 10
n_train = 50000
image_size = 32
channels = 3
needs_files = True


def load(root):
    """The `Images` from the official files in folder `root`, which are fetched if missing."""
    import numpy as np
    from torchvision.datasets import CIFAR10

    from ..data.official_files import ensure_official_files
    from . import Images

    root = ensure_official_files("cifar10", CIFAR10, root)
    train, test = CIFAR10(root, train=True), CIFAR10(root, train=False)
    return Images(
        train.data, np.array(train.targets, np.uint8), test.data, np.array(test.targets, np.uint8)
    )
