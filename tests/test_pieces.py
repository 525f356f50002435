"""A study trained in pieces is the study, to the byte, and nothing is trained or taken twice."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from activarium import files, pieces, tables
from activarium.collect import CollectError

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
    """Put together pieces of these seeds, every time with a provenance; the three tables."""

    def joined(*parts, **said):
        paths = [cut(whole, tmp_path / str(k), part, declared | said) for k, part in
                 enumerate(parts)]  # fmt: skip
        return pieces.read(paths, declared)

    return joined


def test_pieces_in_any_order_are_the_tables_of_the_whole(joined, whole):
    for name, found in zip(NAMES, joined([9], range(4, 9), range(4)), strict=True):
        stored = pq.read_table(whole / f"{name}.parquet").replace_schema_metadata()
        assert found.replace_schema_metadata().equals(stored)


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ([range(9)], "the run short/plain_2/digits/gelu/9 (and 1 more) is in none of them; train"),
        (
            [range(6), range(5, 10)],
            "the run short/plain_2/digits/gelu/5 (and 1 more) stands in two",
        ),
    ],
)
def test_a_run_that_is_missing_or_stands_twice_is_named(joined, parts, line):
    with pytest.raises(CollectError) as caught:
        joined(*parts)
    assert str(caught.value).startswith(f"pieces: {line}")


def test_a_run_that_the_study_does_not_declare_is_named(whole, declared, tmp_path):
    path = cut(whole, tmp_path / "a", range(10))
    with pytest.raises(CollectError, match="gelu/8 .and 3 more. is not declared by the study"):
        pieces.read([path], declared | {"seeds": 8})


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"train_size": 100}, "train_size .100."),
        ({"recipes": {"short": {"epochs": 9}}}, "recipe short"),
        (
            {"networks": {"plain_2": {"file": "plain", "parameters": {"width": 3}}}},
            "network plain_2",
        ),
        ({"activations": {"gelu": "x * ndtr(2 * x)"}}, "activation gelu"),
    ],
)
def test_a_piece_that_was_trained_otherwise_is_named(joined, said, what):
    with pytest.raises(CollectError, match=f"0/runs.parquet was trained with another {what}"):
        joined(range(10), **said)


def test_what_another_piece_trained_beside_is_no_difference(joined):
    assert joined(range(10), recipes={"long": {"epochs": 9}}, activations={})[0].num_rows == 20


@pytest.mark.parametrize("name", NAMES)
def test_a_table_that_is_gone_or_damaged_is_named(whole, declared, tmp_path, name):
    path = cut(whole, tmp_path / "a", range(10))
    file = Path(path).with_name(f"{name}.parquet")
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(CollectError, match=f"pieces: .*{name}.parquet cannot be read"):
        pieces.read([path], declared)
    file.unlink()
    with pytest.raises(CollectError, match=f"pieces: .*{name}.parquet is not there; copy"):
        pieces.read([path], declared)


def test_a_damaged_provenance_is_named(whole, declared, tmp_path):
    path = cut(whole, tmp_path / "a", range(10), declared)
    Path(path).with_name("provenance.json").write_text("{")
    with pytest.raises(CollectError, match="pieces: .*provenance.json cannot be read .*; copy it"):
        pieces.read([path], declared)


def test_costs_of_other_runs_are_refused(whole, declared, tmp_path):
    path = cut(whole, tmp_path / "a", range(10))
    cut(whole, tmp_path / "b", range(9))
    shutil.copy(tmp_path / "b/costs.parquet", tmp_path / "a/costs.parquet")
    with pytest.raises(CollectError, match="a costs.parquet is not of the runs beside it"):
        pieces.read([path], declared)


def test_snakemake_trains_nothing_and_makes_the_same_study(trained):
    made = trained / "results/tiny"
    said = files.read_json(made / "provenance.json")["study"]
    parts = [cut(made, trained / f"kept/{k}", seeds, said) for k, seeds in
             enumerate((range(3), range(3, 10)))]  # fmt: skip
    trained.say(name="again", pieces=parts)
    assert not any(rule.startswith(("train", "prepare")) for rule in trained.plan())
    done = trained.snakemake(cores=2)
    assert done.returncode == 0, done.stderr
    for name in (*NAMES, "summaries", "contrasts"):
        found = (trained / f"results/again/{name}.parquet").read_bytes()
        assert found == (made / f"{name}.parquet").read_bytes()
    report = (trained / "results/again/report.html").read_text()
    assert "They were trained in 2 pieces, each run once." in report
    assert "Recipe short: adam at learning rate 0.01" in report
    assert json.loads((trained / "results/again/provenance.json").read_text())["study"] == said
    assert trained.plan() == {}


@pytest.mark.parametrize("name", ["gone/runs.parquet", "table.csv", "study.yaml"])
def test_a_piece_that_is_no_table_of_ours_is_refused_before_any_job(house, name):
    (house / "table.csv").write_text("seed\n0\n")
    house.say(pieces=name)
    done = house.snakemake("--dry-run")
    assert done.returncode == 1
    assert f"config: pieces: no table '{name}'; it must be a runs.parquet file" in done.stderr
