"""A backend over a pipe: the same bits as beside it, and worded errors."""

import sys

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import CUGate
from qiskit.quantum_info import Statevector
from qiskit_aer import AerSimulator

from qcattn.backends import Piped, QiskitBackend
from qcattn.backends.named import named_simulator
from qcattn.backends.simulator import Task
from qcattn.conformance.corpus import corpus
from qcattn.conformance.law import law_of
from qcattn.conformance.probe import ProbeJob, task_of
from qcattn.conformance.probes.exact_law import ExactLaw
from qcattn.conformance.scripts import script_of

AER = "qiskit_aer:AerSimulator"


@pytest.fixture(scope="module")
def piped():
    return Piped(AER, sys.executable)


def test_every_circuit_of_the_corpus_gives_the_same_bits_at_a_seed(piped):
    beside = QiskitBackend(AerSimulator())
    assert piped.abilities == beside.abilities and piped.choices == beside.choices
    assert piped.most_qubits == beside.most_qubits
    small = [case for case in corpus() if case.qubits <= 5]
    cases = [case for case in small if case.features - {"parameters"}][::6] + small[::20]
    assert {"loop", "conditional", "noise", "parameters"} <= {f for c in cases for f in c.features}
    for case in cases:
        # Aer binds tables wrongly by how a gate was built, so that they are bound here.
        tasks = [Task(circuit, 20) for circuit in task_of(case, 20).bound()]
        one = piped.sample(tasks, 5, case.noise)
        two = beside.sample(tasks, 5, case.noise)
        for (a,), (b,) in zip(one, two, strict=True):
            assert a.shape == (20, case.clbits) and np.array_equal(a, b), case.name


def test_a_precision_and_a_method_are_chosen_over_it(piped):
    """There is no chance in it: what rounding leaves, and what the backend says of itself."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.s(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    single, double = (piped.chosen("precision", one) for one in ("single", "double"))
    turned = circuit.copy_empty_like()
    turned.ry(0.3, 0)
    turned.compose(circuit, inplace=True)
    (one,), (two,) = single.probabilities([turned]), double.probabilities([turned])
    assert np.allclose(one, two, atol=1e-6) and not np.array_equal(one, two)
    for method in ("stabilizer", "density_matrix"):
        chosen = piped.chosen("method", method)
        assert chosen.used_method(circuit) == method
        assert chosen.sample([Task(circuit, 4)], 1)[0][0].shape == (4, 2)
    assert piped.chosen("method", "stabilizer")._worker is piped._worker


def test_a_sampler_says_what_its_backend_lists_and_gets_circuits_in_its_gates():
    """It was given circuits as they are, of which Aer refuses those with gates of other names."""
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.dcx(0, 1)
    circuit.measure([0, 1], [0, 1])
    sampler = "qiskit_aer.primitives:SamplerV2"
    piped, beside = Piped(sampler, sys.executable), named_simulator(sampler)
    assert piped.abilities == beside.abilities >= {"conditional", "loop", "reset"}
    assert piped.untold == beside.untold == frozenset()
    for one in (piped, beside):
        ((drawn,),) = one.sample([Task(circuit, 3)], 1)
        assert drawn.astype(int).tolist() == [[0, 1]] * 3


def test_gates_with_controls_keep_phase_state_and_definition(piped):
    inner = QuantumCircuit(1, global_phase=0.7)
    inner.rx(1.1, 0)
    circuit = QuantumCircuit(2, 2)
    circuit.h([0, 1])
    circuit.append(CUGate(0.4, 0.9, 1.3, 0.8, ctrl_state=0), [0, 1])
    circuit.append(inner.to_gate().control(ctrl_state=0), [1, 0])
    circuit.h([0, 1])
    circuit.measure([0, 1], [0, 1])
    law = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities()
    (saved,) = piped.probabilities([circuit])
    assert np.allclose(saved, law, atol=1e-12)


def test_a_table_of_values_and_saved_probabilities_go_over_it(piped):
    """There is no chance in it: angles of 0 and pi, in the order of the parameters' names."""
    circuit = QuantumCircuit(2, 2)
    circuit.rx(Parameter("b"), 0)
    circuit.rx(2 * Parameter("a"), 1)
    circuit.measure([0, 1], [0, 1])
    values = np.array([[np.pi / 2, 0.0], [0.0, np.pi]])
    (drawn,) = piped.sample([Task(circuit, 3, values)], 1)
    assert [run.astype(int).tolist() for run in drawn] == [[[0, 1]] * 3, [[1, 0]] * 3]
    bound = circuit.assign_parameters([0.0, np.pi / 2])
    (saved,) = piped.probabilities([bound])
    assert np.allclose(saved, [0.5, 0.5, 0, 0])


#: A backend whose process ends at its first job, and only there.
DYING = """
import os, pathlib
from qiskit.providers.basic_provider import BasicSimulator

class Dying(BasicSimulator):
    def run(self, circuits, **options):
        flag = pathlib.Path("has-died")
        if not flag.exists():
            flag.touch()
            os.write(2, b"the last that it says")
            os._exit(3)
        return super().run(circuits, **options)
"""


def test_a_worker_that_dies_is_told_and_the_next_job_starts_another(tmp_path, monkeypatch):
    (tmp_path / "dying.py").write_text(DYING)
    monkeypatch.chdir(tmp_path)
    piped = Piped("dying:Dying", sys.executable)
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with pytest.raises(RuntimeError, match=r"ended with exit code 3 .*: the last that it says"):
        piped.sample([Task(circuit, 3)], 1)
    assert piped.sample([Task(circuit, 3)], 1)[0][0].shape == (3, 1)


#: A backend whose one option is the number of shots.
PLAIN = """
from qiskit.providers import BackendV2, Options
from qiskit.providers.basic_provider import BasicSimulator

class Plain(BackendV2):
    target, max_circuits = BasicSimulator().target, None

    @classmethod
    def _default_options(cls):
        return Options(shots=1024)

    def run(self, circuits, shots=1024):
        return BasicSimulator().run(circuits, shots=shots)
"""


def test_a_backend_is_asked_for_what_its_options_list_only(tmp_path, monkeypatch):
    """There is no chance in it; the script of an alarm asks for no more, either."""
    (tmp_path / "plain.py").write_text(PLAIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    piped, circuit = Piped("plain:Plain", sys.executable), QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    assert piped.sample([Task(circuit, 3)], 1)[0][0].tolist() == [[True, False]] * 3
    job = ProbeJob(name="x", tasks=(Task(circuit, 90),), laws=((law_of(circuit),),))
    text = script_of("x", ExactLaw(), job, piped, "plain:Plain", 1)
    for gate, code in (("c.x(0)", 0), ("c.x(1)", 1)):
        with pytest.raises(SystemExit) as ended:
            exec(text.replace("c.x(0)", gate), {})
        assert ended.value.code == code


#: A backend that fails at one circuit of a job, and then loses one.
PARTLY = """
from qiskit.providers.basic_provider import BasicSimulator

class Partly(BasicSimulator):
    jobs = 0

    def run(self, circuits, **options):
        Partly.jobs += 1
        job = super().run(circuits, **options)
        result = job.result()
        if Partly.jobs == 1:
            result.status, result.success = "PARTIAL COMPLETED", False
            result.results[1].success, result.results[1].status = False, "ERROR: device lost"
        else:
            del result.results[1]
        job.result = lambda: result
        return job
"""


def test_a_job_of_which_a_part_failed_or_is_missing_says_which(tmp_path, monkeypatch):
    (tmp_path / "partly.py").write_text(PARTLY)
    monkeypatch.chdir(tmp_path)
    piped = Piped("partly:Partly", sys.executable)
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with pytest.raises(RuntimeError, match="1 of 2 circuits of the job, circuit 1: ERROR: device"):
        piped.sample([Task(circuit, 3)] * 2, 1)
    with pytest.raises(
        RuntimeError,
        match=r"must give 2 in all, a result for each circuit, but gave 1: 1 of circuit-\d+",
    ):
        piped.sample([Task(circuit, 3)] * 2, 1)


@pytest.mark.parametrize(
    ("text", "python", "said"),
    [
        ("qulacs", sys.executable, "must be module:factory"),
        (AER, "/nowhere/python", "`--python` must be a Python interpreter"),
        ("nowhere:Nothing", sys.executable, "cannot make: ModuleNotFoundError"),
        ("os:getcwd", sys.executable, "must give a Qiskit backend"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(text, python, said):
    with pytest.raises(ValueError, match=said):
        Piped(text, python).settings()
