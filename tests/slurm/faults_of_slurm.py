"""What can happen to a study on a Slurm: each fault done to one that trains there at this moment.

A fault is a function of the cluster and the study under way; its first line says what happens.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

import yaml
from cluster import until
from conftest import BIN, ROOT, tables

STUDY = {
    "name": "tiny",
    "datasets": ["digits"],
    "activations": ["gelu", "relu"],
    "networks": [{"name": "plain_2", "file": "plain", "width": 2}],
    "recipes": {"long": {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 100,
                         "epochs": 150}},
    "seeds": 4,
    "pack": 2,
}  # fmt: skip
WANTED = "results/tiny/contrasts.parquet"
FAST = ["--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "1"]


class Execution:
    """Snakemake on the study of `house` through `slurm` with our profile, not waited for."""

    def __init__(self, slurm, house, *options, wanted=(WANTED,), memory="1500*attempt",
                 runtime="10*attempt"):  # fmt: skip
        self.slurm, self.house = slurm, house
        self.arguments = [
            *("--configfile", "study.yaml", "--workflow-profile", "profiles/slurm", *FAST),
            *("--default-resources", f"mem_mb={memory}", f"runtime={runtime}"),
            "gpu_model='test'",
            *options,
            *(["--", *wanted] if wanted else []),  # nothing wanted in particular is everything
        ]
        self.start()

    def start(self):
        """Start it, or start it again."""
        with (self.house / "out").open("a") as out:
            self.process = subprocess.Popen(
                [BIN / "snakemake", *self.arguments], cwd=self.house.folder, stdout=out,
                stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
                env=os.environ | self.slurm.environment | {"PATH": f"{BIN}:{os.environ['PATH']}"},
            )  # fmt: skip

    def wait(self, seconds=300):
        """Its exit status, once it has ended."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """End it as a crash or an impatient person does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def output(self):
        """All that it has printed."""
        return (self.house / "out").read_text()

    def training_jobs(self):
        """The jobs that have finished an epoch of a run and are not done yet, as {id: node}."""
        logs = (self.house / "results/tiny/logs/train").rglob("*.log")
        if any("epoch" in log.read_text() for log in logs):
            return self.slurm.running()
        return {}

    def wait_for_training(self):
        """Wait until a job trains; {id: node} of those that run."""
        until(
            lambda: self.process.poll() is not None or self.training_jobs(),
            "a pack that trains",
            120,
        )
        assert self.process.poll() is None, self.output
        return self.training_jobs()


def long_study(house):
    """Make the study of `house` one of four packs of some seconds each."""
    (house / "study.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return house


def paper_shaped():
    """The paper's study with all its activations, small enough for minutes on two cores."""
    study = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
    study["recipes"]["paper"] |= {"epochs": 2}
    narrow = {"name": "resnet14_2", "file": "resnet14", "width": 2}
    return study | {"datasets": ["digits"], "networks": [narrow], "seeds": 6, "pack": 3}


def undisturbed(house):
    """The tables of the long study, made without any cluster: {file name: bytes}."""
    done = long_study(house).snakemake(WANTED, cores=2)
    assert done.returncode == 0, done.stderr
    return tables(house)


def left_over(house):
    """Temporary files and kept runs that are still there after the end."""
    files = [p for p in (house / "results").rglob("*") if p.is_file()]
    return [p for p in files if p.name.startswith(".") or "unfinished" in p.parts]


# Faults. Each returns how the jobs that it hit have ended, or what shows that it happened.


def job_is_cancelled(slurm, house):
    """scancel of a pack that trains"""
    run = Execution(slurm, house)
    hit = next(iter(run.wait_for_training()))
    slurm.call("scancel", hit)
    assert run.wait() == 0, run.output
    return ended(slurm, hit, "CANCELLED")


def memory_is_too_small(slurm, house):
    """memory limit: 300 MB, then 1500"""
    run = Execution(slurm, house, memory="300 if attempt == 1 else 1500")
    assert run.wait() == 0, run.output
    return any("memory" in log.read_text().lower() for log in slurm.folder.glob("log/slurmd*.log"))


def time_is_too_short(slurm, house):
    """time limit: one minute, then ten"""
    house.say(recipes={"long": STUDY["recipes"]["long"] | {"epochs": 150}})
    run = Execution(slurm, house, runtime="1 if attempt == 1 else 10")
    hit = run.wait_for_training()
    for node in set(hit.values()):  # a node under load: its jobs stand still until they are late
        pause(slurm, hit, node)
    assert run.wait() == 0, run.output
    return ended(slurm, next(iter(hit)), "TIMEOUT")


def node_is_lost(slurm, house):
    """a node's plug is pulled: slurmd and its jobs end at once (NODE_FAIL)"""
    run = Execution(slurm, house, "--slurm-no-requeue")
    node = next(iter(run.wait_for_training().values()))
    hit = slurm.kill_node(node)
    assert run.wait() == 0, run.output
    slurm.repair_node(node)
    return ended(slurm, hit[0], "NODE_FAIL")


def node_is_lost_and_slurm_requeues(slurm, house):
    """the same where Slurm itself starts the jobs of a lost node again"""
    run = Execution(slurm, house)
    node = next(iter(run.wait_for_training().values()))
    slurm.kill_node(node)
    assert run.wait() == 0, run.output
    slurm.repair_node(node)
    return True


def node_daemon_is_killed_alone(slurm, house):
    """slurmd killed, its jobs alive"""
    run = Execution(slurm, house)
    node = next(iter(run.wait_for_training().values()))
    slurm.stop(node, signal.SIGKILL)
    time.sleep(3)
    slurm.start_node(node)
    assert run.wait() == 0, run.output
    return True


def controller_is_restarted(slurm, house):
    """slurmctld killed in the middle, started again five seconds later"""
    run = Execution(slurm, house)
    run.wait_for_training()
    slurm.stop("slurmctld", signal.SIGKILL)
    time.sleep(5)
    slurm.start_controller()
    assert run.wait() == 0, run.output
    return True


def controller_is_gone_while_jobs_are_submitted(slurm, house):
    """slurmctld gone for a minute, with packs still to be submitted; started again if it ended"""
    run = Execution(slurm, house, "--jobs", "2", "--config", "pack=1")
    run.wait_for_training()
    slurm.stop("slurmctld", signal.SIGKILL)
    time.sleep(60)
    slurm.start_controller()
    if run.wait():
        slurm.until(slurm.is_ready, "slurmctld")
        run.start()
        assert run.wait() == 0, run.output
    return True


def snakemake_is_killed(slurm, house):
    """Snakemake killed (-9) while packs train, unlocked and started again while they still do"""
    run = Execution(slurm, house)
    run.wait_for_training()
    run.kill()
    locked = house.snakemake(WANTED)
    assert locked.returncode and "unlock" in locked.stdout + locked.stderr
    assert house.snakemake("--unlock").returncode == 0
    run.start()
    assert run.wait() == 0, run.output
    return True


def folder_is_full(slurm, house):
    """the shared folder is full while packs train; room again, started again"""
    results = house / "results"
    results.mkdir(exist_ok=True)
    slurm.call("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(results))
    try:
        run = Execution(slurm, house)
        run.wait_for_training()
        fill(results / "filler")
        status = run.wait()
        (results / "filler").unlink()
        if status:
            run.start()
            assert run.wait() == 0, run.output
        kept = Path(f"{results}.kept")
        slurm.call("cp", "-a", str(results), str(kept))
    finally:
        slurm.call("umount", "-l", str(results))
    results.rmdir()
    kept.rename(results)
    return "No space left on device" in run.output + "".join(
        log.read_text() for log in (house / ".snakemake/slurm_logs").rglob("*.log")
    )


ALL = [
    job_is_cancelled,
    time_is_too_short,
    memory_is_too_small,
    node_is_lost,
    node_is_lost_and_slurm_requeues,
    node_daemon_is_killed_alone,
    controller_is_restarted,
    controller_is_gone_while_jobs_are_submitted,
    snakemake_is_killed,
    folder_is_full,
]


def ended(slurm, job, state):
    """Whether accounting says that `job` ended in `state`; it hears of it a little later."""
    until(lambda: slurm.states().get(job, "").startswith(state), f"{job} as {state}", 30)
    return True


def pause(slurm, jobs, node):
    """Stop the training processes of these jobs on `node`, as if they never came forward."""
    for pid in slurm.process_ids():
        for job, where in jobs.items():
            if where == node and slurm.trains_for(pid, job):
                os.kill(pid, signal.SIGSTOP)


def fill(file):
    """Write zeros into `file` until there is no more room."""
    with file.open("wb", buffering=0) as out:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                pass
