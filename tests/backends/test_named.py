"""A simulator by what a person calls it."""

from importlib import metadata

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import BackendSamplerV2, StatevectorEstimator, StatevectorSampler
from qiskit.providers.basic_provider import BasicSimulator
from qiskit_aer import AerSimulator

from qcattn.backends import Aer, Estimator, QiskitBackend, Sampler, named
from qcattn.backends.choosing import backend_of
from qcattn.backends.named import adapted, named_simulator
from qcattn.backends.simulator import Task
from qcattn.conformance.reference import Reference
from qcattn.errors import DoesNotFit


def test_a_factory_is_called_with_its_options():
    found = named_simulator("qiskit_aer:AerSimulator(method='density_matrix', precision='single')")
    assert isinstance(found, QiskitBackend)
    assert found.backend.options.method == "density_matrix"
    assert found.backend.options.precision == "single"


def test_what_takes_a_seed_is_made_anew_with_one():
    sampler = named_simulator("qiskit.primitives:StatevectorSampler")
    assert isinstance(sampler, Sampler) and "seed" in sampler.abilities
    assert "seed" not in adapted(StatevectorSampler()).abilities
    estimator = named_simulator("qiskit.primitives:StatevectorEstimator")
    assert isinstance(estimator, Estimator)


@pytest.mark.parametrize("text", ["qiskit_aer.primitives:SamplerV2", "sampler on a backend"])
def test_a_sampler_on_a_backend_is_given_gates_that_the_backend_has(text):
    made = BackendSamplerV2(backend=BasicSimulator())
    found = adapted(made) if " " in text else named_simulator(text)
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.iswap(0, 1)
    circuit.measure([0, 1], [0, 1])
    ((drawn,),) = found.sample([Task(circuit, 5)])
    assert drawn.astype(int).tolist() == [[0, 1]] * 5


def test_what_the_backend_of_a_sampler_does_not_take_is_said_by_a_type():
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    circuit.measure(0, 0)
    with pytest.raises(DoesNotFit):
        adapted(BackendSamplerV2(backend=BasicSimulator())).sample([Task(circuit, 5)])


def test_what_is_adapted_is_what_was_given():
    assert isinstance(adapted(AerSimulator()), QiskitBackend)
    assert isinstance(adapted(StatevectorEstimator()), Estimator)
    own = adapted(StatevectorSampler())
    assert adapted(own) is own
    with pytest.raises(ValueError, match="gives ndarray"):
        adapted(np.zeros(3))


def test_one_text_names_the_same_for_a_run_and_for_a_test(monkeypatch):
    offered = metadata.EntryPoint("mine", "qiskit_aer:AerSimulator", named.GROUP)
    monkeypatch.setattr(named.metadata, "entry_points", lambda group: [offered])
    for text, tested, run in (
        ("mine", QiskitBackend, Aer),
        ("qiskit_aer:AerSimulator(method='statevector')", QiskitBackend, Aer),
        ("qiskit.primitives:StatevectorSampler", Sampler, Sampler),
        ("qiskit.providers.basic_provider:BasicSimulator", QiskitBackend, QiskitBackend),
        ("qcattn.conformance.reference:Reference", Reference, Reference),
    ):
        assert type(named_simulator(text)) is tested and type(backend_of(text)) is run, text
    assert backend_of("qiskit_aer:AerSimulator(method='statevector')").method == "statevector"
    with pytest.raises(ValueError, match="would drop fusion_enable"):
        backend_of("qiskit_aer:AerSimulator(fusion_enable=False)")
    with pytest.raises(ValueError, match=r"must be one of Aer, .*, mine"):
        backend_of("yours")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("nowhere_at_all:X", "names the module 'nowhere_at_all', which cannot be imported"),
        ("qiskit_aer:Lacking", "names 'Lacking', which qiskit_aer does not have"),
        ("os:sep", "which cannot be called"),
    ],
)
def test_an_entry_point_that_cannot_be_made_is_refused_as_any_factory(monkeypatch, value, said):
    """One that its package does not have ended in a traceback."""
    offered = metadata.EntryPoint("mine", value, named.GROUP)
    monkeypatch.setattr(named.metadata, "entry_points", lambda group: [offered])
    with pytest.raises(ValueError, match=said):
        named_simulator("Mine")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("aerr", "must be one of Aer"),
        ("BasicSimulator", "named by module:factory, such as qiskit.providers"),
        ("nowhere:Nothing", "cannot be imported"),
        ("os:nothing", "does not have"),
        ("os:sep", "cannot be called"),
        ("os:getcwd", "must give a Qiskit BackendV2"),
        ("qiskit_aer:AerSimulator(3)", "name=value"),
        ("qiskit_aer:AerSimulator(method=open('x'))", "name=value"),
        ("sampler", "needs `sampler`"),
        ("aer(colour='red')", "cannot be made"),
        (":", "must be module:factory"),
        ("os:", "must be module:factory"),
        ("planted:unlicensed", "cannot be made: KeyError: 'no licence'"),
    ],
)
def test_what_is_no_simulator_is_refused_with_the_cure(text, said):
    with pytest.raises(ValueError, match="--backend") as refused:
        named_simulator(text)
    assert said in str(refused.value)
