"""The search for scripts: bounded in time, and not ended by what ends its processes."""

import time

import pytest
from qiskit import QuantumCircuit

from qcattn.backends.named import named_simulator
from qcattn.backends.simulator import Task
from qcattn.conformance import searching
from qcattn.conformance.law import law_of
from qcattn.conformance.probe import Outcome, ProbeJob
from qcattn.conformance.probes.exact_law import ExactLaw
from qcattn.conformance.report import Answer, Report, conclude
from qcattn.conformance.searching import scripts_of
from qcattn.conformance.shrinking import Attempt
from qcattn.errors import Died

AER = "qiskit_aer:AerSimulator"


def deadly_job():
    """Of its twelve instructions one ends the process."""
    circuit = QuantumCircuit(3, 3)
    for qubit in (0, 1, 2):
        circuit.h(qubit)
        circuit.rx(0.3 + qubit, qubit)
    circuit.rzz(0.7, 0, 2)
    circuit.cx(0, 1)
    circuit.measure([0, 1, 2], [0, 1, 2])
    return ProbeJob(name="deadly", tasks=(Task(circuit, 400),), laws=((law_of(circuit),),))


@pytest.fixture
def job(monkeypatch):
    made = deadly_job()
    monkeypatch.setattr(searching, "job_named", lambda probe, name, level: (ExactLaw(), made))
    return made


def report_of(*names):
    """An alarm of each, by a job that ends the process."""
    answers = [Answer("deadly", Outcome(0.0, raised="Died"))]
    found = [conclude(name, "It is so", "x", answers, alpha=1e-4, seed=1) for name in names]
    about = {"backend": "planted"}
    return Report(simulator=about, level="quick", alpha=1e-3, seed=1, probed=tuple(found))


def search(report, **more):
    tested = named_simulator(AER)
    return dict(scripts_of(report, tested, AER, made_by=lambda: tested, **more))


def dies(gate):
    """In place of processes of their own, some of which die at a gate."""

    def apart(function, *args, waiting):
        for event in function(*args):
            yield event
            if isinstance(event, Attempt) and "rzz" in event.job.tasks[0].circuit.count_ops():
                raise Died("gone", gate)

    return apart


def test_a_job_that_ends_the_process_is_made_small(job, monkeypatch):
    """By processes one after the other: what is left is the gate that does it."""
    seen = []
    monkeypatch.setattr(searching, "apart", dies(-11))
    monkeypatch.setattr(searching, "shows", lambda *_, **__: True)
    found = search(report_of("exact law"), progress=lambda *told: seen.append(told))
    text = found["exact law"].text
    lines = [line.strip() for line in text.splitlines() if line.startswith("    c.")]
    assert lines[0].startswith("c.rzz(") and lines[1].startswith("c.measure(") and len(lines) == 2
    assert "code -11" in text and "--draw" in text and "SHOTS = [25]" in text
    assert {total for _, total, _ in seen} == {90} and "fewer gates" in seen[-1][2] + str(seen)


def test_a_process_that_is_killed_shows_nothing(job, monkeypatch):
    """It may be that it took all the memory."""
    monkeypatch.setattr(searching, "apart", dies(-9))
    assert "did not fail again" in search(report_of("exact law"))["exact law"].why_not


def test_the_search_ends_when_its_time_is_over(job, monkeypatch):
    """Of a trial that has no end, too."""

    def endless(function, *args, waiting):
        while True:
            waiting(1.0)
            time.sleep(0.01)
        yield

    monkeypatch.setattr(searching, "apart", endless)
    monkeypatch.setattr(searching, "_LATE", 0.0)
    begun = time.monotonic()
    found = search(report_of("exact law", "many circuits"), seconds=0.5)
    assert time.monotonic() - begun < 30
    assert all("was over before" in found[name].why_not for name in ("exact law", "many circuits"))
    (none,) = search(report_of("exact law"), seconds=0.0).values()
    assert "0 s of all scripts were used up" in none.why_not
