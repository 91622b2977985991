"""Failing jobs made small, and the scripts that show them."""

import subprocess
import sys
from dataclasses import fields
from itertools import islice

import numpy as np
import pytest
from planted import FAULTS, Planted
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_aer import AerSimulator

from qcattn.backends import QiskitBackend, Sampler
from qcattn.backends.named import named_simulator
from qcattn.backends.simulator import Task
from qcattn.conformance.corpus import corpus
from qcattn.conformance.law import law_of
from qcattn.conformance.probe import ProbeJob, job_of
from qcattn.conformance.probes.exact_law import ExactLaw
from qcattn.conformance.probes.independence import IndependentRuns, Runs
from qcattn.conformance.reference import Reference
from qcattn.conformance.scripts import script_of
from qcattn.conformance.shrinking import WAYS, shrink


def long_job():
    """Twenty gates, of which one rotation about y matters."""
    rng = np.random.default_rng(2)
    circuit = QuantumCircuit(3, 3)
    for q in (0, 2, 0, 2, 0, 2):
        circuit.h(q)
        circuit.rz(float(rng.uniform(0, 3)), q)
        circuit.cx(q, 2 - q)
    circuit.ry(1.234, 1)
    circuit.measure([0, 1, 2], [2, 1, 0])
    return ProbeJob(name="long", tasks=(Task(circuit, 20_000),), laws=((law_of(circuit),),))


def test_a_fault_of_one_gate_is_shrunk_to_that_gate():
    small = shrink(ExactLaw(), long_job(), FAULTS["ry turns by 10% less"](), seed=1)
    ((task,),) = (small.job.tasks,)
    names = [one.operation.name for one in task.circuit.data]
    assert names.count("ry") == 1 and names[-1] == "measure" and len(names) <= 3
    assert task.circuit.num_qubits == 1 and task.shots < 20_000
    angle = next(p for one in task.circuit.data for p in one.operation.params)
    assert np.isclose(angle % (np.pi / 4), 0) or angle in (0.5, 1.0, 2.0)
    assert small.outcome.p_value < 1e-6 and small.kept < small.tried


def test_every_step_is_tried_on_fresh_shots():
    """Or a fault of chance, once seen, would be seen again at every step."""
    seeds = []

    class Noting(type(FAULTS["ry turns by 10% less"]())):
        def sample(self, tasks, seed=None, noise=()):
            seeds.append(seed)
            return super().sample(tasks, seed, noise)

    faulty = FAULTS["ry turns by 10% less"]()
    noting = Noting(**{one.name: getattr(faulty, one.name) for one in fields(faulty) if one.init})
    small = shrink(ExactLaw(), long_job(), noting, seed=1, steps=12)
    assert len(seeds) == len(set(seeds)) == small.tried == 12


def test_what_does_not_fail_again_is_not_shrunk():
    assert shrink(ExactLaw(), long_job(), Reference(), seed=1) is None


def test_every_way_takes_gates_whose_parameters_are_arrays():
    """Of a multiplexer, a unitary, a diagonal and prepared states."""
    cases = [case for case in corpus() if case.name.startswith("arrays/")]
    assert {"multiplexer", "unitary"} <= {name for one in cases for name in one.circuit.count_ops()}
    for one in cases:
        smaller = [list(islice(way.of(job_of(one, 100)), 3)) for way in WAYS]
        assert any(smaller), one.name


def test_an_error_is_not_taken_for_wrong_shots():
    weak = FAULTS["ry turns by 10% less"]().gate

    class Fragile(Planted):
        def sample(self, tasks, seed=None, noise=()):
            if any(len(task.circuit.data) < 6 for task in tasks):
                raise RuntimeError("too short")
            return super().sample(tasks, seed, noise)

    small = shrink(ExactLaw(), long_job(), Fragile(gate=weak), seed=1)
    assert not small.outcome.raised
    assert all(len(task.circuit.data) >= 6 for task in small.job.tasks)


def test_circuits_of_several_calls_keep_a_call_each():
    """Four calls of one circuit, of which two were left, asked for none, which looked refuted."""
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    task, law = Task(circuit, 400), law_of(circuit)
    calls = Runs(name="x", tasks=(task,) * 4, laws=((law,),) * 4, offsets=(0, 1, 2, None))
    assert calls.only([1, 3]).offsets == (1, None)
    whole = Runs(name="x", tasks=(task,) * 4, laws=((law,),) * 4)
    assert whole.only([1, 3]).offsets == (0,)
    right, probe = Reference(), IndependentRuns()
    (fewer,) = [way.of for way in WAYS if way.what == "fewer circuits"]
    for job in fewer(calls):
        drawn = probe.ask(job, right, np.random.default_rng(1))
        assert len(drawn) == len(job.tasks) < 4


def run_script(text, tmp_path):
    path = tmp_path / "shown.py"
    path.write_text(text)
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True)


def test_the_script_of_repeated_shots_shows_them(tmp_path):
    """Aer repeats shots of circuits that it runs shot by shot, 2113 places on."""
    backend = "qiskit_aer:AerSimulator"
    circuit = QuantumCircuit(2, 2)
    circuit.ry(1.1, 0)
    circuit.cx(0, 1)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.ry(1.9, 0)
    circuit.measure([0, 1], [0, 1])
    task, law = Task(circuit, 4000), law_of(circuit)
    job = Runs(name="two", tasks=(task, task), laws=((law,), (law,)))
    probe, aer = IndependentRuns(), named_simulator(backend)
    small = shrink(probe, job, aer, seed=3)
    text = script_of("Shots repeat.", probe, small.job, aer, backend, 1)
    assert "qcattn" not in text
    shown = run_script(text, tmp_path)
    assert shown.returncode == 1 and "p-value" in shown.stdout, shown.stderr


@pytest.mark.parametrize("broken", [True, False])
def test_the_script_of_a_law_exits_with_1_where_it_is_broken(broken, tmp_path):
    """The script draws on Aer, which is right; in one of the two the law is turned round."""
    circuit = QuantumCircuit(2, 2)
    circuit.ry(1.0, 0)
    circuit.measure([0, 1], [0, 1])
    job = ProbeJob(name="two", tasks=(Task(circuit, 4000),), laws=((law_of(circuit),),))
    if broken:
        turned = circuit.copy_empty_like()
        turned.ry(1.0, 1)
        turned.measure([0, 1], [0, 1])
        job = ProbeJob(name="two", tasks=job.tasks, laws=((law_of(turned),),))
    text = script_of(
        "A law.", ExactLaw(), job, QiskitBackend(AerSimulator()), "qiskit_aer:AerSimulator", 1
    )
    shown = run_script(text, tmp_path)
    assert shown.returncode == broken, shown.stderr
    assert "right" in shown.stdout


def test_every_circuit_of_the_corpus_can_be_written_into_a_script(tmp_path):
    """Those with control flow as QPY, the others as calls; both give the same circuit again."""
    for case in corpus()[::10]:
        if case.parameters or case.noise:
            continue
        job = ProbeJob(name="x", tasks=(Task(case.circuit, 10),), laws=(case.laws,))
        text = script_of(
            "A law.", ExactLaw(), job, Sampler(named("StatevectorSampler")), STATEVECTOR, 1
        )
        space = {}
        body = text[text.index("def circuit") : text.index("SHOTS =")]
        exec("import numpy as np\nfrom qiskit import QuantumCircuit\n" + body, space)
        assert law_of(space["circuit"](0)).outcomes == case.laws[0].outcomes, case.name


STATEVECTOR = "qiskit.primitives:StatevectorSampler"


def named(_):
    return named_simulator(STATEVECTOR).sampler


def test_a_table_keeps_a_parameter_that_its_rows_fill():
    """Without one, whether one result comes or three is no question about tables any more."""

    class OneRow(Reference):
        def sample(self, tasks, seed=None, noise=()):
            return [runs[:1] for runs in super().sample(tasks, seed, noise)]

    theta = Parameter("theta")
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.ry(theta, 0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    task = Task(circuit, 400, np.array([[0.1], [0.9], [2.0]]))
    laws = tuple(map(law_of, task.bound()))
    small = shrink(
        ExactLaw(), ProbeJob(name="table", tasks=(task,), laws=(laws,)), OneRow(), seed=1
    )
    (left,) = small.job.tasks
    assert left.circuit.num_parameters == 1 and len(left.values) == 3
    assert len(left.circuit.data) < len(circuit.data)
