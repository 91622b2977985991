"""Softmax against a Lorentzian: planted laws are found, fits are the best ones."""

import numpy as np
import power_law as study
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import DiagonalGate
from qiskit.quantum_info import Statevector
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from qcattn.attention import softmax


@pytest.mark.parametrize("planted", study.LAWS)
def test_a_planted_law_is_found_and_seldom_refuted(planted):
    """60 runs of 10,000 shots; at alpha 1% more than 6 refuted have probability below 1e-5."""
    assert binom.sf(6, 60, study.ALPHA) < 1e-5
    rng = np.random.default_rng(1)
    verdicts = [study._planted(planted, 10_000, rng) for _ in range(60)]
    assert verdicts.count(planted) >= 54, "power of 90% at least, and no other verdict"
    wrong = next(law for law in study.LAWS if law != planted)
    assert verdicts.count(wrong) + verdicts.count("neither") <= 6


def test_a_law_that_is_neither_is_said_to_be_neither():
    rng = np.random.default_rng(2)
    assert [study._planted("half of each", 10_000, rng) for _ in range(5)] == ["neither"] * 5


@pytest.mark.parametrize("name", study.LAWS)
def test_the_parameter_on_the_grid_is_the_likeliest(name):
    rng = np.random.default_rng(3)
    gaps = rng.exponential(size=8)
    gaps -= gaps.min()
    counts = rng.multinomial(5000, softmax(-0.7 * gaps))
    (found,), (likely,) = study.fitted(name, counts[None], gaps)

    def cost(x):
        return -float(study.log_laws(name, np.array([x]), gaps)[0] @ counts)

    exact = minimize_scalar(cost, bounds=(found - 0.5, found + 0.5), method="bounded")
    assert abs(exact.x - found) < 1e-3 and abs(-exact.fun - likely) < 1e-3


def test_the_anneal_is_a_circuit_of_phases_and_rx():
    scores, field, duration = np.array([0.3, -1.0, 0.8, 0.1]), 0.9, 0.4
    circuit = QuantumCircuit(2)
    circuit.h([0, 1])
    for number in range(20):
        share = (number + 0.5) / 20
        phases = np.exp(0.5j * 0.02 * share * scores)
        circuit.append(DiagonalGate(phases.tolist()), [0, 1])
        circuit.rx(-2 * 0.02 * (1 - share) * field, [0, 1])
        circuit.append(DiagonalGate(phases.tolist()), [0, 1])
    dense = Statevector(circuit).probabilities()
    found = study.annealed(scores, field, duration)
    assert np.abs(found - dense).max() < 1e-12
    assert np.abs(found - 0.25).max() > 1e-3, "something happens"
