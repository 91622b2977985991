"""A13: phases lock whatever is learned if frequencies are equal, and not if they are not."""

import numpy as np
import pytest

from qcattn import dense_state
from qcattn.backends import Aer
from qcattn.claims.born.flat_locking import FlatLocking, key_register
from qcattn.evidence import Check
from qcattn.progress import silent
from qcattn.records import Counts

SMALL = {"words": 8, "many": 40, "shots": 20_000, "alpha": 1e-6}


@pytest.mark.parametrize("words", [2, 5, 8, 29])
def test_the_register_of_keys_shows_r_squared(words):
    """Against the dense state of the circuit."""
    phases = np.random.default_rng(words + 1).uniform(0, 4, words)
    register = key_register(phases)
    law, _ = dense_state.outcome_distribution(register)
    r = abs(np.exp(1j * phases).mean())
    assert law[0] == pytest.approx(r**2, abs=1e-12)
    assert register.distribution[0] == pytest.approx(r**2)
    assert r < 0.99


def test_from_the_full_circle_r_is_not_one_and_tells_what_was_trained():
    """False-failure rate 1e-6 of the counts; of 128 starts a quarter and more end below."""
    found = FlatLocking(**SMALL, starts=512)(seed=2)
    assert found.standing == "refuted"
    assert found.check("locked").holds is False and found.check("tells").holds is True
    assert found.check("head register").holds and found.check("rows").holds
    assert "r tells the two apart" in found.words and "defines no geometry" in found.words
    assert not found.condition
    for number in found.numbers:
        assert np.isnan(number.reference) or number.reference in number.estimate, number.name


def test_from_half_a_circle_the_number_is_alike_and_says_nothing_of_what_was_learned():
    """The premise changed. False-failure rate 1e-6."""
    found = FlatLocking(**SMALL, arc=3.0)(seed=2)
    assert found.standing == "analogy"
    assert found.check("locked").holds
    others = ("tells", "vocabulary", "ground state", "uneven")
    assert [found.check(name).holds for name in others] == [False] * 4
    assert {found.check(name).role for name in ("head register", "rows")} == {"control"}
    assert found.condition.startswith("natural frequencies are equal")
    assert "It does not say what was learned" in found.words
    assert "it is equal natural frequencies" in found.words
    r = {curve.name: curve.y for curve in found.panels[0].curves}
    assert r["random"][0] < 0.95 and r["random"][-1] > 0.9995


@pytest.mark.parametrize("premise", [{"spread": 1.0}, {"duration": 0.5}], ids=str)
def test_unequal_frequencies_or_too_short_a_time_refute_it(premise):
    found = FlatLocking(**SMALL, arc=3.0, **premise)(seed=2)
    assert found.standing == "refuted"
    assert "do not come to r = 1.000" in found.words and not found.condition


def test_words_follow_from_checks_by_name_wherever_they_stand():
    claim = FlatLocking(**SMALL)
    measured = claim.measure(np.random.SeedSequence(1), silent)
    checks = {check.name: check for check in claim.check(measured)}
    assert set(checks) == {
        "locked",
        "head register",
        "rows",
        "tells",
        "vocabulary",
        "ground state",
        "uneven",
    }
    more = {"another": Check("another", "Something else holds", False, "")}
    said = claim.describe(measured, checks)
    assert said.words and claim.describe(measured, more | dict(reversed(checks.items()))) == said


def test_equal_frequencies_beyond_leave_no_condition_to_fail():
    found = FlatLocking(**SMALL, arc=3.0, uneven=0.0)(seed=2)
    assert found.check("uneven").holds is True and not found.condition
    assert "equal natural frequencies" not in found.words


def test_a_simulator_that_swaps_two_keys_is_caught(checked):
    def swapping(prepared, shots, seed):
        counts = Aer()(prepared, shots, seed)
        order = np.arange(counts.keys.shape[-1])
        order[:2] = 1, 0
        return Counts(counts.keys[..., order], counts.stray, counts.discarded)

    found = checked(FlatLocking(**SMALL, backend=swapping), seed=2)
    assert found["head register"].holds is False and found["rows"].holds is False


def test_the_same_seed_gives_the_same_finding():
    few = SMALL | {"shots": 500}
    one, same, other = (FlatLocking(**few)(seed=s) for s in (1, 1, 2))
    assert one.numbers == same.numbers != other.numbers
