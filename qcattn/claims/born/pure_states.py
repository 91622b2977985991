"""A1: Born's rule for pure states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import StatePreparation
from qiskit.quantum_info import Statevector

from qcattn.backends.drawing import draw
from qcattn.claims.frame.checks import algebra, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.comparisons import certify
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations.gates import compiled
from qcattn.progress import Progress
from qcattn.readings.circuits import as_prepared

__all__ = ["PureStates"]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Shown(Measured):
    """Shares of shots beside the rule.

    Attributes:
        rule: Shape (states, outcomes): probabilities by the rule.
        counts: Shape (states, outcomes): shots.
        infidelity: The infidelity of each circuit's state with the vector that was drawn, shape
            (states,).
        upper: Largest total variation of a state from the rule, with its confidence.
    """

    rule: np.ndarray
    counts: np.ndarray
    infidelity: np.ndarray
    upper: float


@dataclass(frozen=True, kw_only=True)
class PureStates(Claim[_Shown]):
    r"""A1: a pure state gives outcome n with probability :math:`|\langle n|\psi\rangle|^2`.

    Haar-random states are prepared by a circuit of gates and measured. The law they are held
    against comes from the vector that was drawn, not from the circuit.

    Attributes:
        qubits: The number of qubits of each state.
        states: The number of random states.
        shots: The number of shots of each state.
        epsilon: Total variation that counts as agreement.
        power: The power of the amplitude's modulus in the rule that is tested; 2 is Born's.

    Example:
        >>> PureStates(states=2, shots=20_000)(seed=1).standing
        'exact'
        >>> PureStates(states=2, shots=20_000, power=1)(seed=1).standing
        'refuted'

    References:
        M. Born, Z. Phys. 37, 863 (1926).
    """

    name: ClassVar[str] = "A1"
    title: ClassVar[str] = "Born's rule, pure states"
    statement: ClassVar[str] = "P(n) = |⟨n|ψ⟩|² / ⟨ψ|ψ⟩"
    section: ClassVar[str] = "Given a quantum state |ψ⟩ and an observable with eigenstates |n⟩"

    qubits: int = 3
    states: int = 8
    shots: int = 100_000
    epsilon: float = 0.02
    power: float = 2.0

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Shown:
        """Draw random states, and shots of each."""
        chosen, drawn = root.spawn(2)
        vectors = _haar(self.states, 2**self.qubits, np.random.default_rng(chosen))
        rule = np.abs(vectors) ** self.power
        rule /= rule.sum(axis=1, keepdims=True)
        circuits = [_measured(vector, self.qubits) for vector in vectors]
        prepared = [as_prepared(one, p) for one, p in zip(circuits, rule, strict=True)]
        progress(0.1, 1.0, f"{self.states} random states")
        counts = np.array([one.keys for one in draw(prepared, self.shots, self.sampler(), drawn)])
        upper = float(certify(counts, rule, self.epsilon, self.alpha / self.states).upper.max())
        plug_in = float(np.abs(counts / self.shots - rule).sum(axis=1).max() / 2)
        distance = Estimate(plug_in, 0.0, upper)
        return _Shown(
            shots=int(counts.sum()),
            numbers=(Number("total variation, the worst state", distance, 0.0),),
            rule=rule,
            counts=counts,
            infidelity=np.array(list(map(_infidelity, circuits, vectors))),
            upper=upper,
        )

    def check(self, measured: _Shown) -> Iterable[Check]:
        """Hold the gates against the vectors, and the counts against the rule."""
        yield algebra(
            "gates",
            "The gates of each circuit make the state that was drawn",
            float(measured.infidelity.max()),
            role="control",
        )
        yield follows(
            "rule",
            f"Counts of {self.states} random states follow |amplitude|^{self.power:g}",
            measured.counts,
            measured.rule,
            epsilon=self.epsilon,
            alpha=self.alpha,
        )

    def describe(self, measured: _Shown, checks: Mapping[str, Check]) -> Description:
        """Say whether the counts follow the rule."""
        rule = checks["rule"]
        found = {
            True: f"lie within total variation {measured.upper:.4f} of |amplitude|^{self.power:g}, "
            "as the document says.",
            False: f"do not follow |amplitude|^{self.power:g} ({rule.by}).",
            None: "do not decide; more shots would.",
        }[rule.holds]
        return Description(
            f"The counts of {self.states} Haar-random states of {self.qubits} qubits {found} "
            "This certifies the sampler and no law of nature: Aer has Born's rule built in."
        )

    def picture(self, measured: _Shown) -> Sequence[Panel]:
        """Plot shares of shots over probabilities."""
        diagonal = np.array([0.0, measured.rule.max()])
        shares = measured.counts.ravel() / self.shots
        return [
            Panel(
                "Probability by the rule, and share of shots",
                "by the rule",
                "share of shots",
                (
                    Curve("equal", diagonal, diagonal, style="line"),
                    Curve("outcomes", measured.rule.ravel(), shares),
                ),
            )
        ]


def _haar(number: int, size: int, rng: np.random.Generator) -> np.ndarray:
    vectors = rng.normal(size=(number, size)) + 1j * rng.normal(size=(number, size))
    unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _measured(vector: np.ndarray, num_qubits: int) -> QuantumCircuit:
    system, key = QuantumRegister(num_qubits, "system"), ClassicalRegister(num_qubits, "key")
    circuit = QuantumCircuit(system, key, name="random_state")
    circuit.append(StatePreparation(vector), system)
    circuit = compiled(circuit)
    circuit.measure(system, key)
    return circuit


def _infidelity(circuit: QuantumCircuit, vector: np.ndarray) -> float:
    """One less the squared overlap of a vector with the state of the gates, by linear algebra."""
    state = Statevector(circuit.remove_final_measurements(inplace=False)).data
    return float(abs(1 - abs(np.vdot(vector, state)) ** 2))
