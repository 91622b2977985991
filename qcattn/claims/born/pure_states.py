"""A1: Born's rule for pure states."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import StatePreparation
from qiskit.quantum_info import Statevector

from qcattn.backends import Aer
from qcattn.certification import Estimate
from qcattn.certification.checking import Backend, draw
from qcattn.claims.frame.checks import algebra, follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.comparisons import certify
from qcattn.evidence import Curve, Finding, Number, Panel
from qcattn.preparations.gates import compiled
from qcattn.readings.circuits import as_prepared
from qcattn.seeds import entropy

__all__ = ["PureStates"]


@dataclass(frozen=True)
class PureStates:
    r"""A1: a pure state gives outcome n with probability :math:`|\langle n|\psi\rangle|^2`.

    Haar-random states are prepared by a circuit of gates and measured. The law they are held
    against comes from the vector that was drawn, not from the circuit.

    Attributes:
        qubits: Of each state.
        states: How many random states.
        shots: Of each state.
        epsilon: Total variation that counts as agreement.
        power: Of the amplitude's modulus in the rule that is tested; 2 is Born's.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> PureStates(states=2, shots=20_000)(seed=1).verdict
        'exact'
        >>> PureStates(states=2, shots=20_000, power=1)(seed=1).verdict
        'refuted'

    References:
        M. Born, Z. Phys. 37, 863 (1926).
    """

    claim: ClassVar[str] = "A1"
    title: ClassVar[str] = "Born's rule, pure states"
    statement: ClassVar[str] = "P(n) = |⟨n|ψ⟩|² / ⟨ψ|ψ⟩"
    section: ClassVar[str] = "Given a quantum state |ψ⟩ and an observable with eigenstates |n⟩"

    qubits: int = 3
    states: int = 8
    shots: int = 100_000
    epsilon: float = 0.02
    power: float = 2.0
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
        vectors = _haar(self.states, 2**self.qubits, np.random.default_rng(chosen))
        rule = np.abs(vectors) ** self.power
        rule /= rule.sum(axis=1, keepdims=True)
        circuits = [_measured(vector, self.qubits) for vector in vectors]
        prepared = [as_prepared(one, p) for one, p in zip(circuits, rule, strict=True)]
        backend = Aer() if self.backend is None else self.backend
        if progress is not None:
            progress(0.1, f"{self.states} random states")
        counts = np.array([one.keys for one in draw(prepared, self.shots, backend, drawn)])
        checks = [
            algebra(
                "The gates of each circuit make the state that was drawn",
                max(map(_infidelity, circuits, vectors)),
            ),
            follows(
                f"Counts of {self.states} random states follow |amplitude|^{self.power:g}",
                counts,
                rule,
                epsilon=self.epsilon,
                alpha=self.alpha,
            ),
        ]
        upper = float(certify(counts, rule, self.epsilon, self.alpha / self.states).upper.max())
        plug_in = float(np.abs(counts / self.shots - rule).sum(axis=1).max() / 2)
        holds = checks[1].holds
        words = (
            f"The counts of {self.states} Haar-random states of {self.qubits} qubits "
            + {
                True: f"lie within total variation {upper:.4f} of the rule. ",
                False: f"do not follow the rule ({checks[1].by}). ",
                None: "do not decide; more shots would. ",
            }[holds]
            + "Each state was drawn as a vector and prepared by gates; the rule is computed from "
            "the vector."
        )
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number("total variation, the worst state", Estimate(plug_in, 0.0, upper), 0.0)
            ],
            words=words,
            panels=[
                Panel(
                    "Probability by the rule, and share of shots",
                    "by the rule",
                    "share of shots",
                    (
                        Curve(
                            "equal",
                            np.array([0.0, rule.max()]),
                            np.array([0.0, rule.max()]),
                            style="line",
                        ),
                        Curve("outcomes", rule.ravel(), counts.ravel() / self.shots),
                    ),
                )
            ],
            shots=int(counts.sum()),
            seed=seed,
            started=started,
        )


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
