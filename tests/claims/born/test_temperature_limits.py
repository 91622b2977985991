"""Cold attention is sharp unless scores tie, hot attention is uniform, entropy grows in between."""

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.claims.born.temperature_limits import (
    TemperatureLimits,
    _entropy,
    _gap,
    _temperatures,
    _tied,
)
from qcattn.evidence import Check
from qcattn.progress import silent

SMALL = {"rows": 1, "shots": 40_000, "epsilon": 0.06, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return TemperatureLimits(**SMALL | {"shots": 150_000})(seed=1)


def test_both_limits_hold_but_for_a_tie(found):
    """False-failure rate 1e-6."""
    assert found.standing == "conditional" and "one score is the highest" in found.condition
    assert all(found.check(name).holds for name in ("dense", "cold", "hot", "grows"))
    assert found.check("tie").holds is False
    assert all(number.reference in number.estimate for number in found.numbers)
    assert found.number("entropy of a tie when cold, nats").reference == np.log(2)
    assert "does not choose between equal scores" in found.words


def test_every_check_has_a_name_and_the_words_follow_from_names_wherever_they_stand():
    claim = TemperatureLimits(**SMALL | {"shots": 150_000})
    measured = claim.measure(np.random.SeedSequence(1), silent)
    checks = {check.name: check for check in claim.check(measured)}
    assert list(checks) == [
        "dense",
        "cold",
        "hot",
        "grows",
        "tie",
    ]
    said = claim.describe(measured, checks)
    assert "entropy grew in every step between" in said.words
    other = {"other": Check("other", "Another one holds", False, "")}
    assert claim.describe(measured, other | dict(reversed(checks.items()))) == said
    for name in ("cold", "hot", "grows"):
        open_ = Check(name, "It is as it should be", None, "")
        assert "Not every row" in claim.describe(measured, checks | {name: open_}).words


def test_rows_that_tie_refute_it():
    """They would pass with probability far below 1e-6."""
    wrong = TemperatureLimits(**SMALL, tie=True)(seed=1)
    assert wrong.standing == "refuted" and wrong.check("cold").holds is False


def test_no_condition_is_named_that_was_not_seen():
    found = TemperatureLimits(**SMALL | {"shots": 3})(seed=1)
    assert found.check("tie").holds is None and not found.condition
    assert "does not choose" not in found.words


class Lukewarm(Aer):
    """Deals a fifth of the shots of every row evenly to all keys."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        moved = counts.keys // 5
        counts.keys[...] -= moved
        counts.keys[...] += moved.sum(axis=-1, keepdims=True) // moved.shape[-1]
        return counts


def test_a_sampler_that_does_not_cool_is_caught(checked):
    found = checked(TemperatureLimits(**SMALL, backend=Lukewarm()))
    assert found["cold"].holds is False


def test_temperatures_run_from_cold_to_hot_at_even_steps_of_entropy():
    row = np.array([0.3, 2.0, 1.1, -0.7, 1.8])
    taus = _temperatures(row, _gap(row))
    assert taus == sorted(taus) and np.isclose(taus[0], 0.2 / 8) and np.isclose(taus[-1], 54)
    steps = np.array([_entropy(row, tau) for tau in taus])
    assert np.allclose(
        (steps[1:-1] - steps[0]) / (np.log(5) - steps[0]), [0.2, 0.4, 0.6, 0.8, 0.95]
    )
    # Var(E) = tau^3 dS/dtau, by a central difference.
    p = np.exp(row / 0.9) / np.exp(row / 0.9).sum()
    slope = (_entropy(row, 0.9 + 1e-5) - _entropy(row, 0.9 - 1e-5)) / 2e-5
    assert np.isclose(slope, (p @ row**2 - (p @ row) ** 2) / 0.9**3)
    assert _tied(row).tolist() == [0.3, 2.0, 1.1, -0.7, 2.0] and _gap(_tied(row)) == 0
