"""A17: scores as overlaps, |<q|k>|^2 by swap tests, against the softmax of the same vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import StatePreparation

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import proportion
from qcattn.claims.frame.checks import algebra, every, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.datasets import load_head
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations.gates import compiled
from qcattn.progress import Progress
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared

__all__ = ["ScoresAsOverlaps"]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Overlaps(Measured):
    """Overlaps of queries with keys beside softmax. Arrays are of shape (rows, keys).

    Attributes:
        softmax: Softmax of the scores q.k / sqrt(d).
        exact: Squared overlaps of the states, by dense algebra.
        counts: Counts of the swap tests, shape (rows, keys, 2).
        best: Overlaps from counts.
        low: Lower ends of intervals that all hold together.
        high: Upper ends of the intervals.
        meeting: Largest deviation from softmax of overlaps of coherent states with keys of one
            length, by dense algebra.
    """

    softmax: np.ndarray
    exact: np.ndarray
    counts: np.ndarray
    best: np.ndarray
    low: np.ndarray
    high: np.ndarray
    meeting: float

    @property
    def distances(self) -> list[Estimate]:
        """Total variation of the normalised overlaps from softmax, one a row."""
        others_high = self.high.sum(axis=1, keepdims=True) - self.high
        others_low = self.low.sum(axis=1, keepdims=True) - self.low
        least = self.low / np.maximum(self.low + others_high, 1e-300)
        most = self.high / np.maximum(self.high + others_low, 1e-300)
        above, below = least - self.softmax, self.softmax - most
        low = np.maximum(np.clip(above, 0, None).sum(axis=1), np.clip(below, 0, None).sum(axis=1))
        high = np.maximum(most - self.softmax, self.softmax - least).sum(axis=1) / 2
        law = _normalised(np.clip(self.best, 1e-12, None))
        best = np.abs(law - self.softmax).sum(axis=1) / 2
        return [Estimate(*map(float, one)) for one in zip(best, low, high, strict=True)]

    @property
    def ranks(self) -> np.ndarray:
        """Spearman's rank correlation of the exact overlaps with softmax, shape (rows,)."""
        one, other = (np.argsort(np.argsort(x, axis=1), axis=1) for x in (self.exact, self.softmax))
        return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(one, other, strict=True)])


@dataclass(frozen=True, kw_only=True)
class ScoresAsOverlaps(Claim[_Overlaps]):
    r"""A17: is Born's :math:`|\langle q|k\rangle|^2` the softmax of :math:`q\cdot k/\sqrt d`?

    Queries and keys of a head of SmolLM2 are normalised and prepared as states of six qubits, and
    their squared overlap is measured by a swap test. Over the keys of a row these overlaps,
    normalised, are one law, and softmax of the same vectors is another: the square forgets the sign
    of q.k and the lengths, the exponential does not. They meet in coherent states, whose
    :math:`|\langle\alpha_q|\alpha_k\rangle|^2 = e^{-|\alpha_q-\alpha_k|^2}` is
    :math:`e^{q\cdot k/\sqrt d}` up to a factor of q, if all keys have one length.

    Attributes:
        rows: Queries, drawn at random.
        keys: The number of keys of each query: its own token and those before it.
        coherent: A factor. If it is positive, the vectors are scaled by it and encoded as coherent
            states, the keys brought to one length; their overlaps are those of states of a few
            qubits.
        epsilon: Total variation, or deviation of a share, that counts as agreement.
        shots: The number of shots of each overlap.
        backend: The backend; ``Aer(draws="born")`` if None, which is quick on many circuits.

    Example:
        >>> ScoresAsOverlaps(rows=1, keys=4, shots=200_000)(seed=1).standing
        'refuted'

    References:
        H. Buhrman et al., Phys. Rev. Lett. 87, 167902 (2001), for the swap test; R. J. Glauber,
        Phys. Rev. 131, 2766 (1963), for the overlap of coherent states.
    """

    name: ClassVar[str] = "A17"
    title: ClassVar[str] = "Scores as overlaps"
    statement: ClassVar[str] = (
        "Both are exponential probability distributions … Query = measurement apparatus … "
        "Keys = quantum states … Scores = energy overlaps … Softmax = Born’s rule"
    )
    section: ClassVar[str] = "Attention mechanisms are quantum measurement processes!!"

    rows: int = 6
    keys: int = 8
    coherent: float = 0.0
    epsilon: float = 0.1
    shots: int = 20_000_000

    def sampler(self) -> Backend:
        """The backend that was given, or exact draws."""
        return Aer(draws="born") if self.backend is None else super().sampler()

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Overlaps:
        """Draw the swap test of every query with every key."""
        chosen, drawn = root.spawn(2)
        queries, keys = _real(self.rows, self.keys, np.random.default_rng(chosen))
        if self.coherent:
            queries, keys = _one_length(self.coherent * queries, self.coherent * keys)
        scores = np.einsum("rd,rkd->rk", queries, keys) / np.sqrt(queries.shape[1])
        states = [
            _coherent(q, k) if self.coherent else _unit(np.vstack([q, k]))
            for q, k in zip(queries, keys, strict=True)
        ]
        exact = np.array([(one[1:] @ one[0]) ** 2 for one in states])
        progress(0.1, 1.0, f"{exact.size} swap tests")
        tests = [test for one in states for test in _swap_tests(one)]
        counts = np.array([one.keys for one in draw(tests, self.shots, self.sampler(), drawn)])
        even = counts[:, 0].reshape(exact.shape)
        low, high = (
            np.clip(2 * end - 1, 0.0, 1.0)
            for end in proportion(even, self.shots, self.alpha / 2 / exact.size)
        )
        measured = _Overlaps(
            shots=int(counts.sum()),
            numbers=(),
            softmax=softmax(scores),
            exact=exact,
            counts=counts.reshape(*exact.shape, 2),
            best=2 * even / self.shots - 1,
            low=low,
            high=high,
            meeting=_meeting(*_one_length(0.3 * queries, 0.3 * keys)),
        )
        return _with_numbers(measured)

    def check(self, measured: _Overlaps) -> Iterable[Check]:
        """Hold the swap tests against dense overlaps, and overlaps against softmax."""
        exact = measured.exact
        yield follows(
            "overlaps",
            f"{exact.size} swap tests give the squared overlaps of dense algebra",
            measured.counts,
            np.stack([1 + exact, 1 - exact], axis=-1) / 2,
            epsilon=self.epsilon,
            alpha=self.alpha / 2,
            role="control",
        )
        rows = [self._same(i, one) for i, one in enumerate(measured.distances, 1)]
        yield every(
            "same law",
            "Normalised over the keys |<q|k>|^2 is the softmax of q.k / sqrt(d)",
            rows,
        )
        yield algebra(
            "coherent states",
            "It is, for coherent states and keys of one length: dense, the same vectors",
            measured.meeting,
            role="beyond",
        )

    def describe(self, measured: _Overlaps, checks: Mapping[str, Check]) -> Description:
        """Say how far the two laws lie apart, and where they meet."""
        far, ranks = [one.best for one in measured.distances], measured.ranks
        if checks["same law"].holds is not False:
            return Description(
                f"The overlaps of {self.rows} queries with their keys lie within "
                f"{max(one.high for one in measured.distances):.3f} of softmax."
            )
        return Description(
            "Softmax of q·k/√d is not Born's rule for the states |q⟩ and |k⟩: by swap tests on "
            f"{self.rows} real rows |⟨q|k⟩|² lies {min(far):.2f} to {max(far):.2f} in total "
            f"variation from it, with rank correlations from {ranks.min():.2f} to "
            f"{ranks.max():.2f}, for a square forgets signs and lengths. The exponential comes "
            "from an energy in a thermal state; overlaps give it for coherent states with keys of "
            "one length, of which the document does not speak."
        )

    def picture(self, measured: _Overlaps) -> Sequence[Panel]:
        """Plot normalised overlaps over softmax."""
        total = np.clip(measured.best, 1e-12, None).sum(axis=1, keepdims=True)
        ends = np.array([0.0, 1.0])
        return [
            Panel(
                "One row of vectors, two laws",
                "softmax of q.k / sqrt(d)",
                "|<q|k>|^2, normalised over the keys",
                (
                    Curve("equal", ends, ends, style="line"),
                    Curve(
                        "swap tests",
                        measured.softmax.ravel(),
                        (measured.best / total).ravel(),
                        (measured.low / total).ravel(),
                        (measured.high / total).ravel(),
                    ),
                ),
            )
        ]

    def _same(self, number: int, distance: Estimate) -> Check:
        found = None
        if distance.low > 0:
            found = False
        elif distance.high <= self.epsilon:
            found = True
        by = f"total variation {distance.best:.3f} in [{distance.low:.3f}, {distance.high:.3f}]"
        share = self.alpha / 2 / self.rows
        return Check(f"row {number}", f"row {number}", found, by, alpha=share)


def _with_numbers(measured: _Overlaps) -> _Overlaps:
    exact = np.abs(_normalised(measured.exact) - measured.softmax).sum(axis=1) / 2
    names = [f"total variation of |<q|k>|^2 from softmax, row {i + 1}" for i in range(len(exact))]
    numbers = map(Number, names, measured.distances, map(float, exact))
    return replace(measured, numbers=tuple(sorted(numbers, key=lambda one: -one.estimate.best)))


def _normalised(rows: np.ndarray) -> np.ndarray:
    law: np.ndarray = rows / rows.sum(axis=1, keepdims=True)
    return law


def _unit(vectors: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit


def _real(rows: int, keys: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Queries (rows, d) of the head, and the last keys before each, (rows, keys, d)."""
    head = load_head()
    ends = np.sort(rng.choice(np.arange(keys - 1, len(head.queries)), rows, replace=False))
    return head.queries[ends], head.keys[ends[:, None] + np.arange(1 - keys, 1)]


def _one_length(queries: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same, the keys of each row brought to their mean length."""
    lengths = np.linalg.norm(keys, axis=-1, keepdims=True)
    return queries, keys / lengths * lengths.mean(axis=1, keepdims=True)


def _coherent(query: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """States of a few qubits that overlap as coherent states do, the query first, (1 + keys, 2**n).

    Amplitudes alpha = x / sqrt(2 sqrt(d)) make 2 alpha_q . alpha_k the score. What coherent states
    of 64 modes have in common is their Gram matrix, of which any square root does.
    """
    alpha = np.vstack([query, keys]) / np.sqrt(2 * np.sqrt(query.size))
    apart = np.square(alpha[:, None] - alpha).sum(axis=-1)
    levels, vectors = np.linalg.eigh(np.exp(-apart / 2))
    states = vectors * np.sqrt(np.clip(levels, 0.0, None))
    size = 1 << (len(states) - 1).bit_length()
    return _unit(np.pad(states, ((0, 0), (0, size - len(states)))))


def _meeting(queries: np.ndarray, keys: np.ndarray) -> float:
    """Largest deviation from softmax of the normalised overlaps of coherent states."""
    scores = np.einsum("rd,rkd->rk", queries, keys) / np.sqrt(queries.shape[1])
    states = [_coherent(q, k) for q, k in zip(queries, keys, strict=True)]
    overlaps = np.array([(one[1:] @ one[0]) ** 2 for one in states])
    return float(np.abs(_normalised(overlaps) - softmax(scores)).max())


def _swap_tests(states: np.ndarray) -> list[Prepared]:
    """Swap tests of the first state with each other: outcome 0 comes with (1 + |<q|k>|^2) / 2."""
    n = states.shape[1].bit_length() - 1
    made = []
    for state in states:
        gates = QuantumCircuit(n)
        gates.append(StatePreparation(state), range(n))
        made.append(compiled(gates))
    query, *keys = made
    tests = []
    for gates, state in zip(keys, states[1:], strict=True):
        one, other = QuantumRegister(n, "query"), QuantumRegister(n, "other")
        system, key = QuantumRegister(1, "system"), ClassicalRegister(1, "key")
        circuit = QuantumCircuit(one, other, system, key, name="swap_test")
        circuit.compose(query, one, inplace=True)
        circuit.compose(gates, other, inplace=True)
        circuit.h(system)
        for a, b in zip(one, other, strict=True):
            circuit.cswap(system[0], a, b)
        circuit.h(system)
        circuit.measure(system, key)
        overlap = float(states[0] @ state) ** 2
        tests.append(as_prepared(circuit, [(1 + overlap) / 2, (1 - overlap) / 2]))
    return tests
