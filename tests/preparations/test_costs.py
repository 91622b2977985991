"""Methods that take long foresee it, say it, tell their progress and are ended by Ctrl-C."""

import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from qcattn.apart import apart
from qcattn.errors import DoesNotFit, TakesLong, TooLarge
from qcattn.models import ising
from qcattn.preparations import (
    CKG,
    QITE,
    QSVT,
    DetailedBalance,
    ImaginaryTime,
    SystemBath,
    ThermofieldQAOA,
    Variational,
)
from qcattn.preparations.costs import Evaluations
from qcattn.progress import hearing
from qcattn.stages import prepared_by
from qcattn.trials import prepare

SLOW = [
    CKG(error=0.1),
    QITE(steps=2),
    SystemBath(cycles=3),
    DetailedBalance(),
    Variational(restarts=1),
    ThermofieldQAOA(starts=1),
    ImaginaryTime(),
    QSVT(error=1e-3),
]
FORESEEING = [method for method in SLOW if hasattr(method, "foreseen")]


def name(method):
    return type(method).__name__


@pytest.mark.parametrize(("method", "n"), [(QITE(), 2), (QITE(), 3), (SystemBath(cycles=5), 2),
                                           (SystemBath(cycles=2), 3)])  # fmt: skip
def test_the_gates_that_are_foreseen_come_to_a_factor_of_two(method, n):
    foreseen = method.foreseen(ising(n)).gates
    assert 0.5 < len(method(ising(n), beta=1.0).circuit.data) / foreseen < 2


@pytest.mark.parametrize(
    ("method", "short", "long"),
    [
        (QITE(steps=20), 3, 5),
        (SystemBath(), 2, 5),
        (DetailedBalance(), 4, 6),
        (QSVT(), 8, 12),
        (ImaginaryTime(), 8, 12),
    ],
    ids=name,
)
def test_what_took_minutes_in_silence_is_foreseen(method, short, long):
    """Measured in silence before: QITE 220 s, SystemBath 65 s, DetailedBalance over 200 s."""
    assert method.foreseen(ising(short)).seconds < 5
    assert 30 < method.foreseen(ising(long)).seconds < 3600


@pytest.mark.parametrize("method", SLOW, ids=name)
def test_each_says_it_where_it_is_long(monkeypatch, method):
    monkeypatch.setattr("qcattn.forecast.LONG", 0.0)
    with pytest.warns(TakesLong, match=rf"{name(method)}.* takes .* second"):
        method(ising(2), beta=1.0)


@pytest.mark.parametrize("method", SLOW, ids=name)
def test_each_tells_how_far_it_is(monkeypatch, told, method):
    monkeypatch.setattr("qcattn.progress._PAUSE", 0.0)
    with hearing(told), warnings.catch_warnings():
        warnings.simplefilter("error")
        method(ising(2), beta=1.0)
    if not isinstance(method, QSVT):  # whose one long step is a single call
        assert len(told) > 3
    assert all(0 <= step.done <= step.total for step in told)


@pytest.mark.parametrize("method", FORESEEING, ids=name)
def test_in_a_process_of_its_own_it_finds_the_same(monkeypatch, method):
    seen = []

    def watched(*args):
        seen.append(args)
        return apart(*args)

    monkeypatch.setattr("qcattn.stages.apart", watched)
    here = prepared_by(method, ising(2), 1.0)
    assert not seen
    monkeypatch.setattr("qcattn.stages.WORTH", 0.0)
    there = prepared_by(method, ising(2), 1.0)
    assert len(seen) == 1
    assert there.circuit == here.circuit
    assert np.array_equal(there.distribution, here.distribution)
    assert there.error == here.error


def test_what_does_not_fit_is_refused_by_the_forecast_as_by_the_call():
    with pytest.raises(TooLarge, match="or `domain=") as foreseen:
        QITE().foreseen(ising(8))
    with pytest.raises(TooLarge) as called:
        prepared_by(QITE(), ising(8), 1.0)
    assert str(foreseen.value) == str(called.value)
    with pytest.raises(DoesNotFit):
        SystemBath(couplings=("XX",)).foreseen(ising(3))


def test_evaluations_are_foreseen_from_the_first_few(told):
    search = Evaluations("free energies", 1000)
    slow = search.of(lambda: time.sleep(0.04))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slow(), slow()
        with pytest.raises(TakesLong, match=r"^1,000 free energies takes about \d+ seconds"):
            slow()


ENDLESS = """
import os, signal, threading
from qcattn.errors import Interrupted
from qcattn.models import ising
from qcattn.preparations import Amplitude, DetailedBalance, Heralded, QITE
from qcattn.trials import prepare
def told(done, total, what):
    if what.startswith(METHOD):
        threading.Timer(3, os.kill, (os.getpid(), signal.SIGINT)).start()
import warnings
warnings.simplefilter("ignore")
METHOD = {method!r}
try:
    prepare(ising({n}), methods=[Heralded(), {method}()], seed=1, progress=told)
except Interrupted as stop:
    print([trial.name for trial in stop.result.trials])
"""


@pytest.mark.parametrize(("method", "n"), [("QITE", 5), ("DetailedBalance", 6)])
def test_ctrl_c_ends_what_takes_minutes_and_keeps_the_other_methods(method, n):
    begun = time.monotonic()
    code = ENDLESS.format(method=method, n=n)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90)
    assert done.stdout == "['Heralded']\n", done.stderr
    assert time.monotonic() - begun < 30


def test_trials_tell_the_steps_inside_a_method(monkeypatch, told):
    monkeypatch.setattr("qcattn.progress._PAUSE", 0.0)
    prepare(ising(2), methods=[QITE(steps=2)], shots=100, seed=1, progress=told)
    assert any("steps of imaginary time" in step.what for step in told)
    assert any("gates of its exact state" in step.what for step in told)
    assert [step.done for step in told] == sorted(step.done for step in told)
    assert told[-1].done == told[-1].total == 1
