"""The workflow: what runs again and what does not, shown by dry runs of a study trained before."""

import ast
import json
import math
import os
import re
import shlex
import shutil
import signal
import subprocess

import pandas as pd
import pytest
import yaml
from conftest import BIN, ROOT, House, run_forked, run_process, until

from activarium import figures
from activarium.data import prepare
from activarium.runtime import devices
from activarium.runtime.errors import UserError

LIBRARY = "workflow/scripts/activarium"
DRAWN = {"draw": 1, "report": 1}
COMPARED = {"compare": 1, **DRAWN}
COLLECTED = {"collect": 1, **COMPARED}
CERTIFIED = {"certify": 1, "numerics": 1, "profiles": 1, "proven_claims": 1}
DESCRIBED = {"describe": 1}
SMALL = {"name": "small", "file": "plain", "width": 1}
SHIPPED = sorted(
    p for p in (ROOT / "config").glob("*.yaml") if p.stem not in ("schema", "queue", "suite")
)
# Which together have every key that a shipped study has; tests/test_study.py reads them all.
KINDS = {"config", "learning-rate", "mnist5k-serving", "mnist5k-tuned", "cifar10-quick"}
TABLE = "dataset,activation,seed,test_accuracy,status\nd,gelu,0,0.5,ok\n"
RUN = "results/tiny/runs/short/plain_2/digits/{}/{}.parquet"


# Nothing


def test_a_finished_study_plans_nothing(trained):
    assert trained.plan() == {}


def test_dates_alone_run_nothing_again(trained):
    for file in [*(trained / "workflow").rglob("*.*"), trained / "study.yaml"]:
        file.touch()
    assert trained.plan() == {}


@pytest.mark.parametrize("size", [1, 7])
def test_another_pack_size_runs_nothing_again(trained, size):
    trained.say(pack=size)
    assert trained.plan() == {}


def test_edits_around_the_numbers_train_nothing(trained):
    for file in ("progress", "pack", "job", "store", "run_cost"):
        trained.edit(f"{LIBRARY}/train/{file}.py")
    for file in (
        f"{LIBRARY}/runtime/devices.py",
        f"{LIBRARY}/runtime/files.py",
        "workflow/scripts/train.py",
    ):
        trained.edit(file)
    trained.edit("workflow/envs/activarium.yaml")
    trained.edit("workflow/rules/train.smk")
    trained.edit("Snakefile")
    assert trained.plan() == {}


def test_files_that_the_study_does_not_name_run_nothing(trained):
    trained.edit(f"{LIBRARY}/activations/silu.py")
    trained.edit(f"{LIBRARY}/networks/mlp.py")
    trained.edit(f"{LIBRARY}/datasets/stl10.py")
    for room in ("activations", "datasets", "networks"):
        known = {"activations": "relu", "datasets": "digits", "networks": "plain"}[room]
        shutil.copy(trained / f"{LIBRARY}/{room}/{known}.py", trained / f"{LIBRARY}/{room}/new.py")
    assert trained.plan() == {}


def test_another_folder_of_data_runs_nothing_again(trained):
    trained.say(data_root="elsewhere")
    assert trained.plan() == {}


# Growing


def test_a_new_activation_trains_only_its_own_cells(trained):
    trained.say(activations=["gelu", "relu", "silu"])
    assert trained.plan() == {"train_0": 1, **COLLECTED, **CERTIFIED}


def test_an_expression_trains_and_certifies_only_itself(trained):
    trained.say(activations=["gelu", "relu", {"name": "mine", "expr": "x * ndtr(1.1*x)"}])
    proofs = {name: n for name, n in CERTIFIED.items() if name != "proven_claims"}
    assert trained.plan() == {"train_0": 1, **COLLECTED, **proofs}


def test_a_new_data_set_prepares_and_trains_only_itself(trained):
    trained.say(datasets=["digits", "cifar10"])
    assert trained.plan() == {"prepare": 1, "train_0": 2, **DESCRIBED, **COLLECTED}


def test_a_new_network_trains_only_itself(trained):
    trained.say(networks=[{"name": "plain_2", "file": "plain", "width": 2}, SMALL])
    assert trained.plan() == {"train_0": 2, **DESCRIBED, **COLLECTED}


def test_a_new_recipe_trains_only_itself(trained):
    recipes = yaml.safe_load((trained / "study.yaml").read_text())["recipes"]
    trained.say(recipes={**recipes, "longer": {**recipes["short"], "epochs": 2}})
    assert trained.plan() == {"train_0": 2, **COLLECTED}


def test_a_new_figure_draws_the_figures_and_the_report(trained):
    known = trained / f"{LIBRARY}/figures/{figures.names()[0]}.py"
    shutil.copy(known, trained / f"{LIBRARY}/figures/new.py")
    assert trained.plan() == DRAWN


@pytest.mark.parametrize(
    ("seeds", "packs"), [(12, {"train_1": 2}), (21, {"train_1": 2, "train_2": 2})]
)  # fmt: skip
def test_more_seeds_plan_only_the_new_packs(trained, seeds, packs):
    trained.say(seeds=seeds)
    assert trained.plan() == packs | COLLECTED


def test_growing_trains_again_at_most_the_last_unfilled_pack(trained):
    trained.say(seeds=12, pack=4)  # seeds 8 and 9 are there and share their pack with 10 and 11
    assert trained.plan() == {"train_2": 2, **COLLECTED}


def test_fewer_seeds_train_nothing_and_lose_nothing(trained):
    trained.say(seeds=7)
    assert trained.plan() == COLLECTED
    assert (trained / RUN.format("gelu", 9)).exists()


# Editing


def test_an_edited_activation_trains_its_own_cells_again(trained):
    trained.edit(f"{LIBRARY}/activations/relu.py")
    assert trained.plan() == {"train_0": 1, **COLLECTED, **CERTIFIED}


def test_an_edited_proof_certifies_again_and_trains_nothing(trained):
    trained.edit(f"{LIBRARY}/certify/roots.py")
    proofs = {"certify": 2, "numerics": 2, "profiles": 1, "proven_claims": 1}
    assert trained.plan() == {**proofs, **COMPARED}


@pytest.mark.parametrize("file", [
    "train/step.py",
    "networks/plain.py",
    "train/initialisation.py",
    pytest.param("train/loop.py", marks=pytest.mark.slow),
    pytest.param("train/augmentation.py", marks=pytest.mark.slow),
    pytest.param("definitions/torch_module.py", marks=pytest.mark.slow),
    pytest.param("definitions/on_torch.py", marks=pytest.mark.slow),
])  # fmt: skip
def test_an_edit_of_what_defines_the_numbers_trains_all_again(trained, file):
    trained.edit(f"{LIBRARY}/{file}")
    measured = {"numerics": 2} if file.startswith("definitions/") else {}
    described = (
        DESCRIBED if file.startswith("networks/") or file == "train/initialisation.py" else {}
    )
    assert trained.plan() == {"train_0": 2, **measured, **described, **COLLECTED}


@pytest.mark.parametrize(
    "change",
    [
        {"recipes": {"short": {"optimizer": "sgd", "learning_rate": 0.01, "batch_size": 100,
                               "epochs": 1}}},
        {"networks": [{"name": "plain_2", "file": "plain", "width": 3}]},
        pytest.param({"train_size": 200}, marks=pytest.mark.slow),
        pytest.param({"validation": 0.1}, marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_a_changed_value_of_the_training_trains_all_again(trained, change):
    trained.say(**change)
    described = DESCRIBED if "networks" in change else {}
    assert trained.plan() == {"train_0": 2, **described, **COLLECTED}


@pytest.mark.parametrize(
    "change", [{"analysis": {"margin": 0.01, "confidence": 0.9}}, {"control": "relu"}]
)  # fmt: skip
def test_a_changed_analysis_plan_only_compares_and_reports(trained, change):
    trained.say(**change)
    assert trained.plan() == COMPARED


@pytest.mark.parametrize(
    ("file", "planned"),
    [
        (f"{LIBRARY}/compare/summaries.py", COMPARED),
        ("workflow/scripts/compare.py", COMPARED),
        ("workflow/scripts/profiles.py", {"profiles": 1}),
        ("workflow/scripts/proven_claims.py", {"proven_claims": 1, "report": 1}),
        ("workflow/scripts/numerics.py", {"numerics": 2, "report": 1}),
        (f"{LIBRARY}/definitions/numerics.py", {"numerics": 2, "report": 1}),
        (f"{LIBRARY}/definitions/call_module.py", {"numerics": 2, "report": 1}),
        (f"{LIBRARY}/definitions/file_checks.py", {}),  # as the other checks before a start
        (f"{LIBRARY}/figures/_style.py", DRAWN),
        (f"{LIBRARY}/figures/forest.py", DRAWN),
        (f"{LIBRARY}/figures/tuning_curves.py", {}),  # which this study does not have
        (f"{LIBRARY}/report/page.py", {"report": 1}),
        (f"{LIBRARY}/tables/collect.py", COLLECTED),
    ],
)
def test_an_edit_after_the_training_runs_its_own_step_and_those_behind(trained, file, planned):
    trained.edit(file)
    assert trained.plan() == planned


def test_every_cluster_profile_leaves_out_the_dates_of_scripts():
    """Else a `git checkout` that touches scripts/train.py trains every run again."""
    profiles = list((ROOT / "profiles").glob("*/config.yaml"))
    assert profiles
    for profile in profiles:
        triggers = yaml.safe_load(profile.read_text())["rerun-triggers"]
        assert sorted(triggers) == ["input", "mtime", "params", "software-env"], profile


# Before the training


def test_a_fault_on_one_batch_is_said_once_and_stops_the_study_before_it_trains(house):
    stub(house, "'-'")
    prepared(house)
    house.say(activations=["gelu", "silu"], seeds=2, pack=1)
    files = [RUN.format(a, seed) for a in ("gelu", "silu") for seed in (0, 1)]
    check = house / LIBRARY / "train/sanity_check.py"
    passes = check.read_text()
    check.write_text(passes.replace("[]", '["silu.py, line 3: no"]', 1))
    for _ in range(2):
        done = house.snakemake(*files)
        assert done.returncode == 1 and done.stderr.count("silu.py, line 3: no\n") == 1
        assert not any((house / file).exists() for file in files)
    check.write_text(passes)
    assert house.snakemake(*files).returncode == 0


# Studies


@pytest.mark.parametrize("study", [
    pytest.param(study, marks=() if study.stem in KINDS else pytest.mark.slow, id=study.stem)
    for study in SHIPPED
])  # fmt: skip
def test_a_shipped_study_can_be_planned(house, study):
    (house / "reference").symlink_to(ROOT / "reference")  # whose runs a study may reuse
    planned = house.plan(study=f"config/{study.name}")
    said = yaml.safe_load(study.read_text())
    assert planned["prepare"] == len(said["datasets"])
    axes = ["dataset", "activation", "network", "recipe"]
    cells = math.prod(len(said[f"{axis}s"]) for axis in axes)
    published = [pd.read_parquet(ROOT / table) for table in said.get("reuse", [])]
    taken = [cell for runs in published for cell in runs.groupby(axes).groups]
    assert planned["train_0"] == cells - len(taken)


def test_a_snakemake_that_is_forked_says_what_one_says_that_is_started(house):
    command = [BIN / "snakemake", "-n", "--cores", "1"]
    house.say(name=None)
    for study, status in {"config/config.yaml": 0, "study.yaml": 1}.items():
        asked = ([*map(str, command), "--configfile", study], house.folder, house.environment(), 99)
        forked, started = run_forked(*asked), run_process(*asked)
        assert forked.returncode == started.returncode == status
        assert (forked.stdout, forked.stderr) == (started.stdout, started.stderr)
        assert forked.stdout + forked.stderr


def test_the_default_study_is_read_where_none_is_named(house):
    assert house.plan(study=None) == house.plan(study="config/config.yaml")


def test_a_study_without_a_name_does_not_inherit_the_default_ones(house):
    house.say(name=None)
    done = house.snakemake("-n")
    assert done.returncode == 1
    assert lines(done)[-1] == (
        "config: 'name' is missing; a study file is whole and never merged with another one"
    )


def test_a_study_that_runs_remotely_is_whole_and_takes_the_pack_of_its_profile(house):
    """Each job parses the Snakefile again, on another machine in earnest."""
    stub(house, "json.dumps({'config': snakemake.config, 'pack': list(snakemake.output)})")
    remote(house, {"config": {"pack": 3}})
    house.say(activations=["gelu"], analysis={"margin": 0.25}, seeds=7)
    prepared(house)
    files = [RUN.format("gelu", seed) for seed in range(7)]
    done = house.snakemake(*files, "--workflow-profile", "remote", "--jobs", "4")
    assert done.returncode == 0, done.stderr
    written = [json.loads((house / file).read_text()) for file in files]
    packs = [files[0:3], files[3:6], files[6:]]
    assert [w["pack"] for w in written] == [packs[seed // 3] for seed in range(7)]
    study = yaml.safe_load((house / "study.yaml").read_text())
    assert all(w["config"] == study | {"pack": 3} for w in written)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"recipes": {"short": {"optimizer": "sgd", "learning_rate": 0.01, "batch_size": 100,
                                "epochs": 1}}}, True),
        ({"train_size": 200}, True),
        ({"analysis": {"margin": 0.25}, "activations": ["gelu", "silu"], "seeds": 13}, False),
    ],
)  # fmt: skip
def test_a_remote_job_trains_nothing_that_its_snakemake_did_not_ask_for(house, change, refused):
    """The job that is submitted edits the study before it reads it, as a person may meanwhile."""
    stub(house, "'-'")
    remote(house, {})
    house.say(activations=["gelu"], seeds=10)
    prepared(house)
    edited = yaml.safe_load((house / "study.yaml").read_text()) | change
    (house / "edited.yaml").write_text(yaml.safe_dump(edited))
    text = (house / "submit").read_text()
    (house / "submit").write_text(text.replace("setsid", "cp edited.yaml study.yaml\nsetsid"))
    file = RUN.format("gelu", 0)
    done = house.snakemake(file, "--workflow-profile", "remote", "--jobs", "4")
    line = "config: study.yaml was edited while tiny is trained; undo it, or stop and start again"
    assert (line in (house / "submitted.log").read_text().splitlines()) == refused
    assert (house / file).exists() != refused and (done.returncode == 1) == refused, done.stderr
    again = house.snakemake(file, "--workflow-profile", "remote", "--jobs", "4")
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
@pytest.mark.parametrize(
    ("use", "rule"), [("* from act", "train_0"), ("* from act as act_*", "act_train_0")]
)
def test_another_workflow_takes_this_one_up_as_a_module(house, tmp_path, use, rule, snakefile):
    theirs = House(tmp_path / "theirs")
    theirs.folder.mkdir()
    shutil.copy(house / "study.yaml", theirs / "study.yaml")
    (theirs / "Snakefile").write_text(
        f'configfile: "study.yaml"\nmodule act:\n    snakefile: "{house / snakefile}"\n'
        f"    config: config\nuse rule {use}\n"
    )
    assert theirs.plan(study=None)[rule] == 2


@pytest.mark.parametrize("study", [None, "study.yaml"])
def test_the_snakefile_that_the_workflow_catalogue_finds_plans_the_same(house, study):
    other = house.plan("-s", "workflow/Snakefile", study=study)
    assert other.pop("default") == 1
    assert other == house.plan(study=study)


def test_a_job_that_is_started_through_the_catalogue_s_snakefile_finds_its_files(house):
    (house / "runs.csv").write_text(TABLE)
    (house / "study.yaml").write_text("{name: tables, runs: runs.csv, control: gelu}")
    done = house.snakemake("results/tables/runs.csv", "-s", "workflow/Snakefile")
    assert done.returncode == 0, done.stderr
    assert "gelu" in (house / "results/tables/runs.csv").read_text()


def test_every_job_takes_this_workflow_and_no_other_clone_that_pythonpath_names(house):
    (house / "theirs/activarium").mkdir(parents=True)
    (house / "theirs/activarium/__init__.py").write_text('raise RuntimeError("another clone")')
    (house / "runs.csv").write_text(TABLE)
    (house / "study.yaml").write_text("{name: tables, runs: runs.csv, control: gelu}")
    done = house.snakemake("results/tables/runs.csv", PYTHONPATH=house / "theirs")
    assert done.returncode == 0, done.stderr
    assert "gelu" in (house / "results/tables/runs.csv").read_text()


def test_two_studies_do_not_overwrite_each_other(trained):
    trained.say(name="other", seeds=3)
    outputs = re.findall(r"^    (?:output|log): (.*)$", trained.listed(), re.MULTILINE)
    assert len(outputs) > 15
    assert all(file.startswith("results/other/") for o in outputs for file in o.split(", "))


def test_a_wrong_word_stops_before_the_first_job_even_when_an_old_report_exists(trained):
    before = snapshot(trained / "results")
    trained.say(activations=["gelu", "relu", "swoosh"])
    done = trained.snakemake()
    assert done.returncode == 1
    assert lines(done)[-1].startswith("config: activations: no 'swoosh'")
    assert snapshot(trained / "results") == before


def test_the_snakefile_imports_neither_torch_nor_pandas():
    program = """
import sys
sys.path.append("workflow/scripts")
from activarium import study
from activarium.runtime import devices
from activarium.runtime import display, snakemake_internals
from activarium.study import handlers, start_warnings
from activarium.study.code_inputs import CodeFiles
from activarium.study.grid import Grid
from activarium.train import progress
import yaml
config = yaml.safe_load(open("config/config.yaml"))
grid = Grid(study.load(config, ["config/config.yaml"], "config/schema.yaml"))
grid.runs, grid.packs, grid.chance, grid.wildcard_patterns, devices.visible_gpus()
start_warnings.missing_runs(grid), CodeFiles(grid, "x").networks_and_datasets
slow = {"torch", "pandas", "numpy", "pyarrow", "scipy", "matplotlib"} & set(sys.modules)
assert not slow, slow
"""
    subprocess.run([BIN / "python", "-c", program], cwd=ROOT, check=True)


def test_rules_hold_no_functions():
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        assert not re.search(r"^\s*def |lambda", file.read_text(), re.MULTILINE), file


def test_a_script_is_named_by_its_rule_and_is_short():
    scripts = {p.stem: p for p in (ROOT / "workflow/scripts").glob("*.py")}
    of_rule = {}
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for text in re.split(r"^ *rule\b", file.read_text(), flags=re.MULTILINE)[1:]:
            (rule,) = re.findall(r'^ (\w+):|f"(\w+)_\{\w+\}"', text)
            (of_rule[rule[0] or rule[1]],) = re.findall(r'script:\s+"../scripts/(\w+).py"', text)
    assert set(of_rule.values()) == set(scripts)
    # A run that tunes is a training, and what a published study states is certified as any other.
    # Their rules differ in what goes in and what is kept.
    other = {rule: script for rule, script in of_rule.items() if rule != script}
    assert other == {"tune": "train", "certify_stated": "certify"}
    for script in scripts.values():
        assert len(ast.parse(script.read_text()).body) <= 15, script


# Graphics cards


def test_two_packs_run_at_once_without_a_gpu(house):
    assert at_once(house, cores=2, packs=4) == (2, set())


def test_four_cards_run_four_packs_each_on_its_own(house):
    most, cards = at_once(house, cores=8, packs=8, CUDA_VISIBLE_DEVICES="0,1,2,3")
    assert (most, cards) == (4, {"0", "1", "2", "3"})


def test_one_card_runs_one_pack_however_many_cores_there_are(house):
    assert at_once(house, cores=8, packs=2, CUDA_VISIBLE_DEVICES="GPU-5f")[0] == 1


@pytest.mark.parametrize(
    ("environment", "files", "seen"),
    [
        ({}, [], []),
        ({}, ["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"], ["0", "1"]),
        ({"CUDA_VISIBLE_DEVICES": ""}, ["nvidia0"], []),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, ["nvidia0"], []),
        ({"CUDA_VISIBLE_DEVICES": "3, 1"}, ["nvidia0"], ["3", "1"]),
    ],
)
def test_gpus_are_counted_without_torch(tmp_path, environment, files, seen):
    for file in files:
        (tmp_path / file).touch()
    assert devices.visible_gpus(environment, tmp_path) == seen


# What goes wrong


def test_a_run_that_is_gone_is_named_with_the_command_that_brings_it_back(trained):
    gone = RUN.format("gelu", 3)
    (trained / gone).unlink()
    command = "snakemake --cores all --configfile study.yaml --forcerun collect"
    for done in (trained.snakemake("-n"), trained.snakemake()):
        assert f"results: {gone} is gone, though the tables hold it; rebuild: {command}" in lines(
            done
        )
        assert "Nothing to be done" in done.stdout + done.stderr
    checked = check(trained)
    assert checked.returncode == 1 and f"{gone} is gone" in checked.stdout
    assert checked.stderr.strip() == f"1 of 20 runs are not whole; rebuild them: {command}"
    assert trained.plan("--forcerun", "collect") == {"train_0": 1, **COLLECTED}


def test_the_command_that_brings_a_run_back_says_what_this_start_says(trained):
    (trained / RUN.format("gelu", 3)).unlink()
    changes = ["seeds=9", "activations=[gelu, relu]"]
    done = trained.snakemake("-n", "--config", *changes)
    (line,) = [line for line in lines(done) if "is gone" in line]
    command = line.partition("rebuild: ")[2]
    assert command.endswith("--forcerun collect --config seeds=9 'activations=[gelu, relu]'")
    assert trained.run(*shlex.split(command), "-n").returncode == 0


def test_a_prepared_file_that_is_made_alone_trains_nothing_again(trained):
    for ending, read in (("arrow", prepare.read), ("json", prepare.description)):
        file = f"results/datasets/digits.{ending}"
        (trained / file).write_text("")
        with pytest.raises(UserError) as refusal:
            read(trained / file)
        said = str(refusal.value).replace(f"{trained.folder}/", "").replace("STUDY", "study.yaml")
        alone = re.search(r"rebuild it: (.*), and only then start again$", said)[1]
        assert alone.startswith(f"rm {file} && snakemake --cores 1 {file} ")
    assert trained.run("sh", "-c", alone).returncode == 0  # which makes both
    assert trained.plan() == {}


@pytest.mark.parametrize("left", [0, 100])
def test_a_damaged_table_stops_nobody_at_the_door(trained, left):
    """The seeds that are added make the table of runs anew; and a lock can still be taken away."""
    table = trained / "results/tiny/runs.parquet"
    table.write_bytes(table.read_bytes()[:left])
    trained.say(seeds=12)
    for done in (trained.snakemake("-n"), trained.snakemake("--unlock")):
        assert done.returncode == 0 and "Traceback" not in done.stderr
        (line,) = [line for line in lines(done) if "results/tiny/runs.parquet cannot be" in line]
        assert line.endswith("rm -f results/tiny/runs.parquet, then start again")
    assert trained.plan()["collect"] == 1


@pytest.mark.slow
def test_the_way_out_of_an_unreadable_run_brings_everything_back(trained):
    broken = RUN.format("relu", 0)
    before = {file: file.read_bytes() for file in (trained / "results/tiny").glob("*.csv")}
    before.pop(trained / "results/tiny/costs.csv")
    (trained / broken).write_bytes(b"")
    done = trained.snakemake()
    assert done.returncode == 1 and f"rebuild it: rm -f {broken}, then start again" in done.stderr
    (trained / broken).unlink()
    assert trained.snakemake().returncode == 0
    assert {file: file.read_bytes() for file in before} == before


def test_an_unreadable_run_is_named_by_check_also_where_its_date_is_old(trained):
    broken = trained / RUN.format("relu", 0)
    date = broken.stat().st_mtime
    broken.write_bytes(broken.read_bytes()[:100])
    os.utime(broken, (date, date))
    assert trained.plan() == {}
    checked = check(trained)
    assert checked.returncode == 1
    assert RUN.format("relu", 0) in checked.stdout and "cannot be read" in checked.stdout
    assert f"rebuild them: rm {RUN.format('relu', 0)} && snakemake --cores all" in checked.stderr
    broken.unlink()
    assert trained.plan("--forcerun", "collect") == {"train_0": 1, **COLLECTED}


def test_an_unreadable_run_ends_the_collecting_in_one_line(trained):
    (trained / RUN.format("relu", 0)).write_bytes(b"")
    done = trained.snakemake()
    assert done.returncode == 1
    log = (trained / "results/tiny/logs/collect.log").read_text()
    assert log.count("\n") == 1 and log.startswith(f"{RUN.format('relu', 0)} cannot be read")
    assert "rm -f" in log
    assert "Traceback" not in done.stdout + done.stderr


def test_a_whole_study_is_said_to_be_whole(trained):
    assert check(trained).stdout == "20 of 20 runs of tiny are whole\n"


def test_an_interrupted_study_goes_on_after_its_lock_is_taken_away(house):
    prepared(house)
    files = [RUN.format("gelu", seed) for seed in range(10)]
    stub(house, "'half'", wait=60)
    command = [BIN / "snakemake", *files, "--cores", "1", "--configfile", "study.yaml"]
    running = subprocess.Popen(command, cwd=house.folder, start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    until(lambda: (house / files[-1]).exists())
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    stub(house, "'whole'")
    locked = house.snakemake(*files)
    assert locked.returncode == 1 and "--unlock" in locked.stderr + locked.stdout
    assert make(house, "unlock").returncode == 0
    done = house.snakemake(*files)
    assert done.returncode == 0, done.stderr
    assert {(house / file).read_text() for file in files} == {"whole"}


# Commands


def test_make_report_draws_again_from_the_tables_and_never_trains(trained):
    trained.edit(f"{LIBRARY}/train/step.py")
    trained.edit(f"{LIBRARY}/report/page.py")
    runs = snapshot(trained / "results/tiny/runs")
    report = trained / "results/tiny/report.html"
    before = report.stat().st_mtime_ns
    done = make(trained, "report")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("The report: results/tiny/report.html\n")
    assert report.stat().st_mtime_ns > before
    assert snapshot(trained / "results/tiny/runs") == runs
    assert trained.plan()["train_0"] == 2


def test_a_report_says_what_was_trained_and_not_what_the_study_says_since(trained):
    recipe = yaml.safe_load((trained / "study.yaml").read_text())["recipes"]["short"]
    page = trained / "results/tiny/report.html"
    before = page.read_text(encoding="utf-8")
    assert f"{recipe['learning_rate']}" in before
    trained.say(seeds=12, recipes={"short": recipe | {"learning_rate": 0.0625}})
    done = make(trained, "report")
    assert done.returncode == 0, done.stderr
    assert page.read_text(encoding="utf-8") == before


VERDICT = "Of 1 comparison with GELU, 0 came out better, 1 worse.\n"


def test_plain_snakemake_ends_with_the_verdict_and_where_the_report_is(trained):
    trained.edit(f"{LIBRARY}/report/page.py")
    said = trained.snakemake().stderr
    end = said.partition("steps (100%) done\n")[2]
    assert end.startswith(f"{VERDICT}The report: results/tiny/report.html\nComplete log")
    assert "The report" not in trained.snakemake().stderr  # nothing was to be done
    trained.edit(f"{LIBRARY}/certify/profile_table.py")
    tables = trained.snakemake("results/tiny/profiles.csv")  # of no report is anything known then
    assert tables.returncode == 0 and "The report" not in tables.stderr


@pytest.mark.parametrize("edited", [True, False])
def test_make_says_the_verdict_once(trained, edited):
    if edited:
        trained.edit(f"{LIBRARY}/report/page.py")
    done = make(trained, "report-from-scratch")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{VERDICT}The report: results/tiny/report.html\n")
    assert (done.stdout + done.stderr).count("The report") == 1


def test_make_names_a_study_that_is_not_there(house):
    done = make(house, "check", study="config/swoosh.yaml")
    assert done.returncode == 2 and "config: no file config/swoosh.yaml" in done.stderr


@pytest.mark.slow
def test_snakemakes_own_report_holds_ours(trained):
    done = trained.snakemake("--report", "report.zip")
    assert done.returncode == 0, done.stderr
    names = subprocess.run(["python3", "-m", "zipfile", "-l", trained / "report.zip"],
                           capture_output=True, text=True).stdout  # fmt: skip
    assert "report.html" in names and ".svg" in names


@pytest.mark.slow
def test_a_run_that_was_gone_comes_back_with_the_same_bits(trained):
    gone = trained / RUN.format("gelu", 3)
    tables = [trained / f"results/tiny/{t}.parquet" for t in ("runs", "epochs", "contrasts")]
    before = [t.read_bytes() for t in tables]
    gone.unlink()
    command = "snakemake --cores all --configfile study.yaml --forcerun collect"
    assert trained.run(*command.split()).returncode == 0
    assert gone.exists() and [t.read_bytes() for t in tables] == before


# Helpers


def lines(done):
    return done.stderr.strip().splitlines()


def snapshot(folder):
    """{file: date} of everything below a folder."""
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*")}


def check(house):
    command = (BIN / "python", "-m", "activarium", "check-runs", "study.yaml")
    return house.run(*command, PYTHONPATH="workflow/scripts")


def make(house, target, study="study.yaml"):
    """make with this environment in the place of its own."""
    (house / "ready").mkdir(exist_ok=True)
    (house / "ready/ready").touch()
    return house.run("make", target, "VENV=ready", f"BIN={BIN}", f"STUDY={study}", "CORES=1")


def prepared(house):
    """Pretend that the digits are prepared; the stub does not look at them."""
    (house / "results/datasets").mkdir(parents=True)
    for ending in ("json", "arrow"):
        (house / f"results/datasets/digits.{ending}").write_text("{}")


def stub(house, text, wait=0):
    """Replace the training by a script that writes `text`, and its check, without torch."""
    (house / LIBRARY / "train/sanity_check.py").write_text(
        'print(\'{"faults": [], "missing": []}\')\n'
    )
    (house / "workflow/scripts/train.py").write_text(
        f"""
import json, os, time
from pathlib import Path
from activarium.runtime import devices
start = time.time()
with devices.lease_gpu(devices.visible_gpus(), "results/locks") as card:
    for file in snakemake.output:
        Path(file).write_text({text})
    time.sleep({wait})
    line = json.dumps([start, time.time(), card])
    Path(snakemake.log[0]).write_text(line)
"""
    )


def remote(house, more):
    """A profile in `remote` whose jobs run through a submit command, as on a cluster."""
    (house / "remote").mkdir()
    (house / "submit").write_text(
        '#!/bin/sh\nsetsid sh "$1" >submitted.log 2>&1 </dev/null &\necho $!\n'
    )
    (house / "submit").chmod(0o755)
    profile = {
        "executor": "cluster-generic",
        "cluster-generic-submit-cmd": "./submit",
        "seconds-between-status-checks": 1,
        "latency-wait": 10,
        **more,
    }
    (house / "remote/config.yaml").write_text(yaml.safe_dump(profile))


def at_once(house, cores, packs, **environment):
    """(how many packs ran at the same time at most, the cards that they had)."""
    prepared(house)
    house.say(seeds=packs, pack=1, activations=["gelu"])
    stub(house, "'-'", wait=1.5)
    files = [RUN.format("gelu", seed) for seed in range(packs)]
    done = house.snakemake(*files, cores=cores, **environment)
    assert done.returncode == 0, done.stderr
    logs = (house / "results/tiny/logs/train").rglob("*.log")
    spans = [json.loads(log.read_text()) for log in logs]
    most = max(sum(a <= start < b for a, b, _ in spans) for start, _, _ in spans)
    return most, {card for *_, card in spans if card is not None}
