"""MNIST: 70 000 handwritten digits of 28 × 28 grey pixels.

Source: http://yann.lecun.com/exdb/mnist/, through torchvision, its mirror and its checksums.
Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-Based Learning Applied to Document
Recognition", Proceedings of the IEEE 86, 1998 (CC BY-SA 3.0). The official split of 60 000
training and 10 000 test images, by different people.
"""

label = "MNIST"
classes = 10
n_train = 60000
image_size = 28
channels = 1
needs_files = True
majority = 1135 / 10000  # the ones of the test images


def load(root):
    """The `Images` from the official files in folder `root`, which are fetched if missing."""
    from torchvision.datasets import MNIST

    from ..data.official_files import load_idx

    return load_idx("mnist", MNIST, root)
