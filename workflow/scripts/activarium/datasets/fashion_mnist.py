"""Fashion-MNIST: 70 000 pictures of clothes of 28 × 28 grey pixels in ten classes.

Source: https://github.com/zalandoresearch/fashion-mnist, through torchvision and its checksums.
H. Xiao, K. Rasul and R. Vollgraf, arXiv 1708.07747 (MIT licence). The official split of 60 000
training and 10 000 test images, equally many of each class.
"""

label = "Fashion-MNIST"
classes = 10
n_train = 60000
image_size = 28
channels = 1
needs_files = True


def load(root):
    """The `Images` from the official files in folder `root`, which are fetched if missing."""
    from torchvision.datasets import FashionMNIST

    from ..data.official_files import load_idx

    return load_idx("fashion_mnist", FashionMNIST, root)
