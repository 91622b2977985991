"""A4: the Gibbs state has the largest entropy at its energy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np
from scipy import special

from qcattn import thermal
from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.certification.intervals import mean
from qcattn.claims.born._lines import Line, gibbs_line, random_hamiltonian
from qcattn.claims.born._mixed import purified, random_state
from qcattn.claims.born._rows import real_rows
from qcattn.claims.born._shannon import shannon
from qcattn.claims.frame.checks import algebra, equals, every
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.progress import Progress
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared

__all__ = ["MaximumEntropy"]

#: Perturbations, as shares of the farthest to that side that leaves a state.
_STEPS = (-1.0, -0.6, 0.0, 0.6, 1.0)
#: Pairs of a state and a Hamiltonian for which the identity is computed densely.
_DENSE = 200
#: Ways in which a row of attention is moved.
_MOVES = 1_000


@dataclass(frozen=True)
class _State:
    """A random state.

    Attributes:
        excess: The measured free energy less that of the Gibbs state.
        exact: The excess by dense algebra: D(rho || Gibbs) / beta.
    """

    excess: Estimate
    exact: float

    @property
    def off(self) -> float:
        """The error of the measured free energy."""
        return abs(self.excess.best - self.exact)


@dataclass(frozen=True)
class _Moved:
    """The Gibbs state, moved.

    Attributes:
        direction: The number of the direction, counted from 1.
        step: The step in that direction, a share of the farthest that leaves a state.
        energy: The measured energy.
        entropy: The measured entropy, nats.
    """

    direction: int
    step: float
    energy: Estimate
    entropy: Estimate

    @property
    def where(self) -> str:
        """The direction and the step, in words."""
        return f"direction {self.direction}, step {self.step:g}"


@dataclass(frozen=True, eq=False, kw_only=True)
class _Shown(Measured):
    """Energies and entropies of random states, and of states around the Gibbs state.

    Attributes:
        energy: The energy of the Gibbs state, by dense algebra.
        entropy: The entropy of the Gibbs state, by dense algebra, nats.
        states: Random states.
        lines: Lines through the Gibbs state, one for each direction.
        moved: States of these lines.
        defect: The defect of the identity of free energy and relative entropy, by dense algebra.
        gained: Most that a row of attention gains in entropy when it is moved, by dense algebra.
    """

    energy: float
    entropy: float
    states: tuple[_State, ...]
    lines: tuple[Line, ...]
    moved: tuple[_Moved, ...]
    defect: float
    gained: float


@dataclass(frozen=True, kw_only=True)
class MaximumEntropy(Claim[_Shown]):
    r"""A4: of all states with its energy the Gibbs state has the largest entropy.

    For random states of a random Hamiltonian the excess of the free energy
    :math:`F = E - S/\beta` is measured and held against :math:`D(\rho\|\rho_\beta)/\beta`. Then the
    Gibbs state is moved in random directions that keep trace and energy, and the entropy that is
    lost is measured. E is the mean over shots in the eigenbasis of H. S is Shannon's entropy of
    shots in the eigenbasis of rho; in any basis that entropy is S or more, so its upper bound is
    one of S whatever the circuit does.

    Attributes:
        qubits: The number of qubits of the system.
        states: The number of random states.
        directions: The number of ways to move the Gibbs state.
        beta: Inverse temperature.
        shots: The number of shots of each state in each of two bases.
        tolerance: Deviation of a free energy that counts as agreement, nats / beta.
        fixed_energy: Whether the directions keep the energy, as is claimed.

    Example:
        >>> one = {"states": 1, "directions": 1, "shots": 50_000, "tolerance": 0.15}
        >>> MaximumEntropy(**one)(seed=1).standing
        'exact'
        >>> MaximumEntropy(**one, fixed_energy=False)(seed=1).standing
        'refuted'

    References:
        E. T. Jaynes, Phys. Rev. 108, 171 (1957); M. J. Donald, J. Stat. Phys. 49, 81 (1987).
    """

    name: ClassVar[str] = "A4"
    title: ClassVar[str] = "Maximum entropy"
    statement: ClassVar[str] = (
        "Maximize entropy S = -Tr(ρ log ρ) subject to:\n"
        "Tr(ρ) = 1 (normalization)\n"
        "Tr(ρH) = E (fixed energy)\n"
        "Solution: ρ = e^(-βH) / Z (Gibbs state)\n"
        "…\n"
        "Maximize entropy H(α) = -Σ α_i log α_i subject to:\n"
        "Σ α_i = 1 (normalization)\n"
        "Σ α_i E_i = E (fixed expected score)\n"
        "Solution: α_i = e^(-βE_i) / Z (softmax)"
    )
    section: ClassVar[str] = "Quantum Statistical Mechanics"

    qubits: int = 2
    states: int = 6
    directions: int = 2
    beta: float = 0.5
    shots: int = 100_000
    tolerance: float = 0.08
    fixed_energy: bool = True

    @property
    def share(self) -> float:
        """Error rate of each interval; each circuit has one, and each state two circuits."""
        return self.alpha / (2 * (self.states + self.directions * len(_STEPS)))

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Shown:
        """Draw random and moved states, each in its own eigenbasis and in that of H."""
        chosen, drawn = root.spawn(2)
        rng, size = np.random.default_rng(chosen), 2**self.qubits
        h = random_hamiltonian(size, rng)
        gibbs = thermal.gibbs_state(h, self.beta)
        random = [random_state(size, rng) for _ in range(self.states)]
        lines = [
            gibbs_line(h, gibbs, rng, fixed_energy=self.fixed_energy)
            for _ in range(self.directions)
        ]
        around = [line(step) for line in lines for step in _STEPS]
        levels, basis = np.linalg.eigh(h)
        circuits = [one for rho in random + around for one in _circuits(rho, basis)]
        progress(0.1, 1.0, f"{len(circuits)} circuits of {len(random + around)} states")
        counts = [one.keys for one in draw(circuits, self.shots, self.sampler(), drawn)]
        progress(0.95, 1.0, "dense states")
        read = [
            (mean([(levels, of_h)], self.share), shannon(of_state, self.share))
            for of_state, of_h in zip(counts[::2], counts[1::2], strict=True)
        ]
        least = float(thermal.free_energy(h, self.beta))
        states = tuple(
            _State(
                _excess(*one, self.beta, least),
                float(thermal.relative_entropy(rho, gibbs)) / self.beta,
            )
            for rho, one in zip(random, read, strict=False)
        )
        places = product(range(1, self.directions + 1), _STEPS)
        moved = tuple(
            _Moved(*place, *one) for place, one in zip(places, read[self.states :], strict=True)
        )
        most = float(thermal.von_neumann_entropy(gibbs))
        worst = max(states, key=lambda state: state.off)
        unmoved = next(one for one in moved if not one.step)
        return _Shown(
            shots=self.shots * len(circuits),
            numbers=(
                Number(f"F(rho) - F(Gibbs), the worst of {self.states}", worst.excess, worst.exact),
                Number("entropy of the Gibbs state, nats", unmoved.entropy, most),
            ),
            energy=float(np.trace(gibbs @ h).real),
            entropy=most,
            states=states,
            lines=tuple(lines),
            moved=moved,
            defect=_defect(size, self.beta, rng),
            gained=_gained(real_rows("minilm", 10, rng), rng, fixed=self.fixed_energy),
        )

    def check(self, measured: _Shown) -> Iterable[Check]:
        """Hold free energies against relative entropies, and entropies against the largest."""
        yield algebra(
            "identity",
            f"F(rho) - F(Gibbs) is D(rho||Gibbs)/beta for {_DENSE} random pairs of rho and H",
            measured.defect,
        )
        yield algebra(
            "attention",
            "No distribution with the mean score of a real row has more entropy than softmax: "
            f"{10 * _MOVES:,} of them, dense",
            max(measured.gained, 0.0),
        )
        yield every(
            "free energy",
            "Measured F(rho) - F(Gibbs) is D(rho||Gibbs)/beta",
            [
                self._equals(f"state {i}", state.excess, state.exact, intervals=2)
                for i, state in enumerate(measured.states, 1)
            ],
        )
        yield every(
            "energy",
            "The perturbed states have the energy of the Gibbs state",
            [self._equals(one.where, one.energy, measured.energy) for one in measured.moved],
        )
        yield every(
            "entropy",
            "The entropy measured in the Gibbs state is the exact one",
            [
                self._equals(one.where, one.entropy, measured.entropy)
                for one in measured.moved
                if not one.step
            ],
        )
        yield every(
            "less",
            "Every perturbed state has less entropy than the Gibbs state",
            [
                _below(one.where, one.entropy, measured.entropy, self.share)
                for one in measured.moved
                if one.step
            ],
        )

    def describe(self, measured: _Shown, checks: Mapping[str, Check]) -> Description:
        """Say whether free energies are right, and whether the Gibbs state has the most entropy."""
        exact, most = [state.exact for state in measured.states], measured.entropy
        other = max(one.entropy.best for one in measured.moved if one.step)
        free, energy = checks["free energy"], checks["energy"]
        first = (
            f"The free energy of {self.states} random states exceeds that of the Gibbs state by "
            f"D/beta, {min(exact):.2f} to {max(exact):.2f}, within {self.tolerance:g};"
            if free.holds
            else f"The free energy of random states did not come out as D/beta ({free.by});"
        )
        second = (
            f"at its energy every perturbed state that was tried has less entropy, {other:.4f} "
            f"nats at most against {most:.4f}, and so has each of {10 * _MOVES:,} distributions "
            "with the mean score of a real row."
            if energy.holds and checks["less"].holds and checks["attention"].holds
            else f"a perturbed state has an entropy of {other:.4f} nats, the Gibbs state "
            f"{most:.4f}; its energy is {'the same' if energy.holds else 'another one'}."
        )
        return Description(
            f"{first} {second} The principle gives the form and not the temperature: there the "
            "mean is fixed and β follows, while attention fixes β = 1/√d and the mean follows."
        )

    def picture(self, measured: _Shown) -> Sequence[Panel]:
        """Plot free energies over relative entropies, and entropies along the lines."""
        return [_free_energies(measured.states), _entropies(measured)]

    def _equals(
        self, where: str, estimate: Estimate, reference: float, *, intervals: int = 1
    ) -> Check:
        alpha = intervals * self.share
        return equals(where, where, estimate, reference, tolerance=self.tolerance, alpha=alpha)


def _circuits(rho: np.ndarray, basis: np.ndarray) -> list[Prepared]:
    """A state is read in its eigenbasis, then in that of H."""
    weights, vectors = np.linalg.eigh(rho)
    weights = np.clip(weights, 0.0, None)
    populations = np.einsum("ib,ij,jb->b", basis.conj(), rho, basis).real
    return [
        as_prepared(purified(weights, vectors, basis=vectors), weights),
        as_prepared(purified(weights, vectors, basis=basis), np.clip(populations, 0, None)),
    ]


def _defect(size: int, beta: float, rng: np.random.Generator) -> float:
    """Largest deviation of a free energy's excess from D/beta, of random states and H."""
    worst = 0.0
    for _ in range(_DENSE):
        h, rho = random_hamiltonian(size, rng), random_state(size, rng)
        free = float(np.trace(rho @ h).real - thermal.von_neumann_entropy(rho) / beta)
        gap = free - float(thermal.free_energy(h, beta))
        divergence = float(thermal.relative_entropy(rho, thermal.gibbs_state(h, beta)))
        worst = max(worst, abs(gap - divergence / beta))
    return worst


def _gained(rows: np.ndarray, rng: np.random.Generator, *, fixed: bool) -> float:
    """Most that softmax of a row gains in entropy when it is moved, at its mean score if fixed."""
    most = -np.inf
    for row in rows:
        row = row[np.isfinite(row)]
        law = softmax(row)
        base, _ = np.linalg.qr(np.array([np.ones(row.size), row][: 1 + fixed]).T)
        moves = rng.normal(size=(_MOVES, row.size)) * law
        moves -= moves @ base @ base.T
        # As far as half of the way to the edge of the simplex.
        steps = 0.5 / np.max(-moves / law, axis=1, keepdims=True)
        entropies = special.entr(law + steps * moves).sum(axis=1)
        most = max(most, float(entropies.max() - special.entr(law).sum()))
    return most


def _excess(energy: Estimate, entropy: Estimate, beta: float, least: float) -> Estimate:
    """E - S/beta less the exact free energy."""
    return Estimate(
        energy.best - entropy.best / beta - least,
        energy.low - entropy.high / beta - least,
        energy.high - entropy.low / beta - least,
    )


def _below(where: str, entropy: Estimate, most: float, alpha: float) -> Check:
    by = f"{entropy.best:.4f} in [{entropy.low:.4f}, {entropy.high:.4f}], Gibbs {most:.4f} nats"
    holds = True if entropy.high < most else False if entropy.low > most else None
    return Check(where, where, holds, by, alpha=alpha)


def _free_energies(states: Sequence[_State]) -> Panel:
    exact = np.array([state.exact for state in states])
    ends = np.array([0.0, exact.max() * 1.05])
    return Panel(
        "Free energy above the Gibbs state's, random states",
        "D(rho || Gibbs) / beta, exact",
        "F(rho) - F(Gibbs), measured",
        (
            Curve("equal", ends, ends, style="line"),
            _points("random states", exact, [state.excess for state in states]),
        ),
    )


def _entropies(measured: _Shown) -> Panel:
    exact, points, fine = [], [], np.linspace(-1, 1, 41)
    for direction, line in enumerate(measured.lines, 1):
        dense = np.array([_entropy(line(step)) for step in fine])
        exact.append(Curve(f"exact, direction {direction}", fine, dense, style="line"))
        here = [one for one in measured.moved if one.direction == direction]
        steps = np.array([one.step for one in here])
        name = f"measured, direction {direction}"
        points.append(_points(name, steps, [one.entropy for one in here]))
    return Panel(
        "Entropy along lines of equal energy through the Gibbs state",
        "step, as a share of the farthest that leaves a state",
        "entropy, nats",
        (*exact, *points),
    )


def _points(name: str, x: np.ndarray, found: Sequence[Estimate]) -> Curve:
    best, low, high = np.array([(one.best, one.low, one.high) for one in found]).T
    return Curve(name, x, best, low, high)


def _entropy(rho: np.ndarray) -> float:
    levels = np.clip(np.linalg.eigvalsh(rho), 0.0, None)
    return float(special.entr(levels).sum())
