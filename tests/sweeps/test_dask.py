"""A sweep on a cluster of dask.distributed, one of whose workers is killed in the middle."""

import os
import signal

import pytest
from typer.testing import CliRunner

from qcattn.cli import app
from qcattn.sweeps import jobs, sweep

distributed = pytest.importorskip("distributed", reason="extra `dask` is not installed")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        host="127.0.0.1",
        silence_logs=50,
    ) as cluster:
        yield cluster


@pytest.mark.filterwarnings("default")
def test_a_worker_killed_in_mid_sweep_costs_nothing(
    small, tables, reference, tmp_path, monkeypatch, cluster, told
):
    monkeypatch.setattr(jobs, "SECONDS", 0.0)
    killed = []
    with distributed.Client(cluster) as client, client.get_executor(pure=False) as executor:
        pids = client.run(os.getpid)

        def kill(done, total, what):
            told(done, total, what)
            if done >= 5 and not killed:
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)

        done = sweep(
            small(),
            store=tmp_path / "runs.sqlite",
            executor=executor,
            progress=kill,
        )
        assert killed and killed[0] not in client.run(os.getpid).values()
    assert "failed" not in told[-1].what and told[-1].done == 32
    assert tables(done) == tables(reference)


@pytest.mark.filterwarnings("default")
def test_the_command_spreads_over_a_cluster(tmp_path, cluster):
    plan = tmp_path / "plan.toml"
    plan.write_text('shots = 100\nbatch = 100\n[[scores]]\nmodel = "minilm"\nlayers = [0]\n')
    done = CliRunner().invoke(
        app,
        ["sweep", str(plan), "--store", str(tmp_path / "a"), "--dask", cluster.scheduler_address],
    )
    assert done.exit_code == 0, done.output
    assert "156 rows, 15,600 shots" in " ".join(done.output.split())
