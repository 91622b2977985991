r"""Do the readings of Markov chains agree with a law? A test of fit for shots that are correlated.

Shots that follow from one another fall together: their counts scatter more than multinomial ones,
and `qcattn.comparisons.fit`, which takes them for independent, refutes a perfect chain. Here the
counts of all chains are looked at in three ways, and the p-value is their Bonferroni minimum:

- *zero*: one reading of probability zero, or of no key, refutes (it takes no share);
- *u*: :math:`\sum_i w_i (k_i - m_i)^2` of the counts and what they are expected to be, with the
  weights :math:`w = \max(p, 0.1/n)^{-2/3}` of `fit`;
- *energy*: :math:`|\sum_i (k_i - m_i) \log p_i|`, the efficient score for a wrong temperature.

What scatter is to be expected is found in one of two ways.

- *With the transition matrix* the same chains are drawn from it again and again, from the same
  start, and the p-value is the share of those that lie as far off (a Monte Carlo test [1], ended
  early where nothing is far off [2]). It is exact: a perfect sampler is refuted with probability
  alpha at most, whatever the number of chains, their length and their correlation.
- *Without it*, chains must be independent of one another, each start drawn from the law. The sign
  of what a chain is off by is then turned at random, chain by chain (a single chain is cut into
  batches). That is exact where this is as likely to be positive as negative, and else only as good
  as the chains are long beside the slowest thing in them: what happens in few chains by chance,
  such as a visit to a valley that is hard to leave, is taken for a fault. So nothing is said
  (undecided) of fewer than 16 chains, fewer than 30 visits to other keys than the likeliest, or
  where independent shots worth the same would hold fewer than 30 of those; beyond that the rates
  measured stand in tests/benchmarks/RESULTS.md.

References:
    [1] G. A. Barnard, J. R. Statist. Soc. B 25, 294 (1963); A. C. A. Hope, J. R. Statist. Soc. B
        30, 582 (1968).
    [2] J. Besag and P. Clifford, Biometrika 78, 301 (1991).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcattn.arguments import check_alpha
from qcattn.comparisons._rows import check_probabilities
from qcattn.comparisons.effective_size import effective_size
from qcattn.plurals import p_is
from qcattn.records import Agreement
from qcattn.seeds import entropy

__all__ = ["ChainFit", "fit_chains"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Chains, visits and independent shots below which nothing is said without a transition matrix.
FEWEST_CHAINS, FEWEST_VISITS = 16, 30
#: The number of batches of a single chain.
BATCHES = 32
#: Repetitions of a Monte Carlo test, exceedances that end it, and those drawn at once.
REPETITIONS, ENOUGH, BLOCK = 1999, 20, 100
#: Numbers of a block of walkers and keys that are held at once.
NUMBERS = 1 << 21
#: Keys up to which the next key is looked up in a table.
LOOKED_UP = 256


@dataclass(frozen=True, eq=False)
class ChainFit:
    """Whether readings of chains agree with a law.

    Attributes:
        zero: 0 where something of probability zero was read, else 1.
        u: P-value of the quadratic statistic.
        energy: P-value of the energy score.
        shots: Readings of all chains.
        chains: Chains, or batches where there was one chain and no transition matrix.
        effective_shots: Independent shots that are worth as much, by the worse of two measures
            (`effective_size` of log p, and of whether the likeliest key was read).
        exact: Whether the transition matrix was given.
        undecided: Whether too little moved to say anything.
        alpha: Error rate of the answer.
    """

    zero: float
    u: float
    energy: float
    shots: int
    chains: int
    effective_shots: float
    exact: bool
    undecided: bool
    alpha: float

    def overall(self) -> float:
        """The p-value of the hypothesis that the readings follow the law; 1 where undecided."""
        if self.zero == 0:
            return 0.0
        return 1.0 if self.undecided else min(1.0, 2 * self.u, 2 * self.energy)

    @property
    def refuted(self) -> bool:
        """Whether the readings differ from the law, at error rate alpha."""
        return self.overall() <= self.alpha

    @property
    def standing(self) -> Agreement:
        """The verdict in one word."""
        return "differs" if self.refuted else "undecided" if self.undecided else "agrees"

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.standing}: {p_is(self.overall())} at alpha = {self.alpha:g}, {self.shots:,} "
            f"readings of {self.chains:,} chains, worth {self.effective_shots:,.0f} independent "
            f"shots; {'exact' if self.exact else 'by the scatter of the chains'}"
        )


def fit_chains(
    readings: ArrayLike,
    p: ArrayLike,
    *,
    transition: ArrayLike | None = None,
    start: ArrayLike | None = None,
    alpha: float = 0.01,
    seed: Any = 0,
) -> ChainFit:
    """Test whether readings of Markov chains follow a law.

    Args:
        readings: Integers of shape (chains, reads), or (reads,) for one chain: the key that was
            read, from 0; the number of keys for a reading that is no key.
        p: The law that the chains keep, shape (keys,).
        transition: Probabilities from one reading to the next, shape (keys, keys), each row summing
            to one; it must keep p. None if it is not known.
        start: Law of the first reading of each chain, shape (keys,); None for p itself. It is of
            use with a transition matrix only.
        alpha: Error rate of the answer, between 0 and 1.
        seed: The seed of what is drawn to find the p-value, as for `numpy.random.default_rng`.

    Returns:
        The p-values and what they rest on.

    Raises:
        ValueError: If readings are no keys, shapes do not fit, a row does not sum to one, the
            transition matrix does not keep p, or a start is given without it.

    Example:
        >>> import numpy as np
        >>> p, rng = np.array([0.6, 0.3, 0.1]), np.random.default_rng(1)
        >>> sticky = 0.9 * np.eye(3) + 0.1 * p  # keeps its key, or draws one from p
        >>> new = rng.random((8, 500)) < np.append(1.0, np.full(499, 0.1))
        >>> drawn = rng.choice(3, p=p, size=(8, 500))
        >>> last = np.maximum.accumulate(np.where(new, np.arange(500), 0), axis=1)
        >>> readings = np.take_along_axis(drawn, last, axis=1)
        >>> fit_chains(readings, p, transition=sticky).refuted
        False
        >>> from qcattn.comparisons.fit import fit
        >>> fit(np.bincount(readings.ravel()), p).refuted  # it takes them for independent
        True
    """
    law = check_probabilities(p)
    if law.ndim != 1:
        raise ValueError(f"`p` must be one law, of shape (keys,), but is of shape {law.shape}")
    keys = _keys(readings, len(law))
    alpha, rng = check_alpha(alpha), np.random.default_rng(entropy(seed))
    chain = None if transition is None else _transition(transition, law)
    if chain is None and start is not None:
        raise ValueError(
            "`start` is the law of the first readings, which takes `transition` to say what follows"
            "; give that too, or leave out the readings before the chain has forgotten its start"
        )
    shots = keys.size
    if (keys == len(law)).any() or not law[np.minimum(keys, len(law) - 1)].all():
        return ChainFit(0.0, 1.0, 1.0, shots, len(keys), np.nan, chain is not None, False, alpha)
    worth = _worth(keys, law)
    if chain is not None:
        first = law if start is None else check_probabilities(start, "start")
        if first.shape != law.shape:
            raise ValueError(f"`start` must be of shape {law.shape}, but is of shape {first.shape}")
        u, energy = _drawn_again(keys, law, chain, first, rng)
        return ChainFit(1.0, u, energy, shots, len(keys), worth, True, False, alpha)
    units = _units(keys)
    off = _counts(units, len(law)) - units.shape[1] * law
    u, energy = _turned(off, law, shots, rng)
    undecided = len(units) < FEWEST_CHAINS or not _moved(units, off, law)
    return ChainFit(1.0, u, energy, shots, len(units), worth, False, undecided, alpha)


def _worth(keys: Ints, law: Floats) -> float:
    """Independent shots worth as much; of chains too short to tell, one a chain."""
    if keys.shape[1] < 4:
        return float(len(keys))
    measures = (_scores(law)[keys], (keys == law.argmax()).astype(float))
    return min(effective_size(one) for one in measures)


def _weights(law: Floats, shots: int) -> Floats:
    return np.asarray(np.maximum(law, 0.1 / shots) ** (-2 / 3))


def _scores(law: Floats) -> Floats:
    logs = np.log(np.where(law > 0, law, 1.0))
    return np.asarray(logs - law @ logs)


def _statistics(off: Floats, law: Floats, shots: int) -> Floats:
    """Both statistics of counts less what is expected, (..., keys) to (..., 2)."""
    u = np.square(off) @ _weights(law, shots)
    return np.stack([u, np.abs(off @ _scores(law))], axis=-1)


def _counts(keys: Ints, number: int) -> Ints:
    """Counts of each line, (lines, reads) to (lines, number)."""
    lines = np.arange(len(keys))[:, None] * number
    return np.bincount((lines + keys).ravel(), minlength=len(keys) * number).reshape(-1, number)


def _drawn_again(
    keys: Ints, law: Floats, transition: Floats, start: Floats, rng: np.random.Generator
) -> tuple[float, float]:
    """P-values against the same chains drawn from their transition matrix."""
    chains, reads = keys.shape
    ahead, expected = start, np.zeros_like(law)
    for _ in range(reads):
        expected = expected + chains * ahead
        ahead = ahead @ transition
    seen = _statistics(_counts(keys, len(law)).sum(axis=0) - expected, law, keys.size)
    slack = 1e-9 * np.maximum(seen, 1.0)  # equal counts are as far off, whatever rounding says
    above = np.zeros((0, 2), dtype=bool)
    block, steps = max(1, min(BLOCK, NUMBERS // (chains * len(law)))), _Steps(transition)
    while len(above) < REPETITIONS and (above.sum(axis=0) < ENOUGH).any():
        number = min(block, REPETITIONS - len(above))
        counts = _walk(number, chains, reads, steps, start, rng)
        drawn = _statistics(counts - expected, law, keys.size)
        above = np.concatenate([above, drawn >= seen - slack])
    return _p_value(above[:, 0]), _p_value(above[:, 1])


class _Steps:
    """A step from keys and uniform numbers to the next keys, by the inverse of each row's ladder.

    The unit interval is cut into cells, and the key of a cell is looked up; only in a cell that an
    edge of the ladder cuts are the edges compared. The keys are the same as by comparing all.

    Args:
        transition: Shape (keys, keys).
    """

    def __init__(self, transition: Floats) -> None:
        size = len(transition)
        self.ladders = np.cumsum(transition, axis=1)[:, :-1]
        self.cells = 1 << (16 * size - 1).bit_length() if size <= LOOKED_UP else 1
        edges = np.arange(self.cells + 1) / self.cells
        table = np.full((size, self.cells), -1, dtype=np.int32)
        for row, ladder in zip(table, self.ladders, strict=True):
            first = np.searchsorted(ladder, edges[:-1], side="right")
            last = np.searchsorted(ladder, edges[1:], side="left")
            row[first == last] = first[first == last]
        self.table = table.ravel()

    def __call__(self, at: Ints, drawn: Floats) -> Ints:
        """The next key of each, shape (walkers,)."""
        after = self.table[at * self.cells + (drawn * self.cells).astype(np.int64)]
        cut = np.flatnonzero(after < 0)
        after[cut] = (self.ladders[at[cut]] <= drawn[cut, None]).sum(axis=1)
        return after.astype(np.int64)


def _walk(
    number: int,
    chains: int,
    reads: int,
    steps: _Steps,
    start: Floats,
    rng: np.random.Generator,
) -> Ints:
    """Counts of all chains together, drawn anew so many times, shape (number, keys)."""
    size = len(start)
    repetition = np.repeat(np.arange(number) * size, chains)
    at = np.searchsorted(np.cumsum(start)[:-1], rng.random(number * chains), side="right")
    counts = np.bincount(repetition + at, minlength=number * size)
    for _ in range(reads - 1):
        at = steps(at, rng.random(len(at)))
        counts += np.bincount(repetition + at, minlength=number * size)
    return counts.reshape(number, size)


def _p_value(above: NDArray[np.bool_]) -> float:
    """Besag and Clifford's: what is drawn after enough exceedances does not count."""
    reached = np.flatnonzero(np.cumsum(above) == ENOUGH)
    if reached.size:
        return float(ENOUGH / (reached[0] + 1))
    return float((1 + above.sum()) / (1 + len(above)))


def _units(keys: Ints) -> Ints:
    """Chains, or batches of the only one, none of its last readings left over."""
    if len(keys) > 1:
        return keys
    batches = min(BATCHES, keys.shape[1])
    length = keys.shape[1] // batches
    return keys[:, : batches * length].reshape(batches, length)


def _turned(off: Floats, law: Floats, shots: int, rng: np.random.Generator) -> tuple[float, float]:
    """P-values against the same deviations, each chain's turned over or not."""
    seen = _statistics(off.sum(axis=0), law, shots)
    slack = 1e-9 * np.maximum(seen, 1.0)
    signs = rng.integers(0, 2, (REPETITIONS, len(off))) * 2 - 1
    above = _statistics(signs @ off, law, shots) >= seen - slack
    u, energy = (1 + above.sum(axis=0)) / (1 + REPETITIONS)
    return float(u), float(energy)


def _moved(units: Ints, off: Floats, law: Floats) -> bool:
    """Whether enough happened for the scatter of the chains to be known."""
    away = units != law.argmax()
    visits = away[:, 0].sum() + (away[:, 1:] & ~away[:, :-1]).sum()
    independent = units.shape[1] * (1 - np.square(law).sum())
    scatter = np.square(off).sum(axis=1).mean()
    worth = units.size * independent / max(float(scatter), float(independent), 1e-300)
    return bool(min(visits, worth * (1 - law.max())) >= FEWEST_VISITS)


def _keys(readings: ArrayLike, number: int) -> Ints:
    keys = np.asarray(readings)
    keys = keys[None, :] if keys.ndim == 1 else keys
    if keys.ndim != 2 or not keys.size or keys.dtype.kind not in "iu":
        raise ValueError(
            "`readings` must be whole numbers of shape (chains, reads), but is of shape "
            f"{keys.shape} and type {keys.dtype}; give the key of each reading, in its order"
        )
    if keys.min() < 0 or keys.max() > number:
        wrong = keys.min() if keys.min() < 0 else keys.max()
        raise ValueError(
            f"`readings` must be from 0 to {number}, the keys of p or {number} for no key, "
            f"but {wrong} is among them"
        )
    return keys.astype(np.int64)


def _transition(transition: ArrayLike, law: Floats) -> Floats:
    matrix = check_probabilities(transition, "transition")
    if matrix.shape != (len(law), len(law)):
        raise ValueError(
            f"`transition` must be of shape ({len(law)}, {len(law)}), but is of shape "
            f"{matrix.shape}; give a row for each key of p"
        )
    moved = float(np.abs(law @ matrix - law).max())
    if moved > 1e-7:
        raise ValueError(
            f"`transition` must keep `p`, but moves it by {moved:.3g}; give the law that this "
            "chain converges to"
        )
    return matrix
