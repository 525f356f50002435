"""Published runs are reused only where everything that defines them is the same; fifty cases."""

import random
import shutil
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT

from activarium import study, tables
from activarium.runtime import files, source
from activarium.runtime.errors import UserError
from activarium.study import reused_runs
from activarium.study.code_inputs import CodeFiles
from activarium.study.grid import Grid
from activarium.tables import collect, reuse

SCHEMA = ROOT / "config/schema.yaml"
LIBRARY = str(ROOT / "workflow/scripts/activarium")
QUICK = ROOT / "reference/cifar10-quick"  # 32 runs: four activations, eight seeds
NAMES = ("runs", "epochs", "costs")
DIGESTS = ("gelu", "relu", "silu", "sigmoid")


class Case:
    """A published study in a folder, the study that reuses it, and what is drawn of both."""

    def __init__(self, folder, seed):
        self.folder, self.draw = Path(folder), random.Random(seed)
        self.path = str(self.folder / "runs.parquet")
        self.paths = [self.path]
        self.config = yaml.safe_load((QUICK / "study.yaml").read_text()) | {"reuse": self.path}
        for name in (*NAMES, "provenance"):
            (found,) = QUICK.glob(f"{name}.[pj]*")
            shutil.copy(found, self.folder)

    def read(self):
        """The runs that are taken, by today's definitions; UserError where none can be."""
        grid = self.grid
        made = CodeFiles(grid, LIBRARY).definitions()
        today = reused_runs.todays_definitions(grid.study.networks, made, [], SCHEMA)
        today.images.update(cifar10="abc")
        return reuse.read(self.paths, grid.declared_training, today)

    @property
    def grid(self):
        """The study that reuses, laid out as files, before anything is taken."""
        return Grid(study.read(self.config | {"reuse": self.paths}, SCHEMA))

    def change(self, name, change):
        """Write the table `name` again, whole and with its checksum, after `change` of its rows."""
        file = self.folder / f"{name}.parquet"
        schema = pq.read_schema(file).remove_metadata()
        rows = pq.read_table(file).to_pylist()
        tables.write_run(pa.Table.from_pylist(change(rows) or rows, schema=schema), file)

    def say(self, change):
        """Write the provenance again, whole and with its checksum, after `change` of its study."""
        file = self.folder / "provenance.json"
        said = files.read_json(file)
        change(said["study"])
        files.write_json(file, said)

    def record(self, **changes):
        """Let the published study say today's definitions, but for these `changes`."""
        made = CodeFiles(self.grid, LIBRARY).definitions()
        kept = {"activations": made["activations"], "datasets": {"cifar10": "abc"}}
        kept = {axis: digests | changes.get(axis, {}) for axis, digests in kept.items()}
        self.say(lambda said: said.update(definitions=kept))
        costs = pq.read_table(self.folder / "costs.parquet").to_pylist()
        rows = [row | {"code": changes.get("code", made["code"]["resnet14_8"])} for row in costs]
        tables.write_run(tables.table(rows, tables.COSTS), self.folder / "costs.parquet")


# What damages or mixes the files, or defines the runs otherwise; each returns words of the refusal.


def gone(case):
    name = case.draw.choice(["epochs.parquet", "costs.parquet", "provenance.json"])
    (case.folder / name).unlink()
    return f"{name} is gone"


def cut_off(case):
    file = case.folder / f"{case.draw.choice(NAMES)}.parquet"
    content = file.read_bytes()
    file.write_bytes(content[: case.draw.randrange(len(content))])
    return "cannot be read"


def edited_by_hand(case):
    file = case.folder / "provenance.json"
    file.write_text(file.read_text().replace('"seeds": 8', '"seeds": 9'))
    return "cannot be read (its values do not match its checksum)"


def rows_lost(case):
    name = case.draw.choice(["runs", "costs"])
    lost = case.draw.randrange(32)
    case.change(name, lambda rows: rows[:lost] + rows[lost + 1 :])
    return "are of other runs"


def epoch_lost(case):
    lost = case.draw.randrange(192)
    case.change("epochs", lambda rows: rows[:lost] + rows[lost + 1 :])
    return "was trained for 5 epochs and not for the 6"


def run_twice(case):
    for name in NAMES:
        case.change(name, lambda rows: [*rows, rows[case.draw.randrange(len(rows))]])
    return "twice"


def other_score(case):
    n = case.draw.randrange(32)
    case.change("runs", lambda rows: rows[n].update(test_accuracy=case.draw.random()))
    return "another score than its last epoch"


def other_bits(case):
    n = case.draw.randrange(32)
    case.change("runs", lambda rows: rows[n].update(correct=b"\x01" * case.draw.randrange(1250)))
    return "test bits"


def other_epochs(case):
    """Those of two activations of the same study, mixed up."""
    one, other = case.draw.sample(DIGESTS, 2)
    swap = {one: other, other: one}
    case.change("epochs", lambda rows: sorted(
        (row | {"activation": swap.get(row["activation"], row["activation"])} for row in rows),
        key=lambda row: (row["activation"], row["seed"], row["epoch"]),
    ))  # fmt: skip
    return "another score than its last epoch"


def costs_of_another(case):
    n = case.draw.randrange(32)
    column = case.draw.choice(["commit", "torch", "device_name"])
    case.change("costs", lambda rows: rows[n].update({column: "other"}))
    return "costs.parquet and provenance.json beside it are of different runs"


def provenance_of_another(case):
    other = case.draw.choice(["cifar10-aa", "cifar10-best-rate", "digits"])
    shutil.copy(ROOT / f"reference/{other}/provenance.json", case.folder)
    return "reuse: "  # whatever differs first: seeds, epochs, activations


def external(case):
    case.say(lambda said: said.clear())
    return "was made from external runs"


def says_less(case):
    key = case.draw.choice(reuse.NEEDED)
    case.say(lambda said: said.pop(key))
    return f"does not say {key}"


def other_recipe(case):
    key, value = case.draw.choice(
        [("learning_rate", 0.01), ("optimizer", "sgd"), ("label_smoothing", 0.1),
         ("weight_decay", 0.0005), ("augmentation", "flip"), ("batch_size", 64)]
    )  # fmt: skip
    case.config["recipes"]["adam"][key] = value
    return f"recipe adam: {key}"


def recipe_of_tomorrow(case):
    case.say(lambda said: said["recipes"]["adam"].update(warmth=case.draw.random()))
    return "and the study says not there"


def other_network(case):
    key = case.draw.choice(["width", "blocks"])
    case.say(lambda said: said["networks"]["resnet14_8"]["parameters"].update({key: 5}))
    return f"network resnet14_8: {key} 5"


def other_network_file(case):
    case.say(lambda said: said["networks"]["resnet14_8"].update(file="plain"))
    return "network resnet14_8: file plain"


def other_size(case):
    case.config["train_size"] = case.draw.choice([4000, None])
    return "train_size 8000, and the study says"


def other_validation(case):
    case.config["validation"] = case.draw.choice([0.1, 0.25])
    return "validation 0, and the study says"


def other_expression(case):
    name = case.draw.choice(DIGESTS)
    case.say(lambda said: said["activations"].update({name: "x*tanh(x)"}))
    return f"activation {name} x*tanh(x)"


def other_definition(case):
    name = case.draw.choice(DIGESTS)
    case.record(activations={name: "0123456789abcdef"})
    return f"{name} was trained by another definition"


def older_than_channels(case):
    """Runs of DyT from when it learned one value a layer, of which nothing was recorded."""
    name = case.draw.choice(["dyt", "acon_c", "derf"])
    for table in NAMES:
        case.change(table, lambda rows: [r.update(activation=name) for r in rows
                                         if r["activation"] == "silu"] and sorted(
            rows, key=lambda r: (r["activation"], r["seed"], r.get("epoch", 0))))  # fmt: skip
    case.say(lambda said: said["activations"].update({name: said["activations"].pop("silu")}))
    case.config["activations"] = ["gelu", name]
    return f"is older than {name} of now, which learns one value a channel"


def other_images(case):
    case.record(datasets={"cifar10": f"{case.draw.getrandbits(64):x}"})
    return "other images of cifar10"


def seeds_left_out(case):
    case.config["seeds"] = case.draw.randrange(2, 8)
    return "is not declared; take all seeds"


def held_by_two(case):
    case.paths.append(str(QUICK / "runs.parquet"))
    return "stands in"


def of_another_study(case):
    case.config |= {"activations": ["elu"], "control": "elu"}
    return "has no run of this study"


def tuned(case):
    case.config["recipes"]["adam"]["learning_rate"] = {"tune": [0.001, 0.01], "seeds": 2}
    return "recipe adam: learning_rate 0.001, and the study says {"


def strict_without_record(case):
    case.config["strict"] = True
    return "code that was not recorded"


def strict_with_other_code(case):
    case.config["strict"] = True
    case.record(code="0123456789abcdef")
    return "other code (0123456789abcdef)"


REFUSED = [
    gone, cut_off, edited_by_hand, rows_lost, epoch_lost, run_twice, other_score, other_bits,
    other_epochs, costs_of_another, provenance_of_another, external, says_less, other_recipe,
    recipe_of_tomorrow, other_network, other_network_file, other_size, other_validation,
    other_expression, other_definition, older_than_channels, other_images, seeds_left_out,
    held_by_two, of_another_study, tuned, strict_without_record, strict_with_other_code,
]  # fmt: skip
DRAWN_TWICE = [
    cut_off, gone, rows_lost, epoch_lost, other_score, other_bits, other_epochs, other_recipe,
    costs_of_another, says_less, other_network, other_definition, other_images, seeds_left_out,
]  # fmt: skip


# What is rightly taken; each returns how many runs.


def as_it_is(case):
    return 32


def fewer_activations(case):
    kept = case.draw.sample(DIGESTS, case.draw.randrange(1, 4))
    case.config |= {"activations": kept, "control": kept[0]}
    return 8 * len(kept)


def more_activations(case):
    case.config["activations"] = [*DIGESTS, "elu", {"name": "mine", "expr": "x*tanh(x)"}]
    return 32


def more_seeds(case):
    case.config["seeds"] = case.draw.randrange(9, 20)
    return 32


def older_recipe(case):
    case.say(lambda said: said["recipes"]["adam"].pop(case.draw.choice(["schedule", "precision"])))
    return 32


def another_control(case):
    case.config |= {"control": "relu", "analysis": {"margin": 0.02}, "name": "other", "pack": 1}
    return 32


def recorded(case):
    case.record()
    return 32


def strict_with_todays_code(case):
    case.config["strict"] = True
    case.record()
    return 32


ACCEPTED = [
    as_it_is, fewer_activations, more_activations, more_seeds, older_recipe, another_control,
    recorded, strict_with_todays_code,
]  # fmt: skip


def numbered(*lists):
    """(function, seed of what it draws) for each; one that stands twice draws anew."""
    return [(function, seed) for seed, functions in enumerate(lists) for function in functions]


@pytest.mark.parametrize(("spoil", "seed"), numbered(REFUSED, DRAWN_TWICE))
def test_what_is_damaged_mixed_or_defined_otherwise_is_refused_in_one_line(tmp_path, spoil, seed):
    case = Case(tmp_path, seed)
    words = spoil(case)
    with pytest.raises(UserError) as refused:
        case.read()
    line = str(refused.value)
    assert line.startswith("reuse: ") and "\n" not in line
    assert words in line


@pytest.mark.parametrize(("prepare", "seed"), numbered(ACCEPTED))
def test_what_is_the_same_is_taken_with_its_epochs_costs_and_bits(tmp_path, prepare, seed):
    case = Case(tmp_path, seed)
    number = prepare(case)
    taken = case.read()
    assert taken.runs.num_rows == taken.costs.num_rows == number
    assert set(taken.costs["reused_from"].to_pylist()) == {case.path}
    published = pq.read_table(QUICK / "runs.parquet").replace_schema_metadata()
    names = pa.array(sorted(set(taken.runs["activation"].to_pylist())))
    same = published.filter(pc.is_in(published["activation"], names))
    assert taken.runs.equals(same.cast(tables.RUNS))
    assert taken.epochs.num_rows == 6 * number


@pytest.mark.parametrize("seed", range(8))
def test_a_flipped_bit_is_refused_or_changes_no_value(tmp_path, seed):
    case = Case(tmp_path, seed)
    whole = case.read()
    file = case.folder / f"{case.draw.choice(NAMES)}.parquet"
    content = bytearray(file.read_bytes())
    content[case.draw.randrange(len(content))] ^= 1 << case.draw.randrange(8)
    file.write_bytes(content)
    try:
        found = case.read()
    except UserError as error:
        assert str(error).startswith("reuse: ")
    else:
        assert found.runs.equals(whole.runs) and found.epochs.equals(whole.epochs)


# The grid that is left


def left(case):
    """The grid of a case without what is taken."""
    return reused_runs.with_reused_runs(case.grid, LIBRARY, SCHEMA)


def test_packs_hold_only_seeds_that_some_cell_lacks(tmp_path):
    case = Case(tmp_path, 0)
    assert left(case).runs == left(case).packs == []
    case.config |= {"seeds": 11, "pack": 2}
    assert left(case).packs == [range(8, 10), range(10, 11)]
    assert len(left(case).runs) == 12
    case.config["activations"] = [*DIGESTS, "elu"]
    packs = left(case).packs
    assert packs[:4] == [range(0, 2), range(2, 4), range(4, 6), range(6, 8)]
    assert packs[4:] == [range(8, 10), range(10, 11)]
    assert len(left(case).runs) == 12 + 11


def test_a_job_reads_the_note_of_its_start_and_no_table(tmp_path, monkeypatch):
    case = Case(tmp_path, 0)
    case.config["seeds"] = 10
    monkeypatch.chdir(tmp_path)
    main = left(case)
    in_job = partial(reused_runs.with_reused_runs, case.grid, LIBRARY, SCHEMA, read_tables=False)
    assert not Path("results").exists()
    assert in_job().runs == main.runs  # started by hand: no note is there
    reused_runs.write_note(main, LIBRARY)
    monkeypatch.setattr(reuse, "read", lambda *_: pytest.fail("the tables were read"))
    assert in_job().runs == main.runs
    with pytest.raises(pytest.fail.Exception):  # a note of other tables says nothing
        case.change("costs", lambda rows: None)
        in_job()


@pytest.mark.slow
def test_a_study_that_reuses_half_is_the_study_to_the_byte(trained_once, trained):
    """The same tables as those of the study that trained every run, and only half is trained."""
    shutil.copytree(trained_once / "results/tiny", trained / "kept")
    made = trained / "results/tiny"
    for name in NAMES:
        table = pq.read_table(trained / f"kept/{name}.parquet")
        half = table.filter(pc.equal(table["activation"], "gelu"))
        tables.write_run(half.replace_schema_metadata(), trained / f"kept/{name}.parquet")
    said = files.read_json(trained / "kept/provenance.json")
    half = tables.fit_schema(pq.read_table(trained / "kept/costs.parquet"), tables.COSTS)
    files.write_json(
        trained / "kept/provenance.json", said | collect.provenance(half) | {"study": said["study"]}
    )
    trained.say(name="again", reuse="kept/runs.parquet", strict=True)
    before = sorted((trained / "results").rglob("*"))
    assert trained.plan("--until", "compare")["train_0"] == 1
    assert sorted((trained / "results").rglob("*")) == before  # a dry run writes nothing
    done = trained.snakemake("--until", "compare", cores=2)
    assert done.returncode == 0, done.stderr
    assert "reuse: 10 of 20 runs are taken from kept/runs.parquet; 10 are trained" in done.stderr
    for name in ("runs", "epochs", "summaries", "contrasts"):
        found = (trained / f"results/again/{name}.parquet").read_bytes()
        assert found == (made / f"{name}.parquet").read_bytes()
    costs = tables.read(trained / "results/again/costs.parquet")
    assert list(costs["reused_from"].notna()) == list(costs["activation"] == "gelu")
    assert trained.plan("--until", "compare") == {}


CODE = '''"""What it is."""
import math  # needed


def f(x):
    """Twice it."""
    return 2 * x  # twice


def empty():
    """Nothing but this."""
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("What it is", "Another sentence", True),
        ("  # twice", "", True),
        ("# needed", "# not # needed", True),
        ("Twice it.", "Two\n    lines.", True),
        ("\n\n\ndef f", "\ndef f", True),
        ("2 * x", "3 * x", False),
        ("import math", "import cmath", False),
        ("    return", "    x = '#'\n    return", False),
        ("Nothing but this", "Another body", True),
    ],
)
def test_comments_and_docstrings_are_no_part_of_a_definition(tmp_path, old, new, same):
    assert CODE.count(old) == 1
    digests = []
    for folder, text in (("a", CODE), ("b", CODE.replace(old, new))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "f.py").write_text(text)
        digests.append(source.digest_code([tmp_path / folder / "f.py"]))
    assert (digests[0] == digests[1]) == same
