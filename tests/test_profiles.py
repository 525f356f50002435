"""The profiles: what they ask of a cluster, seen through commands that stand in for a scheduler."""

import os
import re
import signal
import subprocess
from types import SimpleNamespace

import pytest
import yaml
from conftest import BIN, ROOT, until

RUNS = [f"results/tiny/runs/short/plain_2/digits/gelu/{seed}.parquet" for seed in range(4)]
# qsub notes what it was asked for and runs the script it is given, beside the shell; qstat knows
# what qsub noted. A job's number is its process id.
QSUB = """#!/bin/sh
echo "$@" >>asked
for script; do :; done
setsid sh -c 'sh "$0" >jobs.log 2>&1; echo $? >"ended-$$"' "$script" </dev/null >&- 2>&- &
echo $!
"""
QSTAT = """#!/bin/sh
[ -f "ended-$2" ] || { echo "    job_state = R"; exit; }
echo "    job_state = F"
echo "    Exit_status = $(cat "ended-$2")"
"""
WRITES = "for file in snakemake.output: Path(file).write_text('-')"
FAILS = "raise SystemExit('it always does')"
# The first one waits for its death, later ones write at once.
HOLDS = f"""
import os, time
if not Path("held").exists():
    Path("held.new").write_text(str(os.getpid()))
    Path("held.new").rename("held")
    time.sleep(600)
{WRITES}
"""


@pytest.fixture
def pbs(house):
    """A house whose training is what a test says, with qsub and qstat on its path."""
    (house / "bin").mkdir()
    for name, text in (("qsub", QSUB), ("qstat", QSTAT)):
        (house / f"bin/{name}").write_text(text)
        (house / f"bin/{name}").chmod(0o755)
    (house / "results/datasets").mkdir(parents=True)
    for ending in ("json", "arrow"):
        (house / f"results/datasets/digits.{ending}").write_text("{}")
    check = house / "workflow/scripts/activarium/train/sanity_check.py"  # which imports torch
    check.write_text('print(\'{"faults": [], "missing": []}\')\n')
    house.say(activations=["gelu"], seeds=4, pack=2)
    house.path = {"PATH": f"{house / 'bin'}:{BIN}:{os.environ['PATH']}"}
    return house


def trains(house, text):
    """Have the training script of `house` do only this."""
    script = f"from pathlib import Path\n{text}\nPath(snakemake.log[0]).write_text('-')\n"
    (house / "workflow/scripts/train.py").write_text(script)


def command(wanted, *more):
    """Snakemake through profiles/generic, looking often."""
    often = ["--seconds-between-status-checks", "1", "--latency-wait", "5"]
    profile = ["--workflow-profile", "profiles/generic", "--configfile", "study.yaml"]
    return [BIN / "snakemake", *wanted, *profile, *often, *more]


def asked(house):
    """[(rule, GPUs, MB, minutes)] of every job that was submitted."""
    form = r"-N (\w+) .*ngpus=(\d+):mem=(\d+)mb -l walltime=0:(\d+):0 "
    lines = (house / "asked").read_text().splitlines()
    found = [re.search(form, line) for line in lines]
    return [(m[1], *map(int, m.groups()[1:])) for m in found]


def test_packs_and_nothing_else_go_through_the_generic_profile_each_with_a_gpu(pbs):
    trains(pbs, WRITES)
    done = pbs.run(*command([*RUNS, "results/profiles/gelu.json"]), **pbs.path)
    assert done.returncode == 0, done.stderr
    assert all((pbs / made).exists() for made in [*RUNS, "results/profiles/gelu.json"])
    assert sorted(asked(pbs)) == [("train_0", 1, 4000, 60), ("train_1", 1, 4000, 60)]


def test_every_rule_but_training_is_made_where_snakemake_runs(house):
    local = (house / "Snakefile").read_text().partition("localrules:\n")[2].partition("\n\n")[0]
    rules = re.findall(r"^\w+", house.snakemake("--list-rules").stdout, re.MULTILINE)
    ours = [r for r in rules if not re.match(r"train_|all$|reference$", r)]
    assert sorted(re.findall(r"\w+", local)) == sorted(ours)


def test_where_the_login_node_does_no_work_everything_is_sent(pbs):
    trains(pbs, WRITES)
    sends_all = ["--resources", "localrules=0", "gpu=8"]
    done = pbs.run(*command([RUNS[0], "results/profiles/gelu.json"], *sends_all), **pbs.path)
    assert done.returncode == 0, done.stderr
    assert sorted(asked(pbs)) == [("certify", 0, 4000, 60), ("train_0", 1, 4000, 60)]
    assert "train_0 to train_1 are sent off, and so are all others" in done.stderr


def test_a_dry_run_says_what_goes_to_the_cluster(house):
    plan = house.snakemake("-n", "--workflow-profile", "profiles/slurm")
    assert "on a cluster: jobs of train_0 are sent off, all others run here\n" in plan.stderr
    assert "on a cluster" not in house.snakemake("-n").stderr


SEES = """
import os
from pathlib import Path
def Cell(*_): pass
def DataSource(*_): pass
def JobFiles(runs, *_, **__): return runs
def train_cell(cell, source, files, log):
    for file in files: Path(file).write_text(os.environ["CUDA_VISIBLE_DEVICES"])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("granted", "seen"), [("0", ""), ("1", "0")])
def test_a_job_that_was_granted_no_gpu_sees_none(pbs, granted, seen):
    """A node may have one all the same."""
    (pbs / "workflow/scripts/activarium/train/job.py").write_text(SEES)
    there = pbs.path | {"CUDA_VISIBLE_DEVICES": "0"}
    done = pbs.snakemake(RUNS[0], "--resources", f"gpu={granted}", **there)
    assert done.returncode == 0, done.stderr
    assert (pbs / RUNS[0]).read_text() == seen


def test_a_retry_asks_for_more_memory_and_time_than_the_attempt_before(pbs):
    trains(pbs, FAILS)
    done = pbs.run(*command(RUNS[:1]), **pbs.path)
    assert done.returncode == 1
    assert asked(pbs) == [("train_0", 1, 4000 * n, 60 * n) for n in (1, 2, 3)]


def test_every_cluster_is_asked_for_the_same():
    """What the one above shows of the generic profile is so of Slurm's."""
    said = [yaml.safe_load((ROOT / f"profiles/{p}/config.yaml").read_text())
            for p in ("slurm", "generic")]  # fmt: skip
    for key in ("jobs", "resources", "default-resources", "retries",
                "keep-incomplete", "rerun-incomplete"):  # fmt: skip
        assert said[0][key] == said[1][key], key


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("    job_state = Q\n", "running"),
        ("    job_state = R\n", "running"),
        ("    job_state = F\n    Exit_status = 0\n", "success"),
        ("    job_state = F\n    Exit_status = 1\n", "failed"),
        ("    job_state = F\n    Exit_status = 271\n", "failed"),
        ("    job_state = F\n", "failed"),  # it was deleted before it began
        ("qstat: cannot connect to server pbs (errno=15010)\n", "running"),
        ("", "running"),
        # Without a history the server has forgotten it, and Snakemake looks for its files.
        ("qstat: Unknown Job Id 7.pbs\n", "success"),
        ("qstat: 7.pbs Job has finished, use -x or -H to obtain historical job information\n",
         "success"),
    ],
)  # fmt: skip
def test_what_pbs_says_of_a_job_is_read(pbs, said, word):
    (pbs / "said").write_text(said)
    (pbs / "bin/qstat").write_text("#!/bin/sh\ncat said >&2\n")
    done = pbs.run("profiles/generic/status", "7.pbs", **pbs.path)
    assert (done.returncode, done.stdout) == (0, f"{word}\n")


def test_a_job_that_is_forgotten_and_left_no_files_is_tried_again(pbs):
    trains(pbs, FAILS)
    forgetful = QSTAT.replace('echo "    job_state = F"', "echo 'qstat: Unknown Job Id'; exit 153")
    (pbs / "bin/qstat").write_text(forgetful)
    done = pbs.run(*command(RUNS[:1], "--retries", "1"), **pbs.path)
    assert done.returncode == 1
    assert len(asked(pbs)) == 2


BROKEN_QSUB = "#!/bin/sh\necho 1 >ended-7\necho 7\n"  # its jobs end before they begin


@pytest.mark.parametrize("forgets", [False, True])
def test_a_job_that_dies_before_it_begins_leaves_no_run_of_an_older_definition(pbs, forgets):
    trains(pbs, WRITES)
    assert pbs.snakemake(*RUNS[:2]).returncode == 0
    pbs.edit("workflow/scripts/activarium/activations/gelu.py")
    (pbs / "bin/qsub").write_text(BROKEN_QSUB)
    if forgets:
        (pbs / "bin/qstat").write_text("#!/bin/sh\necho 'qstat: Unknown Job Id'\n")
    done = pbs.run(*command(RUNS[:2], "--retries", "0"), **pbs.path)
    assert done.returncode == 1
    assert not any((pbs / run).exists() for run in RUNS[:2])
    assert "train_0" in pbs.snakemake("-n", *RUNS[:2]).stdout


def test_a_job_of_a_killed_snakemake_that_dies_later_takes_nothing_away(pbs):
    trains(pbs, HOLDS)
    first = subprocess.Popen(
        command(RUNS[:1]), cwd=pbs.folder, env=os.environ | pbs.path, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: (pbs / "held").exists())
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert pbs.snakemake("--unlock").returncode == 0
    assert pbs.snakemake(*RUNS[:2]).returncode == 0
    os.kill(int((pbs / "held").read_text()), signal.SIGKILL)
    until(lambda: list(pbs.folder.glob("ended-*")))
    assert "Error in rule" in (pbs / "jobs.log").read_text()
    assert all((pbs / run).exists() for run in RUNS[:2])


class Resources(dict):
    """What the plugin looks into, by key or by name."""

    __getattr__ = dict.get


def test_what_a_site_fills_in_is_taken_by_the_plugin(house):
    """Every commented line of the Slurm profile, uncommented."""
    submit = pytest.importorskip("snakemake_executor_plugin_slurm.submit_string")
    validation = pytest.importorskip("snakemake_executor_plugin_slurm.validation")
    profile = house / "profiles/slurm/config.yaml"
    profile.write_text(re.sub(r"^  # (\w+: \")", r"  \1", profile.read_text(), flags=re.MULTILINE))
    site = yaml.safe_load(profile.read_text())["default-resources"]
    assert set(site) > {"slurm_account", "slurm_partition", "gpu_model", "constraint"}
    planned = house.listed("--workflow-profile", "profiles/slurm")
    said = re.findall(r"^    resources: (.*)$", planned, re.MULTILINE)
    jobs = [Resources(pair.split("=", 1) for pair in line.split(", ")) for line in said]
    packs = [job for job in jobs if job.get("gpu") == "1"]
    assert packs
    for job in packs:
        assert (job["slurm_partition"], job["gpu_model"]) == ("gpu", "a100")
        asks = SimpleNamespace(resources=job, threads=1, is_group=lambda: False)
        validation.validate_slurm_extra(asks)
        given = dict.fromkeys(
            ("run_uuid", "slurm_logfile", "comment_str", "account", "partition", "workdir"), "x"
        )
        assert " -C avx512 " in submit.get_submit_command(asks, given)
