"""Thermofield double by alternating layers whose angles minimise their own free energy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from scipy.optimize import minimize

from qcattn.arguments import check_beta, whole_number
from qcattn.preparations.basis import append_basis
from qcattn.preparations.costs import Evaluations
from qcattn.preparations.delivery import delivered, with_true_error
from qcattn.preparations.doubled import (
    Generator,
    append_evolution,
    coupling,
    evolved,
    gradient,
    on_both,
)
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.gates import compiled
from qcattn.records import Hamiltonian, Prepared, check_bytes

__all__ = ["ThermofieldQAOA"]

# Free energies closer than this, in units of k_B T, are the same: the partner then decides.
_SAME = 1e-9
# Layers and starts of any use: angles are grown layer by layer, from all starts at each.
_MOST_LAYERS, _MOST_STARTS = 200, 10_000
# Evaluations of one search, about.
_USUAL = 100


@dataclass(frozen=True)
class ThermofieldQAOA:
    r"""Thermofield double by a quantum alternating ansatz on two copies.

    Thermal: n Bell pairs, then p layers [1] of

    .. math:: \prod_c e^{-i \alpha_c \sum_i P^c_i P'^c_i} \prod_g e^{-i \gamma_g (H_g + H_g'^T)}

    over the groups g of terms of H that share a local basis (one for a diagonal H; the coupling
    and the field for a transverse-field chain), with couplings XX' between the copies, and ZZ' too
    where H is not diagonal. Strings of a group commute, so each exponential is exact.

    The angles minimise :math:`F = \mathrm{Tr} H\rho - S(\rho)/\beta` of the circuit's own reduced
    state :math:`\rho`, by L-BFGS, layer by layer; neither Z nor the spectrum of H is looked at. A
    turn of the partner alone leaves F as it is, so F alone does not single out the thermofield
    double. Each start therefore first minimises
    :math:`\beta F + (\mathrm{Tr}\sqrt\rho)^2/2^n - |\langle\mathrm{Bell}|\psi\rangle|^2`, whose
    last two terms cancel for :math:`\psi = 2^{n/2} \sqrt\rho \otimes 1 |\mathrm{Bell}\rangle` and
    are positive else, and then F alone. Where H is given in a rotated basis, all this happens in
    that basis, and its rotation U follows on the system.

    It is exact for the classical Ising ring of L sites at p = L/2 [1], and approximate in general;
    the error claimed is the true trace distance, by dense diagonalisation.

    It has 2 n qubits; memory and time grow as 4^n and 8^n.

    Attributes:
        layers: p, from 1 to 200; None takes n // 2 + 1, one more than the Ising ring needs.
        starts: Random starts at each depth, from 1 to 10,000, beside the one grown from the depth
            before.
        seed: The seed of the starts; anything `numpy.random.default_rng` takes.

    Example:
        >>> from qcattn.models.spins import ising
        >>> prepared = ThermofieldQAOA(layers=2)(ising(4, field=0.0), beta=1.0)
        >>> prepared.kind, prepared.resources.qubits, bool(prepared.error < 1e-5)
        ('thermal', 8, True)

    References:
        [1] J. Wu and T. H. Hsieh, Phys. Rev. Lett. 123, 220502 (2019), arXiv:1811.11756.
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "any"
    batched: ClassVar[bool] = False
    every_state: ClassVar[bool] = True
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Wu and Hsieh, PRL 123, 220502"
    closer: ClassVar[str] = "more `layers` or `starts`"

    layers: int | None = None
    starts: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ValueError: If layers or starts are not whole numbers in their range.
        """
        if self.layers is not None:
            whole_number(
                self.layers,
                "layers",
                most=_MOST_LAYERS,
                cure="Variational, whose layers have more angles, needs fewer of them",
            )
        whole_number(
            self.starts,
            "starts",
            most=_MOST_STARTS,
            cure="more `layers` bring further than starts that end in the same minima",
        )

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: One Hamiltonian with an energy for every basis state.
            beta: Inverse temperature, positive.

        Returns:
            Prepared of shape (), its angles fixed.

        Raises:
            DoesNotFit: If there is more than one Hamiltonian, or keys are masked.
            TooLarge: If the two copies would not fit into memory.
            ValueError: If there is more than one beta, or it is not positive and finite.
        """
        check_fits(self, hamiltonian)
        temperature = 1 / check_beta(beta)
        n = hamiltonian.num_qubits
        depth = n // 2 + 1 if self.layers is None else int(self.layers)
        check_bytes(16 * 16 * 4**n, f"finding the angles of two copies of {n} qubits")
        layer = layer_generators(hamiltonian)
        matrix = replace(hamiltonian, basis=None).matrix
        angles = _grown(matrix, temperature, layer, depth, self.starts, self.seed)
        circuit = _circuit(hamiltonian, layer * depth, angles)
        return with_true_error(delivered(self, hamiltonian, circuit), hamiltonian, beta)


def layer_generators(hamiltonian: Hamiltonian) -> list[Generator]:
    """One layer for H in its own basis: the groups of its terms, then the couplings."""
    inner = replace(hamiltonian, basis=None)
    n, operator = inner.num_qubits, inner.operator
    acting = (operator.paulis.x | operator.paulis.z).any(axis=1) & (operator.coeffs != 0)
    groups = operator[acting].group_commuting(qubit_wise=True) if acting.any() else []
    letters = "X" if inner.is_diagonal else "XZ"
    return [*map(on_both, groups), *(coupling(letter, n) for letter in letters)]


def free_energy_and_mismatch(
    state: np.ndarray, matrix: np.ndarray, temperature: float
) -> tuple[tuple[float, np.ndarray], tuple[float, np.ndarray]]:
    r"""F of the system, and how far the partner is from a thermofield double.

    Args:
        state: The state of both copies, shape (2**n, 2**n), norm one.
        matrix: The matrix of H.
        temperature: The temperature, 1 / beta.

    Returns:
        Twice a value C and its slope G, with :math:`dC = 2\,\mathrm{Re}\langle G, dM\rangle`: of
        :math:`F = \mathrm{Tr}H\rho - S/\beta` and of
        :math:`((\mathrm{Tr}|M|)^2 - |\mathrm{Tr}M|^2)/2^n`.
    """
    left, roots, right = np.linalg.svd(state)
    logs = 2 * np.log(np.maximum(roots, 1e-150))
    slope = matrix @ state + temperature * (left * (roots * logs)) @ right
    free = float(np.vdot(state, slope).real)
    whole, trace, size = float(roots.sum()), np.trace(state), len(state)
    mismatch = (whole**2 - abs(trace) ** 2) / size
    turn = (whole * left @ right - trace * np.eye(size)) / size
    return (free, slope), (float(mismatch), turn)


def _grown(
    matrix: np.ndarray,
    temperature: float,
    layer: list[Generator],
    depth: int,
    starts: int,
    seed: int,
) -> np.ndarray:
    """Angles of all layers: at each depth the best of the last depth grown, and random ones."""
    rng = np.random.default_rng(seed)
    best = np.zeros(0)
    usual = 2 * depth * (1 + starts) * _USUAL
    search = Evaluations("free energies for ThermofieldQAOA", usual)
    for step in range(1, depth + 1):
        generators = layer * step
        grown = np.concatenate([best, rng.normal(scale=0.05, size=len(layer))])
        guesses = [grown, *rng.uniform(-1, 1, size=(starts, len(generators)))]
        found = [_descended(generators, matrix, temperature, one, search) for one in guesses]
        lowest = min(free for free, _, _ in found)
        ties = [entry for entry in found if entry[0] - lowest <= _SAME]
        best = min(ties, key=lambda entry: entry[1])[2]
    return best


def _descended(
    generators: list[Generator],
    matrix: np.ndarray,
    temperature: float,
    angles: np.ndarray,
    search: Evaluations,
) -> tuple[float, float, np.ndarray]:
    """F over k_B T, mismatch and angles at the minimum that a start leads to."""

    def cost(point: np.ndarray, weight: float) -> tuple[float, np.ndarray]:
        state = evolved(generators, point)
        (free, slope), (mismatch, turn) = free_energy_and_mismatch(state, matrix, temperature)
        total = slope / temperature + weight * turn
        return free / temperature + weight * mismatch, gradient(generators, point, state, total)

    for weight in (1.0, 0.0):
        options = {"maxiter": 200, "ftol": 1e-15, "gtol": 1e-9}
        angles = minimize(
            search.of(cost), angles, args=(weight,), jac=True, method="L-BFGS-B", options=options
        ).x
    state = evolved(generators, angles)
    (free, _), (mismatch, _) = free_energy_and_mismatch(state, matrix, temperature)
    return free / temperature, mismatch, angles


def _circuit(
    hamiltonian: Hamiltonian, generators: list[Generator], angles: np.ndarray
) -> QuantumCircuit:
    n = hamiltonian.num_qubits
    system, partner = QuantumRegister(n, "system"), QuantumRegister(n, "partner")
    key = ClassicalRegister(n, "key")
    circuit = QuantumCircuit(system, partner, key, name="thermofield_qaoa")
    circuit.h(system)
    circuit.cx(system, partner)
    for generator, angle in zip(generators, angles, strict=True):
        append_evolution(circuit, generator, float(angle), system, partner)
    append_basis(circuit, hamiltonian, system)
    if hamiltonian.basis is not None:
        circuit.assign_parameters(hamiltonian.basis.ravel(), inplace=True)
    circuit.measure(system, key)
    return compiled(circuit)
