"""Data sets: official files are checked, used and never replaced; prepared files can be trusted."""

import errno
import hashlib
import importlib
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import yaml

from activarium import datasets, study
from activarium.data import image_checks, prepare
from activarium.data.official_files import OWN_FOLDERS
from activarium.data.stratified_sample import stratified_sample
from activarium.datasets import DatasetError, Images
from activarium.runtime.errors import UserError

LIBRARY = Path(datasets.__file__).parents[2]
REPO = LIBRARY.parents[1]
ARCHIVED = ["cifar10", "cifar100", "stl10"]


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


@pytest.fixture(autouse=True)
def network(monkeypatch):
    """No test reaches the network: a request is an error, or the bytes put into the dict."""
    served = {}

    def urlopen(request, *args, **kwargs):
        assert served, f"asked the network for {request.full_url}"
        answer = served["answer"]
        if isinstance(answer, Exception):
            raise answer
        response = io.BytesIO(answer)
        response.url, response.length = request.full_url, len(answer)
        return response

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return served


class Official:
    """A tiny data set in the official formats, whose md5s torchvision's class now expects."""

    def __init__(self, name, folder, monkeypatch):
        import torchvision.datasets

        self.name, self.folder = name, folder
        self.source = getattr(torchvision.datasets, name.upper())
        self.files, self.images = {"stl10": _stl}.get(name, _cifar)(self.source)
        self.archive = _archive(self.source.base_folder, self.files)
        for field in ("train_list", "test_list"):
            listed = [[file, _md5(self.files[file])] for file, _ in getattr(self.source, field)]
            monkeypatch.setattr(self.source, field, listed)
        if hasattr(self.source, "meta"):
            md5 = _md5(self.files[self.source.meta["filename"]])
            monkeypatch.setattr(self.source, "meta", {**self.source.meta, "md5": md5})
        monkeypatch.setattr(self.source, "tgz_md5", _md5(self.archive))

    @property
    def packed(self):
        return self.folder / self.source.filename

    def path(self, file):
        return self.folder / self.source.base_folder / file

    @property
    def first(self):
        """The first official file: of the CIFARs a pickle."""
        return self.path(self.source.train_list[0][0])

    def pack(self):
        self.folder.mkdir(exist_ok=True)
        self.packed.write_bytes(self.archive)

    def extract(self):
        self.path("").mkdir(parents=True)
        for file, content in self.files.items():
            self.path(file).write_bytes(content)

    def load(self):
        return datasets.load(self.name).load(self.folder)


def _md5(content):
    return hashlib.md5(content).hexdigest()


def _archive(folder, files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for file, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{file}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _cifar(source):
    """Python pickles of red, green and blue planes, four images a file."""
    fine = source.__name__ == "CIFAR100"
    files, parts, draw = {}, {"train": [], "test": []}, generator()
    for split in parts:
        for file, _ in getattr(source, f"{split}_list"):
            planes = draw.integers(0, 256, (4, 3, 32, 32), np.uint8)
            labels = draw.integers(0, 100 if fine else 10, 4).tolist()
            entry = {"data": planes.reshape(4, -1), "fine_labels" if fine else "labels": labels}
            files[file] = pickle.dumps(entry, protocol=2)
            parts[split].append((planes.transpose(0, 2, 3, 1), np.array(labels, np.uint8)))
    files[source.meta["filename"]] = pickle.dumps({source.meta["key"]: ["a", "b"]}, protocol=2)
    whole = [np.concatenate(arrays) for s in parts for arrays in zip(*parts[s], strict=True)]
    return files, Images(*whole)


def _stl(source):
    """Raw bytes, images column by column and labels from 1 to 10."""
    files, arrays, draw = {"unlabeled_X.bin": b"never wanted"}, [], generator()
    for split, n in (("train", 5), ("test", 3)):
        x, y = draw.integers(0, 256, (n, 96, 96, 3), np.uint8), draw.integers(0, 10, n, np.uint8)
        files[f"{split}_X.bin"] = x.transpose(0, 3, 2, 1).tobytes()
        files[f"{split}_y.bin"] = (y + 1).tobytes()
        arrays += [x, y]
    return files, Images(*arrays)


@pytest.fixture(params=ARCHIVED)
def official(request, tmp_path, monkeypatch):
    return Official(request.param, tmp_path / "root", monkeypatch)


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    return Official("cifar10", tmp_path / "root", monkeypatch)


def same(images, others):
    return all(np.array_equal(a, b) for a, b in zip(images, others, strict=True))


def snapshot(folder):
    return {p: (s.st_mtime_ns, s.st_size, s.st_ino) for p in [folder, *folder.rglob("*")]
            for s in [p.stat()]}  # fmt: skip


def refusal(official):
    """The message of the DatasetError that loading ends in."""
    with pytest.raises(DatasetError) as error:
        official.load()
    message = str(error.value)
    assert message.startswith(f"data: {official.name}: ")
    assert "\n" not in message
    assert "ACTIVARIUM_DATA" in message
    return message


# The folder is the registry


def test_the_folder_is_the_registry():
    assert datasets.names() == [
        "cifar10", "cifar100", "digits", "fashion_mnist", "kmnist", "mnist", "mnist5k", "stl10",
        "svhn",
    ]  # fmt: skip


@pytest.mark.parametrize("name", datasets.names())
def test_every_file_says_what_it_holds(name):
    file = datasets.load(name)
    assert file.__doc__ and "split" in file.__doc__.lower()
    assert file.label and 2 <= file.classes <= 256
    assert file.image_size > 0 and file.channels in (1, 3)
    assert file.needs_files == (name not in ("digits", "mnist5k"))


def test_looking_at_the_data_sets_imports_nothing_slow():
    code = (
        "import sys; from activarium import datasets; [datasets.load(n) for n in datasets.names()];"
        "print(*{'numpy', 'torch', 'torchvision', 'pandas', 'sklearn', 'pyarrow'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=LIBRARY, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")


# The digits


def test_the_digits_are_split_in_400_and_1397_with_every_class_in_proportion():
    from sklearn.datasets import load_digits

    images = datasets.load("digits").load()
    assert images.train_images.shape == (400, 8, 8, 1)
    assert images.test_images.shape == (1397, 8, 8, 1)
    whole = np.bincount(load_digits().target)
    assert np.abs(np.bincount(images.train_labels) - whole * 400 / 1797).max() <= 1
    assert (np.bincount(images.train_labels) + np.bincount(images.test_labels) == whole).all()


def test_the_digits_hold_every_bundled_image_once_and_unrounded():
    from sklearn.datasets import load_digits

    images = datasets.load("digits").load()
    pixels = np.concatenate([images.train_images, images.test_images]).reshape(1797, 64)
    assert Counter(map(bytes, pixels)) == Counter(
        bytes((15 * row).astype(np.uint8)) for row in load_digits().data
    )


def test_the_digits_are_the_same_for_all_time(tmp_path):
    description = prepare.write(datasets.load("digits").load(), tmp_path / "digits.arrow", "digits")
    assert description == {
        "name": "digits",
        "label": "Digits",
        "classes": 10,
        "shape": [8, 8, 1],
        "n_train": 400,
        "n_test": 1397,
        "mean": [0.28736213235294117],
        "sd": [0.3544080194485338],
        "sha256": "9a80037c10e800d4213b03a60441fcff3fdec77abaa4a633b7660a33fc42a129",
        "majority": 142 / 1397,
    }


# A stratified draw


def balanced(classes=10, each=30):
    return np.repeat(np.arange(classes, dtype=np.uint8), each)


@pytest.mark.parametrize("size", [1, 10, 17, 123, 299, 300])
def test_a_draw_has_the_size_asked_for_sorted_and_without_repeats(size):
    drawn = stratified_sample(balanced(), size, generator())
    assert len(drawn) == size
    assert (np.diff(drawn) > 0).all()


@pytest.mark.parametrize("size", [10, 11, 57, 128, 299])
def test_a_draw_holds_every_class_within_1_of_its_proportion(size):
    labels = np.concatenate([balanced(), [3, 3, 7, 9]])
    counts = np.bincount(labels[stratified_sample(labels, size, generator())], minlength=10)
    assert counts.min() >= 1
    assert np.abs(counts - np.bincount(labels) * size / len(labels)).max() <= 1


def test_a_smaller_draw_lies_within_a_larger_one():
    sets = [set(stratified_sample(balanced(), size, generator(5))) for size in range(1, 301)]
    assert all(a < b for a, b in zip(sets, sets[1:], strict=False))


def test_a_draw_depends_on_the_generator_alone():
    labels = balanced()
    once, again = (stratified_sample(labels, 40, generator(1)) for _ in range(2))
    assert (once == again).all()
    assert (once != stratified_sample(labels, 40, generator(2))).any()
    used = generator(1)
    stratified_sample(labels, 40, used)
    assert (once != stratified_sample(labels, 40, used)).any()


def test_a_draw_is_the_same_for_all_time():
    drawn = stratified_sample(balanced(3, 6), 7, generator(0))
    assert drawn.tolist() == [1, 2, 3, 8, 11, 13, 15]


def test_every_image_is_as_likely_to_be_drawn_as_any_other():
    times = np.zeros(60)
    for seed in range(400):
        times[stratified_sample(balanced(3, 20), 15, generator(seed))] += 1
    assert abs(times - 100).max() < 5 * np.sqrt(400 * 0.25 * 0.75)


@pytest.mark.parametrize("size", [0, -1, 31])
def test_a_draw_of_more_than_there_is_or_of_nothing_is_refused(size):
    with pytest.raises(ValueError, match=f"cannot draw {size} of 30 images"):
        stratified_sample(balanced(10, 3), size, generator())


# Official files


def test_extracted_files_are_used_and_nothing_is_written(official):
    official.extract()
    before = snapshot(official.folder)
    assert same(official.load(), official.images)
    assert snapshot(official.folder) == before


def test_images_are_uint8_height_width_channels(official):
    official.extract()
    file, images = datasets.load(official.name), official.load()
    for x, y in (images[:2], images[2:]):
        assert x.shape == (len(y), file.image_size, file.image_size, file.channels)
        assert x.dtype == y.dtype == np.uint8


def test_an_archive_is_extracted_and_not_fetched(official):
    official.pack()
    assert same(official.load(), official.images)
    assert official.packed.read_bytes() == official.archive


def test_what_was_extracted_serves_again_without_the_archive(official):
    official.pack()
    official.load()
    official.packed.unlink()
    assert same(official.load(), official.images)


def test_only_the_missing_file_is_extracted(official):
    official.extract()
    official.pack()
    official.first.unlink()
    before = snapshot(official.path(""))
    assert same(official.load(), official.images)
    after = snapshot(official.path(""))
    assert {p for p in after if after[p] != before.get(p)} == {official.first, official.path("")}


def test_unlabelled_images_are_neither_asked_for_nor_extracted(tmp_path, monkeypatch):
    stl = Official("stl10", tmp_path / "root", monkeypatch)
    stl.pack()
    stl.load()
    assert sorted(p.name for p in stl.path("").iterdir()) == [
        "test_X.bin", "test_y.bin", "train_X.bin", "train_y.bin"
    ]  # fmt: skip


def test_extracted_files_need_no_right_archive(official):
    official.extract()
    official.packed.write_bytes(b"half an arch")
    assert same(official.load(), official.images)


def test_a_missing_archive_is_fetched_once_into_a_new_folder(official, network):
    network["answer"] = official.archive
    assert same(official.load(), official.images)
    network.clear()
    assert same(official.load(), official.images)
    left = {p.name for p in official.folder.iterdir()}
    assert left == {official.source.filename, official.source.base_folder}


# A root that is the files' own folder


def test_a_root_that_is_the_files_own_folder_stands_for_the_one_above(official, capsys):
    official.extract()
    before = snapshot(official.folder)
    assert same(datasets.load(official.name).load(official.path("")), official.images)
    assert snapshot(official.folder) == before
    above = "is the files' own folder; the one above is the data root"
    assert f"data: {official.name}: {official.path('')} {above}" in capsys.readouterr().err


def test_another_set_s_own_folder_as_root_gets_nothing_of_this_one(official, network):
    for other in set(OWN_FOLDERS) - {official.source.base_folder}:
        root = official.folder / other
        root.mkdir(parents=True)
        network["answer"] = official.archive
        assert same(datasets.load(official.name).load(root), official.images)
        assert list(root.iterdir()) == []
        assert official.packed.exists()


def test_a_link_to_the_files_own_folder_is_that_folder(official, tmp_path):
    official.extract()
    (tmp_path / "link").symlink_to(official.path(""))
    assert same(datasets.load(official.name).load(tmp_path / "link"), official.images)


def test_the_files_in_a_folder_of_another_name_are_refused_with_the_way_out(official):
    official.extract()
    official.path("").rename(official.folder / "mine")
    official.folder = official.folder / "mine"
    before = snapshot(official.folder)
    assert refusal(official) == (
        f"data: {official.name}: {official.folder} holds {official.source.train_list[0][0]} "
        f"itself; call this folder {official.source.base_folder} and set ACTIVARIUM_DATA or "
        "data_root to the folder above it"
    )
    assert snapshot(official.folder) == before


def test_a_home_in_the_study_s_data_root_is_written_out_for_every_load(own, tmp_path, monkeypatch):
    own(MINE.replace("return None", "raise LookupError(root)"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DatasetError, match=f"LookupError: {tmp_path}/x$"):
        image_checks.load_checked_images("mine", "~/x")


# What is wrong with them is named, with the way out


def test_a_damaged_file_is_named_and_left_alone(official):
    official.extract()
    official.pack()  # even where the archive could replace it
    official.first.write_bytes(official.first.read_bytes()[:-1] + b"!")
    before = snapshot(official.folder)
    message = refusal(official)
    assert f"{official.first} is not the official file" in message
    assert "delete it and run again" in message
    assert snapshot(official.folder) == before


def test_an_empty_file_is_named(official):
    official.extract()
    last = official.path(official.source.test_list[-1][0])
    last.write_bytes(b"")
    assert f"{last} is not the official file" in refusal(official)


def test_a_damaged_file_is_named_even_behind_a_missing_one(official):
    official.extract()
    official.first.unlink()
    last = official.path(official.source.test_list[-1][0])
    last.write_bytes(b"x")
    assert f"{last} is not the official file" in refusal(official)


def test_a_damaged_archive_is_named_and_left_alone(official):
    official.pack()
    official.packed.write_bytes(official.archive[: len(official.archive) // 2])
    before = snapshot(official.folder)
    message = refusal(official)
    assert f"{official.packed} is not the official file" in message
    assert official.source.url in message
    assert snapshot(official.folder) == before


def test_the_deleted_file_is_extracted_again_as_the_message_says(official):
    official.extract()
    official.pack()
    official.first.write_bytes(b"x")
    refusal(official)
    official.first.unlink()
    assert same(official.load(), official.images)


@pytest.mark.parametrize(
    "answer", [urllib.error.URLError("no network"), TimeoutError("timed out"), b"<html>log in"]
)
def test_a_failed_download_names_the_address_and_leaves_nothing(official, network, answer):
    network["answer"] = answer
    message = refusal(official)
    assert f"cannot fetch {official.source.url}" in message
    assert f"put {official.source.filename} into {official.folder} by hand" in message
    reason = "not the official archive" if isinstance(answer, bytes) else str(answer.args[0])
    assert reason in message
    assert list(official.folder.iterdir()) == []


class Bomb:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("file", ["data_batch_1", "data_batch_5", "test_batch", "batches.meta"])
def test_nothing_is_unpickled_whose_checksum_is_wrong(cifar10, tmp_path, file):
    trace = tmp_path / "unpickled"
    cifar10.extract()
    cifar10.path(file).write_bytes(pickle.dumps(Bomb(trace)))
    assert f"{cifar10.path(file)} is not the official file" in refusal(cifar10)
    assert not trace.exists()
    pickle.loads(cifar10.path(file).read_bytes())
    assert trace.exists()  # so the bomb would have gone off


def test_nothing_is_unpickled_from_an_archive_whose_checksum_is_wrong(cifar10, tmp_path):
    trace = tmp_path / "unpickled"
    files = {**cifar10.files, "data_batch_1": pickle.dumps(Bomb(trace))}
    cifar10.archive = _archive(cifar10.source.base_folder, files)
    cifar10.pack()
    assert f"{cifar10.packed} is not the official file" in refusal(cifar10)
    assert not trace.exists()
    assert not cifar10.path("").exists()


def test_a_root_that_is_a_file_is_named(official):
    official.folder.write_text("")
    assert f"cannot read {official.folder} (Not a directory)" in refusal(official)


def test_a_root_below_a_file_is_named(official):
    official.folder.write_text("")
    official.folder = official.folder / "deeper"
    assert f"cannot read {official.folder} (Not a directory)" in refusal(official)


def test_a_folder_in_the_place_of_a_file_is_named(official):
    official.extract()
    official.first.unlink()
    official.first.mkdir()
    assert f"cannot read {official.first} (Is a directory)" in refusal(official)


def test_an_extraction_that_stops_halfway_leaves_no_half_file(official, monkeypatch):
    def copy(source, target, size):
        target.write(source.read(10))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    official.pack()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", copy)
        problem = f"cannot extract into {official.folder} (No space left on device)"
        assert problem in refusal(official)
    assert list(official.path("").iterdir()) == []
    assert same(official.load(), official.images)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc on this machine")
@pytest.mark.parametrize("root", ["/proc", "/proc/nowhere"])
def test_a_root_where_nothing_can_be_written_is_named_before_the_network_is_asked(official, root):
    official.folder = Path(root)
    message = refusal(official)
    assert "cannot write to /proc" in message
    assert f"{official.source.base_folder}/ or {official.source.filename}" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_root_that_is_not_ours_to_read_is_named(official):
    official.folder.mkdir(mode=0o000)
    assert f"cannot read {official.folder} (Permission denied)" in refusal(official)


# The prepared file


def tiny(n_train=6, n_test=4):
    """Images that pass as CIFAR-10."""
    draw = generator(8)
    x = [draw.integers(0, 256, (n, 32, 32, 3), np.uint8) for n in (n_train, n_test)]
    y = [draw.integers(0, 10, n, np.uint8) for n in (n_train, n_test)]
    return Images(x[0], y[0], x[1], y[1])


@pytest.fixture
def prepared(tmp_path):
    path = tmp_path / "cifar10.arrow"
    return path, prepare.write(tiny(), path, "cifar10")


def test_what_was_written_is_read(prepared):
    path, description = prepared
    assert same(prepare.read(path), tiny())
    assert same(prepare.verify(path, description), tiny())


def test_reading_copies_no_image(tmp_path):
    path = tmp_path / "cifar10.arrow"
    prepare.write(tiny(1000, 500), path, "cifar10")
    before = pa.total_allocated_bytes()
    images = prepare.read(path)
    assert pa.total_allocated_bytes() - before < 100_000 < images.train_images.nbytes
    assert not any(array.flags.owndata or array.flags.writeable for array in images)
    assert all(array.flags.c_contiguous for array in images)


def test_two_preparations_give_the_same_bytes(tmp_path):
    paths = [tmp_path / "a" / "cifar10.arrow", tmp_path / "b" / "cifar10.arrow"]
    descriptions = [prepare.write(tiny(), path, "cifar10") for path in paths]
    assert descriptions[0] == descriptions[1]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_layout_of_arrays_in_memory_does_not_matter(tmp_path, prepared):
    x, y, x_test, y_test = tiny()
    strided = Images(np.asfortranarray(x), np.repeat(y, 2)[::2], x_test, y_test)
    assert prepare.write(strided, tmp_path / "again.arrow", "cifar10") == prepared[1]


def test_mean_and_sd_are_those_of_the_training_pixels(prepared):
    pixels = tiny().train_images / 255
    np.testing.assert_allclose(prepared[1]["mean"], pixels.mean((0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(prepared[1]["sd"], pixels.std((0, 1, 2)), rtol=1e-12)


def test_chance_is_the_share_of_the_test_images_most_frequent_class(tmp_path):
    x = np.zeros((10, 32, 32, 3), np.uint8)
    x[0] = 1
    equal, more = np.arange(10, dtype=np.uint8), np.uint8([3, 3, 3, 3, 1, 2, 3, 4, 5, 6])
    about = prepare.write(Images(x, equal, x, more), tmp_path / "more.arrow", "cifar10")
    assert prepare.chance(about) == about["majority"] == 0.5
    about = prepare.write(Images(x, more, x, equal), tmp_path / "equal.arrow", "cifar10")
    assert prepare.chance(about) == 0.1 and "majority" not in about


def test_chance_on_the_digits_is_the_same_before_and_after_they_are_prepared(tmp_path):
    about = prepare.write(datasets.load("digits").load(), tmp_path / "digits.arrow", "digits")
    assert datasets.chance("digits") == prepare.chance(about) == 142 / 1397
    assert datasets.chance("cifar100") == 0.01


def test_the_prepared_file_explains_itself_to_a_stranger(prepared):
    path, description = prepared
    with pa.ipc.open_file(path) as file:
        table = file.read_all()
    assert table.column_names == ["split", "label", "image"]
    assert table["split"].to_pylist() == ["train"] * 6 + ["test"] * 4
    assert table["image"][7].as_py() == tiny().test_images[1].tobytes()
    assert table.schema.metadata == {
        b"name": b"cifar10", b"shape": b"32 32 3", b"classes": b"10",
        b"sha256": description["sha256"].encode(), b"description": json.dumps(description).encode(),
    }  # fmt: skip


def test_the_checksum_is_that_of_pixels_and_labels_and_their_shapes():
    x, y, x_test, y_test = tiny()
    sums = [prepare.sha256(images) for images in (
        (x, y, x_test, y_test),
        (x ^ np.uint8(1), y, x_test, y_test),
        (x, y[::-1], x_test, y_test),
        (x, y, x_test, y_test ^ np.uint8(1)),
        (x[:5], y[:5], np.concatenate([x[5:], x_test]), np.concatenate([y[5:], y_test])),
        (x.reshape(6, 32, 3, 32), y, x_test, y_test),
    )]  # fmt: skip
    assert len(set(sums)) == len(sums)


def refused(path, description):
    with pytest.raises(DatasetError) as error:
        prepare.verify(path, description)
    message = str(error.value)
    assert message.startswith(f"data: {path.stem}: {path} is damaged: ")
    alone = f"rm {path} && snakemake --cores 1 {path} --configfile STUDY"
    assert message.endswith(f"; rebuild it: {alone}, and only then start again")
    assert "\n" not in message
    return message


def test_every_flipped_byte_is_refused_or_changes_nothing(tmp_path):
    path = tmp_path / "digits.arrow"
    images = datasets.load("digits").load()
    images = Images(*(array[:3] for array in images))
    description = prepare.write(images, path, "digits")
    whole, harmless = path.read_bytes(), 0
    content = [whole.index(array.tobytes()) for array in images[::2]]
    for place in range(len(whole)):
        for flip in (0x01, 0xFF):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
            try:
                found = prepare.verify(path, description)
            except DatasetError:
                continue
            assert not any(start <= place < start + 3 * 64 for start in content)
            assert same(found, images)
            assert all(array.dtype == np.uint8 for array in found)
            harmless += 1
    assert harmless < 2 * len(whole)


@pytest.mark.parametrize("part", [0, 1, 7, 8, 100, -20_000, -1000, -10, -1])
def test_a_truncated_file_is_refused(prepared, part):
    path, description = prepared
    path.write_bytes(path.read_bytes()[:part])
    refused(path, description)


def test_a_file_of_zeros_of_the_right_length_is_refused(prepared):
    path, description = prepared
    path.write_bytes(bytes(path.stat().st_size))
    refused(path, description)


def test_a_missing_file_and_a_foreign_one_are_refused(prepared, tmp_path):
    _, description = prepared
    refused(tmp_path / "nowhere.arrow", description)
    foreign = tmp_path / "foreign.arrow"
    table = pa.table({"a": [1, 2]})
    with pa.ipc.new_file(foreign, table.schema) as file:
        file.write(table)
    refused(foreign, description)


def test_the_file_of_another_preparation_is_refused(prepared, tmp_path):
    path, _ = prepared
    other = prepare.write(tiny(5, 4), tmp_path / "other.arrow", "cifar10")
    assert f"not {other['sha256'][:12]}…" in refused(path, other)


@pytest.mark.parametrize("change", [{"mean": [0.5] * 3}, {"sd": []}, {"classes": 9}, {"more": 1}])
def test_a_description_that_was_changed_is_refused(prepared, change):
    """Its mean and sd normalise the images, and no checksum of these would tell."""
    path, description = prepared
    problem = f"{path.with_suffix('.json')} is not what was written with it"
    assert problem in refused(path, description | change)


# What load gives, held against what the file states


def mine(classes=3, each=2, size=4, **more):
    """What datasets/mine.py states, and images that keep it: `each` of every class a split."""
    about = {"classes": classes, "n_train": classes * each, "image_size": size, "channels": 1}
    y = np.repeat(np.arange(classes), each)
    x = generator().integers(0, 256, (len(y), size, size, 1), np.uint8)
    return SimpleNamespace(**about | more), Images(x, y, x.copy(), y.copy())


@pytest.mark.parametrize("kind", ["int64", "int32", "uint8", "int8", "uint64", "list"])
def test_labels_of_every_whole_number_type_are_the_same_labels(kind):
    about, images = mine()
    y = images.test_labels.tolist() if kind == "list" else images.test_labels.astype(kind)
    found = image_checks.check_images(images._replace(test_labels=y), about, "mine")
    assert found.train_labels.dtype == found.test_labels.dtype == np.uint8
    assert found.test_labels.tolist() == images.test_labels.tolist()


def test_three_hundred_classes_are_prepared_and_read_back(tmp_path, monkeypatch):
    about, images = mine(300, each=1, label="Mine")
    monkeypatch.setattr(datasets, "load", lambda name: about)
    images = image_checks.check_images(images, about, "mine")
    description = prepare.write(images, tmp_path / "mine.arrow", "mine")
    found = prepare.verify(tmp_path / "mine.arrow", description)
    assert found.train_labels.dtype == np.uint16
    assert found.train_labels.tolist() == list(range(300))
    assert same(found, images)


def says(change, **stated):
    """The line that images with this change are refused in, behind "data: mine: "."""
    about, images = mine(**stated)
    with pytest.raises(DatasetError) as error:
        image_checks.check_images(images._replace(**change(images)), about, "mine")
    message = str(error.value)
    assert message.startswith("data: mine: ") and "\n" not in message
    return message.removeprefix("data: mine: ")


SAYS = "datasets/mine.py says 3 classes, 0 to 2"


def test_labels_that_were_wrapped_into_a_byte_are_refused():
    wrapped = says(lambda i: {"train_labels": i.train_labels.astype(np.uint8)}, classes=300)
    assert wrapped == (
        "train: no image of class 256 and 43 more; datasets/mine.py says 300 classes, 0 to 299; "
        "uint8 holds no label above 255: give them as int64"
    )


@pytest.mark.parametrize(
    "labels, problem",
    [
        (lambda y: y - 1, f"label -1; {SAYS}; correct the labels or classes"),
        (lambda y: y + 1, f"label 3; {SAYS}; labels count from 0: y - 1"),
        (lambda y: y * 2, f"label 4; {SAYS}; correct the labels or classes"),
        (
            lambda y: np.minimum(y, 1),
            f"no image of class 2; {SAYS}; number the labels without gaps, or correct classes",
        ),
        (
            lambda y: y.astype(float),
            "labels float64 from 0 to 2; they must be whole numbers: y.astype(np.int64)",
        ),
        (lambda y: y > 0, "labels bool; they must be whole numbers: y.astype(np.int64)"),
        (
            lambda y: np.where(y == 0, np.inf, y),
            "labels float64 from 1 to inf; they must be whole numbers from 0",
        ),
        (lambda y: y + 0.5, "labels float64 from 0.5 to 2.5; they must be whole numbers from 0"),
        (
            lambda y: np.where(y == 1, np.nan, y),
            "labels float64, 2 of them NaN; they must be whole numbers from 0",
        ),
        (
            lambda y: np.array(["cat", "dog", "elk"])[y],
            "labels <U3; number them from 0: np.unique(y, return_inverse=True)[1]",
        ),
        (
            lambda y: np.eye(3)[y],
            "labels (6, 3); they must be one number an image, [n]: y.argmax(1)",
        ),
        (lambda y: y[:, None], "labels (6, 1); they must be one number an image, [n]: y.ravel()"),
        (lambda y: np.append(y, 0), "6 images with 7 labels"),
    ],
)
def test_labels_that_are_not_those_of_the_classes_are_refused_with_the_way_out(labels, problem):
    for split in ("train", "test"):
        field = f"{split}_labels"
        assert says(lambda i, f=field: {f: labels(getattr(i, f))}) == f"{split}: {problem}"


@pytest.mark.parametrize(
    "pixels, problem",
    [
        (
            lambda x: x / 255,
            "images float64 from 0 to 1; they must be uint8 from 0 to 255: "
            "(255.0 * x).round().astype(np.uint8)",
        ),
        (
            lambda x: x.astype(np.int64),
            "images int64 from 0 to 255; they must be uint8 from 0 to 255: x.astype(np.uint8)",
        ),
        (
            lambda x: x / 127.5 - 1,
            "images float64 from -1 to 1; they must be uint8 from 0 to 255; load gives raw "
            "pixels, and the training normalises them",
        ),
        (
            lambda x: np.where(x == 0, np.nan, np.float32(x)),
            "images float32, 2 of them NaN; they must be uint8 from 0 to 255",
        ),
        (
            lambda x: x.transpose(0, 3, 1, 2),
            "images (6, 1, 4, 4); datasets/mine.py says (n, 4, 4, 1); put the channels last: "
            "x.transpose(0, 2, 3, 1)",
        ),
        (
            lambda x: x[..., 0],
            "images (6, 4, 4); datasets/mine.py says (n, 4, 4, 1); give grey images their "
            "channel: x[..., np.newaxis]",
        ),
    ],
)
def test_images_that_are_no_raw_pixels_are_refused_with_the_way_out(pixels, problem):
    x = mine()[1].train_images.copy()
    x.flat[:3] = 0, 0, 255
    x.flat[3:] = np.clip(x.flat[3:], 1, 255)
    assert says(lambda _: {"test_images": pixels(x)}) == f"test: {problem}"


def test_another_number_of_training_images_than_was_stated_is_refused():
    assert says(lambda _: {}, n_train=7) == "train: 6 images; datasets/mine.py says n_train = 7"


def test_a_stated_majority_that_the_labels_do_not_have_is_refused():
    assert says(lambda _: {}, majority=0.5) == (
        "test: majority = 0.5 in datasets/mine.py; the labels say 0.3333333333333333; correct it "
        "or leave it out"
    )


def test_a_channel_of_one_value_is_refused_because_nothing_can_normalise_it(tmp_path):
    x = generator().integers(0, 256, (10, 32, 32, 3), np.uint8)
    x[..., 1] = 7
    y = np.arange(10, dtype=np.uint8)
    with pytest.raises(DatasetError, match="train: channel 1 has one value in every pixel"):
        prepare.write(Images(x, y, x, y), tmp_path / "cifar10.arrow", "cifar10")
    assert not (tmp_path / "cifar10.arrow").exists()


# A data set's own file, as people write it

MINE = """
label = "Mine"
classes = 3
n_train = 6
image_size = 4
channels = 1
needs_files = True


def load(root):
    return None
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Write the text of datasets/mine.py, where the folder's own files are."""
    folder = tmp_path / "datasets"
    folder.mkdir()
    monkeypatch.setattr(datasets, "FOLDER", folder)
    monkeypatch.setattr(datasets, "__path__", [str(folder)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(text):
        sys.modules.pop("activarium.datasets.mine", None)
        (folder / "mine.py").write_text(text)
        importlib.invalidate_caches()

    yield write
    sys.modules.pop("activarium.datasets.mine", None)


def test_a_file_that_states_all_is_taken(own):
    own(MINE)
    assert (datasets.names(), datasets.load("mine").classes) == (["mine"], 3)


@pytest.mark.parametrize("name", datasets.FORMS)
def test_what_a_file_does_not_state_is_named_with_how_it_is_written(own, name):
    own(MINE.replace("def load", "def other") if name == "load" else MINE.replace(name, "other"))
    with pytest.raises(UserError) as error:
        datasets.load("mine")
    assert str(error.value) == f"mine.py: has no {name}; write {datasets.FORMS[name]}"


@pytest.mark.parametrize(
    "text, line",
    [
        ("classes = 3", 'classes = "3"'),
        ("classes = 3", "classes = 1"),
        ("classes = 3", "classes = 65537"),
        ("n_train = 6", "n_train = 6.0"),
        ("image_size = 4", "image_size = (4, 4)"),
        ("channels = 1", "channels = True"),
        ("needs_files = True", 'needs_files = "no"'),
        ('label = "Mine"', "label = 3"),
        ("def load(root)", "def load()"),
        ("def load(root)", "def load(root, split)"),
    ],
)
def test_what_a_file_states_wrongly_is_named_with_its_line(own, text, line):
    own(MINE.replace(text, line))
    with pytest.raises(UserError) as error:
        datasets.load("mine")
    n = MINE[: MINE.index(text)].count("\n") + 1
    key = text.split(" = ")[0].removeprefix("def ").removesuffix("(root)")
    shown = "load" if key == "load" else line.replace('"', "'")
    assert str(error.value).startswith(f"mine.py, line {n}: {shown} must be ")


def test_a_file_that_cannot_be_imported_is_named_with_its_line(own):
    own(MINE.replace("classes = 3", "classes = len(names)"))
    with pytest.raises(UserError) as error:
        datasets.load("mine")
    assert str(error.value) == "mine.py, line 3: NameError: name 'names' is not defined"
    own(MINE.replace("load(root):", "load(root)"))
    with pytest.raises(UserError, match="^mine.py, line 10: cannot be read: expected ':'$"):
        datasets.load("mine")


def test_a_study_names_the_data_set_s_file_and_what_it_lacks(own):
    own(MINE.replace("n_train = 6", ""))
    config = yaml.safe_load((REPO / "tests/study.yaml").read_text()) | {"datasets": ["mine"]}
    with pytest.raises(UserError) as error:
        study.read(config, REPO / "config/schema.yaml")
    assert str(error.value) == (
        f"config: datasets: mine: mine.py: has no n_train; write {datasets.FORMS['n_train']}"
    )


def loading(own, root, body, head=""):
    """The line in which a load of this body ends."""
    own(head + MINE.replace("    return None", body))
    with pytest.raises(DatasetError) as error:
        image_checks.load_checked_images("mine", str(root))
    message = str(error.value)
    assert message.startswith("data: mine: ") and "\n" not in message
    return message.removeprefix("data: mine: ")


def test_whatever_load_raises_is_one_line_with_the_file_and_its_line(own, tmp_path):
    assert loading(own, tmp_path, "    return {}['x']") == "mine.py, line 11: KeyError: 'x'"
    assert loading(own, tmp_path, '    raise OSError("a\\nb")') == "mine.py, line 11: OSError: a"
    assert loading(own, tmp_path, "    import nothing_here") == (
        "mine.py, line 11: ModuleNotFoundError: No module named 'nothing_here'"
    )
    assert loading(own, tmp_path, "    pass").startswith(
        "datasets/mine.py: load gives no Images(train_images, train_labels, test_images, "
    )


@pytest.mark.parametrize(
    "body",
    [
        "    return [np.asarray(Image.open(file)) for file in sorted(Path(root).glob('*.png'))]",
        "    for file in sorted(Path(root).glob('*.png')):\n"
        "        with open(file, 'rb') as opened:\n"
        "            Image.open(opened).convert('RGB')",
    ],
)
def test_a_picture_that_is_cut_short_is_named(own, tmp_path, body):
    from PIL import Image

    pixels = generator().integers(0, 256, (20, 20, 3), np.uint8)
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    whole = (tmp_path / "b.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[: len(whole) // 2])
    head = "import numpy as np\nfrom pathlib import Path\nfrom PIL import Image\n"
    said = loading(own, tmp_path, body, head)
    assert said.startswith("mine.py, line 1") and "OSError: " in said
    assert said.endswith(f", while reading {tmp_path / 'b.png'}; replace it or leave it out")


# The real ones


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, classes, mean, checksum",
    [
        ("cifar10", 10, [0.4914, 0.4822, 0.4465],
         "6f291c36aee74012d2adde3d1a620028f1c7cf56244476202dfcfb52058cef21"),
        ("cifar100", 100, [0.5071, 0.4865, 0.4409],
         "4df9d64c7b8bef93d85abd01a75acf623f66b9bc863117e32a9fd410676d2534"),
    ],
)  # fmt: skip
def test_the_real_data_set_is_the_one_everybody_knows(name, classes, mean, checksum, tmp_path):
    root = Path(os.environ.get("ACTIVARIUM_DATA", "data"))
    folder = {"cifar10": "cifar-10-batches-py", "cifar100": "cifar-100-python"}[name]
    if not (root / folder).is_dir():
        pytest.skip(f"no {folder} in {root}; set ACTIVARIUM_DATA to the folder that has it")
    before = snapshot(root / folder)
    images = image_checks.load_checked_images(name, root)
    assert snapshot(root / folder) == before
    path = tmp_path / f"{name}.arrow"
    description = prepare.write(images, path, name)
    assert (np.bincount(images.train_labels) == 50_000 // classes).all()
    assert (np.bincount(images.test_labels) == 10_000 // classes).all()
    assert np.round(description["mean"], 4).tolist() == mean
    assert description["sha256"] == checksum
    assert same(prepare.verify(path, description), images)
