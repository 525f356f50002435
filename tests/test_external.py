"""Tables made elsewhere: what is taken, what is refused by row, and a report made from them."""

import json
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT

from activarium import study, tables
from activarium.runtime.errors import UserError
from activarium.tables import collect, external
from activarium.tables.collect import CollectError

NEEDED = ["dataset", "activation", "seed", "test_accuracy", "status"]


def frame(**columns):
    """Three seeds of gelu and relu on cifar10, every run ok, with columns changed or added."""
    rows = {
        "dataset": ["cifar10"] * 6,
        "activation": ["gelu"] * 3 + ["relu"] * 3,
        "seed": [0, 1, 2] * 2,
        "test_accuracy": [0.90, 0.91, 0.92, 0.80, 0.81, 0.82],
        "status": ["ok"] * 6,
    }
    return pd.DataFrame(rows | columns)


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Write frames as tables of these endings and read them: (runs, epochs, costs)."""
    monkeypatch.chdir(tmp_path)

    def read(*frames, ending="csv", control="gelu"):
        files = [f"{chr(97 + i)}.{ending}" for i in range(len(frames))]
        for file, table in zip(files, frames, strict=True):
            table.to_csv(file, index=False) if ending == "csv" else table.to_parquet(file)
        return external.read(files, control)

    return read


def changed(column, row, value):
    """`frame` with one value changed; rows are counted from 1 as in messages."""
    values = frame()[column].astype(object).tolist()
    values[row - 1] = value
    return frame(**{column: values})


# What is taken


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_five_columns_are_enough(read, ending):
    runs, epochs, costs = read(frame(), ending=ending)
    assert runs.schema.equals(tables.RUNS) and runs.num_rows == 6
    assert epochs.schema.equals(tables.EPOCHS) and costs.schema.equals(tables.COSTS)
    assert epochs.num_rows == costs.num_rows == 0
    assert set(runs["recipe"].to_pylist()) == set(runs["network"].to_pylist()) == {"unnamed"}
    assert runs["test_accuracy"].to_pylist() == frame()["test_accuracy"].tolist()


def test_csv_and_parquet_say_the_same(read):
    table = frame(
        n_correct=range(90, 96), n_test=100, test_accuracy=[x / 100 for x in range(90, 96)]
    )
    assert read(table)[0].equals(read(table, ending="parquet")[0])


def test_several_files_are_joined_whatever_their_columns(read):
    theirs = frame().assign(dataset="theirs", recipe="long", network="vit", note="x")
    runs, *_ = read(frame(), theirs)
    assert runs.num_rows == 12
    assert set(runs["network"].to_pylist()) == {"unnamed", "vit"}


def test_other_columns_are_ignored(read):
    more = {"lr": 0.1, "correct": ["yes"] * 6, "host": "h", "_place": 3, "seed.b": 2, "epochs": 5}
    assert read(frame(**more))[0].equals(read(frame())[0])
    assert read(frame(**more), ending="parquet")[0].equals(read(frame())[0])


@pytest.mark.parametrize(
    "seeds",
    [
        [-5, 0, 2**63 - 1, -(2**63), 7, 2**53 + 1],
        ["9007199254740993", "12", "-3", "3.0", "5", "6"],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    ],
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_seeds_are_whole_numbers_of_any_value_and_stay_exact(read, seeds, ending):
    runs, *_ = read(frame(seed=seeds), ending=ending)
    exact = [int(s) if "." not in str(s) else int(float(s)) for s in seeds]
    assert sorted(runs["seed"].to_pylist()) == sorted(exact)


def test_the_order_of_rows_does_not_matter(read):
    assert read(frame().sample(frac=1, random_state=0))[0].equals(read(frame())[0])


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "nan", "None", "NA", "=1+1", "gélu β"]
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_name_is_any_text_and_survives_as_text(read, name, ending):
    runs, *_ = read(frame(activation=["gelu"] * 3 + [name] * 3), ending=ending)
    assert runs["activation"].to_pylist().count(name) == 3


def test_names_may_be_stored_as_categories(read):
    table = frame().astype({"dataset": "category", "activation": "category", "status": "category"})
    assert read(table, ending="parquet")[0].equals(read(frame())[0])


def test_a_diverged_run_has_no_score(read):
    table = frame(
        test_accuracy=[0.9, 0.91, None, 0.8, 0.81, 0.82],
        status=["ok"] * 2 + ["diverged"] + ["ok"] * 3,
    )
    for ending in ("csv", "parquet"):
        runs, *_ = read(table, ending=ending)
        assert runs["test_accuracy"].to_pylist()[2] is None
        assert runs["status"].to_pylist()[2] == "diverged"


# What is refused


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("table", "line"),
    [
        (
            pd.concat([frame(), frame()[:1]]),
            "a.{e} row 1, a.{e} row 7: the same run twice; leave one out; the first is cifar10, "
            "gelu, seed 0, recipe unnamed, network unnamed",
        ),
        (
            changed("test_accuracy", 2, 91),
            "a.{e} row 2: a test_accuracy above 1 beside fractions; write fractions, 0.93 and not "
            "93 ('91.0'); the first is cifar10, gelu, seed 1",
        ),
        (
            frame(test_accuracy=[90, 91, 92, 80, 81, 82]),
            "a.{e} row 1, a.{e} row 2, a.{e} row 3 and 3 more: percent; write fractions, 0.93 and "
            "not 93 ('90.0'); the first is cifar10, gelu, seed 0",
        ),
        (
            changed("test_accuracy", 6, -0.1),
            "a.{e} row 6: a test_accuracy below 0 ('-0.1'); the first is cifar10, relu, seed 2",
        ),
        (
            changed("status", 4, "failed"),
            "a.{e} row 4: a status that is neither 'ok' nor 'diverged' ('failed'); the first is "
            "cifar10, relu, seed 0",
        ),
        (
            changed("test_accuracy", 3, None),
            "a.{e} row 3: 'ok' without a test_accuracy; a failed run is 'diverged'; the first is "
            "cifar10, gelu, seed 2",
        ),
        (
            changed("status", 3, "diverged"),
            "a.{e} row 3: 'diverged' with a test_accuracy; leave it empty there; the first is "
            "cifar10, gelu, seed 2",
        ),
        (
            frame(n_test=100, n_correct=[90, 91, 92, 80, 81, 99]),
            "a.{e} row 6: a test_accuracy that is not n_correct / n_test; the first is cifar10, "
            "relu, seed 2",
        ),
        (
            frame(n_test=100, n_correct=[90, 91, 92, 80, 81, 82.5]),
            "a.{e} row 6: n_correct is not a whole number from 0 on ('82.5'); the first is "
            "cifar10, relu, seed 2",
        ),
        (frame()[:0], "a.{e} holds no row"),
    ],
)  # fmt: skip
def test_a_table_that_says_nonsense_is_refused_by_row(read, table, line, ending):
    with pytest.raises(CollectError) as caught:
        read(table, ending=ending)
    assert str(caught.value) == "runs: " + line.format(e=ending)


@pytest.mark.parametrize("value", ["x", "1.5", "", "inf", "nan", str(2**63)])
def test_a_seed_that_is_no_whole_number_is_refused(read, value):
    with pytest.raises(CollectError, match="a.csv row 5: a seed that is not a whole number"):
        read(changed("seed", 5, value))


def test_a_score_that_is_no_number_is_refused(read):
    with pytest.raises(
        CollectError, match="a.csv row 5: a test_accuracy that is not a number .'93 %'"
    ):
        read(changed("test_accuracy", 5, "93 %"))


@pytest.mark.parametrize("column", ["dataset", "activation"])
def test_a_row_without_a_name_is_refused(read, column):
    with pytest.raises(CollectError, match=f"a.csv row 2: no {column}"):
        read(changed(column, 2, ""))


@pytest.mark.parametrize("column", NEEDED)
def test_a_table_without_a_needed_column_is_refused(read, column):
    with pytest.raises(CollectError, match=f"^runs: a.csv has no column '{column}'; needed are "):
        read(frame().drop(columns=column))


def test_the_same_run_in_two_files_is_refused_naming_both(read):
    with pytest.raises(CollectError, match="^runs: a.csv row 1, b.csv row 1: the same run twice"):
        read(frame()[:3], frame()[:1])


def test_the_same_run_twice_says_what_else_tells_the_rows_apart(read):
    table = frame(recipe="a", lr=[0.1] * 6, host="h")
    other = table.assign(lr=0.2, host="i", test_accuracy=0.5)
    with pytest.raises(CollectError) as caught:
        read(table, other[:2])
    assert str(caught.value) == (
        "runs: a.csv row 1, b.csv row 1: the same run twice (and 1 more such); they differ in "
        "'lr', 'host', of which nothing is used; say it in the recipe or the network; the first is "
        "cifar10, gelu, seed 0, recipe a, network unnamed"
    )
    with pytest.raises(CollectError, match="twice; they differ in test_accuracy only; the first"):
        read(table, other[:1].assign(lr=0.1, host="h"))


def test_blanks_around_a_name_make_no_other_activation(read):
    table = frame(activation=["gelu ", " gelu", "gelu\u00a0", "relu", "relu", "relu "])
    for ending in ("csv", "parquet"):
        assert read(table, ending=ending)[0].equals(read(frame())[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [("gelu", "GELU"), ("silu", "SiLU"), ("mine", "Mine"), ("leaky_relu", "Leaky ReLU"),
     ("leaky_relu", "LeakyReLU"), ("mine", "mine\u200b"), ("gelu", "\uff47elu")],
)  # fmt: skip
def test_two_activations_that_are_printed_alike_are_refused(read, one, other):
    theirs = frame(activation=[other] * 3 + ["relu"] * 3, seed=[5, 6, 7] * 2)
    with pytest.raises(CollectError) as caught:
        read(frame(activation=[one] * 3 + ["relu"] * 3), theirs, control="relu")
    first, second = sorted([one, other])
    places = {one: "a.csv row 1", other: "b.csv row 1"}
    assert str(caught.value) == (
        f"runs: {places[first]} has the activation {first!r} and {places[second]} {second!r}, "
        "which look alike; if they are one, write one name, else call them otherwise"
    )


@pytest.mark.parametrize("column", ["dataset", "recipe", "network"])
def test_two_settings_that_are_printed_alike_are_refused(read, column):
    with pytest.raises(CollectError, match=f"has the {column} 'CIFAR-10' and a.csv row 1 'cifar-"):
        read(frame(**{column: "cifar-10"}), frame(**{column: "CIFAR-10"}))


def test_a_table_that_is_named_twice_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame().to_csv("a.csv", index=False)
    said = {"name": "t", "control": "gelu", "runs": ["a.csv", "../" + tmp_path.name + "/a.csv"]}
    with pytest.raises(UserError, match="^config: runs: '.*a.csv' is listed twice; leave one"):
        study.load(said, [], ROOT / "config/schema.yaml")


def test_a_data_set_by_its_label_is_the_one_of_that_name(read):
    with pytest.raises(CollectError, match="has the dataset 'CIFAR-10' and a.csv row 1 'cifar10'"):
        read(frame(), frame(dataset="CIFAR-10"))


@pytest.mark.parametrize("names", [["swish_1", "swish_11"], ["a1_2", "a12"], ["p=0.1", "p=01"]])
def test_names_that_differ_for_the_eye_are_two(read, names):
    table = frame(activation=[names[0]] * 3 + [names[1]] * 3)
    assert set(read(table, control=names[0])[0]["activation"].to_pylist()) == set(names)


def test_a_chance_of_a_data_set_that_no_row_is_of_is_refused(read, tmp_path):
    read(frame())
    assert external.read(["a.csv"], "gelu", ["cifar10"])[0].num_rows == 6
    with pytest.raises(CollectError) as caught:
        external.read(["a.csv"], "gelu", ["cifar10", "cifar"])
    assert str(caught.value) == (
        "chance: no row of a.csv is of 'cifar' (did you mean 'cifar10'?); there are cifar10"
    )


def test_a_control_that_no_row_is_of_is_refused(read):
    with pytest.raises(CollectError) as caught:
        read(frame(), control="gelo")
    assert str(caught.value) == (
        "control: no row of a.csv is of 'gelo' (did you mean 'gelu'?); there are gelu, relu"
    )


@pytest.mark.parametrize("file", ["a.csv", "a.parquet"])
def test_a_file_that_is_no_table_is_refused(tmp_path, file):
    (tmp_path / file).write_bytes(b"\x00\xff\xfe\n,,\n")
    with pytest.raises(CollectError, match=f"{file} (cannot be read|has no column)") as caught:
        external.read([str(tmp_path / file)], "gelu")
    assert "\n" not in str(caught.value)


def test_a_row_with_too_many_values_does_not_shift_the_columns(tmp_path):
    (tmp_path / "a.csv").write_text(
        "dataset,activation,seed,test_accuracy,status\nx,gelu,1,0.5,ok,7\n"
    )
    try:
        runs, *_ = external.read([str(tmp_path / "a.csv")], "gelu")
    except CollectError as error:
        assert "a.csv" in str(error)
    else:
        assert runs["dataset"].to_pylist() == ["x"]


# Our own tables


def made(house, study, *targets, **more):
    """The folder of a study of tables, run as far as `targets`, by default to its report."""
    (house / "study.yaml").write_text(json.dumps({"name": study, "control": "gelu", **more}))
    done = house.snakemake(*(f"results/{study}/{target}" for target in targets))
    assert done.returncode == 0, done.stderr
    return house / f"results/{study}"


def test_a_study_of_our_own_runs_says_the_same_as_the_training(trained):
    first = trained / "results/tiny"
    again = made(trained, "again", "analysis.json", runs="results/tiny/runs.parquet")
    for table in ("runs", "epochs", "costs", "summaries", "contrasts"):
        assert (again / f"{table}.parquet").read_bytes() == (
            first / f"{table}.parquet"
        ).read_bytes()


def test_epochs_and_costs_are_those_of_the_runs_that_are_there(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(trained.folder)
    rows = pq.read_table("results/tiny/runs.parquet")
    monkeypatch.chdir(tmp_path)
    pq.write_table(rows.slice(0, 3).replace_schema_metadata(None), "runs.parquet")
    for table in ("epochs", "costs"):
        whole = pq.read_table(trained / f"results/tiny/{table}.parquet")
        pq.write_table(whole, f"{table}.parquet")
    runs, epochs, costs = external.read(["runs.parquet"], "gelu")
    assert runs.num_rows == costs.num_rows == epochs.num_rows == 3
    assert collect.provenance(costs)["device"] == {"cpu": 3}


def test_a_broken_table_beside_ours_is_named(tmp_path):
    frame().to_parquet(tmp_path / "runs.parquet")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "epochs.parquet")
    with pytest.raises(CollectError, match="epochs.parquet is not a table of epochs"):
        external.read([str(tmp_path / "runs.parquet")], "gelu")


@pytest.mark.parametrize("table", ["runs", "epochs", "costs"])
def test_a_damaged_table_of_ours_is_named_and_one_written_anew_is_read(
    trained, tmp_path, monkeypatch, table
):
    monkeypatch.chdir(tmp_path)
    for name in ("runs", "epochs", "costs"):
        shutil.copy(trained / f"results/tiny/{name}.parquet", tmp_path)
    whole = pq.read_table(f"{table}.parquet")
    seeds = pa.array([seed ^ 1 for seed in whole["seed"].to_pylist()])
    other = whole.set_column(
        whole.schema.get_field_index("seed"), whole.schema.field("seed"), seeds
    )
    assert other.schema.metadata == whole.schema.metadata  # a flipped bit of the values
    pq.write_table(other, f"{table}.parquet")
    with pytest.raises(CollectError, match=f"runs: {table}.parquet is damaged, or was edited: .*"
                       "write it without 'sha256' in its metadata"):  # fmt: skip
        external.read(["runs.parquet"], "gelu")
    pq.write_table(other.replace_schema_metadata(None), f"{table}.parquet")
    assert external.read(["runs.parquet"], "gelu")[0].num_rows == 20


# From a CSV to a report


def test_a_csv_becomes_a_report_and_markup_in_it_stays_text(house):
    evil = "<script>alert(1)</script>"
    frame(activation=["gelu"] * 3 + [evil] * 3).to_csv(house / "theirs.csv", index=False)
    folder = made(house, "theirs", runs="theirs.csv")
    contrasts = pd.read_parquet(folder / "contrasts.parquet")
    assert set(contrasts["activation"]) == {evil}
    assert contrasts["mean_diff"].round(6).tolist() == [-0.1, -0.1]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert evil not in page and "&lt;script&gt;alert(1)" in page
    frame(test_accuracy=[0.5] * 6).to_csv(house / "theirs.csv", index=False)
    assert house.plan()["collect"] == 1


def test_a_refused_table_ends_the_start_in_the_line_that_names_its_row(house):
    changed("status", 4, "failed").to_csv(house / "theirs.csv", index=False)
    (house / "study.yaml").write_text("{name: theirs, runs: theirs.csv, control: gelu}")
    done = house.snakemake()
    line = ("runs: theirs.csv row 4: a status that is neither 'ok' nor 'diverged' ('failed'); "
            "the first is cifar10, relu, seed 0")  # fmt: skip
    assert done.returncode == 1
    assert line in done.stderr.splitlines() and "Traceback" not in done.stderr
    assert (house / "results/theirs/logs/collect.log").read_text() == line + "\n"


@pytest.mark.parametrize("chance", [{}, {"theirs": 0.1}])
def test_a_failure_counts_as_guessing_or_is_refused_where_nobody_said_what_that_is(house, chance):
    table = changed("test_accuracy", 4, None).assign(dataset="theirs")
    table.loc[3, "status"] = "diverged"
    table.to_csv(house / "theirs.csv", index=False)
    study = {"name": "t", "runs": "theirs.csv", "control": "gelu", "chance": chance}
    (house / "study.yaml").write_text(json.dumps(study))
    done = house.snakemake("results/t/summaries.parquet")
    if chance:
        assert done.returncode == 0, done.stderr
        relu = (
            pd.read_parquet(house / "results/t/summaries.parquet")
            .set_index("activation")
            .loc["relu"]
        )
        assert relu["mean"] == pytest.approx((0.1 + 0.81 + 0.82) / 3) and relu["n_failed"] == 1
    else:
        assert done.returncode == 1
        assert any(
            x.startswith("chance: 'theirs' has diverged runs") for x in done.stderr.splitlines()
        )
