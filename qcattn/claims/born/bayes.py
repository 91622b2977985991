"""A5: a heralded likelihood updates a prior as Bayes does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.backends import Aer
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import proportion
from qcattn.claims.frame.checks import algebra, equals, every, follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.comparisons import certify
from qcattn.dense_state import outcome_distribution
from qcattn.encodings import Binary
from qcattn.evidence import Curve, Estimate, Finding, Number, Panel
from qcattn.preparations.amplitudes import amplitude_angles, append_amplitudes
from qcattn.preparations.heralded import append_herald, herald_angles
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared
from qcattn.seeds import entropy

__all__ = ["BayesianUpdate", "updated"]


@dataclass(frozen=True)
class BayesianUpdate:
    r"""A5: prior times Boltzmann factor, normalised, is the posterior.

    The prior is prepared on the system and copied to a partner, which leaves a mixture. An ancilla
    is turned so that it reads zero with probability :math:`e^{s_k - \max s}` where the system is
    key k: that reading is the datum, and the kept shots are distributed by the posterior. A second
    ancilla with scores of its own is a second update.

    Attributes:
        keys: Of each row; a power of two.
        rows: How many random rows.
        spread: Standard deviation of the scores of each update.
        shots: Of each circuit.
        epsilon: Total variation that counts as agreement.
        angle: Between the bases of the two updates, radians: the system is turned about Y between
            them and back. What is claimed is for 0, one basis.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> BayesianUpdate(keys=4, rows=1, shots=50_000)(seed=1).standing
        'exact'
        >>> BayesianUpdate(keys=4, rows=1, shots=50_000, angle=0.5)(seed=1).standing
        'refuted'

    References:
        T. Bayes, Phil. Trans. 53, 370 (1763); C. A. Fuchs, arXiv:quant-ph/0205039 (2002), on the
        collapse of a state as an update.
    """

    claim: ClassVar[str] = "A5"
    title: ClassVar[str] = "Bayes' rule"
    statement: ClassVar[str] = (
        "Prior: uniform over states\n"
        "Likelihood: e^(-βE_n) (Boltzmann factor)\n"
        "Posterior: P(n) = e^(-βE_n) / Z"
    )
    section: ClassVar[str] = "Born’s Rule as Bayesian Update"

    keys: int = 8
    rows: int = 4
    spread: float = 0.8
    shots: int = 150_000
    epsilon: float = 0.04
    angle: float = 0.0
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
        chosen, drawn = np.random.SeedSequence(entropy(seed)).spawn(2)
        rng = np.random.default_rng(chosen)
        report = progress or (lambda share, what: None)
        first, second = rng.normal(0, self.spread, size=(2, self.rows, self.keys))
        prior = rng.dirichlet(np.full(self.keys, 2.0), size=self.rows)
        flat = np.full_like(prior, 1 / self.keys)
        kinds = {
            "From a uniform prior the posterior is softmax of the scores": (flat, [first]),
            "From another prior it is prior times likelihood": (prior, [first]),
            "A second update adds its scores to the first": (prior, [first, second]),
            "One update with the sum gives the same": (prior, [first + second]),
        }
        prepared, laws, evidence, defect = [], [], [], 0.0
        for start, updates in kinds.values():
            for i in range(self.rows):
                one = updated(start[i], [scores[i] for scores in updates], angle=self.angle)
                law, chance = one.distribution, float(one.success)
                prepared.append(one)
                laws.append(law)
                evidence.append(chance)
                if self.angle == 0:
                    dense, passed = outcome_distribution(one)
                    defect = max(defect, float(np.abs(dense - law).max()), abs(passed - chance))
        report(0.2, f"{len(prepared)} circuits")
        backend = Aer() if self.backend is None else self.backend
        counts = draw(prepared, self.shots, backend, drawn)

        part = self.alpha / (2 * len(kinds))
        law_of, counted = np.array(laws), np.array([one.keys for one in counts])
        checks = []
        if self.angle == 0:
            checks.append(algebra("The dense state of each circuit is the posterior", defect))
        for j, statement in enumerate(kinds):
            rows = slice(j * self.rows, (j + 1) * self.rows)
            checks.append(
                follows(statement, counted[rows], law_of[rows], epsilon=self.epsilon, alpha=part)
            )
        kept = [_share(int(one.kept), self.shots, self.alpha / 2 / len(counts)) for one in counts]
        checks.append(
            every(
                "Shots are kept as often as the evidence says, sum of prior times likelihood",
                [
                    equals(f"circuit {i + 1}", share, chance, tolerance=0.02)
                    for i, (share, chance) in enumerate(zip(kept, evidence, strict=True))
                ],
            )
        )
        upper = float(certify(counted, law_of, self.epsilon, part / len(laws)).upper.max())
        off = np.abs(counted / counted.sum(axis=1, keepdims=True) - law_of).sum(axis=1) / 2
        failed = [check.statement for check in checks if check.holds is False]
        words = (
            f"Counts of {len(laws)} posteriors lie within total variation {upper:.4f} of Bayes' "
            "rule, from uniform and other priors, after one update and after two. "
            if all(check.holds for check in checks)
            else f"Not all follow Bayes' rule: {'; '.join(failed) or 'some are undecided'}. "
            f"The bases of the two updates are {self.angle:g} rad apart. "
        ) + (
            "The document calls the Boltzmann factor the likelihood, but it is above one for a "
            "positive score; as a probability of an event it needs the highest score taken off. "
            f"The event is a herald that reads zero, which {min(kept[0].best, 1):.3f} of the shots "
            f"of the first circuit did, {evidence[0]:.3f} by Bayes."
        )
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number("total variation, the worst posterior", Estimate(off.max(), 0, upper), 0.0),
                Number("evidence of two updates", kept[2 * self.rows], evidence[2 * self.rows]),
            ],
            words=words,
            panels=[self._panel(prior[0], counted, law_of)],
            shots=self.shots * len(prepared),
            seed=seed,
            started=started,
        )

    def _panel(self, prior: np.ndarray, counted: np.ndarray, laws: np.ndarray) -> Panel:
        """The first row: prior, after one update, after two."""
        x = np.arange(self.keys, dtype=float)
        curves = []
        for name, at in (("after one update", self.rows), ("after two", 2 * self.rows)):
            total = counted[at].sum()
            low, high = proportion(counted[at], total, 0.01 / self.keys)
            curves.append(Curve(f"Bayes, {name}", x, laws[at], style="line"))
            curves.append(Curve(f"counts, {name}", x, counted[at] / total, low, high))
        curves.append(Curve("prior", x, prior, style="line"))
        return Panel(
            "A prior and its two updates, 99% intervals", "key", "probability", tuple(curves)
        )


def updated(prior: np.ndarray, updates: Sequence[np.ndarray], *, angle: float = 0.0) -> Prepared:
    """A prior, updated once for each of several rows of scores: the kept shots read the posterior.

    Args:
        prior: Probabilities, shape (2**n,).
        updates: Scores of each update, shape (2**n,).
        angle: By which the basis of each update is turned from the one before, radians.

    Returns:
        Prepared of shape (); its distribution is the posterior and its success the evidence for
        ``angle=0``, whatever the angle.

    Example:
        >>> found = updated(np.array([0.5, 0.5]), [np.log([1.0, 3.0])])
        >>> found.distribution.round(6).tolist(), float(found.success.round(4))
        ([0.25, 0.75], 0.6667)
    """
    keys = Binary()(prior)  # for its codewords alone
    n = keys.num_qubits
    system, partner = QuantumRegister(n, "system"), QuantumRegister(n, "partner")
    ancillas = QuantumRegister(len(updates), "ancillas")
    key, herald = ClassicalRegister(n, "key"), ClassicalRegister(len(updates), "herald")
    circuit = QuantumCircuit(system, partner, ancillas, key, herald, name="bayes")
    append_amplitudes(circuit, amplitude_angles(prior, keys).tolist(), keys, system)
    circuit.cx(system, partner)
    for i, scores in enumerate(updates):
        hamiltonian = Binary()(scores)
        turn = angle * i
        if turn:
            circuit.ry(turn, system)
        angles = herald_angles(hamiltonian, 1.0).tolist()
        append_herald(circuit, angles, hamiltonian, system, ancillas[i])
        if turn:
            circuit.ry(-turn, system)
    circuit.measure(system, key)
    circuit.measure(ancillas, herald)
    law, evidence = _bayes(prior, updates)
    return as_prepared(circuit, law, herald="herald", success=evidence)


def _bayes(prior: np.ndarray, updates: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
    """Posterior, one update after the other, and the probability of all the data."""
    posterior, evidence = prior, 1.0
    for scores in updates:
        joint = posterior * np.exp(scores - scores.max())
        evidence *= float(joint.sum())
        posterior = joint / joint.sum()
    return posterior, evidence


def _share(hits: int, shots: int, alpha: float) -> Estimate:
    low, high = proportion(hits, shots, alpha)
    return Estimate(hits / shots, float(low), float(high))
