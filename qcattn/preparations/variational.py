"""Variational Gibbs states: an ancilla's distribution, a system's rotation, a measured F."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import PauliList, SparsePauliOp
from scipy.optimize import minimize
from scipy.special import digamma, xlogy

from qcattn.arguments import check_beta, whole_number
from qcattn.backends.aer import Aer
from qcattn.preparations.ansatz import (
    Block,
    Layered,
    ancilla_blocks,
    append_blocks,
    count_angles,
    system_blocks,
)
from qcattn.preparations.basis import append_basis
from qcattn.preparations.costs import Evaluations
from qcattn.preparations.delivery import delivered, with_true_error
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.measuring import check_measured
from qcattn.records import (
    Hamiltonian,
    Prepared,
    check_bytes,
    every_reading,
    numbers_of,
    walsh_hadamard,
)
from qcattn.seeds import entropy

__all__ = ["Variational"]

Cost = Callable[[np.ndarray], tuple[float, np.ndarray]]

_MOST_STEPS = 1000
#: Layers with more angles than the 4**n numbers of any state of up to 6 qubits.
_MOST_LAYERS = 1000
_MOST_RESTARTS = 10_000
#: Qubits from which on fermions that interact take more layers than free ones.
_MANY = 6
#: How often F and its gradient are measured for each start.
_EVALUATIONS = 80


@dataclass(frozen=True)
class Variational:
    r"""Variational Gibbs state on two registers, with its entropy read from the ancilla.

    Thermal: a circuit :math:`U_A` on the ancilla, cx from each ancilla qubit to its system qubit,
    and :math:`U_S` on the system leave it in :math:`\rho = \sum_i p_i\, U_S |i\rangle\langle i|
    U_S^\dagger` with :math:`p_i = |\langle i|U_A|0\rangle|^2`, which is also what the ancilla reads
    [1]. The angles minimise :math:`F = \mathrm{Tr} H\rho - S(p)/\beta` by L-BFGS from random
    starts; the exact F, or Z, is not known to it.

    :math:`U_A` is layers of ry with rings of cx between them; :math:`U_S` layers of
    :math:`e^{-i(\theta X_a Y_b + \phi Y_a X_b)/2}` around a ring, and between second neighbours
    where the fermions of H interact, with ry where H mixes the parities of the excited qubits, and
    rz where H is not real. A diagonal H needs no :math:`U_S`;
    where H is given in a rotated basis, all this happens in that basis, and its rotation follows.
    If Hadamards on all qubits turn H into one that conserves the parities, or whose fermions are
    free, as they do an Ising chain in a transverse field, they end the circuit.

    With ``shots=None`` p and the energy are exact, and so is the gradient. With a number of shots
    they are counted: terms of H that share a local basis are read together, the ancilla beside
    them, so that each shot tells of both. The entropy is Miller and Madow's, the plug-in plus
    (outcomes seen - 1) / 2N; what bias is left is of the order of :math:`1/N^2` where every
    outcome is seen, and the entropy is too low where rare ones are not [2]. Gradients come from
    shifts of each angle by :math:`\pm\pi/2`, those of the entropy as
    :math:`\partial S = -\sum_i \partial p_i \ln p_i`, with :math:`\psi(k_i + 1) - \ln N` for
    :math:`\ln p_i` [3]. Noise ends a line search early; L-BFGS then begins again
    where it was, until F and its gradient have been measured 80 times.

    The error claimed is the true trace distance, by dense diagonalisation.

    It has 2 n qubits and at most 5 n cx a layer.

    Attributes:
        layers: The number of layers of each register, from 1 to 1,000, which have more angles than
            any state of up to 6 qubits has numbers; None takes n + 1 for up to 3 qubits (4 where H
            is diagonal) and 2 n for more: a distribution of the ancilla has 2**n - 1 parameters,
            and a layer n. That is enough for free fermions: rings of 6 come within 4e-5. Where
            fermions interact, the system has more to learn, and from 6 qubits on None takes 3 n: an
            open XXZ chain of 6 at beta 1 comes within .023, .0090, .0052 at 2 n, 3 n, 4 n layers of
            354, 534, 714 cx. The default stops there: each layer costs gates, which are noisy where
            they are real, and the time grows with the square of the layers.
        shots: Shots a circuit, as many as `qcattn.preparations.measuring` allows, or None for
            exact expectation values.
        restarts: Random starts, from 1 to 10,000; the lowest F wins.
        backend: What draws the shots; None is `qcattn.backends.Aer`. Not used without shots.
        seed: Anything `numpy.random.default_rng` takes.

    Example:
        >>> from qcattn.models.spins import ising
        >>> prepared = Variational()(ising(2, field=0.5, axes=("X", "Z")), beta=1.0)
        >>> prepared.kind, prepared.resources.qubits, bool(prepared.error < 1e-4)
        ('thermal', 4, True)

    References:
        [1] M. Consiglio et al., Phys. Rev. A 110, 012445 (2024), arXiv:2303.11276.
        [2] G. Miller, in Information Theory in Psychology (Free Press, 1955), p. 95.
        [3] K. Mitarai et al., Phys. Rev. A 98, 032309 (2018): shifts of an angle.
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "any"
    batched: ClassVar[bool] = False
    every_state: ClassVar[bool] = True
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Consiglio et al., PRA 110, 012445"
    closer: ClassVar[str] = "more `layers` or `restarts`"

    layers: int | None = None
    shots: int | None = None
    restarts: int = 3
    backend: Any = None
    seed: Any = 0

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ValueError: If layers, restarts or shots are not whole numbers in their range.
        """
        if self.layers is not None:
            whole_number(
                self.layers,
                "layers",
                most=_MOST_LAYERS,
                cure="n qubits need no more than 4**n / n, and `restarts` find better angles",
            )
        whole_number(
            self.restarts,
            "restarts",
            most=_MOST_RESTARTS,
            cure="more `layers` bring further than starts that end in the same minima",
        )
        if self.shots is not None:
            check_measured(self.shots, self.backend)
        elif self.backend is not None:
            raise ValueError("`backend` measures nothing without `shots`; give shots, say 1000")

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: One Hamiltonian with an energy for every basis state.
            beta: Inverse temperature, positive.

        Returns:
            Prepared of shape (); `spent` counts every shot that the optimisation used.

        Raises:
            DoesNotFit: If there is more than one Hamiltonian, or keys are masked.
            TooLarge: If the dense state would not fit into memory.
            ValueError: If there is more than one beta, or it is not positive and finite.
        """
        check_fits(self, hamiltonian)
        temperature = 1 / check_beta(beta)
        n = hamiltonian.num_qubits
        check_bytes(16 * 8 * 4**n, f"finding the angles of two registers of {n} qubits")
        inner = replace(hamiltonian, basis=None)
        turned = simpler_turned(inner)
        inner = inner if turned is None else turned
        ancilla, system = blocks_of(inner, self._layers(inner))
        draws, starts = np.random.SeedSequence(entropy(self.seed)).spawn(2)
        measured: MeasuredCost | None = None
        cost: Cost
        if self.shots is None:
            cost = exact_cost(inner, temperature, ancilla, system)
        else:
            backend = Aer() if self.backend is None else self.backend
            cost = measured = MeasuredCost(
                inner, temperature, ancilla, system, backend, int(self.shots), draws
            )
        angles = _lowest(cost, count_angles(ancilla) + count_angles(system), self, starts)
        prepared = delivered(
            self,
            hamiltonian,
            _circuit(hamiltonian, ancilla, system, turned=turned is not None),
            values=angles,
            spent=0 if measured is None else measured.spent,
        )
        return with_true_error(prepared, hamiltonian, beta)

    def _layers(self, inner: Hamiltonian) -> int:
        if self.layers is not None:
            return int(self.layers)
        n = inner.num_qubits
        if n <= (4 if inner.is_diagonal else 3):
            return n + 1
        interacting = inner.off_diagonal is not None and not _is_free(inner.operator)
        return 3 * n if interacting and n >= _MANY else 2 * n


def blocks_of(inner: Hamiltonian, layers: int) -> tuple[list[Block], list[Block]]:
    """The blocks of the ancilla and of the system, from the symmetries of H in its own basis."""
    n = inner.num_qubits
    if inner.off_diagonal is None:
        return ancilla_blocks(n, layers), []
    paulis = inner.off_diagonal.paulis
    real = not ((paulis.x & paulis.z).sum(axis=1) % 2).any()
    even, free = _is_even(inner.operator), _is_free(inner.operator)
    return ancilla_blocks(n, layers), system_blocks(n, layers, real=real, even=even, free=free)


def simpler_turned(inner: Hamiltonian) -> Hamiltonian | None:
    """H between Hadamards on all qubits if it then has more symmetries; else None.

    Args:
        inner: The Hamiltonian in its own basis. Hadamards leave it as real as it is.

    Example:
        >>> from qcattn.models.spins import heisenberg, ising
        >>> simpler_turned(ising(3)).operator.sort().to_list()[:3]
        [('IIZ', (-1+0j)), ('IXX', (-1+0j)), ('IZI', (-1+0j))]
        >>> simpler_turned(heisenberg(3)) is None
        True
    """
    if inner.off_diagonal is None:
        return None
    paulis, weights = inner.operator.paulis, inner.operator.coeffs
    signs = 1 - 2 * ((paulis.x & paulis.z).sum(axis=1) % 2)  # of Y
    swapped = PauliList.from_symplectic(paulis.x, paulis.z)
    operator = SparsePauliOp(swapped, signs * weights)
    if _symmetries(operator) > _symmetries(inner.operator):
        return Hamiltonian.of(operator)
    return None


def _symmetries(operator: SparsePauliOp) -> tuple[bool, bool]:
    """Whether the parity of the excited qubits is conserved, and whether the fermions are free."""
    return _is_even(operator), _is_free(operator)


def _is_even(operator: SparsePauliOp) -> bool:
    return not (operator.paulis.x.sum(axis=1) % 2).any()


def _is_free(operator: SparsePauliOp) -> bool:
    """Whether all strings are of two Majorana fermions (Jordan and Wigner's), or their parity too.

    These are one Z, and X or Y on two qubits with Z on all between them; or the same with the
    letters Z and 1 exchanged on every other qubit, as on the bond that closes a ring.
    """
    for x, z in zip(operator.paulis.x, operator.paulis.z, strict=True):
        ends = np.flatnonzero(x)
        if len(ends) == 2:
            places = np.arange(len(x))
            between = (places > ends[0]) & (places < ends[1])
            rest = ~x
            if not ((z == between)[rest].all() or (z != between)[rest].all()):
                return False
        elif len(ends) or 1 < z.sum() < len(z) - 1:
            return False
    return True


def exact_cost(
    inner: Hamiltonian, temperature: float, ancilla: list[Block], system: list[Block]
) -> Cost:
    """The cost F / k_B T and its gradient, from the statevector."""
    n = inner.num_qubits
    prepare, turn = Layered(ancilla, n), Layered(system, n)
    matrix = inner.matrix if inner.matrix.imag.any() else inner.matrix.real
    zero, split = np.eye(2**n)[0], prepare.num_angles

    def cost(angles: np.ndarray) -> tuple[float, np.ndarray]:
        amplitudes = prepare(angles[:split], zero)
        weights = amplitudes**2
        turned = turn(angles[split:], np.eye(2**n))
        pulled = matrix @ turned
        energies = np.einsum("xi,xi->i", turned.conj(), pulled).real
        potential = energies / temperature + np.log(np.maximum(weights, 1e-300))
        slopes = (
            prepare.gradient(angles[:split], amplitudes, amplitudes * potential),
            turn.gradient(angles[split:], turned * weights, pulled / temperature),
        )
        return float(weights @ potential), np.concatenate(slopes)

    return cost


class MeasuredCost:
    """The cost F / k_B T and its gradient, from counts.

    Attributes:
        spent: Shots used so far.
    """

    def __init__(
        self,
        inner: Hamiltonian,
        temperature: float,
        ancilla: list[Block],
        system: list[Block],
        backend: Any,
        shots: int,
        seeds: np.random.SeedSequence,
    ) -> None:
        self.spent = 0
        self._n, self._temperature, self._split = (
            inner.num_qubits,
            temperature,
            count_angles(ancilla),
        )
        points = 1 + 2 * (self._split + count_angles(system))
        check_bytes(
            points * 2 * 8 * 4**self._n,
            f"counting {points} circuits on two registers of {self._n} qubits",
        )
        self._backend, self._shots, self._seeds = backend, shots, seeds
        self._constant, groups = _groups(inner.operator)
        self._levels = [levels for _, levels in groups]
        self._circuits = [
            _circuit(inner, ancilla, system, letters=letters) for letters, _ in groups
        ]

    def __call__(self, angles: np.ndarray) -> tuple[float, np.ndarray]:
        """F and the gradient, at the angles and at every shift of one of them."""
        shifts = np.pi / 2 * np.eye(len(angles))
        energies, counts = self.read(
            np.concatenate([angles[None], angles + shifts, angles - shifts])
        )
        number = counts[0].sum()
        slope = np.split(energies[1:], 2)[0] - np.split(energies[1:], 2)[1]
        ups, downs = np.split(counts[1:, :] / number, 2)
        logs = digamma(counts[0] + 1) - np.log(number)
        gradient = slope / 2 / self._temperature
        gradient[: self._split] += ((ups - downs) / 2 @ logs)[: self._split]
        return float(energies[0] / self._temperature - _entropy(counts[0])), gradient

    def read(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The measured energies (points,) and the readings of the ancilla, shape (points, 2**n)."""
        size = 2**self._n
        words = every_reading(2 * self._n)
        energies = np.full(len(points), self._constant)
        read = np.zeros((len(points), size), np.int64)
        for circuit, levels in zip(self._circuits, self._levels, strict=True):
            flat = np.full((len(points), size**2), size**-2.0)
            prepared = Prepared(
                method="Variational",
                kind="thermal",
                circuit=circuit,
                values=points,
                codewords=words,
                key_register="key",
                herald_register=None,
                distribution=flat,
                success=np.ones(len(points)),
                error=np.ones(len(points)),
            )
            counts = self._backend(prepared, self._shots, self._seeds.spawn(1)[0])
            table = counts.keys.reshape(len(points), size, size)  # ancilla, system
            energies += table.sum(axis=1) @ levels / self._shots
            read += table.sum(axis=2)
            self.spent += self._shots * len(points)
        return energies, read


def _entropy(counts: np.ndarray) -> float:
    """Miller and Madow's estimate, in nats."""
    number = counts.sum()
    plug_in = np.log(number) - xlogy(counts, counts).sum() / number
    return float(plug_in + ((counts > 0).sum() - 1) / (2 * number))


def _groups(operator: SparsePauliOp) -> tuple[float, list[tuple[str, np.ndarray]]]:
    """The trace part of H, and groups of its terms that are read together.

    Each group is the letter that each qubit is read in, qubit 0 first, and the energy of each
    reading. There is at least one group, for the ancilla to be read.
    """
    n = operator.num_qubits
    acting = (operator.paulis.x | operator.paulis.z).any(axis=1)
    constant = float(operator.coeffs[~acting].real.sum())
    if not acting.any():
        return constant, [("Z" * n, np.zeros(2**n))]
    groups = []
    for group in operator[acting].group_commuting(qubit_wise=True):
        x, z = group.paulis.x.any(axis=0), group.paulis.z.any(axis=0)
        letters = "".join("ZZXY"[2 * int(a) + int(b)] for a, b in zip(x, z, strict=True))
        strings = numbers_of(group.paulis.x | group.paulis.z)
        spectrum = np.zeros(2**n)
        np.add.at(spectrum, strings, group.coeffs.real)
        groups.append((letters, walsh_hadamard(spectrum)))
    return constant, groups


def _lowest(
    cost: Cost, number: int, method: Variational, seeds: np.random.SeedSequence
) -> np.ndarray:
    """Angles of the lowest F that the restarts find."""
    rng = np.random.default_rng(seeds)
    starts = rng.uniform(-np.pi, np.pi, size=(method.restarts, number))
    descend = _descended if method.shots is None else _descended_in_noise
    usual = _MOST_STEPS if method.shots is None else _EVALUATIONS
    counted = Evaluations("free energies for Variational", method.restarts * usual).of(cost)
    best: np.ndarray = min((descend(counted, start) for start in starts), key=lambda end: end[0])[1]
    return best


def _descended(cost: Cost, angles: np.ndarray) -> tuple[float, np.ndarray]:
    """F and angles at the minimum that a start leads to."""
    options = {"maxiter": _MOST_STEPS, "ftol": 1e-13, "gtol": 1e-8}
    found = minimize(cost, angles, jac=True, method="L-BFGS-B", options=options)
    return found.fun, found.x


def _descended_in_noise(cost: Cost, angles: np.ndarray) -> tuple[float, np.ndarray]:
    """The same from counts: begun again wherever noise ends a line search."""
    left, free = _EVALUATIONS, np.inf
    while left > 0:
        options = {"maxfun": left, "maxls": 5, "ftol": 0.0, "gtol": 0.0}
        found = minimize(cost, angles, jac=True, method="L-BFGS-B", options=options)
        left, free, angles = left - found.nfev, found.fun, found.x
    return free, angles


def _circuit(
    hamiltonian: Hamiltonian,
    ancilla_part: list[Block],
    system_part: list[Block],
    letters: str | None = None,
    *,
    turned: bool = False,
) -> QuantumCircuit:
    """The template; with letters, the ancilla is read too and each system qubit in its letter.

    Where the angles belong to H between Hadamards, these follow.
    """
    n = hamiltonian.num_qubits
    system, ancilla = QuantumRegister(n, "system"), QuantumRegister(n, "ancilla")
    key = ClassicalRegister(n if letters is None else 2 * n, "key")
    circuit = QuantumCircuit(system, ancilla, key, name="variational")
    split = count_angles(ancilla_part)
    angles = list(ParameterVector("a", split + count_angles(system_part)))
    append_blocks(circuit, ancilla_part, angles[:split], ancilla)
    circuit.cx(ancilla, system)
    append_blocks(circuit, system_part, angles[split:], system)
    if turned:
        circuit.h(system)
    if letters is None:
        append_basis(circuit, hamiltonian, system)
        circuit.measure(system, key)
        return circuit
    for qubit, letter in zip(system, letters, strict=True):
        if letter == "Y":
            circuit.rz(-np.pi / 2, qubit)
        if letter != "Z":
            circuit.h(qubit)
    circuit.measure([*system, *ancilla], key)
    return circuit
