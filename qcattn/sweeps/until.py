r"""Rules that say when a cell has been sampled enough: they look at counts, and pay for every look.

A cell is looked at after 1, 2, 3, 4, 6, 8, 12, 16, ... batches of every row, whatever else the
store holds, so a rule stops a cell at the same batch however the sweep was cut. Look j gets the
share :math:`1/(j(j+1))` of alpha. The shares add up to one, so what is said of a cell at the look
at which it stopped is wrong with probability at most alpha over all looks together (union bound),
also if the largest number of shots is raised later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from qcattn.arguments import check_alpha
from qcattn.certification.intervals import proportion
from qcattn.comparisons import certify
from qcattn.names import known
from qcattn.records import Counts

__all__ = ["Certified", "Rule", "Width", "looks", "rule", "ruled", "share"]


class Rule(Protocol):
    """A rule that says at each look whether a cell has been sampled enough."""

    def met(self, counts: Counts, expected: np.ndarray, alpha: float) -> bool:
        """Whether to stop, at this error rate."""


@dataclass(frozen=True)
class Certified:
    """Stop when every row of the cell is certified.

    Attributes:
        epsilon: Total variation that counts as agreement, in (0, 1).

    Example:
        >>> counts = Counts(np.array([[5020, 2980, 2000]]), np.zeros(1, int), np.zeros(1, int))
        >>> law = np.array([[0.5, 0.3, 0.2]])
        >>> Certified(0.02).met(counts, law, 0.01), Certified(0.01).met(counts, law, 0.01)
        (True, False)
    """

    epsilon: float

    def __post_init__(self) -> None:
        check_alpha(self.epsilon, "certified")

    def __str__(self) -> str:
        return f"certified={self.epsilon:g}"

    def met(self, counts: Counts, expected: np.ndarray, alpha: float) -> bool:
        """Whether every row is certified; false with probability at most alpha."""
        return certify(counts, expected, self.epsilon, alpha).all_certified


@dataclass(frozen=True)
class Width:
    """Stop when the Clopper-Pearson intervals of all probabilities are narrow.

    Attributes:
        width: Largest width of the interval of a key's probability, in (0, 1).

    Example:
        >>> counts = Counts(np.array([[500, 300, 200]]), np.zeros(1, int), np.zeros(1, int))
        >>> Width(0.09).met(counts, counts.keys, 0.01), Width(0.08).met(counts, counts.keys, 0.01)
        (True, False)
    """

    width: float

    def __post_init__(self) -> None:
        check_alpha(self.width, "width")

    def __str__(self) -> str:
        return f"width={self.width:g}"

    def met(self, counts: Counts, expected: np.ndarray, alpha: float) -> bool:
        """Whether every interval is narrow; each misses with probability at most alpha."""
        low, high = proportion(counts.keys, counts.kept[..., None], alpha)
        return bool((high - low).max(initial=0.0) <= self.width)


def rule(text: str) -> Certified | Width:
    """Make a rule from its description.

    Args:
        text: The description, ``"certified=0.02"`` or ``"width=0.01"``.

    Raises:
        ValueError: If there is no such rule, or the number is none or out of range.

    Example:
        >>> rule("certified=0.02"), str(rule("width=0.01"))
        (Certified(epsilon=0.02), 'width=0.01')
    """
    name, _, value = text.partition("=")
    known("until", name, ["certified", "width"])
    try:
        number = float(value)
    except ValueError:
        raise ValueError(
            f"`until` is {text!r}; write {name} and a number, for example {name}=0.02"
        ) from None
    return Certified(number) if name == "certified" else Width(number)


def ruled(rule: Rule | str, alpha: float) -> str:
    """Name a rule and its alpha, since what is met at one alpha need not be at another.

    Example:
        >>> ruled(Certified(0.02), 0.01)
        'certified=0.02 at 0.01'
    """
    return f"{rule} at {alpha!r}"


def looks(most: int) -> Iterator[int]:
    """The numbers of batches at which a cell is looked at, up to this one.

    Example:
        >>> list(looks(20))
        [1, 2, 3, 4, 6, 8, 12, 16]
    """
    for step in range(2 * most.bit_length() + 1):
        batches = step + 1 if step < 2 else (3 + step % 2) << (step // 2 - 1)
        if batches <= most:
            yield batches


def share(look: int) -> float:
    """The part of alpha for look 1, 2, 3, ...; all of it where there are no looks (0).

    Example:
        >>> share(0), share(1), share(2), round(sum(map(share, range(1, 1000))), 3)
        (1.0, 0.5, 0.16666666666666666, 0.999)
    """
    return 1 / (look * (look + 1)) if look else 1.0
