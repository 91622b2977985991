"""A2: Born's rule for mixed states."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn.backends import Aer
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.claims.born._mixed import purified
from qcattn.claims.frame.checks import algebra, follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.comparisons import certify
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.readings.circuits import as_prepared
from qcattn.seeds import entropy

__all__ = ["MixedStates"]


@dataclass(frozen=True)
class MixedStates:
    r"""A2: a mixed state gives outcome n with probability :math:`\langle n|\rho|n\rangle`.

    Random density matrices are prepared by purification: the system is entangled with a partner
    that nobody looks at, and is measured along Z and in a random basis, which sees all of rho.
    Then the partner is measured too, in a basis of its own: ignored, its outcome changes nothing;
    heeded, it sorts the shots into states of their own.

    Attributes:
        qubits: Of each state.
        states: How many random states, of full rank.
        shots: Of each circuit, three a state.
        epsilon: Total variation that counts as agreement.
        partner: Whether the system has a partner. Without one it is in the superposition with the
            same weights, which is another state.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> MixedStates(states=1, shots=50_000)(seed=1).standing
        'exact'
        >>> MixedStates(states=1, shots=50_000, partner=False)(seed=1).standing
        'refuted'

    References:
        J. von Neumann, Mathematische Grundlagen der Quantenmechanik (1932), chapter IV.
    """

    claim: ClassVar[str] = "A2"
    title: ClassVar[str] = "Born's rule, mixed states"
    statement: ClassVar[str] = "P(n) = Tr(ρ |n⟩⟨n|) = ⟨n|ρ|n⟩"
    section: ClassVar[str] = "For a mixed state with density matrix ρ"

    qubits: int = 2
    states: int = 6
    shots: int = 100_000
    epsilon: float = 0.02
    partner: bool = True
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
        from scipy.stats import unitary_group

        started = time.perf_counter()
        chosen, unseen, seen = np.random.SeedSequence(entropy(seed)).spawn(3)
        rng = np.random.default_rng(chosen)
        size = 2**self.qubits
        report = progress or (lambda share, what: None)
        backend = Aer() if self.backend is None else self.backend
        report(0.05, f"{self.states} random density matrices")

        ignored, looked, laws, joints, defect = [], [], [], [], 0.0
        for _ in range(self.states):
            ginibre = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
            rho = ginibre @ ginibre.conj().T
            rho /= np.trace(rho).real
            weights, vectors = np.linalg.eigh(rho)
            other = unitary_group.rvs(size, random_state=rng)
            for basis in (np.eye(size), unitary_group.rvs(size, random_state=rng)):
                law = np.einsum("ib,ij,jb->b", basis.conj(), rho, basis).real
                circuit = purified(weights, vectors, basis=basis, partner=self.partner)
                ignored.append(as_prepared(circuit, law))
                laws.append(law)
            # Amplitude of system outcome n and partner outcome m.
            amplitudes = (vectors * np.sqrt(weights)) @ other.conj()
            joints.append((np.abs(amplitudes) ** 2).T.ravel())
            circuit = purified(weights, vectors, partner_basis=other)
            looked.append(as_prepared(circuit, joints[-1]))
            reduced = amplitudes @ amplitudes.conj().T
            defect = max(defect, float(np.abs(reduced - rho).max()))

        counts = np.array([one.keys for one in draw(ignored, self.shots, backend, unseen)])
        report(0.7, "with the partner measured too")
        both = np.array([one.keys for one in draw(looked, self.shots, backend, seen)])
        table = both.reshape(self.states, size, size)  # partner, system
        along_z = np.array(laws[::2])
        part = self.alpha / 4

        def rule(statement: str, keys: np.ndarray, law: Any) -> Check:
            return follows(statement, keys, law, epsilon=self.epsilon, alpha=part)

        summed = table.sum(axis=1)
        checks = [
            algebra("The system's part of each purification is rho", defect),
            rule("Counts follow <n|rho|n> along Z and in a random basis", counts, laws),
            rule("They do when the partner is measured and its outcome ignored", summed, along_z),
            rule(
                "Sorted by the partner's outcome they follow the states that it heralds",
                both,
                joints,
            ),
        ]
        upper = float(certify(counts, laws, self.epsilon, part / len(laws)).upper.max())
        plug_in = float(np.abs(counts / self.shots - laws).sum(axis=1).max() / 2)
        sorted_shots = _sorted_apart(table, along_z)
        words = {
            True: f"The counts of {self.states} random density matrices lie within total variation "
            f"{upper:.4f} of the rule, along Z and in a random basis.",
            False: f"The counts do not follow the rule ({checks[1].by}).",
            None: "The counts do not decide; more shots would.",
        }[checks[1].holds] + (
            " Measuring the partner changes nothing as long as its outcome is ignored."
            if checks[2].holds
            else " With the partner measured and ignored the rule was not confirmed."
        )
        words += f" Shots sorted by that outcome lie up to {sorted_shots:.2f} apart from all shots."
        panel = Panel(
            "Probability by the rule, and share of shots",
            "<n|rho|n>",
            "share of shots",
            (
                _diagonal(np.ravel(laws)),
                Curve("partner not measured", np.ravel(laws), counts.ravel() / self.shots),
                Curve(
                    "partner measured, ignored",
                    along_z.ravel(),
                    summed.ravel() / self.shots,
                ),
            ),
        )
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number(
                    f"total variation, the worst of {len(laws)}", Estimate(plug_in, 0, upper), 0.0
                )
            ],
            words=words,
            panels=[panel],
            shots=int(counts.sum() + both.sum()),
            seed=seed,
            started=started,
        )


def _diagonal(laws: np.ndarray) -> Curve:
    ends = np.array([0.0, laws.max()])
    return Curve("equal", ends, ends, style="line")


def _sorted_apart(table: np.ndarray, laws: np.ndarray) -> float:
    """Largest total variation between shots with one outcome of the partner and the law of all."""
    shares = table / np.maximum(table.sum(axis=2, keepdims=True), 1)
    return float(np.abs(shares - laws[:, None]).sum(axis=2).max() / 2)
