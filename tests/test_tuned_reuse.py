"""The tuning behind published runs is taken with them, or refused; shards share one tuning."""

import random
import shutil
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import tables as bytes_of_tables
from test_reuse import DIGESTS, LIBRARY, SCHEMA, Case, numbered

from activarium import tables
from activarium.runtime import files
from activarium.runtime.errors import UserError
from activarium.study import reused_runs
from activarium.study.code_inputs import CodeFiles
from activarium.tables import collect, published_tuning, shards, tuning_shards
from activarium.tables.collect import CollectError

RATES = [0.001, 0.01, 0.1]
SEEDS = (2_000_000, 2_000_001)
NAMES = ("runs", "epochs", "costs")
TUNING = ("tuning", "tuning_costs")


def tuning_rows(activations=DIGESTS):
    """(rows of tuning, of tuning_costs) of runs made up, in which 0.01 is best for each cell."""
    runs, costs = [], []
    for name, rate, seed in product(activations, RATES, SEEDS):
        cell = {"recipe": "adam", "network": "resnet14_8", "dataset": "cifar10"}
        key = cell | {"activation": name, "candidate": f"learning_rate={rate}", "seed": seed}
        accuracy = {0.001: 0.4, 0.01: 0.6, 0.1: 0.5}[rate] + 0.01 * (seed % 2)
        runs.append(key | {"number": "learning_rate", "value": rate, "status": "ok",
                           "validation_accuracy": accuracy, "chosen": rate == 0.01})  # fmt: skip
        costs.append(key | {"train_seconds": 1.0, "commit": "abc", "code": "0" * 16})
    return runs, costs


class TunedCase(Case):
    """As `Case`, of a study whose learning rate is tuned, and both studies say so."""

    def __init__(self, folder, seed):
        super().__init__(folder, seed)
        tuned = {"learning_rate": {"tune": RATES, "seeds": 2}}
        self.config["recipes"]["adam"] |= tuned
        self.say(lambda said: said["recipes"]["adam"].update(tuned))
        made = CodeFiles(self.grid, LIBRARY).definitions()
        kept = {"activations": made["activations"], "datasets": {"cifar10": "abc"}}
        self.said = files.read_json(self.folder / "provenance.json")["study"]
        self.said |= {"held_out": 0.1, "definitions": kept}
        self.write(*tuning_rows())

    def write(self, runs, costs):
        """The three files of tuning, whole, with their checksums."""
        for name, rows, schema in zip(TUNING, (runs, costs), (tables.TUNING, tables.TUNING_COSTS),
                                      strict=True):  # fmt: skip
            tables.write_run(tables.table(rows, schema), self.folder / f"{name}.parquet")
        costs = pq.read_table(self.folder / "tuning_costs.parquet")
        file = self.folder / "tuning_provenance.json"
        files.write_json(file, collect.provenance(costs) | {"study": self.said})

    def tune_alone(self):
        """Reuse the tuning, and none of the scored runs."""
        self.paths = [str(self.folder / "tuning.parquet")]

    def copy(self, **changes):
        """The tuning in another folder, one row of it changed; the path of its tuning.parquet."""
        other = self.folder / "other"
        other.mkdir()
        for name in published_tuning.FILES:
            shutil.copy(self.folder / name, other)
        rows = pq.read_table(other / "tuning.parquet").to_pylist()
        rows[self.draw.randrange(len(rows))] |= changes
        tables.write_run(tables.table(rows, tables.TUNING), other / "tuning.parquet")
        return str(other / "tuning.parquet")


# What is damaged, mixed, partial or tuned otherwise; each returns words of the refusal.


def gone(case):
    name = case.draw.choice(published_tuning.FILES)
    (case.folder / name).unlink()
    return f"{name} is gone"


def cut_off(case):
    file = case.folder / f"{case.draw.choice(TUNING)}.parquet"
    content = file.read_bytes()
    file.write_bytes(content[: case.draw.randrange(len(content))])
    return "cannot be read"


def edited_by_hand(case):
    file = case.folder / "tuning_provenance.json"
    file.write_text(file.read_text().replace('"held_out": 0.1', '"held_out": 0.2'))
    return "cannot be read (its values do not match its checksum)"


def runs_lost(case):
    n = case.draw.randrange(24)
    runs, costs = tuning_rows()
    case.write(runs[:n] + runs[n + 1 :], costs[:n] + costs[n + 1 :])
    return "has 5 runs, not its 6"


def costs_lost(case):
    n = case.draw.randrange(24)
    runs, costs = tuning_rows()
    case.write(runs, costs[:n] + costs[n + 1 :])
    return "tuning_costs.parquet is of other runs"


def run_twice(case):
    n = case.draw.randrange(24)
    runs, costs = tuning_rows()
    case.write([*runs, runs[n]], [*costs, costs[n]])
    return "has 7 runs, not its 6"


def other_seed(case):
    n = case.draw.randrange(24)
    runs, costs = tuning_rows()
    for rows in (runs, costs):
        rows[n]["seed"] = 2_000_002
    case.write(runs, costs)
    return "files of two studies are mixed"


def other_choice(case):
    runs, costs = tuning_rows()
    name, rate = case.draw.choice(DIGESTS), case.draw.choice([0.001, 0.1])
    for row in runs:
        row["chosen"] = row["value"] == (rate if row["activation"] == name else 0.01)
    case.write(runs, costs)
    return f"{name} was not tuned to the best value of its runs"


def no_choice(case):
    runs, costs = tuning_rows()
    case.write([row | {"chosen": False} for row in runs], costs)
    return "was not tuned to the best value of its runs"


def other_accuracy(case):
    """One run was worse than the table says, so that another rate was the best."""
    runs, costs = tuning_rows()
    row = case.draw.choice([row for row in runs if row["chosen"]])
    row["validation_accuracy"] = case.draw.random() * 0.3
    case.write(runs, costs)
    return "was not tuned to the best value of its runs"


def diverged_at_the_choice(case):
    runs, costs = tuning_rows()
    row = case.draw.choice([row for row in runs if row["chosen"]])
    row |= {"status": "diverged", "validation_accuracy": None}
    case.write(runs, costs)
    return "was not tuned to the best value of its runs"


def other_value(case):
    runs, costs = tuning_rows()
    case.draw.choice(runs)["value"] = case.draw.random()
    case.write(runs, costs)
    return "has other values than its name says"


def costs_of_another(case):
    runs, costs = tuning_rows()
    case.draw.choice(costs)["commit"] = "other"
    provenance = (case.folder / "tuning_provenance.json").read_bytes()
    case.write(runs, costs)
    (case.folder / "tuning_provenance.json").write_bytes(provenance)
    return "tuning.parquet and tuning_provenance.json are of different runs"


def cell_without_tuning(case):
    name = case.draw.choice(DIGESTS)
    case.write(*tuning_rows([other for other in DIGESTS if other != name]))
    return f"has scored runs of adam/resnet14_8/cifar10/{name} and no tuning of it"


def cell_of_another_study(case):
    case.write(*tuning_rows([*DIGESTS, "elu"]))
    return "elu is none that tuning_provenance.json beside it tunes"


def other_rates(case):
    rates = case.draw.choice([[0.01, 0.1], [0.001, 0.01], [*RATES, 0.3], [0.002, 0.01, 0.1]])
    case.config["recipes"]["adam"]["learning_rate"] = {"tune": rates, "seeds": 2}
    return "recipe adam: learning_rate: tune [0.001, 0.01, 0.1], and the study says"


def other_number_of_seeds(case):
    seeds = case.draw.choice([1, 3, 8])
    case.config["recipes"]["adam"]["learning_rate"] = {"tune": RATES, "seeds": seeds}
    return f"recipe adam: learning_rate: seeds 2, and the study says {seeds}"


def other_recipe(case):
    case.config["recipes"]["adam"]["weight_decay"] = case.draw.random()
    return "recipe adam: weight_decay 0, and the study says"


def tuned_there_alone(case):
    case.config["recipes"]["adam"]["learning_rate"] = 0.01
    return "recipe adam: learning_rate {"


def tuned_here_alone(case):
    case.say(lambda said: said["recipes"]["adam"].update(learning_rate=0.01))
    return "recipe adam: learning_rate 0.01, and the study says {"


def other_validation(case):
    case.config["validation"] = case.draw.choice([0.1, 0.2])
    return "validation 0, and the study says"


def other_held_out(case):
    case.said |= {"held_out": 0.2}
    case.write(*tuning_rows())
    return "was tuned on 0.2 of the training images, and the study on 0.1"


def other_definition(case):
    case.said["definitions"]["activations"][case.draw.choice(DIGESTS)] = "0123456789abcdef"
    case.write(*tuning_rows())
    return "was trained by another definition"


def other_images(case):
    case.said["definitions"]["datasets"]["cifar10"] = "other"
    case.write(*tuning_rows())
    return "other images of cifar10"


def two_tunings(case):
    other = case.copy(validation_accuracy=0.45)
    case.paths = case.draw.choice([[case.path, other], [other, case.path]])
    return "tune in one, and let the other reuse its tuning.parquet"


def strict_with_other_code(case):
    case.config["strict"] = True
    case.tune_alone()
    return "was trained by other code (0000000000000000)"


def of_another_study(case):
    case.config |= {"activations": ["elu"], "control": "elu"}
    case.tune_alone()
    return "tunes no cell of this study; leave it out"


REFUSED = [
    gone, cut_off, edited_by_hand, runs_lost, costs_lost, run_twice, other_seed, other_choice,
    no_choice, other_accuracy, diverged_at_the_choice, other_value, costs_of_another,
    cell_without_tuning, cell_of_another_study, other_rates, other_number_of_seeds, other_recipe,
    tuned_there_alone, tuned_here_alone, other_validation, other_held_out, other_definition,
    other_images, two_tunings, strict_with_other_code, of_another_study,
]  # fmt: skip
DRAWN_TWICE = [
    gone, cut_off, runs_lost, other_choice, other_rates, other_number_of_seeds, two_tunings,
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "seed"), numbered(REFUSED, DRAWN_TWICE))
def test_a_tuning_that_is_damaged_partial_or_other_is_refused_in_one_line(tmp_path, spoil, seed):
    case = TunedCase(tmp_path, seed)
    words = spoil(case)
    with pytest.raises(UserError) as refused:
        case.read()
    line = str(refused.value)
    assert line.startswith("reuse: ") and "\n" not in line
    assert words in line


# What is rightly taken; each returns (scored runs, tuned cells).


def as_it_is(case):
    return 32, 4


def another_order(case):
    rates = case.draw.sample(RATES, 3)
    case.config["recipes"]["adam"]["learning_rate"] = {"seeds": 2, "tune": rates}
    return 32, 4


def more_activations(case):
    case.config["activations"] = [*DIGESTS, "elu", {"name": "mine", "expr": "x*tanh(x)"}]
    return 32, 4


def fewer_activations(case):
    kept = case.draw.sample(DIGESTS, 2)
    case.config |= {"activations": kept, "control": kept[0]}
    return 16, 2


def more_seeds(case):
    case.config["seeds"] = 12
    return 32, 4


def tuning_alone(case):
    case.config |= {"seeds": 3, "first_seed": 8}  # which the table does not score
    case.tune_alone()
    return 0, 4


def in_two_tables(case):
    case.paths = case.draw.sample([case.path, case.copy()], 2)
    return 32, 4


def diverged_elsewhere(case):
    runs, costs = tuning_rows()
    row = case.draw.choice([row for row in runs if not row["chosen"]])
    row |= {"status": "diverged", "validation_accuracy": None}
    case.write(runs, costs)
    return 32, 4


ACCEPTED = [
    as_it_is, another_order, more_activations, fewer_activations, more_seeds, tuning_alone,
    in_two_tables, diverged_elsewhere,
]  # fmt: skip


@pytest.mark.parametrize("prepare", ACCEPTED)
def test_the_same_tuning_is_taken_and_marked(tmp_path, prepare):
    case = TunedCase(tmp_path, 3)
    scored, cells = prepare(case)
    taken = case.read()
    assert (taken.runs.num_rows, len(taken.tuning.cells)) == (scored, cells)
    assert taken.tuning.runs.num_rows == taken.tuning.costs.num_rows == 6 * cells
    assert set(taken.tuning.costs["reused_from"].to_pylist()) <= {*case.paths}
    names = {cell[-1] for cell in taken.tuning.cells}
    whole = pq.read_table(tmp_path / "tuning.parquet").replace_schema_metadata()
    mine = whole.filter(pc.is_in(whole["activation"], pa.array(sorted(names))))
    assert taken.tuning.runs.equals(published_tuning.in_order(mine))


def test_only_a_new_activation_tunes_and_trains(tmp_path, monkeypatch):
    case = TunedCase(tmp_path, 0)
    case.config["activations"] = [*DIGESTS, "elu"]
    grid = reused_runs.with_reused_runs(case.grid, LIBRARY, SCHEMA)
    assert {Path(run).parent.name for run in grid.runs + grid.tuning.runs} == {"elu"}
    assert len(grid.runs) == 8 and len(grid.tuning.runs) == 6
    assert [Path(choice).stem for choice in grid.tuning.choices] == ["elu"]
    monkeypatch.chdir(tmp_path)
    reused_runs.write_note(grid, LIBRARY)
    job = reused_runs.with_reused_runs(case.grid, LIBRARY, SCHEMA, read_tables=False)
    assert (job.runs, job.tuning.runs) == (grid.runs, grid.tuning.runs)


def test_a_choice_is_read_from_the_table_with_the_values_of_the_study(tmp_path):
    case = TunedCase(tmp_path, 0)
    candidates = {f"learning_rate={rate}": {"learning_rate": rate} for rate in RATES}
    path, cell = str(tmp_path / "tuning.parquet"), ["adam", "resnet14_8", "cifar10", "silu"]
    assert published_tuning.read_choice([path], cell, candidates) == {"learning_rate": 0.01}
    with pytest.raises(CollectError, match=r"no table holds the tuning of .*/elu any more"):
        published_tuning.read_choice([path], [*cell[:3], "elu"], candidates)
    assert case.read().tuning.cells  # the same file is whole


# Shards


@pytest.fixture
def cut(tmp_path):
    """Make a tuned shard of these seeds of the published study; (its runs.parquet, the case)."""
    (tmp_path / "whole").mkdir()
    case = TunedCase(tmp_path / "whole", 0)

    def cut(name, seeds, activations=DIGESTS, taken=None, **said):
        folder = tmp_path / name
        folder.mkdir()
        for table in NAMES:
            rows = pq.read_table(case.folder / f"{table}.parquet").to_pylist()
            rows = [r for r in rows if r["seed"] in seeds and r["activation"] in activations]
            tables.write_run(tables.table(rows, shards.TABLES[table]), folder / f"{table}.parquet")
        shard = object.__new__(TunedCase)
        shard.folder, shard.said = folder, case.said | said
        runs, costs = tuning_rows(activations)
        shard.write(runs, [row | {"reused_from": taken} for row in costs])
        return str(folder / "runs.parquet")

    return cut, case


def put_together(case, *paths):
    return tuning_shards.read(paths, case.grid.declared_training)


@pytest.mark.parametrize(
    "parts",
    [
        [(range(5), DIGESTS), (range(5, 8), DIGESTS)],
        [(range(8), DIGESTS[:2]), (range(8), DIGESTS[2:])],
        [(range(4), DIGESTS[:1]), (range(4, 8), DIGESTS[:1]), (range(8), DIGESTS[1:])],
    ],
)
def test_shards_by_seeds_and_by_activations_have_the_tuning_of_the_whole(cut, parts):
    make, case = cut
    paths = [make(str(k), *part) for k, part in enumerate(parts)]
    random.Random(0).shuffle(paths)
    found = put_together(case, *paths)
    whole = [pq.read_table(case.folder / f"{name}.parquet") for name in TUNING]
    for table, expected in zip((found.runs, found.costs), whole, strict=True):
        kept = published_tuning.in_order(expected.replace_schema_metadata())
        assert table.replace_schema_metadata().equals(kept)


def test_of_a_shared_tuning_the_costs_are_those_of_the_shard_that_trained_it(cut):
    make, case = cut
    taken = make("a", range(4), taken="b/tuning.parquet")
    found = put_together(case, taken, make("b", range(4, 8)))
    assert found.costs["reused_from"].null_count == found.costs.num_rows == 24


@pytest.mark.parametrize("second", [{"recipes": {}}, {"held_out": 0.3}, {"train_size": 5}])
def test_a_shard_that_was_tuned_otherwise_is_named(cut, second):
    make, case = cut
    with pytest.raises(CollectError) as refused:
        put_together(case, make("a", range(4)), make("b", range(4, 8), **second))
    assert str(refused.value).startswith("shards: ") and "b/runs.parquet" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_shards_of_two_tunings_are_refused(cut):
    make, case = cut
    paths = [make("a", range(4)), make("b", range(4, 8))]
    file = Path(paths[1]).with_name("tuning.parquet")
    rows = pq.read_table(file).to_pylist()
    rows[0]["validation_accuracy"] += 0.001
    tables.write_run(tables.table(rows, tables.TUNING), file)
    with pytest.raises(CollectError, match=r"^shards: the tuning of adam/\S+ differs in \S+/a/"):
        put_together(case, *paths)


def test_a_cell_that_no_shard_tuned_is_named(cut):
    make, case = cut
    with pytest.raises(CollectError, match=r"the tuning of adam/resnet14_8/cifar10/relu is in "):
        put_together(case, make("a", range(8), DIGESTS[2:] + ("gelu",)))


def test_a_shard_without_its_tuning_is_named(cut):
    make, case = cut
    path = make("a", range(8))
    Path(path).with_name("tuning_provenance.json").unlink()
    with pytest.raises(CollectError, match=r"^shards: \S+/tuning_provenance.json is gone, which"):
        put_together(case, path)


# The workflow


@pytest.mark.slow
def test_a_tuned_study_in_shards_or_grown_from_published_runs_is_the_study_to_the_byte(house):
    """Tuned once, by the first shard; and an activation more tunes and trains alone."""
    house.patience = 900
    rates = {"learning_rate": {"tune": [0.001, 0.03], "seeds": 1}}
    recipes = {"short": {"optimizer": "adam", "batch_size": 100, "epochs": 1} | rates}
    house.say(recipes=recipes, seeds=3, name="whole")
    made = [house.snakemake("--until", "compare", cores=2)]
    house.say(seeds=2, name="a")
    made.append(house.snakemake("--until", "collect", "tuning", cores=2))
    house.say(seeds=1, first_seed=2, name="b", reuse="results/a/tuning.parquet")
    assert {"tune_0": 0} | house.plan("--until", "collect", "tuning") == {
        "tune_0": 0, "choose": 2, "train_0": 2, "collect": 1, "tuning": 1,
    }  # fmt: skip
    made.append(house.snakemake("--until", "collect", "tuning", cores=2))
    shards = [f"results/{name}/runs.parquet" for name in "ab"]
    house.say(seeds=3, first_seed=0, name="joined", reuse=None, shards=shards)
    made.append(house.snakemake("--until", "compare", cores=2))
    house.say(activations=["gelu"], name="less", shards=None)
    made.append(house.snakemake("--until", "collect", "tuning", cores=2))
    house.say(activations=["gelu", "relu"], name="grown", reuse="results/less/runs.parquet")
    planned = house.plan("--until", "compare")
    assert {rule: planned[rule] for rule in ("tune_0", "choose", "train_0", "tuning")} == {
        "tune_0": 2, "choose": 1, "train_0": 1, "tuning": 1,
    }  # fmt: skip
    made.append(house.snakemake("--until", "compare", cores=2))
    assert not [done.stderr for done in made if done.returncode]
    for name in ("joined", "grown"):
        assert bytes_of_tables(house, name) == bytes_of_tables(house, "whole")
        for file in ("tuning.parquet", "tuning.csv"):
            one, other = (house / f"results/{study}/{file}" for study in (name, "whole"))
            assert one.read_bytes() == other.read_bytes()
