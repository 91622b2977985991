"""Noise in a few words."""

import numpy as np
import pytest
from qiskit_aer.noise import depolarizing_error, thermal_relaxation_error

from qcattn.backends.noise import noise_options
from qcattn.backends.readout import apply_readout


def test_strengths_reach_the_model():
    model = noise_options("depolarizing=0.03", 3)["noise_model"]
    assert model._default_quantum_errors["cx"] == depolarizing_error(0.03, 2)
    assert model._default_quantum_errors["ry"] == depolarizing_error(0.003, 1)
    model = noise_options("thermal=50", 3)["noise_model"]
    assert model._default_quantum_errors["ry"] == thermal_relaxation_error(50e3, 50e3, 35)


def test_parts_join():
    model = noise_options("depolarising, readout=0.1,thermal", 3)["noise_model"]
    assert {"cx", "ry", "h", "x", "measure"} == set(model.noise_instructions)


def test_readout_is_a_confusion_matrix_on_every_bit():
    model = noise_options("readout=0.1", 2)["noise_model"]
    flips = np.array([[0.9, 0.1], [0.1, 0.9]])
    p = np.random.default_rng(1).dirichlet(np.ones(8), size=3)
    reference = np.einsum("rcba,cz,by,ax->rzyx", p.reshape(3, 2, 2, 2), flips, flips, flips)
    assert np.abs(apply_readout(p, model, [0, 1, 2]) - reference.reshape(3, 8)).max() < 1e-15


def test_a_backend_is_imitated():
    assert noise_options("GenericBackendV2", 7)["imitate"].num_qubits == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depolarzing", "did you mean 'depolarizing'"),
        ("GenericBackend", "did you mean 'GenericBackendV2'"),
        ("readout=much", "'much', which is not a number"),
        ("readout=0.7", "below 0.5"),
        ("thermal=-1", "above 0"),
        ("depolarizing=nan", "above 0"),
        ("readout=0.1,shake", "no 'shake'"),
    ],
)
def test_noise_that_is_none_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        noise_options(text, 3)
