"""What the repository keeps of a study can be made again from its runs and says how it was."""

import json
import re
import subprocess

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT

from activarium import activations, study, tables
from activarium.compare import published_results
from activarium.compare.analysis import analysis
from activarium.report import publish, words
from activarium.report.study_tables import label
from activarium.runtime.errors import UserError
from activarium.tables import external
from activarium.train import cost

KEPT = sorted(file.parent for file in (ROOT / "reference").glob("*/runs.parquet"))
kept = pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)


def frozen(folder):
    """The study of a reference, read as Snakemake reads it."""
    return study.read(
        yaml.safe_load((folder / "study.yaml").read_text()), ROOT / "config/schema.yaml"
    )


def guessing(folder):
    """The accuracy of guessing by data set that a reference was analysed with."""
    return json.loads((folder / "analysis.json").read_text())["plan"]["chance"]


def test_the_folders_are_those_that_the_page_lists():
    listed = re.findall(r"^\| \[([\w-]+)\]", (ROOT / "reference/README.md").read_text(), re.M)
    assert sorted(listed) == [folder.name for folder in KEPT]


@kept
def test_summaries_and_contrasts_follow_from_the_runs_that_are_kept(folder):
    said = frozen(folder)
    runs, epochs, costs = external.read([str(folder / "runs.parquet")], said.control)
    frames = (table.to_pandas() for table in (runs, epochs, costs))
    found = analysis(*frames, said.control, said.confidence, said.margin, guessing(folder))
    for name, schema in (("summaries", tables.SUMMARIES), ("contrasts", tables.CONTRASTS)):
        stored = pq.read_table(folder / f"{name}.parquet").replace_schema_metadata()
        assert tables.table(found[name], schema).replace_schema_metadata().equals(stored)


@kept
def test_every_table_is_the_one_that_was_written(folder):
    for file in folder.glob("*.parquet"):
        tables.read(file)
    keys = [pq.read_table(folder / f"{n}.parquet", columns=tables.KEY) for n in ("runs", "costs")]
    assert keys[0].equals(keys[1]), "every run has its cost"


@kept
def test_a_reference_says_how_it_was_made(folder):
    said = yaml.safe_load((folder / "study.yaml").read_text())
    runs, costs = (tables.read(folder / f"{name}.parquet") for name in ("runs", "costs"))
    page = publish.page(said, runs, costs, f"reference/{folder.name}")
    assert (folder / "README.md").read_text() == page


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
        "chance": guessing(folder),
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


# How a study comes here


def published(trained, folder, commit="0" * 40, missing=0):
    """Publish the tiny study as if it had been trained at `commit`; where it stands."""
    made, home = trained / "results/tiny", folder / "reference/tiny"
    costs = pq.read_table(made / "costs.parquet").to_pylist()[missing:]
    table = tables.table([row | {"commit": commit} for row in costs], tables.COSTS)
    tables.write_run(table, folder / "costs.parquet")
    files = [made / "runs.parquet", made / "analysis.json", folder / "costs.parquet"]
    said = yaml.safe_load((trained / "study.yaml").read_text())
    publish.publish(list(map(str, files)), said, str(home))
    return home


def test_a_study_is_kept_whole(trained, tmp_path):
    made = published(trained, tmp_path)
    assert yaml.safe_load((made / "study.yaml").read_text())["name"] == "tiny"
    rows = dict(re.findall(r"^\| (\w+) \| (.*) \|$", (made / "README.md").read_text(), re.M))
    n = pq.read_table(made / "runs.parquet").num_rows
    assert (rows["runs"], rows["commit"]) == (f"{n}, of which 0 diverged", "0" * 40)
    for file in ("analysis.json", "runs.parquet"):
        assert (made / file).read_bytes() == (trained / "results/tiny" / file).read_bytes()


@pytest.mark.parametrize(
    ("changed", "shown"),
    [({"commit": "0" * 40 + "+"}, r"0\+"), ({"commit": None}, "unknown"), ({"missing": 1}, "unk")],
)
def test_runs_of_no_commit_are_not_kept(trained, tmp_path, changed, shown):
    with pytest.raises(UserError, match=f"reference: the code of tiny is no commit .*{shown}"):
        published(trained, tmp_path, **changed)
    assert not (tmp_path / "reference").exists()


def test_a_refused_reference_leaves_the_one_that_is_there(trained):
    """In a test the code stands in no repository, so that its commit is not known."""
    before = trained / "reference/tiny"
    before.mkdir(parents=True)
    (before / "README.md").write_text("the one before")
    (before / "study.yaml").write_bytes((trained / "study.yaml").read_bytes())
    done = trained.snakemake("reference", study="reference/tiny/study.yaml")
    assert done.returncode == 1
    assert "reference: the code of tiny is no commit (unknown)" in done.stderr
    assert (before / "README.md").read_text() == "the one before"
    assert (before / "study.yaml").exists()


def test_nothing_is_kept_unless_its_rule_is_asked_for(trained):
    assert trained.plan() == {}
    assert not (trained / "reference").exists()


def test_a_new_file_of_the_workflow_is_no_commit(tmp_path, monkeypatch):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    def commit():
        cost._commit.cache_clear()
        return cost._commit()

    place = tmp_path / "workflow/scripts/activarium/train/cost.py"
    place.parent.mkdir(parents=True)
    monkeypatch.setattr(cost, "__file__", str(place))
    git("init", "-q")
    place.write_text("1")
    git("add", ".")
    git("commit", "-qm", "first")
    git("tag", "-a", "v1", "-m", "a name")
    assert re.fullmatch("[0-9a-f]{40}", commit())
    (tmp_path / "study.yaml").write_text("a study is frozen beside its tables")
    assert not commit().endswith("+")
    new = place.with_name("swoosh.py")
    new.write_text("2")
    assert commit().endswith("+")
    new.unlink()
    place.write_text("3")
    assert commit().endswith("+")
    cost._commit.cache_clear()


# What is said of them


PAGES = {
    page: " ".join((ROOT / page).read_text().split()) for page in ("README.md", "docs/findings.md")
}
LINK = r"\]\((?:\.\./)?reference/(?P<folder>[\w-]+)\)"
DIFFERENCE = r"(?P<said>\S+ pp \((?:95 % interval )?\S+ to \S+?\))"


def in_words(row):
    """A contrast as the pages state it."""
    interval = words.interval(row["low"], row["high"], show=words.points)
    return f"{words.points(row['mean_diff'])} pp ({interval})"


@pytest.mark.parametrize("page", PAGES)
def test_each_difference_in_the_text_is_a_row_of_the_table_that_it_names(page):
    """Of the reference linked last before it; its activation stands in the same sentence."""
    text, folder, found = PAGES[page], None, 0
    for match in re.finditer(f"{LINK}|{DIFFERENCE}", text):
        folder = match["folder"] or folder
        if not match["said"]:
            continue
        rows = pq.read_table(ROOT / "reference" / folder / "contrasts.parquet").to_pylist()
        said = match["said"].replace("95 % interval ", "")
        meant = {row["activation"] for row in rows if in_words(row) == said}
        sentence = text[text.rfind(". ", 0, match.start()) + 1 : match.end()]
        assert any(label(name) in sentence for name in meant), said
        found += 1
    assert found >= 3


SUMMARIES = {folder.name: pd.read_parquet(folder / "summaries.parquet") for folder in KEPT}
LABELS = {activations.load(name).label: name for name in activations.names()}
MEAN = r"(?P<label>\w+) (?P<mean>\d+\.\d\d) % ± (?P<half>\d+\.\d\d)"


def spread(row):
    """A summary as the pages state it: its mean and half of its interval."""
    return words.percent(row["mean"]), words.percent((row["high"] - row["low"]) / 2)


def test_the_readme_s_mean_is_that_of_its_activation():
    """GELU 58.34 % ± 0.64, of CIFAR-10."""
    (found,) = re.finditer(MEAN, PAGES["README.md"])
    table = SUMMARIES["cifar10"].set_index("activation")
    assert spread(table.loc[LABELS[found["label"]]]) == (found["mean"], found["half"])


def test_the_ranking_is_that_of_cifar10():
    summaries = SUMMARIES["cifar10"].sort_values("mean", ascending=False, kind="stable")
    contrasts = pd.read_parquet(ROOT / "reference/cifar10/contrasts.parquet")
    contrasts = contrasts[contrasts["failures"] == "chance"].set_index("activation")
    rows = []
    for row in summaries.to_dict("records"):
        name = row["activation"]
        cells = [activations.load(name).label]
        cells += [
            words.percent(published_results.REPORTED["cifar10"].get(name)),
            " ± ".join(spread(row)),
        ]
        beside = contrasts.loc[name] if name in contrasts.index else None
        cells += [words.DASH] * 2 if beside is None else [in_words(beside), beside["verdict"]]
        rows.append(f"| {' | '.join(cells)} |")
    lines = (ROOT / "docs/findings.md").read_text().splitlines()
    assert [line for line in lines if re.search(r"\d ± \d.* \|$", line)] == rows


def test_each_correlation_in_the_findings_is_one_of_the_table_that_it_names():
    """ρ = +0.71, +0.34 to +0.89, Holm p = 0.007, of the reference linked last before it."""
    words_of = r"(?P<said>ρ = \S+, \S+ to \S+, Holm p = \d\.\d+)"
    folder, found = None, 0
    for match in re.finditer(f"{LINK}|{words_of}", PAGES["docs/findings.md"]):
        folder = match["folder"] or folder
        if match["said"]:
            rows = json.loads((ROOT / f"reference/{folder}/analysis.json").read_text())["theory"]
            assert match["said"] in map(correlation_in_words, rows)
            found += 1
    assert found == 2


def correlation_in_words(row):
    """A property's correlation with the scores as the page states it."""
    ends = words.interval(row["low"], row["high"], show=words.correlation)
    return (
        f"ρ = {words.correlation(row['rho'])}, {ends}, Holm p = {words.probability(row['p_holm'])}"
    )


def test_the_depths_are_those_of_the_table():
    table = SUMMARIES["depth"].set_index(["activation", "network"])["mean"]
    row = r"\| (\w+) \| (\d+\.\d\d) \| (\d+\.\d\d) \| (\d+\.\d\d) (?=\|)"
    depths = re.findall(row, PAGES["docs/findings.md"])
    assert len(depths) == 11
    for name, *cells in depths:
        found = [table[LABELS[name], f"mlp_{n}"] for n in (4, 16, 32)]
        assert list(map(words.percent, found)) == cells
