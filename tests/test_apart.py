"""Work in a process of its own: the same numbers, heard and ended from here."""

import ast
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import working

import qcattn
from qcattn.apart import _started, apart, most_held
from qcattn.backends import Aer
from qcattn.backends.noise import noise_options
from qcattn.encodings import Binary
from qcattn.errors import DoesNotFit, TakesLong, TooLarge
from qcattn.preparations import QSVT, Heralded, Purification
from qcattn.progress import hearing

HERE = Path(working.__file__).parent
ROWS = Binary()([[0.0, 1.0, 2.0], [0.5, -np.inf, 0.1]])


def test_it_is_another_process_that_yields_and_tells(told):
    with hearing(told):
        found = list(apart(working.counted, 3))
    assert [i for i, _ in found] == [0, 1, 2]
    assert os.getpid() not in {pid for _, pid in found}
    assert told[0] == (0, 3, "counting")
    assert 2**24 < most_held() < 2**31


def test_a_child_starts_while_a_thread_changes_the_environment():
    """Without a copy one start in ten was "Bad address"; all 40 would have been well in 1 of 70."""
    done = threading.Event()

    def churn():
        while not done.is_set():
            for i in range(300):
                os.environ[f"QCATTN_TEST_{i}"] = "x" * (i % 50)
            for i in range(300):
                os.environ.pop(f"QCATTN_TEST_{i}", None)

    thread = threading.Thread(target=churn, daemon=True)
    thread.start()
    try:
        for _ in range(40):
            with _started() as child:
                child.kill()
    finally:
        done.set()
        thread.join()


def test_every_process_is_given_an_environment_of_its_own():
    package = Path(qcattn.__file__).parent
    calls = [
        (path.name, {word.arg for word in node.keywords})
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("subprocess.")
    ]
    assert len(calls) >= 3
    assert [name for name, words in calls if "env" not in words] == []


def test_what_is_raised_there_is_raised_here():
    with pytest.raises(DoesNotFit, match=r"^no$"):
        list(apart(working.refusing))


def test_what_is_announced_there_is_announced_here():
    with pytest.warns(TakesLong, match=r"^counting takes about 2 minutes; a clock is quicker$"):
        assert list(apart(working.warning)) == [1]


def test_a_child_that_is_killed_is_named():
    with pytest.raises(RuntimeError, match=r"ended with code -9 .* out of memory"):
        list(apart(working.dying))


def test_what_a_child_prints_does_not_come_between():
    assert list(apart(working.printing)) == [1]


def test_what_only_this_process_knows_is_worked_on_here():
    """A function that cannot be pickled, and a class of a script."""

    def own():
        yield os.getpid()

    assert list(apart(own)) == [os.getpid()]
    script = """
import os
from working import once
class Mine: pass
assert __name__ == "__main__"
from qcattn.apart import apart
print([one == os.getpid() for one in apart(once, Mine())])
print([one == os.getpid() for one in apart(once, 3)])
"""
    done = subprocess.run(
        [sys.executable, "-"],
        input=script,
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["[True]", "[False]"], done.stderr


def test_a_child_has_no_children():
    assert [len(found) for found in apart(working.nested)] == [1]


def gone(pid):
    """Whether a process is no more."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_copy_that_a_fork_left_does_not_work_on():
    """Code under test that forks and comes back twice made 2**n processes of n steps."""
    assert len(list(apart(working.forking, 3))) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_what_a_child_leaves_behind_is_ended_with_it():
    (left,) = apart(working.leaving)
    assert gone(left)


def test_ctrl_c_ends_what_hears_no_signal():
    """The child holds its interpreter for ten minutes."""
    work = apart(working.held_up)
    pid = next(work)
    begun = time.monotonic()
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        next(work)
    assert time.monotonic() - begun < 10
    assert gone(pid)


def test_what_is_left_before_its_end_is_ended():
    work = apart(working.held_up)
    pid = next(work)
    work.close()
    assert gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends it")
def test_a_child_ends_with_the_process_that_started_it():
    code = "from qcattn.apart import apart; from working import held_up\n"
    code += "for pid in apart(held_up): print(pid, flush=True)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=HERE, stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone(pid)


class TestDrawing:
    @pytest.fixture(autouse=True)
    def always(self, monkeypatch):
        """All drawing is long enough for a process of its own."""
        monkeypatch.setattr("qcattn.backends.aer.WORTH", 0.0)

    @pytest.mark.parametrize("draws", ["shots", "born"])
    @pytest.mark.parametrize("noise", ["", "readout=0.02", "depolarizing=0.01"])
    def test_counts_are_those_of_this_process(self, monkeypatch, draws, noise):
        prepared = Heralded()(ROWS, beta=1.0)
        options = noise_options(noise, 6) if noise else {}
        backend = Aer(device="CPU", draws=draws, **options)
        seen = []
        monkeypatch.setattr("qcattn.backends.aer.apart", _watching(seen))
        other = backend(prepared, 500, seed=3)
        assert len(seen) == 1
        monkeypatch.setattr("qcattn.backends.aer.WORTH", 1e9)
        here = backend(prepared, 500, seed=3)
        assert len(seen) == 1
        for name in ("keys", "stray", "discarded"):
            assert np.array_equal(getattr(other, name), getattr(here, name))

    def test_a_row_that_does_not_fit_is_refused_at_once(self):
        with pytest.raises(TooLarge):
            Aer(device="CPU", memory=1000).stream(Purification()(ROWS, beta=1.0), 10)

    def test_a_budget_without_room_for_a_process_is_kept_in_this_one(self, monkeypatch):
        seen = []
        monkeypatch.setattr("qcattn.backends.aer.apart", _watching(seen))
        Aer(device="CPU", memory=100 * 2**20)(Purification()(ROWS, beta=1.0), 10)
        assert not seen


def _watching(seen):
    def watched(*args, **options):
        seen.append(args)
        return apart(*args, **options)

    return watched


LONG = """
import sys, threading, os, signal
from qcattn.backends import Aer
from qcattn.preparations import Purification
from qcattn.encodings import Binary
import numpy as np
prepared = Purification()(Binary()(np.random.default_rng(0).normal(size=4096)), beta=1.0)
threading.Timer(float(sys.argv[1]), os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    Aer(device="CPU")(prepared, 100, seed=1)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("seconds", ["0.5", "4"])
def test_ctrl_c_ends_a_row_that_aer_takes_minutes_for(seconds):
    """24 qubits and 8,190 gates: five minutes on two cores. Aer hears no signal meanwhile."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", LONG, seconds], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "interrupted\n", done.stderr
    assert time.monotonic() - begun < 20


def test_workers_draw_in_their_own_process():
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        (found,) = pool.map(working.processes, [1])
    assert found == 1


def test_a_method_travels():
    (prepared,) = apart(working.prepared)
    here = QSVT(error=1e-3)(Binary()([0.0, 1.0, 2.0]), beta=1.0)
    assert prepared.circuit == here.circuit
    assert np.array_equal(prepared.distribution, here.distribution)
