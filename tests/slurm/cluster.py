"""A whole Slurm on this host: accounting, two nodes with four pretended GPUs each.

    with Slurm(folder) as slurm: …

starts munged, MariaDB, slurmdbd, slurmctld and two slurmd, all of them below `folder`, and stops
them by their process ids, with whatever their jobs have started.
"""

import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

NODES = ("n1", "n2")
PROGRAMS = ("munged", "mariadbd", "mariadb-install-db", "slurmdbd", "slurmctld", "slurmd", "sbatch")
CONFIG = Path("/etc/slurm")  # jobs read it here whatever SLURM_CONF says
FILES = ("slurm.conf", "gres.conf", "cgroup.conf")
MARK = "ACTIVARIUM_SLURM"  # in the environment of everything that is started here

SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
AuthType=auth/munge
AuthInfo=socket={b}/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={b}/state
SlurmdSpoolDir={b}/spool/%n
SlurmctldPidFile={b}/run/slurmctld.pid
SlurmdPidFile={b}/run/slurmd.%n.pid
SlurmctldLogFile={b}/log/slurmctld.log
SlurmdLogFile={b}/log/slurmd.%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=5,bf_interval=5
GresTypes=gpu
MpiDefault=none
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=15
KillWait=5
MinJobAge=300
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=16819
AccountingStoragePass={b}/munge/socket
AccountingStorageTRES=gres/gpu
NodeName=DEFAULT CPUs=8 RealMemory=64000 Gres=gpu:test:4
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port=17001
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port=17002
PartitionName=DEFAULT MaxTime=02:00:00 DefaultTime=00:10:00 DefMemPerCPU=500
PartitionName=gpu Nodes=n1,n2 Default=YES State=UP
"""

SLURMDBD_CONF = """
AuthType=auth/munge
AuthInfo={b}/munge/socket
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort=16819
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=13306
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
LogFile={b}/log/slurmdbd.log
PidFile={b}/run/slurmdbd.pid
"""

GRES_CONF = """
NodeName=n1 Name=gpu Type=test File={b}/dev/nvidia[0-3]
NodeName=n2 Name=gpu Type=test File={b}/dev/nvidia[4-7]
"""

CGROUP_CONF = """
CgroupPlugin=cgroup/v1
ConstrainCores=no
ConstrainDevices=no
ConstrainRAMSpace=no
"""


def missing():
    """Why no Slurm can be started here, or None."""
    if os.geteuid():
        return "only root can start a Slurm"
    gone = [program for program in PROGRAMS if not shutil.which(program)]
    if gone:
        return f"no {', '.join(gone)} here; .ci/run installs a Slurm"
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return "no snakemake-executor-plugin-slurm in this environment"
    for file in map(CONFIG.joinpath, FILES):
        if file.exists() and not (file.is_symlink() and MARK.lower() in str(file.readlink())):
            return f"this machine has a Slurm of its own, {file}"
    return None


class Slurm:
    """The cluster; one at a time on a host, others wait for their turn."""

    def __init__(self):
        self.processes = {}
        self.last_answer = ""

    def __enter__(self):
        self.host_lock = (Path(tempfile.gettempdir()) / f"{MARK.lower()}.lock").open("w")
        fcntl.flock(self.host_lock, fcntl.LOCK_EX)
        for pid in pids_with_variable(
            f"{MARK}="
        ):  # of one that was killed before it could stop its daemons
            _kill(pid, signal.SIGKILL)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{MARK.lower()}."))
        try:
            self._configure()
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in reversed(list(self.processes)):
            self.stop(name)
        for pid in self.process_ids():
            _kill(pid, signal.SIGKILL)
        for file in FILES:
            (CONFIG / file).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.host_lock.close()

    @property
    def environment(self):
        """What a process needs in order to be found, and stopped, with this cluster."""
        return {MARK: str(self.folder), "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}

    def _configure(self):
        for sub in ("munge", "state", "spool/n1", "spool/n2", "run", "log", "dev", "db"):
            (self.folder / sub).mkdir(parents=True)
        self.folder.chmod(0o755)
        for i in range(8):
            os.mknod(self.folder / f"dev/nvidia{i}", 0o20666, os.makedev(1, 3))
        texts = dict(zip(FILES, (SLURM_CONF, GRES_CONF, CGROUP_CONF), strict=True))
        values = {"b": self.folder, "host": socket.gethostname().split(".")[0]}
        CONFIG.mkdir(exist_ok=True)
        for file, text in (texts | {"slurmdbd.conf": SLURMDBD_CONF}).items():
            (self.folder / file).write_text(text.format(**values))
            (self.folder / file).chmod(0o600 if file == "slurmdbd.conf" else 0o644)
        for file in FILES:
            (CONFIG / file).unlink(missing_ok=True)
            (CONFIG / file).symlink_to(self.folder / file)
        (self.folder / "munge/key").write_bytes(os.urandom(1024))
        (self.folder / "munge/key").chmod(0o600)

    def _start_all(self):
        b, munge = self.folder, self.folder / "munge"
        self.start("munged", "munged", "--foreground", "--force", f"--key-file={munge}/key",
                   f"--socket={munge}/socket", f"--pid-file={munge}/pid",
                   f"--log-file={munge}/log", f"--seed-file={munge}/seed")  # fmt: skip
        self.call("mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={b}/db",
                  "--auth-root-authentication-method=normal", "--skip-test-db")  # fmt: skip
        self.start("mariadbd", "mariadbd", "--no-defaults", "--user=root", f"--datadir={b}/db",
                   f"--socket={b}/db.sock", "--bind-address=127.0.0.1", "--port=13306",
                   f"--pid-file={b}/run/db.pid", "--innodb-flush-log-at-trx-commit=0")  # fmt: skip
        self.until((munge / "socket").exists, "munged")
        ask = ("mariadb", f"--socket={b}/db.sock", "-e", "select 1")
        self.until(lambda: self._answers(*ask), "mariadbd")
        self.call("mariadb", f"--socket={b}/db.sock", "-e",
                  "create database slurm; create user slurm@'127.0.0.1' identified by 'slurm'; "
                  "grant all on slurm.* to slurm@'127.0.0.1'")  # fmt: skip
        self.start("slurmdbd", "slurmdbd", "-D", SLURM_CONF=f"{b}/slurm.conf")
        self.until(lambda: self._answers("sacctmgr", "-n", "show", "cluster"), "slurmdbd")
        self.call("sacctmgr", "-i", "add", "cluster", "test")
        self.call("sacctmgr", "-i", "add", "account", "test", "cluster=test")
        self.call("sacctmgr", "-i", "add", "user", "root", "account=test")
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.until(self.is_ready, "slurmctld")

    def until(self, happened, name):
        """Wait for the daemon `name`; an error with the end of its logs where it does not start."""
        try:
            until(lambda: self.processes[name].poll() is not None or happened(), name)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self._log_ends(name)}") from error
        if self.processes[name].poll() is not None:
            raise RuntimeError(f"{name} ended\n{self._log_ends(name)}")

    def _log_ends(self, name):
        logs = [*self.folder.glob(f"log/{name}*"), *self.folder.glob("munge/log")]
        return self.last_answer + "\n".join(log.read_text(errors="replace")[-1500:] for log in logs)

    def start(self, name, *command, **environment):
        """A daemon in the foreground of its own session, its output in log/{name}.out."""
        with (self.folder / f"log/{name}.out").open("a") as out:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                env=os.environ | self.environment | environment, cwd=self.folder,
            )  # fmt: skip

    def start_controller(self):
        self.start("slurmctld", "slurmctld", "-D")

    def start_node(self, node):
        self.start(node, "slurmd", "-D", "-N", node)

    def stop(self, name, how=signal.SIGTERM):
        """End one daemon and wait for it."""
        process = self.processes.pop(name)
        process.send_signal(how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def call(self, *command):
        """The output of a command; CalledProcessError with what it said where it fails."""
        done = subprocess.run(command, env=os.environ | self.environment, capture_output=True,
                              text=True, timeout=60)  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def _answers(self, *command):
        done = subprocess.run(command, env=os.environ | self.environment, capture_output=True,
                              text=True, timeout=60)  # fmt: skip
        self.last_answer = done.stdout + done.stderr
        return done.returncode == 0

    def is_ready(self):
        """Whether both nodes take jobs."""
        try:
            return self.call("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * len(NODES)
        except RuntimeError:  # no controller yet
            return False

    def jobs(self, *options):
        """{id: (state, node)} of the jobs that the controller remembers."""
        lines = self.call("squeue", "-h", "--states=all", "-o", "%i %T %N", *options).splitlines()
        split = [line.split(maxsplit=2) for line in lines]
        return {words[0]: (words[1], "".join(words[2:])) for words in split}

    def running(self):
        """{id: node} of the jobs that run."""
        return {i: node for i, (state, node) in self.jobs().items() if state == "RUNNING"}

    def states(self):
        """How the jobs of this cluster ended, as accounting has it: {id: state}."""
        lines = self.call("sacct", "-a", "-n", "-X", "-P", "-o", "JobID,State").splitlines()
        return dict(line.split("|") for line in lines)

    def allocations(self):
        """What each job was given, as Slurm writes it: billing=1,cpu=1,gres/gpu=1,…"""
        return self.call("squeue", "-h", "--states=all", "-O", "tres-alloc:200").splitlines()

    def kill_node(self, node):
        """As if its plug was pulled: slurmd and every process of its jobs end at once.

        The controller is told before, as a health check tells it; by itself it notices by and by
        and calls the jobs FAILED. Returns the jobs that were there.
        """
        jobs = [i for i, where in self.running().items() if where == node]
        self.call("scontrol", "update", f"nodename={node}", "state=down", "reason=lost")
        self.processes[node].kill()
        self.processes.pop(node).wait()
        for pid in self.process_ids():
            steps = any(
                _read(pid, "cmdline").startswith(f"slurmstepd: [{j}.".encode()) for j in jobs
            )
            if steps or any(self.trains_for(pid, job) for job in jobs):
                _kill(pid, signal.SIGKILL)
        return jobs

    def repair_node(self, node):
        """Bring a lost node back."""
        self.start_node(node)
        self.call("scontrol", "update", f"nodename={node}", "state=resume")
        until(self.is_ready, f"{node} is back")

    @staticmethod
    def trains_for(pid, job):
        """Whether a process belongs to what `job` runs; Slurm's own processes do not."""
        return f"SLURM_JOB_ID={job}".encode() in _read(pid, "environ").split(b"\0")

    def process_ids(self):
        """The ids of all processes that this cluster or its jobs started and that still live."""
        return pids_with_variable(f"{MARK}={self.folder}")


def pids_with_variable(begin):
    """The ids of the other processes with a variable in their environment that begins so."""
    pids = [int(p.name) for p in Path("/proc").glob("[0-9]*") if int(p.name) != os.getpid()]
    return [p for p in pids if b"\0" + begin.encode() in b"\0" + _read(p, "environ")]


def _read(pid, file):
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:
        return b""


def _kill(pid, how):
    with suppress(ProcessLookupError):
        os.kill(pid, how)


def until(happened, what, seconds=60):
    """Wait until `happened()`; an error that names `what` where it never does."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not after {seconds} s")
        time.sleep(0.2)
