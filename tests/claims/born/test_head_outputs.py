"""A11: outputs are expectation values in any basis; one state serves what it majorises."""

import numpy as np
import pytest

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.claims.born._majorisation import basis_for, majorises
from qcattn.claims.born.head_outputs import HeadOutputs
from qcattn.datasets import load_scores, values
from qcattn.evidence import Check
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.progress import silent
from qcattn.records import Counts

SMALL = {
    "models": ("minilm",),
    "heads": (1, 2),
    "shots": 60_000,
    "tolerance": 0.05,
    "epsilon": 0.05,
    "alpha": 1e-6,
    "backend": Aer(draws="born"),
}


OUTPUTS = [
    f"{way}: minilm, {bases}"
    for way in ("estimator", "shots")
    for bases in ("the keys", "bases of their own")
]


def holds(finding, *names):
    return [finding.check(name).holds for name in names]


def test_outputs_agree_and_one_state_does_not_serve_every_head():
    """False-failure rate 1e-6."""
    found = HeadOutputs(**SMALL)(seed=1)
    assert found.standing == "conditional"
    assert holds(found, *OUTPUTS, "sharpest state", "flattest state") == [True] * 5 + [False]
    assert all(number.estimate.high < 0.05 for number in found.numbers)
    assert "is a choice" in found.words and "pure state would serve every head" in found.words
    assert "head 2 does not give head 1, " in found.words
    assert majorises(np.eye(4)[0], [0.4, 0.3, 0.2, 0.1])  # a pure state is sharp enough for any
    exact, measured = found.panels[0].curves[1].x, found.panels[0].curves[1].y
    stored = values("minilm")
    rows = softmax(load_scores("minilm").scores[stored.layer, [1, 2], 8])
    by_hand = [rows[h] @ stored.values[[1, 2]][h] for h in range(2)]
    assert exact == pytest.approx(np.ravel(by_hand))
    assert np.abs(exact - measured).max() < 0.1


def test_words_follow_from_checks_by_name_wherever_they_stand():
    claim = HeadOutputs(**SMALL)
    measured = claim.measure(np.random.SeedSequence(1), silent)
    checks = {check.name: check for check in claim.check(measured)}
    assert set(checks) == {*OUTPUTS, "sharpest state", "flattest state"}
    more = {"another": Check("another", "Something else holds", False, "")}
    said = claim.describe(measured, checks)
    assert said.words and claim.describe(measured, more | dict(reversed(checks.items()))) == said


def test_one_head_alone_has_no_other_to_be_read_as():
    found = HeadOutputs(**{**SMALL, "heads": (2,)})(seed=1)
    assert found.standing == "exact"
    assert {check.name for check in found.checks} == {"sampler", *OUTPUTS, "flattest state"}


def test_heads_that_are_the_same_need_one_state_only():
    """A head twice: its state shows itself, and the claim holds without a condition."""
    found = HeadOutputs(**{**SMALL, "heads": (2, 2)})(seed=1)
    assert found.standing == "exact" and not found.condition
    assert "serve every head" not in found.words


def test_a_pure_state_serves_every_head():
    """A premise changed: the same outputs, and one eigenvalue, which majorises everything."""
    found = HeadOutputs(**SMALL, preparation=Amplitude())(seed=1)
    assert found.standing == "exact" and not found.condition
    assert all(holds(found, *OUTPUTS, "sharpest state", "flattest state"))
    assert "does not give" not in found.words


def test_the_estimator_is_asked_for_what_the_herald_keeps():
    """A heralded state is thermal as a purified one is; few shots are kept."""
    found = HeadOutputs(**SMALL | {"shots": 400_000}, preparation=Heralded())(seed=1)
    assert holds(found, *OUTPUTS[:2]) == [True, True]
    assert found.standing == "conditional"


def test_another_temperature_is_caught():
    off = HeadOutputs(**SMALL, preparation=lambda h, beta: Purification()(h, beta=1.1 * beta))
    found = off(seed=1)
    assert found.standing == "undecided", "the Estimator, a control, sees it too"
    assert holds(found, *OUTPUTS) == [False] * 4
    assert "Nothing is decided" in found.words


def test_neighbouring_keys_swapped_are_caught(checked):
    """A planted fault in the backend; the Estimator does not go through it."""

    def swapping(prepared, shots, seed):
        counts = SMALL["backend"](prepared, shots, seed)
        keys = counts.keys.copy()
        keys[..., [0, 1]] = keys[..., [1, 0]]
        return Counts(keys, counts.stray, counts.discarded)

    found = checked(HeadOutputs(**{**SMALL, "backend": swapping}))
    assert [found[name].holds for name in OUTPUTS] == [True, True, False, False]


def test_a_basis_is_found_for_whatever_is_majorised():
    rng = np.random.default_rng(1)
    for size in (2, 3, 8, 16):
        for _ in range(20):
            spectrum = rng.dirichlet(np.full(size, 0.3))
            mixing = np.linalg.qr(rng.normal(size=(size, size)))[0] ** 2
            p = mixing @ spectrum
            assert majorises(spectrum, p)
            u = basis_for(spectrum, p)
            assert np.allclose(u @ u.T, np.eye(size))
            assert np.allclose(np.diag((u * spectrum) @ u.T), p)
    uniform, pure = np.full(4, 0.25), np.eye(4)[2]
    assert np.allclose(
        np.diag((basis_for(pure, uniform) * pure) @ basis_for(pure, uniform).T), 0.25
    )
    assert np.allclose(np.abs(basis_for(pure, pure) ** 2 @ pure), pure)
    with pytest.raises(ValueError, match="must be majorised"):
        basis_for(uniform, pure)


def test_no_basis_shows_more_than_the_largest_eigenvalue():
    rng = np.random.default_rng(2)
    spectrum = rng.dirichlet(np.ones(6))
    for _ in range(50):
        mixing = np.linalg.qr(rng.normal(size=(6, 6)))[0] ** 2
        assert (mixing @ spectrum).max() <= spectrum.max()
