"""A study on a real Slurm: the tables of one machine, whatever happens to its jobs meanwhile."""

import cluster
import faults_of_slurm as faults
import pyarrow.parquet as pq
import pytest
from conftest import House, tables
from test_own_files import SWOOSH

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("slurm"),
    pytest.mark.skipif(bool(cluster.missing()), reason=str(cluster.missing())),
]


@pytest.fixture(scope="module")
def slurm():
    with cluster.Slurm() as slurm:
        yield slurm


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return faults.undisturbed(House(tmp_path_factory.mktemp("undisturbed") / "house").built())


def test_a_study_through_slurm_gives_the_tables_of_one_machine(slurm, house, trained_once):
    wanted = [faults.WANTED, "results/tiny/figures/forest.svg"]
    run = faults.Execution(slurm, house, "--config", "pack=5", wanted=wanted)
    assert run.wait() == 0, run.output
    assert tables(house) == tables(House(trained_once))
    assert all((house / file).exists() for file in wanted)
    assert faults.left_over(house) == []
    asked = slurm.allocations()
    assert sum("gres/gpu=1" in what for what in asked) == 4  # the packs, and no other job
    assert len(asked) == 4  # which Slurm never sees
    assert len(list((house / ".snakemake/slurm_logs").rglob("*.log"))) == 4


def test_files_beside_the_study_train_through_slurm(slurm, house):
    (house / "my").mkdir()
    (house / "my/swoosh.py").write_text(SWOOSH)
    (house / "my/shared.py").write_text("SLOPE = 0.08\n")
    house.say(activations=["gelu", {"name": "mine", "file": "my/swoosh.py"}], seeds=2)
    run = faults.Execution(slurm, house, wanted=[faults.WANTED])
    assert run.wait() == 0, run.output
    trained = pq.read_table(house / "results/tiny/runs.parquet")
    assert set(trained["activation"].to_pylist()) == {"gelu", "mine"}
    assert trained["status"].to_pylist() == ["ok"] * len(trained)


@pytest.mark.parametrize(
    "fault",
    [
        faults.job_is_cancelled,
        faults.memory_is_too_small,
        faults.node_is_lost,
        faults.snakemake_is_killed,
    ],
    ids=lambda fault: fault.__name__,
)
def test_no_fault_changes_a_byte(slurm, house, undisturbed, fault):
    assert fault(slurm, faults.long_study(house))
    assert tables(house) == undisturbed
    assert faults.left_over(house) == []
