"""A study that cannot be run is refused in one line that names the key, the value, the way out."""

import copy
import datetime
import json
import math
import re
from pathlib import Path

import pytest
import yaml
from conftest import BIN, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from snakemake.cli import parse_config
from snakemake.utils import update_config

from activarium import activations, datasets, networks, study
from activarium.activations import ActivationSpec
from activarium.runtime.errors import UserError
from activarium.study import StudyError, start_warnings
from activarium.study.grid import Grid

SCHEMA = ROOT / "config/schema.yaml"
TINY = yaml.safe_load((ROOT / "tests/study.yaml").read_text())
TABLE = {"name": "theirs", "runs": "runs.csv", "control": "gelu"}
NAMES = "letters, digits and _ . + - only, 64 at most"
WHOLE = "; a study file is whole and never merged with another one"
LEFT_OUT = object()


def said(base, **changes):
    """`base` with some keys changed or left out."""
    changed = copy.deepcopy(base) | changes
    return {k: v for k, v in changed.items() if v is not LEFT_OUT}


def refusal(config):
    """The line with which a study is refused."""
    with pytest.raises(StudyError) as caught:
        study.read(config, SCHEMA)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def recipe(**changes):
    return {"recipes": {"short": said(TINY["recipes"]["short"], **changes)}}


def network(**changes):
    return {"networks": [{"name": "net", "file": "plain"} | changes]}


# What is read


def test_the_defaults_are_those_of_the_schema_and_not_of_the_default_study():
    read = study.read(TINY, SCHEMA)
    assert (read.control, read.confidence, read.margin) == ("gelu", 0.95, 0.005)
    assert (read.validation, read.train_size, read.pack) == (0, None, 10)
    assert read.recipes["short"]["schedule"] == "constant"
    assert read.networks["plain_2"] == {"file": "plain", "parameters": {"width": 2}}
    assert read.size == 2 * 10


def test_a_network_is_a_word_or_a_word_with_its_own_parameters():
    wide = {"name": "wide", "file": "resnet14", "width": 64}
    read = study.read(said(TINY, networks=["resnet14", wide]), SCHEMA)
    assert read.networks["resnet14"]["parameters"] == {"width": 16, "blocks": 2}
    assert read.networks["wide"]["parameters"] == {"width": 64, "blocks": 2}


def test_a_study_of_tables_needs_three_words():
    read = study.read(TABLE, SCHEMA)
    assert read.runs == ("runs.csv",) and read.size == 0 and read.chance == {}
    assert study.read(said(TABLE, runs=["a.csv", "b.parquet"]), SCHEMA).runs == (
        "a.csv",
        "b.parquet",
    )


def test_every_shipped_study_stands_in_the_table_of_times_with_its_runs():
    text = (ROOT / "config/README.md").read_text()
    for file in (ROOT / "config").glob("*.yaml"):
        if file.stem not in ("schema", "queue", "suite"):
            runs = study.read(yaml.safe_load(file.read_text()), SCHEMA).size
            row = rf"^\| `{file.name}` \| {runs}(, and \d+ that tune)? \|"
            assert re.search(row, text, re.MULTILINE), file


# What is refused


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"datasets": ["digit"]},
            "datasets: no 'digit' (did you mean digits?)",
        ),
        ({"activations": ["gelu", "rellu"]}, "activations: no 'rellu' (did you mean relu?)"),
        (
            {"activations": ["gelu", "zzz"]},
            "activations: no 'zzz'; `activarium list` lists those that are",
        ),
        (
            {"networks": ["resnett14"]},
            "networks: no 'resnett14' (did you mean resnet14?)",
        ),
        (
            network(file="vgg"),
            "networks: no 'vgg'; known are convnext, fast, mixer, mlp, mobilenet, ",
        ),
        ({"control": "silu"}, "control: 'silu' is not among the activations of this study"),
        ({"epochs": 3}, "'epochs' is not a key here; known are name, datasets, activations, "),
        (
            {"analysis": {"alpha": 0.05}},
            "analysis: 'alpha' is not a key here; known are confidence, margin",
        ),
        (recipe(lr=1), "recipes: short: 'lr' is not a key here; known are optimizer, "),
        ({"sedes": 3}, "'sedes' is not a key here (did you mean seeds?); known are name, "),
        ({"activations": ["ReLU", "gelu"]}, "activations: no 'ReLU' (did you mean relu?)"),
        ({"activations": ["Gelu", "relu"]}, "activations: no 'Gelu' (did you mean gelu?)"),
        (network(widht=3), "networks: net: widht: plain has no such parameter; it has width"),
        (
            recipe(optimizer="adamm"),
            "recipes: short: optimizer: no 'adamm'; known are adam, adamw, sgd",
        ),
        (
            recipe(schedule="step"),
            "recipes: short: schedule: no 'step'; known are constant, cosine, ",
        ),
    ],
)
def test_an_unknown_word_is_refused_with_those_that_are_known(change, line):
    assert refusal(said(TINY, **change)).startswith(f"config: {line}")


@pytest.mark.parametrize(
    ("name", "activation"),
    [("swiglu", "silu"), ("geglu", "gelu"), ("reglu", "relu"), ("glu", "sigmoid")],
)
def test_a_gated_feed_forward_is_told_from_an_activation(name, activation):
    said_so = refusal(said(TINY, activations=["gelu", name]))
    way = f"{name} is a gated feed-forward: write {activation}, and gated: true at vit or mixer"
    assert said_so == f"config: activations: no '{name}'; {way}"
    entries = [{"name": net, "file": net, "gated": True} for net in ("vit", "mixer")]
    read = study.read(
        said(TINY, activations=[activation], control=activation, networks=entries), SCHEMA
    )
    assert all(net["parameters"]["gated"] is True for net in read.networks.values())


def test_a_near_name_stands_alone():
    assert refusal(said(TINY, activations=["gelu", "rellu"])).endswith("(did you mean relu?)")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seeds": "10"}, "seeds: '10' is not a whole number; write it as 10"),
        ({"seeds": 10.0}, "seeds: 10.0 is not a whole number; write it as 10"),
        ({"seeds": 2.5}, "seeds: 2.5 is not a whole number"),
        ({"seeds": True}, "seeds: True is not a whole number"),
        ({"seeds": None}, "seeds: nothing is not a whole number"),
        ({"seeds": [0, 1]}, "seeds: [0, 1] is not a whole number"),
        ({"name": 2024}, "name: 2024 is not a word; write it in quotes in the study's file"),
        (
            {"name": datetime.date(2024, 1, 31)},
            "name: 2024-01-31 is not a word; write it in quotes in the study's file",
        ),
        ({"activations": "gelu"}, "activations: 'gelu' is not a list; write [gelu]"),
        (
            {"activations": ["gelu", True]},
            "activations: 2: True is not a word; write it in quotes in the study's file",
        ),
        ({"activations": [["gelu"]]}, "activations: 1: ['gelu'] is not a word"),
        ({"recipes": {2: {}}}, "recipes: 2: 'optimizer' is missing"),
        ({"recipes": ["short"]}, "recipes: ['short'] is not a mapping of keys to values"),
        (
            {"recipes": {"short": None}},
            "recipes: short: nothing is not a mapping of keys to values",
        ),
        (
            {"recipes": {1: TINY["recipes"]["short"]}},
            "recipes: 1 is not a word; write it in quotes in the study's file",
        ),
        ({"analysis": 0.005}, "analysis: 0.005 is not a mapping of keys to values"),
        (network(width="8"), "networks: net: width: '8' is not a whole number"),
        (network(width=8.5), "networks: net: width: 8.5 is not a whole number"),
        (network(file="mlp", sigma_w="2"), "networks: net: sigma_w: '2' is not a number"),
    ],
)
def test_a_value_of_another_type_is_refused(change, line):
    assert refusal(said(TINY, **change)) == f"config: {line}"


def test_a_list_of_rates_is_refused_with_how_to_tune():
    config = copy.deepcopy(TINY)
    config["recipes"]["short"]["learning_rate"] = [0.01, 0.03]
    line = refusal(config)
    assert line.startswith("config: recipes: short: learning_rate: [0.01, 0.03] is not a number")
    assert line.endswith("; to choose one of several write {tune: […], seeds: 2}")


def test_yaml_reads_1e_3_as_a_word_and_the_refusal_says_how_to_write_it():
    config = yaml.safe_load(yaml.safe_dump(TINY).replace("0.01", "1e-3"))
    assert config["recipes"]["short"]["learning_rate"] == "1e-3"
    line = "recipes: short: learning_rate: '1e-3' is not a number; write it as 0.001"
    assert refusal(config) == f"config: {line}"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seeds": 0}, "seeds: 0 must be at least 1"),
        ({"seeds": -3}, "seeds: -3 must be at least 1"),
        ({"pack": 0}, "pack: 0 must be at least 1"),
        ({"validation": 0.6}, "validation: 0.6 must be at most 0.5"),
        ({"train_size": 1}, "train_size: 1 must be at least 2"),
        ({"train_size": 401}, "train_size: 401 is more than digits has, 400"),
        (
            recipe(batch_size=50) | {"train_size": 50, "validation": 0.001},  # one at least is held
            "recipes: short: batch_size: 50 is more than the 49 images of digits that are trained "
            "on",
        ),
        ({"analysis": {"margin": 0}}, "analysis: margin: 0 must be more than 0"),
        ({"analysis": {"confidence": 95}}, "analysis: confidence: 95 must be at most 0.9999"),
        (recipe(learning_rate=0), "recipes: short: learning_rate: 0 must be more than 0"),
        (recipe(label_smoothing=1), "recipes: short: label_smoothing: 1 must be less than 1"),
        (recipe(batch_size=1), "recipes: short: batch_size: 1 must be at least 2"),
        (recipe(warmup=1), "recipes: short: warmup: 1 must be less than 1"),
        (recipe(clip=0), "recipes: short: clip: 0 must be more than 0"),
        (recipe(ema=1), "recipes: short: ema: 1 must be less than 1"),
        (recipe(betas=[0.9, 1]), "recipes: short: betas: 2: 1 must be less than 1"),
        (recipe(betas=[0.9]), "recipes: short: betas: [0.9] has 1 entries; 2 are needed"),
        (recipe(betas=[0, 0, 0]), "recipes: short: betas: [0, 0, 0] has 3 entries; 2 are needed"),
        (network(width=0), "networks: net: width: 0 must be from 1 to 65536"),
        (network(file="mlp", sigma_w=-1), "networks: net: sigma_w: -1 must be from 0 to 1000000"),
    ],
)
def test_a_value_out_of_bounds_is_refused(change, line):
    assert refusal(said(TINY, **change)) == f"config: {line}"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"optimizer": "sgd", "betas": [0.9, 0.95]},
            "betas: sgd does not have it; write momentum, or optimizer: adam or adamw",
        ),
        (
            {"optimizer": "adamw", "momentum": 0.9},
            "momentum: adamw does not have it; write betas, or optimizer: sgd",
        ),
    ],
)
def test_a_key_that_the_optimizer_does_not_have_is_refused(change, line):
    assert refusal(said(TINY, **recipe(**change))) == f"config: recipes: short: {line}"


def test_a_recipe_has_the_keys_that_it_had_and_no_others_unless_it_says_them():
    read = study.read(TINY, SCHEMA).recipes["short"]
    assert set(read) == {"optimizer", "learning_rate", "schedule", "batch_size", "epochs",
                         "weight_decay", "augmentation", "label_smoothing",
                         "precision"}  # fmt: skip
    given = {"warmup": 0.1, "clip": 1, "ema": 0.9, "betas": [0.9, 0.95], "schedule": "one_cycle"}
    assert study.read(said(TINY, **recipe(**given)), SCHEMA).recipes["short"] == read | given


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("place", "key"),
    [
        (lambda v: recipe(learning_rate=v), "recipes: short: learning_rate"),
        (lambda v: {"analysis": {"margin": v}}, "analysis: margin"),
        (lambda v: {"validation": v}, "validation"),
        (lambda v: network(file="mlp", sigma_w=v), "networks: 1: sigma_w"),
    ],
)
def test_what_is_no_finite_number_is_refused(place, key, value):
    line = f"config: {key}: {value} is not a number that can be used"
    assert refusal(said(TINY, **place(value))) == line


@pytest.mark.parametrize("axis", ["datasets", "activations", "networks", "recipes"])
def test_an_empty_grid_is_refused(axis):
    empty = {} if axis == "recipes" else []
    line = f"config: {axis}: is empty; at least one is needed"
    assert refusal(said(TINY, **{axis: empty})) == line


@pytest.mark.parametrize("key", ["name", "datasets", "activations", "networks", "recipes", "seeds"])
def test_a_study_without_a_key_that_it_needs_is_refused(key):
    assert refusal(said(TINY, **{key: LEFT_OUT})) == f"config: '{key}' is missing{WHOLE}"


def test_a_recipe_without_a_value_that_defines_it_is_refused():
    assert refusal(said(TINY, **recipe(epochs=LEFT_OUT))) == (
        "config: recipes: short: 'epochs' is missing"
    )


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"datasets": ["digits", "digits"]}, "datasets: 'digits' is listed twice"),
        ({"activations": ["gelu", "relu", "gelu"]}, "activations: 'gelu' is listed twice"),
        (
            {"networks": ["plain", {"name": "plain", "file": "mlp"}]},
            "networks: 'plain' is listed twice",
        ),
    ],
)
def test_a_name_that_stands_twice_is_refused(change, line):
    assert refusal(said(TINY, **change)) == f"config: {line}"


def test_an_activation_that_is_printed_like_another_is_refused():
    lines = {"GELU": "'GELU' (printed GELU) and 'gelu' (printed GELU)",
             "ge_lu": "'ge_lu' (printed ge_lu) and 'gelu' (printed GELU)"}  # fmt: skip
    for name, two in lines.items():
        mine = {"name": name, "expr": "x * ndtr(x)"}
        assert refusal(said(TINY, activations=["gelu", mine])) == (
            f"config: activations: {two} look alike in a report; give one another name or label"
        )


def test_a_file_whose_label_is_another_ones_is_refused(monkeypatch):
    monkeypatch.setattr(activations, "label", lambda name: {"relu": "GELU"}.get(name, name.upper()))
    assert refusal(said(TINY, activations=["gelu", "relu"])).startswith(
        "config: activations: 'gelu' (printed GELU) and 'relu' (printed GELU) look alike"
    )


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "/etc", ".", "..", ".x", "-x", "", "a b", "a\n", "a\0", "<b>x</b>", "é",
             "{seed}", "a,b", "a" * 65, "a'b", "$HOME", "a\\b"],
)  # fmt: skip
def test_a_name_with_path_parts_or_markup_is_refused_wherever_it_stands(name):
    line = f"{name!r} cannot be a name: {NAMES}"
    places = {
        "name": {"name": name},
        "activations: 2": {"activations": ["gelu", name]},
        "networks: 1": {"networks": [name]},
        "networks: 1: name": network(name=name),
        "networks: 1: file": network(file=name),
        "activations: 2: file": {"activations": ["gelu", {"name": "mine", "file": name}]},
        "recipes": {"recipes": {name: TINY["recipes"]["short"]}},
        "control": {"control": name},
    }
    if name not in PATHS:
        places["datasets: 1"] = {"datasets": [name]}
    for where, change in places.items():
        assert refusal(said(TINY, **change)) == f"config: {where}: {line}"


PATHS = {  # of a folder: what is to be written in their place
    "../x": "{name: x, folder: ../x}",
    "a/b": "{name: b, folder: a/b}",
    "/etc": "{name: etc, folder: /etc}",
    "photos/shapes/": "{name: shapes, folder: photos/shapes/}",
    "~/my photos": "{name: my_photos, folder: ~/my photos}",
    "photos/digits": "{name: my_digits, folder: photos/digits}",
}


@pytest.mark.parametrize(
    ("key", "path", "way"),
    [
        *(("datasets", path, way) for path, way in PATHS.items()),
        ("datasets", "a/b.npz", "{name: b, npz: a/b.npz}"),
        ("datasets", "my/data.py", "{name: data, file: my/data.py}"),
        ("activations", "my/chswish.py", "{name: chswish, file: my/chswish.py}"),
        ("activations", "chswish.py", "{name: chswish, file: chswish.py}"),
        ("networks", "my/net.py", "{name: net, file: my/net.py}"),
        ("networks", "my/mlp.py", "{name: my_mlp, file: my/mlp.py}"),
    ],
)
def test_a_path_that_stands_alone_is_told_the_mapping_to_write(key, path, way):
    line = f"config: {key}: {path!r} is a path, not a name; write {way}"
    assert refusal(said(TINY, **{key: [path]})) == line
    assert yaml.safe_load(way)["name"]


def test_a_folder_beside_the_study_is_known_as_one_and_a_wrong_name_is_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "shapes" in refusal(said(TINY, datasets=["shapes"]))
    assert "folder:" not in refusal(said(TINY, datasets=["shapes"]))
    (tmp_path / "shapes").mkdir()
    assert refusal(said(TINY, datasets=["shapes"])).endswith("write {name: shapes, folder: shapes}")


@pytest.mark.parametrize(
    ("key", "name", "line"),
    [
        ("activations", "my.swish", "'my.swish.py' has a dot in its name, which Python cannot "
         "import; rename it my_swish.py"),
        ("activations", "module", "'module' is reserved in activations/__init__.py; "
         "rename module.py"),
        ("activations", "load", "'load' is reserved in activations/__init__.py; ren"),
        ("activations", "proven_claims",
         "'proven_claims' is reserved in profiles/; rename proven_claims.py"),
        ("datasets", "data_root", "'data_root' is reserved in datasets/__init__.py; rename"),
        ("networks", "parameters", "'parameters' is reserved in networks/__init__.py; "),
        ("networks", "v1.2", "'v1.2.py' has a dot in its name, which Python cannot import; ren"),
    ],
)  # fmt: skip
def test_a_file_whose_name_is_taken_or_no_name_in_python_is_refused(monkeypatch, key, name, line):
    package = {"activations": activations, "datasets": datasets, "networks": networks}[key]
    known = package.names()
    monkeypatch.setattr(package, "names", lambda: [*known, name])
    assert refusal(said(TINY, **{key: [*TINY[key], name]})).startswith(f"config: {key}: {line}")


def test_a_file_that_begins_with_a_capital_is_said_to_be_there(monkeypatch, tmp_path):
    (tmp_path / "Swoosh.py").touch()
    monkeypatch.setattr(activations, "__file__", str(tmp_path / "__init__.py"))
    assert refusal(said(TINY, activations=["Swoosh"])).startswith(
        "config: activations: 'Swoosh.py' is ignored: the name of a file must begin with a small"
    )


@pytest.mark.parametrize("name", ["datasets", "profiles", "locks", "README.md"])
def test_what_results_holds_for_all_studies_names_none(name):
    line = f"config: name: {name!r} is reserved in results/; choose another"
    assert refusal(said(TINY, name=name)) == line


def test_an_expression_that_cannot_be_read_is_refused():
    silu = {"name": "silu2", "expr": "x * sigmoide(2 * x)"}
    line = "config: activations: silu2: 'sigmoide' is not a function here (did you mean sigmoid?)"
    assert refusal(said(TINY, activations=["gelu", silu])).startswith(line)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"runs": []}, "runs: is empty; at least one is needed"),
        ({"runs": 3}, "runs: 3 is not a word; write it in quotes in the study's file"),
        (
            {"sedes": 3},
            "'sedes' is not a key here; known are name, runs, control, analysis, chance",
        ),
        (
            {"seeds": 3, "datasets": ["digits"]},
            "'runs' analyses external runs and goes with name, control, analysis and "
            "chance only; leave out seeds, datasets",
        ),
        ({"chance": {"theirs": 10}}, "chance: theirs: 10 must be less than 1"),
        ({"chance": {"theirs": "0.1"}}, "chance: theirs: '0.1' is not a number; write it as 0.1"),
        ({"control": LEFT_OUT}, f"'control' is missing{WHOLE}"),
    ],
)
def test_a_study_of_tables_is_refused_likewise(change, line):
    assert refusal(said(TABLE, **change)) == f"config: {line}"


@pytest.mark.parametrize("config", [[1], "gelu", 3, None])
def test_a_study_that_is_no_mapping_is_refused(config):
    assert refusal(config).endswith(" is not a mapping of keys to values")


def test_null_on_the_command_line_is_nothing_and_no_word(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(TINY | {"train_size": 100, "data_root": "null"}))
    config = yaml.safe_load(file.read_text())
    update_config(config, parse_config(["train_size=null", "name=null"]))
    meant = study.parse_cli_values(config, [file])
    assert (meant["train_size"], meant["data_root"], meant["name"]) == (None, "null", "null")
    assert study.read(meant, SCHEMA).train_size is None


@pytest.mark.parametrize("key", ["data_root", "ACTIVARIUM_DATA"])
def test_a_home_that_no_user_has_is_refused_in_one_line(monkeypatch, tmp_path, key):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTIVARIUM_DATA", "~nobody9/x" if key == "ACTIVARIUM_DATA" else "")
    line = f"config: {key}: '~nobody9/x' names no user's home; write the folder out"
    with pytest.raises(UserError, match=line):
        study.load(said(TINY, datasets=["cifar10"], data_root="~nobody9/x"), [], SCHEMA)
    with pytest.raises(UserError, match=line):
        datasets.load("cifar10").load("~nobody9/x")


def test_a_study_that_holds_itself_is_refused():
    endless = copy.deepcopy(TINY)
    endless["analysis"] = {"margin": endless}
    assert refusal(endless) == (
        "config: analysis: margin: is nested more deeply than any key of a study"
    )


# Files


def test_a_key_that_stands_twice_is_refused(tmp_path):
    """YAML's readers keep the last one and say nothing."""
    file = tmp_path / "study.yaml"
    for text, key in [
        ("name: a\nseeds: 3\nname: b\n", "name"),
        ("recipes:\n  a: {epochs: 1, epochs: 2}\n", "recipes/a/epochs"),
        ("networks:\n  - {name: a, file: b, name: c}\n", "networks/name"),
    ]:
        file.write_text(text)
        with pytest.raises(StudyError, match=f"^config: {key}: is given twice in {file}$"):
            study.load(yaml.safe_load(text), [file], SCHEMA)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["seeds=3", "pack=1", "seeds=4"], "seeds: is given twice after --config: 3 and 4"),
        (["seeds=3", "seeds=3"], "seeds: is given twice after --config: 3 and 3"),
        (
            ["recipes={a: {epochs: 1, epochs: 2}}"],
            "recipes/a/epochs: is given twice after --config",
        ),
        (["networks=[{name: a, name: b}]"], "networks/name: is given twice after --config"),
        (
            ["activations=[gelu]", "activations=[relu]"],
            "activations: is given twice after --config: ",
        ),
    ],
)
def test_what_the_command_line_says_twice_is_refused(words, key):
    """Snakemake keeps the last one and says nothing."""
    with pytest.raises(StudyError) as refused:
        study.parse_cli_values(TINY, [], words)
    assert str(refused.value).startswith(f"config: {key}")


def test_a_mapping_may_be_given_in_parts_on_the_command_line():
    words = ["recipes={a: {epochs: 1}}", "recipes={b: {epochs: 1}}", "name=a: b: c", "seeds="]
    assert study.parse_cli_values(TINY, [], words) == TINY == study.parse_cli_values(TINY, [], None)


def test_a_home_is_written_out_wherever_a_file_is_named(monkeypatch):
    monkeypatch.setenv("HOME", "/home/us")
    read = study.read(said(TABLE, runs=["~/a.csv", "b~.csv"]), SCHEMA)
    assert read.runs == ("/home/us/a.csv", "b~.csv")
    read = study.read(said(TINY, shards="~/x/runs.parquet"), SCHEMA)
    assert read.shards == ("/home/us/x/runs.parquet",)
    with pytest.raises(UserError, match="config: runs: '~nobody9/x' names no user's home; write"):
        study.read(said(TABLE, runs="~nobody9/x"), SCHEMA)


def test_the_old_name_of_a_key_is_read_as_the_new_one_which_one_line_names(capsys):
    old = said(TINY, pieces="a/runs.parquet")
    assert study.read(old, SCHEMA) == study.read(said(TINY, shards="a/runs.parquet"), SCHEMA)
    assert study.read(old, SCHEMA).shards == ("a/runs.parquet",)
    study.warn_old_keys(old)
    line = "config: pieces: is called shards now; the old name works in this version only\n"
    assert capsys.readouterr().err == line
    study.warn_old_keys(TINY)
    assert capsys.readouterr().err == ""
    with pytest.raises(StudyError) as refused:
        study.read(said(old, shards="a/runs.parquet"), SCHEMA)
    line = "config: pieces: is the old name of shards, which is there too; leave one out"
    assert str(refused.value) == line


def test_an_anchor_inside_itself_ends(tmp_path):
    (tmp_path / "study.yaml").write_text("a: &a\n  b: *a\n")
    assert study.duplicate_keys(tmp_path / "study.yaml") is None


def test_two_files_are_refused(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("name: a\n")
    with pytest.raises(StudyError, match="are two studies; a study is one whole file$"):
        study.load(TINY, [tmp_path / "a.yaml", tmp_path / "b.yaml"], SCHEMA)


def test_numbers_that_the_command_line_gives_inside_brackets_are_numbers(tmp_path):
    """Snakemake's own parser reads all that stands in brackets as text."""
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(TINY | {"train_size": "10"}))
    config = yaml.safe_load(file.read_text())
    update_config(
        config,
        parse_config(
            [
                "recipes={short: {learning_rate: 1e-3, epochs: 2}}",
                "networks=[{name: 16, file: mlp, width: 16}]",
                'activations=[{name: 2, expr: "2"}, nan]',
                "seeds=8",
            ]
        ),
    )
    assert config["recipes"]["short"]["learning_rate"] == "1e-3"  # what Snakemake makes of it
    meant = study.parse_cli_values(config, [file])
    recipe = TINY["recipes"]["short"] | {"learning_rate": 0.001, "epochs": 2}
    assert meant["recipes"]["short"] == recipe
    assert meant["networks"] == [{"name": "16", "file": "mlp", "width": 16}]
    assert meant["activations"] == [{"name": "2", "expr": "2"}, "nan"]
    assert (meant["seeds"], meant["train_size"]) == (8, "10")  # the file's is as it was


def test_a_study_that_holds_itself_is_refused_before_its_numbers_are_read(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text("analysis: &a\n  b: *a\n")
    with pytest.raises(StudyError, match="is nested more deeply"):
        study.parse_cli_values(yaml.safe_load(file.read_text()), [file])


@pytest.mark.parametrize("file", ["gone.csv", "runs.txt", "folder.csv"])
def test_a_table_that_is_not_there_is_refused(tmp_path, monkeypatch, file):
    monkeypatch.chdir(tmp_path)
    Path("runs.txt").touch()
    Path("folder.csv").mkdir()
    line = f"config: runs: no table '{file}'; it must be a .csv or .parquet file that is there"
    with pytest.raises(StudyError) as caught:
        study.load(said(TABLE, runs=file), [], SCHEMA)
    assert str(caught.value) == line


@pytest.mark.parametrize("key", ["data_root", "ACTIVARIUM_DATA"])
def test_an_unreadable_data_root_is_refused_only_where_files_are_needed(tmp_path, monkeypatch, key):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ACTIVARIUM_DATA", raising=False)
    Path("data").touch()
    config = said(TINY, datasets=["cifar10"])
    if key == "data_root":
        config["data_root"] = "data"
    else:
        monkeypatch.setenv(key, "data")
    with pytest.raises(StudyError, match=f"^config: {key}: .*data.*") as caught:
        study.load(config, [], SCHEMA)
    assert "\n" not in str(caught.value)
    assert study.load(said(config, datasets=["digits"]), [], SCHEMA).datasets == ("digits",)


# Any study


def anything():
    words = st.sampled_from(
        [*TINY, "gelu", "digits", "plain", "epochs", "a\nb", "", "../x", "1e-3"]
    )
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(-3, 2**70), st.floats(), words, st.text(max_size=8),
        st.dates(), st.binary(max_size=3),
    )  # fmt: skip
    keys = st.one_of(words, st.integers(), st.text(max_size=4), st.booleans(), st.none())
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)
        ),
        max_leaves=12,
    )


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([TINY, TABLE, {}]), st.dictionaries(st.sampled_from([*TINY, *TABLE, "pack",
       "analysis", "train_size", "chance", "x\ny", 3]), anything(), max_size=3))  # fmt: skip
def test_whatever_a_study_says_it_is_read_or_refused_in_one_line(base, changes):
    try:
        study.read(base | changes, SCHEMA)
    except StudyError as error:
        assert str(error).startswith("config: ") and str(error).isprintable()
        assert len(str(error)) < 2000


@settings(max_examples=100, deadline=None)
@given(anything(), st.sampled_from(["recipes", "networks", "activations", "analysis"]))
def test_whatever_stands_inside_a_key_is_read_or_refused_in_one_line(value, key):
    inside = {
        "recipes": {"short": value},
        "networks": [{"name": "a", "file": "plain", "width": value}],
        "activations": ["gelu", value],
        "analysis": {"margin": value},
    }
    try:
        study.read(TINY | {key: inside[key]}, SCHEMA)
    except StudyError as error:
        assert str(error).startswith("config: ") and str(error).isprintable()


# Bad studies, all of them


def bad():
    """(what is wrong, the study) of over 300 studies, none of which may be accepted."""
    places = {  # where: how to say it there
        "name": lambda v: {"name": v},
        "datasets": lambda v: {"datasets": v},
        "a data set": lambda v: {"datasets": [v]},
        "an activation": lambda v: {"activations": ["gelu", v]},
        "an expression": lambda v: {"activations": ["gelu", {"name": "mine", "expr": v}]},
        "a network": lambda v: {"networks": [v]},
        "a file": lambda v: network(file=v),
        "a width": lambda v: network(width=v),
        "a recipe": lambda v: {"recipes": {"short": v}},
        "optimizer": lambda v: recipe(optimizer=v),
        "learning_rate": lambda v: recipe(learning_rate=v),
        "batch_size": lambda v: recipe(batch_size=v),
        "epochs": lambda v: recipe(epochs=v),
        "augmentation": lambda v: recipe(augmentation=v),
        "seeds": lambda v: {"seeds": v},
        "pack": lambda v: {"pack": v},
        "control": lambda v: {"control": v},
        "validation": lambda v: {"validation": v},
        "margin": lambda v: {"analysis": {"margin": v}},
        "confidence": lambda v: {"analysis": {"confidence": v}},
    }
    wrong = [
        True, -1, 10**30, -1e300, math.nan, math.inf, [], {}, [[]], "", "../x", "/etc/passwd",
        "a/b", "<script>alert(1)</script>", "{seed}", "$(touch pwned)", "`id`", "a\nb", "é",
        "__import__('os').system('touch pwned')", datetime.date(2024, 1, 1), b"x",
        "\x1b[31mx", "a\0b", "\u202ex", "x  # and no more",
    ]  # fmt: skip
    for where, say in places.items():
        yield from ((f"{where}: {value!r}", said(TINY, **say(value))) for value in wrong)
    for key in ("Name", "seed", "activation", "__proto__", "../x", "", 3, None, True):
        yield f"key {key!r}", TINY | {key: 1}
        yield f"key {key!r} in a recipe", said(TINY, recipes={"a": TINY["recipes"]["short"]
                                                             | {key: 1}})  # fmt: skip


BAD = list(bad())


def test_over_300_bad_studies_are_refused_in_one_line_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(BAD) > 300
    accepted = []
    for what, config in BAD:
        try:
            study.load(config, [], SCHEMA)
            accepted.append(what)
        except StudyError as error:
            line = str(error)
            assert line.startswith("config: ") and line.isprintable() and len(line) < 1500, what
    assert accepted == []
    assert list(tmp_path.iterdir()) == []  # nothing was executed, nothing was written


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch pwned']",
        "!!python/object/new:os.system ['touch pwned']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/tuple [1, 2]",
        "!!binary eA==",
        "!!set {gelu, relu}",
        "!custom {a: 1}",
        "!!float ten",
        "!!timestamp 2024-01-01",
    ],
)
def test_a_tag_is_refused_and_nothing_is_executed(tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    text = yaml.safe_dump(TINY).replace("seeds: 10", f"seeds: {value}")
    Path("study.yaml").write_text(text)
    with pytest.raises(StudyError) as refused:
        study.load(study.mapping("study.yaml"), ["study.yaml"], SCHEMA)
    assert str(refused.value).startswith("config: ") and "\n" not in str(refused.value)
    assert [p.name for p in tmp_path.iterdir()] == ["study.yaml"]


@pytest.mark.slow
def test_snakemake_executes_nothing_of_a_tag_either(house):
    house.edit("study.yaml", "pack: !!python/object/apply:os.system ['touch pwned']\n")
    done = house.snakemake()
    assert done.returncode == 1 and not (house / "pwned").exists()
    assert not (house / "results").exists()


# On the terminal


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seeds": 0}, "config: seeds: 0 must be at least 1"),
        (
            {"activations": ["gelu", "relu", "gelu"]},
            "config: activations: 'gelu' is listed twice",
        ),
    ],
)
def test_snakemake_prints_the_line_and_no_traceback(house, change, line):
    house.say(**change)
    done = house.snakemake()
    assert done.returncode == 1 and done.stdout == ""
    said = [x for x in done.stderr.splitlines() if not x.startswith("Using workflow specific")]
    assert said == [line]
    assert not (house / "results").exists()


def test_a_word_on_the_command_line_is_checked_like_one_in_the_file(house):
    done = house.snakemake("-n", "--config", "seeds=nine")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "config: seeds: 'nine' is not a whole number"
    assert house.plan("--config", "seeds=3", "pack=1")["train_2"] == 2


def test_a_study_in_shards_of_seeds_is_the_whole_study_with_no_run_twice(house):
    def runs(**change):
        return Grid(study.read(said(TINY, **change), SCHEMA)).runs

    shards = [runs(seeds=4), runs(first_seed=4, seeds=1), runs(first_seed=5, seeds=5)]
    assert sorted(sum(shards, [])) == sorted(runs(seeds=10))
    assert house.plan("--config", "first_seed=4", "seeds=3", "pack=2")["train_1"] == 2


def test_runs_that_wait_for_their_pack_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grid = Grid(study.read(said(TINY, seeds=3), SCHEMA))
    there, waiting, missing = grid.runs[:3]
    for file in (there, waiting.replace("/runs/", "/unfinished/")):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    assert grid.finished_runs([there, waiting, missing]) == [there, waiting]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- gelu\n", "config: study.yaml is not a mapping of keys to values, as a study must be"),
        ("name: [\n", "config: study.yaml cannot be read as YAML (while parsing a flow node"),
        ("", "config: study.yaml is not a mapping of keys to values, as a study must be"),
    ],
)
def test_a_file_that_is_no_study_is_refused_by_make_and_by_snakemake(house, text, line):
    (house / "study.yaml").write_text(text)
    done = house.run(BIN / "python", "-m", "activarium", "check-runs", "study.yaml",
                     PYTHONPATH="workflow/scripts")  # fmt: skip
    assert done.returncode == 1 and done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1
    by_snakemake = house.snakemake("-n")
    assert by_snakemake.returncode == 1 and "Config file" in by_snakemake.stdout
    assert "Traceback" not in by_snakemake.stdout + by_snakemake.stderr


def test_the_folders_are_the_registry():
    everything = said(TINY, activations=activations.names(), datasets=datasets.names())
    assert (
        study.read(everything, SCHEMA).size == len(activations.names()) * len(datasets.names()) * 10
    )


@pytest.mark.parametrize(
    "recipes, validation, trained, told",
    [(2, 0, False, True), (1, 0, False, False), (2, 0.1, False, False), (2, 0, True, False)],
)
def test_recipes_that_nothing_can_choose_among_are_named_before_training(
    monkeypatch, tmp_path, capsys, recipes, validation, trained, told
):
    monkeypatch.chdir(tmp_path)
    several = {f"r{n}": TINY["recipes"]["short"] for n in range(recipes)}
    config = said(TINY, recipes=several, validation=validation, seeds=1)
    grid = Grid(study.read(config, SCHEMA))
    for run in grid.runs if trained else grid.runs[1:]:
        Path(run).parent.mkdir(parents=True, exist_ok=True)
        Path(run).touch()
    start_warnings.warn_no_validation(grid)
    line = "config: validation: 0 with 2 recipes: each activation at its own best one will not be "
    line += "compared, as that is chosen by validation accuracy, never by test; write validation: "
    line += "0.1 now, as a later change trains every run anew\n"
    assert capsys.readouterr().err == (line if told else "")


# What a study says of an activation


def activations_of(*entries):
    """A study of these activations beside GELU."""
    return said(TINY, activations=["gelu", *entries])


def test_an_activation_is_one_value_whatever_the_study_says_of_it():
    line = {"name": "mine", "expr": "x * ndtr(x)"}
    renamed = {"name": "prelu_2", "file": "prelu", "learned": "channel"}
    shared = {"name": "prelu", "learned": "channel"}
    found = study.read(activations_of(line, renamed, shared), SCHEMA).activations
    assert found == {
        "gelu": ActivationSpec("gelu"),
        "mine": ActivationSpec("mine", expr="x * ndtr(x)"),
        "prelu_2": ActivationSpec("prelu_2", file="prelu", learned="channel"),
        "prelu": ActivationSpec("prelu", learned="channel"),
    }
    assert [spec.built_in for spec in found.values()] == ["gelu", None, "prelu", "prelu"]
    assert [spec.is_shared for spec in found.values()] == [True, False, False, True]


@pytest.mark.parametrize("spec", [
    ActivationSpec("gelu"),
    ActivationSpec("mine", expr="x * ndtr(x)"),
    ActivationSpec("mine", file="prelu", learned="channel"),
])  # fmt: skip
def test_what_a_study_declared_is_read_back_from_a_provenance(spec):
    kept = json.loads(json.dumps(spec.declared))
    assert ActivationSpec.from_declared(spec.name, kept) == spec


def test_a_provenance_holds_names_and_expressions_as_older_versions_wrote_them():
    assert ActivationSpec("gelu").declared is None
    assert ActivationSpec("mine", expr="1*x").declared == "1*x"


@pytest.mark.parametrize(("entry", "line"), [
    ({"name": "gelu2", "file": "gelu", "learned": "channel"},
     "gelu2: gelu learns nothing; leave out learned: channel"),
    ({"name": "mine", "file": "swoosh"}, "no 'swoosh'"),
    ({"name": "mine"}, "no 'mine'"),
    ({"name": "relu", "file": "prelu"}, "'relu' is a built-in activation; give yours another"),
    ({"name": "mine", "expr": "1*x", "file": "prelu"}, "mine: file: does not go with expr"),
    ({"name": "mine", "expr": "1*x", "learned": "layer"}, "mine: learned: does not go with expr"),
    ({"name": "prelu", "learned": "row"}, "learned: no 'row'; known are layer, channel"),
])  # fmt: skip
def test_an_activation_that_cannot_be_is_a_line(entry, line):
    found = refusal(activations_of(entry))
    assert found.startswith("config: activations: ") and line in found
