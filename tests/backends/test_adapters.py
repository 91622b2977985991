"""Adapters of other simulators: the law of a circuit with every kind of gate, seeds, refusals."""

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qcattn import run
from qcattn.backends.named import named_simulator
from qcattn.backends.simulator import Task
from qcattn.backends.translation import reads_at_end, steps
from qcattn.comparisons import fit
from qcattn.conformance.law import law_of
from qcattn.conformance.tally import tally
from qcattn.errors import DoesNotFit

PACKAGES = {
    "cirq": "cirq",
    "clifft": "clifft",
    "ddsim": "mqt.ddsim",
    "pennylane": "pennylane",
    "qibo": "qibo",
    "qilisim": "qilisdk",
    "qsim": "qsimcirq",
    "quimb": "quimb",
    "qulacs": "qulacs",
    "stim": "stim",
    "tsim": "tsim",
}


def simulator(name):
    pytest.importorskip(PACKAGES[name], reason=f"{name} is an extra of its own")
    return named_simulator(name)


def mixed(*, clifford):
    """Three qubits read out of order, with gates whose phases and directions show."""
    circuit = QuantumCircuit(3, 4)
    circuit.h(0)
    circuit.s(0)
    circuit.sx(0)
    circuit.cx(0, 1)
    if clifford:
        circuit.h(2)
    else:
        circuit.rx(0.4, 0)
        circuit.ry(0.7, 1)
        circuit.rz(0.9, 1)
        circuit.t(2)
        circuit.u(0.3, 0.8, 1.1, 2)
        circuit.crx(0.6, 1, 2)
        circuit.rzz(0.5, 0, 2)
        circuit.h(2)
    circuit.y(1)
    circuit.cz(1, 2)
    circuit.swap(0, 2)
    circuit.measure([0, 1, 2], [3, 0, 1])
    return circuit


@pytest.mark.parametrize("name", PACKAGES)
def test_shots_follow_the_law_of_the_circuit(name):
    """False-failure rate 1e-6; the law with the bits turned round is refuted."""
    circuit = mixed(clifford=name == "stim")
    law, ((drawn,),) = law_of(circuit), simulator(name).sample([Task(circuit, 5_000)], seed=5)
    assert drawn.shape == (5_000, 4) and not drawn[:, 2].any()
    assert fit(tally([drawn], law), law.p).overall() > 1e-6
    turned = [drawn[:, [1, 0, 2, 3]]]
    assert fit(tally(turned, law), law.p).overall() < 1e-6


@pytest.mark.parametrize("name", PACKAGES)
def test_a_seed_gives_the_same_shots_again_and_another_one_does_not(name):
    circuit = mixed(clifford=name == "stim")
    tasks = [Task(circuit, 200), Task(circuit, 200)]
    one, again, other = (simulator(name).sample(tasks, seed) for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for x, y in zip(one, again, strict=True)
               for a, b in zip(x, y, strict=True))  # fmt: skip
    assert not np.array_equal(one[0][0], other[0][0])
    assert not np.array_equal(one[0][0], one[1][0])


@pytest.mark.parametrize("name", ["qulacs"])
def test_probabilities_are_those_of_the_readings(name):
    circuit = mixed(clifford=False)
    law, (found,) = law_of(circuit), simulator(name).probabilities([circuit])
    exact = np.zeros(16)
    exact[[int(outcome, 2) for outcome in law.outcomes]] = law.p
    assert np.allclose(found, exact, atol=1e-12)


@pytest.mark.parametrize("name", PACKAGES)
def test_what_it_does_not_take_is_said_by_a_type(name):
    circuit = QuantumCircuit(1, 1)
    circuit.t(0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    circuit.measure(0, 0)
    with pytest.raises(DoesNotFit):
        simulator(name).sample([Task(circuit, 10)])


def test_stim_takes_quarter_turns_under_any_name():
    """There is no chance in it: the turns make an X."""
    pytest.importorskip("stim", reason="an extra of its own")
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.rz(np.pi, 0)
    circuit.u(np.pi / 2, 0, np.pi, 0)
    circuit.measure(0, 0)
    ((drawn,),) = simulator("stim").sample([Task(circuit, 10)], seed=1)
    assert drawn.all()


def test_a_run_on_qulacs_agrees_with_softmax():
    """False-failure rate 1e-6."""
    pytest.importorskip("qulacs", reason="an extra of its own")
    result = run([[0.0, 1.0, 2.0, 0.5]], backend="qulacs", seed=3, alpha=1e-6)
    assert result.agrees and result.settings["backend"] == "Qulacs"


def test_steps_translate_what_a_library_lacks_and_keep_the_bits():
    circuit = QuantumCircuit(2, 2)
    circuit.iswap(0, 1)
    circuit.barrier()
    circuit.measure([0, 1], [1, 0])
    found = steps(circuit, ["h", "cx", "rz", "sx", "x"])
    assert {step.name for step in found} <= {"h", "cx", "rz", "sx", "x", "measure"}
    _, read = reads_at_end(found, 2)
    assert read == [1, 0]


def test_a_qubit_that_is_used_after_it_was_read_is_refused():
    circuit = QuantumCircuit(1, 2)
    circuit.measure(0, 0)
    circuit.x(0)
    circuit.measure(0, 1)
    with pytest.raises(DoesNotFit, match="measured last on this simulator, but 0 goes on"):
        reads_at_end(steps(circuit, ["x"]), 2)
