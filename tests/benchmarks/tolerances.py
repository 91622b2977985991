"""What the tolerances that test suites use today say of counts that a probe refuted.

Each takes counts of the outcomes of a law, those that are none of them last, and says whether the
test would have failed. Sources: `delta=0.05 * shots` a count, of Qiskit Aer's own tests; means of
single bits within 0.05, with up to ten tries, of PennyLane's tests of devices; 10 of 100 shots a
count, of Qiskit's neko; Kolmogorov-Smirnov and chi-square at 5% without correction; a Hellinger
fidelity below 0.99.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import special, stats

from qcattn.conformance.case import Law

__all__ = ["NAMES", "alarms", "means_off"]


def _off(seen: np.ndarray, p: np.ndarray, share: float) -> bool:
    shots = seen.sum()
    return bool((np.abs(seen - shots * p) > share * shots).any())


def _kolmogorov(seen: np.ndarray, p: np.ndarray) -> bool:
    shots = seen.sum()
    distance = np.abs(np.cumsum(seen) / shots - np.cumsum(p)).max()
    return bool(special.kolmogorov(distance * np.sqrt(shots)) < 0.05)


def _chi_square(seen: np.ndarray, p: np.ndarray) -> bool:
    expected = seen.sum() * p
    if seen[expected == 0].any():
        return True
    seen, expected = seen[expected > 0], expected[expected > 0]
    return len(seen) > 1 and bool(stats.chisquare(seen, expected, sum_check=False).pvalue < 0.05)


def _hellinger(seen: np.ndarray, p: np.ndarray) -> bool:
    return bool(np.sqrt(seen / seen.sum() * p).sum() ** 2 < 0.99)


_OF_COUNTS: dict[str, Callable[[np.ndarray, np.ndarray], bool]] = {
    "0.05 shots": lambda seen, p: _off(seen, p, 0.05),
    "10 of 100": lambda seen, p: _off(seen, p, 0.1),
    "KS": _kolmogorov,
    "chi-square": _chi_square,
    "Hellinger": _hellinger,
}
#: In the order of the columns; the second is that of ten tries.
NAMES = ["0.05 shots", "±.05, ten tries", "10 of 100", "KS", "chi-square", "Hellinger"]


def alarms(seen: Sequence[int], law: Law) -> set[str]:
    """Names of the tolerances that the counts of one run break, that of ten tries left out.

    Args:
        seen: Of each outcome of the law, and of all others at the end.
        law: What is right.
    """
    counts, p = np.array(seen), np.append(law.p, 0.0)
    if not counts.sum():
        return set()
    return {name for name, breaks in _OF_COUNTS.items() if breaks(counts, p)}


def means_off(readings: np.ndarray, law: Law) -> bool:
    """Whether the mean of any bit, as +1 and -1, is off by more than 0.05.

    Args:
        readings: Shape (shots, clbits), bool, bit 0 first.
        law: What is right.
    """
    bits = np.array([[letter == "1" for letter in one[::-1]] for one in law.outcomes])
    right = 1 - 2 * law.p @ bits
    return bool((np.abs(1 - 2 * readings.mean(axis=0) - right) > 0.05).any())
