"""Balanced accuracy: right beside another implementation, shown where it is another number."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score
from synthetic import reported, study

from activarium import figures, tables
from activarium.data import prepare
from activarium.data.sources import About
from activarium.data.test_labels import find_test_labels, write_test_labels
from activarium.datasets import Images
from activarium.report.build import external_study
from activarium.report.page import render_page
from activarium.runtime.errors import UserError
from activarium.study import Study
from activarium.study.grid import Grid
from activarium.tables.balanced import BALANCED, balanced_accuracy, balanced_table
from activarium.tables.collect import provenance


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_scikit_learn_says(seed):
    draw = np.random.default_rng(seed)
    labels = draw.choice(4, 200, p=[0.7, 0.2, 0.05, 0.05])
    said = np.where(draw.random(200) < 0.6, labels, draw.integers(0, 4, 200))
    theirs = balanced_accuracy_score(labels, said)
    assert balanced_accuracy(said == labels, labels) == pytest.approx(theirs, rel=1e-14)


def test_whoever_says_the_most_frequent_class_has_one_over_the_number_of_classes():
    labels = np.repeat([0, 1, 2], [80, 15, 5])
    assert balanced_accuracy(labels == 0, labels) == pytest.approx(1 / 3)


def with_bits(made, labels, seed=0):
    """The runs of a made study with kept bits, and the score that these have."""
    draw, runs = np.random.default_rng(seed), made.runs.copy()
    right = [draw.random(len(labels)) < np.where(labels == 0, 0.9, 0.3) for _ in range(len(runs))]
    ok = runs["status"] == "ok"
    bits = pd.Series([np.packbits(r).tobytes() for r in right], index=runs.index)
    runs["correct"], runs["n_test"] = bits.where(ok, None), len(labels)
    runs["test_accuracy"] = pd.Series([r.mean() for r in right], index=runs.index).where(ok)
    return runs, right


def test_each_run_has_its_own_and_one_that_diverged_has_none():
    labels = np.repeat([0, 1], [150, 51])
    made = study(seeds=3, fails=lambda run: run["seed"] == 1 and run["activation"] == "relu")
    runs, right = with_bits(made, labels)
    found = balanced_table(runs, {"digits": labels})
    assert found.schema.equals(BALANCED)
    values = found["balanced_accuracy"].to_pylist()
    assert values.count(None) == 1
    for value, bits in zip(values, right, strict=True):
        assert value is None or value == pytest.approx((bits[:150].mean() + bits[150:].mean()) / 2)
    assert len(balanced_table(runs, {"another": labels})) == 0


@pytest.mark.parametrize("n", [193, 200, 202, 400])
def test_labels_of_another_number_of_images_are_an_error_and_are_not_filled_up(n):
    runs, _ = with_bits(study(seeds=2), np.repeat([0, 1], [150, 51]))
    with pytest.raises(UserError, match=f"was tested on 201 images, and digits has {n} test lab"):
        balanced_table(runs, {"digits": np.arange(n) % 2})


def prepared(folder):
    """The file of prepared images of unequal classes in `folder`, and their test labels."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (40, 4, 4, 1), np.uint8)
    labels = (np.arange(40) % 4 % 3).astype(np.uint8)
    file = folder / "mine.arrow"
    about = About("mine", 3, 40, (4, 4), 1)
    description = prepare.write(Images(images, labels, images[:9], labels[:9]), file, "mine", about)
    (folder / "mine.json").write_text(json.dumps(description))
    return file, labels[:9]


def test_test_labels_are_found_without_the_images_and_else_in_what_was_verified(tmp_path):
    file, labels = prepared(tmp_path)
    assert np.array_equal(find_test_labels(file), labels)
    whole = file.read_bytes()
    middle = whole.find(prepare.read(file).test_images[0].tobytes())
    file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    with pytest.raises(UserError, match="mine.arrow is damaged: its sha256 is"):
        find_test_labels(file)
    file.unlink()
    assert find_test_labels(file) is None
    write_test_labels(labels, tmp_path / "mine.labels.json")
    assert np.array_equal(find_test_labels(file), labels)


@pytest.mark.parametrize("old, new", [("0,", "1,"), ("[", ""), ("test", "best")])
def test_damaged_test_labels_are_one_line(tmp_path, old, new):
    file = tmp_path / "mine.labels.json"
    write_test_labels(np.arange(9) % 3, file)
    file.write_text(re.sub(r"\s+", "", file.read_text()).replace(old, new, 1))
    with pytest.raises(UserError, match="mine.labels.json") as error:
        find_test_labels(tmp_path / "mine.arrow")
    assert len(str(error.value).splitlines()) == 1


def render(shown):
    """The page of a study, its figures not drawn."""
    words = {name: figures.draw_figure(name, shown, True) for name in figures.names()}
    made_on = provenance(tables.table(shown.costs.to_dict("records"), tables.COSTS))
    return render_page(shown, words, made_on, external_study("s", ["runs.csv"]))


def test_a_report_shows_it_where_it_is_another_number_and_nowhere_else():
    labels = np.repeat([0, 1], [160, 40])
    made = study(seeds=3)
    runs, _ = with_bits(made, labels)
    balanced = balanced_table(runs, {"digits": labels}).to_pandas()
    shown = reported(made, draw=False).tables
    assert shown.balanced_rows() == {} and "Balanced accuracy" not in render(shown)
    shown.runs, shown.balanced = runs, balanced
    (rows,) = shown.balanced_rows().values()
    assert [row["n"] for row in rows] == [3] * 4
    assert all(0.5 < row["balanced"] < 0.7 < row["accuracy"] < 0.85 for row in rows)
    assert [r["balanced"] for r in rows] == sorted((r["balanced"] for r in rows), reverse=True)
    assert "<h2>Balanced accuracy</h2>" in render(shown)
    assert f">{100 * rows[0]['balanced']:.2f}<" in render(shown)
    shown.balanced = balanced.assign(balanced_accuracy=runs["test_accuracy"])
    assert shown.balanced_rows() == {} and "Balanced accuracy" not in render(shown)


def test_only_studies_with_unequal_classes_have_the_table():
    def grid(datasets, sources=(), **more):
        return Grid(Study("s", "gelu", 0.95, 0.005, tuple(datasets), dict(sources), **more))

    own = {"mine": {"folder": "a"}}
    assert grid(["digits", "cifar10", "mnist"]).balanced_table == []
    assert grid(["svhn"]).balanced_table == ["results/s/balanced.parquet"]
    assert grid(["digits", "svhn"]).unequal_images == ["results/datasets/svhn.arrow"]
    assert grid(["mine"], own).unequal_images == ["results/s/datasets/mine.arrow"]
    assert grid(["mine"], own, shards=("a",)).balanced_table == []


def test_no_other_table_has_a_new_column():
    assert "balanced_accuracy" not in {*tables.RUNS.names, *tables.SUMMARIES.names}
    assert tables.RUNS.names[-1] == "correct" and len(tables.RUNS.names) == 11
