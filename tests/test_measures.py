"""What is measured of trained networks: their kept weights are theirs, and each number is right."""

import json
import os
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
import yaml
from conftest import BIN
from synthetic import reported, study
from test_make import program
from test_study import SCHEMA, TINY, refusal, said
from test_training import CELL, CPU, PLAIN, RECIPE, as_a_job, pack, prepared, settled
from torch import nn

from activarium import measures, networks, tables
from activarium.activations import ActivationSpec
from activarium.challenge.suite import find_suite
from activarium.compare.contrasts import compute_contrasts
from activarium.compare.measured_accuracy import compare_conditions
from activarium.measures import _corrupt, _job, int8, latency, onnx
from activarium.measures._corrupt import CORRUPTIONS, corrupt
from activarium.measures._integer_arithmetic import functions_beyond_integers
from activarium.measures._trained_cell import TrainedCell
from activarium.report import measurements
from activarium.report.reference_results import reference_page
from activarium.runtime.errors import UserError
from activarium.study import StudyError, config_overrides, measure_checks
from activarium.study import reader as study_reader
from activarium.tables import measured
from activarium.train import job
from activarium.train.batches import load_splits
from activarium.train.kept_weights import load_weights, write_weights

__all__ = ["as_a_job", "prepared"]  # fixtures, used by their names
SEEDS = [0, 1]
INT8 = "workflow/scripts/activarium/measures/int8.py"
CONDA = """case "$*" in
"info --json") echo '{"platform": "linux-64", "conda_version": "25.1.0", "conda_prefix": "/x"}' ;;
*priority*) echo '{"get": {"channel_priority": "strict"}}' ;;
*) echo conda 25.1.0 ;;
esac"""


@pytest.fixture(scope="module")
def packs(tmp_path_factory, prepared):
    """{(activation, ema): the files of two runs} that were trained with their weights kept."""
    made = {}
    for activation, more in (("relu", {}), ("gelu", {}), ("prelu", {"ema": 0.9})):
        folder = tmp_path_factory.mktemp(activation)
        recipe = RECIPE | {"augmentation": "none"} | more
        runs = pack(folder, SEEDS, prepared, activation, recipe=recipe, keep_weights=True)
        made[activation] = recipe, runs
    return made


def trained_cell(packs, prepared, activation="relu"):
    """The `TrainedCell` of one of these packs."""
    recipe, runs = packs[activation]
    cell = job.Cell(CELL | {"activation": activation}, recipe, PLAIN)
    data = load_splits(prepared[0], json.loads(prepared[1].read_text()), None, 0, CPU)
    weights = {seed: file.with_suffix(".safetensors") for seed, file in runs.items()}
    return TrainedCell(cell, data, weights, CPU)


# Weights


@pytest.mark.parametrize("activation", ["relu", "prelu"])
def test_the_weights_of_a_run_score_what_the_run_scored(packs, prepared, activation):
    """Image by image, also where the average of the weights is scored."""
    cell = trained_cell(packs, prepared, activation)
    for seed, file in packs[activation][1].items():
        loss, correct = cell.training(seed).evaluate("test")
        run = settled(file)
        assert np.packbits(correct.numpy()).tobytes() == run["correct"]
        assert loss == run["epochs"][-1]["test_loss"]


def test_keeping_weights_changes_no_bit_of_a_run(tmp_path, packs, prepared):
    recipe, runs = packs["relu"]
    plain = pack(tmp_path, SEEDS, prepared, "relu", recipe=recipe)
    assert [settled(plain[seed]) for seed in SEEDS] == [settled(runs[seed]) for seed in SEEDS]
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_waiting_run_without_its_weights_is_trained_again_and_nothing_is_left(
    tmp_path, packs, prepared, monkeypatch
):
    recipe, _ = packs["relu"]
    with monkeypatch.context() as killed:
        killed.setattr(job, "_write_runs", lambda *_: None)
        pack(tmp_path, SEEDS, prepared, "relu", recipe=recipe)
    runs = pack(tmp_path, SEEDS, prepared, "relu", recipe=recipe, keep_weights=True)
    assert all(file.with_suffix(".safetensors").exists() for file in runs.values())
    assert not (tmp_path / "unfinished").exists()


def test_weights_of_shared_and_strided_tensors_come_back_and_those_of_another_net_are_refused(
    tmp_path,
):
    def net(width):
        made = nn.Sequential(nn.Conv2d(1, width, 3), nn.Flatten(), nn.Linear(4, 4), nn.Linear(4, 4))
        made[3].weight = made[2].weight
        return made.to(memory_format=torch.channels_last)

    first = net(4)
    write_weights(first, tmp_path / "0.safetensors")
    again = load_weights(net(4), tmp_path / "0.safetensors").state_dict()
    assert all(torch.equal(again[n], value) for n, value in first.state_dict().items())
    with pytest.raises(UserError, match="cannot be read .*train it again: rm .*0.safetensors"):
        load_weights(net(5), tmp_path / "0.safetensors")


# What a study may say


def test_a_study_without_measures_declares_what_it_declared_before():
    from activarium.study.grid import Grid

    declared = Grid(study_reader.read(TINY, SCHEMA)).declared
    assert not {"measures", "keep_weights"} & set(declared)
    kept = Grid(study_reader.read(said(TINY, keep_weights=True, measures=["sparsity"]), SCHEMA))
    assert kept.declared["measures"] == ("sparsity",)
    assert kept.declared_training == Grid(study_reader.read(TINY, SCHEMA)).declared_training


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"keep_weights": True, "measures": ["sparsty"]},
            "config: measures: no 'sparsty' (did you mean sparsity?)",
        ),
        (
            {"measures": ["sparsity"]},
            "config: measures: sparsity needs the weights of the runs; write keep_weights: true",
        ),
        (
            {"keep_weights": True, "reuse": "reference/digits/runs.parquet"},
            "config: keep_weights: the runs of reuse were trained elsewhere, without weights; "
            "leave reuse out",
        ),
        (
            {"measures": ["int8"], "shards": "reference/digits/runs.parquet"},
            "config: measures: int8 needs the weights of the runs; the runs of shards were "
            "trained elsewhere, without weights; leave one out",
        ),
    ],
)
def test_measures_that_cannot_be_are_refused_in_a_line(changes, line):
    assert refusal(said(TINY, **changes)) == line


def test_true_and_false_are_read_from_the_command_line_and_other_words_are_refused():
    given = TINY | {"keep_weights": "true", "strict": "false"}
    read = config_overrides.parse_cli_values(given, [])
    assert (read["keep_weights"], read["strict"]) == (True, False)
    line = "config: keep_weights: 'yess' is not true or false"
    assert refusal(said(TINY, keep_weights="yess")) == line


def test_a_package_that_a_measure_lacks_is_named_before_any_job(monkeypatch):
    monkeypatch.setattr(measure_checks, "find_spec", lambda name: None)
    measure_checks.check_packages(["sparsity"], keep_weights=False)
    with pytest.raises(StudyError) as refused:
        measure_checks.check_packages(["sparsity"], keep_weights=True)
    way = "pip install -r requirements-measures.txt (after make: .venv/bin/pip), or leave it out"
    assert str(refused.value) == f"config: keep_weights: needs safetensors: {way}"


def test_what_is_lacking_here_is_refused_unless_jobs_have_environments_of_conda(house):
    text = (house / INT8).read_text()
    (house / INT8).write_text(
        text.replace('packages = ("torchao"', 'packages = ("no_such_package"')
    )
    house.say(keep_weights=True, measures=["int8"])
    refused_ = house.snakemake("-n")
    assert refused_.returncode and "measures: int8: needs no_such_package" in refused_.stderr
    program(house / "conda", CONDA)
    path = {"PATH": f"{house.folder}:{BIN}:{os.environ['PATH']}"}
    assert house.snakemake("-n", "--sdm", "conda", **path).returncode == 0


def test_a_challenge_to_a_study_that_measures_asks_for_no_weights_of_published_runs(tmp_path):
    text = yaml.safe_dump(said(TINY, keep_weights=True, measures=["sparsity"]))
    (tmp_path / "study.yaml").write_text(text)
    suite = find_suite(str(tmp_path), tmp_path)
    assert suite.pop("reuse") and suite == TINY


# Each measure


def measured_table(name, cell):
    """The table of a measure of one cell, as a DataFrame."""
    rows = measures.load(name).measure(cell)
    return measured.cell_table(name, cell.cell.names, rows).to_pandas()


@pytest.mark.parametrize("name", measures.names())
def test_a_measure_states_what_it_gives(name):
    said_of_itself = measures.declaration(name)
    assert measures.about(name).startswith(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    assert set(measured.measure_schema(name).names) > set(tables.KEY[:-1])
    assert {kind for _, kind in said_of_itself.quantities.values()} <= {
        "percent", "points", "ratio", "number",
    }  # fmt: skip
    if said_of_itself.baseline:
        assert {"seed", "condition", "accuracy"} <= set(said_of_itself.columns)


def test_sparsity_counts_the_zeros_that_a_net_written_anew_gives(packs, prepared):
    cell = trained_cell(packs, prepared, "relu")
    found = measured_table("sparsity", cell)
    assert found[["seed", "layer"]].to_numpy().tolist() == [
        [s, k] for s in SEEDS for k in (1, 2, 3)
    ]
    net, outputs = cell.network(1), []
    x = cell.training(1).normalise(cell.data["test"][0])
    for layer in net:
        x = layer(x)
        outputs += [x] if isinstance(layer, nn.ReLU) else []
    last = found[found["seed"] == 1].to_dict("records")
    assert any(row["zeros"] > 0 for row in last)
    for row, y in zip(last, outputs, strict=True):
        assert row["numbers"] == y.numel() and row["units"] == y.shape[1]
        assert row["zeros"] == pytest.approx((y == 0).double().mean().item(), abs=1e-3)
        assert row["near_zeros"] >= row["zeros"]
        assert row["dead_units"] == int((y.amax((0, 2, 3)) < 1e-3).sum())


def test_a_unit_that_never_fires_is_dead_and_a_net_s_share_counts_every_number_once():
    from activarium.measures.sparsity import _Counts, summarise

    class Half(nn.Module):
        channel_dim = 1

        def forward(self, x):
            return x * torch.tensor([0.0, 1.0])[:, None]

    module = Half()
    counts = _Counts(module)
    for batch in torch.ones(2, 5, 2, 3):
        module(batch)
    row = counts.row()
    assert (row["numbers"], row["zeros"], row["units"], row["dead_units"]) == (60, 0.5, 2, 1)
    small = row | {"numbers": 20, "zeros": 1.0, "near_zeros": 1.0}
    table = pd.DataFrame([{"seed": 0, "layer": k} | r for k, r in ((1, row), (2, small))])
    whole = {r["quantity"]: r for r in summarise(table) if r["part"] is None}
    assert whole["zeros"]["value"] == (60 * 0.5 + 20) / 80
    assert whole["dead_units"]["value"] == 0.5


@pytest.mark.parametrize(
    ("activation", "found"),
    [
        ("relu", []),
        ("hardswish", []),
        ("relu2", []),
        ("softsign", ["division by x"]),
        ("gelu", ["ndtr"]),
        ("mish", ["softplus", "tanh"]),
    ],
)
def test_what_integers_cannot_compute_is_read_from_the_definition(activation, found):
    assert functions_beyond_integers(ActivationSpec(activation)) == found


def test_constants_are_no_functions_of_x_and_a_module_alone_says_nothing():
    constant = ActivationSpec("mine", expr="x * sqrt(2 / pi) / 3 if x < 0 else x**2")
    assert functions_beyond_integers(constant) == []
    assert functions_beyond_integers(ActivationSpec("rrelu")) in (None, [])


def test_corruptions_are_ten_are_the_same_each_time_and_change_images_in_their_own_way():
    images = (torch.arange(2 * 3 * 9 * 12) % 251).view(2, 3, 9, 12).to(torch.uint8)
    made = {name: corrupt(images, name) for name in CORRUPTIONS}
    assert len(made) == 10
    for name, changed in made.items():
        assert changed.shape == images.shape and changed.dtype == torch.uint8
        assert not torch.equal(changed, images)
        assert torch.equal(corrupt(images, name), changed)
    flat = torch.full((1, 1, 8, 8), 51, dtype=torch.uint8)
    assert corrupt(flat, "brightness").unique().tolist() == [128]  # 127.5
    assert corrupt(flat, "gamma").unique().tolist() == [10]
    for name in ("gaussian blur", "motion blur", "contrast", "pixelate"):
        assert corrupt(flat, name).unique().tolist() == [51]
    hidden = corrupt(flat, "occlusion") == 128
    assert hidden.sum() == 9 and hidden.any(2).sum() == 3
    many = torch.full((1, 1, 200, 200), 100, dtype=torch.uint8)
    salted = corrupt(many, "salt and pepper")
    assert (salted != 100).double().mean() == pytest.approx(0.1, abs=0.01)


def test_the_accuracy_on_clean_images_is_the_run_s_and_all_ten_is_the_mean(packs, prepared):
    found = measured_table("corruptions", trained_cell(packs, prepared))
    by_seed = found.pivot(index="seed", columns="condition", values="accuracy")
    assert [settled(file)["test_accuracy"] for file in packs["relu"][1].values()] == list(
        by_seed["clean"]
    )
    assert np.allclose(by_seed[list(CORRUPTIONS)].mean(axis=1), by_seed["all ten"])


def test_corruptions_of_many_images_are_made_part_by_part(monkeypatch):
    images = (torch.arange(5 * 9 * 12) % 251).view(5, 1, 9, 12).to(torch.uint8)
    whole = {name: corrupt(images, name) for name in CORRUPTIONS}
    monkeypatch.setattr(_corrupt, "PART", 2)
    for name, changed in whole.items():
        parts = corrupt(images, name)
        assert parts.shape == images.shape
        drawn = name.endswith("noise") or name in ("salt and pepper", "occlusion")
        assert drawn or torch.equal(parts, changed)
    same = torch.full((4, 1, 9, 12), 100, dtype=torch.uint8)
    first, _, third, _ = corrupt(same, "gaussian noise")
    assert not torch.equal(first, third)  # no noise twice


def test_ranges_of_int8_come_from_all_classes_of_images_that_are_sorted():
    images = (torch.arange(5000) // 500).to(torch.uint8)
    drawn = int8.draw_calibration(images)
    assert len(drawn) == int8.CALIBRATION and (drawn.bincount() > 50).all() and drawn.max() == 9
    assert torch.equal(drawn, int8.draw_calibration(images))


def test_what_slows_down_all_the_time_favours_neither_of_two_that_are_timed(monkeypatch):
    now, step = [0.0], [0.003]
    monkeypatch.setattr("time.process_time", lambda: now[0])

    def work(x):
        now[0] += step[0]
        step[0] *= 1.02

    found = latency.time_calls(work, work, torch.rand(2), 20)
    assert found["ratio"] == pytest.approx(1, abs=1e-3)
    assert found["ratio_low"] < 0.985 and found["ratio_high"] > 1.015


def test_a_ratio_of_times_is_that_of_the_work(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.process_time", lambda: now[0])

    def work(seconds):
        return lambda x: now.__setitem__(0, now[0] + seconds)

    found = latency.time_calls(work(0.006), work(0.002), torch.rand(2), 9)
    assert found["ratio_low"] == pytest.approx(3) == found["ratio"] == found["ratio_high"]
    assert found["seconds"] == pytest.approx(0.006)
    assert found["relu_seconds"] == pytest.approx(0.002)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_onnx_runtime_computes_what_torch_does(packs, prepared, activation):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    rows = measured_table("onnx", trained_cell(packs, prepared, activation)).to_dict("records")
    assert [row["subject"] for row in rows] == ["activation", "network"]
    for row in rows:
        assert row["exports"] and row["runs"], row["refused"]
        assert row["largest_difference"] < 1e-4
    assert (rows[0]["operators"] == "Relu") == (activation == "relu")


def test_batch_norms_are_folded_only_where_nothing_else_takes_the_convolution_s_numbers():
    class Shortcut(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 1)
            self.norm1, self.norm2 = nn.BatchNorm2d(2), nn.BatchNorm2d(2)

        def forward(self, x):
            x = self.first(x)
            return x + self.norm2(self.second(self.norm1(x)))

    exported = torch.export.export(Shortcut().eval(), (torch.rand(2, 1, 5, 5),)).module()
    int8.keep_batch_norms(exported)
    called = [str(n.target) for n in exported.graph.nodes if "batch_norm" in str(n.target)]
    assert called == [str(torch.batch_norm), "aten.batch_norm.default"]


def test_what_is_exported_names_its_opset_and_what_is_not_says_the_first_cause(monkeypatch):
    def refuses(*_, **more):
        try:
            raise KeyError("no bessel_j0 in ONNX")
        except KeyError as error:
            raise RuntimeError("export failed, see above\nmore") from error

    row = {"subject": "activation", "exports": True, "runs": True, "operators": "Mul", "opset": 20}
    table = measured.cell_table("onnx", CELL, [row | {"largest_difference": 1e-7}])
    summed = {r["quantity"]: r for r in onnx.summarise(table.to_pandas())}
    assert summed["operators"]["text"] == "Mul (opset 20)"
    monkeypatch.setattr(torch.onnx, "export", refuses)
    row = {"subject": "activation"} | onnx.export(nn.ReLU(), torch.rand(2))
    assert row["refused"] == "KeyError: 'no bessel_j0 in ONNX'"
    table = measured.cell_table("onnx", CELL, [row])
    summed = {r["quantity"]: r for r in onnx.summarise(table.to_pandas())}
    assert summed["activation"]["text"] == f"no: {row['refused']}"
    assert summed["operators"]["text"] is None


def test_what_exporters_print_stands_in_the_log_and_not_on_the_terminal(tmp_path, capfd):
    with (tmp_path / "log").open("w") as log:
        with _job._divert_output(log):
            os.write(2, b"a warning of compiled code\n")
            subprocess.run(["echo", "a graph"], check=True)
        os.write(1, b"seen\n")
    assert (tmp_path / "log").read_text() == "a warning of compiled code\na graph\n"
    assert capfd.readouterr().out == "seen\n"


@pytest.mark.slow
def test_int8_is_near_float32_and_float32_is_the_run_s(packs, prepared):
    pytest.importorskip("torchao")
    cell = trained_cell(packs, prepared)
    found = measured_table("int8", cell).pivot(index="seed", columns="condition")["accuracy"]
    assert [settled(file)["test_accuracy"] for file in packs["relu"][1].values()] == list(
        found["float32"]
    )
    assert (found["int8"] - found["float32"]).abs().max() < 0.1
    net = networks.load("resnet14").build(lambda n: nn.GELU(), 3, 10, 8, width=8).eval()
    for norm in (m for m in net.modules() if isinstance(m, nn.BatchNorm2d)):
        nn.init.normal_(norm.weight, 1, 0.3)
        nn.init.normal_(norm.running_mean)
    images = (torch.rand(500, 3, 8, 8) * 255).to(torch.uint8)
    quantised = int8.quantise(net, images, lambda x: x / 255)
    x = images[: int8.BATCH] / 255
    off = (quantised(x) - net(x)).abs().mean() / net(x).std()
    assert off < 0.05  # 0.01 and less where batch norms of shortcuts are left alone
    quantised = int8.quantise(cell.network(0), cell.data["train"][0], cell.training(0).normalise)
    assert any("quantize" in str(node.target) for node in quantised.graph.nodes)


def test_a_network_that_cannot_be_quantised_says_why_and_the_others_are_compared(
    packs, prepared, monkeypatch
):
    def refuses(*_):
        raise RuntimeError("no such operator\nmore")

    monkeypatch.setattr(int8, "quantise", refuses)
    found = measured_table("int8", trained_cell(packs, prepared))
    assert found.groupby("condition")["accuracy"].count().to_dict() == {"float32": 2, "int8": 0}
    summed = {(r["quantity"], r.get("part")): r for r in int8.summarise(found)}
    assert "no such operator" in summed["refused", None]["text"]
    assert summed["accuracy", "int8"]["n"] == 0 and summed["accuracy", "float32"]["n"] == 2
    assert summed["lookup_table", None]["text"] == "no"


@pytest.mark.slow
def test_latency_has_a_row_for_each_way_to_serve(packs, prepared, monkeypatch):
    monkeypatch.setattr(latency, "REPEATS", 3)
    found = measured_table("latency", trained_cell(packs, prepared, "gelu"))
    ways = found[["subject", "batch", "mode"]].drop_duplicates()
    assert len(found) == len(ways) == 8
    assert found["refused"].isna().all() and (found["ratio"] > 0).all()


# Contrasts


def conditions(made, **shift):
    """Accuracies of the runs of `made` under "plain", and under "worse", lower by `shift`."""
    ok = made.runs[made.runs["status"] == "ok"]
    lower = ok["activation"].map(shift).fillna(0)
    frames = [
        ok[tables.KEY].assign(condition=name, accuracy=ok["test_accuracy"] - by)
        for name, by in (("plain", 0 * lower), ("worse", lower))
    ]
    return pd.concat(frames, ignore_index=True)


CHANCE = {"digits": 0.1}


def test_each_condition_is_compared_as_a_setting_s_scores_are():
    made = study(seeds=8, fails=lambda run: run["activation"] == "elu" and run["seed"] == 3)
    found = list(
        compare_conditions(conditions(made), made.runs, "plain", "gelu", CHANCE, 0.95, 0.005)
    )
    plain = [row for row in found if row["condition"] == "plain"]
    expected = compute_contrasts(made.runs, "gelu", CHANCE, 0.95, 0.005)
    plain = pd.DataFrame(plain).drop(columns=["condition", "quantity"])
    pd.testing.assert_frame_equal(plain, pd.DataFrame(expected))
    tables.table([{"measure": "m"} | row for row in found], tables.MEASURE_CONTRASTS)


def test_a_change_is_each_run_s_own_so_that_what_all_lose_counts_for_nobody():
    made = study(seeds=8)
    measured_ = conditions(made, gelu=0.1, relu=0.1, elu=0.1, tanh=0.3)
    found = compare_conditions(measured_, made.runs, "plain", "gelu", CHANCE, 0.95, 0.005)
    changes = {
        row["activation"]: row
        for row in found
        if row["quantity"] == "change" and row["failures"] == "chance"
    }
    assert changes["tanh"]["mean_diff"] == pytest.approx(-0.2)
    assert changes["relu"]["mean_diff"] == pytest.approx(0, abs=1e-12)
    assert {row["condition"] for row in changes.values()} == {"worse"}


def test_where_nobody_of_a_pair_was_measured_nothing_is_compared():
    made = study(seeds=8)
    measured_ = conditions(made)
    lost = (measured_["condition"] == "worse") & (measured_["activation"] == "gelu")
    measured_.loc[lost, "accuracy"] = None
    found = compare_conditions(measured_, made.runs, "plain", "gelu", CHANCE, 0.95, 0.005)
    assert {row["condition"] for row in found} == {"plain"}


# The report


@pytest.fixture(scope="module")
def made():
    """A report of two activations in which nothing was measured."""
    return reported(study(activations=("gelu", "relu"), seeds=6), draw=False)


def summary():
    """A table of measures with one quantity of two activations."""
    cell = {"recipe": "adam", "network": "net", "dataset": "digits", "measure": "sparsity"}
    rows = [
        cell | {"activation": a, "quantity": "zeros", "value": v, "spread": 0.01, "n": 6}
        for a, v in (("gelu", 0.0), ("relu", 0.5))
    ]
    return tables.table(rows, tables.MEASURES).to_pandas()


def test_a_report_has_the_section_only_where_something_was_measured(made):
    assert 'id="measured"' not in made.html
    shown = replace(made.tables, measures=summary())
    (section,) = measurements.measured_sections(shown)
    (table,) = section["settings"]["adam", "net", "digits"]
    assert table["heads"] == ["Exact zeros, %"]
    assert [row["cells"][0][1] for row in table["rows"]] == ["0.00 ± 1.00", "50.00 ± 1.00"]
    assert "was not kept then" in section["made"]


def measure_costs(**changes):
    """The costs of two cells, `changes` in the second; another measure ran elsewhere."""
    cell = {"recipe": "adam", "network": "net", "dataset": "digits", "measure": "sparsity"}
    cell |= {"device": "cpu", "device_name": "EPYC", "instruction_set": "AVX2"}
    cell |= {"host": "node1", "torch": "2.14.1"}
    cell |= {"commit": "0123456789", "started": "2031-07-01T10:00:00+00:00"}
    elsewhere = {"measure": "int8", "host": "node9", "started": "2031-07-09T10:00:00+00:00"}
    rows = [cell | {"activation": "gelu"}, cell | {"activation": "relu"} | changes]
    rows += [row | elsewhere for row in rows]
    return tables.table(rows, tables.MEASURE_COSTS).to_pandas()


FIRST = "EPYC, AVX2, node1, torch 2.14.1, commit 0123456"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, f"Measured 2031-07-01 on {FIRST}."),
        ({"started": "2031-07-02T00:00:00+00:00", "commit": "0123456789+"},
         f"Measured 2031-07-01 to 2031-07-02 on {FIRST}; {FIRST}+."),
        ({"commit": None, "host": None}, f"Measured 2031-07-01 on {FIRST}; EPYC, AVX2, unknown, "
         "torch 2.14.1, commit unknown."),
    ],
)  # fmt: skip
def test_a_report_says_on_what_and_when_it_was_measured(made, changes, sentence):
    shown = replace(made.tables, measures=summary(), measure_costs=measure_costs(**changes))
    (section,) = measurements.measured_sections(shown)
    assert section["made"] == sentence


def test_the_page_of_a_reference_says_on_what_it_was_measured(made):
    runs, costs = made.tables.runs, made.tables.costs.assign(started="2031-06-30T10:00:00+00:00")
    page = reference_page({"name": "n"}, runs, costs, "f", None, measure_costs())
    kind = "EPYC, AVX2, 2.14.1, 0123456789"
    assert f"| measured | 2031-07-01 to 2031-07-09: {kind} |" in page.splitlines()
    page = reference_page({"name": "n"}, runs, costs, "f", None, measure_costs(torch="2.15.0"))
    kinds = "; ".join(f"{kind.replace('2.14.1', t)} (2 measurements)" for t in ("2.14.1", "2.15.0"))
    assert f"| measured | 2031-07-01 to 2031-07-09: {kinds} |" in page.splitlines()
    assert "| measured |" not in reference_page({"name": "n"}, runs, costs, "f")


def test_a_verdict_that_is_not_accuracy_s_is_named_and_one_that_is_the_same_is_not(made):
    was = made.tables.compared["verdict"].item()
    cell = {"recipe": "adam", "network": "net", "dataset": "digits", "activation": "relu"}
    row = cell | {"measure": "int8", "quantity": "accuracy", "value": 0.5}
    rows = [row | {"part": part, "verdict": v} for part, v in (("int8", "worse"), ("float32", was))]
    shown = replace(made.tables, measures=tables.table(rows, tables.MEASURES).to_pandas())
    (sentence,) = measurements.changed_verdicts(shown)
    change = f"Int8 after training, int8: of 1 verdict, 1 is not accuracy’s (ReLU {was} → worse)."
    assert was != "worse" and sentence == change
    rows[0]["verdict"] = was
    shown = replace(made.tables, measures=tables.table(rows, tables.MEASURES).to_pandas())
    assert "0 are not accuracy’s (none)." in next(measurements.changed_verdicts(shown))


def test_a_card_has_what_was_measured_of_its_activation_in_words_and_numbers(made):
    setting = ("adam", "net", "digits")
    assert measurements.measured_rows(made.tables, setting, "relu") == []
    shown = replace(made.tables, measures=summary())
    (row,) = measurements.measured_rows(shown, setting, "relu")
    assert row["heading"] == "Sparsity of the activations: Exact zeros, %"
    assert (row["shown"], row["value"], row["verdict"]) == ("50.00 ± 1.00", 0.5, None)
    json.dumps(row, allow_nan=False)


@pytest.mark.slow
def test_a_study_that_measures_trains_once_and_one_more_measure_trains_nothing(house):
    house.say(keep_weights=True, measures=["sparsity"], seeds=6)
    done = house.snakemake(cores=2)
    assert done.returncode == 0, done.stderr
    page = (house / "results/tiny/report.html").read_text()
    assert 'id="measured"' in page and "Measured 20" in page and "was not kept then" not in page
    found = pd.read_csv(house / "results/tiny/measures/measures.csv")
    relu = found[(found["activation"] == "relu") & (found["quantity"] == "zeros")]
    assert relu["value"].between(0.1, 0.9).all() and (relu["n"] == 6).all()
    costs = pq.read_table(house / "results/tiny/measures/measure_costs.parquet").to_pylist()
    assert [(row["measure"], row["activation"]) for row in costs] == [
        ("sparsity", "gelu"), ("sparsity", "relu"),
    ]  # fmt: skip
    assert all(row["seconds"] > 0 and row["torch"] == torch.__version__ for row in costs)
    assert house.plan() == {}
    house.say(measures=["sparsity", "corruptions"])
    planned = house.plan()
    assert planned["measure_corruptions"] == 2
    assert not [rule for rule in planned if rule.startswith(("train", "measure_sparsity"))]
    house.say(measures=None, keep_weights=None)
    assert not [rule for rule in house.plan() if rule.startswith("train")]
