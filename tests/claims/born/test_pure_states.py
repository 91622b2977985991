"""A1: Born's rule comes out for Haar-random states, and other rules do not."""

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qcattn.backends import Aer
from qcattn.claims import PureStates
from qcattn.claims.born.pure_states import _infidelity
from qcattn.records import Counts


def test_the_square_of_the_modulus_is_what_is_counted():
    """False-failure rate 1e-6."""
    found = PureStates(states=4, shots=40_000, epsilon=0.05, alpha=1e-6)(seed=3)
    assert found.standing == "exact"
    number = found.numbers[0].estimate
    assert 0 < number.best < number.high < 0.05
    assert found.shots == 160_000


@pytest.mark.parametrize("power", [1.0, 1.9, 3.0])
def test_another_power_is_refuted(power):
    found = PureStates(states=4, shots=40_000, alpha=1e-6, power=power)(seed=3)
    assert found.standing == "refuted"
    assert "do not follow" in found.words


def test_a_simulator_that_leaks_is_caught(checked):
    """One shot in fifty comes out as outcome 0 instead of its own."""

    def leaking(prepared, shots, seed):
        counts = Aer()(prepared, shots, seed)
        moved = counts.keys // 50
        keys = counts.keys - moved
        keys[..., 0] += moved.sum(axis=-1)
        return Counts(keys, counts.stray, counts.discarded)

    found = checked(PureStates(states=4, shots=40_000, alpha=1e-6, backend=leaking), seed=3)
    assert found["rule"].holds is False


def test_gates_that_make_another_state_are_told_by_the_phase_too():
    circuit = QuantumCircuit(1)
    circuit.h(0)
    plus, minus = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    assert _infidelity(circuit, plus * 1j) < 1e-12
    assert _infidelity(circuit, minus) == pytest.approx(1)  # the same counts, another state


def test_few_shots_do_not_decide():
    assert PureStates(states=2, shots=50)(seed=1).standing == "undecided"


def test_the_same_seed_gives_the_same_finding_and_another_one_another():
    one, same, other = (PureStates(states=1, shots=100)(seed=s) for s in (1, 1, 2))
    assert one.numbers == same.numbers
    assert np.array_equal(one.panels[0].curves[1].y, same.panels[0].curves[1].y)
    assert one.numbers != other.numbers
