r"""Are shots independent: within a run, between runs, between seeds?

A histogram can be perfect although the shots are not independent: a generator seeded twice, a run
that repeats another one shifted, shots dealt out as evenly as possible. The order of the shots
shows it. Four parts look at the memories (the outcomes shot by shot) of several runs of one
circuit; the answer is their Bonferroni minimum.

- *lag*: how many shots of a run equal the one `lag` shots before, for lags 1, 2, 3, 4, 6, 8, 12,
  ... summed over runs, against random reorderings of each run. Two-sided.
- *shift*: whether a stretch of one run occurs in another, shifted by any number of shots (or
  unshifted). Independent runs agree at a given shift in a binomial number of places. All shifts of
  all pairs are screened by random signs (few outcomes as they are) and a fast Fourier transform,
  the best of each pair are counted exactly, and the binomial tail is multiplied by all shifts of
  all pairs.
- *repeat*: whether a stretch of shots comes twice, in one run or in two, at any distance: a buffer
  that is written twice. The stretch that is least likely to come again is weighed against all
  pairs of places (`qcattn.comparisons._repeats`).
- *dispersion*: :math:`\sum_r \sum_i (k_{ri} - n_r t_i / N)^2 / (n_r t_i^{2/3})` over the runs r,
  against dealing the pooled shots to the runs at random. Two-sided: too far apart means that runs
  follow different laws, too close that they were not drawn independently.
- *batches*: the same between eight consecutive batches of each run, summed over runs.

With probabilities, *pooled* tests all shots of all seeds together by `qcattn.comparisons.fit`,
which sees what is too small for any run, and *seeds* compares the runs with p: whether the sum of
U over runs is too large or too small, against as many runs drawn from p.

References:
    [1] B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39 (2010).
    [2] A. Miranskyy et al., arXiv:2510.22418, on testing distributions of quantum programs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcattn.arguments import check_alpha, whole_number
from qcattn.comparisons import _quadratic
from qcattn.comparisons._binomial import upper
from qcattn.comparisons._repeats import rarest_repeat
from qcattn.comparisons._rows import Floats, Ints, check_probabilities
from qcattn.comparisons.fit import fit
from qcattn.plurals import p_is, plural
from qcattn.records import check_bytes

#: Consecutive batches into which each run is cut.
BATCHES = 8
#: Fewest places in which two shifted runs must overlap.
OVERLAP = 16
#: Shifts of each pair that are counted exactly.
CANDIDATES = 4
#: The parts, and how many times one over the permutations plus 1 their smallest p-value is.
PARTS = {"lag": 1, "shift": 0, "repeat": 0, "dispersion": 2, "batches": 2, "pooled": 0, "seeds": 2}
#: Parts that need two runs, and parts that need probabilities.
OF_TWO_RUNS, OF_A_LAW = ("shift", "dispersion", "seeds"), ("pooled", "seeds")


@dataclass(frozen=True)
class Dependence:
    """One way in which shots can fail to be independent.

    Attributes:
        p_value: The p-value, two-sided unless the part has only one side.
        score: The score. Positive: too many coincidences or too far apart. Negative: too few, or
            too good.
        where: What was worst: a lag; (first run, second run, shift); or of a repeated stretch
            (first run, place in it, second run, place in it, shots).
    """

    p_value: float
    score: float
    where: tuple[int, ...] = ()


@dataclass(frozen=True)
class Independence:
    """Whether shots are independent.

    Attributes:
        parts: The parts that were looked at, by name: lag, shift, repeat, dispersion, batches, and
            with probabilities pooled and seeds.
        alpha: Error rate.
    """

    parts: dict[str, Dependence]
    alpha: float

    def __str__(self) -> str:
        """One line; of shots that are not independent, the part that shows it best."""
        least = min(self.parts, key=lambda name: self.parts[name].p_value)
        said = f"not independent, by {least}" if self.refuted else "no dependence is seen"
        return f"{said}: {p_is(self.overall())} at alpha = {self.alpha:g}"

    def overall(self) -> float:
        """The smallest p-value of the parts, corrected for their number (Bonferroni)."""
        return min(1.0, len(self.parts) * min(part.p_value for part in self.parts.values()))

    @property
    def refuted(self) -> bool:
        """Whether the shots are not independent, at error rate alpha."""
        return self.overall() <= self.alpha

    @property
    def too_good(self) -> bool:
        """Whether the shots are refuted because runs or batches agree too well."""
        return self._refuted_on(-1, "dispersion", "batches", "seeds")

    @property
    def too_far(self) -> bool:
        """Whether the shots are refuted because runs, batches or p differ too much."""
        return self._refuted_on(1, "dispersion", "batches", "seeds", "pooled")

    def _refuted_on(self, side: int, *names: str) -> bool:
        """Whether one of these parts is refuted with a score of this sign."""
        level = self.alpha / len(self.parts)
        parts = [self.parts[name] for name in names if name in self.parts]
        return any(part.p_value <= level and part.score * side > 0 for part in parts)


#: Numbers that a permutation is told in, at least.
_SCORES = 17


def independent(
    memories: Sequence[Any],
    p: Any = None,
    *,
    alpha: float = 0.01,
    permutations: int = 1999,
    seed: int = 0,
    parts: Sequence[str] = tuple(PARTS),
) -> Independence:
    """Test whether shots are independent within and between runs of one circuit.

    Args:
        memories: Runs, each a sequence of outcomes in the order of the shots: indices 0, 1, ...,
            or strings as Qiskit's ``get_memory`` gives them. Lengths may differ.
        p: Probabilities of outcomes 0, 1, ..., shape (outcomes,); then memories hold indices.
        alpha: Error rate of the answer.
        permutations: Random reorderings, and draws from p, that are tried. All parts but shift,
            repeat and pooled rest on them and have no p-value below one over their number plus 1
            (lag), or twice that.
        seed: The seed of both.
        parts: The parts to look at, chosen before the shots are seen; fewer share alpha. Those that
            need two runs, longer runs or p are left out without them.

    Returns:
        The parts and their verdict.

    Raises:
        ValueError: If there is no run, a run has fewer than two shots, an outcome has no p, a part
            is unknown or none is left, or there are too few permutations for one of the parts to
            refute at alpha by itself.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(7)
        >>> runs = [rng.choice(4, size=2000, p=[0.4, 0.3, 0.2, 0.1]) for _ in range(3)]
        >>> independent(runs).refuted
        False
        >>> runs[2][100:] = runs[0][:-100]
        >>> result = independent(runs)
        >>> result.refuted, result.parts["shift"].where
        (True, (0, 2, 100))
    """
    alpha = check_alpha(alpha)
    runs, outcomes = _encode(memories, p)
    names = _possible(runs, p, parts)
    _check_permutations(permutations, names, alpha)
    check_bytes(
        8 * whole_number(permutations, "permutations") * max(outcomes, _SCORES),
        f"{permutations:,} `permutations`",
        "take fewer",
    )
    rng = np.random.default_rng(seed)
    counts = np.array([np.bincount(run, minlength=outcomes) for run in runs])
    law = check_probabilities(np.ones(outcomes) / outcomes if p is None else p)

    def batches() -> Dependence:
        cut = [
            [np.bincount(b, minlength=outcomes) for b in np.array_split(run, BATCHES)]
            for run in runs
        ]
        return _dispersion([np.array(batch) for batch in cut], permutations, rng)

    def pooled() -> Dependence:
        whole = fit(counts.sum(axis=0), law, alpha=alpha)
        return Dependence(float(whole.p_values), float(whole.u_score))

    ways: dict[str, Callable[[], Dependence]] = {
        "lag": lambda: _lag(runs, permutations, rng),
        "shift": lambda: _shift(runs, counts, rng),
        "repeat": lambda: _repeat(runs, counts.sum(axis=0) / counts.sum() if p is None else law),
        "dispersion": lambda: _dispersion([counts], permutations, rng),
        "batches": batches,
        "pooled": pooled,
        "seeds": lambda: _seeds(counts, law, permutations, rng),
    }
    return Independence({name: ways[name]() for name in names}, alpha)


def _possible(runs: list[Ints], p: Any, parts: Sequence[str]) -> list[str]:
    """The parts that are asked for and that these runs allow."""
    unknown = [name for name in parts if name not in PARTS]
    if isinstance(parts, str) or unknown:
        raise ValueError(f"`parts` must hold names among {list(PARTS)}, but is {parts!r}")
    left_out = set() if len(runs) > 1 else set(OF_TWO_RUNS)
    left_out |= set() if p is not None else set(OF_A_LAW)
    left_out |= set() if min(map(len, runs)) >= 4 * BATCHES else {"batches"}
    names = [name for name in PARTS if name in parts and name not in left_out]
    if not names:
        raise ValueError(
            f"`parts` must hold a part that can be tested on {plural(len(runs), 'run')} "
            f"{'without' if p is None else 'with'} `p`, but is {parts!r}; leave it out for all "
            "that can"
        )
    return names


def _check_permutations(permutations: int, names: list[str], alpha: float) -> None:
    """Check that the smallest p-value of each part is small enough to refute."""
    resting = [name for name in names if PARTS[name]]
    most = max((PARTS[name] for name in resting), default=0)
    needed = max(1, math.ceil(most * len(names) / alpha) - 1)
    if permutations < needed:
        free = [name for name in names if not PARTS[name]]
        cure = f"; or look only at parts that need none: parts={free}" if free and resting else ""
        raise ValueError(
            f"`permutations` must be at least {needed} for each of the "
            f"{plural(len(names), 'part')} to refute at alpha = {alpha} by itself, but is "
            f"{permutations}{cure}"
        )


def _encode(memories: Sequence[Any], p: Any) -> tuple[list[Ints], int]:
    """Runs as arrays of indices, and how many outcomes there are."""
    if isinstance(memories, np.ndarray) and memories.ndim == 1:
        memories = [memories]
    runs = [np.asarray(run) for run in memories]
    if not runs:
        raise ValueError(
            "`memories` must hold at least one run, but is empty; give the shots of each run in "
            "their order"
        )
    for i, run in enumerate(runs):
        if run.ndim != 1 or len(run) < 2:
            raise ValueError(
                f"`memories` must hold runs of shape (shots,) with at least two shots, "
                f"but run {i} has shape {run.shape}"
            )
    if p is None:
        names, flat = np.unique(np.concatenate(runs), return_inverse=True)
        ends = np.cumsum([len(run) for run in runs])[:-1]
        return [part.astype(np.int64) for part in np.split(flat, ends)], len(names)
    outcomes = len(check_probabilities(p))
    for i, run in enumerate(runs):
        whole = run.dtype.kind in "iu"
        wrong = run[(run < 0) | (run >= outcomes)] if whole else run
        if len(wrong):
            raise ValueError(
                f"`memories` must hold whole numbers from 0 to {outcomes - 1} where `p` is given, "
                f"but run {i} holds {wrong.tolist()[0]!r}; number the outcomes as `p` does"
            )
    return [run.astype(np.int64) for run in runs], outcomes


def _two_sided(scores: Floats, where: tuple[int, ...] = ()) -> Dependence:
    """Dependence from a statistic (first) and its permutations."""
    slack = 1e-9 * np.abs(scores).max()
    above = (scores >= scores[0] - slack).mean()
    below = (scores <= scores[0] + slack).mean()
    spread = scores.std()
    score = (scores[0] - scores.mean()) / spread if spread > 0 else 0.0
    return Dependence(float(min(1.0, 2 * min(above, below))), float(score), where)


def _lag(runs: list[Ints], permutations: int, rng: np.random.Generator) -> Dependence:
    """Coincidences at a set of lags against reorderings: the largest standardised excess."""
    longest = max(map(len, runs)) // 2
    lags = sorted({x for j in range(20) for x in (2**j, 3 * 2**j) if x <= max(longest, 1)})
    matches = np.zeros((permutations + 1, len(lags)))
    for run in runs:
        order = run.astype(np.int32)
        for row in range(permutations + 1):
            for column, lag in enumerate(lags):
                if lag < len(run):
                    matches[row, column] += np.count_nonzero(order[lag:] == order[:-lag])
            order = rng.permutation(order)
    spread = matches.std(axis=0)
    scores = (matches - matches.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    worst = int(np.argmax(np.abs(scores[0])))
    largest = np.abs(scores).max(axis=1)
    p_value = float((largest >= largest[0] - 1e-9).mean())
    return Dependence(p_value, float(scores[0, worst]), (lags[worst],))


def _shift(runs: list[Ints], counts: Ints, rng: np.random.Generator) -> Dependence:
    """Coincidences between two runs at any shift: smallest binomial tail times their number."""
    # Few outcomes are told apart as they are: all their random signs could be equal.
    outcomes = counts.shape[1]
    signs = np.eye(outcomes) if outcomes <= 4 else rng.choice([-1.0, 1.0], size=(4, outcomes))
    shares = counts / counts.sum(axis=-1, keepdims=True)
    signs -= (signs @ shares.mean(axis=0))[:, None]
    size = 1 << int(2 * max(map(len, runs)) - 1).bit_length()
    spectra = [np.fft.rfft(signs[:, run], size) for run in runs]
    number, worst = 0, (1.0, 0.0, (0, 0, 0))
    for first in range(len(runs)):
        for second in range(first + 1, len(runs)):
            a, b = runs[first], runs[second]
            # correlation[d] sums the products of a[t] and b[t + d].
            correlation = np.fft.irfft(np.conj(spectra[first]) * spectra[second], size).sum(axis=0)
            shifts = np.arange(OVERLAP - len(a), len(b) - OVERLAP + 1)
            if not shifts.size:
                continue
            number += len(shifts)
            overlap = np.minimum(len(a), len(b) - shifts) - np.maximum(0, -shifts)
            order = np.argsort(-correlation[shifts] / np.sqrt(overlap))
            chance = float(shares[first] @ shares[second])
            for shift in (int(x) for x in shifts[order[:CANDIDATES]]):
                left, right = a[max(0, -shift) :], b[max(0, shift) :]
                length = min(len(left), len(right))
                hits = int(np.count_nonzero(left[:length] == right[:length]))
                tail = float(upper(hits, length, chance))
                score = (hits - length * chance) / max(
                    (length * chance * (1 - chance)) ** 0.5, 1e-9
                )
                worst = min(worst, (tail, float(score), (first, second, shift)))
    return Dependence(min(1.0, max(number, 1) * worst[0]), worst[1], worst[2])


def _repeat(runs: list[Ints], p: Floats) -> Dependence:
    """The stretch that comes twice: its probability times the number of pairs of places."""
    found = rarest_repeat(runs, p)
    shots = sum(map(len, runs))
    log_p = min(0.0, float(np.log(shots) + np.log(shots - 1) - np.log(2)) + found.log_probability)
    where = (*found.first, *found.second, found.length)
    return Dependence(math.exp(log_p), float(found.length), where)


def _dispersion(tables: list[Ints], permutations: int, rng: np.random.Generator) -> Dependence:
    """Distance between the rows of each table, against dealing its column sums at random."""
    scores = np.zeros(permutations + 1)
    for table in tables:
        total, sizes = table.sum(axis=0), table.sum(axis=1)
        seen = total > 0
        table, total = table[:, seen], total[seen]
        weights = total ** (-2.0 / 3)
        left = np.tile(total, (permutations, 1))
        for row, size in enumerate(sizes):
            mean = size * total / total.sum()
            scores[0] += weights @ (table[row] - mean) ** 2 / size
            dealt = _deal(left, int(size), rng)
            scores[1:] += (dealt - mean) ** 2 @ weights / size
            left -= dealt
    return _two_sided(scores)


def _deal(left: Ints, size: int, rng: np.random.Generator) -> Ints:
    """Draw `size` shots without replacement from each row of what is left."""
    dealt = np.zeros_like(left)
    need = np.full(len(left), size)
    rest = left.sum(axis=1)
    for column in range(left.shape[1]):
        rest = rest - left[:, column]
        dealt[:, column] = rng.hypergeometric(left[:, column], rest, need)
        need = need - dealt[:, column]
    return dealt


def _seeds(
    counts: Ints, p: NDArray[np.float64], permutations: int, rng: np.random.Generator
) -> Dependence:
    """Sum of U over runs, two-sided, against as many runs drawn from p."""
    shots = counts.sum(axis=-1)
    scores = np.zeros(permutations + 1)
    for run, n in zip(counts, shots, strict=True):
        law = _quadratic.weigh(p[None], np.array([n], dtype=np.float64))
        drawn = np.vstack([run, rng.multinomial(n, p, size=permutations)])
        scores += _quadratic.statistic(drawn.astype(np.float64), law)
    return _two_sided(scores)
