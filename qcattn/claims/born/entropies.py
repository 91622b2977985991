"""A10: the entropy of attention and that of a state."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn import thermal
from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.claims.born._rows import real_rows
from qcattn.claims.born._shannon import shannon
from qcattn.claims.frame.checks import algebra, equals, every
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.dense_state import system_state
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.preparations import Amplitude, Heralded
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared
from qcattn.seeds import entropy

__all__ = ["ThermodynamicEntropy"]


@dataclass(frozen=True)
class ThermodynamicEntropy:
    r"""A10: Shannon's entropy of attention is von Neumann's of the state, if both are diagonal.

    Eight keys of a row of real attention are prepared by `Heralded`, a mixed state, and read in a
    basis turned about Y by a growing angle. Von Neumann's entropy belongs to the state and does
    not see the angle; Shannon's belongs to what is measured, and is the larger one at any angle
    between 0 and pi. Then `Amplitude` prepares the pure state with the same counts along Z, and
    is also read along its own vector.

    Attributes:
        angles: Of the turned bases, radians; the first one is where the entropies should agree.
        shots: Of each circuit.
        tolerance: Deviation of an entropy that counts as agreement, nats.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> ThermodynamicEntropy(angles=(0.0, 0.8), shots=100_000)(seed=1).standing
        'conditional'
        >>> ThermodynamicEntropy(angles=(0.8,), shots=100_000)(seed=1).standing
        'refuted'

    References:
        J. von Neumann, Mathematische Grundlagen der Quantenmechanik (1932), chapter V; M. A.
        Nielsen and I. L. Chuang, Quantum Computation and Quantum Information (2010), theorem 11.9.
    """

    claim: ClassVar[str] = "A10"
    title: ClassVar[str] = "Attention entropy is thermodynamic entropy"
    statement: ClassVar[str] = (
        "Attention entropy:\nH(α) = -Σ α_i log α_i\n"
        "Thermodynamic entropy:\nS(ρ) = -Tr(ρ log ρ)\n"
        "Same formula!!"
    )
    section: ClassVar[str] = "2. Attention Entropy = Thermodynamic Entropy"

    angles: tuple[float, ...] = (0.0, 0.4, 0.8, 1.2, np.pi / 2)
    shots: int = 300_000
    tolerance: float = 0.06
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
        report = progress or (lambda share, what: None)
        row = real_rows("minilm", 1, np.random.default_rng(chosen))[0, :8]
        alpha_i = softmax(row)
        hamiltonian = Binary()(row)
        mixed, pure = Heralded()(hamiltonian, beta=1.0), Amplitude()(hamiltonian, beta=1.0)
        rho, _ = system_state(mixed)
        spectrum = np.linalg.eigvalsh(rho).clip(0.0)
        exact = float(thermal.shannon_entropy(spectrum / spectrum.sum()))

        turned = [_turned(mixed, angle) for angle in self.angles]
        own = as_prepared(_read_along(pure), np.eye(8)[0])
        report(0.1, f"{len(turned)} bases, and a pure state in two")
        backend = Aer() if self.backend is None else self.backend
        counts = draw([*turned, pure, own], self.shots, backend, drawn)
        part = self.alpha / len(counts)
        found = [shannon(one.keys, part) for one in counts]
        laws = [_law(rho, angle) for angle in self.angles]

        along, others = found[0], found[1 : len(turned)]
        where = f"turned by {self.angles[0]:.2f} rad" if self.angles[0] else "along Z"
        pairs = list(zip(self.angles[1:], others, strict=True))
        checks = [
            algebra(
                "H(attention) is S(rho) for the dense state of the circuit",
                abs(float(thermal.shannon_entropy(alpha_i)) - exact),
                tolerance=1e-9,
            ),
            equals(
                f"Shannon's entropy of the counts {where} is von Neumann's of the state",
                along,
                exact,
                tolerance=self.tolerance,
            ),
            every(
                "In no basis is Shannon's entropy the smaller one",
                [
                    self._not_below(f"angle {angle:.2f}", one, exact)
                    for angle, one in zip(self.angles, found, strict=False)
                ],
            ),
        ]
        checks += [
            equals(
                f"It is the same in a basis turned by {angle:.2f} rad",
                one,
                exact,
                tolerance=self.tolerance,
                role="beyond",
            )
            for angle, one in pairs
        ]
        z, itself = found[-2], found[-1]
        checks.append(
            equals(
                "It is the same for the pure state with the same counts, whose S is 0",
                z,
                0.0,
                tolerance=self.tolerance,
                role="beyond",
            )
        )
        most = max((one.best for one in others), default=along.best)
        words = (
            f"The counts {where} have {along.best:.3f} nats and the state {exact:.3f}. "
            + (
                f"In a turned basis the counts have more, up to {most:.3f}, while the state is the "
                "same. "
                if others and checks[1].holds and all(one.low > exact for one in others)
                else "The entropies do not agree in the basis of the keys. "
                if checks[1].holds is False
                else ""
            )
            + (
                "The formula alone is not the entropy of the state: a"
                if checks[-1].holds is False and itself.high < z.low
                else "A"
            )
            + f" pure state with {z.best:.3f} nats in its counts along Z has {itself.best:.3f} "
            f"along its own vector, so its entropy is at most {itself.high:.3f}."
        )
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number(f"Shannon's entropy {where}, nats", along, exact),
                *(
                    Number(f"the same, turned by {a:.2f} rad", one, _entropy(law))
                    for (a, one), law in zip(pairs, laws[1:], strict=True)
                ),
                Number("of the pure state with the same counts", z, exact),
                Number("of the pure state along its own vector", itself, 0.0),
            ],
            condition="the state is a mixture of keys, and it is read in the basis of the keys"
            if any(check.holds is False for check in checks if check.role == "beyond")
            else "",
            words=words,
            panels=[self._panel(rho, exact, found)],
            shots=self.shots * len(counts),
            seed=seed,
            started=started,
        )

    def _not_below(self, statement: str, one: Estimate, exact: float) -> Check:
        holds = True if one.low > exact - self.tolerance else False if one.high < exact else None
        by = f"{one.best:.4f} in [{one.low:.4f}, {one.high:.4f}], the state {exact:.4f} nats"
        return Check(statement, holds, by)

    def _panel(self, rho: np.ndarray, exact: float, found: list[Estimate]) -> Panel:
        fine = np.linspace(0, np.pi / 2, 60)
        here = found[: len(self.angles)]
        return Panel(
            "Entropy of the counts in a turned basis, and of the state",
            "angle of the basis, rad",
            "entropy, nats",
            (
                Curve(
                    "Shannon, exact",
                    fine,
                    np.array([_entropy(_law(rho, angle)) for angle in fine]),
                    style="line",
                ),
                Curve("von Neumann, exact", fine, np.full(fine.size, exact), style="line"),
                Curve(
                    "Shannon, measured",
                    np.array(self.angles),
                    np.array([one.best for one in here]),
                    np.array([one.low for one in here]),
                    np.array([one.high for one in here]),
                ),
            ),
        )


def _turned(prepared: Prepared, angle: float) -> Prepared:
    """The same state, each qubit turned about Y right before it is measured."""
    circuit = prepared.circuit.assign_parameters(prepared.values)
    (system,) = (register for register in circuit.qregs if register.name == "system")
    out = circuit.copy_empty_like()
    for item in circuit.data:
        if item.operation.name == "measure" and item.qubits[0] in system and angle:
            out.ry(angle, item.qubits[0])
        out.append(item)
    size = 2 ** len(system)
    return as_prepared(
        out, np.full(size, np.nan), herald=prepared.herald_register, success=prepared.success
    )


def _read_along(prepared: Prepared) -> Any:
    """The circuit of a pure state and then its inverse: outcome 0 is the state itself."""
    circuit = prepared.circuit.assign_parameters(prepared.values)
    gates = circuit.remove_final_measurements(inplace=False)
    out = circuit.copy_empty_like()
    out.compose(gates, inplace=True)
    out.barrier()
    out.compose(gates.inverse(), inplace=True)
    (key,) = circuit.cregs
    out.measure(range(len(key)), key)
    return out


def _law(rho: np.ndarray, angle: float) -> np.ndarray:
    """What the turned basis gives: the diagonal of R rho R+."""
    c, s = np.cos(angle / 2), np.sin(angle / 2)
    one = np.array([[c, -s], [s, c]])
    turn = np.eye(1)
    for _ in range(len(rho).bit_length() - 1):
        turn = np.kron(turn, one)
    law: np.ndarray = np.diag(turn @ rho @ turn.T).real
    return law


def _entropy(law: np.ndarray) -> float:
    return float(thermal.shannon_entropy(np.clip(law, 0, None) / law.sum()))
