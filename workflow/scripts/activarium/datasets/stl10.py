"""STL-10: 13 000 labelled colour photographs of 96 × 96 pixels in ten classes.

Source: https://cs.stanford.edu/~acoates/stl10/, through torchvision and its checksums; the
archive is 2.6 GB, mostly unlabelled images, which are not extracted. A. Coates, H. Lee and
A. Y. Ng, "An Analysis of Single-Layer Networks in Unsupervised Feature Learning", AISTATS 2011.
The photographs come from ImageNet and no licence is stated; the authors ask to be cited. The
official labelled split of 5 000 training (all ten folds together) and 8 000 test images.
"""

label = "STL-10"
classes = 10
n_train = 5000
image_size = 96
channels = 3
needs_files = True


def load(root):
    """The `Images` from the official files in folder `root`, which are fetched if missing."""
    import numpy as np
    from torchvision.datasets import STL10

    from ..data.official_files import ensure_official_files
    from . import Images

    class Labelled(STL10):
        train_list = STL10.train_list[:2]  # without 2.8 GB of unlabelled images

    root = ensure_official_files("stl10", Labelled, root)
    train, test = Labelled(root, split="train"), Labelled(root, split="test")
    x, x_test = (np.ascontiguousarray(s.data.transpose(0, 2, 3, 1)) for s in (train, test))
    return Images(x, train.labels, x_test, test.labels)
