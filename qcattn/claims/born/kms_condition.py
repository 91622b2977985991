"""A6: the Kubo-Martin-Schwinger condition, and the thermometer it makes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import product
from typing import Any, ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import StatePreparation
from qiskit.quantum_info import Pauli
from scipy import linalg

from qcattn.backends.protocol import Backend
from qcattn.claims.born._correlators import Comb, bohr_frequencies, comb, correlation, hadamard_test
from qcattn.claims.born._thermometer import defect, inverse_temperature, measured, spent
from qcattn.claims.frame.checks import algebra, equals
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.encodings import Transverse
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.experiment import Preparation
from qcattn.preparations import QSVT
from qcattn.preparations.gates import compiled
from qcattn.readings.circuits import as_prepared
from qcattn.records import Hamiltonian, Prepared
from qcattn.seeds import entropy
from qcattn.thermal import gibbs_state

__all__ = ["KMSCondition"]


@dataclass(frozen=True)
class KMSCondition:
    r"""A6: thermal states, and only they, have :math:`\omega(AB) = \omega(B \alpha_{i\beta}(A))`.

    In frequency, and with B = A, the condition is detailed balance,
    :math:`S(-\nu) = e^{-\beta\nu} S(\nu)`. Hadamard tests at a few times give S at the Bohr
    frequencies. The circuits know H, the estimate knows the Bohr frequencies and nothing of beta:
    the defect :math:`\sum_\nu (S(\nu) + S(-\nu)) \tanh(\beta\nu/2) - (S(\nu) - S(-\nu))` grows with
    beta and is zero at the temperature of the state, which makes a thermometer. A pure state with
    the same probability on every key is measured beside it. That the Gibbs state is the only
    solution is shown densely, for all pairs of Pauli strings A, B.

    Attributes:
        scores: Of the keys, a power of two of them, dimensionless.
        transverse: Transverse field, by which the keys are not the levels, in units of k_B T at
            beta = 1.
        beta: Inverse temperature, positive.
        observable: A, a Pauli string, qubit 0 rightmost.
        preparation: (hamiltonian, beta) -> Prepared; what makes the state.
        tolerance: Largest relative deviation of beta that counts as agreement; three times as much
            is allowed for the defect of one frequency.
        shots: Of all Hadamard tests of the thermal state together; a tenth for the pure one.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> found = KMSCondition(shots=200_000, tolerance=0.2)(seed=1)
        >>> found.standing, 1.0 in found.numbers[0].estimate
        ('exact', True)

    References:
        R. Haag, N. M. Hugenholtz and M. Winnink, Commun. Math. Phys. 5, 215 (1967).
    """

    claim: ClassVar[str] = "A6"
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
    tolerance: float = 0.02
    shots: int = 4_000_000
    alpha: float = 1e-3
    backend: Backend | None = None

    def __call__(self, *, seed: Any = 0, progress: Progress | None = None) -> Finding:
        """Run the experiment.

        Args:
            seed: What `numpy.random.default_rng` takes.
            progress: Called with the share done and what is done.

        Returns:
            The finding.

        Raises:
            ValueError: If the observable joins no two levels.
        """
        started = time.perf_counter()
        tell = progress or (lambda share, what: None)
        hamiltonian = Transverse(field=self.transverse)(self.scores)
        matrix, beta = hamiltonian.matrix, self.beta
        teeth, tests = self.hadamard_tests()
        root = np.sqrt(np.diag(gibbs_state(matrix, beta)).real)
        pure_tests = self._tests_of(_pure(root), np.outer(root, root), hamiltonian, teeth)
        seeds = np.random.SeedSequence(entropy(seed)).spawn(2)
        tell(0.1, f"{len(tests)} correlations of the thermal state")
        counts = measured(teeth, tests, self.shots, self.backend, seeds[0])
        tell(0.8, "correlations of a pure state with the same probabilities")
        pure = measured(teeth, pure_tests, self.shots // 10, self.backend, seeds[1])

        level = self.alpha / 3
        rows = range(len(teeth.frequencies))
        found = inverse_temperature(teeth, counts, level)
        defects = [defect(teeth, counts, beta, level / len(rows), row) for row in rows]
        broken = [defect(teeth, pure, beta, level / len(rows), row) for row in rows]
        near, far = (1 - 2 * self.tolerance) * beta, (1 + 2 * self.tolerance) * beta
        refuted = near < found.low and found.high < far
        checks = [
            *_dense(hamiltonian, beta),
            equals(
                f"Detailed balance of {self.observable} gives the inverse temperature asked for",
                found,
                beta,
                tolerance=self.tolerance * beta,
            ),
            Check(
                f"The defect does not vanish at beta = {near:.4g} nor at {far:.4g}",
                True if refuted else None,
                f"it vanishes between {found.low:.4g} and {found.high:.4g}, error rate {level:.0e}",
            ),
            *(
                equals(
                    f"The defect at frequency {v:.4g} is zero at that beta",
                    one,
                    0.0,
                    tolerance=3 * self.tolerance,
                )
                for v, one in zip(teeth.frequencies, defects, strict=True)
            ),
            _breaks(broken, teeth.frequencies, 3 * self.tolerance),
        ]
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number("inverse temperature by detailed balance", found, beta),
                *(
                    Number(f"defect at frequency {v:.4g}", one, 0.0)
                    for v, one in zip(teeth.frequencies, defects, strict=True)
                ),
                *(
                    Number(f"the same, pure state, at {v:.4g}", one, exact)
                    for v, one, exact in zip(
                        teeth.frequencies,
                        broken,
                        self._exact(np.outer(root, root), hamiltonian, teeth),
                        strict=True,
                    )
                ),
            ],
            words=self._words(found, checks),
            panels=self._panels(hamiltonian, teeth, counts, pure, level),
            shots=int(sum(spent(teeth, total).sum() for total in (self.shots, self.shots // 10))),
            seed=seed,
            started=started,
        )

    def hadamard_tests(self) -> tuple[Comb, list[Prepared]]:
        """The estimator, and its circuits: at every time the real part, then the imaginary."""
        hamiltonian = Transverse(field=self.transverse)(self.scores)
        matrix = hamiltonian.matrix
        frequencies = bohr_frequencies(matrix, Pauli(self.observable).to_matrix())
        teeth = comb(frequencies, self.beta)
        prepared = self.preparation(hamiltonian, beta=self.beta)
        return teeth, self._tests_of(prepared, gibbs_state(matrix, self.beta), hamiltonian, teeth)

    def _tests_of(
        self, prepared: Prepared, state: np.ndarray, hamiltonian: Hamiltonian, teeth: Comb
    ) -> list[Prepared]:
        matrix, a = hamiltonian.matrix, Pauli(self.observable).to_matrix()
        exact = correlation(state, matrix, a, teeth.times)
        return [
            hadamard_test(prepared, self.observable, linalg.expm(-1j * t * matrix), part, value)
            for t, g in zip(teeth.times, exact, strict=True)
            for part, value in (("real", g.real), ("imaginary", g.imag))
        ]

    def _exact(self, state: np.ndarray, hamiltonian: Hamiltonian, teeth: Comb) -> np.ndarray:
        a = Pauli(self.observable).to_matrix()
        g = correlation(state, hamiltonian.matrix, a, teeth.times)
        both = teeth.offsets + teeth.even @ g.real
        return np.asarray(both * np.tanh(self.beta * teeth.frequencies / 2) + teeth.odd @ g.imag)

    def _words(self, found: Estimate, checks: list[Check]) -> str:
        words = (
            f"Correlations of {self.observable} at a few times give the inverse temperature "
            f"{found.best:.4f}, between {found.low:.4f} and {found.high:.4f}, where {self.beta:g} "
            "was asked for. "
        )
        if checks[-1].holds:
            words += (
                'That this "is Born\'s rule for thermal states" is loose: a pure state gives every '
                "key the same probability and breaks the condition. It is correlations that tell "
                "the two apart, not probabilities of the keys."
            )
        else:
            words += "The pure state with the same probabilities was not told from the thermal one."
        return words

    def _panels(
        self,
        hamiltonian: Hamiltonian,
        teeth: Comb,
        counts: np.ndarray,
        pure: np.ndarray,
        level: float,
    ) -> list[Panel]:
        betas = self.beta * np.linspace(0.5, 1.5, 21)
        measured = [[defect(teeth, c, b, level) for b in betas] for c in (counts, pure)]
        gibbs = gibbs_state(hamiltonian.matrix, self.beta)
        g = correlation(gibbs, hamiltonian.matrix, Pauli(self.observable).to_matrix(), teeth.times)
        both, difference = teeth.offsets + teeth.even @ g.real, teeth.odd @ g.imag
        exact = np.tanh(np.outer(betas, teeth.frequencies) / 2) @ both + difference.sum()
        own = [
            inverse_temperature(teeth, counts, level / len(teeth.frequencies), row)
            for row in range(len(teeth.frequencies))
        ]
        v = teeth.frequencies
        most = 3 * self.beta * v.max()
        ends = np.clip(v[:, None] * [[e.low, e.high] for e in own], -most, most)
        reach = np.array([0.0, 1.1 * v.max()])
        return [
            Panel(
                "The KMS defect vanishes at one temperature",
                "inverse temperature β (1/k_B T at β = 1)",
                "sum of the defects",
                (
                    Curve("thermal, exact", betas, exact, style="line"),
                    *(
                        Curve(
                            name,
                            betas,
                            np.array([e.best for e in line]),
                            np.array([e.low for e in line]),
                            np.array([e.high for e in line]),
                        )
                        for name, line in zip(
                            ("thermal, measured", "pure, same probabilities"), measured, strict=True
                        )
                    ),
                ),
            ),
            Panel(
                "Detailed balance",
                "Bohr frequency ν (k_B T at β = 1)",
                "ln S(ν) / S(-ν)",
                (
                    Curve(f"β ν, β = {self.beta:g}", reach, self.beta * reach, style="line"),
                    Curve(
                        "measured",
                        v,
                        np.clip(v * [e.best for e in own], -most, most),
                        ends[:, 0],
                        ends[:, 1],
                    ),
                ),
            ),
        ]


def _pure(root: np.ndarray) -> Prepared:
    """The pure state of real amplitudes."""
    n = len(root).bit_length() - 1
    system, key = QuantumRegister(n, "system"), ClassicalRegister(n, "key")
    circuit = QuantumCircuit(system, key, name="pure")
    circuit.append(StatePreparation(root), system)
    circuit = compiled(circuit)
    circuit.measure(system, key)
    return as_prepared(circuit, root**2)


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
            f"omega(AB) = omega(B alpha_i beta(A)) in the Gibbs state, {len(equations)} pairs A, B",
            float(np.abs(equations @ rho.ravel()).max() / np.abs(equations).max()),
        ),
        algebra(
            "No other state fulfils it for all A, B",
            float(np.abs(only - rho).max()) if second > 1e-9 else float("nan"),
            tolerance=1e-8,
        ),
    ]


def _breaks(broken: list[Estimate], frequencies: np.ndarray, tolerance: float) -> Check:
    """Whether a state that is not thermal shows it at some frequency."""
    apart = [not (one.low <= 0 <= one.high) for one in broken]
    worst = int(np.argmax([abs(one.best) for one in broken]))
    one = broken[worst]
    zero = all(max(-e.low, e.high) <= tolerance for e in broken)
    return Check(
        "A pure state with the same probability on every key breaks the condition",
        True if any(apart) else (False if zero else None),
        f"defect {one.best:.3f} in [{one.low:.3f}, {one.high:.3f}] at frequency "
        f"{frequencies[worst]:.3g}",
    )
