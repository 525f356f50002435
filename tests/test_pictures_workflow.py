"""A study on a folder of pictures, by Snakemake and from a folder that is not the checkout."""

import json
import os
import shutil

import numpy as np
import pytest
import yaml
from conftest import BIN, ROOT, House
from PIL import Image

TRAINED = {"train_0": 2, "collect": 1}
RUNS = "results/mine/runs.parquet"


class Elsewhere(House):
    """A folder with a study and its pictures alone; the workflow is this checkout's."""

    def __init__(self, folder):
        super().__init__(folder)
        self.folder.mkdir()
        study = yaml.safe_load((ROOT / "tests/study.yaml").read_text())
        recipe = {**study["recipes"]["short"], "batch_size": 8}
        entry = {"name": "beasts", "folder": "photos", "size": 8}
        study |= {"name": "mine", "datasets": [entry], "recipes": {"short": recipe}, "seeds": 2}
        (self / "study.yaml").write_text(yaml.safe_dump(study))
        for split, each in (("train", 10), ("test", 4)):
            for c, label in enumerate(("ant", "bee")):
                for i in range(each):
                    self.draw(f"{split}/{label}/{i}.png", 100 * c + i)

    def draw(self, name, seed):
        """Put a photograph of noise into the folder."""
        file = self / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shape = (12, 16, 3)
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, np.uint8)).save(file)
        return file

    def snakemake(self, *arguments, study="study.yaml", cores=1, **environment):
        there = ["-s", ROOT / "Snakefile", "--workflow-profile", ROOT / "profiles/default"]
        command = [BIN / "snakemake", *arguments, "--cores", cores, "--configfile", study, *there]
        return self.run(*command, **environment)

    def changed(self, **entry):
        """The study with these keys of its data set."""
        study = yaml.safe_load((self / "study.yaml").read_text())
        self.say(datasets=[study["datasets"][0] | entry])

    @property
    def description(self):
        return json.loads((self / "results/mine/datasets/beasts.json").read_text())

    def train(self):
        """Train, and the bytes of the table of epochs, which holds every loss."""
        done = self.snakemake(RUNS, cores=2)
        assert done.returncode == 0, done.stderr
        return (self / "results/mine/epochs.parquet").read_bytes()


@pytest.fixture
def elsewhere(tmp_path):
    return Elsewhere(tmp_path / "elsewhere")


@pytest.mark.slow
def test_a_folder_s_pictures_are_trained_on_and_what_changes_in_it_trains_anew(elsewhere):
    first = elsewhere.train()
    assert elsewhere.description["shape"] == [8, 8, 3]
    assert (elsewhere.description["n_train"], elsewhere.description["n_test"]) == (20, 8)
    anew = {"prepare": 1, **TRAINED}

    def plan():
        return elsewhere.plan("--keep-going", RUNS)

    # What changes no picture trains nothing.
    assert plan() == {}
    photos = elsewhere / "photos"
    for file in photos.rglob("*.png"):
        os.utime(file)
    photos.rename(elsewhere / "album")
    elsewhere.changed(folder="album")
    assert plan() == {}
    (elsewhere / "album").rename(elsewhere / "archived")  # prepared images need it no more
    assert plan() == {}
    (elsewhere / "archived").rename(photos)
    elsewhere.changed(folder="photos")

    # What changes one does, and what brings it back does not.
    gone = photos / "train/ant/3.png"
    kept = gone.read_bytes()
    gone.unlink()
    assert plan() == anew
    gone.write_bytes(kept)
    assert plan() == {}
    new = elsewhere.draw("train/ant/new.png", 7)
    assert plan() == anew
    new.unlink()
    elsewhere.changed(size=6)
    assert plan() == anew
    elsewhere.changed(size=8)
    elsewhere.draw("test/bee/0.png", 8)
    assert plan() == anew
    second = elsewhere.train()
    assert second != first
    assert plan() == {}

    # Back to the first pictures, back to the first numbers.
    elsewhere.draw("test/bee/0.png", 100)
    assert elsewhere.train() == first


BALANCED = "results/mine/balanced.parquet"
ONLY_TABLES = {"collect": 1, "balance": 1}


def collect_again(elsewhere):
    """{rule: jobs} that making the tables anew takes."""
    return elsewhere.plan("-R", "collect", "--keep-going", BALANCED)


def test_tables_need_no_images(elsewhere):
    study = yaml.safe_load((elsewhere / "study.yaml").read_text())
    (recipe,), (network,) = study["recipes"], study["networks"]
    cells = [f"{recipe}/{network['name']}/beasts/{name}" for name in study["activations"]]
    made = [f"datasets/beasts.{ending}" for ending in ("arrow", "json", "labels.json")]
    made += [f"runs/{cell}/{seed}.parquet" for cell in cells for seed in range(2)]
    for file in made:  # those of the runs last, which dates tell
        place = elsewhere / "results/mine" / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("{}")
    assert collect_again(elsewhere) == ONLY_TABLES
    for file in (elsewhere / "results/mine/datasets").iterdir():
        file.unlink()
        assert collect_again(elsewhere) == ONLY_TABLES, file


@pytest.mark.slow
def test_tables_without_the_images_are_the_same(elsewhere):
    assert elsewhere.snakemake(BALANCED, cores=2).returncode == 0
    table = (elsewhere / BALANCED).read_bytes()
    (elsewhere / "results/mine/datasets/beasts.arrow").unlink()
    (elsewhere / BALANCED).unlink()
    assert collect_again(elsewhere) == ONLY_TABLES
    assert elsewhere.snakemake("-R", "collect", "--keep-going", BALANCED).returncode == 0
    assert (elsewhere / BALANCED).read_bytes() == table


@pytest.mark.slow
def test_a_picture_that_was_damaged_after_the_training_ends_every_start(elsewhere):
    first = elsewhere.train()
    bad = elsewhere / "photos/train/bee/5.png"
    whole = bad.read_bytes()
    bad.write_bytes(whole[:100])
    for _ in range(2):  # the first failure takes the prepared images away
        done = elsewhere.snakemake(RUNS)
        assert done.returncode != 0
        assert "photos/train/bee/5.png cannot be read as a picture (" in done.stderr
        assert elsewhere.plan("--keep-going", RUNS) == {"prepare": 1, **TRAINED}
    bad.write_bytes(whole)
    assert elsewhere.train() == first


@pytest.mark.slow
def test_a_damaged_picture_ends_the_preparation_in_a_line_that_names_it(elsewhere):
    bad = elsewhere / "photos/train/bee/5.png"
    bad.write_bytes(bad.read_bytes()[:100])
    done = elsewhere.snakemake("results/mine/datasets/beasts.arrow")
    assert done.returncode != 0
    assert "data: beasts: photos/train/bee/5.png cannot be read as a picture (" in done.stderr
    assert "Traceback" not in done.stderr
    elsewhere.draw("train/bee/5.png", 105)
    assert elsewhere.snakemake("results/mine/datasets/beasts.arrow").returncode == 0


@pytest.mark.slow
def test_test_pictures_that_are_trained_on_are_a_line_of_the_preparation(elsewhere):
    elsewhere.draw("test/bee/2.png", 5)  # as train/ant/5.png
    for c in range(2):  # no test picture is another one's copy
        for i in range(4):
            if (c, i) != (1, 2):
                elsewhere.draw(f"test/{('ant', 'bee')[c]}/{i}.png", 1000 + 10 * c + i)
    done = elsewhere.snakemake("results/mine/datasets/beasts.arrow")
    assert done.returncode == 0, done.stderr
    said = (
        "data: beasts: 1 of 8 test images also stand among the training images, such as bee/2.png"
    )
    assert said in done.stderr.splitlines()
    log = elsewhere / "results/mine/datasets/logs/beasts.log"
    assert log.read_text() == f"{said}\n"


@pytest.mark.slow
def test_the_report_says_what_the_folder_holds_and_what_was_drawn(elsewhere):
    for label in ("ant", "bee"):
        (elsewhere / "photos/train" / label).rename(elsewhere / "photos" / label)
        elsewhere.draw(f"{label}/2.png", 7)  # which copies each other, and one at least is drawn
    shutil.rmtree(elsewhere / "photos/train")
    shutil.rmtree(elsewhere / "photos/test")
    elsewhere.changed(test=0.2)
    done = elsewhere.snakemake("results/mine/report.html", cores=2)
    assert done.returncode == 0, done.stderr
    page = (elsewhere / "results/mine/report.html").read_text()
    assert "beasts: 2 classes (ant and bee), 16 training and 4 test images of 8 × 8" in page
    assert "The test images were drawn here: 20 % of each class." in page
    assert "beasts: 1 of 4 test images also stand among the training images" in page


def test_what_is_wrong_with_a_folder_is_a_line_before_anything_is_planned(elsewhere):
    (elsewhere / "photos/train/notes.txt").write_text("x")
    done = elsewhere.snakemake("-n")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        "data: beasts: photos/train/notes.txt is no picture of a class; take it away, or leave "
        "such out with skip_other_files: true"
    )
    elsewhere.changed(skip_other_files=True)
    plan = elsewhere.plan("--keep-going", RUNS)
    assert plan == {"prepare": 1, **TRAINED}
    assert not (elsewhere / "results").exists()  # a dry run writes nothing
