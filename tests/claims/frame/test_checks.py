"""Checks: they hold, fail or stay undecided, each when it should."""

import numpy as np
import pytest

from qcattn.claims.frame.checks import algebra, differs, equals, every, follows
from qcattn.evidence import Check, Estimate


def _follows(counts, p, **options):
    return follows("p", "counts follow p", counts, p, **options)


def test_counts_of_another_law_fail_and_few_counts_do_not_decide():
    """False-failure rate 1e-6 of the first; a law 0.02 off is caught."""
    rng = np.random.default_rng(1)
    p = np.array([[0.5, 0.3, 0.2, 0.0], [0.1, 0.2, 0.3, 0.4]])
    right = rng.multinomial(200_000, p)
    check = _follows(right, p, epsilon=0.02, alpha=1e-6, role="beyond")
    assert check.holds is True and check.role == "beyond"
    moved = p + np.array([[0.02, -0.02, 0, 0], [0, 0, 0, 0]])
    wrong = follows(
        "p", "counts follow p", rng.multinomial(200_000, moved), p, epsilon=0.05, alpha=1e-6
    )
    assert wrong.holds is False and "outcome" in wrong.by and wrong.name == "p"
    assert _follows(rng.multinomial(100, p), p, epsilon=0.02, alpha=1e-6).holds is None
    impossible = right + np.array([[0, 0, 0, 1], [0, 0, 0, 0]])
    assert _follows(impossible, p, epsilon=0.02, alpha=1e-6).holds is False
    assert "outcome 3" in _follows(impossible, p, epsilon=0.02, alpha=1e-6).by


@pytest.mark.parametrize(
    ("estimate", "holds"),
    [
        (Estimate(1.01, 0.99, 1.03), True),
        (Estimate(1.01, 1.001, 1.03), False),
        (Estimate(1.01, 0.5, 1.03), None),
        (Estimate(np.nan, -np.inf, np.inf), None),
        (Estimate(1.0, np.nan, np.nan), False),
    ],
)
def test_a_number_equals_another_within_its_interval_and_a_tolerance(estimate, holds):
    assert equals("x", "x is 1", estimate, 1.0, tolerance=0.05, alpha=0.01).holds is holds


def test_algebra_holds_up_to_rounding_and_nan_never_does():
    assert algebra("x", "x is 0", 1e-14).holds is True
    assert algebra("x", "x is 0", 1e-6).holds is False
    assert algebra("x", "x is 0", np.nan).holds is False


def test_to_differ_is_not_to_follow():
    """False-failure rate 1e-6 of the second."""
    p, counts = [0.5, 0.5], np.array([[60_000, 40_000], [50_000, 50_000], [6, 4]])
    found = [
        differs("x", "x is loaded", one, p, epsilon=0.02, alpha=1e-6, role="beyond")
        for one in counts
    ]
    assert [check.holds for check in found] == [True, False, None]
    assert {check.role for check in found} == {"beyond"}
    assert {check.alpha for check in found} == {1e-6} and {check.name for check in found} == {"x"}


@pytest.mark.parametrize(
    ("found", "holds"),
    [([True, True], True), ([True, None], None), ([None, False, True], False), ([False], False)],
)
def test_several_checks_hold_when_all_do(found, holds):
    checks = [
        Check(str(i), f"number {i}", one, f"by {i}", alpha=0.1) for i, one in enumerate(found)
    ]
    whole = every("all", "all hold", checks, role="beyond")
    assert whole.name == "all" and whole.alpha == pytest.approx(0.1 * len(found))
    assert whole.holds is holds and whole.role == "beyond"
    assert f"{found.count(True)} of {len(found)}" in whole.by
    at = found.index(holds) if holds is not True else len(found) - 1
    assert f"number {at}: by {at}" in whole.by
