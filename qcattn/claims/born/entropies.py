"""A10: the entropy of attention and that of a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qiskit import QuantumCircuit

from qcattn import thermal
from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import mean
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

#: Temperatures of the row as it is heated.
_TAUS = (0.5, 0.6, 0.7, 0.85, 1.0, 1.2, 1.45, 1.75, 2.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Entropies(Measured):
    """Entropies of the counts, and of the state.

    Attributes:
        attention: Softmax of the row, shape (keys,).
        rho: The state, shape (keys, keys).
        exact: The entropy of the state, nats.
        along: Shannon's entropy of the counts at the first angle.
        others: The other angles, and the same at each.
        along_z: Shannon's entropy of the pure state with the same counts.
        along_itself: Shannon's entropy of the pure state along its own vector.
        gained: Entropy that the counts gain from the lowest temperature to the highest, nats.
        heat: Integral of beta dE over these temperatures, from counts, nats.
    """

    attention: np.ndarray
    rho: np.ndarray
    exact: float
    along: Estimate
    others: list[tuple[float, Estimate]]
    along_z: Estimate
    along_itself: Estimate
    gained: Estimate
    heat: Estimate

    @property
    def mixed(self) -> list[Estimate]:
        """The entropy of the counts of the mixed state, one for each angle."""
        return [self.along, *(one for _, one in self.others)]


@dataclass(frozen=True, kw_only=True)
class ThermodynamicEntropy(Claim[_Entropies]):
    r"""A10: Shannon's entropy of attention is von Neumann's of the state, if both are diagonal.

    A row of real attention is prepared by `Heralded`, a mixed state, and read in a basis turned
    about Y by a growing angle. Von Neumann's entropy belongs to the state and does not see the
    angle; Shannon's belongs to what is measured, and is the larger one at any angle between 0 and
    pi. An entropy is thermodynamic if it grows by beta dE: the row is heated, and its entropy is
    held against its energy, both from counts. Then `Amplitude` prepares the pure state with the
    same counts along Z, and is also read along its own vector.

    Attributes:
        angles: The angles of the turned bases, radians; the first one is where the entropies should
            agree.
        shots: The number of shots of each circuit.
        tolerance: Deviation of an entropy that counts as agreement, nats; twice as much is allowed
            for what is gained.
        backend: The backend; ``Aer(draws="born")`` if None.

    Example:
        >>> ThermodynamicEntropy(angles=(0.0, 0.8))(seed=1).standing
        'conditional'
        >>> ThermodynamicEntropy(angles=(0.8,))(seed=1).standing
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
    shots: int = 4_000_000
    tolerance: float = 0.06

    @property
    def share(self) -> float:
        """Error rate of each entropy."""
        return self.alpha / (len(self.angles) + 3)

    def sampler(self) -> Backend:
        """The backend that was given, or exact draws, since the herald drops most shots."""
        return Aer(draws="born") if self.backend is None else super().sampler()

    @property
    def where(self) -> str:
        """The first basis, in words."""
        first, *_ = self.angles
        return f"turned by {first:.2f} rad" if first else "along Z"

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Entropies:
        """Read the mixed state in every basis, and the pure one in two."""
        chosen, drawn = root.spawn(2)
        (row,) = real_rows("minilm", 1, np.random.default_rng(chosen))
        hamiltonian = Binary()(row)
        mixed, pure = Heralded()(hamiltonian, beta=1.0), Amplitude()(hamiltonian, beta=1.0)
        rho, _ = system_state(mixed)
        spectrum = np.linalg.eigvalsh(rho).clip(0.0)
        exact = float(thermal.shannon_entropy(spectrum / spectrum.sum()))
        turned = [_turned(mixed, angle) for angle in self.angles]
        own = as_prepared(_read_along(pure), np.eye(len(rho))[0])
        progress(0.1, 1.0, f"{len(turned)} bases, and a pure state in two")
        counts = draw([*turned, pure, own], self.shots, self.sampler(), drawn)
        along, *found, along_z, along_itself = [shannon(one.keys, self.share) for one in counts]
        progress(0.7, 1.0, f"{len(_TAUS)} temperatures")
        (heated,) = drawn.spawn(1)
        gained, heat = self._heated(row, heated)

        others = list(zip(self.angles[1:], found, strict=True))
        return _Entropies(
            shots=self.shots * (len(counts) + 2 + len(_TAUS)),
            numbers=(
                Number(f"Shannon's entropy {self.where}, nats", along, exact),
                *(
                    Number(f"the same, turned by {a:.2f} rad", one, _entropy(_law(rho, a)))
                    for a, one in others
                ),
                Number("of the pure state with the same counts", along_z, exact),
                Number("of the pure state along its own vector", along_itself, 0.0),
                Number(f"gained from tau {_TAUS[0]:g} to {_TAUS[-1]:g}, nats", gained, _rise(row)),
                Number("integral of beta dE over the same, nats", heat, _rise(row)),
            ),
            attention=softmax(row),
            rho=rho,
            exact=exact,
            along=along,
            others=others,
            along_z=along_z,
            along_itself=along_itself,
            gained=gained,
            heat=heat,
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
        yield equals(
            "heat",
            f"When the row is heated, its entropy {self.where} grows by the integral of beta dE",
            Estimate(
                measured.gained.best - measured.heat.best,
                measured.gained.low - measured.heat.high,
                measured.gained.high - measured.heat.low,
            ),
            0.0,
            tolerance=2 * self.tolerance,
            alpha=self.share,
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
        """Say where the entropies agree, and that the formula alone is not it."""
        along, z, itself = measured.along, measured.along_z, measured.along_itself
        agree = checks["keys"].holds and checks["heat"].holds
        words = (
            f"In the basis of the keys the attention entropy is that of the state, "
            f"{along.best:.3f} nats of {measured.exact:.3f}, and thermodynamic: heated from tau "
            f"{_TAUS[0]:g} to {_TAUS[-1]:g} it gains {measured.gained.best:.3f} nats where beta dE "
            f"adds up to {measured.heat.best:.3f}."
            if agree
            else f"The counts {self.where} have {along.best:.3f} nats and the state "
            f"{measured.exact:.3f}; heated they gain {measured.gained.best:.3f} where beta dE adds "
            f"up to {measured.heat.best:.3f}."
        )
        failed = any(one.holds is False for one in checks.values() if one.role == "beyond")
        if not (failed and checks["pure state"].holds is False and itself.high < z.low):
            return Description(words)
        most = max((one.best for _, one in measured.others), default=along.best)
        return Description(
            f"{words} The same formula is not the same quantity: a pure state with {z.best:.3f} "
            f"nats in its keys has an entropy of at most {itself.high:.3f}, and read in a turned "
            f"basis the mixture shows up to {most:.3f}.",
            "the state is a mixture of keys, and it is read in the basis of the keys",
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

    def _heated(self, row: np.ndarray, seed: np.random.SeedSequence) -> tuple[Estimate, Estimate]:
        """Entropy gained by the counts in the first basis, and the integral of beta dE."""
        first, *_ = self.angles
        betas = 1 / np.array(_TAUS)
        states = [Heralded()(Binary()(row), beta=float(beta)) for beta in betas]
        coldest, *_, hottest = states
        read = [_turned(one, first) for one in (coldest, hottest)]
        counts = [one.keys for one in draw([*read, *states], self.shots, self.sampler(), seed)]
        cold, hot = (shannon(one, self.share / 3) for one in counts[:2])
        # Trapezoids: the sum of (beta_i + beta_i+1)/2 (E_i+1 - E_i) is linear in the energies.
        steps = (betas[1:] + betas[:-1]) / 2
        weights = np.append(0, steps) - np.append(steps, 0)
        heat = mean(
            [(-w * row, keys) for w, keys in zip(weights, counts[2:], strict=True)], self.share / 3
        )
        gained = Estimate(hot.best - cold.best, hot.low - cold.high, hot.high - cold.low)
        return gained, heat

    def _not_below(self, statement: str, one: Estimate, exact: float) -> Check:
        """Whether an entropy is not the smaller one; another check has paid for its interval."""
        holds = True if one.low > exact - self.tolerance else False if one.high < exact else None
        by = f"{one.best:.4f} in [{one.low:.4f}, {one.high:.4f}], the state {exact:.4f} nats"
        return Check(statement, statement, holds, by)


def _rise(row: np.ndarray) -> float:
    """Entropy that softmax of a row gains between the temperatures."""
    cold, *_, hot = (float(thermal.shannon_entropy(softmax(row / tau))) for tau in _TAUS)
    return hot - cold


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
