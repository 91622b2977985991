"""A Qiskit backend as it stands, its abilities and its shots."""

import re

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import RXGate
from qiskit.providers import BackendV2, Options
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator

from qcattn.backends import QiskitBackend
from qcattn.backends.simulator import Task, readings_of_counts, readings_of_strings
from qcattn.backends.streams import run_circuits
from qcattn.comparisons import fit
from qcattn.errors import DoesNotFit


def turned():
    """Two qubits at an angle, read in the other order."""
    circuit, angle = QuantumCircuit(2, 3), Parameter("angle")
    circuit.ry(angle, 0)
    circuit.measure([0, 1], [2, 0])
    return circuit


@pytest.mark.parametrize(
    "backend", [AerSimulator(), BasicSimulator()], ids=["Aer", "BasicSimulator"]
)
def test_tasks_of_other_shots_and_bindings_come_back_in_their_places(backend):
    """False-failure rate 1e-6; the law of another binding is refuted."""
    angles = np.array([0.4, 1.1, 2.6])
    tasks = [Task(turned(), 3000, angles[:2, None]), Task(turned(), 500, angles[2:, None])]
    drawn = QiskitBackend(backend).sample(tasks, seed=5)
    assert [[one.shape for one in task] for task in drawn] == [[(3000, 3)] * 2, [(500, 3)]]
    for one, angle in zip([x for task in drawn for x in task], angles, strict=True):
        assert not one[:, :2].any()
        ones = int(one[:, 2].sum())
        p = np.sin(angle / 2) ** 2
        assert fit([len(one) - ones, ones], [1 - p, p]).overall() > 1e-6
        assert fit([len(one) - ones, ones], [p, 1 - p]).overall() < 1e-6


def test_abilities_are_what_the_backend_says():
    aer, basic = QiskitBackend(AerSimulator()), QiskitBackend(BasicSimulator())
    assert {"parameters", "order", "seed", "conditional", "loop", "probabilities"} <= aer.abilities
    assert not {"parameters", "conditional", "loop", "probabilities"} & basic.abilities
    assert QiskitBackend(AerSimulator(method="stabilizer")).most_qubits > 1000
    assert aer.most_qubits == 24


def test_saved_probabilities_are_those_of_the_readings():
    circuit = QuantumCircuit(2, 2)
    circuit.ry(1.1, 0)
    circuit.measure([0, 1], [1, 0])
    (found,) = QiskitBackend(AerSimulator()).probabilities([circuit])
    p = np.sin(0.55) ** 2
    assert np.allclose(found, [1 - p, 0, p, 0], atol=1e-12)


def test_a_gate_that_the_backend_does_not_have_is_said_by_a_type():
    circuit = QuantumCircuit(1, 1)
    circuit.ry(0.3, 0)
    circuit.measure(0, 0)
    with pytest.raises(DoesNotFit, match="Clifford gates only"):
        QiskitBackend(AerSimulator(method="stabilizer")).sample([Task(circuit, 10)])


def test_what_is_no_backend_is_refused():
    with pytest.raises(ValueError, match="BackendV2, but is str"):
        QiskitBackend("aer")


def test_readings_refuse_strings_of_another_length():
    with pytest.raises(ValueError, match="3 bits"):
        readings_of_strings(["01"], 3)
    assert readings_of_counts({"10": 2}, 2).tolist() == [[False, True]] * 2


def test_the_gates_of_a_loop_are_put_into_those_of_the_target():
    """The matrix product states of Aer have loops, but no controlled RY."""
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    with circuit.for_loop(range(2)):
        circuit.cry(np.pi / 2, 0, 1)
    circuit.measure([0, 1], [0, 1])
    simulator = QiskitBackend(AerSimulator(method="matrix_product_state"))
    ((drawn,),) = simulator.sample([Task(circuit, 5)], 1)
    assert drawn.all()


def test_results_that_are_missing_among_others_are_not_given_to_the_wrong_circuit():
    class Short(AerSimulator):
        def run(self, circuits, **options):
            return super().run(circuits[:-1], **options)

    tasks = [Task(measured(1), 5), Task(measured(2), 5)]
    with pytest.raises(RuntimeError) as caught:
        QiskitBackend(Short()).sample(tasks, 1)
    said = "aer_simulator gave 1 result, not 2: 0 for the 1 binding of circuit 1 (m2)"
    assert str(caught.value) == said


def test_a_job_of_which_a_part_failed_names_the_circuit_and_what_was_said_of_it():
    """The status of the whole is PARTIAL COMPLETED, and that of the others is DONE."""

    class Partly(AerSimulator):
        def run(self, circuits, **options):
            job = super().run(circuits, **options)
            result = job.result()
            result.status, result.success = "PARTIAL COMPLETED", False
            for one in result.results[1:3]:
                one.success, one.status = False, "ERROR: device lost"
                one.data = None
            job.result = lambda: result
            return job

    tasks = [Task(measured(qubits), 5) for qubits in (1, 2, 3, 4)]
    simulator = QiskitBackend(Partly())
    said = "2 of 4 circuits of the job (PARTIAL COMPLETED), circuit 1: ERROR: device lost"
    with pytest.raises(RuntimeError, match=re.escape(f"aer_simulator failed: {said}") + "$"):
        simulator.sample(tasks, 1)
    with pytest.raises(RuntimeError, match=re.escape(said)):
        simulator.probabilities([task.circuit for task in tasks])


def test_aer_itself_fails_in_a_part_of_a_job_and_the_part_is_named():
    turned = measured(1)
    turned.data.insert(0, turned.data[0].replace(operation=RXGate(0.3), clbits=()))
    aer, three = AerSimulator(method="stabilizer"), [measured(1), turned, measured(2)]
    with pytest.raises(RuntimeError, match=r"could not run the circuit: 1 of 3 .* circuit 1: .*rx"):
        run_circuits(aer, three, 3, 5, 1, 1)


class Plain(BackendV2):
    """The least that a BackendV2 can be: its one option is the number of shots."""

    target, max_circuits = AerSimulator().target, None

    @classmethod
    def _default_options(cls):
        return Options(shots=1024)

    def run(self, circuits, shots=1024):
        return AerSimulator(seed_simulator=7).run(circuits, shots=shots)


def test_a_backend_is_asked_for_what_its_options_list_only():
    """False-failure rate 1e-6; the law of another angle is refuted."""
    simulator = QiskitBackend(Plain())
    assert not simulator.abilities & {"order", "seed", "parameters", "noise"}
    ((drawn,),) = simulator.sample([Task(turned(), 3000, np.array([[0.4]]))], seed=5)
    ones, p = int(drawn[:, 2].sum()), np.sin(0.2) ** 2
    assert drawn.shape == (3000, 3) and not drawn[:, :2].any()
    assert fit([3000 - ones, ones], [1 - p, p]).overall() > 1e-6
    assert fit([3000 - ones, ones], [1 - 2 * p, 2 * p]).overall() < 1e-6


def measured(qubits):
    circuit = QuantumCircuit(qubits, qubits, name=f"m{qubits}")
    circuit.measure(range(qubits), range(qubits))
    return circuit


def test_precision_and_method_are_chosen_for_every_run():
    aer = QiskitBackend(AerSimulator())
    assert "options" in aer.abilities and "stabilizer" in aer.choices["method"]
    circuit = QuantumCircuit(1, 1)
    circuit.ry(0.3, 0)
    circuit.measure(0, 0)
    assert aer.chosen("method", "density_matrix").used_method(circuit) == "density_matrix"
    single, double = (aer.chosen("precision", one).probabilities([circuit])[0] for one in
                      aer.choices["precision"])  # fmt: skip
    exact = [np.cos(0.15) ** 2, np.sin(0.15) ** 2]
    assert np.allclose(double, exact, 0, 1e-14) and not np.allclose(single, exact, 0, 1e-14)
    made = QiskitBackend(AerSimulator(method="statevector"))
    assert "method" not in made.choices
    assert not QiskitBackend(BasicSimulator()).choices
    assert "method" not in QiskitBackend(GenericBackendV2(3)).choices  # it runs on Aer by itself
