"""Kuzushiji-MNIST: 70 000 cursive Japanese characters of 28 × 28 grey pixels in ten classes.

Source: http://codh.rois.ac.jp/kmnist/, through torchvision and its checksums. T. Clanuwat and
others, arXiv 1812.01718 (CC BY-SA 4.0). The official split of 60 000 training and 10 000 test
images, equally many of each class.
"""

label = "KMNIST"
classes = 10
n_train = 60000
image_size = 28
channels = 1
needs_files = True


def load(root):
    """The `Images` from the official files in folder `root`, which are fetched if missing."""
    from torchvision.datasets import KMNIST

    from ..data.official_files import load_idx

    return load_idx("kmnist", KMNIST, root)
