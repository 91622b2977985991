"""What the shots so far say: band, distance, an anytime-valid verdict, and the test of a step.

Nothing is kept between two batches here. The page sends the totals of before along with its next
request; they hold all that a `Monitor` holds (counts, strays and its largest log e-value so far),
so that the monitor goes on from there. A page that sends other totals deceives its own reader only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcattn.arguments import check_alpha, whole_number
from qcattn.comparisons import Monitor, certify
from qcattn.names import known
from qcattn.plurals import plural
from qcattn.records import Counts
from qcattn.teaching.setups import real

__all__ = ["ALPHA", "KINDS", "Mark", "Totals", "mark_of", "marked", "said", "totals_of"]

#: Error rate of the verdict on the page, over all looks at it together.
ALPHA = 0.01
#: Probability that a perfect sampler leaves its band at any outcome, at one look.
_OUTSIDE = 0.05
#: Log e-values are kept up to here: beyond, JSON has no number for their exponential.
_MOST_LOG = 700.0
#: What a step of a lesson tests its shots for.
KINDS = ("agrees", "differs")


@dataclass(frozen=True, eq=False)
class Totals:
    """Shots so far of one sampler, and the evidence against its law so far.

    Attributes:
        counts: Counts of shape ().
        peak: Largest log e-value so far, from 0 to 700.
    """

    counts: Counts
    peak: float

    def later(self, batch: Counts, expected: np.ndarray) -> Totals:
        """The totals after one more batch."""
        before = Monitor(
            expected,
            ALPHA,
            self.counts.keys,
            self.counts.stray,
            np.asarray(self.peak),
            self.peak,
        )
        peak = float(before.update(Counts(batch.keys, batch.stray, batch.discarded)).peak)
        return Totals(self.counts + batch, min(peak, _MOST_LOG))

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "keys": self.counts.keys.tolist(),
            "stray": int(self.counts.stray),
            "discarded": int(self.counts.discarded),
            "peak": self.peak,
        }


def totals_of(given: Any, outcomes: int) -> Totals:
    """Read the totals that a page sends; None stands for no shots.

    Args:
        given: A mapping with ``keys``, ``stray``, ``discarded`` and ``peak``, or None.
        outcomes: The number of outcomes.

    Raises:
        ValueError: If it is something else.

    Example:
        >>> totals_of(None, 2).document()
        {'keys': [0, 0], 'stray': 0, 'discarded': 0, 'peak': 0.0}
    """
    if given is None:
        return Totals(Counts.zeros((), outcomes), 0.0)
    names = ("keys", "stray", "discarded", "peak")
    if not isinstance(given, Mapping) or set(given) != set(names):
        raise ValueError(
            f"totals must have {', '.join(names)}, but are {given!r:.80}; send those of the answer "
            "before, or none"
        )
    keys = given["keys"]
    if not isinstance(keys, list) or len(keys) != outcomes:
        raise ValueError(
            f"`keys` must be a list of {plural(outcomes, 'count')}, but is {keys!r:.80}; start anew"
        )
    whole = [whole_number(one, "keys", least=0) for one in keys]
    stray, discarded = (whole_number(given[one], one, least=0) for one in ("stray", "discarded"))
    if sum(whole) + stray + discarded > 2**50:
        raise ValueError("totals must be of at most 2**50 shots; start anew")
    peak = real(given["peak"], "peak")
    if not 0 <= peak <= _MOST_LOG:
        raise ValueError(f"`peak` must be from 0 to {_MOST_LOG:g}, but is {peak:g}; start anew")
    counts = Counts(np.array(whole, np.int64), np.array(stray), np.array(discarded))
    return Totals(counts, peak)


def said(totals: Totals, expected: np.ndarray) -> dict[str, Any]:
    """What the shots so far say about a law, as JSON.

    The band is where each share of a perfect sampler lies; it leaves any of them with probability
    at most 5% at one look. The total variation of a perfect sampler is not zero either: its mean
    is that of normal deviations, ``sum sqrt(p (1 - p) / (2 pi n))``. The p-value may be looked at
    at any time (`Monitor`).

    Args:
        totals: Shots so far.
        expected: Shape (outcomes,).
    """
    from scipy.stats import binom

    counts, n = totals.counts, int(totals.counts.kept)
    out: dict[str, Any] = {
        "totals": totals.document(),
        "kept": n,
        "shots": int(counts.shots),
        "p_value": float(np.exp(-totals.peak)),
        "refuted": totals.peak >= -math.log(ALPHA),
        "alpha": ALPHA,
    }
    if not n:
        return {**out, "low": None, "high": None, "variation": None, "chance": None}
    tail = _OUTSIDE / (2 * len(expected))
    # Rounding may bring a probability out of 0 to 1.
    law = np.clip(expected, 0, 1)
    shares = counts.keys / n
    return {
        **out,
        "low": (binom.ppf(tail, n, law).clip(0) / n).tolist(),
        "high": (binom.isf(tail, n, law).clip(0) / n).tolist(),
        "variation": float(np.abs(shares - law).sum() + counts.stray / n) / 2,
        "chance": float(np.sqrt(law * (1 - law) / (2 * np.pi * n)).sum()),
    }


@dataclass(frozen=True)
class Mark:
    """The test by which a step of a lesson ticks itself.

    Attributes:
        kind: ``"differs"``: the shots refute the law, at any time (`Monitor`). ``"agrees"``: the
            total variation is certified to be at most `within` (`certify`).
        alpha: Probability of a false tick, over all looks together.
        within: Total variation that still counts as agreement.
        shots: The number of kept shots at the first look, for kind ``"agrees"``. The k-th later one
            is at 2**k times as many, with alpha / 2**(k + 1), which add up to alpha at most.
    """

    kind: str
    alpha: float = 0.01
    within: float = 0.1
    shots: int = 1000


def mark_of(given: Any) -> Mark:
    """Read a test from a lesson or a page.

    Args:
        given: A mapping of the fields of `Mark`; ``kind`` must be there.

    Raises:
        ValueError: If a name is unknown or a value out of range.

    Example:
        >>> mark_of({"kind": "agrees", "within": 0.05})
        Mark(kind='agrees', alpha=0.01, within=0.05, shots=1000)
    """
    if not isinstance(given, Mapping) or "kind" not in given:
        raise ValueError(
            f"a test must be an object with a `kind`, {' or '.join(KINDS)}, but is {given!r:.80}"
        )
    for name in given:
        known("a name of a test", str(name), ["kind", "alpha", "within", "shots"])
    plain = Mark(known("kind", str(given["kind"]), KINDS))
    return Mark(
        plain.kind,
        check_alpha(given.get("alpha", plain.alpha)),
        check_alpha(given.get("within", plain.within), "within"),
        whole_number(given.get("shots", plain.shots), "shots"),
    )


def marked(mark: Mark, before: Totals, after: Totals, expected: np.ndarray) -> dict[str, Any]:
    """The result of a step's test after a batch.

    Args:
        mark: The mark of the step.
        before: Totals before the batch.
        after: Totals after the batch.
        expected: The law that is tested, shape (outcomes,).

    Returns:
        ``passed``; and of a test for agreement ``upper``, the bound that was found, or None where
        this batch reached no look, and ``next``, the kept shots of the next look.
    """
    if mark.kind == "differs":
        return {"passed": after.peak >= -math.log(mark.alpha), "upper": None, "next": None}
    kept, earlier = int(after.counts.kept), int(before.counts.kept)
    look = _looks(kept, mark.shots)
    out = {"passed": False, "upper": None, "next": mark.shots * 2**look}
    if look == _looks(earlier, mark.shots):
        return out
    found = certify(after.counts, expected, mark.within, mark.alpha / 2**look)
    return {**out, "passed": bool(found.all_certified), "upper": float(found.upper)}


def _looks(kept: int, first: int) -> int:
    """Looks that are due by so many kept shots."""
    return (kept // first).bit_length()
