r"""Pauli observables of the system against their exact values: a state has more than Z counts.

Each string P reads +1 or -1 in every shot, so the number of +1 is binomial with probability
:math:`(1 + \langle P\rangle)/2`, and the tests and intervals are exact. The hypothesis is what the
preparation claims: a state within trace distance T of the exact one, hence each probability within
T of the exact one [1]. Intervals and tests share alpha over the strings (Bonferroni).

The strings are: one letter X, Y or Z on one, two or all qubits, and the off-diagonal terms of H.
The qsample has :math:`\langle X_q\rangle = \sum_b \sqrt{p_b p_{b \oplus q}}`, a sum of positive
terms, where the Gibbs state of a diagonal H has zero; one-hot codewords, of which two bits differ,
show it in the pairs.

References:
    [1] M. A. Nielsen and I. L. Chuang, Quantum Computation and Quantum Information (2010),
        theorem 9.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcattn.backends.protocol import Backend
from qcattn.certification.checking import check_prepared
from qcattn.certification.intervals import binomial_p_value, proportion
from qcattn.certification.paulis import (
    PauliGroup,
    default_strings,
    exact_expectations,
    measure_strings,
    support,
)
from qcattn.certification.targets import State, exact_state
from qcattn.plurals import plural
from qcattn.records import Hamiltonian, Prepared

__all__ = ["Observables", "certify_observables"]


@dataclass(frozen=True, eq=False)
class Observables:
    """Means of Pauli strings of the system, measured and exact. Arrays are of shape (strings,).

    Attributes:
        strings: Letters, qubit 0 rightmost.
        exact: Expectation values in the state that the circuit is held against.
        estimates: Measured means, NaN without kept shots.
        low: Lower ends of their intervals, which all hold together at 1 - alpha.
        high: Upper ends of the intervals.
        p_values: The p-values of two-sided exact binomial tests of the claim, not corrected for
            their number.
        kept: The number of kept shots behind each mean.
        state: The state aimed at, ``"gibbs"`` or ``"qsample"``.
        error: Trace distance that the hypothesis allows.
        shots: Shots drawn, in all bases.
        alpha: Error rate of all intervals together, and of `refuted`.
    """

    strings: tuple[str, ...]
    exact: np.ndarray
    estimates: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_values: np.ndarray
    kept: np.ndarray
    state: State
    error: float
    shots: int
    alpha: float

    @property
    def p_value(self) -> float:
        """The p-value of the hypothesis that every string is as claimed (Bonferroni)."""
        return float(min(1.0, len(self.strings) * self.p_values.min(initial=1.0)))

    @property
    def refuted(self) -> bool:
        """Whether the state differs by more than it claims to, at error rate alpha."""
        return self.p_value <= self.alpha

    @property
    def offenders(self) -> tuple[str, ...]:
        """The strings that differ, the worst first."""
        order = np.argsort(self.p_values, kind="stable")
        level = self.alpha / len(self.strings)
        return tuple(self.strings[i] for i in order if self.p_values[i] <= level)


def certify_observables(
    prepared: Prepared,
    hamiltonian: Hamiltonian,
    beta: float,
    *,
    shots: int = 4096,
    backend: Backend | None = None,
    seed: Any = 0,
    alpha: float = 0.01,
    strings: Sequence[str] | None = None,
    state: State | None = None,
    error: float | None = None,
) -> Observables:
    """Measure Pauli strings of the system and compare them with the exact state's.

    Args:
        prepared: One circuit, shape ().
        hamiltonian: What it was prepared for, shape ().
        beta: Inverse temperature, positive.
        shots: Shots of each basis (X, Y and Z, and what more the strings need).
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
        alpha: Error rate.
        strings: Letters I, X, Y, Z, qubit 0 rightmost; None for the set of this module.
        state: The state to hold it against; None for the one that the preparation aims at.
        error: Trace distance from it that is allowed; None for the one claimed.

    Raises:
        ValueError: If shapes differ, a number is out of range, or a string does not fit.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Amplitude
        >>> hamiltonian = Binary()([0.0, 1.0])
        >>> prepared = Amplitude()(hamiltonian, beta=1.0)
        >>> certify_observables(prepared, hamiltonian, 1.0).refuted
        False
        >>> held = certify_observables(prepared, hamiltonian, 1.0, state="gibbs")
        >>> held.refuted, held.offenders
        (True, ('X',))
    """
    allowed = check_prepared(prepared, hamiltonian, beta, alpha, error)
    chosen = default_strings(hamiltonian) if strings is None else tuple(strings)
    if not chosen:
        raise ValueError(
            "`strings` must hold at least one string, but is empty; leave it out for the default "
            "set"
        )
    for string in chosen:
        if len(string) != hamiltonian.num_qubits or not set("IXYZ") >= set(string):
            raise ValueError(
                f"`strings` must be {plural(hamiltonian.num_qubits, 'letter')} I, X, Y, Z each, "
                f"but one is {string!r}"
            )
    aimed: State = prepared.state if state is None else state
    exact = exact_expectations(exact_state(hamiltonian, beta, aimed), chosen)
    groups = measure_strings(prepared, chosen, shots, backend, seed)
    hits, kept = positives(groups, chosen)
    low, high = proportion(hits, kept, alpha / len(chosen))
    return Observables(
        strings=chosen,
        exact=exact,
        estimates=np.divide(2 * hits - kept, kept, out=np.full(len(kept), np.nan), where=kept > 0),
        low=2 * low - 1,
        high=2 * high - 1,
        p_values=against(hits, kept, exact, allowed),
        kept=kept,
        state=aimed,
        error=allowed,
        shots=shots * len(groups),
        alpha=alpha,
    )


def positives(
    groups: Sequence[PauliGroup], strings: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """How often each string read +1, and how many shots it kept."""
    hits, kept = np.zeros(len(strings), np.int64), np.zeros(len(strings), np.int64)
    for group in groups:
        places = np.arange(len(group.counts))
        for index in group.members:
            even = np.bitwise_count(places & support(strings[index])) % 2 == 0
            hits[index] = group.counts[even].sum()
            kept[index] = group.counts.sum()
    return hits, kept


def against(hits: np.ndarray, kept: np.ndarray, exact: np.ndarray, error: float) -> np.ndarray:
    """P-values of expectation values that are known up to a trace distance."""
    chance = (1 + exact) / 2
    # Dense linear algebra leaves 1e-17 where a probability is zero, and a zero is a zero.
    chance = np.where(chance < 1e-14, 0.0, np.where(chance > 1 - 1e-14, 1.0, chance))
    return binomial_p_value(hits, kept, chance - error, chance + error)
