"""A challenge trains the new activation alone, says before how long, and gives its numbers."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT
from test_tuned_reuse import TunedCase

from activarium import study, tables
from activarium.activations import ActivationSpec
from activarium.challenge import estimate, run, suite, verdict
from activarium.runtime import files
from activarium.runtime.errors import UserError
from activarium.study import reused_runs
from activarium.study.grid import Grid
from activarium.study.suite_file import read_suite

QUICK = ROOT / "reference/cifar10-quick"
SCHEMA = ROOT / "config/schema.yaml"
LIBRARY = str(ROOT / "workflow/scripts/activarium")
PUBLISHED = sorted(file.parent.name for file in ROOT.glob("reference/*/study.yaml"))
KEY = ("adam", "resnet14_8", "cifar10")


def challenged(entry="elu", at_once=2, monkeypatch=None):
    """The study of a challenge on the quick suite."""
    config = suite.challenge_study(suite.find_suite("cifar10-quick", ROOT), entry, at_once)
    return study.read(config, SCHEMA)


def test_only_the_new_activation_is_trained(monkeypatch):
    monkeypatch.chdir(ROOT)
    declared = challenged({"name": "mine", "expr": "x*tanh(softplus(x))"})
    grid = reused_runs.with_reused_runs(Grid(declared), LIBRARY, SCHEMA)
    assert grid.runs == [
        f"results/challenge-mine/runs/adam/resnet14_8/cifar10/mine/{seed}.parquet"
        for seed in range(8)
    ]
    assert grid.packs == [range(0, 4), range(4, 8)]  # a job for each of two cores


def test_the_suite_is_the_current_one_or_a_published_study(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    first = read_suite(ROOT / suite.CURRENT, PUBLISHED).studies[0]
    assert suite.find_suite(None, ROOT)["name"] == first
    monkeypatch.chdir(tmp_path)
    Path(first).mkdir()  # a folder of that name here is not meant
    assert suite.find_suite(None, ROOT)["name"] == first
    monkeypatch.chdir(ROOT)
    assert suite.find_suite(None, ROOT)["reuse"] == [f"reference/{first}/runs.parquet"]
    assert suite.find_suite("config/cifar10-quick.yaml", ROOT)["name"] == "cifar10-quick"
    (tmp_path / "config").mkdir()
    (tmp_path / suite.CURRENT).write_text('{version: "1", studies: [current]}')
    with pytest.raises(UserError, match="^suite: .*suite.yaml: no published study 'current'"):
        suite.find_suite(None, tmp_path)
    with pytest.raises(
        UserError, match=r"no suite 'cifar10-quik' \(did you mean cifar10-quick\?\)"
    ):
        suite.find_suite("cifar10-quik", ROOT)


def test_other_tables_are_another_version_of_the_suite():
    """Who names a version has compared with these rows, the SHA-256 of each runs.parquet."""
    current = read_suite(ROOT / suite.CURRENT, PUBLISHED)
    runs = {name: ROOT / f"reference/{name}/runs.parquet" for name in current.studies}
    digests = {name: sha256(file.read_bytes()).hexdigest()[:16] for name, file in runs.items()}
    assert (current.version, digests) == ("2026.3", {"cifar10-modern": "8c36376a90ed931a"})


def test_every_study_of_the_suite_is_published():
    for name in read_suite(ROOT / suite.CURRENT, PUBLISHED).studies:
        assert suite.find_suite(name, ROOT)["name"] == name


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "no file suite.yaml"),
        ("version: [", "suite.yaml cannot be read as YAML"),
        ("[cifar10]", r"suite.yaml: \['cifar10'\] is no mapping; write version"),
        ('{version: "1", study: [cifar10]}', "suite.yaml: study is not a key; write version"),
        ('{version: "1"}', "suite.yaml: studies is missing; write version"),
        ('{version: "1", version: "2", studies: [a]}', "version is given twice; write version"),
        ('{version: "", studies: [cifar10]}', "version '' is no text in quotes; write"),
        ("{version: 2026.1, studies: [cifar10]}", "version 2026.1 is no text in quotes; write"),
        ('{version: "1", studies: cifar10}', "studies 'cifar10' is no list of names; write"),
        ('{version: "1", studies: []}', r"studies \[\] is no list of names; write"),
        ('{version: "1", studies: [cifar10, cifar10]}', "studies names cifar10 twice; once is"),
        (
            '{version: "1", studies: [cifar01]}',
            r"no published study 'cifar01' \(did you mean cifar10",
        ),
        ('{version: "1", studies: [""]}', "no published study ''; write"),
    ],
)
def test_a_suite_that_cannot_be_read_is_one_line(tmp_path, monkeypatch, text, line):
    monkeypatch.chdir(tmp_path)
    if text:
        Path("suite.yaml").write_text(text)
    with pytest.raises(UserError, match=f"^suite: .*{line}"):
        read_suite("suite.yaml", PUBLISHED)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: suite.activation_entry("my/none.py"), "no file my/none.py; make one: activarium"),
        (lambda: suite.activation_entry("x", "a/b"), "'a/b' is no name for files; say another by"),
        (lambda: suite.activation_entry("mihs"), "no activation 'mihs' (did you mean mish?)"),
        (lambda: suite.activation_entry("geglu"), "no activation 'geglu'; geglu is a gated feed-"),
        (lambda: challenged("gelu"), "the suite has gelu already"),
        (lambda: suite.challenge_study({"activations": []}, "elu", 2), "reuses no published runs"),
    ],
)
def test_what_cannot_be_a_challenge_is_one_line(make, line):
    with pytest.raises(UserError) as refused:
        make()
    assert str(refused.value).startswith(f"challenge: {line}") or line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_word_is_a_file_a_built_in_name_or_an_expression(tmp_path):
    file = tmp_path / "swoosh.py"
    file.touch()
    assert suite.activation_entry(str(file)) == {"name": "swoosh", "file": str(file)}
    assert suite.activation_entry("elu") == "elu"
    assert suite.activation_entry("x*tanh(x)") == {"name": "mine", "expr": "x*tanh(x)"}


def test_the_work_of_a_run_is_what_published_runs_have_seen():
    (row,) = estimate.published_work([str(QUICK / "runs.parquet")]).to_dict("records")
    assert tuple(row[k] for k in estimate.SETTING) == KEY
    assert row["train"] == 6 * (8000 - 8000 % 128) and row["evaluate"] == 6 * 10_000


def test_the_estimate_is_speed_times_work(monkeypatch):
    monkeypatch.chdir(ROOT)
    speeds = {"mine": {"train": 0.002, "evaluate": 0.001}, "gelu": {"train": 0.001}}
    monkeypatch.setattr(estimate, "measure", lambda declared, spec, setting: speeds[spec.name])
    found = estimate.estimate(challenged(), *map(ActivationSpec, ("mine", "gelu")))
    (row,) = found.to_dict("records")
    assert row["seconds"] == pytest.approx(0.002 * row["train"] + 0.001 * row["evaluate"])
    assert row["ratio"] == pytest.approx(2)


def test_the_time_is_that_of_the_core_with_the_most_packs(monkeypatch):
    monkeypatch.chdir(ROOT)
    times = {cores: estimate.time_at_once([10], challenged(at_once=cores), cores)
             for cores in (1, 2, 3, 5, 8, 16)}  # fmt: skip
    assert times == {1: 80, 2: 40, 3: 30, 5: 20, 8: 10, 16: 10}  # eight seeds of 10 s
    assert estimate.time_at_once([10, 30], challenged(at_once=2), 2) == 160


def test_another_challenge_of_the_same_name_is_refused(tmp_path):
    file = tmp_path / "study.yaml"
    one, other = (
        {"activations": ["gelu", {"name": "mine", "expr": e}]} for e in ("x*tanh(x)", "x")
    )
    run.check_place(file, one)
    file.write_text(yaml.safe_dump(one | {"pack": 4}))
    run.check_place(file, one | {"pack": 1})  # on another number of cores
    with pytest.raises(UserError, match="is another challenge, with runs of its own; say another"):
        run.check_place(file, other | {"pack": 4})


def test_a_function_that_the_control_is_too_is_said_to_be_the_same():
    analysis = files.read_json(QUICK / "analysis.json")
    setting = dict(zip(estimate.SETTING, KEY, strict=True))
    pair = {"activation": "gelu", "other": "relu", "n_pairs": 8, "by": "losses"}
    analysis["identical_runs"] = [setting | pair]
    numbers = verdict.challenge_numbers(analysis, "relu", {KEY: 1.0})
    (line,) = verdict.verdict_lines(numbers)
    assert line == "cifar10 · resnet14_8 · adam: every run of relu is that of gelu"
    assert not verdict.challenge_numbers(analysis, "silu", {KEY: 1.0})["settings"][0]["same_runs"]


def test_the_numbers_are_those_of_the_analysis():
    analysis = files.read_json(QUICK / "analysis.json")
    numbers = verdict.challenge_numbers(analysis, "relu", {KEY: 0.8})
    (row,) = numbers["settings"]
    contrasts = tables.read(QUICK / "contrasts.parquet").set_index(["failures", "activation"])
    expected = contrasts.loc[("chance", "relu")]
    assert (row["difference"], row["low"], row["high"], row["verdict"]) == tuple(
        expected[["mean_diff", "low", "high", "verdict"]]
    )
    means = tables.read(QUICK / "summaries.parquet").sort_values("mean", ascending=False)
    assert row["place"] == list(means["activation"]).index("relu") + 1
    assert row["n_activations"] == 4 and row["cost_ratio"] == 0.8
    (line,) = verdict.verdict_lines(numbers)
    assert line.startswith("cifar10 · resnet14_8 · adam: relu is ") and "0.80 times its" in line
    assert json.loads(json.dumps(numbers)) == numbers


def tuned_suite(folder):
    """The mapping of a suite whose learning rate is tuned, published in a folder."""
    return TunedCase(folder, 0).config | {"reuse": [str(folder / "runs.parquet")]}


def test_the_estimate_counts_the_runs_that_tune(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    costs = tmp_path / "tuning_costs.parquet"
    declared = study.read(suite.challenge_study(tuned_suite(tmp_path), "elu", 2), SCHEMA)
    rows = [row | {"images": 43_000} for row in pq.read_table(costs).to_pylist()]
    tables.write_run(tables.table(rows, tables.TUNING_COSTS), costs)
    speeds = {"elu": {"train": 0.002, "evaluate": 0.001}, "gelu": {"train": 0.001}}
    monkeypatch.setattr(estimate, "measure", lambda declared, spec, setting: speeds[spec.name])
    found = estimate.estimate(declared, *map(ActivationSpec, ("elu", "gelu")))
    seconds = 43_000 * (0.002 + 0.001 / 9)  # a tenth of the images is held out
    assert found["tuning_seconds"].tolist() == pytest.approx([seconds])
    times = [estimate.tuning_time_at_once(found, declared, cores) for cores in (1, 2, 3, 9)]
    assert times == pytest.approx([6 * seconds, 4 * seconds, 2 * seconds, 2 * seconds])
    grid = reused_runs.with_reused_runs(Grid(declared), LIBRARY, SCHEMA)
    assert len(grid.tuning.runs) == 6 and len(grid.runs) == 8


@pytest.mark.parametrize(
    ("edge", "words"),
    [
        ({}, "; tuned learning rate 0.01"),
        (
            {"learning_rate": "largest"},
            "; tuned learning rate 0.01, the largest that was tried: a better one may lie beyond",
        ),
    ],
)
def test_the_verdict_says_what_tuning_chose_and_where_a_list_ends(edge, words):
    analysis = files.read_json(QUICK / "analysis.json")
    cell = dict(zip(estimate.SETTING, KEY, strict=True)) | {"activation": "relu"}
    cells = [cell | {"activation": "gelu", "chosen": {"learning_rate": 0.1}, "at_edge": {}}]
    cells.append(cell | {"chosen": {"learning_rate": 0.01}, "at_edge": edge})
    numbers = verdict.challenge_numbers(analysis | {"tuning": {"cells": cells}}, "relu", {KEY: 1.0})
    assert numbers["settings"][0]["at_edge"] == edge
    assert next(iter(verdict.verdict_lines(numbers))).endswith(f"times its training time{words}")


@pytest.mark.slow
def test_a_challenge_goes_from_an_expression_to_its_numbers(trained):
    """On the tests' own study, published in a folder."""
    place = trained / "published"
    shutil.copytree(trained / "results/tiny", place, ignore=shutil.ignore_patterns("runs"))
    shutil.copy(trained / "study.yaml", place / "study.yaml")
    command = ["python", "-m", "activarium", "challenge", "x*tanh(x)", "--suite", "published"]
    done = trained.run(*command, "--cores", "2", PYTHONPATH="workflow/scripts")
    assert done.returncode == 0, done.stderr
    assert "10 runs are trained here" in done.stdout and "an estimate from 6 batches" in done.stdout
    folder = Path(trained / "results/challenge-mine")
    numbers = files.read_json(folder / "challenge.json")
    assert numbers["activation"] == "mine" and numbers["settings"][0]["n_pairs"] == 10
    assert yaml.safe_load((folder / "study.yaml").read_text())["pack"] == 5
    assert "20 of 30 runs were published before" in (folder / "report.html").read_text()
    assert not (folder / "runs/short/plain_2/digits/gelu").exists()
