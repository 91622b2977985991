"""A10: the entropy of attention and that of a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qiskit import QuantumCircuit

from qcattn import thermal
from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.claims.born._curves import points
from qcattn.claims.born._rows import real_rows
from qcattn.claims.born._shannon import shannon
from qcattn.claims.frame.checks import algebra, equals, every
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.dense_state import system_state
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Amplitude, Heralded
from qcattn.progress import Progress
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared

__all__ = ["ThermodynamicEntropy"]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Entropies(Measured):
    """Entropies of the counts, and of the state.

    Attributes:
        attention: Softmax of the row, shape (keys,).
        rho: The state, shape (keys, keys).
        exact: Its entropy, nats.
        along: Shannon's entropy of the counts at the first angle.
        others: The other angles, and the same at each.
        along_z: Of the pure state with the same counts.
        along_itself: Of the pure state along its own vector.
    """

    attention: np.ndarray
    rho: np.ndarray
    exact: float
    along: Estimate
    others: list[tuple[float, Estimate]]
    along_z: Estimate
    along_itself: Estimate

    @property
    def mixed(self) -> list[Estimate]:
        """Of the counts of the mixed state, one an angle."""
        return [self.along, *(one for _, one in self.others)]


@dataclass(frozen=True, kw_only=True)
class ThermodynamicEntropy(Claim[_Entropies]):
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

    Example:
        >>> ThermodynamicEntropy(angles=(0.0, 0.8), shots=100_000)(seed=1).standing
        'conditional'
        >>> ThermodynamicEntropy(angles=(0.8,), shots=100_000)(seed=1).standing
        'refuted'

    References:
        J. von Neumann, Mathematische Grundlagen der Quantenmechanik (1932), chapter V; M. A.
        Nielsen and I. L. Chuang, Quantum Computation and Quantum Information (2010), theorem 11.9.
    """

    name: ClassVar[str] = "A10"
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

    @property
    def share(self) -> float:
        """Error rate of each entropy."""
        return self.alpha / (len(self.angles) + 2)

    @property
    def where(self) -> str:
        """The first basis, in words."""
        first, *_ = self.angles
        return f"turned by {first:.2f} rad" if first else "along Z"

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Entropies:
        """Read the mixed state in every basis, and the pure one in two."""
        chosen, drawn = root.spawn(2)
        row = real_rows("minilm", 1, np.random.default_rng(chosen))[0, :8]
        hamiltonian = Binary()(row)
        mixed, pure = Heralded()(hamiltonian, beta=1.0), Amplitude()(hamiltonian, beta=1.0)
        rho, _ = system_state(mixed)
        spectrum = np.linalg.eigvalsh(rho).clip(0.0)
        exact = float(thermal.shannon_entropy(spectrum / spectrum.sum()))
        turned = [_turned(mixed, angle) for angle in self.angles]
        own = as_prepared(_read_along(pure), np.eye(8)[0])
        progress(0.1, 1.0, f"{len(turned)} bases, and a pure state in two")
        counts = draw([*turned, pure, own], self.shots, self.sampler(), drawn)
        along, *found, along_z, along_itself = [shannon(one.keys, self.share) for one in counts]

        others = list(zip(self.angles[1:], found, strict=True))
        return _Entropies(
            shots=self.shots * len(counts),
            numbers=(
                Number(f"Shannon's entropy {self.where}, nats", along, exact),
                *(
                    Number(f"the same, turned by {a:.2f} rad", one, _entropy(_law(rho, a)))
                    for a, one in others
                ),
                Number("of the pure state with the same counts", along_z, exact),
                Number("of the pure state along its own vector", along_itself, 0.0),
            ),
            attention=softmax(row),
            rho=rho,
            exact=exact,
            along=along,
            others=others,
            along_z=along_z,
            along_itself=along_itself,
        )

    def check(self, measured: _Entropies) -> Iterable[Check]:
        """Hold Shannon's entropy in every basis against von Neumann's of the state."""
        exact = measured.exact
        yield algebra(
            "dense",
            "H(attention) is S(rho) for the dense state of the circuit",
            abs(float(thermal.shannon_entropy(measured.attention)) - exact),
            tolerance=1e-9,
        )
        yield equals(
            "keys",
            f"Shannon's entropy of the counts {self.where} is von Neumann's of the state",
            measured.along,
            exact,
            tolerance=self.tolerance,
            alpha=self.share,
        )
        yield every(
            "never smaller",
            "In no basis is Shannon's entropy the smaller one",
            [
                self._not_below(f"angle {angle:.2f}", one, exact)
                for angle, one in zip(self.angles, measured.mixed, strict=True)
            ],
        )
        for angle, one in measured.others:
            yield equals(
                f"turned by {angle:g}",
                f"It is the same in a basis turned by {angle:.2f} rad",
                one,
                exact,
                tolerance=self.tolerance,
                alpha=self.share,
                role="beyond",
            )
        yield equals(
            "pure state",
            "It is the same for the pure state with the same counts, whose S is 0",
            measured.along_z,
            0.0,
            tolerance=self.tolerance,
            alpha=self.share,
            role="beyond",
        )

    def describe(self, measured: _Entropies, checks: Mapping[str, Check]) -> Description:
        """Say in which basis the entropies agree, and that the formula alone is not it."""
        along, exact, z, itself = (
            measured.along,
            measured.exact,
            measured.along_z,
            measured.along_itself,
        )
        most = max((one.best for _, one in measured.others), default=along.best)
        higher = measured.others and all(one.low > exact for _, one in measured.others)
        words = (
            f"The counts {self.where} have {along.best:.3f} nats and the state {exact:.3f}. "
            + (
                f"In a turned basis the counts have more, up to {most:.3f}, while the state is the "
                "same. "
                if higher and checks["keys"].holds
                else "The entropies do not agree in the basis of the keys. "
                if checks["keys"].holds is False
                else ""
            )
            + (
                "The formula alone is not the entropy of the state: a"
                if checks["pure state"].holds is False and itself.high < z.low
                else "A"
            )
            + f" pure state with {z.best:.3f} nats in its counts along Z has {itself.best:.3f} "
            f"along its own vector, so its entropy is at most {itself.high:.3f}."
        )
        failed = any(one.holds is False for one in checks.values() if one.role == "beyond")
        return Description(
            words,
            "the state is a mixture of keys, and it is read in the basis of the keys"
            if failed
            else "",
        )

    def picture(self, measured: _Entropies) -> Sequence[Panel]:
        """Plot both entropies over the angle of the basis."""
        fine = np.linspace(0, np.pi / 2, 60)
        exact = np.array([_entropy(_law(measured.rho, angle)) for angle in fine])
        return [
            Panel(
                "Entropy of the counts in a turned basis, and of the state",
                "angle of the basis, rad",
                "entropy, nats",
                (
                    Curve("Shannon, exact", fine, exact, style="line"),
                    Curve(
                        "von Neumann, exact",
                        fine,
                        np.full(fine.size, measured.exact),
                        style="line",
                    ),
                    points("Shannon, measured", self.angles, measured.mixed),
                ),
            )
        ]

    def _not_below(self, statement: str, one: Estimate, exact: float) -> Check:
        """Whether an entropy is not the smaller one; another check has paid for its interval."""
        holds = True if one.low > exact - self.tolerance else False if one.high < exact else None
        by = f"{one.best:.4f} in [{one.low:.4f}, {one.high:.4f}], the state {exact:.4f} nats"
        return Check(statement, statement, holds, by)


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


def _read_along(prepared: Prepared) -> QuantumCircuit:
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
