"""Steps in exact detailed balance with the Gibbs state, on one ancilla that is reset."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli

from qcattn.arguments import check_alpha, check_beta, whole_number
from qcattn.errors import DoesNotFit
from qcattn.forecast import Forecast, announce
from qcattn.preparations.channels import superoperators
from qcattn.preparations.costs import MULTIPLICATION, eigen_seconds
from qcattn.preparations.delivery import delivered
from qcattn.preparations.dilation import Repeated, steps_on_keys, steps_on_states
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.lindblad import Filter, frequencies, jump, staying, weight
from qcattn.preparations.pauli_strings import labels_of
from qcattn.progress import tell
from qcattn.records import Hamiltonian, Prepared, check_bytes

__all__ = ["DetailedBalance"]

#: The most that delta L+L may be: at 1 a jump is certain and the step no longer invertible.
_CERTAIN = 0.9
#: Products of channels until they mix, about, and seconds for an angle of a dense gate.
_POWERS, _TURN = 14, 2e-4


@dataclass(frozen=True)
class DetailedBalance:
    r"""Thermal state as the fixed point of a channel in KMS detailed balance.

    Thermal: the circuit knows H and beta. Each jump is a Pauli string A whose parts of Bohr
    frequency :math:`\nu = \beta (E_i - E_j)` are weighted,
    :math:`L = \sum_\nu q(\nu) e^{-\nu/4} A_\nu`, as in the Lindbladian of reference [1]. A step
    of length delta is the channel with Kraus operators :math:`\sqrt\delta L` and R, where R holds
    the coherent term and all its higher orders, so that the step is in detailed balance at any
    delta and not only as delta goes to zero [2]: the Gibbs state is the exact fixed point of each
    step. What is left is the error of mixing. Steps are repeated, all jumps in turn, until half
    the trace norm of :math:`T^N (\rho_0 - \rho)` is below ``error`` for any state rho; no
    Gibbs state is needed for that bound, and it is what is claimed.

    One step on n qubits and an ancilla in zero is, by the cosine-sine decomposition, two dense
    gates on the system and two multiplexed rotations; then the ancilla is reset. Where H is
    diagonal, or turned by a known basis, it is one multiplexed ry and cx back onto the system, and
    the channel is a Markov chain on the keys.

    The eigenbasis of H and the channel are computed densely: 8 * 16**n bytes a few times over, half
    of that where H is real, n up to about 6 (where H is diagonal 2**n by 2**n numbers, n up to
    about 8).

    Attributes:
        error: Claimed bound on the trace distance from the Gibbs state, between 0 and 1; the
            number of steps grows with its logarithm.
        jumps: Labels of Pauli strings, qubit 0 rightmost. None given: X, Y and Z at each site, or,
            where H is diagonal, all 2**n - 1 strings of X, which join each pair of keys, so that
            no barrier between them can slow the mixing.
        weights: ``"glauber"``, :math:`q = 1/\sqrt{\cosh(\nu/2)}`, or ``"gaussian"``,
            :math:`q = e^{-\nu^2/8}` [1], which is slow where energies lie far apart.
        step: Longest delta; 1/2 takes a jump between equal energies half of the time. Steps whose
            jumps would be certain are shortened.
        most_sweeps: Rounds through all jumps before giving up.

    Example:
        >>> from qcattn.models.spins import ising
        >>> prepared = DetailedBalance()(ising(2, field=1.2), beta=1.0)
        >>> prepared.kind, prepared.resources.qubits, bool(prepared.error < 0.01)
        ('thermal', 3, True)
        >>> prepared.distribution.round(2).tolist()
        [0.36, 0.14, 0.14, 0.36]

    References:
        [1] Z. Ding, B. Li and L. Lin, Commun. Math. Phys. 406, 67 (2025), arXiv:2404.05998.
        [2] A. Gilyen, C.-F. Chen, J. Doriguello and M. Kastoryano, arXiv:2405.20322.
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "any"
    batched: ClassVar[bool] = False
    every_state: ClassVar[bool] = True
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Ding, Li, Lin, arXiv:2404.05998"
    closer: ClassVar[str] = "a smaller `error`"

    error: float = 1e-2
    jumps: tuple[str, ...] = ()
    weights: Filter = "glauber"
    step: float = 0.5
    most_sweeps: int = 1000

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ValueError: If one of them is out of range.
        """
        for name in ("error", "step"):
            check_alpha(getattr(self, name), name)
        if self.weights not in ("glauber", "gaussian"):
            raise ValueError(f"`weights` must be 'glauber' or 'gaussian', but is {self.weights!r}")
        whole_number(self.most_sweeps, "most_sweeps")

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: One Hamiltonian with an energy for every basis state, shape ().
            beta: Inverse temperature, one positive number.

        Returns:
            Prepared of shape ().

        Raises:
            DoesNotFit: If the Hamiltonian has several rows, masked keys or padding, a label in
                ``jumps`` does not fit it, or ``most_sweeps`` are too few to come within ``error``.
            TooLarge: If the channel does not fit into memory.
            ValueError: If beta is not one positive, finite number.
        """
        check_fits(self, hamiltonian)
        one_beta = check_beta(beta)
        n = hamiltonian.num_qubits
        labels = self._labels(hamiltonian)
        if hamiltonian.off_diagonal is None:
            start = int(np.argmin(hamiltonian.diagonal()))
            steps, chain = self._on_keys(hamiltonian, one_beta, labels)
            channel = [chain]
        else:
            check_bytes(4 * 8 * 16**n, f"a dense channel on {n} qubits")
            announce("finding the steps of DetailedBalance", self.foreseen(hamiltonian))
            start = int(np.argmin(np.diagonal(hamiltonian.matrix).real))
            steps, channel = self._on_states(hamiltonian, one_beta, labels)
        sweeps, bound = self._mixing(channel, n)
        circuit = steps.circuit(sweeps, start, "detailed_balance")  # refused if there are too many
        state = np.zeros(len(channel[0]))
        state[start] = 1.0
        for _ in range(sweeps):
            state = channel[0] @ state
        return delivered(
            self,
            hamiltonian,
            circuit,
            distribution=steps.read(hamiltonian, state[: 2**n]),
            error=min(1.0, bound + steps.error(sweeps)),
        )

    def sweep(self, hamiltonian: Hamiltonian, beta: float) -> QuantumCircuit:
        """One round through all jumps, which keeps the Gibbs state; the ancilla ends in zero.

        Args:
            hamiltonian: One Hamiltonian that it takes, shape (), not turned by a basis.
            beta: Inverse temperature, positive.
        """
        on = self._on_keys if hamiltonian.off_diagonal is None else self._on_states
        return on(hamiltonian, beta, self._labels(hamiltonian))[0].single

    def foreseen(self, hamiltonian: Hamiltonian) -> Forecast:
        """The time that finding the steps takes; their number, and so the gates, is part of it.

        Args:
            hamiltonian: One Hamiltonian that it takes, shape ().
        """
        n = hamiltonian.num_qubits
        if hamiltonian.off_diagonal is None:
            powers, size = _POWERS * MULTIPLICATION * 8.0**n, 4 * 8 * 4**n
            return Forecast(powers + _TURN * 4.0**n, size)
        jumps = len(self._labels(hamiltonian))
        paulis = hamiltonian.off_diagonal.paulis
        is_real = not ((paulis.x & paulis.z).sum(axis=1) % 2).any()
        # Products of real matrices, and in two halves where H is real.
        powers = _POWERS * MULTIPLICATION * 64.0**n / (16 if is_real else 4)
        seconds = powers + jumps * (MULTIPLICATION * 32.0**n + _TURN * 4.0**n)
        return Forecast(seconds + eigen_seconds(hamiltonian), 4 * 8 * 16**n)

    def _labels(self, hamiltonian: Hamiltonian) -> tuple[str, ...]:
        return labels_of(hamiltonian, self.jumps, "XYZ", "jumps")

    def _on_keys(
        self, hamiltonian: Hamiltonian, beta: float, labels: tuple[str, ...]
    ) -> tuple[Repeated, np.ndarray]:
        """Gates, and the Markov chain of one sweep, shape (2**n, 2**n)."""

        def moved(gained: np.ndarray) -> np.ndarray:
            rates = weight(beta * gained, self.weights) ** 2
            share: np.ndarray = min(self.step, _CERTAIN / rates.max()) * rates
            return share

        return steps_on_keys(hamiltonian, labels, moved)

    def _on_states(
        self, hamiltonian: Hamiltonian, beta: float, labels: tuple[str, ...]
    ) -> tuple[Repeated, list[np.ndarray]]:
        """Gates, and the channel of one sweep in real matrices."""
        matrix = hamiltonian.matrix
        energies, vectors = np.linalg.eigh(matrix)
        nu, real = frequencies(energies, beta), not matrix.imag.any()
        pairs, krauses = [], []
        for number, label in enumerate(labels):
            tell(number, 2 * len(labels), "jumps")
            operator = vectors.conj().T @ Pauli(label).to_matrix() @ vectors
            taken = jump(operator, nu, self.weights)
            delta = min(self.step, _CERTAIN / float(np.linalg.norm(taken, 2)) ** 2)
            stays = staying(delta * taken.conj().T @ taken, nu)
            kept, moved = (vectors @ k @ vectors.conj().T for k in (stays, sqrt(delta) * taken))
            pairs.append((kept, moved))
            # Where H is real, a jump by strings with an odd number of Y is i times a real one.
            parts = [kept.real, moved.imag if label.count("Y") % 2 else moved.real]
            krauses.append(parts if real else [kept, moved])
        return steps_on_states(pairs), superoperators(krauses)

    def _mixing(self, channel: list[np.ndarray], num_qubits: int) -> tuple[int, float]:
        r"""Fewest sweeps that mix, and the bound on the error they leave.

        With B the channel where traces vanish, rho_0 - rho is turned into
        :math:`B^N (\rho_0 - \rho)`; its trace norm is at most :math:`\sqrt{2^n}` times its
        Frobenius norm, that of B^N at most its own, that of rho_0 - rho at most :math:`\sqrt2`.

        Args:
            channel: Real matrices that act beside one another; the first 2**n coordinates of the
                first one are a diagonal.
            num_qubits: The number of qubits n.
        """
        states = 2**num_qubits
        trace = np.zeros(len(channel[0]))
        trace[:states] = 1.0
        traceless = [channel[0] - np.outer(channel[0] @ trace, trace) / states, *channel[1:]]

        def bound(parts: list[np.ndarray]) -> float:
            return sqrt(states / 2) * float(np.linalg.norm([np.linalg.norm(one) for one in parts]))

        powers = [traceless]
        while bound(powers[-1]) > self.error:
            if 2 ** (len(powers) - 1) >= self.most_sweeps:
                raise DoesNotFit(
                    f"`most_sweeps` = {self.most_sweeps:,} does not mix the chain: the bound on "
                    f"the error is still {min(1.0, bound(powers[-1])):.2g}, above `error` = "
                    f"{self.error:g}; take more, a higher temperature, or `jumps` that join all "
                    "states"
                )
            tell(len(powers), 2 * _POWERS, "powers of the channel")
            powers.append([one @ one for one in powers[-1]])
        # The largest number of sweeps that is too small, one binary digit after the other.
        short, left = 0, [np.eye(len(one)) for one in traceless]
        for digit in reversed(range(len(powers) - 1)):
            tell(len(powers) - digit, len(powers), "powers of the channel")
            further = [one @ two for one, two in zip(left, powers[digit], strict=True)]
            if bound(further) > self.error:
                short, left = short + 2**digit, further
        return short + 1, bound([one @ two for one, two in zip(left, traceless, strict=True)])
