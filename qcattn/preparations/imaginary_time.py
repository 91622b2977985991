"""Imaginary time on Bell pairs, a product of exact steps, each of them heralded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.arguments import check_beta, check_positive, whole_number
from qcattn.dense_state import dense_seconds, outcome_distribution
from qcattn.errors import DoesNotFit
from qcattn.forecast import Forecast, announce
from qcattn.preparations.basis import append_basis
from qcattn.preparations.costs import eigen_seconds
from qcattn.preparations.delivery import delivered
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.gates import compiled
from qcattn.preparations.heralded import append_herald, append_uniform, herald_angles
from qcattn.preparations.keeping import check_kept
from qcattn.preparations.layers import Cluster, Layer, layers_of, turn
from qcattn.preparations.reference import heralding_probability, populations
from qcattn.preparations.rotations import multiplexed_angles, multiplexed_rotation
from qcattn.records import Hamiltonian, Prepared, check_bytes

__all__ = ["ImaginaryTime"]

_MOST_STEPS = 4096
_ROUNDING = 1e-15
_CURE = "lower `beta`, or use SystemBath or DetailedBalance, which discard nothing"


@dataclass(frozen=True)
class ImaginaryTime:
    r"""Thermal state by probabilistic imaginary time, one measured ancilla used again and again.

    Thermal: the circuit knows H and beta. H is split into layers :math:`G_1 + \dots + G_m` of Pauli
    strings that commute qubit by qubit (the diagonal; X strings; Y strings...) and each layer into
    clusters that share no qubit. On half of a set of Bell pairs a cluster takes

    .. math:: e^{-t (G - \min G)}: \quad
        |b\rangle|0\rangle \to |b\rangle\big(e^{-t(E_b - E_0)}|0\rangle + \dots|1\rangle\big)

    in its eigenbasis, exactly, by rotating the ancilla, which is then measured [1, 2]. Where it
    reads zero it is zero, ready for the next cluster; a shot is kept if every herald bit reads
    zero. The scale of each step adapts to its cluster, whose lowest state passes with certainty:
    the most that a step can keep.

    With K the product of these steps the system is left in :math:`K K^\dagger` up to its norm. So
    K is the left half of a palindrome of M second-order products
    :math:`S = e^{-\delta G_1/2} \cdots e^{-\delta G_m} \cdots e^{-\delta G_1/2}`,
    :math:`\delta = \beta/M` [3], at half the cost of M products. One layer alone is exact, and a
    diagonal Hamiltonian takes the one step of `Heralded`.

    *Claim.* :math:`S^M = e^{-\beta H'}` is exactly thermal for :math:`H' = -\ln(S)/\delta`, which
    is found from the dense matrix of one step. With Pinsker's inequality for both relative
    entropies, whose sum is :math:`\beta\,\mathrm{Tr}[(\rho - \rho')(H' - H)]`,

    .. math:: \tfrac12\|\rho - \rho'\|_1 \leq \tfrac{\beta}{4}
        \big(\lambda_{\max}(H' - H) - \lambda_{\min}(H' - H)\big) = O(\beta^3/M^2).

    *Success.* For M large :math:`Z e^{\beta \sum_g \min G_g}/2^n`, which for layers that do not
    commute is smaller than that of `Heralded` by :math:`e^{-\beta(E_0 - \sum_g \min G_g)}`.

    It has 2 n + 1 qubits; a cluster on k qubits takes 2^k rotations, 2^k - 1 cx and one
    measurement.

    Attributes:
        steps: M, from 1 to 4096; None for the fewest that the claim needs for ``error`` (found by
            iteration, so now and then a few more).
        error: Trace distance to be claimed where `steps` is None, above 0.

    Example:
        >>> from qcattn.models.spins import ising
        >>> prepared = ImaginaryTime(error=0.02)(ising(2), beta=1.0)
        >>> prepared.circuit.metadata, float(prepared.error.round(4))
        ({'steps': 5, 'heralds': 9}, 0.0186)
        >>> float(prepared.success.round(4)), prepared.distribution.round(4).tolist()
        (0.1576, [0.3765, 0.1235, 0.1235, 0.3765])

    References:
        [1] D. Poulin and P. Wocjan, Phys. Rev. Lett. 103, 220502 (2009).
        [2] T. Kosugi, Y. Nishiya, H. Nishi and Y. Matsushita, Phys. Rev. Research 4, 033121
            (2022): one measured ancilla a step.
        [3] M. Suzuki, Commun. Math. Phys. 51, 183 (1976); G. Strang, SIAM J. Numer. Anal. 5, 506
            (1968).
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "any"
    batched: ClassVar[bool] = False
    every_state: ClassVar[bool] = False
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Kosugi et al., PRR 4, 033121"
    closer: ClassVar[str] = "more `steps` or a smaller `error`"

    steps: int | None = None
    error: float = 1e-2

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: One Hamiltonian of any kind, shape ().
            beta: Inverse temperature, one positive number.

        Returns:
            Prepared of shape (); the metadata of its circuit say how many steps and herald bits
            there are.

        Raises:
            DoesNotFit: If there is more than one Hamiltonian, the error takes too many steps, or
                next to no shot would be kept (saying how many shots one kept shot would take).
            TooLarge: If, for terms that do not commute, dense states do not fit into memory.
            ValueError: If beta, steps or error is out of range.
        """
        check_fits(self, hamiltonian)
        inverse = check_beta(beta)
        self._check()
        if hamiltonian.off_diagonal is None:
            return self._diagonal(hamiltonian, inverse)
        n = hamiltonian.num_qubits
        check_bytes(2 * 16 * 2 ** (2 * n + 1), f"the dense state of {2 * n + 1} qubits")
        layers = layers_of(hamiltonian)
        steps, claimed = self._steps(layers, inverse)
        circuit = _circuit(hamiltonian, _factors(layers, inverse, steps), steps)
        prepared = delivered(self, hamiltonian, circuit, error=claimed)
        seconds = dense_seconds(circuit)
        announce("the exact state of ImaginaryTime", Forecast(seconds, gates=len(circuit.data)))
        distribution, success = outcome_distribution(prepared)
        check_kept(success, _CURE)
        return replace(prepared, distribution=distribution, success=np.array(success))

    def _check(self) -> None:
        if self.steps is not None:
            whole_number(
                self.steps,
                "steps",
                most=_MOST_STEPS,
                cure="the error falls with their square; give `error` in place of `steps`, and the "
                "fewest are found",
            )
        check_positive(self.error, "error")

    def _diagonal(self, hamiltonian: Hamiltonian, beta: float) -> Prepared:
        """Exact in any number of steps, one unless told otherwise."""
        distribution = populations(hamiltonian, beta)
        success = heralding_probability(hamiltonian, beta)
        steps = self.steps or 1
        angles = herald_angles(hamiltonian, beta / steps)
        circuit = _empty(hamiltonian, steps)
        system, _, ancilla = circuit.qregs
        for step in range(steps):
            append_herald(circuit, angles.tolist(), hamiltonian, system, ancilla[0])
            circuit.measure(ancilla, [circuit.cregs[1][step]])
        return delivered(
            self,
            hamiltonian,
            _ended(circuit, hamiltonian, steps),
            distribution=distribution,
            success=success,
        )

    def _steps(self, layers: Sequence[Layer], beta: float) -> tuple[int, float]:
        """How many steps, and the trace distance that they can claim."""
        if self.steps is not None:
            return self.steps, min(1.0, _claim(layers, beta, self.steps))
        steps, claimed = 1, _claim(layers, beta, 1)
        while claimed > self.error:
            growth = math.sqrt(claimed / self.error) if math.isfinite(claimed) else 2.0
            steps = max(steps + 1, math.ceil(steps * growth))
            if steps > _MOST_STEPS:
                raise DoesNotFit(
                    f"`error` of {self.error:g} takes more than {_MOST_STEPS} steps at `beta` = "
                    f"{beta:g}; allow a larger error, lower `beta`, or use QSVT"
                )
            claimed = _claim(layers, beta, steps)
        return steps, claimed

    def foreseen(self, hamiltonian: Hamiltonian) -> Forecast:
        """The time that the dense linear algebra for its distribution takes.

        Args:
            hamiltonian: One Hamiltonian that it takes, shape ().
        """
        return Forecast(3 * eigen_seconds(hamiltonian), 32 * 4**hamiltonian.num_qubits)


def _claim(layers: Sequence[Layer], beta: float, steps: int) -> float:
    r"""Bound on the trace distance, :math:`\beta/4` times the spread of H' - H; inf if unresolved.

    One step is :math:`R R^\dagger`; singular values of R are good to their rounding, which is
    added to the bound.
    """
    step = beta / steps
    energies = [layer.energies for layer in layers]
    root = np.eye(len(energies[0]))
    for layer, levels in zip(layers, energies, strict=True):
        root = root @ layer.conjugated(np.exp(-step * levels / 2))
    vectors, sizes, _ = np.linalg.svd(root)
    rounding = len(sizes) * _ROUNDING * sizes[0]
    if sizes[-1] <= 10 * rounding:
        return math.inf
    defect = (vectors * (-2 * np.log(sizes) / step)) @ vectors.conj().T
    for layer, levels in zip(layers, energies, strict=True):
        defect = defect - layer.conjugated(levels)
    shifts = np.linalg.eigvalsh(defect)
    return float(beta * (shifts[-1] - shifts[0]) / 4 + steps * rounding / sizes[-1])


def _factors(layers: Sequence[Layer], beta: float, steps: int) -> list[tuple[Cluster, float]]:
    """Parts and their times t, in the order in which they are applied."""
    half = [(number, 0.5) for number in range(len(layers) - 1)]
    palindrome: list[tuple[int, float]] = []
    for _ in range(steps):
        for number, weight in [*half, (len(layers) - 1, 1.0), *half[::-1]]:
            if palindrome and palindrome[-1][0] == number:
                weight += palindrome.pop()[1]
            palindrome.append((number, weight))
    left = palindrome[: len(palindrome) // 2 + 1]
    left[-1] = (left[-1][0], left[-1][1] / 2)
    return [
        (cluster, weight * beta / steps)
        for number, weight in left[::-1]
        for cluster in layers[number].clusters
    ]


def _circuit(
    hamiltonian: Hamiltonian, factors: Sequence[tuple[Cluster, float]], steps: int
) -> QuantumCircuit:
    circuit = _empty(hamiltonian, len(factors))
    system, _, ancilla = circuit.qregs
    for place, (cluster, time) in enumerate(factors):
        cost = time * cluster.energies
        angles = 2 * np.arctan2(np.sqrt(-np.expm1(-2 * cost)), np.exp(-cost))
        controls = [system[q] for q in cluster.qubits]
        turn(circuit, cluster, system, back=False)
        multiplexed_rotation(circuit, multiplexed_angles(angles).tolist(), controls, ancilla[0])
        turn(circuit, cluster, system, back=True)
        circuit.measure(ancilla, [circuit.cregs[1][place]])
    return _ended(circuit, hamiltonian, steps)


def _empty(hamiltonian: Hamiltonian, heralds: int) -> QuantumCircuit:
    """Bell pairs on the codewords, and an ancilla."""
    n = hamiltonian.num_qubits
    system = QuantumRegister(n, "system")
    partner = QuantumRegister(n, "partner")
    ancilla = QuantumRegister(1, "ancilla")
    key = ClassicalRegister(n, "key")
    herald = ClassicalRegister(heralds, "herald")
    circuit = QuantumCircuit(system, partner, ancilla, key, herald, name="imaginary time")
    append_uniform(circuit, hamiltonian, system)
    circuit.cx(system, partner)
    return circuit


def _ended(circuit: QuantumCircuit, hamiltonian: Hamiltonian, steps: int) -> QuantumCircuit:
    """The circuit with the basis change and the measurement of the key, compiled."""
    system, key = circuit.qregs[0], circuit.cregs[0]
    append_basis(circuit, hamiltonian, system)
    circuit.measure(system, key)
    circuit.metadata = {"steps": steps, "heralds": len(circuit.cregs[1])}
    return compiled(circuit)
