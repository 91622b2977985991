"""Rules for stopping: where they look, and that looking often costs no error rate."""

from itertools import islice

import numpy as np
import pytest
from scipy.stats import binom

from qcattn.certification.intervals import proportion
from qcattn.records import Counts
from qcattn.sweeps.until import Certified, Width, looks, rule, share


def test_looks_are_powers_of_two_and_what_lies_between():
    every = sorted({2**k for k in range(12)} | {3 * 2**k for k in range(12)})
    assert list(looks(2000)) == [n for n in every if n <= 2000]
    assert list(looks(1)) == [1] and list(looks(5)) == [1, 2, 3, 4]
    assert list(islice(looks(10**6), 9)) == [*looks(16), 24]


def test_the_shares_of_all_looks_together_are_one():
    total = sum(share(look) for look in range(1, 10**5))
    assert 0.9999 < total <= 1 and share(0) == 1


def miss_rate(p: float, cut: bool, *, runs: int, alpha: float) -> float:
    """How often any interval misses p when a coin is looked at 16 times."""
    rng = np.random.default_rng(3)
    hits, before, missed = np.zeros(runs), 0, np.zeros(runs, bool)
    for look, batches in enumerate(looks(256), start=1):
        hits += rng.binomial(50 * (batches - before), p, runs)
        before = batches
        low, high = proportion(hits, 50 * batches, alpha * (share(look) if cut else 1.0))
        missed |= (p < low) | (p > high)
    return float(missed.mean())


def test_intervals_hold_at_any_look_and_would_not_if_looking_were_free():
    """False-failure rate: that of 2000 runs with at most alpha = 10% misses showing more than the
    99.9999% quantile, 1e-6. The planted fault, all of alpha at each look, misses far more often."""
    runs, alpha = 2000, 0.1
    most = binom.isf(1e-6, runs, alpha) / runs
    assert miss_rate(0.3, True, runs=runs, alpha=alpha) <= most
    assert miss_rate(0.3, False, runs=runs, alpha=alpha) > most


def counts(keys) -> Counts:
    keys = np.array(keys)
    return Counts(keys, np.zeros(keys.shape[:-1], int), np.zeros(keys.shape[:-1], int))


def test_every_row_must_meet_the_rule():
    law = np.array([[0.5, 0.3, 0.2]] * 2)
    good, bad = [50_000, 30_000, 20_000], [52_000, 28_000, 20_000]
    assert Certified(0.01).met(counts([good, good]), law, 0.01)
    assert not Certified(0.01).met(counts([good, bad]), law, 0.01)
    assert Width(0.01).met(counts([good, good]), law, 0.01)
    assert not Width(0.01).met(counts([good, [5, 3, 2]]), law, 0.01)
    assert not Width(0.5).met(counts([[0, 0, 0]]), law[:1], 0.01), "no shots, no interval"


def test_a_rule_is_read_from_its_name_and_number():
    assert rule("certified=0.02") == Certified(0.02) and rule("width=1e-3") == Width(0.001)
    assert rule(str(Certified(0.015))) == Certified(0.015)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("certify=0.02", "did you mean 'certified'"),
        ("certified", "write certified and a number"),
        ("width=wide", "write width and a number"),
        ("width=0", "between 0 and 1"),
        ("certified=nan", "between 0 and 1"),
    ],
)
def test_a_mistake_is_named_with_its_cure(text, said):
    with pytest.raises(ValueError, match=said):
        rule(text)
