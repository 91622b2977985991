"""An estimator's values scatter about the exact ones as shots do, each by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import RYGate, RZGate
from scipy import special

from qcattn.backends.noise_terms import NoiseTerm  # noqa: F401  # of an inherited field, for readers of types
from qcattn.backends.simulator import Ability, Simulator, Task
from qcattn.conformance.case import Case, Law  # noqa: F401  # likewise
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, Shown, fresh_seed
from qcattn.conformance.uniforms import alike
from qcattn.evidence import Estimate
from qcattn.plurals import p_is

__all__ = ["Expectation", "ExpectationJob"]

_SHOTS = {"quick": 10_000, "standard": 40_000, "deep": 1_000_000}
_JOBS = {"quick": 4, "standard": 12, "deep": 40}
_COPIES = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class ExpectationJob(ProbeJob):
    """A job that asks for expectation values of some circuits.

    Attributes:
        paulis: Pauli strings, one a circuit, qubit 0 rightmost.
        exact: The exact value of each string.
    """

    paulis: tuple[str, ...]
    exact: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Expectation(Probe[ExpectationJob]):
    r"""Product states give known values: :math:`\langle Z \rangle = \cos\theta` for each qubit.

    Values must scatter as many shots do: their deviations are compared with the normal law of the
    variance :math:`(1-e^2)/n`, with Bernstein's bound where that is larger, and those of copies in
    one job with each other.

    References:
        [1] S. Bernstein, Ann. Sci. Inst. Sav. Ukraine 1, 38 (1924).
    """

    name: ClassVar[str] = "expectation values"
    relation: ClassVar[str] = "Expectation values scatter about the exact ones, each by itself"
    effect: ClassVar[str] = "deviation"
    shown_by: ClassVar[Shown] = "values"
    needs: ClassVar[frozenset[Ability]] = frozenset({"expectation"})

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ExpectationJob]:
        """Jobs of copies of one circuit, with Pauli strings in Z, X and Y."""
        for j in range(_JOBS[level]):
            qubits = 1 + j % 4
            angles = [0.6 + 0.37 * (i + j) % 2.0 for i in range(qubits)]
            turn = [0.3 + 0.51 * (i + 2 * j) % 2.5 for i in range(qubits)]
            letters = "".join("ZXY"[(i + j) % 3] for i in range(qubits))
            circuit = QuantumCircuit(qubits)
            for q in range(qubits):
                circuit.append(RYGate(angles[q]), [q])
                circuit.append(RZGate(turn[q]), [q])
            value = math.prod(_value(*one) for one in zip(letters, angles, turn, strict=True))
            yield ExpectationJob(
                name=f"{letters} of a product state, {_COPIES} copies, job {j}",
                tasks=(Task(circuit, _SHOTS[level]),) * _COPIES,
                laws=((),) * _COPIES,
                paulis=(letters[::-1],) * _COPIES,
                exact=(value,) * _COPIES,
            )

    def ask(self, job: ExpectationJob, simulator: Simulator, rng: np.random.Generator) -> Any:
        """Ask for expectation values in place of shots."""
        circuits = [task.circuit for task in job.tasks]
        shots = min(task.shots for task in job.tasks)
        return simulator.expectations(circuits, job.paulis, shots, fresh_seed(rng))

    def judge(self, job: ExpectationJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the deviations, and how alike they are."""
        values, exact = np.asarray(drawn, dtype=float), np.array(job.exact)
        shots = min(task.shots for task in job.tasks)
        if values.shape != exact.shape:
            said = f"{values.size} values came for {exact.size} circuits"
            return Outcome(0.0, shots=job.shots, said=said)
        variance = (1 - exact**2) / shots
        off = np.abs(values - exact)
        bound = 2 * np.exp(-(off**2) / (2 * (variance + 2 * off / (3 * shots))))
        found = {"a value off": min(1.0, len(off) * float(bound.min()))}
        # A mean over shots has steps of 2 / shots; the jitter makes it smooth.
        jitter = (rng.random(values.shape) - 0.5) * 2 / shots
        u = np.clip(special.ndtr((values + jitter - exact) / np.sqrt(variance)), 1e-12, 1 - 1e-12)
        pairs = list(combinations(range(len(u)), 2))
        # Each value is in one pair of a matching only; 2x - x**2 is exact up to the normal limit.
        alike_each = [alike(u[i : i + 1], u[j : j + 1]) for i, j in pairs]
        matched = [alike(u[0::2], u[1::2]), alike(u[: len(u) // 2], u[len(u) // 2 :])]
        found["copies alike"] = min(1.0, 2 * min(*matched, 1.0))
        found["two copies alike"] = min(1.0, len(pairs) * min(alike_each))
        worst = min(found, key=lambda name: found[name])
        far = int(np.argmax(off))
        # Bernstein's bound at 2.5% on either side, for the farthest of all.
        wide = math.log(2 * len(off) / 0.05)
        wide = wide / (3 * shots) + math.sqrt((wide / (3 * shots)) ** 2 + 2 * variance[far] * wide)
        return Outcome(
            min(1.0, len(found) * found[worst]),
            Estimate(float(off[far]), max(0.0, float(off[far]) - wide), float(off[far]) + wide),
            resolution=float(6 * np.sqrt(variance.max())),
            shots=job.shots,
            said=f"{worst}, {p_is(found[worst])}; the farthest by {off.max():.3g}",
        )


def _value(letter: str, angle: float, turn: float) -> float:
    """Mean of a Pauli operator on RZ(turn) RY(angle) |0>, from the Bloch vector."""
    return {
        "Z": math.cos(angle),
        "X": math.sin(angle) * math.cos(turn),
        "Y": math.sin(angle) * math.sin(turn),
    }[letter]
