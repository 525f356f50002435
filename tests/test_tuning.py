"""Tuned numbers: refused in one line, chosen on held-out images, never tested, reported as such."""

import copy
import json

import jsonschema
import numpy as np
import pandas as pd
import pytest
import synthetic
import yaml
from conftest import ROOT
from fake_gpu import FakeGpu

from activarium import datasets, figures, study, tables
from activarium.compare import plan
from activarium.compare.analysis import analyse
from activarium.compare.retuning import (
    describe_tuning,
    gains_of_another_tuning,
    predict_difference,
)
from activarium.data import prepare
from activarium.datasets import Images
from activarium.report import limitations, reference_results, tuning_choices, verdicts
from activarium.study import StudyError, start_warnings, tuned_recipes
from activarium.study.grid import Grid
from activarium.tables import tuning as tuning_runs
from activarium.train import job

SCHEMA = ROOT / "config/schema.yaml"
TINY = yaml.safe_load((ROOT / "tests/study.yaml").read_text())
RATES = {"tune": [0.1, 0.001, 0.01], "seeds": 2}


def tuned(recipe=None, **changes):
    """The tests' study with changes to its recipe, by default the learning rate tuned."""
    changed = copy.deepcopy(TINY) | changes
    changed["recipes"]["short"] |= {"learning_rate": RATES} if recipe is None else recipe
    return changed


# What is refused


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"learning_rate": {"tune": [0.1]}},
         "learning_rate: tune: [0.1] gives no choice; write two values or more, or one without "
         "'tune'"),
        ({"learning_rate": {"tune": []}},
         "learning_rate: tune: [] gives no choice; write two values or more, or one without "
         "'tune'"),
        ({"learning_rate": {"tune": [0.1, 0.1, 1]}},
         "learning_rate: tune: 0.1 is listed twice; leave one out"),
        ({"learning_rate": {"tune": [1, 1.0]}},
         "learning_rate: tune: 1 is listed twice; leave one out"),
        ({"learning_rate": {"tune": [0.1, "1e-3"]}},
         "learning_rate: tune: 2: '1e-3' is not a number; write it as 0.001"),
        ({"learning_rate": {"tune": [0.1, -1]}}, "learning_rate: -1 must be more than 0"),
        ({"learning_rate": {"tune": 0.1}}, "learning_rate: tune: 0.1 is not a list"),
        ({"learning_rate": {"tune": [0.1, 1], "seeds": 0}},
         "learning_rate: seeds: 0 must be at least 1"),
        ({"learning_rate": {"tune": [0.1, 1], "seeds": 1.5}},
         "learning_rate: seeds: 1.5 is not a whole number"),
        ({"learning_rate": {"tune": [0.1, 1], "seed": 2}},
         "learning_rate: 'seed' is not a key here (did you mean seeds?); known are tune, seeds"),
        ({"batch_size": {"tune": [10, 20.5]}}, "batch_size: 20.5 is not a whole number"),
        ({"epochs": {"tune": [1, 2]}},
         "epochs: is not tuned, as each activation gets the same budget; write one number"),
        ({"weight_decay": {"tune": [0, 0.1], "seeds": 3}, "learning_rate": RATES},
         "tuning seeds are 2 for learning_rate and 3 for weight_decay; two numbers are tuned on "
         "the same seeds"),
        (dict.fromkeys(("learning_rate", "weight_decay", "label_smoothing"), RATES),
         "learning_rate, weight_decay and label_smoothing are tuned together, which takes 108 runs "
         "(3 × 3 × 3 values, 2 seeds, 2 cells); tune 2 numbers at most"),
    ],
)  # fmt: skip
def test_what_cannot_be_tuned_is_refused_in_one_line(recipe, message):
    with pytest.raises(StudyError) as caught:
        study.read(tuned(recipe), SCHEMA)
    assert str(caught.value).removeprefix("config: recipes: short: ") == message


@pytest.mark.parametrize(
    ("recipe", "changes", "message"),
    [
        ({"optimizer": {"tune": ["adam", "sgd"]}}, {},
         "config: recipes: short: optimizer: cannot be tuned, as it is no number; tuned are "),
        (None, {"train_size": 90},
         "config: train_size: 9 of 90 images of digits are held out to tune short, fewer than 10; "
         "write a larger train_size or validation"),
        (None, {"train_size": 110},
         "config: recipes: short: batch_size: 100 is more than the 99 images of digits that are "
         "trained on"),
        ({"batch_size": {"tune": [10, 5000]}}, {},
         "config: recipes: short: batch_size: 5000 is more than the"),
        (None, {"runs": "runs.csv"}, "config: 'recipes' is not a key here"),
    ],
)  # fmt: skip
def test_a_study_that_cannot_tune_is_refused_in_one_line(recipe, changes, message):
    with pytest.raises(StudyError) as caught:
        study.read(tuned(recipe, **changes), SCHEMA)
    text = str(caught.value)
    assert (
        text.startswith(message) or "'runs' analyses external runs" in text
    ) and "\n" not in text


# What is asked for


def test_no_tuning_seed_can_be_scored():
    keys = yaml.safe_load(SCHEMA.read_text())["$defs"]["trained"]["properties"]
    last = keys["first_seed"]["maximum"] + keys["seeds"]["maximum"]
    assert last < tuned_recipes.FIRST_SEED


def test_each_cell_tries_each_candidate_on_each_tuning_seed():
    grid = Grid(study.read(tuned(), SCHEMA))
    assert len(grid.tuning.runs) == len(set(grid.tuning.runs)) == 2 * 3 * 2
    assert len(grid.tuning.choices) == 2
    assert all(grid.has_runs([run]) for run in grid.tuning.runs)
    assert not grid.has_runs(grid.tuning.choices)


def test_the_order_of_a_list_and_what_else_it_holds_name_no_file_anew():
    runs = Grid(study.read(tuned(), SCHEMA)).tuning.runs
    other = {"learning_rate": {"tune": [0.01, 0.1, 0.3, 0.001]}}
    assert set(runs) < set(Grid(study.read(tuned(other), SCHEMA)).tuning.runs)


def test_two_numbers_make_a_grid_smaller_values_first():
    recipe = {"learning_rate": {"tune": [0.1, 0.01]}, "weight_decay": {"tune": [0.5, 0]}}
    read = study.read(tuned(recipe), SCHEMA).recipes["short"]
    assert list(tuned_recipes.list_candidates(read)) == [
        "learning_rate=0.01+weight_decay=0", "learning_rate=0.01+weight_decay=0.5",
        "learning_rate=0.1+weight_decay=0", "learning_rate=0.1+weight_decay=0.5",
    ]  # fmt: skip


def test_a_study_that_tunes_nothing_asks_for_nothing_more():
    grid = Grid(study.read(TINY, SCHEMA))
    asked = (grid.tuning.runs, grid.tuning.choices, grid.tuning.tables, grid.tuning.packs)
    assert not any(asked)
    assert "tuning_curves" not in " ".join(grid.figures)
    assert "tuning_curves" in " ".join(Grid(study.read(tuned(), SCHEMA)).figures)


def test_a_recipe_beside_a_tuned_one_needs_no_validation(capsys):
    fixed = TINY["recipes"]["short"]
    for recipes, words in (({"a": fixed, "b": tuned()["recipes"]["short"]}, ""),
                           ({"a": fixed, "b": fixed}, "validation: 0 with 2 recipes")):  # fmt: skip
        read = study.read(TINY | {"name": "never", "recipes": recipes}, SCHEMA)
        start_warnings.warn_no_validation(Grid(read))
        assert words in (said := capsys.readouterr().err) and bool(words) == bool(said)


# What is chosen


THREE = {"a": {"learning_rate": 0.1}, "b": {"learning_rate": 0.2}, "c": {"learning_rate": 0.3}}


def test_the_highest_mean_is_chosen_and_of_equal_ones_the_smallest():
    assert tuning_runs.choose({"a": [0.1], "b": [0.3], "c": [0.2]}, THREE) == THREE["b"]
    assert tuning_runs.choose({"a": [0.1], "b": [0.1, 0.5], "c": [0.3]}, THREE) == THREE["b"]
    assert tuning_runs.choose({"a": [0.5, 0.1], "b": [0.3], "c": [0.3]}, THREE) == THREE["a"]


def write_run(folder, candidate, seed, accuracy):
    """The file of a run that tunes; one that diverged without an accuracy."""
    key = dict(zip(tables.KEY, ("r", "n", "d", "gelu", seed), strict=True))
    ok = accuracy is not None
    row = key | {"status": "ok" if ok else "diverged", "validation_accuracy": accuracy}
    row |= {"epochs": [], "cost": {"train_seconds": 1.0}}
    file = folder / candidate / "r/n/d/gelu" / f"{seed}.parquet"
    tables.write_run(tables.table([row], tables.RUN_FILE), file)
    return file


def test_a_diverged_run_counts_as_chance_and_the_tables_say_what_was_chosen(tmp_path):
    given = {"a": [0.3, 0.3], "b": [0.9, None], "c": [0.2, 0.2]}
    files = [
        write_run(tmp_path, candidate, seed, accuracy)
        for candidate, accuracies in given.items()
        for seed, accuracy in enumerate(accuracies)
    ]
    found = tuning_runs.read_accuracies(files, 0.1)
    assert found["b"] == [0.9, 0.1]
    choice = tuning_runs.choose(found, THREE)
    assert (
        choice == THREE["b"] and tuning_runs.choose(found | {"b": [0.3, 0.1]}, THREE) == THREE["a"]
    )
    table, costs = tuning_runs.tuning_tables(files, THREE, {("r", "n", "d", "gelu"): choice})
    rows = table.to_pylist()
    assert [(r["candidate"], r["value"], r["chosen"]) for r in rows[1:4]] == [
        ("a", 0.1, False), ("b", 0.2, True), ("b", 0.2, True),
    ]  # fmt: skip
    assert rows[3]["status"] == "diverged" and rows[3]["validation_accuracy"] is None
    assert costs.num_rows == 6 and costs["train_seconds"].to_pylist() == [1.0] * 6


# What is trained


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """(data file, description file) of some digits."""
    folder = tmp_path_factory.mktemp("prepared")
    whole = datasets.load("digits").load()
    few = Images(*(part[:n] for part, n in zip(whole, (60, 60, 60, 60), strict=True)))
    description = prepare.write(few, folder / "digits.arrow", "digits")
    (folder / "digits.json").write_text(json.dumps(description))
    return folder / "digits.arrow", folder / "digits.json"


def train(folder, prepared, tested=True, keeps=False, rate=0.01):
    """The file of one trained run, and the log of its job."""
    values = study.read(TINY, SCHEMA).recipes["short"] | {"batch_size": 10, "learning_rate": rate}
    names = dict(zip(tables.KEY, ("short", "plain_2", "digits", "gelu"), strict=False))
    network = {"file": "plain", "parameters": {"width": 2}}
    folder.mkdir(exist_ok=True)
    run = folder / "gelu/0.parquet"
    files = job.JobFiles(
        [str(run)], [], folder / "unfinished/gelu", folder / "tally.jsonl", folder / "locks", keeps
    )
    with (folder / "log").open("a+") as log:
        source = job.DataSource(*prepared, None, 0.2, tested)
        job.train_cell(job.Cell(names, values, network), source, files, log)
        log.seek(0)
        return run, log.read()


def test_a_run_that_tunes_trains_as_any_other_and_is_never_tested(tmp_path, prepared):
    (tuning, _), (scored, _) = (
        train(tmp_path / str(tested), prepared, tested) for tested in (False, True)
    )
    (one,), (other) = (tables.read_run(file).to_pylist() for file in (tuning, scored))
    assert one["validation_accuracy"] == other[0]["validation_accuracy"] is not None
    assert [one[k] for k in ("test_accuracy", "n_correct", "n_test", "correct")] == [None] * 4
    assert [one["epochs"][0][k] for k in ("test_loss", "test_accuracy")] == [None] * 2
    assert one["epochs"][0]["train_loss"] == other[0]["epochs"][0]["train_loss"]


def test_a_run_that_tunes_is_the_same_where_its_steps_are_captured(tmp_path, prepared, monkeypatch):
    """There is no GPU here: what is captured is done when it is replayed (fake_gpu.py)."""
    rate = 2**-6  # exact in float32, in which a captured step reads it
    host, _ = train(tmp_path / "host", prepared, tested=False, rate=rate)
    monkeypatch.setattr(job, "fits_several", lambda device: True)
    gpu = FakeGpu(monkeypatch)
    captured, _ = train(tmp_path / "captured", prepared, tested=False, rate=rate)
    (one,), (other,) = (tables.read_run(file).to_pylist() for file in (host, captured))
    assert gpu.captured and one.pop("cost") and other.pop("cost")
    assert one == other and one["validation_accuracy"] is not None


def test_a_scored_run_of_a_tuned_recipe_is_taken_up_while_the_choice_is_the_same(
    tmp_path, prepared
):
    run, _ = train(tmp_path, prepared, keeps=True)
    before = tables.read_run(run).to_pylist()
    run.unlink()  # as Snakemake does before a job
    _, log = train(tmp_path, prepared, keeps=True)
    assert "1 of 1 runs were finished before" in log
    assert tables.read_run(run).to_pylist() == before, "its cost and start, too"
    train(tmp_path, prepared, keeps=True, rate=0.02)
    assert tables.read_run(run).to_pylist() != before


# What is compared


def tuning_table(means, recipe="adam", seeds=2, spread=0.001):
    """A table of tuning; `means` maps an activation to the mean at each of its rates."""
    rows = []
    for activation, accuracies in means.items():
        for i, mean in enumerate(accuracies):
            for seed in range(seeds):
                value = round(0.001 * 10**i, 6)
                rows.append({
                    "recipe": recipe, "network": "net", "dataset": "digits",
                    "activation": activation, "candidate": f"learning_rate={value}", "seed": seed,
                    "number": "learning_rate", "value": value, "second_number": None,
                    "second_value": None, "status": "ok" if mean else "diverged",
                    "validation_accuracy": mean + spread * (2 * seed - 1) if mean else None,
                    "chosen": mean == max(accuracies),
                })  # fmt: skip
    return pd.DataFrame(rows)


CURVES = {"gelu": [0.5, 0.9, 0.8], "relu": [0.5, 0.8, 0.9], "elu": [0.5, 0.9, 0.0],
          "tanh": [0.5, 0.9, 0.8]}  # fmt: skip


def analysed(table, made=None):
    made = made or synthetic.study()
    return analyse(made.runs, made.epochs, made.costs, "gelu", 0.95, 0.005, synthetic.CHANCE,
                   tuning=table)  # fmt: skip


def test_the_analysis_says_what_was_chosen_and_where_a_list_ends():
    found = analysed(tuning_table(CURVES))
    schema = yaml.safe_load((ROOT / plan.__file__).with_name("schema.yaml").read_text())
    jsonschema.validate(json.loads(json.dumps(found, allow_nan=False)), schema)
    cells = {cell["activation"]: cell for cell in found["tuning"]["cells"]}
    assert cells["relu"]["chosen"] == {"learning_rate": 0.1}
    assert cells["relu"]["at_edge"] == {"learning_rate": "largest"}
    assert cells["gelu"]["at_edge"] == {} and cells["gelu"]["tied"] == []
    assert cells["elu"]["candidates"][2]["mean"] == synthetic.CHANCE["digits"]
    assert cells["elu"]["candidates"][2]["n_failed"] == 2


def test_the_analysis_of_a_study_without_tuning_is_as_it_was():
    with_tuning, without = analysed(tuning_table(CURVES)), analysed(None)
    assert with_tuning.pop("tuning")
    assert len(with_tuning["plan"].pop("methods")) == len(without["plan"].pop("methods")) + 1
    assert with_tuning == without


def test_where_one_value_is_far_ahead_another_tuning_changes_nothing():
    means = np.array([[0.5, 0.9, 0.5]])
    assert not gains_of_another_tuning(means, np.array([1]), 0.01, 2).any()


def test_where_two_values_are_close_the_prediction_is_wider_than_the_interval():
    means = np.array([[0.5, 0.9, 0.899], [0.5, 0.9, 0.899]])
    gains = gains_of_another_tuning(means, np.array([1, 1]), 0.01, 2)
    assert (gains < 0).any() and (gains > 0).any(), "another tuning may choose worse as well"
    narrow = predict_difference(0.01, 0.005, 8, np.zeros(len(gains)), 0.95)
    wide = predict_difference(0.01, 0.005, 8, gains[:, 0] - gains[:, 1], 0.95)
    assert narrow[0] > 0 > wide[0] and narrow[2] < 0.05 < wide[2]
    half = 2.3646 * 0.005 / 8**0.5  # Student's t on 7 degrees
    assert narrow[:2] == pytest.approx((0.01 - half, 0.01 + half), abs=3e-4)


def test_a_verdict_stands_only_where_the_choice_was_clear():
    made = synthetic.study(activations=("gelu", "relu", "elu", "tanh", "silu"), spread=0.0005)
    clear, close = [0.5, 0.9, 0.8], [0.5, 0.9, 0.899]
    names = set(made.runs["activation"])
    for curve, stands in ((clear, True), (close, False)):
        found = analysed(tuning_table(dict.fromkeys(names, curve), spread=0.01), made)
        rows = [row for row in found["tuning"]["contrasts"] if row["activation"] == "silu"]
        assert rows[0]["holds"] is stands


def test_an_equivalence_stands_only_where_another_tuning_stays_in_the_margin():
    place = {"recipe": "adam", "network": "net", "dataset": "digits"}
    about = {"activation": "relu", "control": "gelu", "mean_diff": 0.0002, "sd_diff": 0.0005}
    row = place | about | {"n_pairs": 8, "verdict": "equivalent"}
    clear, close = [0.5, 0.9, 0.8], [0.5, 0.9, 0.899]
    for curve, spread, margin, stands in (
        (clear, 0.01, 0.005, True),
        (clear, 0.01, 0.0003, False),  # the interval itself reaches 0.0006
        (close, 0.01, 0.005, False),
    ):
        table = tuning_table({"gelu": curve, "relu": curve}, spread=spread)
        found = describe_tuning(table, [row], synthetic.CHANCE, 0.95, margin)
        assert found["contrasts"][0]["holds"] is stands


def test_one_scored_seed_is_not_taken_for_one_tuning_seed():
    made = synthetic.study(recipes=("adam",), seeds=1)
    recipes = {"adam": both_recipes()[1]["adam"]}
    for seeds, said in ((1, "With one tuning seed"), (2, "Nothing is shown here that could fall")):
        table = tuning_table(CURVES, seeds=seeds)
        tables = synthetic.reported(made, draw=False, recipes=recipes, tuning=table).tables
        assert tuning_choices.standing_sentence(tables, tables.settings[0]).startswith(said)


def test_one_tuning_seed_cannot_say_what_another_would_choose():
    found = analysed(tuning_table(CURVES, seeds=1))["tuning"]
    assert all(row["p"] is None and row["holds"] is None for row in found["contrasts"])


# What is reported


def both_recipes():
    """A study with an untuned recipe beside a tuned one, and its tuning."""
    rates = {"learning_rate": {"tune": [0.001, 0.01, 0.1], "seeds": 2}}
    recipes = {"adam": synthetic.RECIPE | rates, "fixed": synthetic.RECIPE}
    return synthetic.study(recipes=("adam", "fixed")), recipes


def test_the_report_says_what_was_chosen_and_warns_at_the_end_of_a_list():
    made, recipes = both_recipes()
    table = tuning_table(CURVES | {"tanh": [0.9, 0.9, 0.5]})
    table.loc[table["value"].eq(0.01) & table["activation"].eq("tanh"), "chosen"] = False
    report = synthetic.reported(made, draw=False, recipes=recipes, tuning=table)
    assert 'id="tuning"' in report.html and "What tuning tried" in report.html
    for said in (
        "The best learning rate of ReLU is the largest that was tried, 0.1.",
        "extend the list upwards",
        "Tanh: learning_rate=0.001 and learning_rate=0.01 have the same mean",
        "Tuning runs that diverged: 2 of ELU.",
        "Beside recipe fixed, tuning changed",
        "learning rate tuned: 0.001, 0.01 and 0.1, 2 tuning seeds each",
        "A verdict there is about two activations at the values chosen here.",
    ):
        assert said in report.html
    shown = tuning_choices.choice_rows(report.tables, ("adam", "net", "digits"))
    assert {row["activation"]: row["chosen"] for row in shown}["relu"] == "learning rate 0.1"


def test_the_first_screen_says_that_verdicts_are_about_the_values_chosen():
    made, recipes = both_recipes()
    falls = "; after another tuning none need be better"
    clear, close = CURVES, dict.fromkeys(CURVES, [0.5, 0.9, 0.899])
    for curves, stand, condition in ((clear, 3, ""), (close, 0, falls)):
        table = tuning_table(curves, spread=0.01)
        tables = synthetic.reported(made, draw=False, recipes=recipes, tuning=table).tables
        said = limitations.limit_sentences(tables, synthetic.DECLARED)
        (limit,) = [sentence for sentence in said if "tuning" in sentence]
        assert "which could be the best, are about the values that tuning chose. Of 3 diff" in limit
        assert f"{stand} are also shown for another tuning." in limit
        assert ("ReLU is the largest that was tried" in limit) == (stand == 3)
        fixed, tuned = (
            verdicts.best_sentences(tables, (name, "net", "digits")) for name in ("fixed", "adam")
        )
        assert "tuning" not in fixed
        assert tuned.endswith(f" That is so at the values that tuning chose here{condition}.")


def test_a_report_without_tuning_says_nothing_of_it():
    report = synthetic.reported(synthetic.study(), draw=False)
    assert "tuning" not in report.html and "tuning_curves" not in report.figures


def test_a_published_study_says_what_tuning_cost_beside_the_scored_runs():
    made = synthetic.study()
    costs = made.costs.assign(started="2026-01-01T00:00", commit="0" * 40)
    plain, with_tuning = (
        reference_results.reference_page({"name": "x"}, made.runs, costs, "reference/x", tuning)
        for tuning in (None, costs.head(4))
    )
    row = "| tuning | 4 more runs, 8 s |"
    assert set(with_tuning.splitlines()) - set(plain.splitlines()) == {row}


def test_the_curves_are_drawn_with_a_mark_for_each_choice():
    made, recipes = both_recipes()
    made_report = synthetic.reported(made, draw=False, recipes=recipes, tuning=tuning_table(CURVES))
    svg = figures.draw_figure("tuning_curves", made_report.tables)
    assert svg.count("-chosen-0") == 4
    assert "the chosen learning rate is 0.01 for ELU, GELU and Tanh and 0.1 for ReLU" in svg


# The workflow


def test_a_dry_run_shows_every_job_of_a_tuned_study(house):
    rates = tuned()["recipes"]
    house.say(recipes=rates, seeds=6)
    planned = house.plan()
    assert {k: planned[k] for k in ("tune_0", "choose", "tuning", "train_0", "collect")} == {
        "tune_0": 6, "choose": 2, "tuning": 1, "train_0": 2, "collect": 1,
    }  # fmt: skip


@pytest.mark.slow
def test_a_tuned_study_grows_by_what_is_new_and_trains_again_only_where_the_choice_changed(house):
    house.say(recipes=tuned()["recipes"], seeds=6)
    assert house.snakemake(cores=2).returncode == 0
    assert house.plan() == {}
    house.say(activations=["gelu", "relu", "silu"])
    planned = house.plan()
    assert {k: planned[k] for k in ("tune_0", "choose", "train_0")} == {
        "tune_0": 3, "choose": 1, "train_0": 1,
    }  # fmt: skip
    house.say(activations=["gelu", "relu"])
    costs = "results/tiny/costs.parquet"
    before = tables.read(house / costs)
    changed = tuned({"learning_rate": {"tune": [0.1, 0.001, 0.01, 0.0001]}})["recipes"]
    house.say(recipes=changed)
    assert house.plan()["tune_0"] == 2
    assert house.snakemake(cores=2).returncode == 0
    pd.testing.assert_frame_equal(tables.read(house / costs), before)
    found = tables.read(house / "results/tiny/tuning.parquet")
    assert len(found) == 2 * 4 * 2 and found.groupby("activation")["chosen"].sum().eq(2).all()
