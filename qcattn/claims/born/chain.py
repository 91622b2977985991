"""A16: softmax = Born = KMS = maximum entropy = Bayes, on one row of real attention."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from qiskit.quantum_info import Pauli, SparsePauliOp
from scipy import special
from scipy.linalg import expm

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.certification import Estimate, certify_free_energy, expectation
from qcattn.certification.checking import Backend, draw
from qcattn.certification.intervals import proportion
from qcattn.claims.born._correlators import Comb, bohr_frequencies, comb, correlation, hadamard_test
from qcattn.claims.born.bayes import updated
from qcattn.claims.born.kms_condition import defect, inverse_temperature
from qcattn.claims.frame.checks import algebra, equals, follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.comparisons import certify
from qcattn.datasets import load
from qcattn.dense_state import system_state
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Finding, Number, Panel
from qcattn.experiment import Preparation
from qcattn.preparations import Amplitude, Heralded
from qcattn.records import Hamiltonian, Prepared
from qcattn.seeds import entropy

__all__ = ["Chain"]


@dataclass(frozen=True)
class Chain:
    r"""A16: one state of one row of SmolLM2, seen in five ways, with one number each.

    Softmax is the Gibbs distribution (dense). Born: the counts of the state follow it. KMS:
    correlations of an observable P in time have the inverse temperature 1, and, with A = Z on a
    qubit that P flips and B = i Z P, omega(AB) - omega(B alpha_{i beta}(A)) = 2 i omega(P) is
    zero, A being conserved. Maximum entropy: the relative entropy to
    the Gibbs state, beta times the free energy that is not minimal, is bounded near zero. Bayes:
    a uniform prior, updated twice by half of the scores, gives the same counts. All of them hold
    together at error rate alpha. The pure state with the same counts is measured beside it.

    Attributes:
        layer: Of SmolLM2.
        head: Of that layer.
        query: Its unmasked keys, 0 to query, are the states; query + 1 is a power of two.
        observable: A Pauli string, qubit 0 rightmost, whose correlations are measured.
        preparation: Of the thermal state.
        shots: Of each circuit.
        epsilon: Total variation that counts as agreement.
        tolerance: Of the inverse temperature and of the KMS defect.
        nats: Relative entropy to the Gibbs state that counts as none.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> Chain(shots=50_000, epsilon=0.05, tolerance=0.3, nats=0.4)(seed=1).verdict
        'conditional'
    """

    claim: ClassVar[str] = "A16"
    title: ClassVar[str] = "The chain, on one row"
    statement: ClassVar[str] = (
        "“Softmax = Born’s rule = KMS condition = maximum entropy = Bayesian inference = quantum "
        "measurement. They’re all the same thing!”"
    )
    section: ClassVar[str] = "The one-liner"

    layer: int = 15
    head: int = 2
    query: int = 3
    observable: str = "XI"
    preparation: Preparation = field(default_factory=Heralded)
    shots: int = 500_000
    epsilon: float = 0.02
    tolerance: float = 0.1
    nats: float = 0.15
    alpha: float = 1e-3
    backend: Backend | None = None

    def __call__(self, *, seed: Any = 0, progress: Progress | None = None) -> Finding:
        """Run the experiment.

        Args:
            seed: What `numpy.random.default_rng` takes.
            progress: Called with the share done and what is done.

        Returns:
            The finding.
        """
        started = time.perf_counter()
        seeds = np.random.SeedSequence(entropy(seed)).spawn(5)
        report = progress or (lambda share, what: None)
        backend = Aer() if self.backend is None else self.backend
        scores = load("smollm2").scores[self.layer, self.head, self.query, : self.query + 1]
        row = scores.astype(float)
        size, part = row.size, self.alpha / 7
        law, hamiltonian = softmax(row), Binary()(row)
        state, pure = self.preparation(hamiltonian, beta=1.0), Amplitude()(hamiltonian, beta=1.0)

        report(0.0, "Born and Bayes")
        halves = updated(np.full(size, 1 / size), [row / 2, row / 2])
        drawn = draw([state, halves, pure], self.shots, backend, seeds[0])
        born, bayes, alike = (one.keys for one in drawn)
        report(0.3, "KMS: correlations in time")
        teeth, tests = self._tests(state, hamiltonian)
        times = [one.keys for one in draw(tests, self.shots, backend, seeds[1])]
        counts = np.array(times).reshape(-1, 2, 2).swapaxes(0, 1)
        beta = inverse_temperature(teeth, counts, part)
        flip = SparsePauliOp(self.observable)
        stationary, coherent = (
            expectation(one, flip, shots=self.shots, backend=backend, seed=source, alpha=part)
            for one, source in ((state, seeds[3]), (pure, seeds[4]))
        )
        report(0.7, "maximum entropy: energy and purity")
        free = certify_free_energy(
            state, hamiltonian, 1.0, shots=self.shots, backend=backend, seed=seeds[2], alpha=part
        )
        shares = born / born.sum()
        kl = float(special.rel_entr(shares, law).sum())
        excess = Estimate(
            float(np.clip(kl, free.divergence_low, free.divergence_high)),
            free.divergence_low,
            free.divergence_high,
        )

        def same(statement: str, counts: np.ndarray) -> Check:
            return follows(statement, counts, law, epsilon=self.epsilon, alpha=part)

        dense = np.diag(expm(-hamiltonian.matrix)).real
        checks = [
            algebra(
                "Softmax is the diagonal of exp(-H)/Z",
                float(np.abs(dense / dense.sum() - law).max()),
            ),
            same("Born: the counts of the state follow softmax", born),
            equals(
                "KMS: the correlations in time have the inverse temperature 1",
                beta,
                1.0,
                tolerance=self.tolerance,
            ),
            equals(
                "KMS: omega(AB) - omega(B alpha(A)) = 2i <P> is zero, A conserved",
                stationary[0],
                0.0,
                tolerance=self.tolerance,
            ),
            self._least("Maximum entropy: no state of its energy has more", excess),
            same("Bayes: a uniform prior updated twice by half the scores gives the same", bayes),
            same("A pure state gives the same counts", alike),
            equals(
                "The pure state with these counts fulfils the KMS condition too",
                coherent[0],
                0.0,
                tolerance=self.tolerance,
                role="beyond",
            ),
        ]
        numbers = [
            Number("KMS: inverse temperature", beta, 1.0),
            Number("Born: total variation from softmax", self._distance(born, law, part), 0.0),
            Number("Bayes: total variation from softmax", self._distance(bayes, law, part), 0.0),
            Number("maximum entropy: D(rho || Gibbs), nats", excess, 0.0),
            Number(f"KMS: <{self.observable}>", stationary[0], 0.0),
            Number(f"<{self.observable}> of the pure state", coherent[0], _mean(pure, flip)),
        ]
        return conclude(
            self,
            checks=checks,
            numbers=numbers,
            condition="the state is thermal; counts alone do not tell it from a pure one"
            if checks[7].holds is False and checks[6].holds
            else "",
            words=self._words(checks, numbers),
            panels=[
                _counted(law, born, bayes, alike, part),
                self._defects(hamiltonian, teeth, counts, part),
            ],
            shots=self.shots * (len(drawn) + len(times)) + free.shots + stationary[1] + coherent[1],
            seed=seed,
            started=started,
        )

    def _tests(self, state: Prepared, hamiltonian: Hamiltonian) -> tuple[Comb, list[Prepared]]:
        """Hadamard tests: at every time the real part of the correlation, then the imaginary."""
        matrix, a = hamiltonian.matrix, Pauli(self.observable).to_matrix()
        teeth = comb(bohr_frequencies(matrix, a), 1.0)
        rho, _ = system_state(state)
        exact = correlation(rho, matrix, a, teeth.times)
        tests = [
            hadamard_test(state, self.observable, expm(-1j * t * matrix), part, value)
            for t, g in zip(teeth.times, exact, strict=True)
            for part, value in (("real", g.real), ("imaginary", g.imag))
        ]
        return teeth, tests

    def _least(self, statement: str, excess: Estimate) -> Check:
        holds = True if excess.high <= self.nats else False if excess.low > 0 else None
        by = (
            f"D(rho || Gibbs) in [{excess.low:.4f}, {excess.high:.4f}] nats, at most "
            f"{self.nats:g} wanted"
        )
        return Check(statement, holds, by)

    def _distance(self, counts: np.ndarray, law: np.ndarray, alpha: float) -> Estimate:
        upper = float(certify(counts, law, self.epsilon, alpha).upper)
        return Estimate(float(np.abs(counts / counts.sum() - law).sum() / 2), 0.0, upper)

    def _words(self, checks: list[Check], numbers: list[Number]) -> str:
        beta, born, bayes, excess, _, coherent = (number.estimate for number in numbers)
        links = [check for check in checks[:6] if check.holds is not True]
        words = (
            "Every link holds on this row at once, each at error rate "
            f"{self.alpha / 7:.0e}: counts "
            f"within {born.high:.4f} of softmax, inverse temperature {beta.best:.3f}, at most "
            f"{excess.high:.3f} nats from the largest entropy, and the posterior within "
            f"{bayes.high:.4f}. "
            if not links
            else f"The chain does not hold: {'; '.join(check.statement for check in links)}. "
        )
        if checks[7].holds is False and checks[6].holds:
            words += (
                "They are not all the same thing: a pure state has the same counts, but its "
                f"<{self.observable}> is {coherent.best:.3f}, where the KMS condition wants 0."
            )
        return words

    def _defects(
        self, hamiltonian: Hamiltonian, teeth: Comb, counts: np.ndarray, alpha: float
    ) -> Panel:
        betas = np.linspace(0.5, 1.5, 21)
        rho = np.diag(softmax(-hamiltonian.diagonal()))
        a = Pauli(self.observable).to_matrix()
        g = correlation(rho, hamiltonian.matrix, a, teeth.times)
        both, difference = teeth.offsets + teeth.even @ g.real, teeth.odd @ g.imag
        exact = np.tanh(np.outer(betas, teeth.frequencies) / 2) @ both + difference.sum()
        found = [defect(teeth, counts, beta, alpha) for beta in betas]
        return Panel(
            "KMS: the defect of the state vanishes at its temperature",
            "inverse temperature",
            "sum of the defects",
            (
                Curve("Gibbs state, exact", betas, exact, style="line"),
                Curve(
                    "measured",
                    betas,
                    np.array([one.best for one in found]),
                    np.array([one.low for one in found]),
                    np.array([one.high for one in found]),
                ),
            ),
        )


def _mean(state: Prepared, observable: SparsePauliOp) -> float:
    rho, _ = system_state(state)
    return float(np.trace(rho @ observable.to_matrix()).real)


def _counted(
    law: np.ndarray, born: np.ndarray, bayes: np.ndarray, alike: np.ndarray, alpha: float
) -> Panel:
    x = np.arange(law.size, dtype=float)
    curves = [Curve("softmax", x, law, style="bars")]
    for i, (name, counts) in enumerate((("Born", born), ("Bayes", bayes), ("pure state", alike))):
        low, high = proportion(counts, counts.sum(), alpha / law.size)
        curves.append(Curve(name, x + 0.15 * (i - 1), counts / counts.sum(), low, high))
    names = load("smollm2").tokens[: law.size]
    return Panel(
        "Three circuits, one distribution",
        "key",
        "probability",
        tuple(curves),
        ticks=tuple(name.strip() for name in names),
    )
