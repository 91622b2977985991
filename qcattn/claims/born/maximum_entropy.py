"""A4: the Gibbs state has the largest entropy at its energy."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special
from scipy.linalg import eigh

from qcattn import thermal
from qcattn.backends import Aer
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import mean
from qcattn.claims.born._mixed import purified
from qcattn.claims.born._shannon import shannon
from qcattn.claims.frame.checks import algebra, equals, every
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared
from qcattn.seeds import entropy

__all__ = ["MaximumEntropy"]

#: Perturbations, as shares of the farthest to that side that leaves a state.
_STEPS = (-1.0, -0.6, 0.0, 0.6, 1.0)
_DENSE = 200
#: From a step to a density matrix.
Path = Callable[[float], np.ndarray]


@dataclass(frozen=True)
class MaximumEntropy:
    r"""A4: of all states with its energy the Gibbs state has the largest entropy.

    For random states of a random Hamiltonian the excess of the free energy
    :math:`F = E - S/\beta` is measured and held against :math:`D(\rho\|\rho_\beta)/\beta`. Then the
    Gibbs state is moved in random directions that keep trace and energy, and the entropy that is
    lost is measured. E is the mean over shots in the eigenbasis of H. S is Shannon's entropy of
    shots in the eigenbasis of rho; in any basis that entropy is S or more, so its upper bound is
    one of S whatever the circuit does.

    Attributes:
        qubits: Of the system.
        states: How many random states.
        directions: How many ways to move the Gibbs state.
        beta: Inverse temperature.
        shots: Of each state in each of two bases.
        tolerance: Deviation of a free energy that counts as agreement, nats / beta.
        fixed_energy: Whether the directions keep the energy, as is claimed.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> one = {"states": 1, "directions": 1, "shots": 50_000, "tolerance": 0.15}
        >>> MaximumEntropy(**one)(seed=1).standing
        'exact'
        >>> MaximumEntropy(**one, fixed_energy=False)(seed=1).standing
        'refuted'

    References:
        E. T. Jaynes, Phys. Rev. 108, 171 (1957); M. J. Donald, J. Stat. Phys. 49, 81 (1987).
    """

    claim: ClassVar[str] = "A4"
    title: ClassVar[str] = "Maximum entropy"
    statement: ClassVar[str] = (
        "Maximize entropy S = -Tr(ρ log ρ) subject to:\n"
        "Tr(ρ) = 1 (normalization)\n"
        "Tr(ρH) = E (fixed energy)\n"
        "Solution: ρ = e^(-βH) / Z (Gibbs state)"
    )
    section: ClassVar[str] = "Quantum Statistical Mechanics"

    qubits: int = 2
    states: int = 6
    directions: int = 2
    beta: float = 0.5
    shots: int = 100_000
    tolerance: float = 0.08
    fixed_energy: bool = True
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
        size = 2**self.qubits
        h = _hermitian(size, rng)
        gibbs = thermal.gibbs_state(h, self.beta)
        least = float(thermal.free_energy(h, self.beta))
        random = [_state(size, rng) for _ in range(self.states)]
        paths = [self._path(h, gibbs, rng) for _ in range(self.directions)]
        moved = [path(step) for path in paths for step in _STEPS]
        levels, basis = np.linalg.eigh(h)
        circuits = [one for rho in random + moved for one in self._circuits(rho, basis)]
        report(0.1, f"{len(circuits)} circuits of {len(random) + len(moved)} states")
        backend = Aer() if self.backend is None else self.backend
        counts = [one.keys for one in draw(circuits, self.shots, backend, drawn)]
        report(0.95, "dense states")
        part = self.alpha / len(circuits)
        entropies = [shannon(keys, part) for keys in counts[::2]]
        energies = [mean([(levels, keys)], part) for keys in counts[1::2]]

        divergences = [float(thermal.relative_entropy(rho, gibbs)) / self.beta for rho in random]
        excesses = [
            _minus(e, s, self.beta, least)
            for e, s in zip(energies[: self.states], entropies, strict=False)
        ]
        apart = [
            equals(f"state {i + 1}", excess, exact, tolerance=self.tolerance)
            for i, (excess, exact) in enumerate(zip(excesses, divergences, strict=True))
        ]
        most = float(thermal.von_neumann_entropy(gibbs))
        energy = float(np.trace(gibbs @ h).real)
        same_energy, less, itself = [], [], []
        for i, (e, s) in enumerate(
            zip(energies[self.states :], entropies[self.states :], strict=True)
        ):
            step = _STEPS[i % len(_STEPS)]
            where = f"direction {i // len(_STEPS) + 1}, step {step:g}"
            same_energy.append(equals(where, e, energy, tolerance=self.tolerance))
            if step:
                less.append(_below(where, s, most))
            else:
                itself.append(equals(where, s, most, tolerance=self.tolerance))
        checks = [
            algebra(
                f"F(rho) - F(Gibbs) is D(rho||Gibbs)/beta for {_DENSE} random pairs of rho and H",
                _defect(size, self.beta, rng),
            ),
            every("Measured F(rho) - F(Gibbs) is D(rho||Gibbs)/beta", apart),
            every("The perturbed states have the energy of the Gibbs state", same_energy),
            every("The entropy measured in the Gibbs state is the exact one", itself),
            every("Every perturbed state has less entropy than the Gibbs state", less),
        ]
        worst = int(
            np.argmax([abs(x.best - y) for x, y in zip(excesses, divergences, strict=True)])
        )
        best_other = max(
            s.best for i, s in enumerate(entropies[self.states :]) if _STEPS[i % len(_STEPS)]
        )
        words = (
            f"The free energy of {self.states} random states exceeds that of the Gibbs state by "
            f"D/beta, {min(divergences):.2f} to {max(divergences):.2f}, within {self.tolerance:g}. "
            if checks[1].holds
            else f"The free energy of random states did not come out as D/beta ({checks[1].by}). "
        ) + (
            f"At the energy of the Gibbs state every perturbed state has less entropy: {most:.4f} "
            f"against {best_other:.4f} nats at most."
            if checks[2].holds and checks[4].holds
            else f"A perturbed state has an entropy of {best_other:.4f} nats, the Gibbs state "
            f"{most:.4f}; its energy is {'the same' if checks[2].holds else 'another one'}."
        )
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number(
                    f"F(rho) - F(Gibbs), the worst of {self.states}",
                    excesses[worst],
                    divergences[worst],
                ),
                Number("entropy of the Gibbs state, nats", entropies[self.states + 2], most),
            ],
            words=words,
            panels=[
                _free_energies(excesses, divergences),
                _entropies(entropies[self.states :], paths),
            ],
            shots=self.shots * len(circuits),
            seed=seed,
            started=started,
        )

    def _path(self, h: np.ndarray, gibbs: np.ndarray, rng: np.random.Generator) -> Path:
        """A straight line of states through the Gibbs state, from edge (-1) to edge (1)."""
        size = len(h)
        # Without the constraint: towards the state of largest entropy.
        one = _hermitian(size, rng) if self.fixed_energy else np.eye(size) / size - gibbs
        fixed = [np.eye(size), h] if self.fixed_energy else [np.eye(size)]
        base, _ = np.linalg.qr(np.array([matrix.ravel() for matrix in fixed]).T)
        direction = (one.ravel() - base @ (base.conj().T @ one.ravel())).reshape(size, size)
        # gibbs + t direction is singular where -1/t is an eigenvalue of this pair.
        slopes = eigh(direction, gibbs, eigvals_only=True)
        back, forth = 1 / float(slopes[-1]), -1 / float(slopes[0])
        return lambda step: gibbs + step * (forth if step > 0 else back) * direction

    def _circuits(self, rho: np.ndarray, basis: np.ndarray) -> list[Prepared]:
        """Read in the eigenbasis of rho, then in that of H."""
        weights, vectors = np.linalg.eigh(rho)
        weights = np.clip(weights, 0.0, None)
        populations = np.einsum("ib,ij,jb->b", basis.conj(), rho, basis).real
        return [
            as_prepared(purified(weights, vectors, basis=vectors), weights),
            as_prepared(purified(weights, vectors, basis=basis), np.clip(populations, 0, None)),
        ]


def _hermitian(size: int, rng: np.random.Generator) -> np.ndarray:
    """Of the Gaussian unitary ensemble, its levels spread over about four units."""
    one = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    matrix: np.ndarray = (one + one.conj().T) / (2 * np.sqrt(size / 2))
    return matrix


def _state(size: int, rng: np.random.Generator) -> np.ndarray:
    one = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    rho: np.ndarray = one @ one.conj().T
    return rho / np.trace(rho).real


def _defect(size: int, beta: float, rng: np.random.Generator) -> float:
    worst = 0.0
    for _ in range(_DENSE):
        h, rho = _hermitian(size, rng), _state(size, rng)
        free = float(np.trace(rho @ h).real - thermal.von_neumann_entropy(rho) / beta)
        gap = free - float(thermal.free_energy(h, beta))
        divergence = float(thermal.relative_entropy(rho, thermal.gibbs_state(h, beta)))
        worst = max(worst, abs(gap - divergence / beta))
    return worst


def _minus(energy: Estimate, entropy_: Estimate, beta: float, least: float) -> Estimate:
    """E - S/beta less the exact free energy."""
    return Estimate(
        energy.best - entropy_.best / beta - least,
        energy.low - entropy_.high / beta - least,
        energy.high - entropy_.low / beta - least,
    )


def _below(statement: str, entropy_: Estimate, most: float) -> Check:
    by = f"{entropy_.best:.4f} in [{entropy_.low:.4f}, {entropy_.high:.4f}], Gibbs {most:.4f} nats"
    holds = True if entropy_.high < most else False if entropy_.low > most else None
    return Check(statement, holds, by)


def _free_energies(excesses: list[Estimate], divergences: list[float]) -> Panel:
    ends = np.array([0.0, max(divergences) * 1.05])
    return Panel(
        "Free energy above the Gibbs state's, random states",
        "D(rho || Gibbs) / beta, exact",
        "F(rho) - F(Gibbs), measured",
        (
            Curve("equal", ends, ends, style="line"),
            Curve(
                "random states",
                np.array(divergences),
                np.array([one.best for one in excesses]),
                np.array([one.low for one in excesses]),
                np.array([one.high for one in excesses]),
            ),
        ),
    )


def _entropies(entropies: list[Estimate], paths: list[Path]) -> Panel:
    x, number = np.array(_STEPS), len(_STEPS)
    exact, measured = [], []
    fine = np.linspace(-1, 1, 41)
    for i, path in enumerate(paths):
        dense = np.array([_entropy(path(step)) for step in fine])
        exact.append(Curve(f"exact, direction {i + 1}", fine, dense, style="line"))
        found = entropies[i * number : (i + 1) * number]
        measured.append(
            Curve(
                f"measured, direction {i + 1}",
                x,
                np.array([one.best for one in found]),
                np.array([one.low for one in found]),
                np.array([one.high for one in found]),
            )
        )
    return Panel(
        "Entropy along lines of equal energy through the Gibbs state",
        "step, as a share of the farthest that leaves a state",
        "entropy, nats",
        (*exact, *measured),
    )


def _entropy(rho: np.ndarray) -> float:
    levels = np.clip(np.linalg.eigvalsh(rho), 0.0, None)
    return float(special.entr(levels).sum())
