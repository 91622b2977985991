"""Workers: what they inherit, and a sweep that goes on when they die."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from qcattn.preparations import Amplitude
from qcattn.sweeps import Processes, jobs, running, sweep
from qcattn.sweeps.store import Store

# What workers are made to do; they import it from a file of its own.
WORKS = '''
import os, signal
from pathlib import Path
from qcattn.sweeps.worker import work

def surroundings():
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return os.environ["OMP_NUM_THREADS"], signal.SIGINT in blocked, os.getpid(), os.getppid()

def dies_once(folder, pieces):
    """The second job ends its worker, once."""
    jobs = Path(folder)
    (jobs / f"job{len(list(jobs.iterdir()))}-{os.getpid()}").touch()
    if len(list(jobs.iterdir())) == 2:
        os._exit(9)
    return work(pieces)

def dies_of(beta, pieces):
    """Any piece at this temperature ends its worker."""
    if any(piece.spec["beta"] == beta for piece in pieces):
        os.kill(os.getpid(), signal.SIGKILL)
    return work(pieces)

def dies(pieces):
    os._exit(9)
'''


@pytest.fixture
def works(tmp_path, monkeypatch):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "works_of_workers.py").write_text(WORKS)
    monkeypatch.syspath_prepend(folder)
    import works_of_workers

    yield works_of_workers
    del sys.modules["works_of_workers"]


class Instead(Processes):
    """Workers that do something else than drawing."""

    def __init__(self, workers, work, *first):
        super().__init__(workers)
        self.work = work, *first

    def submit(self, fn, /, *args):
        work, *first = self.work
        return super().submit(work, *first, *args)


def test_a_dead_worker_is_replaced_and_its_batches_are_drawn_again(
    small, tables, reference, tmp_path, monkeypatch, works, told
):
    monkeypatch.setattr(jobs, "SECONDS", 0.0)
    (tmp_path / "jobs").mkdir()
    with Instead(1, works.dies_once, str(tmp_path / "jobs")) as pool:
        done = sweep(small(), store=tmp_path / "a", executor=pool, progress=told)
    assert tables(done) == tables(reference) and "failed" not in told[-1].what
    assert len(list((tmp_path / "jobs").iterdir())) > 32, "something was drawn again"


def test_a_cell_that_always_kills_its_worker_fails_alone(
    small, tables, reference, tmp_path, monkeypatch, works
):
    monkeypatch.setattr(running, "_LIVES", 2)
    with Instead(1, works.dies_of, 1.0) as pool:
        done = sweep(small(preparations=Amplitude()), store=tmp_path / "a", executor=pool)
    assert [cell.standing for cell in done] == ["agrees", "failed"]
    assert "ended its worker process 2 times" in done.cells[1].failure
    assert tables(done.where(beta=0.5)).items() <= tables(reference).items()


SCRIPT = """
import numpy, qcattn
from qcattn.sweeps import Processes
grid = qcattn.Grid(numpy.zeros((2, 4)), beta=[0.5, 1.0], shots=512, batch=256, seed=3)
with Processes(1) as workers:
    print(qcattn.sweep(grid, store="runs.sqlite", executor=workers))
"""
GUARDED = SCRIPT.replace("with P", 'if __name__ == "__main__":\n  with P').replace(
    "    p", "      p"
)


def test_a_script_that_no_worker_can_import_is_said_and_its_cells_did_not_fail(tmp_path):
    """Recorded as failed before, and skipped after the cure."""

    def ran(script, **options):
        command = [sys.executable, *([script] if script else [])]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300,
                              **options)  # fmt: skip

    said = "a worker process ended before it could be given anything to do"
    done = ran(None, input=SCRIPT)
    assert done.returncode == 1 and said in done.stderr
    assert "is '<stdin>', not a file; save the script to a file" in done.stderr
    (tmp_path / "script.py").write_text(SCRIPT)
    done = ran("script.py")
    assert done.returncode == 1 and said in done.stderr
    assert 'under `if __name__ == "__main__":`' in done.stderr
    assert not Store(tmp_path / "runs.sqlite").failures()
    (tmp_path / "script.py").write_text(GUARDED)
    done = ran("script.py")
    assert done.returncode == 0 and done.stdout.startswith("agrees: 2 cells"), done.stderr


def test_workers_that_all_die_end_the_sweep_with_the_likely_reasons(
    small, tmp_path, monkeypatch, works
):
    monkeypatch.setattr(running, "_MOST_DEATHS", 2)
    with (
        Instead(1, works.dies) as pool,
        pytest.raises(
            RuntimeError, match=r"died 3 times .*killed or out of memory.*; take fewer workers"
        ),
    ):
        sweep(small(), store=tmp_path / "a", executor=pool)


def test_a_pool_that_starts_no_new_workers_ends_the_sweep(small, tmp_path, works):
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(works.dies, []).exception()
        with pytest.raises(RuntimeError, match=r"starts no new ones.*qcattn.sweeps.Processes"):
            sweep(small(), store=tmp_path / "a", executor=pool)


def test_workers_keep_to_one_thread_and_leave_ctrl_c_to_their_parent(works):
    before = dict(os.environ)
    with Processes(1) as pool:
        threads, blocked, pid, parent = pool.submit(works.surroundings).result(60)
        assert (threads, blocked, parent) == ("1", True, os.getpid())
        os.kill(pid, signal.SIGINT)
        assert pool.submit(works.surroundings).result(60)[2] == pid, "it lives"
        pool.kill()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert dict(os.environ) == before
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_workers_end_with_a_parent_that_is_killed():
    """In an interpreter that never started a process before."""
    code = """
import os, signal, time
from qcattn.sweeps import Processes
if __name__ == "__main__":
    workers = Processes(1)
    blocked = workers.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
    assert signal.SIGINT in blocked, blocked
    print(workers.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and alive(worker):
        time.sleep(0.05)
    assert not alive(worker)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


@pytest.mark.parametrize("workers", [0, True, 1.5])
def test_a_number_of_workers_that_is_none_is_refused(workers):
    with pytest.raises(ValueError, match="`workers` must be a whole number"):
        Processes(workers)
