"""What the repository keeps of a study can be made again from its runs and says how it was."""

import json
import re
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT

from activarium import datasets, outside, reference, study, tables
from activarium.compare.analysis import analysis
from activarium.refusal import Refusal
from activarium.report import words

KEPT = sorted(file.parent for file in (ROOT / "reference").glob("*/runs.parquet"))
kept = pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)


def frozen(folder):
    """The study of a reference, read as Snakemake reads it."""
    return study.read(
        yaml.safe_load((folder / "study.yaml").read_text()), ROOT / "config/schema.yaml"
    )


@kept
def test_summaries_and_contrasts_follow_from_the_runs_that_are_kept(folder):
    said = frozen(folder)
    runs, epochs, costs = outside.read([str(folder / "runs.parquet")], said.control)
    chance = {n: 1 / datasets.load(n).classes for n in set(runs["dataset"].to_pylist())}
    frames = (table.to_pandas() for table in (runs, epochs, costs))
    found = analysis(*frames, said.control, said.confidence, said.margin, chance | said.chance)
    for name, schema in (("summaries", tables.SUMMARIES), ("contrasts", tables.CONTRASTS)):
        stored = pq.read_table(folder / f"{name}.parquet").replace_schema_metadata()
        assert tables.table(found[name], schema).replace_schema_metadata().equals(stored)


@kept
def test_every_table_is_the_one_that_was_written(folder):
    for name in ("runs", "epochs", "costs", "summaries", "contrasts"):
        tables.read(folder / f"{name}.parquet")


@kept
def test_a_reference_says_how_it_was_made(folder):
    text = (folder / "README.md").read_text()
    commits = set(pq.read_table(folder / "costs.parquet")["commit"].to_pylist())
    assert all(re.fullmatch("[0-9a-f]{40}", commit) and commit in text for commit in commits)
    assert f"`{reference.AGAIN} reference/{folder.name}/study.yaml`" in text
    html = (folder / "report.html").read_text()
    assert frozen(folder).control in html


@kept
def test_a_reference_was_trained_from_a_commit_of_this_history(folder):
    def git(*words):
        return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True)

    if git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        pytest.skip("the history is not here")
    for commit in set(pq.read_table(folder / "costs.parquet")["commit"].to_pylist()):
        assert git("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0


def test_all_references_together_are_small():
    files = [file for file in (ROOT / "reference").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 25e6


@pytest.mark.slow
@kept
def test_snakemake_makes_the_same_tables_and_a_report_from_the_runs_that_are_kept(house, folder):
    said = frozen(folder)
    again = {
        "name": "again",
        "runs": str(folder / "runs.parquet"),
        "control": said.control,
        "analysis": {"confidence": said.confidence, "margin": said.margin},
        "chance": said.chance,
    }
    (house / "study.yaml").write_text(yaml.safe_dump(again))
    done = house.snakemake(cores=2)
    assert done.returncode == 0, done.stderr
    for name in ("summaries.parquet", "contrasts.parquet", "summaries.csv", "contrasts.csv"):
        assert (house / f"results/again/{name}").read_bytes() == (folder / name).read_bytes()
    made, stored = (
        re.search(r'<p class="headline">(.+?)</p>', page.read_text())[1]
        for page in (house / "results/again/report.html", folder / "report.html")
    )
    assert made == stored


def test_a_study_is_kept_whole(trained, tmp_path):
    """The tiny study, whose code in a test is no commit, with a commit written in."""
    made = published(trained, tmp_path, commit="0" * 40)
    assert yaml.safe_load((made / "study.yaml").read_text())["name"] == "tiny"
    page = (made / "README.md").read_text()
    rows = dict(re.findall(r"^\| (\w+) \| (.*) \|$", page, re.MULTILINE))
    n = pq.read_table(made / "runs.parquet").num_rows
    assert rows["runs"] == f"{n}, of which 0 diverged"
    assert rows["commit"] == "0" * 40
    assert (made / "analysis.json").read_bytes() == (
        trained / "results/tiny/analysis.json"
    ).read_bytes()


@pytest.mark.parametrize("commit", ["0" * 40 + "+", None])
def test_runs_of_no_commit_are_not_kept(trained, tmp_path, commit):
    with pytest.raises(Refusal, match="reference: the code of tiny is no commit"):
        published(trained, tmp_path, commit=commit)
    assert not (tmp_path / "reference").exists()


def published(trained, folder, commit):
    """Publish the tiny study as if it had been trained at `commit`; where it stands."""
    made, home = trained / "results/tiny", folder / "reference/tiny"
    costs = pq.read_table(made / "costs.parquet").to_pylist()
    table = tables.table([row | {"commit": commit} for row in costs], tables.COSTS)
    tables.write_run(table, folder / "costs.parquet")
    files = {str(made / f): str(home / f) for f in ("runs.parquet", "analysis.json")}
    files[str(folder / "costs.parquet")] = str(home / "costs.parquet")
    said = yaml.safe_load((trained / "study.yaml").read_text())
    reference.publish(said, files, home / "study.yaml", home / "README.md")
    return home


def test_a_reference_is_asked_for_by_its_rule_alone(trained):
    assert trained.plan() == {}
    done = trained.snakemake("reference", "-n", "--quiet", "rules")
    assert re.findall(r"^reference +(\d+)$", done.stdout + done.stderr, re.MULTILINE) == ["1"] * 2


def test_no_number_of_the_analysis_is_lost_on_the_way():
    for folder in KEPT:
        found = json.loads((Path(folder) / "analysis.json").read_text())
        assert found["summaries"] and found["plan"]["control"] == frozen(folder).control


@pytest.mark.parametrize("page", ["README.md", "docs/findings.md"])
def test_each_difference_in_the_text_is_a_row_of_the_table_that_it_names(page):
    """−0.03 pp (95 % interval −1.24 to +1.19) is a row of the reference linked last before it."""
    text = " ".join((ROOT / page).read_text().split())
    links = r"\]\((?:\.\./)?reference/(?P<folder>[\w-]+)\)"
    difference = r"(?P<said>\S+ pp \((?:95 % interval )?\S+ to \S+?\))"
    found, folder = [], None
    for match in re.finditer(f"{links}|{difference}", text):
        folder = match["folder"] or folder
        if match["said"]:
            found.append((folder, match["said"].replace("95 % interval ", "")))
    assert len(found) >= 3
    for name in {name for name, _ in found}:
        rows = pq.read_table(ROOT / "reference" / name / "contrasts.parquet").to_pylist()
        assert {said for folder, said in found if folder == name} <= set(map(in_words, rows))


def in_words(row):
    """A contrast as the pages state it."""
    interval = words.interval(row["low"], row["high"], show=words.points)
    return f"{words.points(row['mean_diff'])} pp ({interval})"
