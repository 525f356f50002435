"""A submitted folder is whole, belongs together, and its verdicts follow from its runs."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT

from activarium import tables
from activarium.runtime import files
from activarium.submission.check import FILES, find_problems

SCHEMA = ROOT / "config/schema.yaml"
QUICK = ROOT / "reference/cifar10-quick"


@pytest.fixture
def submitted(tmp_path):
    """A copy of a published study."""
    return Path(shutil.copytree(QUICK, tmp_path / "submitted"))


def problems(folder):
    """What the check says."""
    return list(find_problems(folder, SCHEMA))


def rewrite(file, change):
    """Write a table again, with its checksum, after `change` of its rows."""
    schema = pq.read_schema(file).remove_metadata()
    rows = pq.read_table(file).to_pylist()
    change(rows)
    tables.write_run(pq.read_table(file).from_pylist(rows, schema=schema), file)


KEPT = sorted(file.parent for file in (ROOT / "reference").glob("*/runs.parquet"))
# One is read in every test run, the others where there is time.
EACH = [folder if folder == QUICK else pytest.param(folder, marks=pytest.mark.slow)
        for folder in KEPT]  # fmt: skip


@pytest.mark.parametrize("folder", EACH, ids=lambda folder: folder.name)
def test_a_published_study_has_no_problems(folder):
    assert problems(folder) == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_is_named(submitted, name):
    (submitted / name).unlink()
    assert problems(submitted) == [f"{submitted / name} is missing"]


def damage_table(folder):
    file = folder / "contrasts.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    return "contrasts.parquet cannot be read"


def edit_analysis(folder):
    file = folder / "analysis.json"
    file.write_text(file.read_text().replace("0.01", "0.02", 1))
    return "do not match its checksum"


def leave_out_a_seed(folder):
    for name in ("runs", "epochs", "costs"):
        rewrite(folder / f"{name}.parquet", lambda rows: rows.__setitem__(
            slice(None), [row for row in rows if row["seed"] != 3]))  # fmt: skip
    return "different runs"  # provenance.json has counted them


def declare_more_seeds(folder):
    said = yaml.safe_load((folder / "study.yaml").read_text())
    (folder / "study.yaml").write_text(yaml.safe_dump(said | {"seeds": 9}))
    return "gelu/8 and 3 more of study.yaml is not in runs.parquet"


def declare_another_rate(folder):
    said = yaml.safe_load((folder / "study.yaml").read_text())
    said["recipes"]["adam"]["learning_rate"] = 0.01
    (folder / "study.yaml").write_text(yaml.safe_dump(said))
    return "study.yaml says recipes: adam: learning_rate 0.01, and provenance.json 0.001"


def improve_a_contrast(folder):
    rewrite(folder / "contrasts.parquet", lambda rows: rows[0].update(verdict="better"))
    return "contrasts.parquet does not follow from runs.parquet"


def train_from_no_commit(folder):
    rewrite(folder / "costs.parquet", lambda rows: [row.update(commit="abc+") for row in rows])
    said = files.read_json(folder / "provenance.json") | {"commit": {"abc+": 32}}
    files.write_json(folder / "provenance.json", said)
    return "some runs were trained by code that is no commit (abc+)"


def tell_another_story(folder):
    text = (folder / "README.md").read_text()
    (folder / "README.md").write_text(text.replace("32, of which 0 diverged", "64"))
    return "README.md does not say: | runs | 32, of which 0 diverged |"


@pytest.mark.parametrize(
    "spoil",
    [damage_table, edit_analysis, leave_out_a_seed, declare_more_seeds, declare_another_rate,
     improve_a_contrast, train_from_no_commit, tell_another_story],
)  # fmt: skip
def test_what_is_wrong_is_named_in_a_line(submitted, spoil):
    words = spoil(submitted)
    found = problems(submitted)
    assert any(words in line for line in found), found
    assert not any("\n" in line for line in found)
