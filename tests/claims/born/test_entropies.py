"""Shannon's entropy is von Neumann's in the eigenbasis, more elsewhere, and never less."""

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

from qcattn import thermal
from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.claims.born.entropies import ThermodynamicEntropy, _law, _read_along, _turned
from qcattn.dense_state import outcome_distribution, system_state
from qcattn.encodings import Binary
from qcattn.evidence import Check
from qcattn.preparations import Amplitude, Heralded
from qcattn.progress import silent

SMALL = {"shots": 1_500_000, "tolerance": 0.1, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return ThermodynamicEntropy(**SMALL, angles=(0.0, 1.0))(seed=1)


def test_the_entropies_agree_in_one_basis_only(found):
    """False-failure rate 1e-6."""
    assert found.standing == "conditional" and "basis of the keys" in found.condition
    assert all(found.check(name).holds for name in ("dense", "keys", "never smaller", "heat"))
    assert found.check("turned by 1").holds is False
    assert found.check("pure state").holds is False
    assert all(number.reference in number.estimate for number in found.numbers)
    own = found.number("of the pure state along its own vector")
    assert own.reference == 0 and own.estimate.high < 0.01


def test_every_check_has_a_name_and_the_words_follow_from_names_wherever_they_stand():
    claim = ThermodynamicEntropy(**SMALL, angles=(0.0, 1.0, 1.001))
    measured = claim.measure(np.random.SeedSequence(1), silent)
    checks = {check.name: check for check in claim.check(measured)}
    assert list(checks) == [
        "dense",
        "keys",
        "never smaller",
        "heat",
        "turned by 1",
        "turned by 1.001",
        "pure state",
    ]
    said = claim.describe(measured, checks)
    other = {"other": Check("other", "Another one holds", False, "")}
    assert claim.describe(measured, other | dict(reversed(checks.items()))) == said
    agrees = {"pure state": Check("pure state", "It is the same", True, "", "beyond")}
    assert "not the same quantity" in said.words
    assert "not the same quantity" not in claim.describe(measured, checks | agrees).words


def test_another_basis_refutes_it():
    """It would pass with probability far below 1e-6."""
    wrong = ThermodynamicEntropy(**SMALL, angles=(1.0,))(seed=1)
    assert wrong.standing == "refuted" and "turned by 1.00 rad" in wrong.words


class Sharpened(Aer):
    """Gives a third of all other shots to the likeliest outcome."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        moved = counts.keys // 3
        counts.keys[...] -= moved
        counts.keys[..., counts.keys.argmax()] += moved.sum()
        return counts


def test_a_sampler_that_loses_entropy_is_caught(checked):
    found = checked(
        ThermodynamicEntropy(**SMALL, angles=(0.0, 1.0), backend=Sharpened(draws="born"))
    )
    assert found["keys"].holds is False and found["never smaller"].holds is False


class Stuck(Aer):
    """Reads outcome 0 always."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        total = counts.keys.sum(axis=-1)
        counts.keys[...] = 0
        counts.keys[..., 0] = total
        return counts


def test_no_condition_is_named_that_was_not_seen(described_twice, checked):
    stuck = ThermodynamicEntropy(**SMALL, angles=(0.0,), backend=Stuck(draws="born"))
    said, _ = described_twice(stuck)
    assert checked(stuck)["pure state"].holds and not said.condition
    assert "not the same quantity" not in said.words


def test_circuits_and_laws_are_those_of_dense_algebra():
    row = np.array([0.1, 1.0, -0.5, 0.7])
    mixed, pure = (one()(Binary()(row), beta=1.0) for one in (Heralded, Amplitude))
    rho, success = system_state(mixed)
    law, kept = outcome_distribution(_turned(mixed, 0.7))
    assert np.allclose(law, _law(rho, 0.7)) and np.isclose(kept, success)
    assert np.abs(law - softmax(row)).max() > 0.03
    s = thermal.shannon_entropy(softmax(row))
    assert thermal.shannon_entropy(law) > s + 0.03
    circuit = _read_along(pure).remove_final_measurements(inplace=False)
    assert np.isclose(Statevector(circuit).probabilities()[0], 1)
