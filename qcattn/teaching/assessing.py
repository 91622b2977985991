r"""A student's answer: right, wrong with a hint, or more shots needed; by a test at a stated error.

No answer is compared with a text or with numbers that a seed gave: whoever draws shots of their own
gets other numbers than the teacher, and is right all the same. There are three kinds of answers.

- *Counts against a law*, right within a total variation. A student who drew from a law that is no
  farther than `within` is marked wrong with probability at most alpha / 2, one who drew from a law
  beyond it is marked right with probability at most alpha (`qcattn.comparisons.certify`); what the
  shots do not decide takes more of them. With n shots on K outcomes the distance D between shares
  and law exceeds the true one by more than :math:`\sqrt{(K-1)/n}/2 + \sqrt{\ln(1/\delta)/2n}` with
  probability at most :math:`\delta` (its mean, and McDiarmid's inequality [1]). The other half of
  alpha goes to the test whether counts lie closer to the law than chance allows, as those do that
  were computed and not drawn; it is that of the law itself.
- *A number with its interval.* An honest interval of confidence 0.95 misses the truth once in
  twenty, once in forty on either side; so a miss alone is no fault. Both arms are stretched by
  :math:`\ln(\alpha/2) / \ln((1-c)/2)`, c the confidence, and the answer is wrong if the truth lies
  outside even then. An estimate with exponential tails, or lighter ones (normal, binomial), is
  marked wrong with probability at most alpha. An interval that is right but wider than ``within``
  on average of its two arms takes more shots.
- *A law against a law*, right within a total variation. Nothing is random here.

`check` raises, which is what nbgrader and otter take for wrong, and is silent where the answer is
right: a cell of nbgrader that shows any other value gets all points, and a doctest of otter that
prints anything gets none. `assess` gives the same as a value.

References:
    [1] C. McDiarmid, On the method of bounded differences, Surveys in Combinatorics (1989).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from qcattn.arguments import check_alpha, check_distributions, entry
from qcattn.comparisons import certify, fit, plan
from qcattn.comparisons._rows import check_rows
from qcattn.evidence import Estimate
from qcattn.plurals import plural

__all__ = ["Assessment", "NotRight", "assess", "check"]

#: Draws from the law beside which counts are looked at, at most: to see whether they are too even.
_MOST_DRAWS = 20_000


@dataclass(frozen=True)
class Assessment:
    """The judgement of an answer.

    Attributes:
        verdict: The verdict, in a word or three.
        words: Why, and what cures it, in whole sentences.
        alpha: Probability at most that a right answer of this kind is marked wrong, 0 where
            nothing is random.

    Example:
        >>> print(assess(counts=[260, 740], law=[0.25, 0.75], within=0.1))
        right: Your 1,000 shots lie within 0.1 of the law.
    """

    verdict: Literal["right", "wrong", "more shots needed"]
    words: str
    alpha: float

    def __bool__(self) -> bool:
        """Whether the answer is right."""
        return self.verdict == "right"

    def __str__(self) -> str:
        """The verdict and why."""
        return f"{self.verdict}: {self.words}"


class NotRight(AssertionError):
    """An answer is wrong or needs more shots; the student reads the message.

    Attributes:
        assessment: The answer's `Assessment`.
    """

    def __init__(self, assessment: Assessment) -> None:
        super().__init__(str(assessment))
        self.assessment = assessment

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the hint alone, without the lines that led to it."""
        return [str(self)]


def check(
    *,
    counts: Any = None,
    estimate: Any = None,
    probabilities: Any = None,
    law: Any = None,
    number: float | None = None,
    within: float,
    alpha: float = 1e-3,
    confidence: float = 0.95,
    hint: str = "",
    pitfalls: Mapping[str, Any] | None = None,
) -> None:
    """Mark a student's answer: stay silent if it is right, else raise an error with a hint.

    Args:
        counts: The answer, if it is counts; anything that `qcattn.comparisons.fit` takes.
        estimate: The answer, if it is a number: an `Estimate`, or best, low and high.
        probabilities: The answer, if it is a law, of shape (..., outcomes).
        law: What counts or probabilities should follow, of shape (..., outcomes), or a dictionary
            of outcomes and probabilities.
        number: What an estimate should be.
        within: Tolerance: a total variation of counts and laws; the widest mean arm of the
            interval of an estimate, in its own unit.
        alpha: Probability that a right answer is marked wrong, at most.
        confidence: The confidence of the interval for which the student was asked.
        hint: What a wrong answer is told in any case.
        pitfalls: What the student reads for each likely mistake, and the law or number to which the
            mistake leads; the one that fits best is told if the answer is wrong.

    Raises:
        NotRight: An AssertionError, if the answer is wrong or takes more shots.
        ValueError: If the exercise itself is not well put: a law that does not sum to one, a
            rate out of range, several answers or none.

    Example:
        >>> check(counts={"0": 251, "1": 749}, law={"0": 0.25, "1": 0.75}, within=0.1)
        >>> check(counts=[749, 251], law=[0.25, 0.75], within=0.1,
        ...       pitfalls={"You read the bit the wrong way round.": [0.75, 0.25]})
        Traceback (most recent call last):
        ...
        qcattn.teaching.assessing.NotRight: wrong: Your 1,000 shots lie 0.42... from the
        law or more, and should lie within 0.1. You read the bit the wrong way round.
    """
    found = assess(
        counts=counts,
        estimate=estimate,
        probabilities=probabilities,
        law=law,
        number=number,
        within=within,
        alpha=alpha,
        confidence=confidence,
        hint=hint,
        pitfalls=pitfalls,
    )
    if not found:
        raise NotRight(found)


def assess(
    *,
    counts: Any = None,
    estimate: Any = None,
    probabilities: Any = None,
    law: Any = None,
    number: float | None = None,
    within: float,
    alpha: float = 1e-3,
    confidence: float = 0.95,
    hint: str = "",
    pitfalls: Mapping[str, Any] | None = None,
) -> Assessment:
    """What `check` says about an answer, as a value.

    Args:
        counts: Counts as for `check`, as are the other arguments.
        estimate: An estimate and the ends of its interval.
        probabilities: A law.
        law: The law that counts or probabilities should follow.
        number: The number that an estimate should be.
        within: Tolerance.
        alpha: Error rate.
        confidence: The confidence of the interval of an estimate.
        hint: What is told with every wrong answer.
        pitfalls: Likely mistakes, and where they lead.

    Returns:
        The assessment; it is true where the answer is right.

    Raises:
        ValueError: If the exercise itself is not well put.

    Example:
        >>> print(assess(estimate=(0.52, 0.49, 0.55), number=0.5, within=0.02))
        more shots needed: Your interval is 0.03 wide to either side and should be 0.02; that
        takes about 3 times the shots.
    """
    _one_of(counts=counts, estimate=estimate, probabilities=probabilities)
    alpha, pitfalls = check_alpha(alpha), pitfalls or {}
    if estimate is not None:
        _wants("number", number, "an estimate")
        truth = float(number)  # type: ignore[arg-type]
        if not (math.isfinite(truth) and within > 0):
            raise ValueError(
                f"`number` must be finite and `within` positive, but they are {truth} and {within}"
            )
        level = check_alpha(confidence, "confidence")
        return _of_estimate(estimate, truth, within, alpha, level, hint, pitfalls)
    _wants("law", law, "counts or probabilities")
    _check_law(law, "law")
    for told in pitfalls.values():
        _check_law(told, "pitfalls")
    tolerance = check_alpha(within, "within")
    if counts is not None:
        return _of_counts(counts, law, tolerance, alpha, hint, pitfalls)
    return _of_law(probabilities, law, tolerance, hint, pitfalls)


def _one_of(**answers: Any) -> None:
    given = [name for name, answer in answers.items() if answer is not None]
    if len(given) != 1:
        raise ValueError(
            f"one of {', '.join(answers)} must be given, but {' and '.join(given) or 'none'} is; "
            "an answer that is still None has not been written"
        )


def _wants(name: str, value: Any, of: str) -> None:
    if value is None:
        raise ValueError(f"`{name}` must be given: it says what {of} should be")


def _check_law(law: Any, name: str) -> np.ndarray:
    return check_distributions(list(law.values()) if isinstance(law, Mapping) else law, name)


def _wrong(words: str, pitfall: str | None, hint: str, alpha: float = 0.0) -> Assessment:
    return Assessment("wrong", " ".join(filter(None, (words, pitfall, hint))), alpha)


def _of_counts(
    counts: Any, law: Any, within: float, alpha: float, hint: str, pitfalls: Mapping[str, Any]
) -> Assessment:
    try:
        rows = check_rows(counts, law)
    except ValueError as error:
        return _wrong(f"These cannot be counts of this law: {error}.", None, hint, alpha)
    shots = f"Your {plural(int(rows.shots.sum()), 'shot')}"
    if _too_even(rows.counts, rows.p, alpha / 2):
        even = f"{shots} lie closer to the law than chance allows. Draw them, do not compute them."
        return _wrong(even, None, hint, alpha)
    found = certify(counts, law, within, alpha)
    if found.all_certified:
        return Assessment("right", f"{shots} lie within {within:g} of the law.", alpha)
    alike = {words: _likeness(counts, told) for words, told in pitfalls.items()}
    best = max(alike, key=alike.__getitem__, default=None)
    pitfall = best if best is not None and found.fit.refuted and alike[best] > alpha else None
    least = _least_distance(rows.counts, rows.stray, rows.p, alpha / 2)
    if least > within:
        words = f"{shots} lie {least:.3g} from the law or more, and should lie within {within:g}."
        return _wrong(words, pitfall, hint, alpha)
    enough = _enough(rows.p.tobytes(), rows.p.shape, within, alpha)
    most = int(rows.shots.min(initial=0))
    words = f"{shots} do not decide yet whether they lie within {within:g} of the law"
    if np.isfinite(enough) and enough > most:
        words += f"; about {enough:,.0f}{' a row' if rows.shape else ''} will"
    words = " ".join(filter(None, (f"{words}.", pitfall)))
    return Assessment("more shots needed", words, alpha)


def _least_distance(counts: np.ndarray, stray: np.ndarray, p: np.ndarray, level: float) -> float:
    """Lower confidence bound on the largest total variation of all rows."""
    n = np.maximum(counts.sum(axis=-1) + stray, 1)
    seen = (np.abs(counts / n[:, None] - p).sum(axis=-1) + stray / n) / 2
    outcomes = p.shape[-1] + (stray > 0)
    luck = np.sqrt((outcomes - 1) / n) / 2 + np.sqrt(np.log(len(n) / level) / (2 * n))
    return float(np.max(seen - luck, initial=0.0))


@lru_cache(maxsize=64)
def _enough(p: bytes, shape: tuple[int, ...], within: float, alpha: float) -> float:
    """Shots a row that decide; kept, since a class is marked beside few laws."""
    law = np.frombuffer(p).reshape(shape)
    return float(np.max(plan(law, within, alpha).certify))


def _too_even(counts: np.ndarray, p: np.ndarray, level: float) -> bool:
    """Whether Pearson's statistic is smaller than chance allows, beside draws from the law.

    The draws follow from the counts, so that an answer is marked alike each time. With so many
    draws the smallest p-value is below the level; a p-value of draws is valid at every level [1].

    References:
        [1] B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39 (2010).
    """
    shots = counts.sum(axis=-1)
    draws = min(math.ceil(2 / level), _MOST_DRAWS)
    rng = np.random.default_rng(np.random.SeedSequence(np.ravel(counts).tolist()))

    def away(k: np.ndarray, n: int, law: np.ndarray) -> np.ndarray:
        possible = law > 0
        squares = (k - n * law)[..., possible] ** 2 / law[possible]
        return np.asarray(squares.sum(axis=-1) / max(n, 1))

    seen, drawn = 0.0, np.zeros(draws)
    for k, n, law in zip(counts, shots, p, strict=True):
        seen += float(away(k, n, law))
        drawn += away(rng.multinomial(n, law, size=draws), n, law)
    slack = 1e-9 * (1 + seen)
    return bool((1 + np.count_nonzero(drawn <= seen + slack)) / (1 + draws) <= level)


def _likeness(counts: Any, law: Any) -> float:
    """The p-value of counts beside what a mistake leads to; 0 where they do not even compare."""
    try:
        return fit(counts, law).overall()
    except ValueError:
        return 0.0


def _of_estimate(
    answer: Any, number: float, within: float, alpha: float, confidence: float, hint: str,
    pitfalls: Mapping[str, Any],
) -> Assessment:  # fmt: skip
    try:
        best, low, high = (
            (answer.best, answer.low, answer.high) if isinstance(answer, Estimate) else answer
        )
        best, low, high = float(best), float(low), float(high)
    except (TypeError, ValueError):
        return _wrong("Give three numbers: best, low, high.", None, hint, alpha)
    if not (math.isfinite(high - low) and low <= best <= high):
        words = f"An interval from {low:g} to {high:g} does not hold its own estimate {best:g}."
        return _wrong(words, None, hint, alpha)
    if low == high:
        words = "An interval of no width claims that no shot could have fallen otherwise."
        return _wrong(words, None, hint, alpha)
    stretch = math.log(alpha / 2) / math.log((1 - confidence) / 2)

    def holds(value: float) -> bool:
        return best - stretch * (best - low) <= value <= best + stretch * (high - best)

    if not holds(number):
        near = [words for words, told in pitfalls.items() if holds(float(told))]
        words = f"Your interval, {low:.6g} to {high:.6g}, misses by more than chance allows."
        return _wrong(words, near[0] if near else None, hint, alpha)
    arm = (high - low) / 2
    if arm > within:
        words = (
            f"Your interval is {arm:.3g} wide to either side and should be {within:g}; that takes "
            f"about {max(2, math.ceil((arm / within) ** 2))} times the shots."
        )
        return Assessment("more shots needed", words, alpha)
    return Assessment("right", f"Your interval, {low:.6g} to {high:.6g}, fits.", alpha)


def _of_law(
    answer: Any, law: Any, within: float, hint: str, pitfalls: Mapping[str, Any]
) -> Assessment:
    try:
        given, wanted = _alike(answer, law)
    except ValueError as error:
        return _wrong(f"This is no law over the outcomes that were asked for: {error}.", None, hint)
    away = np.abs(given - wanted)
    distance = float(away.sum(axis=-1).max() / 2)
    if distance <= within:
        return Assessment("right", f"Your law is within {within:g} of the one asked for.", 0.0)
    near = [
        words
        for words, told in pitfalls.items()
        if np.abs(given - _alike(answer, told)[1]).sum(axis=-1).max() / 2 <= within
    ]
    worst = tuple(int(i) for i in np.unravel_index(int(away.argmax()), away.shape))
    words = (
        f"Your law is {distance:.3g} away from the one asked for; it is farthest off at "
        f"{entry('probabilities', worst)}, counted from 0."
    )
    return _wrong(words, near[0] if near else None, hint)


def _kind(law: Any) -> str:
    return "a dictionary" if isinstance(law, Mapping) else "an array"


def _alike(answer: Any, law: Any) -> tuple[np.ndarray, np.ndarray]:
    """Two laws as arrays of one shape."""
    if isinstance(law, Mapping) or isinstance(answer, Mapping):
        if not (isinstance(law, Mapping) and isinstance(answer, Mapping)):
            raise ValueError(
                f"probabilities must be {_kind(law)}, as the law is, but are {_kind(answer)}"
            )
        names = sorted({*answer, *law}, key=str)
        answer, law = ([one.get(name, 0.0) for name in names] for one in (answer, law))
    given = check_distributions(answer, "probabilities")
    wanted = check_distributions(law, "law")
    if given.shape != wanted.shape:
        raise ValueError(f"its shape must be {wanted.shape}, but is {given.shape}")
    return given, wanted
