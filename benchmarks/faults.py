"""What one machine can do to a study, done to tests/study.yaml; a table of what came of it.

    python benchmarks/faults.py                        all of it: 43 kills, 100 corruptions, 40 min
    python benchmarks/faults.py --times 3 killed       some of it, some times
    python benchmarks/faults.py --slurm                what a cluster can do, on a real Slurm

After each fault the study is started again as its messages say, and its tables must be those of
an undisturbed execution, byte by byte, with no temporary file left. Disks are filled and made
read-only as small mounts of their own, for which one has to be root.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cached_property, wraps
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / p) for p in ("tests", "tests/slurm", "workflow/scripts")]

from conftest import BIN, House, tables  # noqa: E402

RESULTS = "results/tiny"
UNLOCK = "make unlock"


class Machine:
    """Houses to break, with what an undisturbed execution makes of the `study` in them."""

    def __init__(self, folder, study=ROOT / "tests/study.yaml", name="tiny"):
        self.folder, self.study, self.name = Path(folder), study, name
        self.houses = 0
        begun = time.monotonic()
        self.trained = self.house()
        done = make(self.trained)
        assert done.returncode == 0, done.stderr
        self.seconds = time.monotonic() - begun
        self.tables = tables(self.trained, self.name)

    @cached_property
    def digits(self):
        """The same of config/digits.yaml, trained when it is first asked for."""
        folder = self.folder / "digits"
        folder.mkdir()
        return Machine(folder, ROOT / "config/digits.yaml", "digits")

    def house(self):
        """A copy of the checkout, where nothing is trained yet."""
        self.houses += 1
        house = House(self.folder / f"house-{self.houses}").built()
        shutil.copy2(self.study, house / "study.yaml")
        return house

    def copy(self):
        """A copy of the checkout where the study is trained and reported."""
        self.houses += 1
        copied = self.folder / f"house-{self.houses}"
        shutil.copytree(self.trained.folder, copied, symlinks=True)
        return House(copied)

    def check_whole(self, house):
        """Check that a house ended as the undisturbed one, then take it away."""
        assert tables(house, self.name) == self.tables, "other tables"
        left = [p for p in (house / "results").rglob(".*") if p.is_file()]
        assert not left, f"left behind: {left}"
        kept = house / "results" / self.name / "unfinished"
        assert not kept.exists(), "runs are kept that are done"
        shutil.rmtree(house.folder)


def command(house, target="report-from-scratch"):
    """make as a user types it, in this environment."""
    (house / "ready").mkdir(exist_ok=True)
    (house / "ready/ready").touch()
    return ["make", target, "VENV=ready", f"BIN={BIN}", "STUDY=study.yaml", "CORES=2"]


def make(house, target="report-from-scratch", **environment):
    """make, finished."""
    return house.run(*command(house, target), **environment)


def start_make(house):
    """make in a session of its own, not waited for."""
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "CUDA_VISIBLE_DEVICES": ""}
    with (house / "out").open("w") as out:
        return subprocess.Popen(
            command(house), cwd=house.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True, env=environment,
        )  # fmt: skip


def finish_study(house):
    """Start make until it is through, doing what it says; how many starts it took."""
    for start in range(1, 4):
        done = make(house)
        if done.returncode == 0:
            return start
        if UNLOCK in done.stderr:
            unlocked = make(house, "unlock")
            assert unlocked.returncode == 0, unlocked.stderr
    raise AssertionError(f"not through after three starts: {last_lines(done)}")


def last_lines(done):
    """The last lines that a command said."""
    return " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])


def processes(group):
    """The processes of a session, as {id: command line}."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == group:
                found[int(stat.parent.name)] = (stat.parent / "cmdline").read_bytes().decode()
    return found


# Kills


def killed(machine, draw):
    """kill -9 of Snakemake with its jobs at a random moment"""
    house = machine.house()
    running = start_make(house)
    time.sleep(draw.uniform(0.02, 0.95) * machine.seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    finish_study(house)
    machine.check_whole(house)
    return "tables equal"


def digits_killed(machine, draw):
    """the same in config/digits.yaml"""
    return killed(machine.digits, draw)


def killed_alone(machine, draw):
    """kill -9 of Snakemake alone: its jobs live on while it is started again"""
    house = machine.house()
    running = start_make(house)
    time.sleep(draw.uniform(0.1, 0.9) * machine.seconds)
    for pid, said in processes(running.pid).items():
        if "snakemake" in said and "--mode" not in said and ".snakemake/scripts" not in said:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    running.wait()
    finish_study(house)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    if tables(house) != machine.tables:
        finish_study(house)
    machine.check_whole(house)
    return "tables equal"


def job_killed(machine, draw):
    """kill -9 of one job at a random moment"""
    house = machine.house()
    running = start_make(house)
    time.sleep(draw.uniform(0.1, 0.8) * machine.seconds)
    jobs = []
    while not jobs and running.poll() is None:
        jobs = [i for i, said in processes(running.pid).items() if ".snakemake/scripts" in said]
    if jobs:
        with contextlib.suppress(ProcessLookupError):
            os.kill(draw.choice(jobs), signal.SIGKILL)
    assert running.wait() or not jobs, "a killed job was not noticed"
    finish_study(house)
    machine.check_whole(house)
    return "tables equal" if jobs else "no job was left to kill; tables equal"


def stale_lock(machine, draw):
    """make after a kill, and make unlock while another one lives"""
    house = machine.house()
    running = start_make(house)
    wait_until(lambda: (house / ".snakemake/execution_locks").is_dir(), running)
    beside = make(house)
    assert "another Snakemake works here" in beside.stderr, last_lines(beside)
    refused = make(house, "unlock")
    assert refused.returncode and "another Snakemake works here" in refused.stderr, last_lines(
        refused
    )
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    after = make(house)
    assert after.returncode and after.stderr.count(UNLOCK) == 1, last_lines(after)
    finish_study(house)
    machine.check_whole(house)
    return "named, refused while it lives, `make unlock` said once"


def wait_until(happened, running, seconds=120):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end and running.poll() is None
        time.sleep(0.05)


# Corruption


def corrupt(file, draw):
    """Empty a file, cut it off, or flip one bit of it, and keep its date; what was done."""
    content, dates = file.read_bytes(), file.stat()
    how = draw.choice(["emptied", "truncated", "bit flipped", "bit flipped"])
    position, bit = draw.randrange(len(content)), 1 << draw.randrange(8)
    if how == "emptied":
        changed = b""
    elif how == "truncated":
        changed = content[:position]
    else:
        flipped = bytes([content[position] ^ bit])
        changed = content[:position] + flipped + content[position + 1 :]
    file.write_bytes(changed)
    os.utime(file, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    return how


def corrupted(machine, draw):
    """prepared data, a run, a checkpoint, a table or a JSON file cut off or with a bit flipped"""
    from activarium.runtime.errors import UserError

    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "results"
        shutil.copytree(machine.trained / "results", copied)
        kinds = stored_files(copied, draw) | unfinished_files(copied, draw)
        kind = draw.choice(sorted(kinds))
        file, read = kinds[kind]
        before = repr_of(read())
        corrupt(file, draw)
        try:
            after = read()
        except UserError as error:
            assert file.stem in str(error) and "\n" not in str(error), str(error)
            return "named"
        if after is None:
            return "rebuilt"
        assert repr_of(after) == before, f"{kind} {file} was used"
        return "read as it was"


def stored_files(results, draw):
    """{kind: (file, function that reads it)} of what a finished study has."""
    from activarium import tables as stored
    from activarium.data import prepare
    from activarium.runtime import files
    from activarium.tables import collect, external

    tiny = results / "tiny"
    data, description = results / "datasets/digits.arrow", results / "datasets/digits.json"
    table = tiny / f"{draw.choice(['runs', 'epochs', 'costs', 'summaries', 'contrasts'])}.parquet"
    theirs = tiny / f"{draw.choice(['runs', 'epochs', 'costs'])}.parquet"
    run = draw.choice(sorted(tiny.rglob("runs/**/*.parquet")))
    said = draw.choice([*tiny.glob("*.json"), *sorted(results.rglob("profiles/*.json"))])

    def verify():
        return prepare.verify(data, prepare.description(description))

    return {
        "prepared": (data, verify),
        "description": (description, verify),
        "run": (run, lambda: collect.read_run(run)),
        "table": (table, lambda: stored.read(table)),
        "external": (theirs, lambda: external.read([str(tiny / "runs.parquet")], "gelu")),
        "json": (said, lambda: files.read_json(said)),
    }


def unfinished_files(results, draw):
    """The same of an unfinished pack: a finished run, and the checkpoint of another."""
    import torch

    from activarium import tables as stored
    from activarium.train.unfinished_runs import RunStore

    store = RunStore(results / "tiny/unfinished", "digest")
    run = draw.choice(sorted((results / "tiny").rglob("runs/**/*.parquet")))
    store.save_run(0, stored.read_run(run).replace_schema_metadata(None))
    store.save_checkpoint(1, {"epoch": 1, "weights": torch.arange(100.0)})
    return {
        "kept": (store.folder / "0.parquet", lambda: store.load_run(0)),
        "checkpoint": (store.folder / "1.pt", lambda: weights(store.load_checkpoint(1))),
    }


def weights(state):
    """The arrays of a checkpoint's state; None where there is none."""
    return state and [state["weights"].numpy()]


def repr_of(value):
    """Something that is equal where two things read are."""
    if isinstance(value, dict):
        return value
    if hasattr(value, "to_pylist"):
        return value.to_pylist()
    if isinstance(value, tuple):
        return [repr_of(part) for part in value]
    if hasattr(value, "to_json"):
        return value.drop(columns="correct", errors="ignore").to_json(), str(
            value.get("correct", "")
        )
    return [(a.shape, a.tobytes()) for a in value]


def corrupted_and_made_again(machine, draw):
    """the same in a finished study, then what its message says, until the report is there"""
    house = machine.copy()
    runs = sorted((house / RESULTS).rglob("runs/**/*.parquet"))
    file = draw.choice([*runs, house / "results/datasets/digits.arrow"])
    corrupt(file, draw)
    for gone in ("runs.parquet", "report.html"):
        (house / RESULTS / gone).unlink()
    if file.suffix == ".arrow":
        shutil.rmtree(house / RESULTS / "runs")
    for _ in range(3):
        done = make(house)
        if done.returncode == 0:
            break
        said = done.stdout + done.stderr
        assert str(file.relative_to(house.folder)) in said, last_lines(done)
        assert "rebuild it: rm" in said, last_lines(done)
        file.unlink()
    assert done.returncode == 0, last_lines(done)
    machine.check_whole(house)
    return "named and rebuilt, or as it was; tables equal"


# Disks


@contextlib.contextmanager
def small_disk(house, size="64m"):
    """results/ as a small disk of its own, with what was in it."""
    results, kept = house / "results", house / "kept"
    kept.mkdir()
    if results.exists():
        shutil.copytree(results, kept, dirs_exist_ok=True, symlinks=True)
    results.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", results], check=True)
    try:
        shutil.copytree(kept, results, dirs_exist_ok=True, symlinks=True)
        yield results
        shutil.rmtree(kept)
        shutil.copytree(results, kept, symlinks=True)
    finally:
        subprocess.run(["umount", "-l", results], check=True)
    shutil.rmtree(results)
    kept.rename(results)


def fill(file):
    """Write zeros until there is no room."""
    with file.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    out.write(bytes(size))


STEPS = {
    "data preparation": ["datasets"],
    "training": ["tiny"],
    "collecting": ["tiny/runs.parquet", "tiny/report.html"],
    "report": ["tiny/report.html"],
}


def disk_full(machine, draw):
    """no space left, at each of: data preparation, training, collecting, report"""
    for step, gone in STEPS.items():
        house = machine.copy()
        with small_disk(house) as results:
            for place in map(results.joinpath, gone):
                shutil.rmtree(place) if place.is_dir() else place.unlink()
            if step == "data preparation":
                shutil.rmtree(results / "tiny")
            fill(results / "filler")
            done = make(house)
            assert done.returncode, f"{step}: a full disk was not noticed"
            said = done.stdout + done.stderr
            assert "No space left on device" in said, f"{step}: {last_lines(done)}"
            (results / "filler").unlink()
            finish_study(house)
        machine.check_whole(house)
    return f"named at {', '.join(STEPS)}; the next start completes"


def read_only(machine, draw):
    """results on a disk that became read-only"""
    house = machine.copy()
    with small_disk(house) as results:
        (results / "tiny/report.html").unlink()
        subprocess.run(["mount", "-o", "remount,ro", results], check=True)
        done = make(house)
        subprocess.run(["mount", "-o", "remount,rw", results], check=True)
        assert done.returncode and "Read-only file system" in done.stdout + done.stderr, last_lines(
            done
        )
        finish_study(house)
    machine.check_whole(house)
    return "named; the next start completes"


def no_permission(machine, draw):
    """results that belong to somebody else"""
    house = machine.copy()
    for folder in (machine.folder, *machine.folder.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    (house / RESULTS / "report.html").unlink()
    for path in (house.folder, *house.folder.glob(".snakemake/**/*"), house / ".snakemake"):
        os.chown(path, 65534, 65534)
    done = house.run(
        *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command(house)),
        HOME=str(house.folder), XDG_CACHE_HOME=str(house / "cache"),
    )  # fmt: skip
    assert done.returncode and "Permission denied" in done.stdout + done.stderr, last_lines(done)
    finish_study(house)
    machine.check_whole(house)
    return "named; the owner's next start completes"


def clock_back(machine, draw):
    """a clock that jumps back by a day after the training"""
    house = machine.copy()
    tomorrow = time.time() + 86400
    for file in [*(house / "results").rglob("*"), *(house / "workflow").rglob("*")]:
        os.utime(file, (tomorrow, tomorrow))
    for file in (f"{RESULTS}/contrasts.parquet", f"{RESULTS}/report.html"):
        (house / file).unlink()
    done = make(house)
    assert done.returncode and "clock skew" in done.stdout + done.stderr, last_lines(done)
    for file in [*(house / "results").rglob("*"), *(house / "workflow").rglob("*")]:
        file.touch()
    finish_study(house)
    planned = house.plan()
    assert not [rule for rule in planned if rule.startswith("train_")], planned
    machine.check_whole(house)
    return "Snakemake names the file of the future; touched, nothing is trained again"


# Two at once


def same_study_twice(machine, draw):
    """two Snakemakes on the same study at once"""
    house = machine.house()
    one = start_make(house)
    wait_until(lambda: (house / ".snakemake/execution_locks").is_dir(), one)
    two = make(house)
    assert two.returncode and "another Snakemake works here" in two.stderr, last_lines(two)
    assert one.wait() == 0, (house / "out").read_text()[-300:]
    machine.check_whole(house)
    return "the second is refused and says why; tables equal"


def two_studies(machine, draw):
    """two studies at once that prepare the same data"""
    house = machine.house()
    text = (house / "study.yaml").read_text()
    (house / "other.yaml").write_text(text.replace("name: tiny", "name: other"))
    one = start_make(house)
    wait_until(lambda: (house / ".snakemake/execution_locks").is_dir(), one)
    two = house.run(*command(house), "STUDY=other.yaml")
    waited = two.returncode != 0
    if waited:
        assert "another Snakemake works here" in two.stderr, last_lines(two)
    assert one.wait() == 0, (house / "out").read_text()[-300:]
    if waited:
        two = house.run(*command(house), "STUDY=other.yaml")
        assert two.returncode == 0, last_lines(two)
    assert (house / "results/other/report.html").exists()
    machine.check_whole(house)
    return "the second waits for the data" if waited else "both completed"


FAULTS = {
    killed: 30,
    digits_killed: 3,
    killed_alone: 5,
    job_killed: 5,
    stale_lock: 1,
    corrupted: 100,
    corrupted_and_made_again: 5,
    disk_full: 1,
    read_only: 1,
    no_permission: 1,
    clock_back: 1,
    same_study_twice: 1,
    two_studies: 1,
}


def try_fault(fault, times, *given):
    """The row of a fault that is tried so often: its headline, the times, the outcomes."""
    outcomes = {}
    for n in range(times):
        try:
            said = fault(*given, random.Random(n))
        except Exception as error:  # what went wrong is a row of the table, not its end
            said = f"WRONG: {type(error).__name__}: {' '.join(str(error).split())[-300:]}"
        outcomes[said] = outcomes.get(said, 0) + 1
    said = "; ".join(f"{n} × {what}" if len(outcomes) > 1 else what for what, n in outcomes.items())
    row = f"| {' '.join(fault.__doc__.split())} | {times} | {said} |"
    print(row, flush=True)
    return "WRONG" not in said


# On a Slurm


def on_slurm(times, names):
    """The rows of tests/slurm's faults, and of two whole studies that nothing disturbs."""
    import cluster
    import faults_of_slurm

    if cluster.missing():
        sys.exit(cluster.missing())
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, cluster.Slurm() as slurm:
        place = Path(folder)
        rows = dict.fromkeys((digits_study, paper_grid), (slurm, place))
        if not names or not {f.__name__ for f in rows}.issuperset(names):
            expected = faults_of_slurm.undisturbed(House(place / "undisturbed").built())
            rows = {as_fault(f): (slurm, place, expected) for f in faults_of_slurm.ALL} | rows
        for row, given in rows.items():
            if not names or row.__name__ in names:
                wrong += not try_fault(row, times or 1, *given)
    return wrong


def as_fault(fault):
    """A fault of tests/slurm as a row: after it the tables must be the `expected` ones."""
    import faults_of_slurm

    @wraps(fault)
    def row(slurm, folder, expected, draw):
        house = House(folder / f"{fault.__name__}-{draw.random()}").built()
        assert fault(slurm, faults_of_slurm.long_study(house)), "it did not happen"
        assert tables(house) == expected, "other tables"
        assert faults_of_slurm.left_over(house) == [], "something is left behind"
        return "tables equal"

    return row


def digits_study(slurm, folder, draw):
    """config/digits.yaml to its report, 110 runs in packs of 10, undisturbed"""
    return both(slurm, folder, yaml.safe_load((ROOT / "config/digits.yaml").read_text()))


def paper_grid(slurm, folder, draw):
    """the paper's grid on digits to its report, 132 runs in packs of 3, undisturbed"""
    from faults_of_slurm import paper_shaped

    return both(slurm, folder, paper_shaped())


def both(slurm, folder, study):
    """Run a study without and with Slurm and hold its tables against each other; what it took."""
    from faults_of_slurm import Execution, left_over

    here, there = (House(folder / f"{study['name']}-{n}").built() for n in range(2))
    for house in (here, there):
        (house / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    begun = time.monotonic()
    alone = here.snakemake(cores=2)
    assert alone.returncode == 0, last_lines(alone)
    between = time.monotonic()
    through = Execution(slurm, there, wanted=())
    assert through.wait(3600) == 0, through.output[-300:]
    end = time.monotonic()
    assert tables(there, study["name"]) == tables(here, study["name"]), "other tables"
    assert (there / f"results/{study['name']}/report.html").exists(), "no report"
    assert left_over(there) == [], "something is left behind"
    jobs = len(list((there / ".snakemake/slurm_logs").rglob("*.log")))
    took = f"{jobs} jobs in {end - between:.0f} s, {between - begun:.0f} s without Slurm"
    shutil.rmtree(here.folder)
    shutil.rmtree(there.folder)
    return f"tables equal; {took}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=", ".join(f.__name__ for f in FAULTS))
    parser.add_argument("--times", type=int, help="how often, instead of each one's own number")
    parser.add_argument("--slurm", action="store_true", help="the faults of tests/slurm")
    asked = parser.parse_args()
    House.patience = 3600  # config/digits.yaml takes minutes, and longer where others work
    print("| fault | times | outcome |\n|---|---|---|", flush=True)
    if asked.slurm:
        sys.exit(on_slurm(asked.times, asked.names))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(folder)
        for fault, times in FAULTS.items():
            if not asked.names or fault.__name__ in asked.names:
                wrong += not try_fault(fault, asked.times or times, machine)
    sys.exit(wrong)


if __name__ == "__main__":
    main()
