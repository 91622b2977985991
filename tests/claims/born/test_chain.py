"""Five links on one row hold together for a thermal state, and not for a pure or a wrong one."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from qiskit.quantum_info import Pauli

from qcattn.backends import Aer
from qcattn.claims.born.chain import Chain
from qcattn.preparations import Amplitude, Heralded
from qcattn.progress import silent
from qcattn.thermal import gibbs_state

SMALL = {"shots": 60_000, "epsilon": 0.05, "tolerance": 0.3, "nats": 0.5, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return Chain(**SMALL)(seed=1)


LINKS = ("softmax", "born", "temperature", "stationary", "entropy", "bayes", "pure counts")


def holds(finding, *names):
    return [finding.check(name).holds for name in names]


def test_every_link_holds_and_a_pure_state_breaks_one(found):
    """False-failure rate 1e-6."""
    assert found.standing == "analogy"
    assert holds(found, *LINKS) == [True] * 7
    assert found.check("measurement").holds is False
    assert found.check("pure state").holds is False
    assert all(number.reference in number.estimate for number in found.numbers)
    assert "not all the same thing" in found.words
    assert len(found.panels[0].ticks) == 4


def test_a_pure_state_passes_born_and_bayes_and_nothing_else():
    """It would pass with probability far below 1e-6."""
    wrong = Chain(**SMALL, preparation=Amplitude())(seed=1)
    assert wrong.standing == "refuted"
    assert holds(wrong, "born", "bayes") == [True, True]
    assert holds(wrong, "stationary", "entropy") == [False, False]


def test_where_dephasing_is_seen_to_matter_the_chain_is_no_analogy():
    """A planted coherence: what the dephased state gives is held against another law."""
    claim = Chain(**SMALL)
    measured = claim.measure(np.random.SeedSequence(1), silent)
    moved = replace(measured, coherent_law=np.array([0.1, 0.2, 0.3, 0.4]))
    checks = {check.name: check for check in claim.check(moved)}
    assert checks["measurement"].holds is True
    assert "nothing quantum" not in claim.describe(moved, checks).words


@dataclass(frozen=True)
class Warm:
    """Prepares twice the temperature."""

    def __call__(self, hamiltonian, *, beta):
        return Heralded()(hamiltonian, beta=beta / 2)


def test_another_temperature_breaks_born_and_kms():
    """It would pass with probability far below 1e-6."""
    wrong = Chain(**SMALL, preparation=Warm())(seed=1)
    assert holds(wrong, "born", "temperature") == [False, False]
    assert "does not hold" in wrong.words


class Swapped(Aer):
    """Swaps the first two outcomes."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        counts.keys[..., [0, 1]] = counts.keys[..., [1, 0]]
        return counts


def test_a_sampler_that_swaps_outcomes_is_caught(checked):
    found = checked(Chain(**SMALL, backend=Swapped()))
    assert found["born"].holds is False and found["bayes"].holds is False


class Even(Aer):
    """Deals all shots evenly."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        counts.keys[...] = counts.keys.sum(axis=-1, keepdims=True) // counts.keys.shape[-1]
        return counts


def test_no_condition_is_named_that_was_not_seen(described_twice, checked):
    even = Chain(**SMALL, backend=Even())
    said, _ = described_twice(even)
    assert checked(even)["pure state"].holds and not said.condition
    assert "a pure state has the same counts" not in said.words


def test_the_commutator_that_is_measured_is_that_of_the_kms_condition():
    h = np.diag([0.3, -1.0, 0.4, 2.0])
    rho, p, z = gibbs_state(h, 1.0), Pauli("XI").to_matrix(), Pauli("ZI").to_matrix()
    b = 1j * z @ p
    moved = np.diag(np.exp(-np.diag(h))) @ z @ np.diag(np.exp(np.diag(h)))
    assert np.allclose(moved, z) and np.allclose(b, b.conj().T)
    assert np.allclose(z @ b - b @ moved, 2j * p)
    assert np.isclose(np.trace(rho @ p), 0)
