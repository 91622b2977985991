"""A2: Born's rule for mixed states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.claims.born._mixed import purified, random_state
from qcattn.claims.frame.checks import algebra, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.comparisons import certify
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.progress import Progress
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared

__all__ = ["MixedStates"]


@dataclass(frozen=True, eq=False)
class _State:
    """Circuits of one random state.

    Attributes:
        unread: The system is measured along Z, then in a random basis; its partner is not.
        read: System and partner are measured.
        defect: The deviation of the system's part of the purification from the density matrix.
    """

    unread: tuple[Prepared, Prepared]
    read: Prepared
    defect: float


@dataclass(frozen=True, eq=False, kw_only=True)
class _Shown(Measured):
    """Shares of shots beside the rule.

    Attributes:
        laws: Shape (states, 2, outcomes): by the rule, along Z and in a random basis.
        counts: Counts of the system alone, the same shape.
        joint_laws: Shape (states, partner's outcomes, outcomes): of system and partner.
        joint_counts: Counts of system and partner, the same shape.
        defect: The largest deviation of the system's part of the purifications from the density
            matrices.
        upper: Largest total variation of counts from laws, with its confidence.
    """

    laws: np.ndarray
    counts: np.ndarray
    joint_laws: np.ndarray
    joint_counts: np.ndarray
    defect: float
    upper: float

    @property
    def along_z(self) -> np.ndarray:
        """Probabilities along Z, shape (states, outcomes)."""
        return np.asarray(self.laws[:, 0])

    @property
    def ignored(self) -> np.ndarray:
        """Counts along Z with the partner measured and ignored, shape (states, outcomes)."""
        return np.asarray(self.joint_counts.sum(axis=1))

    @property
    def apart(self) -> float:
        """Largest total variation between shots of one outcome of the partner and all shots."""
        table = self.joint_counts
        shares = table / np.maximum(table.sum(axis=2, keepdims=True), 1)
        return float(np.abs(shares - self.along_z[:, None]).sum(axis=2).max() / 2)


@dataclass(frozen=True, kw_only=True)
class MixedStates(Claim[_Shown]):
    r"""A2: a mixed state gives outcome n with probability :math:`\langle n|\rho|n\rangle`.

    Random density matrices are prepared by purification: the system is entangled with a partner
    that nobody looks at, and is measured along Z and in a random basis, which sees all of rho.
    Then the partner is measured too, in a basis of its own: ignored, its outcome changes nothing;
    heeded, it sorts the shots into states of their own.

    Attributes:
        qubits: The number of qubits of each state.
        states: The number of random states, of full rank.
        shots: The number of shots of each circuit, three circuits a state.
        epsilon: Total variation that counts as agreement.
        partner: Whether the system has a partner. Without one it is in the superposition with the
            same weights, which is another state.

    Example:
        >>> MixedStates(states=1, shots=50_000)(seed=1).standing
        'exact'
        >>> MixedStates(states=1, shots=50_000, partner=False)(seed=1).standing
        'refuted'

    References:
        J. von Neumann, Mathematische Grundlagen der Quantenmechanik (1932), chapter IV.
    """

    name: ClassVar[str] = "A2"
    title: ClassVar[str] = "Born's rule, mixed states"
    statement: ClassVar[str] = "P(n) = Tr(ρ |n⟩⟨n|) = ⟨n|ρ|n⟩"
    section: ClassVar[str] = "For a mixed state with density matrix ρ"

    qubits: int = 2
    states: int = 6
    shots: int = 100_000
    epsilon: float = 0.02
    partner: bool = True

    @property
    def share(self) -> float:
        """Error rate of each of the three tests of counts, and of the bound that is shown."""
        return self.alpha / 4

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Shown:
        """Draw random states, and shots of each without and with its partner."""
        chosen, unseen, seen = root.spawn(3)
        rng, size, backend = np.random.default_rng(chosen), 2**self.qubits, self.sampler()
        progress(0.05, 1.0, f"{self.states} random density matrices")
        states = [self._state(rng) for _ in range(self.states)]
        unread = [one for state in states for one in state.unread]
        read = [state.read for state in states]
        counts = np.array([one.keys for one in draw(unread, self.shots, backend, unseen)])
        progress(0.7, 1.0, "with the partner measured too")
        both = np.array([one.keys for one in draw(read, self.shots, backend, seen)])
        laws = np.array([one.distribution for one in unread])
        part = self.share / len(laws)
        upper = float(certify(counts, laws, self.epsilon, part).upper.max())
        plug_in = float(np.abs(counts / self.shots - laws).sum(axis=1).max() / 2)
        distance = Estimate(plug_in, 0.0, upper)
        return _Shown(
            shots=int(counts.sum() + both.sum()),
            numbers=(Number(f"total variation, the worst of {len(laws)}", distance, 0.0),),
            laws=laws.reshape(self.states, 2, size),
            counts=counts.reshape(self.states, 2, size),
            joint_laws=np.array([one.distribution for one in read]).reshape(-1, size, size),
            joint_counts=both.reshape(self.states, size, size),
            defect=max(state.defect for state in states),
            upper=upper,
        )

    def check(self, measured: _Shown) -> Iterable[Check]:
        """Hold the counts against the rule, with the partner unread, ignored and heeded."""
        yield algebra(
            "purification",
            "The system's part of each purification is rho",
            measured.defect,
            role="control",
        )
        yield self._follows(
            "rule",
            "Counts follow <n|rho|n> along Z and in a random basis",
            measured.counts,
            measured.laws,
        )
        yield self._follows(
            "partner ignored",
            "They do when the partner is measured and its outcome ignored",
            measured.ignored,
            measured.along_z,
        )
        yield self._follows(
            "partner heeded",
            "Sorted by the partner's outcome they follow the states that it heralds",
            measured.joint_counts.reshape(self.states, -1),
            measured.joint_laws.reshape(self.states, -1),
        )

    def describe(self, measured: _Shown, checks: Mapping[str, Check]) -> Description:
        """Say whether the counts follow the rule, and what the partner's outcome changes."""
        rule = checks["rule"]
        found = {
            True: f"The counts of {self.states} random density matrices lie within total "
            f"variation {measured.upper:.4f} of the rule, along Z and in a random basis",
            False: f"The counts do not follow the rule ({rule.by})",
            None: "The counts do not decide",
        }[rule.holds]
        ignored = (
            f"; measuring the partner changes nothing while its outcome is ignored, and the shots "
            f"of one of its outcomes lie up to {measured.apart:.2f} from all of them together."
            if checks["partner ignored"].holds
            else "; with the partner measured and ignored the rule was not confirmed."
        )
        return Description(
            f"{found}{ignored} This certifies the sampler and the purifications and no law of "
            "nature: Aer has Born's rule built in."
        )

    def picture(self, measured: _Shown) -> Sequence[Panel]:
        """Plot shares of shots over probabilities."""
        laws, along_z = measured.laws.ravel(), measured.along_z.ravel()
        diagonal = np.array([0.0, laws.max()])
        unread, ignored = measured.counts.ravel(), measured.ignored.ravel()
        return [
            Panel(
                "Probability by the rule, and share of shots",
                "<n|rho|n>",
                "share of shots",
                (
                    Curve("equal", diagonal, diagonal, style="line"),
                    Curve("partner not measured", laws, unread / self.shots),
                    Curve("partner measured, ignored", along_z, ignored / self.shots),
                ),
            )
        ]

    def _state(self, rng: np.random.Generator) -> _State:
        from scipy.stats import unitary_group  # slow to import, and of use here only

        size = 2**self.qubits
        rho = random_state(size, rng)
        weights, vectors = np.linalg.eigh(rho)
        partner_basis, basis = (unitary_group.rvs(size, random_state=rng) for _ in range(2))
        # Amplitude of system outcome n and partner outcome m.
        amplitudes = (vectors * np.sqrt(weights)) @ partner_basis.conj()
        both = purified(weights, vectors, partner_basis=partner_basis)
        reduced = amplitudes @ amplitudes.conj().T
        return _State(
            (self._unread(rho, np.eye(size)), self._unread(rho, basis)),
            as_prepared(both, (np.abs(amplitudes) ** 2).T.ravel()),
            float(np.abs(reduced - rho).max()),
        )

    def _unread(self, rho: np.ndarray, basis: np.ndarray) -> Prepared:
        """The system is measured in a basis, its partner is not."""
        circuit = purified(*np.linalg.eigh(rho), basis=basis, partner=self.partner)
        return as_prepared(circuit, np.einsum("ib,ij,jb->b", basis.conj(), rho, basis).real)

    def _follows(self, name: str, statement: str, counts: np.ndarray, laws: np.ndarray) -> Check:
        return follows(name, statement, counts, laws, epsilon=self.epsilon, alpha=self.share)
