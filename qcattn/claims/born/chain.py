"""A16: softmax = Born = KMS = maximum entropy = Bayes, on one row of real attention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from qiskit.quantum_info import Pauli, SparsePauliOp
from scipy import special
from scipy.linalg import expm

from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.certification import certify_free_energy, expectation
from qcattn.certification.intervals import proportion
from qcattn.claims.born._correlators import Comb, bohr_frequencies, comb, correlation, hadamard_test
from qcattn.claims.born._posterior import updated
from qcattn.claims.born._thermometer import defect, inverse_temperature
from qcattn.claims.born._turned import turned_thermal
from qcattn.claims.frame.checks import algebra, differs, equals, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.comparisons import certify
from qcattn.datasets import load_scores
from qcattn.dense_state import system_state
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.experiment import Preparation
from qcattn.preparations import Amplitude, Heralded
from qcattn.progress import Progress
from qcattn.records import Hamiltonian, Prepared

__all__ = ["Chain"]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Links(Measured):
    """What each link of the chain showed.

    Attributes:
        law: Softmax of the row, shape (keys,).
        hamiltonian: The Hamiltonian of the row.
        born: Counts of the thermal state, shape (keys,).
        bayes: Counts of the prior updated twice, shape (keys,).
        alike: Counts of the pure state, shape (keys,).
        dephased: Counts of the state, dephased and then read with every qubit turned.
        coherent_law: What they are without dephasing, by dense linear algebra.
        teeth: The estimator of the correlations in time.
        correlations: Counts of the Hadamard tests, shape (2, times, 2).
        beta: Inverse temperature of the correlations.
        stationary: Mean of the observable in the thermal state.
        coherent: The mean of the observable in the pure state.
        excess: Relative entropy to the Gibbs state, nats.
        born_distance: Total variation of the Born counts from softmax.
        bayes_distance: Total variation of the Bayes counts from softmax.
    """

    law: np.ndarray
    hamiltonian: Hamiltonian
    born: np.ndarray
    bayes: np.ndarray
    alike: np.ndarray
    dephased: np.ndarray
    coherent_law: np.ndarray
    teeth: Comb
    correlations: np.ndarray
    beta: Estimate
    stationary: Estimate
    coherent: Estimate
    excess: Estimate
    born_distance: Estimate
    bayes_distance: Estimate


#: The checks that make the chain, by name; the pure state is no link of it.
_LINKS = ("softmax", "born", "temperature", "stationary", "entropy", "bayes")


@dataclass(frozen=True, kw_only=True)
class Chain(Claim[_Links]):
    r"""A16: one state of one row of SmolLM2, seen in five ways, with one number each.

    Softmax is the Gibbs distribution (dense). Born: the counts of the state follow it. KMS:
    correlations of an observable P in time have the inverse temperature 1, and, with A = Z on a
    qubit that P flips and B = i Z P, omega(AB) - omega(B alpha_{i beta}(A)) = 2 i omega(P) is
    zero, A being conserved. Maximum entropy: the relative entropy to
    the Gibbs state, beta times the free energy that is not minimal, is bounded near zero. Bayes:
    a uniform prior, updated twice by half of the scores, gives the same counts. All of them hold
    together at error rate alpha. The pure state with the same counts is measured beside it. The
    last link of the quoted chain, quantum measurement, asks for coherence: the state is dephased in
    its keys, and read with every qubit turned by a quarter.

    Attributes:
        layer: The number of a layer of SmolLM2.
        head: The number of a head of that layer.
        query: The number of a query. Its unmasked keys, 0 to query, are the states; query + 1 is a
            power of two.
        observable: A Pauli string, qubit 0 rightmost, whose correlations are measured.
        preparation: The preparation of the thermal state.
        shots: The number of shots of each circuit.
        epsilon: Total variation that counts as agreement.
        tolerance: The tolerance of the inverse temperature and of the KMS defect.
        nats: Relative entropy to the Gibbs state that counts as none.

    Example:
        >>> Chain(shots=50_000, epsilon=0.05, tolerance=0.3, nats=0.4)(seed=1).standing
        'analogy'
    """

    name: ClassVar[str] = "A16"
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

    @property
    def share(self) -> float:
        """Error rate of each of the eight measurements."""
        return self.alpha / 8

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Links:
        """Draw the state, its correlations, its entropy, and the state with the same counts."""
        seeds, backend, part = root.spawn(5), self.sampler(), self.share
        scores = load_scores("smollm2").scores[self.layer, self.head, self.query, : self.query + 1]
        row = scores.astype(float)
        law, hamiltonian = softmax(row), Binary()(row)
        state, pure = self.preparation(hamiltonian, beta=1.0), Amplitude()(hamiltonian, beta=1.0)

        progress(0.0, 1.0, "Born and Bayes")
        halves = updated(np.full(row.size, 1 / row.size), [row / 2, row / 2])
        coherent, turned = (
            turned_thermal(state, hamiltonian, np.pi / 2, dephased) for dephased in (False, True)
        )
        drawn = draw([state, halves, pure, turned], self.shots, backend, seeds[0])
        born, bayes, alike, dephased = (one.keys for one in drawn)
        progress(0.3, 1.0, "KMS: correlations in time")
        teeth, tests = self._tests(state, hamiltonian)
        times = [one.keys for one in draw(tests, self.shots, backend, seeds[1])]
        counts = np.array(times).reshape(-1, 2, 2).swapaxes(0, 1)
        flip = SparsePauliOp(self.observable)
        (stationary, used), (of_pure, also_used) = (
            expectation(one, flip, shots=self.shots, backend=backend, seed=source, alpha=part)
            for one, source in ((state, seeds[3]), (pure, seeds[4]))
        )
        progress(0.7, 1.0, "maximum entropy: energy and purity")
        free = certify_free_energy(
            state, hamiltonian, 1.0, shots=self.shots, backend=backend, seed=seeds[2], alpha=part
        )
        low, high = free.divergence_low, free.divergence_high
        kl = float(special.rel_entr(born / born.sum(), law).sum())
        beta = inverse_temperature(teeth, counts, part)
        excess = Estimate(float(np.clip(kl, low, high)), low, high)
        born_distance, bayes_distance = self._distance(born, law), self._distance(bayes, law)
        return _Links(
            shots=self.shots * (len(drawn) + len(times)) + free.shots + used + also_used,
            numbers=(
                Number("KMS: inverse temperature", beta, 1.0),
                Number("Born: total variation from softmax", born_distance, 0.0),
                Number("Bayes: total variation from softmax", bayes_distance, 0.0),
                Number("maximum entropy: D(rho || Gibbs), nats", excess, 0.0),
                Number(f"KMS: <{self.observable}>", stationary, 0.0),
                Number(f"<{self.observable}> of the pure state", of_pure, _mean(pure, flip)),
            ),
            law=law,
            hamiltonian=hamiltonian,
            born=born,
            bayes=bayes,
            alike=alike,
            dephased=dephased,
            coherent_law=coherent.distribution,
            teeth=teeth,
            correlations=counts,
            beta=beta,
            stationary=stationary,
            coherent=of_pure,
            excess=excess,
            born_distance=born_distance,
            bayes_distance=bayes_distance,
        )

    def check(self, measured: _Links) -> Iterable[Check]:
        """Hold every link against softmax, all of them at one error rate together."""
        law, part = measured.law, self.share
        dense = np.diag(expm(-measured.hamiltonian.matrix)).real
        yield algebra(
            "softmax",
            "Softmax is the diagonal of exp(-H)/Z",
            float(np.abs(dense / dense.sum() - law).max()),
        )
        for name, statement, counts in (
            ("born", "Born: the counts of the state follow softmax", measured.born),
            (
                "bayes",
                "Bayes: a uniform prior updated twice by half the scores gives the same",
                measured.bayes,
            ),
            ("pure counts", "A pure state gives the same counts", measured.alike),
        ):
            yield follows(name, statement, counts, law, epsilon=self.epsilon, alpha=part)
        yield equals(
            "temperature",
            "KMS: the correlations in time have the inverse temperature 1",
            measured.beta,
            1.0,
            tolerance=self.tolerance,
            alpha=part,
        )
        yield equals(
            "stationary",
            "KMS: omega(AB) - omega(B alpha(A)) = 2i <P> is zero, A conserved",
            measured.stationary,
            0.0,
            tolerance=self.tolerance,
            alpha=part,
        )
        yield self._least(measured.excess)
        yield equals(
            "pure state",
            "The pure state with these counts fulfils the KMS condition too",
            measured.coherent,
            0.0,
            tolerance=self.tolerance,
            alpha=part,
            role="beyond",
        )
        yield differs(
            "measurement",
            "Quantum measurement: its coherence takes part, so that dephasing the keys changes a "
            "turned reading",
            measured.dephased,
            measured.coherent_law,
            epsilon=self.epsilon,
            alpha=part,
            role="mechanism",
        )

    def describe(self, measured: _Links, checks: Mapping[str, Check]) -> Description:
        """Say which links hold, and what the counts alone do not tell."""
        broken = [checks[name].statement for name in _LINKS if checks[name].holds is not True]
        words = (
            "On one row of real attention softmax, Born's rule, KMS, maximum entropy and Bayes "
            f"give the same numbers: counts within {measured.born_distance.high:.4f} of softmax, "
            f"inverse temperature {measured.beta.best:.3f}, at most {measured.excess.high:.3f} "
            f"nats from the largest entropy, the posterior within "
            f"{measured.bayes_distance.high:.4f}."
            if not broken
            else f"The chain does not hold: {'; '.join(broken)}."
        )
        apart = checks["pure state"].holds is False and checks["pure counts"].holds
        other = (
            f"a pure state has the same counts and breaks the KMS condition, its "
            f"<{self.observable}> being {measured.coherent.best:.3f} instead of 0"
            if apart
            else ""
        )
        if checks["measurement"].holds is False:
            other += (
                ", and dephasing the state" if other else "dephasing the state"
            ) + " changes no reading of it, so nothing quantum is measured"
        return Description(
            f"{words} They are not all the same thing: {other}." if other else words,
            "the state is thermal; counts alone do not tell it from a pure one" if apart else "",
        )

    def picture(self, measured: _Links) -> Sequence[Panel]:
        """Plot the counts of the three circuits, and the defect over the temperature."""
        return [_counted(measured, self.share), self._defects(measured)]

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

    def _least(self, excess: Estimate) -> Check:
        holds = True if excess.high <= self.nats else False if excess.low > 0 else None
        by = (
            f"D(rho || Gibbs) in [{excess.low:.4f}, {excess.high:.4f}] nats, at most "
            f"{self.nats:g} wanted"
        )
        statement = "Maximum entropy: no state of its energy has more"
        return Check("entropy", statement, holds, by, alpha=self.share)

    def _distance(self, counts: np.ndarray, law: np.ndarray) -> Estimate:
        upper = float(certify(counts, law, self.epsilon, self.share).upper)
        return Estimate(float(np.abs(counts / counts.sum() - law).sum() / 2), 0.0, upper)

    def _defects(self, measured: _Links) -> Panel:
        teeth, betas = measured.teeth, np.linspace(0.5, 1.5, 21)
        rho = np.diag(softmax(-measured.hamiltonian.diagonal()))
        a = Pauli(self.observable).to_matrix()
        g = correlation(rho, measured.hamiltonian.matrix, a, teeth.times)
        both, difference = teeth.offsets + teeth.even @ g.real, teeth.odd @ g.imag
        exact = np.tanh(np.outer(betas, teeth.frequencies) / 2) @ both + difference.sum()
        found = [defect(teeth, measured.correlations, beta, self.share) for beta in betas]
        best, low, high = np.array([(one.best, one.low, one.high) for one in found]).T
        return Panel(
            "KMS: the defect of the state vanishes at its temperature",
            "inverse temperature",
            "sum of the defects",
            (
                Curve("Gibbs state, exact", betas, exact, style="line"),
                Curve("measured", betas, best, low, high),
            ),
        )


def _mean(state: Prepared, observable: SparsePauliOp) -> float:
    rho, _ = system_state(state)
    return float(np.trace(rho @ observable.to_matrix()).real)


def _counted(measured: _Links, alpha: float) -> Panel:
    law = measured.law
    x = np.arange(law.size, dtype=float)
    curves = [Curve("softmax", x, law, style="bars")]
    drawn = (("Born", measured.born), ("Bayes", measured.bayes), ("pure state", measured.alike))
    for i, (name, counts) in enumerate(drawn):
        low, high = proportion(counts, counts.sum(), alpha / law.size)
        curves.append(Curve(name, x + 0.15 * (i - 1), counts / counts.sum(), low, high))
    names = load_scores("smollm2").tokens[: law.size]
    return Panel(
        "Three circuits, one distribution",
        "key",
        "probability",
        tuple(curves),
        ticks=tuple(name.strip() for name in names),
    )
