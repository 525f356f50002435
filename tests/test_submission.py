"""A submitted folder is whole, belongs together, and its verdicts follow from its runs."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT

from activarium import study, tables
from activarium.challenge.suite import find_suite
from activarium.claims.published_studies import read_studies
from activarium.measures import corruptions
from activarium.report.reference_results import reference_page
from activarium.runtime import files
from activarium.runtime.source import own_files
from activarium.study.tuned_recipes import FIRST_SEED
from activarium.submission.check import FILES, find_problems
from activarium.submission.measured_tables import CONDITIONS, find_measure_problems
from activarium.submission.study_status import (
    REPRODUCED,
    SELF_REPORTED,
    TRAINED_AGAIN,
    study_status,
)
from activarium.tables.measured import measure_schema

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


def edit_the_analysis_with_its_checksum(folder):
    said = files.read_json(folder / "analysis.json")
    said["contrasts"][0]["verdict"] = "better"
    files.write_json(folder / "analysis.json", said)
    return "analysis.json has other contrasts than follow from runs.parquet"


def write_no_text(folder):
    (folder / "README.md").write_bytes(b"\xff\xfe")
    return "holds what no study has (UnicodeDecodeError"


def say_no_plan(folder):
    files.write_json(folder / "analysis.json", {})
    return "holds what no study has (KeyError: 'plan')"


def analyse_tables_made_elsewhere(folder):
    (folder / "study.yaml").write_text("name: x\ncontrol: gelu\nruns: runs.csv\n")
    return "study.yaml is of tables made elsewhere, which nobody can train again"


@pytest.mark.parametrize(
    "spoil",
    [edit_the_analysis_with_its_checksum, write_no_text, say_no_plan,
     analyse_tables_made_elsewhere, damage_table, edit_analysis, leave_out_a_seed,
     declare_more_seeds, declare_another_rate,
     improve_a_contrast, train_from_no_commit, tell_another_story],
)  # fmt: skip
def test_what_is_wrong_is_named_in_a_line(submitted, spoil):
    words = spoil(submitted)
    found = problems(submitted)
    assert any(words in line for line in found), found
    assert not any("\n" in line for line in found)


# Files of one's own

NET = """from torch import nn

from .shared import bias

label = "one hidden layer"


def build(activation, channels, classes, size, *, width=8):
    flat = nn.Linear(channels * size * size, width, bias=bias)
    return nn.Sequential(nn.Flatten(), flat, activation(width), nn.Linear(width, classes))
"""
KEPT_NET = "reference/cifar10-quick/my/net.py"  # as publishing writes it


def say_file_of_network(folder, file):
    """Let study.yaml say that `file` defines the network."""
    said = yaml.safe_load((folder / "study.yaml").read_text())
    said["networks"] = [{"name": "resnet14_8", "file": str(file), "width": 8}]
    (folder / "study.yaml").write_text(yaml.safe_dump(said))


@pytest.fixture
def with_own_files(tmp_path, monkeypatch):
    """A copy of a study with a network of one's own; the published one is where the test works."""
    published = Path("reference/cifar10-quick")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(QUICK, published)
    (published / "my").mkdir()
    (published / "my/net.py").write_text(NET)
    (published / "my/shared.py").write_text("bias = True\n")
    say_file_of_network(published, KEPT_NET)
    made = files.read_json(published / "provenance.json")
    made["study"]["networks"]["resnet14_8"]["file"] = "my/net.py"
    trained = {"networks/resnet14_8": files.digest_files(own_files(KEPT_NET))}
    files.write_json(published / "provenance.json", made | {
        "study": made["study"] | {"own_files": trained}})  # fmt: skip
    own_files.cache_clear()
    return Path(shutil.copytree(published, tmp_path / "elsewhere/copy"))


def test_the_files_of_a_copy_are_those_that_it_keeps(with_own_files):
    shutil.rmtree("reference")
    assert problems(with_own_files) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("net", lambda file: file.write_text(NET + "# edited\n")),
        ("shared", lambda file: file.write_text("bias = False\n")),
        ("shared", Path.unlink),
    ],
)
def test_a_copy_whose_own_files_are_not_those_that_were_trained_is_named(
    with_own_files, name, change
):
    change(with_own_files / f"my/{name}.py")
    other = "the file of networks/resnet14_8, or one it imports, is not what was trained"
    assert problems(with_own_files) == [f"{with_own_files}: {other}"]


def test_a_file_of_ones_own_that_a_copy_lacks_is_named(with_own_files):
    (with_own_files / "my/net.py").unlink()
    assert problems(with_own_files) == [f"{with_own_files}/my/net.py is missing"]


@pytest.mark.parametrize(
    "file", ["my/net.py", "reference/other/my/net.py", "reference/cifar10-quick/../net.py"]
)
def test_a_file_that_is_not_kept_in_the_folder_is_named(with_own_files, file):
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(KEPT_NET, file)
    say_file_of_network(with_own_files, file)
    (line,) = problems(with_own_files)
    assert f"study.yaml names {file}, which is not kept in the folder; make it anew" in line


def test_a_suite_and_claims_read_the_files_that_a_copy_keeps(with_own_files):
    shutil.rmtree("reference")
    suite = find_suite(str(with_own_files), ROOT)
    assert suite["networks"][0]["file"] == str(with_own_files / "my/net.py")
    (found,) = read_studies([with_own_files], SCHEMA)
    assert found.networks == {"resnet14_8": str(with_own_files / "my/net.py")}


@pytest.fixture
def tuned(submitted):
    """The same study as if its rate had been tuned, with 0.001 the best for every activation."""
    rates = {"tune": [0.001, 0.01], "seeds": 2}
    said = yaml.safe_load((submitted / "study.yaml").read_text())
    said["recipes"]["adam"]["learning_rate"] = rates
    (submitted / "study.yaml").write_text(yaml.safe_dump(said))
    made = files.read_json(submitted / "provenance.json")
    made["study"]["recipes"]["adam"]["learning_rate"] = rates
    files.write_json(submitted / "provenance.json", made)
    runs = pq.read_table(submitted / "runs.parquet").to_pylist()
    costs = pq.read_table(submitted / "costs.parquet").to_pylist()
    tuning, spent = [], []
    for row, cost in zip(runs, costs, strict=True):
        for rate in (0.001, 0.01) if row["seed"] < 2 else ():
            key = {k: row[k] for k in tables.KEY} | {"seed": FIRST_SEED + row["seed"]}
            key |= {"candidate": f"learning_rate={rate}"}
            tried = {"number": "learning_rate", "value": rate, "status": "ok"}
            about = {"validation_accuracy": 0.5 - rate, "chosen": rate == 0.001}
            tuning.append(key | tried | about)
            spent.append(cost | key)
    tables.write_run(tables.table(tuning, tables.TUNING), submitted / "tuning.parquet")
    tables.write_run(tables.table(spent, tables.TUNING_COSTS), submitted / "tuning_costs.parquet")
    files.write_json(submitted / "tuning_provenance.json", made)
    read = [
        tables.read(submitted / f"{name}.parquet") for name in ("runs", "costs", "tuning_costs")
    ]
    page = reference_page(said, *read[:2], submitted, read[2])
    (submitted / "README.md").write_text(page)
    return submitted


def test_a_tuned_study_has_its_tuning_runs_and_the_choices_that_follow_from_them(tuned):
    assert problems(tuned) == []
    file = tuned / "tuning.parquet"
    whole = file.read_bytes()
    rewrite(file, lambda rows: [row.update(chosen=not row["chosen"]) for row in rows[:4]])
    cell = "adam/resnet14_8/cifar10/gelu"
    assert problems(tuned) == [f"{tuned}: {cell} was not tuned to the best value of tuning.parquet"]
    file.write_bytes(whole)
    rewrite(file, lambda rows: rows.pop())
    assert problems(tuned) == [f"{file} has other runs than study.yaml tunes by"]
    for gone in (file, tuned / "tuning_provenance.json"):
        gone.unlink()
    assert problems(tuned) == [f"{file} is missing", f"{gone} is missing"]


@pytest.fixture
def reproduced(submitted):
    """The same study, with two seeds of each cell trained again and the same."""
    place = submitted / TRAINED_AGAIN
    place.mkdir()
    for name in ("runs", "costs"):
        shutil.copyfile(submitted / f"{name}.parquet", place / f"{name}.parquet")
        rewrite(place / f"{name}.parquet", lambda rows: rows.__setitem__(
            slice(None), [row for row in rows if row["seed"] < 2]))  # fmt: skip
    later = {"started": "2026-12-01T00:00:00"}
    rewrite(place / "costs.parquet", lambda rows: [row.update(later) for row in rows])
    return submitted


def test_a_study_is_reproduced_where_two_seeds_of_each_cell_came_out_the_same(reproduced):
    assert study_status(reproduced) == REPRODUCED
    assert problems(reproduced) == []
    shutil.rmtree(reproduced / TRAINED_AGAIN)
    assert study_status(reproduced) == SELF_REPORTED


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda rows: rows[0].update(n_correct=rows[0]["n_correct"] + 1),
         "1 of 8 runs have another score"),
        (lambda rows: rows[3].update(status="diverged", n_correct=None),
         "1 of 8 runs have another score"),
        (lambda rows: rows[0].update(seed=99), "1 of 8 runs have another score"),
        (lambda rows: rows.pop(), "adam/resnet14_8/cifar10/silu has fewer than 2 seeds"),
    ],
)  # fmt: skip
def test_runs_that_came_out_otherwise_leave_a_study_self_reported(reproduced, spoil, words):
    rewrite(reproduced / TRAINED_AGAIN / "runs.parquet", spoil)
    assert study_status(reproduced) == SELF_REPORTED
    assert problems(reproduced) == [f"{reproduced / TRAINED_AGAIN}: {words}"]


def test_runs_that_were_copied_are_not_trained_again(reproduced):
    place = reproduced / TRAINED_AGAIN
    shutil.copyfile(reproduced / "costs.parquet", place / "costs.parquet")
    assert study_status(reproduced) == SELF_REPORTED
    (line,) = problems(reproduced)
    assert line.endswith("runs are those of the study, not trained again")
    (place / "costs.parquet").unlink()
    assert problems(reproduced) == [f"{place / 'costs.parquet'} is missing"]


def test_every_published_study_has_a_status():
    reproduced = {folder.name for folder in KEPT if study_status(folder) == REPRODUCED}
    assert reproduced == {folder.name for folder in KEPT if (folder / TRAINED_AGAIN).exists()}
    assert {"aa", "digits", "mnist5k"} <= reproduced
    page = (ROOT / "SUBMIT.md").read_text()
    assert f"*{SELF_REPORTED}*" in page and f"*{REPRODUCED}*" in page


# What a study measured

SERVING = ROOT / "reference/mnist5k-serving"


def found_in_measures(folder):
    """The lines about the tables of measures of a copy of SERVING."""
    said = study.read(yaml.safe_load((folder / "study.yaml").read_text()), SCHEMA)
    chance = files.read_json(folder / "analysis.json")["plan"]["chance"]
    return list(find_measure_problems(folder, said, chance))


@pytest.fixture
def measured(tmp_path):
    """A copy of the published study that measured its networks."""
    return Path(shutil.copytree(SERVING, tmp_path / "measured"))


def test_the_measures_of_a_published_study_have_no_problems(measured):
    assert found_in_measures(measured) == []


@pytest.mark.parametrize("name", ["onnx", "measures", "measure_contrasts"])
def test_a_table_of_measures_that_is_missing_is_named(measured, name):
    (measured / f"{name}.parquet").unlink()
    assert found_in_measures(measured) == [f"{measured / name}.parquet is missing"]


SETTING = "adam/resnet14_8/mnist5k"


def without(**values):
    """A change of a table that leaves out the rows with these values."""

    def leave_out(rows):
        rows[:] = [row for row in rows if values.items() - row.items()]

    return leave_out


def with_foreign_run(rows):
    """A change of a table that adds a run of seed 77, as if it were of the study."""
    rows += [row | {"seed": 77} for row in rows if (row["activation"], row["seed"]) == ("gelu", 0)]


def without_result(column):
    """A change of a table that takes a number out of a row of Tanh, and says no reason."""
    return lambda rows: next(r for r in rows if r["activation"] == "tanh").update({column: None})


def with_first_row_twice(rows):
    """A change of a table that adds its first row again."""
    rows.append(rows[0])


RUN = {"activation": "tanh", "seed": 3}
TIMED = {"subject": "network", "device": "cpu", "batch": 128, "mode": "eager"}


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        *((name, without(**RUN), "tanh/3 was not measured")
          for name in ("int8", "corruptions", "sparsity")),
        *((name, with_foreign_run, "gelu/77 is no finished run of the study")
          for name in ("int8", "corruptions", "sparsity", "onnx")),
        ("latency", without(activation="mish"), "mish was not measured"),
        ("int8", without(activation="mish"), "mish was not measured"),
        ("onnx", without(activation="mish"), "mish was not measured"),
        ("int8", without(condition="int8", **RUN), "tanh/3 has no result of condition int8"),
        ("corruptions", without(condition="clean", **RUN),
         "tanh/3 has no result of condition clean"),
        ("sparsity", without(layer=5, **RUN), "tanh/3 has no result of layer 5"),
        ("latency", without(activation="tanh", **TIMED),
         "tanh has no result of subject network, device cpu, batch 128, mode eager"),
        ("onnx", without(activation="tanh", subject="network"),
         "tanh/0 has no result of subject network"),
        ("int8", without_result("accuracy"), "tanh/0 has no result of condition float32"),
        ("latency", without_result("ratio"),
         "tanh has no result of subject activation, device cpu, batch 1, mode eager"),
        ("sparsity", with_first_row_twice, "gelu/0 has two results of layer 1"),
    ],
)  # fmt: skip
def test_each_finished_run_was_measured_whole_and_no_other(measured, name, change, words):
    rewrite(measured / f"{name}.parquet", change)
    assert found_in_measures(measured) == [f"{measured / name}.parquet: {SETTING}/{words}"]


def test_a_run_that_lacks_several_rows_and_each_other_run_are_lines_of_their_own(measured):
    rewrite(measured / "int8.parquet", without(activation="tanh", seed=3))
    rewrite(measured / "sparsity.parquet", without(layer=2, **RUN))
    rewrite(measured / "sparsity.parquet", without(layer=9, **RUN))
    assert found_in_measures(measured) == [
        f"{measured / 'sparsity.parquet'}: {SETTING}/tanh/3 has no result of layer 2; layer 9",
        f"{measured / 'int8.parquet'}: {SETTING}/tanh/3 was not measured",
    ]


def test_a_condition_that_every_run_lacks_is_named_for_each(measured):
    rewrite(measured / "corruptions.parquet", without(condition="occlusion"))
    found = found_in_measures(measured)
    assert len(found) == 48
    assert all(line.endswith("has no result of condition occlusion") for line in found)


def test_what_was_refused_is_a_result(measured):
    refused = {"ratio": None, "refused": "no compiler"}

    def refuse(rows):
        rows[0].update(refused)
        rows[1].update(ratio=None)

    rewrite(measured / "latency.parquet", refuse)
    (line,) = found_in_measures(measured)
    assert line.endswith("gelu has no result of subject activation, device cpu, batch 1, "
                         "mode compiled")  # fmt: skip


def test_the_conditions_that_every_run_needs_are_those_of_the_measure():
    from activarium.measures._corrupt import CORRUPTIONS

    assert CONDITIONS["corruptions"] == (corruptions.baseline, *CORRUPTIONS, corruptions.ALL)


@pytest.mark.parametrize("name", ["measures", "measure_contrasts"])
def test_what_is_summed_up_and_compared_follows_from_what_was_measured(measured, name):
    file = measured / f"{name}.parquet"
    compared = {"verdict": "better"}
    rewrite(file, lambda rows: [row.update(compared) for row in rows if row["verdict"]])
    assert found_in_measures(measured) == [
        f"{file} does not follow from the tables of the measures"
    ]


def write_measure_costs(folder, **changes):
    """A row for each cell of each measure of a study, where the study stands; `changes` in all."""
    said = yaml.safe_load((folder / "study.yaml").read_text())
    cells = tables.read(folder / "runs.parquet")[tables.KEY[:-1]].drop_duplicates()
    made = {"started": "2031-07-01T10:00:00+00:00", "commit": "0123456", **changes}
    rows = [
        row | {"measure": name} | made
        for name in said["measures"]
        for row in cells.to_dict("records")
    ]
    tables.write_run(tables.table(rows, tables.MEASURE_COSTS), folder / "measure_costs.parquet")
    return rows


@pytest.mark.parametrize("change", [lambda rows: rows[1:], lambda rows: [*rows, rows[0]]])
def test_what_is_said_of_the_measuring_is_of_every_cell_once(measured, change):
    file = measured / "measure_costs.parquet"
    rows = write_measure_costs(measured)
    assert found_in_measures(measured) == []
    tables.write_run(tables.table(change(rows), tables.MEASURE_COSTS), file)
    (line,) = found_in_measures(measured)
    assert line == f"{file} does not have each cell of each measure once"


def test_a_cell_of_which_every_run_failed_has_its_costs_and_no_measures(measured):
    """As the rules make it: such a cell is measured, and nothing is found."""
    failed = {"status": "diverged"}
    rewrite(
        measured / "runs.parquet",
        lambda rows: [row.update(failed) for row in rows if row["activation"] == "mish"],
    )
    said = yaml.safe_load((measured / "study.yaml").read_text())
    for name in set(said["measures"]) - {"latency"}:
        file = measured / f"{name}.parquet"
        rows = pq.read_table(file).to_pylist()
        kept = [row for row in rows if row["activation"] != "mish"]
        tables.write_run(tables.table(kept, measure_schema(name)), file)
    write_measure_costs(measured)
    assert not [line for line in found_in_measures(measured) if "measure_costs" in line]


def test_the_commit_of_a_measurement_and_its_row_in_the_readme_are_checked(measured):
    before = problems(measured)
    write_measure_costs(measured, commit="0123456+", torch="2.14.1")
    row = "| measured | 2031-07-01: nan, nan, 2.14.1, 0123456+ |"
    assert [line for line in problems(measured) if line not in before] == [
        f"{measured}: some networks were measured by code that is no commit (0123456+)",
        f"{measured / 'README.md'} does not say: {row}",
    ]


def test_an_accuracy_that_was_changed_leaves_both_behind(measured):
    rewrite(measured / "int8.parquet", lambda rows: rows[1].update(accuracy=0.99))
    assert len(found_in_measures(measured)) == 2


def test_a_table_of_measures_of_other_columns_or_bytes_is_named(measured):
    file = measured / "sparsity.parquet"
    table = pq.read_table(file).drop_columns(["zeros"]).replace_schema_metadata()
    tables.write_run(table, file)
    assert [line for line in problems(measured) if "sparsity.parquet cannot be read" in line]
    file.write_bytes(file.read_bytes()[:-9])
    assert [line for line in problems(measured) if "sparsity.parquet cannot be read" in line]
