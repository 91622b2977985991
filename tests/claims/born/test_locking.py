"""A12: thresholds, registers of heads, bounds on coherence, and what changes the verdict."""

import numpy as np
import pytest

from qcattn import dense_state
from qcattn.backends import Aer
from qcattn.claims.born._heads import (
    attending_register,
    coherence,
    head_register,
    head_state,
    l1_coherence,
)
from qcattn.claims.born.locking import KuramotoLocking
from qcattn.evidence import Check
from qcattn.progress import silent
from qcattn.records import Counts

PHASES = np.random.default_rng(4).uniform(0, 4, 8)
SMALL = {"oscillators": 64, "couplings": (4.0,), "shots": 20_000, "epsilon": 0.05, "alpha": 1e-6}


@pytest.mark.parametrize("dephased", [False, True])
@pytest.mark.parametrize("undone", [False, True])
def test_laws_of_registers_are_those_of_their_circuits(dephased, undone):
    register = head_register(PHASES, dephased=dephased, undone=undone)
    law, _ = dense_state.outcome_distribution(register)
    assert law == pytest.approx(register.distribution, abs=1e-12)
    if not undone:
        r = abs(np.exp(1j * PHASES).mean())
        assert law[0] == pytest.approx(1 / 8 if dephased else r**2)
        assert 0.1 < r < 0.9


def test_heads_that_agree_show_r_squared_and_others_less():
    rows = np.random.default_rng(2).dirichlet(np.ones(4), 8)
    for phases in (np.zeros(8), PHASES):
        differing = attending_register(phases, rows)
        law, _ = dense_state.outcome_distribution(differing)
        assert law == pytest.approx(differing.distribution, abs=1e-12)
        alike = attending_register(phases, np.repeat(rows[:1], 8, axis=0)).distribution
        assert alike[0] == pytest.approx(abs(np.exp(1j * phases).mean()) ** 2)
    assert attending_register(np.zeros(8), rows).distribution[0] < 0.95


@pytest.mark.parametrize("dephased", [False, True])
def test_bounds_enclose_the_coherence(dephased):
    """Each of the bounds misses with probability 1e-6 at most."""
    exact = l1_coherence(head_state(PHASES, dephased=dephased))
    assert exact == pytest.approx(0 if dephased else 7)
    bounds = coherence(PHASES, dephased=dephased, shots=50_000, backend=Aer(), seed=3, alpha=1e-6)
    assert bounds.low <= exact + 1e-9 and exact <= bounds.high + 1e-9
    assert bounds.high - bounds.low < 1.5


def test_locking_is_refuted_as_coherence():
    """False-failure rate 1e-6."""
    found = KuramotoLocking(**SMALL)(seed=1)
    assert found.standing == "refuted"
    for name in ("threshold", "below", "pure registers", "real row"):
        assert found.check(name).holds, name
    for name in ("copy kept", "coherent at lock", "not coherent adrift"):
        assert found.check(name).holds is False, name
    assert found.check("threshold").role == "control"
    assert "Locking is not quantum coherence" in found.words and "by hand" in found.words
    assert found.number("l1 coherence at r = 1, of 7").estimate.high < 2
    (adrift,) = (one.estimate for one in found.numbers if one.reference == pytest.approx(7))
    assert adrift.low > 6
    for number in found.numbers:
        assert number.reference in number.estimate, number.name


def test_words_follow_from_checks_by_name_wherever_they_stand():
    claim = KuramotoLocking(**SMALL)
    measured = claim.measure(np.random.SeedSequence(1), silent)
    checks = {check.name: check for check in claim.check(measured)}
    assert set(checks) == {
        "threshold",
        "below",
        "pure registers",
        "real row",
        "copy kept",
        "coherent at lock",
        "not coherent adrift",
    }
    more = {"another": Check("another", "Something else holds", False, "")}
    said = claim.describe(measured, checks)
    assert said.words and claim.describe(measured, more | dict(reversed(checks.items()))) == said


def test_registers_that_are_coherent_where_they_lock_and_only_there_change_the_verdict():
    """False-failure rate 1e-6."""
    premises = {"locked_is_dephased": False, "drifting_is_dephased": True}
    found = KuramotoLocking(**SMALL, **premises)(seed=1)
    assert found.standing == "conditional"
    assert found.condition and "only there" in found.words


@pytest.mark.parametrize("threshold", [1.2, 3.0])
def test_another_threshold_leaves_all_undecided(threshold):
    """Where the heads lock is a control: it says that the equations are Kuramoto's."""
    larger = SMALL | {"oscillators": 400, "alpha": 1e-3}
    found = KuramotoLocking(**larger, threshold=threshold)(seed=1)
    assert found.check("threshold").holds is False and found.standing == "undecided"
    assert "Nothing is decided" in found.words and "threshold" not in found.condition


def test_a_coherent_locked_register_leaves_the_drifting_one_that_refutes():
    """The pure drifting register suffices; with a copy kept of it too, little is left to say."""
    found = KuramotoLocking(**SMALL, locked_is_dephased=False)(seed=1)
    assert found.standing == "refuted"
    assert found.check("not coherent adrift").holds is False
    assert found.check("coherent at lock").holds is True and "r alone" in found.words


def test_a_simulator_that_loses_phases_is_caught(checked):
    """One shot in ten comes from the state of equal phases instead of its own."""

    def forgetful(prepared, shots, seed):
        counts = Aer()(prepared, shots, seed)
        moved = counts.keys // 10
        keys = counts.keys - moved
        keys[..., 0] += moved.sum(axis=-1)
        return Counts(keys, counts.stray, counts.discarded)

    found = checked(KuramotoLocking(**SMALL, backend=forgetful))
    assert found["pure registers"].holds is False


def test_the_same_seed_gives_the_same_finding():
    premises = SMALL | {"alpha": 1e-3, "locked_is_dephased": False}
    one, same, other = (KuramotoLocking(**premises)(seed=s) for s in (1, 1, 2))
    assert one.numbers == same.numbers != other.numbers
    assert one.standing == "refuted" and "r alone does not say" in one.words
