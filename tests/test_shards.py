"""A study trained in shards is the study, to the byte, and nothing is trained or taken twice."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import BIN

from activarium import datasets, tables
from activarium.runtime import files
from activarium.tables import shards
from activarium.tables.collect import CollectError

NAMES = ("runs", "epochs", "costs")


def cut(whole, folder, seeds, said=None):
    """The part of a trained study that has these seeds, as its own tables; its runs.parquet.

    What is `said` of its training goes into its provenance; for None there is none.
    """
    for name in NAMES:
        table = pq.read_table(whole / f"{name}.parquet")
        part = table.filter(pc.is_in(table["seed"], pa.array(seeds, pa.int64())))
        tables.write_run(part, folder / f"{name}.parquet")
    if said:
        files.write_json(folder / "provenance.json", {"study": said})
    return str(folder / "runs.parquet")


@pytest.fixture
def whole(trained_once):
    """The folder of a trained study; only to be read."""
    return trained_once / "results/tiny"


@pytest.fixture
def declared(whole):
    """What that study says of its training."""
    return files.read_json(whole / "provenance.json")["study"]


@pytest.fixture
def joined(whole, declared, tmp_path):
    """Put together shards of these seeds, every time with a provenance; the three tables."""

    def joined(*parts, **said):
        paths = [cut(whole, tmp_path / str(k), part, declared | said) for k, part in
                 enumerate(parts)]  # fmt: skip
        return shards.read(paths, declared)

    return joined


def test_shards_in_any_order_are_the_tables_of_the_whole(joined, whole):
    for name, found in zip(NAMES, joined([9], range(4, 9), range(4)), strict=True):
        stored = pq.read_table(whole / f"{name}.parquet").replace_schema_metadata()
        assert found.replace_schema_metadata().equals(stored)


def refused(paths, declared):
    """The one line that says why these shards cannot be put together."""
    with pytest.raises(CollectError) as caught:
        shards.read(paths, declared)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_run_that_is_missing_or_stands_twice_is_named(whole, declared, tmp_path):
    first = cut(whole, tmp_path / "a", range(6), declared)
    second = cut(whole, tmp_path / "b", range(5, 10), declared)
    run = "the run short/plain_2/digits/gelu"
    assert refused([first, second], declared) == (
        f"shards: {run}/5 and 1 more stands in {first} and in {second}; it must be in one"
    )
    assert refused([first], declared) == (
        f"shards: {run}/6 and 7 more is in none of {first}; train it as a shard of its own"
    )


def test_a_run_that_the_study_does_not_declare_is_named(whole, declared, tmp_path):
    path = cut(whole, tmp_path / "a", range(10))
    assert refused([path], declared | {"seeds": 8}).startswith(
        f"shards: {path}: the run short/plain_2/digits/gelu/8 and 3 more is not declared; take"
    )


def test_a_shard_may_hold_more_activations_than_the_study(whole, declared, tmp_path):
    """As when the control gets more seeds, to be held against itself."""
    path = cut(whole, tmp_path / "a", range(10), declared)
    less = declared | {"activations": {"gelu": declared["activations"]["gelu"]}}
    for name, found in zip(NAMES, shards.read([path], less), strict=True):
        stored = pq.read_table(whole / f"{name}.parquet").replace_schema_metadata()
        mine = stored.filter(pc.equal(stored["activation"], "gelu"))
        assert found.replace_schema_metadata().equals(mine)


def test_a_shard_of_another_study_is_named(whole, declared, tmp_path):
    path = cut(whole, tmp_path / "a", range(10))
    other = {"activations": {"tanh": "tanh(x)"}}
    assert refused([path], declared | other) == (
        f"shards: {path} has no run of this study; leave it out"
    )


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"train_size": 100}, "train_size 100, and the study says None"),
        ({"validation": 0.2}, "validation 0.2, and the study says 0"),
        ({"recipes": {"short": {"epochs": 9}}}, "recipe short: epochs 9, and the study says 1"),
        (
            {"networks": {"plain_2": {"file": "plain", "parameters": {"width": 3}}}},
            "network plain_2: parameters: width 3, and the study says 2",
        ),
        ({"activations": {"gelu": "x * ndtr(2 * x)"}}, "activation gelu x * ndtr(2 * x), and"),
    ],
)
def test_a_shard_that_was_trained_otherwise_is_named(whole, declared, tmp_path, said, what):
    path = cut(whole, tmp_path / "a", range(10), declared | said)
    assert refused([path], declared).startswith(f"shards: {path} was trained with {what}")


def test_what_another_shard_trained_beside_is_no_difference(joined):
    assert joined(range(10), recipes={"long": {"epochs": 9}}, activations={})[0].num_rows == 20


def test_a_shard_of_an_older_version_may_say_less(joined):
    recipe = {"optimizer": "adam", "learning_rate": 0.01}
    assert joined(range(10), recipes={"short": recipe})[0].num_rows == 20


@pytest.mark.parametrize("name", NAMES)
def test_a_table_that_is_gone_or_damaged_is_named(whole, declared, tmp_path, name):
    path = cut(whole, tmp_path / "a", range(10))
    file = Path(path).with_name(f"{name}.parquet")
    file.write_bytes(file.read_bytes()[:-9])
    assert refused([path], declared).startswith(f"shards: {file} cannot be read (")
    file.unlink()
    assert refused([path], declared).startswith(f"shards: {file} is gone; copy the tables")


def test_a_damaged_provenance_is_named(whole, declared, tmp_path):
    path = cut(whole, tmp_path / "a", range(10), declared)
    file = Path(path).with_name("provenance.json")
    file.write_text("{")
    assert refused([path], declared).startswith(f"shards: {file} cannot be read (")


def test_tables_that_no_study_trained_are_no_shard(whole, declared, tmp_path):
    path = cut(whole, tmp_path / "a", range(10))
    files.write_json(tmp_path / "a/provenance.json", {"study": {}})
    assert "was made from external runs" in refused([path], declared)


@pytest.mark.parametrize("name", ["epochs", "costs"])
def test_epochs_and_costs_of_other_runs_are_refused(whole, declared, tmp_path, name):
    path = cut(whole, tmp_path / "a", range(5))
    cut(whole, tmp_path / "b", range(5, 10))
    shutil.copy(tmp_path / f"b/{name}.parquet", tmp_path / f"a/{name}.parquet")
    assert "beside it are of other runs; copy them" in refused([path], declared)


def test_a_run_has_the_epochs_of_its_recipe_unless_it_diverged(whole, declared, tmp_path):
    path = cut(whole, tmp_path / "a", range(10))
    recipe = declared["recipes"]["short"] | {"epochs": 2}
    longer = declared | {"recipes": {"short": recipe}}
    assert refused([path], longer).startswith(
        f"shards: {path}: the run short/plain_2/digits/gelu/0 was trained for 1 epochs and not for"
    )
    rows = [row | {"status": "diverged"} for row in pq.read_table(path).to_pylist()]
    tables.write_run(tables.table(rows, tables.RUNS), path)
    assert shards.read([path], longer)[1].num_rows == 20


@pytest.mark.parametrize("key", ["shards", "pieces"])  # as older versions called them
def test_a_table_that_is_read_again_as_the_only_shard_keeps_its_shards(
    whole, declared, tmp_path, key
):
    parts = ["a/runs.parquet", "b/runs.parquet"]
    kept = cut(whole, tmp_path / "kept", range(10), declared | {key: parts})
    assert shards.origin([kept], declared) == parts
    alone = cut(whole, tmp_path / "alone", range(10), declared)
    assert shards.origin([alone], declared) == []
    assert shards.origin([kept, alone], declared) == [kept, alone]
    (tmp_path / "alone/provenance.json").unlink()
    assert shards.origin([alone], declared) == [alone]


@pytest.mark.parametrize("other", [{"seeds": 5}, {"activations": {"gelu": None}}])
def test_the_shards_of_another_study_are_not_taken_over(whole, declared, tmp_path, other):
    kept = cut(whole, tmp_path, range(10), declared | {"shards": ["a/runs.parquet"]})
    assert shards.origin([kept], declared | other) == [kept]


def test_guessing_is_what_the_shards_say_it_is(whole, declared, tmp_path):
    """Of images that are not here; an older shard does not say it."""
    told = cut(whole, tmp_path / "told", range(5), declared | {"chance": {"mine": 0.9}})
    older = cut(whole, tmp_path / "older", range(5), {"seeds": 5})
    silent = cut(whole, tmp_path / "silent", range(5), None)
    assert shards.chance([told, older, silent]) == {"mine": 0.9}


@pytest.mark.parametrize(
    ("name", "digests", "known"),
    [
        ("gelu", ("a", "a"), {"activations": {"gelu": "a"}}),
        ("gelu", ("a", "b"), None),
        ("gelu", ("a", None), {}),
        ("dyt", (None, None), {}),
        ("dyt", ("a", None), None),  # it learned one value a layer before definitions were kept
    ],
)
def test_shards_of_two_definitions_are_refused(tmp_path, name, digests, known):
    paths = []
    for k, digest in enumerate(digests):
        kept = {"definitions": {"activations": {name: digest}}} if digest else {}
        said = {"activations": {name: None}, "datasets": []} | kept
        files.write_json(tmp_path / str(k) / "provenance.json", {"study": said})
        paths.append(str(tmp_path / str(k) / "runs.parquet"))
    if known is not None:
        assert shards.definitions(paths) == known
        return
    with pytest.raises(CollectError, match=f"shards: {name} was not the same in all of "):
        shards.definitions(paths)


def test_snakemake_trains_nothing_and_makes_the_same_study(trained):
    made = trained / "results/tiny"
    said = files.read_json(made / "provenance.json")["study"]
    assert said["chance"] == files.read_json(made / "analysis.json")["plan"]["chance"]
    assert said["chance"] == {name: datasets.chance(name) for name in said["datasets"]}
    parts = [cut(made, trained / f"kept/{k}", seeds, said) for k, seeds in
             enumerate((range(3), range(3, 10)))]  # fmt: skip
    trained.say(name="again", shards=parts)
    assert not any(rule.startswith(("train", "prepare")) for rule in trained.plan())
    done = trained.snakemake(cores=2)
    assert done.returncode == 0, done.stderr
    for name in (*NAMES, "summaries", "contrasts"):
        found = (trained / f"results/again/{name}.parquet").read_bytes()
        assert found == (made / f"{name}.parquet").read_bytes()
    report = (trained / "results/again/report.html").read_text()
    assert "They were trained in 2 shards, each run once." in report
    assert "Recipe short: Adam; learning rate 0.01" in report
    provenance = json.loads((trained / "results/again/provenance.json").read_text())["study"]
    assert provenance == said | {"shards": parts}
    assert trained.plan() == {}
    trained.say(shards=None, pieces=parts)
    old = trained.snakemake("--dry-run")
    assert old.returncode == 0 and "config: pieces: is called shards now" in old.stderr
    command = (BIN / "python", "-m", "activarium", "check-runs", "study.yaml")
    checked = trained.run(*command, PYTHONPATH="workflow/scripts")
    assert f"20 of 20 runs of again are whole, in {parts[0]}" in checked.stdout


@pytest.mark.parametrize(
    ("shards", "line"),
    [
        ("gone/runs.parquet", "no gone/runs.parquet for 'gone/runs.parquet'; a shard is"),
        ("a/my-runs.parquet", "no a/runs.parquet for 'a/my-runs.parquet'; a shard is"),
        ("b/runs.parquet", "no b/costs.parquet for 'b/runs.parquet'; a shard is the runs.parquet"),
        ("results/tiny/runs.parquet", "'results/tiny/runs.parquet' would be written by this study"),
        ("c/runs.parquet", "'c/runs.parquet' would be written by this study itself; give the"),
        (["d/runs.parquet", "d/../d/runs.parquet"], "is listed twice; leave one out"),
    ],
)
def test_what_is_no_shard_is_refused_before_any_job(house, shards, line):
    for file in ("a/my-runs", "b/runs", "b/epochs", *(f"d/{name}" for name in NAMES)):
        (house / file).parent.mkdir(exist_ok=True)
        (house / f"{file}.parquet").touch()
    (house / "results/tiny").mkdir(parents=True)
    for name in NAMES:
        (house / f"results/tiny/{name}.parquet").touch()
    (house / "c").symlink_to("results/tiny")
    house.say(shards=shards)
    done = house.snakemake("--dry-run")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("config: shards: ")
    assert line in done.stderr.splitlines()[-1]
    assert (house / "results/tiny/runs.parquet").exists()
