"""A study's own images: pictures of every kind are read rightly, and what cannot be is named."""

import io
import os
import re
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
import torch
import yaml
from PIL import Image

from activarium import networks, study
from activarium.data import fingerprint as prints
from activarium.data import folder, prepare, sources
from activarium.data.arrays import array_shapes
from activarium.data.fingerprint import fingerprint
from activarium.data.pictures import read_picture
from activarium.data.repeated_images import find_repeated, repeated_sentence
from activarium.report.limitations import limit_sentences
from activarium.report.training_summary import describe_images, training_facts
from activarium.runtime.errors import UserError
from activarium.study.own_images import training_images
from activarium.study.path_checks import check_own_images
from activarium.train.augmentation import augment, draw
from activarium.train.batches import load_splits
from activarium.train.loop import Cell, train_run
from activarium.train.precision import prepare_torch
from activarium.train.progress import Progress

REPO = Path(__file__).parents[1]
FORMATS = ("png", "jpg", "bmp", "webp")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def smooth(height, width):
    """Colours that change slowly, which JPEG keeps."""
    y, x = np.mgrid[:height, :width]
    planes = [255 * x / width, 255 * y / height, 128 + 0 * x]
    return np.stack(planes, 2).astype(np.uint8)


def save(path, array, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **more)
    return path


# One picture


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_its_pixels(tmp_path, kind):
    pixels = smooth(24, 32)
    more = {"lossless": True} if kind == "webp" else {}
    found = read_picture(save(tmp_path / f"a.{kind}", pixels, **more))
    assert found.dtype == np.uint8 and found.shape == (24, 32, 3)
    assert np.abs(found.astype(int) - pixels).max() <= (12 if kind == "jpg" else 0)


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp"])
def test_a_grey_picture_has_one_channel(tmp_path, kind):
    grey = np.tile(np.arange(0, 240, 8, dtype=np.uint8), (20, 1))
    found = read_picture(save(tmp_path / f"a.{kind}", grey))
    assert found.shape == (20, 30)
    assert np.abs(found.astype(int) - grey).max() <= (3 if kind == "jpg" else 0)


def test_black_and_white_is_0_and_255(tmp_path):
    bits = noise(9, 9) > 128
    found = read_picture(save(tmp_path / "a.png", bits))
    assert np.array_equal(found, bits * np.uint8(255))


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path):
    deep = np.array([[0, 257, 1000, 32896, 65535]], np.uint16)
    found = read_picture(save(tmp_path / "a.png", deep))
    assert found.tolist() == [[0, 1, 4, 128, 255]]


def test_what_is_transparent_is_white(tmp_path):
    pixels = noise(4, 4, 4)
    pixels[..., 3] = [0, 255, 128, 64]
    found = read_picture(save(tmp_path / "a.png", pixels)).astype(float)
    alpha = pixels[..., 3:] / 255
    assert np.abs(found - (alpha * pixels[..., :3] + (1 - alpha) * 255)).max() <= 1
    grey = read_picture(save(tmp_path / "b.png", pixels[..., [0, 3]]))
    assert grey.ndim == 2 and (grey[:, 0] == 255).all() and (grey[:, 1] == pixels[:, 1, 0]).all()


def test_a_palette_gives_its_colours_and_a_grey_one_is_grey(tmp_path):
    colours = Image.fromarray(smooth(16, 16)).quantize(16)
    colours.save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png"), np.asarray(colours.convert("RGB")))
    grey = Image.fromarray(noise(16, 16)).quantize(8)
    grey.save(tmp_path / "b.png")
    assert np.array_equal(read_picture(tmp_path / "b.png"), np.asarray(grey.convert("L")))
    colours.save(tmp_path / "c.png", transparency=colours.getpixel((0, 0)))
    assert (read_picture(tmp_path / "c.png")[0, 0] == 255).all()


@pytest.mark.parametrize("turn, told", [(0, 1), (1, 6), (2, 3), (3, 8)])
def test_a_photograph_is_turned_as_its_exif_says(tmp_path, turn, told):
    upright = smooth(16, 32)
    exif = Image.Exif()
    exif[0x0112] = told
    lying = np.ascontiguousarray(np.rot90(upright, turn))
    found = read_picture(save(tmp_path / "a.png", lying, exif=exif))
    assert np.array_equal(found, upright)


def test_a_cmyk_photograph_becomes_rgb(tmp_path):
    Image.fromarray(smooth(16, 16)).convert("CMYK").save(tmp_path / "a.jpg")
    assert read_picture(tmp_path / "a.jpg").shape == (16, 16, 3)


@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (33, 97), (8, 8)])
def test_a_size_scales_the_short_side_and_cuts_the_centre_as_torchvision_does(tmp_path, shape):
    from torchvision.transforms import v2

    path = save(tmp_path / "a.png", smooth(*shape))
    steps = v2.Compose([v2.Resize(16, antialias=True), v2.CenterCrop(16)])
    theirs = np.asarray(steps(Image.open(path))).astype(int)
    ours = read_picture(path, (16, 16)).astype(int)
    assert ours.shape == (16, 16, 3)
    assert np.abs(ours - theirs).max() <= 8  # half a pixel, where the side is odd


def test_a_size_of_two_numbers_is_height_and_width(tmp_path):
    path = save(tmp_path / "a.png", smooth(100, 100))
    found = read_picture(path, (10, 40)).astype(int)
    assert found.shape == (10, 40, 3)
    assert np.ptp(found[..., 0]) > 240 and np.ptp(found[..., 1]) < 70  # all the width, its middle


def test_a_large_photograph_is_the_same_when_it_is_decoded_small(tmp_path):
    path = save(tmp_path / "a.jpg", smooth(800, 1200), quality=95)
    with Image.open(path) as whole:
        middle = np.asarray(whole)[:, 200:1000].reshape(32, 25, 32, 25, 3).mean((1, 3))
    assert np.abs(read_picture(path, (32, 32)) - middle).max() < 4


# A folder


def photos(root, classes=("ant", "bee", "cow"), each=6, splits=("train", "test"), shape=(8, 8, 3)):
    """A folder of pictures in train/ and test/, or of classes alone."""
    for place in [root / s for s in splits] or [root]:
        for c, label in enumerate(classes):
            for i in range(each):
                save(place / label / f"{i}.png", noise(*shape, seed=100 * c + i))
    return root


def loaded(source, name="mine"):
    return sources.load_images(name, source, None)


def refused(source, name="mine"):
    """The line in which the reading of a source ends."""
    with pytest.raises(UserError) as error:
        loaded(source, name)
    message = str(error.value)
    assert message.startswith(f"data: {name}: ") and "\n" not in message
    return message.removeprefix(f"data: {name}: ")


def test_a_folder_with_train_and_test_is_read_as_it_lies(tmp_path):
    images, about = loaded({"folder": photos(tmp_path / "p")})
    assert (about.classes, about.class_names) == (3, ("ant", "bee", "cow"))
    assert images.train_labels.tolist() == images.test_labels.tolist() == sorted([0, 1, 2] * 6)
    assert np.array_equal(images.train_images[6], noise(8, 8, 3, seed=100))  # the first bee
    assert about.image_size == (8, 8) and about.channels == 3 and about.n_train == 18


def test_one_folder_of_classes_is_drawn_from_in_every_class_once_for_all_time(tmp_path):
    root = photos(tmp_path / "p", each=10, splits=())
    images, about = loaded({"folder": root, "test": 0.2})
    assert np.bincount(images.test_labels).tolist() == [2, 2, 2]
    assert np.bincount(images.train_labels).tolist() == [8, 8, 8]
    whole = np.concatenate([images.train_images, images.test_images])
    assert {x.tobytes() for x in whole} == {
        noise(8, 8, 3, seed=100 * c + i).tobytes() for c in range(3) for i in range(10)
    }
    drawn = [i for i in range(10) if any((noise(8, 8, 3, seed=i) == x).all()
                                         for x in images.test_images)]  # fmt: skip
    assert drawn == [2, 3]
    again, _ = loaded({"folder": root, "test": 0.2})
    assert all(np.array_equal(a, b) for a, b in zip(images, again, strict=True))


def test_where_every_picture_is_grey_there_is_one_channel_and_else_three(tmp_path):
    root = photos(tmp_path / "p", shape=(8, 8))
    images, about = loaded({"folder": root})
    assert images.train_images.shape == (18, 8, 8, 1) and about.channels == 1
    grey = images.train_images[0, ..., 0]
    save(root / "test/cow/5.png", noise(8, 8, 3))
    images, _ = loaded({"folder": root})
    assert images.train_images.shape == (18, 8, 8, 3)
    assert np.array_equal(images.train_images[0], np.repeat(grey[..., None], 3, 2))
    images, _ = loaded({"folder": root, "channels": 1})
    luma = noise(8, 8, 3) @ [0.299, 0.587, 0.114]
    assert images.test_images.shape == (18, 8, 8, 1)
    assert np.abs(images.test_images[-1, ..., 0] - luma).max() <= 1


def test_pictures_of_two_sizes_are_refused_without_a_size(tmp_path):
    root = photos(tmp_path / "p")
    odd = save(root / "train/bee/9.png", noise(10, 9, 3))
    assert refused({"folder": root}) == (
        f"{root}/train/ant/0.png is 8 × 8 (height × width), {odd} is 10 × 9; "
        "write size: 8 to scale and cut them all alike"
    )
    images, _ = loaded({"folder": root, "size": 4})
    assert images.train_images.shape == (19, 4, 4, 3)
    images, about = loaded({"folder": root, "size": [4, 6]})
    assert images.train_images.shape == (19, 4, 6, 3) and about.image_size == (4, 6)


@pytest.mark.parametrize("place", ["train/ant/notes.txt", "train/notes.txt", "notes.txt"])
def test_what_is_no_picture_is_named_and_left_out_only_when_told(tmp_path, place):
    root = photos(tmp_path / "p")
    (root / place).write_text("x")
    (root / "train/ant/.DS_Store").write_text("x")
    said = refused({"folder": root})
    assert said == (
        f"{root / place} is no picture of a class; take it away, or leave such out with "
        "skip_other_files: true"
    )
    images, _ = loaded({"folder": root, "skip_other_files": True})
    assert len(images.train_labels) == 18


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.5, 0.0])
def test_a_picture_that_is_cut_short_is_named_also_where_others_are_skipped(tmp_path, kind, part):
    root = photos(tmp_path / "p")
    bad = save(root / f"train/bee/x.{kind}", noise(8, 8, 3))
    whole = bad.read_bytes()
    bad.write_bytes(whole[: int(part * len(whole))])
    for source in ({"folder": root}, {"folder": root, "size": 4, "skip_other_files": True}):
        said = refused(source)
        assert said.startswith(f"{bad} cannot be read as a picture (")
        assert said.endswith("); replace it or take it away")


@pytest.mark.parametrize("kind", ["EPS", "TIFF", "GIF", "PPM", "PDF"])
def test_a_file_of_another_format_is_not_opened_whatever_its_name_says(tmp_path, kind):
    root = photos(tmp_path / "p")
    bad = root / "train/ant/0.png"
    Image.fromarray(smooth(8, 8)).save(bad, format=kind)
    assert refused({"folder": root}).startswith(f"{bad} cannot be read as a picture (Unidentified")


def test_a_folder_that_may_not_be_read_is_one_line(tmp_path, monkeypatch):
    root, scan = photos(tmp_path / "p"), os.scandir

    def forbid(place):
        if Path(place) == root / "train/bee":
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", forbid)
    said = f"{root}/train/bee cannot be read (Permission denied)"
    assert refused({"folder": root}) == said
    with pytest.raises(UserError, match=re.escape(said)):
        training_images("mine", {"folder": root})


def test_a_class_of_too_few_pictures_is_refused_with_the_number(tmp_path):
    root = photos(tmp_path / "p", each=5, splits=())
    (root / "bee/0.png").unlink()
    assert refused({"folder": root, "test": 0.2}) == (
        "class bee has 4 pictures; with test: 0.2 it needs 5; add some, or take the class away"
    )
    loaded({"folder": root, "test": 0.25})


@pytest.mark.parametrize("test", [0.01, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.75, 0.9])
def test_the_number_that_a_class_needs_is_enough(test):
    needed = max(2, int(np.ceil(1 / min(test, 1 - test))))
    for sizes in ([needed] * 3, [needed, needed + 1, 5 * needed], [needed, 40 * needed]):
        y = np.repeat(np.arange(len(sizes)), sizes)
        split = sources.draw_test(y, y, test)
        assert set(split.train_labels) == set(split.test_labels) == set(y)


def test_an_empty_class_and_one_of_one_split_are_refused(tmp_path):
    root = photos(tmp_path / "p")
    (root / "train/dog").mkdir()
    assert refused({"folder": root}).startswith(f"class {root}/train/dog has 0 pictures (.bmp, ")
    save(root / "train/dog/0.png", noise(8, 8, 3))
    assert refused({"folder": root}) == (
        f"class dog has 0 pictures in {root}/test, but is in train/"
    )


@pytest.mark.parametrize(
    "splits, source, said",
    [
        ((), {}, " has neither train/ nor test/; write test: 0.2 to draw a fifth of each class"),
        (("train",), {}, " has train/ but no test/; add test/ with the same classes, or put the "
                         "classes at the top and write test: 0.2"),
        (("train", "val"), {"test": 0.3}, " has train/ but no test/; rename val/ to test/, or put "
                                          "the classes at the top and write test: 0.3"),
        (("test", "Training"), {}, " has test/ but no train/; rename Training/ to train/, or put "
                                   "the classes at the top and write test: 0.2"),
        (("Train", "validation"), {}, " has neither train/ nor test/; rename Train/ to train/ and "
                                      "validation/ to test/, or put the classes at the top and "
                                      "write test: 0.2"),
        (("more",), {}, "/more/ant is a folder within a class; put its pictures above"),
        (("train", "test"), {"test": 0.2}, " has its own test/; leave out test: 0.2"),
        (("train", "test", "val"), {}, "/val is no picture of a class; take it away, or leave "
                                       "such out with skip_other_files: true"),
    ],
)  # fmt: skip
def test_a_layout_that_cannot_be_meant_is_refused(tmp_path, splits, source, said):
    root = photos(tmp_path / "p", splits=splits)
    assert refused({"folder": root, **source}) == f"{root}{said}"


def test_a_class_may_be_called_as_a_split_is(tmp_path):
    root = photos(tmp_path / "p", classes=("car", "train"), splits=())
    assert loaded({"folder": root, "test": 0.2})[1].class_names == ("car", "train")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    place = tmp_path / "nowhere"
    assert refused({"folder": place}).startswith(f"{place} is not there; a path is relative")
    place.write_text("")
    assert refused({"folder": place}).startswith(f"{place} is no folder; ")


def test_what_a_glance_sees_is_what_is_prepared(tmp_path):
    root = photos(tmp_path / "p", shape=(9, 7, 3))
    for source in ({"folder": root}, {"folder": root, "size": 5}, {"folder": root, "channels": 1}):
        images, about = loaded(source)
        description = prepare.write(images, tmp_path / "mine.arrow", "mine", about)
        seen = sources.glance("mine", source)
        assert seen | {"size": list(seen["size"])} == prepare.prepared_shape(description)
    assert description["class_names"] == ["ant", "bee", "cow"]


# Pictures in both splits


def repeated_in(source):
    images, about = loaded(source)
    return find_repeated(images, getattr(about, "test_files", ()))


def test_test_pictures_that_are_trained_on_are_counted_and_one_is_named(tmp_path):
    root = photos(tmp_path / "p", splits=("train",))
    for i in range(4):
        save(root / f"test/bee/{i}.png", noise(8, 8, 3, seed=1000 + i))
        save(root / f"test/{'ant' if i < 2 else 'cow'}/{i}.png", noise(8, 8, 3, seed=2000 + i))
    assert repeated_in({"folder": root}) is None
    for i in (2, 3):  # by another name, in another class
        save(root / f"test/bee/{i}.png", noise(8, 8, 3, seed=i))
    assert repeated_in({"folder": root}) == {"count": 2, "example": "bee/2.png"}


def test_a_picture_that_is_drawn_beside_its_copy_is_named_by_its_file(tmp_path):
    root = photos(tmp_path / "p", each=10, splits=())
    assert repeated_in({"folder": root, "test": 0.2}) is None
    (root / "ant/5.png").write_bytes((root / "ant/3.png").read_bytes())  # 2 and 3 are drawn
    found = repeated_in({"folder": root, "test": 0.2})
    assert found == {"count": 1, "example": "ant/3.png"}


def test_a_description_tells_what_is_repeated_and_else_is_as_before(tmp_path):
    images, about = loaded({"npz": arrays(tmp_path / "a.npz")})
    found = find_repeated(images)
    assert found == {"count": 12, "example": "image 0"}
    plain = prepare.write(images, tmp_path / "mine.arrow", "mine", about)
    assert "repeated" not in plain and repeated_sentence(plain) is None
    told = prepare.write(images, tmp_path / "mine.arrow", "mine", about, found)
    assert told == plain | {"repeated": found}
    assert repeated_sentence(told) == (
        "12 of 12 test images also stand among the training images, such as image 0"
    )
    prepare.verify(tmp_path / "mine.arrow", told)


# Arrays


def arrays(path, n=12, classes=3, shape=(8, 8, 3), names=None, **changed):
    y = np.arange(n) % classes
    x = noise(n, *shape)
    whole = dict(zip(names or ("train_images", "train_labels", "test_images", "test_labels"),
                     (x, y, x.copy(), y.copy()), strict=False)) | changed  # fmt: skip
    np.savez_compressed(path, **whole)
    return path


def test_arrays_are_read_by_either_spelling_and_others_are_passed_over(tmp_path):
    plain, about = loaded({"npz": arrays(tmp_path / "a.npz", val_images=noise(3))})
    keras = arrays(tmp_path / "b.npz", names=("x_train", "y_train", "x_test", "y_test"))
    assert all(np.array_equal(a, b) for a, b in zip(plain, loaded({"npz": keras})[0], strict=True))
    assert (about.classes, about.n_train, about.channels) == (3, 12, 3)


def test_arrays_in_one_piece_are_drawn_from(tmp_path):
    file = arrays(tmp_path / "a.npz", n=30, names=("images", "labels"))
    images, _ = loaded({"npz": file, "test": 0.2})
    assert np.bincount(images.test_labels).tolist() == [2, 2, 2]
    assert len(images.train_labels) == 24
    said = refused({"npz": file})
    assert said == f"{file} holds images, labels; write test: 0.2 to draw a fifth"
    assert refused({"npz": arrays(tmp_path / "b.npz"), "test": 0.5}).endswith(
        "; leave out test: 0.5"
    )


def test_grey_arrays_get_their_channel_and_a_column_of_labels_becomes_a_row(tmp_path):
    file = arrays(tmp_path / "a.npz", shape=(8, 8), train_labels=np.arange(12)[:, None] % 3)
    images, _ = loaded({"npz": file})
    assert images.train_images.shape == (12, 8, 8, 1) and images.train_labels.shape == (12,)


def test_the_heads_of_arrays_give_their_shapes(tmp_path):
    file = arrays(tmp_path / "a.npz", test_images=np.asfortranarray(noise(5, 8, 8, 3)))
    shapes = array_shapes("mine", file)
    assert shapes["train_images"] == (12, 8, 8, 3) and shapes["test_images"] == (5, 8, 8, 3)


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"train_labels": np.arange(12) % 3 - 1}, "train: label -1; "),
        ({"test_labels": np.arange(12) % 4}, "test: label 3; "),
        ({"test_labels": np.arange(12) % 2}, "test: no image of class 2; "),
        ({"train_labels": np.arange(12) * 7000}, "77001 classes are more than 65536"),
        ({"train_labels": np.arange(12) % 3 + 0.5}, "train: labels float64 from 0.5 to 2.5; "),
        ({"train_labels": np.arange(11) % 3}, "train: 12 images with 11 labels"),
        ({"train_images": noise(12, 3, 8, 8)}, "train: images (12, 3, 8, 8); put the channels"),
        ({"train_images": noise(12, 8, 8, 3) / 255}, "train: images float64 from 0 to 1; "),
        ({"test_images": noise(12, 9, 8, 3)}, "test: images (12, 9, 8, 3); "),
    ],
)
def test_arrays_that_do_not_fit_are_refused_and_never_wrapped(tmp_path, changed, said):
    assert refused({"npz": arrays(tmp_path / "a.npz", **changed)}).startswith(said)


def test_labels_of_pieces_that_cannot_be_drawn_from_are_refused(tmp_path):
    names = ("images", "labels")
    for labels, said in (
        (np.arange(12) % 3 - 1, "train: label -1; "),
        (np.arange(12) % 3 + 0.5, "train: labels float64"),
        (np.arange(12) * 10**9, "11000000001 classes are more than 65536"),
        (np.arange(11) % 3, "train: 12 images with 11 labels"),
        (np.arange(12) % 3, "class 0 has 4 images; with test: 0.2 it needs 5"),
    ):
        file = arrays(tmp_path / "a.npz", names=names, labels=labels)
        assert refused({"npz": file, "test": 0.2}).startswith(said)


def test_a_file_that_is_no_npz_is_refused_and_nothing_is_unpickled(tmp_path):
    file = tmp_path / "a.npz"
    assert refused({"npz": file}).startswith(f"{file} is not there; write it with numpy.savez")
    file.write_bytes(b"PK half")
    assert refused({"npz": file}).startswith(f"{file} is no .npz file that can be read (")
    np.savez(file, a=1)
    assert refused({"npz": file}) == (
        f"{file} holds a; it needs train_images, train_labels, test_images, test_labels"
    )
    objects = np.array([{}] * 12, dtype=object)
    said = refused({"npz": arrays(file, train_labels=objects)})
    assert said.startswith(f"{file} cannot be read (ValueError: Object arrays cannot be loaded")
    whole = arrays(file).read_bytes()
    file.write_bytes(whole.replace(whole[200:220], bytes(20)))
    assert refused({"npz": file}).startswith(f"{file} ")


def with_head(file, head):
    """An .npz file whose test_labels.npy begins with this text in place of its header."""
    with zipfile.ZipFile(arrays(file), "a") as held:
        text = head.encode("latin1")
        magic = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little")
        held.writestr("labels.npy", magic + text)
    return file


def set_in_directory(file, offset, value):
    """Two bytes of every entry of a zip file's central directory."""
    held = bytearray(file.read_bytes())
    place = held.find(b"PK\x01\x02")
    while place >= 0:
        held[place + offset : place + offset + 2] = value.to_bytes(2, "little")
        place = held.find(b"PK\x01\x02", place + 1)
    file.write_bytes(held)
    return file


def damaged_deflate(file):
    """An .npz file whose first array cannot be unpacked."""
    np.savez_compressed(file, images=noise(12, 8, 8, 3))
    held = bytearray(file.read_bytes())
    start = 30 + int.from_bytes(held[26:28], "little") + int.from_bytes(held[28:30], "little")
    held[start : start + 8] = b"\xff" * 8
    file.write_bytes(held)
    return file


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: with_head(file, "[1]"),
        lambda file: with_head(file, "{'shape': 3}"),
        lambda file: with_head(file, "{'shape': ('a',)}"),
        lambda file: with_head(file, "{'shape': " + "(" * 9000),
        damaged_deflate,
        lambda file: set_in_directory(arrays(file), 8, 1),  # encrypted
        lambda file: set_in_directory(arrays(file), 10, 97),  # a compression that none knows
    ],
    ids=["list", "number", "word", "deep", "deflate", "encrypted", "compression"],
)
def test_a_damaged_head_of_arrays_is_one_line_before_anything_is_planned(tmp_path, damage):
    file = damage(tmp_path / "a.npz")
    with pytest.raises(UserError) as error:
        training_images("mine", {"npz": file})
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"data: mine: {file} is no .npz file that can be read (")


def test_a_number_in_place_of_an_array_is_one_line(tmp_path):
    file = arrays(tmp_path / "a.npz", test_labels=np.int64(3))
    for read in (training_images, sources.glance):
        with pytest.raises(UserError, match="a.npz: test_labels is one number; it must be an arr"):
            read("mine", {"npz": file})


# What is watched


def test_a_fingerprint_is_of_names_and_contents_alone(tmp_path):
    root, cache = photos(tmp_path / "p"), tmp_path / "kept/files.json"
    first = fingerprint(root, cache)
    for file in root.rglob("*.png"):
        os.utime(file)
    (root / ".hidden").write_text("x")
    assert fingerprint(root, cache) == first
    root.rename(tmp_path / "q")
    assert fingerprint(tmp_path / "q", cache) == first
    assert fingerprint(tmp_path / "q", tmp_path / "another.json") == first


@pytest.mark.parametrize("what", ["new", "edited", "edited alike", "deleted", "renamed", "swapped"])
def test_every_change_of_a_folder_changes_its_fingerprint(tmp_path, what):
    root, cache = photos(tmp_path / "p"), tmp_path / "files.json"
    first = fingerprint(root, cache)
    file = root / "train/ant/0.png"
    date = file.stat().st_mtime_ns
    match what:
        case "new":
            save(root / "train/ant/99.png", noise(8, 8, 3))
        case "edited":
            file.write_bytes(file.read_bytes() + b"x")
        case "edited alike":  # as large and as old as before
            time.sleep(0.02)  # a clock's tick
            file.write_bytes(file.read_bytes()[:-1] + b"x")
            os.utime(file, ns=(date, date))
        case "deleted":
            file.unlink()
        case "renamed":
            file.rename(root / "train/ant/00.png")
        case "swapped":
            other = root / "train/bee/0.png"
            one, two = file.read_bytes(), other.read_bytes()
            time.sleep(0.02)
            file.write_bytes(two)
            other.write_bytes(one)
    second = fingerprint(root, cache)
    assert second != first
    assert second == fingerprint(root, tmp_path / "another.json")


def test_only_what_changed_is_read(tmp_path, monkeypatch):
    root, cache, read = photos(tmp_path / "p"), tmp_path / "files.json", []
    real = prints._sha256
    monkeypatch.setattr(prints, "_sha256", lambda *a: read.append(a[1]) or real(*a))
    fingerprint(root, cache)
    assert len(read) == 36
    read.clear()
    fingerprint(root, cache)
    assert read == []
    os.utime(root / "test/bee/3.png")
    fingerprint(root, cache)
    assert read == ["test/bee/3.png"]


def test_what_is_not_written_is_remembered_by_the_process(tmp_path, monkeypatch):
    root, cache, read = photos(tmp_path / "p"), tmp_path / "kept/files.json", []
    first = fingerprint(root, cache, write=False)
    whole = prints._sha256
    monkeypatch.setattr(prints, "_sha256", lambda *file: read.append(file) or whole(*file))
    assert fingerprint(root, cache, write=False) == first
    assert read == [] and not cache.parent.exists()
    (root / "train/ant/0.png").unlink()
    assert fingerprint(root, cache, write=False) != first


def test_a_damaged_cache_is_made_anew(tmp_path):
    root, cache = photos(tmp_path / "p"), tmp_path / "files.json"
    first = fingerprint(root, cache)
    for text in ("", "{}", "[]", '{"digest": 1, "files": {"a": [1]}}', "\x00"):
        cache.write_text(text)
        assert fingerprint(root, cache) == first


# The study


def read(entry, **changed):
    config = yaml.safe_load((REPO / "tests/study.yaml").read_text()) | {"datasets": [entry]}
    return study.read(config | changed, REPO / "config/schema.yaml")


def test_a_study_keeps_its_sources_by_name():
    found = read({"name": "mine", "folder": "a/b", "test": 0.2, "size": [4, 6]})
    assert found.datasets == ("mine",)
    assert found.image_sources == {"mine": {"folder": "a/b", "test": 0.2, "size": [4, 6]}}
    assert read("digits").image_sources == {}


@pytest.mark.parametrize(
    "entry, said",
    [
        ({"name": "m"}, "m: name one of folder: (a folder of pictures), npz: (a file of "
                        "arrays) and file: (a Python file)"),
        ({"name": "m", "folder": "a", "npz": "b"}, "m: name one of folder: (a folder of pictures), "
                                                   "npz: (a file of arrays) and file: (a Python "
                                                   "file)"),
        ({"name": "m", "npz": "b", "size": 4}, "m: size: goes with a folder of pictures only; npz "
                                               "has test"),
        ({"name": "digits", "npz": "b"}, "'digits' is a built-in data set; give yours another "
                                         "name"),
        ({"name": "m", "folder": "a", "size": [4]}, "m: size: [4] is no size; write one number or "
                                                    "[height, width], each from 1 to 4096"),
        ({"name": "m", "folder": "a", "size": 0}, "m: size: 0 is no size; write one number or "
                                                  "[height, width], each from 1 to 4096"),
        ({"name": "m", "folder": "a", "test": 1}, "1: test: 1 must be at most 0.9"),
        ({"name": "m", "folder": "a", "channels": 2}, "1: channels: no 2; known are 1, 3"),
        ({"name": "m", "folder": 3}, "1: folder: 3 is not a word; write it in quotes in the "
                                     "study's file"),
        ({"name": "m", "foldr": "a"}, "1: 'foldr' is not a key here (did you mean folder?); known "
                                      "are name, folder, npz, file, test, size, channels, "
                                      "skip_other_files"),
        ({"folder": "a"}, "1: 'name' is missing"),
        ({"name": "a b", "folder": "a"}, "1: name: 'a b' cannot be a name: letters, digits and "
                                         "_ . + - only, 64 at most"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_meant_is_one_line(entry, said):
    with pytest.raises(UserError) as error:
        read(entry)
    assert str(error.value) == f"config: datasets: {said}"


def checked_line(entry, **changed):
    with pytest.raises(UserError) as error:
        check_own_images(read(entry, **changed))
    return str(error.value)


def test_more_images_than_there_are_are_refused_before_anything_is_prepared(tmp_path):
    root = photos(tmp_path / "p", each=10, splits=())
    entry = {"name": "mine", "folder": str(root), "test": 0.2}
    assert checked_line(entry, train_size=25) == "config: train_size: 25 is more than mine has, 24"
    assert checked_line(entry) == (
        "config: recipes: short: batch_size: 100 is more than the 24 images of mine that are "
        "trained on"
    )
    file = arrays(tmp_path / "a.npz")
    assert checked_line({"name": "mine", "npz": str(file)}, train_size=13).endswith("has, 12")


def test_the_number_that_is_counted_is_the_number_that_is_trained_on(tmp_path):
    root = photos(tmp_path / "p", each=7, splits=())
    for test in (0.2, 1 / 3, 0.5):
        counted = folder.count_training_images(folder.list_pictures("m", root, test), test)
        assert counted == len(loaded({"folder": root, "test": test})[0].train_labels)


def test_listing_many_pictures_is_cheap(tmp_path):
    for c in range(50):
        (tmp_path / f"p/{c}").mkdir(parents=True)
        for i in range(100):
            (tmp_path / f"p/{c}/{i}.jpg").touch()
    cache = tmp_path / "files.json"
    fingerprint(tmp_path / "p", cache)
    start = time.process_time()
    fingerprint(tmp_path / "p", cache)
    folder.list_pictures("mine", tmp_path / "p", 0.2)
    assert time.process_time() - start < 0.5  # 5 000 files: a tenth of that where nothing else runs


# What a report says of them


def described(tmp_path, source, test=None):
    """{name: what a report is given} of a source."""
    images, about = loaded(source)
    repeated = find_repeated(images, getattr(about, "test_files", ()))
    return {"mine": prepare.write(images, tmp_path / "a.arrow", "mine", about, repeated)
            | {"test": test}}  # fmt: skip


@pytest.fixture(scope="module")
def mine():
    """The tables of a study on the data set "mine"."""
    made = synthetic.study(datasets=("mine",), activations=("gelu", "relu"), seeds=4)
    return synthetic.reported(made, draw=False, datasets=("mine",)).tables


def test_a_report_says_what_a_data_set_of_one_s_own_holds(tmp_path, mine):
    root = photos(tmp_path / "p", each=10, splits=(), shape=(8, 6, 3))
    images = described(tmp_path, {"folder": root, "test": 0.2}, test=0.2)
    held = (
        "mine: 3 classes (ant, bee and cow), 24 training and 6 test images of 8 × 6 pixels in "
        "3 channels."
    )
    drawn = f"{held} The test images were drawn here: 20 % of each class."
    assert training_facts(mine, synthetic.DECLARED, None, images)[0] == ("Data", drawn)
    images["mine"]["test"] = None
    assert training_facts(mine, synthetic.DECLARED, None, images)[0] == ("Data", held)
    assert "Data" not in dict(training_facts(mine, synthetic.DECLARED, None))


def test_a_report_names_ten_classes_and_counts_more(tmp_path):
    for n, said in ((10, "10 classes (a, b, c, d, e, f, g, h, i and j), "), (11, "11 classes, ")):
        root = photos(tmp_path / f"{n}", classes="abcdefghijk"[:n], each=1)
        assert f"mine: {said}" in describe_images(described(tmp_path, {"folder": root})["mine"])


@pytest.mark.parametrize(
    ("n", "said"), [(36, "Only 36 test images: one image is 2.8 pp."), (1, "Only 1 test image: "),
                    (999, "Only 999 test images: one image is 0.1 pp."), (1000, None), (None, None)]
)  # fmt: skip
def test_a_report_says_what_one_of_few_test_images_is_worth(mine, n, said):
    few = replace(mine, runs=mine.runs.assign(n_test=n))
    found = " ".join(limit_sentences(few, synthetic.DECLARED))
    assert f"mine: {said}" in found if said else "one image is" not in found


def test_a_report_warns_of_test_images_that_were_trained_on(tmp_path):
    said = "mine: 18 of 18 test images also stand among the training images, such as ant/0.png."
    images = described(tmp_path, {"folder": photos(tmp_path / "p")})
    made = synthetic.study(datasets=("mine",), activations=("gelu", "relu"), seeds=4)
    page = synthetic.reported(made, draw=False, datasets=("mine",), images=images).html
    assert said in page.split("Before you quote this")[1]
    assert "3 classes (ant, bee and cow)" in page.split("Before you quote this")[0]


# What is trained on them


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train one epoch on arrays of a shape; the run's row."""
    prepare_torch("float32")

    def train(shape, classes=3, network="plain", augmentation="none", **parameters):
        path = tmp_path_factory.mktemp("data")
        file = arrays(path / "a.npz", n=2 * classes, classes=classes, shape=shape)
        images, about = loaded({"npz": file})
        description = prepare.write(images, path / "mine.arrow", "mine", about)
        data = load_splits(path / "mine.arrow", description, None, 0, torch.device("cpu"))
        recipe = {"optimizer": "adam", "learning_rate": 0.01, "schedule": "constant",
                  "batch_size": 8, "epochs": 1, "weight_decay": 0, "label_smoothing": 0,
                  "augmentation": augmentation, "precision": "float32"}  # fmt: skip
        names = dict.fromkeys(("recipe", "network", "dataset"), "x") | {"activation": "relu"}
        net = {"file": network, "parameters": networks.parameters(network) | parameters}
        progress = Progress("x", io.StringIO(), 1)
        cell = Cell(names, recipe, net)
        (row,) = train_run(cell, 0, data, torch.device("cpu"), progress).to_pylist()
        return row

    return train


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 8, 2), (12, 20, 3), (20, 12, 1)])
def test_one_or_two_channels_and_non_square_images_train(trained, shape):
    row = trained(shape, width=4)
    assert row["status"] == "ok" and row["n_test"] == 6


@pytest.mark.parametrize("augmentation", ["crop", "crop_flip"])
def test_non_square_images_are_augmented(trained, augmentation):
    assert trained((16, 24, 3), augmentation=augmentation, width=2)["status"] == "ok"


def test_a_crop_of_a_non_square_image_moves_it_and_keeps_its_shape():
    x = torch.arange(1, 1 + 16 * 24).reshape(1, 1, 16, 24)
    drawn = draw("crop", 1, 16, 0, 0)
    assert drawn["crop"].max() <= 4
    moved = augment(x, {"crop": torch.tensor([[4, 0]])})
    assert moved.shape == x.shape
    assert torch.equal(moved[0, 0, :14, 2:], x[0, 0, 2:, :22])
    assert not moved[0, 0, 14:].any() and not moved[0, 0, :, :2].any()


def test_three_hundred_classes_train(trained):
    row = trained((8, 8, 3), classes=300, width=2)
    assert row["status"] == "ok" and row["n_test"] == 600


def test_a_network_that_takes_square_images_only_is_refused_in_one_line(trained, monkeypatch):
    monkeypatch.delattr(networks.load("plain"), "non_square")
    assert trained((8, 8, 3), width=2)["status"] == "ok"
    with pytest.raises(UserError) as error:
        trained((8, 12, 3), width=2)
    assert str(error.value) == (
        "networks/plain.py takes square images only, and these are 8 × 12; write size: 8 for a "
        "folder of pictures, cut the arrays of an .npz file, or choose another network"
    )


def test_chance_is_the_share_of_the_most_frequent_class(tmp_path):
    labels = np.repeat([0, 1, 2], [8, 2, 2])
    images, about = loaded({"npz": arrays(tmp_path / "a.npz", test_labels=labels)})
    description = prepare.write(images, tmp_path / "mine.arrow", "mine", about)
    assert prepare.chance(description) == 8 / 12
