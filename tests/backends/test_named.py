"""A simulator by what a person calls it."""

import numpy as np
import pytest
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit_aer import AerSimulator

from qcattn.backends import Estimator, QiskitBackend, Sampler
from qcattn.backends.named import adapted, named_simulator


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


def test_what_is_adapted_is_what_was_given():
    assert isinstance(adapted(AerSimulator()), QiskitBackend)
    assert isinstance(adapted(StatevectorEstimator()), Estimator)
    own = adapted(StatevectorSampler())
    assert adapted(own) is own
    with pytest.raises(ValueError, match="gives ndarray"):
        adapted(np.zeros(3))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("aerr", "must be one of Aer"),
        ("nowhere:Nothing", "cannot be imported"),
        ("os:nothing", "does not have"),
        ("os:sep", "cannot be called"),
        ("os:getcwd", "must give a Qiskit BackendV2"),
        ("qiskit_aer:AerSimulator(3)", "name=value"),
        ("qiskit_aer:AerSimulator(method=open('x'))", "name=value"),
        ("sampler", "cannot be made"),
    ],
)
def test_what_is_no_simulator_is_refused_with_the_cure(text, said):
    with pytest.raises(ValueError, match="--backend") as refused:
        named_simulator(text)
    assert said in str(refused.value)
