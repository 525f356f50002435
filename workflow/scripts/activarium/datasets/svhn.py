"""SVHN: 99 289 house numbers from street photographs, 32 × 32 pixels, the ten digits.

Source: http://ufldl.stanford.edu/housenumbers/, through torchvision and its checksums. Y. Netzer
and others, "Reading Digits in Natural Images with Unsupervised Feature Learning", NIPS workshop
2011; for non-commercial use. The official split of 73 257 training and 26 032 test images; the
531 131 extra ones are not used.
"""

label = "SVHN"
classes = 10
n_train = 73257
image_size = 32
channels = 3
needs_files = True
majority = 5099 / 26032  # the ones of the test images


def load(root):
    """The `Images` from the official files in folder `root`, which are fetched if missing."""
    from torchvision.datasets import SVHN

    from ..data.official_files import ensure_files
    from . import Images

    listed = [SVHN.split_list[split] for split in ("train", "test")]
    root = ensure_files("svhn", root, {file: ([url], md5) for url, file, md5 in listed})
    train, test = SVHN(root, split="train"), SVHN(root, split="test")
    x, x_test = (split.data.transpose(0, 2, 3, 1) for split in (train, test))
    return Images(x, train.labels, x_test, test.labels)
