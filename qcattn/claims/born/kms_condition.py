"""A6: the Kubo-Martin-Schwinger condition, and the thermometer it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import StatePreparation
from qiskit.quantum_info import Pauli
from scipy import linalg

from qcattn.claims.born._correlators import (
    Comb,
    bohr_frequencies,
    comb,
    correlation,
    hadamard_tests,
)
from qcattn.claims.born._curves import points
from qcattn.claims.born._thermometer import (
    defect,
    draw_tests,
    exact_defect,
    inverse_temperature,
    spent,
)
from qcattn.claims.frame.checks import algebra, equals
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.encodings import Transverse
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.experiment import Preparation
from qcattn.preparations import QSVT
from qcattn.preparations.gates import compiled
from qcattn.progress import Progress
from qcattn.readings.circuits import as_prepared
from qcattn.records import Hamiltonian, Prepared
from qcattn.thermal import gibbs_state

__all__ = ["KMSCondition"]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Balance(Measured):
    """Correlations of the thermal state and of the pure one, and what they give.

    Attributes:
        hamiltonian: The Hamiltonian whose thermal state it is.
        teeth: The estimator of the correlations in time.
        thermal: Counts of the Hadamard tests of the thermal state, shape (2, times, 2).
        pure: Counts of the Hadamard tests of the pure state, shape (2, times, 2).
        beta: Inverse temperature of the thermal state.
        unlike: Distance of two states of several phases that both fulfil the condition, dense.
        defects: The defect of the thermal state at the beta that was asked for, one a frequency.
        broken: The defects of the pure state, one a frequency.
    """

    hamiltonian: Hamiltonian
    teeth: Comb
    thermal: np.ndarray
    pure: np.ndarray
    beta: Estimate
    unlike: float
    defects: list[Estimate]
    broken: list[Estimate]


@dataclass(frozen=True, kw_only=True)
class KMSCondition(Claim[_Balance]):
    r"""A6: thermal states, and only they, have :math:`\omega(AB) = \omega(B \alpha_{i\beta}(A))`.

    In frequency, and with B = A, the condition is detailed balance,
    :math:`S(-\nu) = e^{-\beta\nu} S(\nu)`. Hadamard tests at a few times give S at the Bohr
    frequencies. The circuits know H, the estimate knows the Bohr frequencies and nothing of beta:
    the defect :math:`\sum_\nu (S(\nu) + S(-\nu)) \tanh(\beta\nu/2) - (S(\nu) - S(-\nu))` grows with
    beta and is zero at the temperature of the state, which makes a thermometer. A pure state with
    the same probability on every key is measured beside it. That the Gibbs state is the only
    solution is shown densely, for all pairs of Pauli strings A, B; and so is that it is not, where
    the system has two phases that no observable joins, as below a phase transition.

    Attributes:
        scores: Scores of the keys, a power of two of them, dimensionless.
        transverse: Transverse field, by which the keys are not the levels, in units of k_B T at
            beta = 1.
        beta: Inverse temperature, positive.
        observable: A, a Pauli string, qubit 0 rightmost.
        preparation: (hamiltonian, beta) -> Prepared; what makes the state.
        phases: The number of phases of one energy that the system has in the dense part beyond the
            claim.
        tolerance: Largest relative deviation of beta that counts as agreement; three times as much
            is allowed for the defect of one frequency.
        shots: The number of shots of all Hadamard tests of the thermal state together; a tenth for
            the pure one.

    Example:
        >>> found = KMSCondition(shots=200_000, tolerance=0.2)(seed=1)
        >>> found.standing, 1.0 in found.number("inverse temperature by detailed balance").estimate
        ('conditional', True)

    References:
        R. Haag, N. M. Hugenholtz and M. Winnink, Commun. Math. Phys. 5, 215 (1967).
    """

    name: ClassVar[str] = "A6"
    title: ClassVar[str] = "KMS condition"
    statement: ClassVar[str] = (
        "A state ω is KMS at inverse temperature β for flow α_t if: ω(AB) = ω(B α_{iβ}(A)) "
        "This is equivalent to: ω = Tr(ρ_β ·) where ρ_β = e^(-βH) / Z"
    )
    section: ClassVar[str] = "Softmax ≡ Born Rule: A Party Trick Derivation"

    scores: tuple[float, ...] = (1.0, 0.2, -0.5, 0.3)
    transverse: float = 0.7
    beta: float = 1.0
    observable: str = "IY"
    preparation: Preparation = field(default_factory=QSVT)
    phases: int = 2
    tolerance: float = 0.02
    shots: int = 4_000_000

    @property
    def share(self) -> float:
        """Error rate of the temperature, of all defects, and of all defects of the pure state."""
        return self.alpha / 3

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Balance:
        """Draw Hadamard tests of the thermal state, and of a pure one with its probabilities.

        Raises:
            ValueError: If the observable joins no two levels.
        """
        backend, hamiltonian = self.sampler(), self._hamiltonian()
        teeth, tests = self.hadamard_tests()
        amplitudes = np.sqrt(np.diag(gibbs_state(hamiltonian.matrix, self.beta)).real)
        state = np.outer(amplitudes, amplitudes)
        pure_tests = hadamard_tests(
            _pure(amplitudes), state, hamiltonian.matrix, self.observable, teeth.times
        )
        seeds, fewer = root.spawn(2), self.shots // 10
        progress(0.1, 1.0, f"{len(tests)} correlations of the thermal state")
        thermal = draw_tests(teeth, tests, self.shots, backend, seeds[0])
        progress(0.8, 1.0, "correlations of a pure state with the same probabilities")
        pure = draw_tests(teeth, pure_tests, fewer, backend, seeds[1])

        found = inverse_temperature(teeth, thermal, self.share)
        defects, broken = self._defects(teeth, thermal), self._defects(teeth, pure)
        exact = self._exact(state, hamiltonian, teeth)
        names = [f"{v:.4g}" for v in teeth.frequencies]
        return _Balance(
            shots=int(sum(spent(teeth, total).sum() for total in (self.shots, fewer))),
            numbers=(
                Number("inverse temperature by detailed balance", found, self.beta),
                *(
                    Number(f"defect at frequency {v}", one, 0.0)
                    for v, one in zip(names, defects, strict=True)
                ),
                *(
                    Number(f"the same, pure state, at {v}", one, value)
                    for v, one, value in zip(names, broken, exact, strict=True)
                ),
            ),
            hamiltonian=hamiltonian,
            teeth=teeth,
            thermal=thermal,
            pure=pure,
            beta=found,
            unlike=_unlike(hamiltonian.matrix, self.beta, self.phases),
            defects=defects,
            broken=broken,
        )

    def check(self, measured: _Balance) -> Iterable[Check]:
        """Hold all pairs of strings densely, and the thermal and the pure state by their counts."""
        frequencies, each = measured.teeth.frequencies, self.share / len(measured.defects)
        yield from _dense(measured.hamiltonian, self.beta)
        yield equals(
            "temperature",
            f"Detailed balance of {self.observable} gives the inverse temperature asked for",
            measured.beta,
            self.beta,
            tolerance=self.tolerance * self.beta,
            alpha=self.share,
        )
        yield self._nowhere_else(measured.beta)
        for i, (v, one) in enumerate(zip(frequencies, measured.defects, strict=True), start=1):
            yield equals(
                f"defect {i}",
                f"The defect at frequency {v:.4g} is zero at that beta",
                one,
                0.0,
                tolerance=3 * self.tolerance,
                alpha=each,
            )
        yield self._breaks(measured.broken, frequencies)
        yield algebra(
            "phases",
            f"No other state fulfils it where the system has {self.phases} phases",
            measured.unlike,
            tolerance=1e-8,
            role="beyond",
        )

    def describe(self, measured: _Balance, checks: Mapping[str, Check]) -> Description:
        """Say which temperature was found, and whether a pure state was told from the thermal."""
        found = measured.beta
        words = (
            f"In a finite space correlations of {self.observable} have the inverse temperature "
            f"{found.best:.4f}, between {found.low:.4f} and {found.high:.4f}, where {self.beta:g} "
            "was asked for, "
        )
        words += (
            "and it is these that are thermal and not Born's rule: a pure state gives every key "
            "the same probability and breaks the condition."
            if checks["pure state"].holds
            else "but the pure state with the same probabilities was not told from the thermal one."
        )
        if checks["phases"].holds is not False:
            return Description(words)
        return Description(
            f"{words} In general KMS and e^(-βH)/Z are not equivalent, though the document says "
            f"so: with {self.phases} phases that no observable joins two different states fulfil "
            "the condition, and the algebra of a horizon, by theory, has no density matrix at all.",
            "the space is finite, or e^(-βH) has a trace, and observables join all its states",
        )

    def picture(self, measured: _Balance) -> Sequence[Panel]:
        """Plot the defect over the temperature, and detailed balance over the frequency."""
        return [self._vanishing(measured), self._balanced(measured)]

    def hadamard_tests(self) -> tuple[Comb, list[Prepared]]:
        """The estimator, and its circuits: at every time the real part, then the imaginary."""
        hamiltonian = self._hamiltonian()
        matrix, a = hamiltonian.matrix, Pauli(self.observable).to_matrix()
        teeth = comb(bohr_frequencies(matrix, a), self.beta)
        prepared = self.preparation(hamiltonian, beta=self.beta)
        state = gibbs_state(matrix, self.beta)
        return teeth, hadamard_tests(prepared, state, matrix, self.observable, teeth.times)

    def _hamiltonian(self) -> Hamiltonian:
        return Transverse(field=self.transverse)(self.scores)

    def _defects(self, teeth: Comb, counts: np.ndarray) -> list[Estimate]:
        """The defect at each frequency, at the beta that was asked for, all at one share."""
        rows = range(len(teeth.frequencies))
        return [defect(teeth, counts, self.beta, self.share / len(rows), row) for row in rows]

    def _exact(self, state: np.ndarray, hamiltonian: Hamiltonian, teeth: Comb) -> np.ndarray:
        a = Pauli(self.observable).to_matrix()
        g = correlation(state, hamiltonian.matrix, a, teeth.times)
        both = teeth.offsets + teeth.even @ g.real
        return np.asarray(both * np.tanh(self.beta * teeth.frequencies / 2) + teeth.odd @ g.imag)

    def _nowhere_else(self, found: Estimate) -> Check:
        """Whether other temperatures are left out, by the interval of the temperature itself."""
        near, far = (1 - 2 * self.tolerance) * self.beta, (1 + 2 * self.tolerance) * self.beta
        return Check(
            "other temperatures",
            f"The defect does not vanish at beta = {near:.4g} nor at {far:.4g}",
            True if near < found.low and found.high < far else None,
            f"it vanishes between {found.low:.4g} and {found.high:.4g}, "
            f"error rate {self.share:.0e}",
        )

    def _breaks(self, broken: list[Estimate], frequencies: np.ndarray) -> Check:
        """Whether a state that is not thermal shows it at some frequency."""
        apart = any(not (one.low <= 0 <= one.high) for one in broken)
        zero = all(max(-one.low, one.high) <= 3 * self.tolerance for one in broken)
        worst = int(np.argmax([abs(one.best) for one in broken]))
        one = broken[worst]
        return Check(
            "pure state",
            "A pure state with the same probability on every key breaks the condition",
            True if apart else (False if zero else None),
            f"defect {one.best:.3f} in [{one.low:.3f}, {one.high:.3f}] at frequency "
            f"{frequencies[worst]:.3g}",
            alpha=self.share,
        )

    def _vanishing(self, measured: _Balance) -> Panel:
        teeth, matrix = measured.teeth, measured.hamiltonian.matrix
        betas = self.beta * np.linspace(0.5, 1.5, 21)
        a = Pauli(self.observable).to_matrix()
        g = correlation(gibbs_state(matrix, self.beta), matrix, a, teeth.times)
        thermal, pure = (
            [defect(teeth, counts, beta, self.share) for beta in betas]
            for counts in (measured.thermal, measured.pure)
        )
        return Panel(
            "The KMS defect vanishes at one temperature",
            "inverse temperature β (1/k_B T at β = 1)",
            "sum of the defects",
            (
                Curve("thermal, exact", betas, exact_defect(teeth, g, betas), style="line"),
                points("thermal, measured", betas, thermal),
                points("pure, same probabilities", betas, pure),
            ),
        )

    def _balanced(self, measured: _Balance) -> Panel:
        teeth, v = measured.teeth, measured.teeth.frequencies
        reach, most = np.array([0.0, 1.1 * v.max()]), 3 * self.beta * v.max()
        own = [
            inverse_temperature(teeth, measured.thermal, self.share / len(v), row)
            for row in range(len(v))
        ]
        best, low, high = np.clip(
            v * np.array([(one.best, one.low, one.high) for one in own]).T, -most, most
        )
        return Panel(
            "Detailed balance",
            "Bohr frequency ν (k_B T at β = 1)",
            "ln S(ν) / S(-ν)",
            (
                Curve(f"β ν, β = {self.beta:g}", reach, self.beta * reach, style="line"),
                Curve("measured", v, best, low, high),
            ),
        )


def _pure(amplitudes: np.ndarray) -> Prepared:
    """The pure state of real amplitudes."""
    n = len(amplitudes).bit_length() - 1
    system, key = QuantumRegister(n, "system"), ClassicalRegister(n, "key")
    circuit = QuantumCircuit(system, key, name="pure")
    circuit.append(StatePreparation(amplitudes), system)
    circuit = compiled(circuit)
    circuit.measure(system, key)
    return as_prepared(circuit, amplitudes**2)


def _unlike(matrix: np.ndarray, beta: float, phases: int) -> float:
    """Trace distance of two states of several phases that fulfil the condition.

    Each phase is a copy of the system. Observables act in a phase and join no two of them, as
    local ones below a phase transition, so a state is a weight and a density matrix of each phase.
    The equations of all A, B in a phase, and the flow of each, are those of one copy; the weights
    stay free, and two solutions that differ most are taken. With one phase there is one solution.
    """
    size = len(matrix)
    heat, cool = linalg.expm(beta * matrix), linalg.expm(-beta * matrix)
    units = np.eye(size * size).reshape(-1, size, size)
    one = np.array([(a @ b - b @ cool @ a @ heat).T.ravel() for a in units for b in units])
    rows = linalg.null_space(linalg.block_diag(*[one] * phases), rcond=1e-9).T
    # Of each solution the weights of the phases; two solutions of unlike weights are unlike.
    blocks = rows.reshape(len(rows), phases, size, size)
    weights = np.trace(blocks, axis1=2, axis2=3)
    first, last = (
        np.tensordot(np.linalg.lstsq(weights.T, np.eye(phases)[place], rcond=None)[0], blocks, 1)
        for place in (0, -1)
    )
    return float(sum(np.abs(np.linalg.eigvals(one - other)).sum() for one, other in zip(
        first, last, strict=True)) / 2)  # fmt: skip


def _dense(hamiltonian: Hamiltonian, beta: float) -> list[Check]:
    r"""The condition for all pairs of Pauli strings, and that it has one solution only."""
    matrix = hamiltonian.matrix
    size, rho = len(matrix), gibbs_state(matrix, beta)
    heat, cool = linalg.expm(beta * matrix), linalg.expm(-beta * matrix)
    paulis = [
        Pauli("".join(letters)).to_matrix()
        for letters in product("IXYZ", repeat=hamiltonian.num_qubits)
    ]
    turned = [cool @ a @ heat for a in paulis]
    # Tr(rho X) = 0 for every X = AB - B alpha_{i beta}(A): linear equations for rho.
    equations = np.array(
        [
            (a @ b - b @ moved).T.ravel()
            for a, moved in zip(paulis, turned, strict=True)
            for b in paulis
        ]
    )
    _, singular, rows = np.linalg.svd(equations)
    only = rows[-1].conj().reshape(size, size)
    only = only / np.trace(only)
    second = float(singular[-2] / singular[0])
    return [
        algebra(
            "all pairs",
            f"omega(AB) = omega(B alpha_i beta(A)) in the Gibbs state, {len(equations)} pairs A, B",
            float(np.abs(equations @ rho.ravel()).max() / np.abs(equations).max()),
        ),
        algebra(
            "no other state",
            "No other state fulfils it for all A, B",
            float(np.abs(only - rho).max()) if second > 1e-9 else float("nan"),
            tolerance=1e-8,
        ),
    ]
