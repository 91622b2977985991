"""Scripts of alarms: in the simulator's own calls, alone, and right of what is right."""

from __future__ import annotations

import importlib
import sys
import tempfile
import warnings
from importlib import metadata

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorEstimator, StatevectorSampler

from qcattn.backends import Piped, named
from qcattn.backends.named import named_simulator
from qcattn.backends.simulator import Task
from qcattn.conformance.corpus import case
from qcattn.conformance.law import law_of
from qcattn.conformance.probe import ProbeJob, job_of
from qcattn.conformance.probes.exact_law import ExactLaw
from qcattn.conformance.probes.expectation import Expectation
from qcattn.conformance.probes.independence import IndependentRuns, Runs
from qcattn.conformance.probes.noise_law import NoiseLaw
from qcattn.conformance.probes.options import OptionJob, OptionsGiven
from qcattn.conformance.probes.order import Order
from qcattn.conformance.probes.saved import SavedProbabilities
from qcattn.conformance.probes.seeds import Seeds
from qcattn.conformance.reference import Reference
from qcattn.conformance.scripts import script_of
from qcattn.conformance.searching import shows
from qcattn.errors import DoesNotFit

PACKAGES = {
    "cirq": ("cirq", "_PLAIN"),
    "clifft": ("clifft", "_PLAIN"),
    "ddsim": ("mqt.ddsim", ""),
    "pennylane": ("pennylane", "_PLAIN"),
    "qibo": ("qibo", "_PLAIN"),
    "qilisim": ("qilisdk", "_PLAIN"),
    "qsim": ("qsimcirq", ""),
    "quimb": ("quimb", "_GATES"),
    "qulacs": ("qulacs", "_PLAIN"),
    "stim": ("stim", "_GATES"),
    "tsim": ("tsim", "_PLAIN"),
}
AER = "qiskit_aer:AerSimulator"


def simulator(name):
    pytest.importorskip(PACKAGES[name][0], reason=f"{name} is an extra of its own")
    return named_simulator(name)


def mixed(name):
    """Three qubits read out of order into four bits, with a gate of each kind."""
    circuit = QuantumCircuit(3, 4)
    circuit.h([0, 1])
    circuit.s(0)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.swap(0, 2)
    if name != "stim":
        circuit.rx(0.4, 0)
        circuit.ry(0.7, 1)
        circuit.rz(-0.9, 1)
        circuit.t(2)
    circuit.measure([0, 1, 2], [3, 0, 1])
    return circuit


def one_gate():
    """Qubit 0 is turned over: with another gate in its place it is not."""
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.h(1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def job_of_laws(*circuits, shots=300):
    return ProbeJob(
        name="some",
        tasks=tuple(Task(circuit, shots) for circuit in circuits),
        laws=tuple((law_of(circuit),) for circuit in circuits),
    )


def run_here(text):
    """What a script leaves behind, and its exit code."""
    assert "qcattn" not in text
    space = {"__name__": "__main__"}
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:  # PennyLane reads the source
        file.write(text)
        file.flush()
        space["__file__"] = file.name
        with warnings.catch_warnings(), pytest.raises(SystemExit) as end:
            warnings.simplefilter("ignore")
            exec(compile(text, file.name, "exec"), space)
    return space, end.value.code


@pytest.mark.parametrize("name", PACKAGES)
def test_a_script_draws_what_the_adapter_draws(name):
    """The same bits at the same seed, and of them the script says that they are right."""
    tested = simulator(name)
    job = job_of_laws(mixed(name), one_gate())
    text = script_of("All is well.", ExactLaw(), job, tested, name, 5)
    space, code = run_here(text)
    for run, (drawn,) in zip(space["runs"], tested.sample(job.tasks, 5), strict=True):
        assert run == ["".join("01"[bit] for bit in shot[::-1]) for shot in drawn.astype(int)]
    assert code == 0


@pytest.mark.parametrize("name", [name for name, (_, table) in PACKAGES.items() if table])
def test_a_wrong_adapter_is_shown_and_the_right_one_is_not(name, monkeypatch):
    """The adapter is told that the gate z is x: a script of it exits with 1, whatever the seed."""
    tested = simulator(name)
    table = getattr(importlib.import_module(f"qcattn.backends.{name}"), PACKAGES[name][1])
    right = script_of("x", ExactLaw(), job_of_laws(one_gate()), tested, name, 1)
    monkeypatch.setitem(table, "x", table["z"])
    wrong = script_of("x", ExactLaw(), job_of_laws(one_gate()), tested, name, 1)
    assert [run_here(text)[1] for text in (right, wrong)] == [0, 1]


def test_a_script_of_a_wrong_adapter_runs_in_a_process_of_its_own(monkeypatch):
    tested, job = simulator("qulacs"), job_of_laws(one_gate())
    assert not shows(script_of("x", ExactLaw(), job, tested, "qulacs", 1), tested)
    monkeypatch.setitem(importlib.import_module("qcattn.backends.qulacs")._PLAIN, "x", "Z")
    assert shows(script_of("x", ExactLaw(), job, tested, "qulacs", 1), tested)


def test_what_cannot_be_run_shows_nothing():
    """An error is no verdict, whatever the exit code that Python gives it."""
    for text in ("import nowhere", "raise ValueError", "import sys; sys.exit(0)"):
        assert not shows(text, Reference())


def coin():
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    return circuit


def test_shots_in_an_order_of_their_own_are_shown():
    """Of a backend that sorts its shots; one that does not passes with probability 1 - 1e-6."""
    job = job_of_laws(coin(), shots=600)
    text = script_of("x", Order(), job, named_simulator(AER), AER, 1)
    assert run_here(text)[1] == 0
    assert run_here(text.replace("LAWS = [", "runs = [sorted(runs[0])]\nLAWS = [", 1))[1] == 1


def test_seeds_that_do_not_give_one_answer_are_shown():
    job = job_of_laws(coin(), coin(), shots=400)
    text = script_of("x", Seeds(), job, named_simulator(AER), AER, 1)
    assert run_here(text)[1] == 0
    assert run_here(text.replace('"seed_simulator": seed', '"seed_simulator": 1'))[1] == 1
    assert run_here(text.replace("if seed is None else", "if True else"))[1] == 1


def turned():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.t(0)
    circuit.rx(1.0, 0)
    circuit.measure([0, 1], [1, 0])
    return circuit


def test_saved_probabilities_are_shown():
    """Of two circuits of a job; the fault is that t is its inverse."""
    job = job_of_laws(turned(), coin(), shots=1)
    text = script_of("x", SavedProbabilities(), job, named_simulator(AER), AER, 1)
    assert "c.save_probabilities([1, 0])" in text and run_here(text)[1] == 0
    assert run_here(text.replace("c.t(0)", "c.tdg(0)"))[1] == 1
    assert run_here(text.replace("return [np.asarray", "return []\n    [np.asarray"))[1] == 1


def test_probabilities_are_shown_in_the_calls_of_an_adapter(monkeypatch):
    tested = simulator("qulacs")
    job = job_of_laws(mixed("qulacs"), one_gate(), shots=1)
    text = script_of("x", SavedProbabilities(), job, tested, "qulacs", 1)
    assert run_here(text)[1] == 0
    assert run_here(text.replace("qulacs.gate.RotY(", "qulacs.gate.RotX("))[1] == 1


def option_job(option, circuit, shots):
    law = law_of(circuit)
    return OptionJob(name=option, tasks=(Task(circuit, shots),), laws=((law,),), option=option)


def test_a_precision_that_is_ignored_is_shown():
    job = option_job("precision", turned(), 1)
    text = script_of("x", OptionsGiven(), job, named_simulator(AER), AER, 1)
    assert run_here(text)[1] == 0
    assert run_here(text.replace("shots=1, **options", "shots=1"))[1] == 1


def test_numbers_that_both_precisions_hold_are_no_alarm():
    """One half has the same bits in either, so that a job is not made as small as that."""
    half, other = law_of(coin()), law_of(turned())
    for law, wrong in ((half, False), (other, True)):
        p = np.zeros(1 << len(law.outcomes[0]))
        p[[int(outcome, 2) for outcome in law.outcomes]] = law.p
        job = OptionJob(name="x", tasks=(), laws=((law,),), option="precision")
        seen = OptionsGiven().judge(job, {"single": p, "double": p}, np.random.default_rng(1))
        assert (seen.p_value == 0) is wrong


def test_a_method_that_is_not_the_one_asked_for_is_shown():
    job = option_job("method", coin(), 400)
    text = script_of("x", OptionsGiven(), job, named_simulator(AER), AER, 1)
    assert run_here(text)[1] == 0
    ignored = '    options["method"] = "statevector"\n    options["seed_simulator"]'
    assert run_here(text.replace('    options["seed_simulator"]', ignored))[1] == 1


def test_a_multiplexer_is_written_as_it_is():
    """QPY writes that gate and does not read it."""
    one = case("arrays/multiplexer-2")
    text = script_of("x", ExactLaw(), job_of(one, 4000), named_simulator(AER), AER, 1)
    assert "library.UCGate" in text and run_here(text)[1] == 0
    lines = text.splitlines(keepends=True)
    left_out = "".join(line for line in lines if "library.UCGate" not in line)
    assert run_here(left_out)[1] == 1


def test_the_death_of_the_process_is_shown():
    """It is a child of the script that dies."""
    backend = "qiskit.primitives:StatevectorSampler"
    tested, job = named_simulator(backend), job_of_laws(coin())
    text = script_of("x", ExactLaw(), job, tested, backend, 1, raised="Died")
    assert run_here(text)[1] == 0
    deadly = "    import os\n    os.abort()\n    sampler ="
    assert run_here(text.replace("    sampler =", deadly))[1] == 1


def test_what_is_raised_is_shown():
    job = job_of_laws(coin())
    text = script_of("x", ExactLaw(), job, named_simulator(AER), AER, 1, raised="QiskitError")
    assert run_here(text)[1] == 0
    assert run_here(text.replace(".h(0)", ".h(7)"))[1] == 1
    assert run_here(text.replace("    backend =", "    sys.exit(0)\n    backend ="))[1] == 1


def test_pubs_of_one_seed_are_shown():
    """A known defect: all PUBs of a job of StatevectorSampler have the same shots."""
    backend = "qiskit.primitives:StatevectorSampler"
    assert isinstance(named_simulator(backend).sampler, StatevectorSampler)
    circuit = coin()
    task, law = Task(circuit, 600), law_of(circuit)
    job = Runs(name="two", tasks=(task, task), laws=((law,), (law,)))
    text = script_of("x", IndependentRuns(), job, named_simulator(backend), backend, 1)
    assert run_here(text)[1] == 1
    assert run_here(text.replace("seed=seed", ""))[1] == 0


def test_errors_of_an_estimator_that_are_the_same_are_shown():
    """A known defect: all PUBs of a job of StatevectorEstimator have the same error."""
    backend = "qiskit.primitives:StatevectorEstimator"
    tested = named_simulator(backend)
    assert isinstance(tested.estimator, StatevectorEstimator)
    job = next(iter(Expectation().jobs((), "quick")))
    text = script_of("x", Expectation(), job, tested, backend, 1)
    assert run_here(text)[1] == 1
    assert run_here(text.replace("seed=seed", ""))[1] == 0


def table():
    """Angles of 0 and pi: there is no chance in it."""
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.crx(Parameter("angle"), 0, 1)
    circuit.measure([0, 1], [0, 1])
    task = Task(circuit, 50, np.array([[0.0], [np.pi], [0.0]]))
    laws = tuple(law_of(bound) for bound in task.bound())
    return ProbeJob(name="table", tasks=(task,), laws=(laws,))


def test_results_that_are_missing_in_a_table_of_values_are_shown():
    """A known defect of Aer, of crx; ry has it not."""
    text = script_of("x", ExactLaw(), table(), named_simulator(AER), AER, 1)
    assert "Parameter('angle')" in text and run_here(text)[1] == 1
    right = text.replace("c.crx(angle, 0, 1)", "c.rx(angle, 1)")
    assert run_here(right)[1] == 0
    backend = "qiskit.primitives:StatevectorSampler"
    text = script_of("x", ExactLaw(), table(), named_simulator(backend), backend, 1)
    assert run_here(text)[1] == 0


@pytest.mark.parametrize("name", ["noise/depolarising-two", "noise/relaxation-two", "noise/all"])
def test_noise_that_is_left_out_is_shown(name):
    """The script has the noise of the job; without it the law is another."""
    one = case(name)
    text = script_of("x", NoiseLaw(), job_of(one, 20_000), named_simulator(AER), AER, 1)
    assert run_here(text)[1] == 0
    assert run_here(text.replace("= noise()", "= None"))[1] == 1


def test_a_backend_over_a_pipe_has_a_script_of_its_environment():
    piped = Piped(AER, sys.executable)
    text = script_of("x", ExactLaw(), table(), piped, AER, 1)
    assert "qpy" not in text and shows(text, piped)


@pytest.mark.parametrize(
    ("probe", "tested", "backend", "said"),
    [
        (ExactLaw(), Reference(), "reference", "Reference does not tell its own calls"),
        (SavedProbabilities(), Reference(), "reference", "Reference does not tell its own calls"),
        (ExactLaw(), named_simulator(AER), "no-such-name", "module:factory"),
    ],
)
def test_where_there_is_no_script_the_reason_is_said(probe, tested, backend, said):
    with pytest.raises(DoesNotFit, match=said):
        script_of("x", probe, job_of_laws(coin()), tested, backend, 1)


def test_a_backend_of_an_entry_point_has_the_script_of_its_factory(monkeypatch):
    offered = metadata.EntryPoint("mine", AER, named.GROUP)
    monkeypatch.setattr(named.metadata, "entry_points", lambda group: [offered])
    job, tested = job_of_laws(coin()), named_simulator("mine")
    text = script_of("x", ExactLaw(), job, tested, "mine(max_parallel_threads=1)", 1)
    assert "    backend = AerSimulator(max_parallel_threads=1)\n" in text


def test_a_title_cannot_end_the_docstring():
    title = 'a """ b \\N{nothing} ' + 40 * "long "
    text = script_of(title, ExactLaw(), job_of_laws(coin()), named_simulator(AER), AER, 1)
    assert run_here(text)[1] == 0 and max(map(len, text.splitlines()[:4])) <= 96


def test_a_backend_of_a_file_in_this_folder_is_found_by_its_script(tmp_path, monkeypatch):
    """The command is called in that folder; the script lies in another."""
    (tmp_path / "sampler_of_mine.py").write_text(
        "from qiskit.primitives import StatevectorSampler as Mine\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one])
    backend = "sampler_of_mine:Mine"
    text = script_of("x", ExactLaw(), job_of_laws(coin()), named_simulator(backend), backend, 1)
    monkeypatch.delitem(sys.modules, "sampler_of_mine")
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one != str(tmp_path)])
    assert run_here(text)[1] == 0
