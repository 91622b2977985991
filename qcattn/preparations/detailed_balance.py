"""Steps in exact detailed balance with the Gibbs state, on one ancilla that is reset."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import UCRYGate, UCRZGate, UnitaryGate
from qiskit.quantum_info import Pauli
from scipy.linalg import schur

from qcattn.arguments import check_beta
from qcattn.dense_state import unitary
from qcattn.errors import DoesNotFit
from qcattn.forecast import Forecast, announce
from qcattn.preparations.basis import append_basis
from qcattn.preparations.channels import superoperators
from qcattn.preparations.costs import MULTIPLICATION, eigen_seconds
from qcattn.preparations.delivery import delivered
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.gates import compiled
from qcattn.preparations.lindblad import Filter, frequencies, jump, staying, weight
from qcattn.preparations.pauli_strings import labels_of
from qcattn.preparations.rotations import multiplexed_angles, multiplexed_rotation
from qcattn.progress import tell
from qcattn.records import Hamiltonian, Prepared, check_bytes

__all__ = ["DetailedBalance"]

#: The most that delta L+L may be: at 1 a jump is certain and the step no longer invertible.
_CERTAIN = 0.9
#: Products of channels until they mix, about, and seconds for an angle of a dense gate.
_POWERS, _TURN = 14, 2e-4
#: Bytes that a gate takes while a circuit is put together, about.
_GATE = 600


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
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be between 0 and 1, but is {getattr(self, name)}")
        if self.weights not in ("glauber", "gaussian"):
            raise ValueError(f"`weights` must be 'glauber' or 'gaussian', but is {self.weights!r}")
        if self.most_sweeps < 1:
            raise ValueError(f"`most_sweeps` must be 1 or more, but is {self.most_sweeps}")

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
            first, sweep, last, chain = self._on_keys(hamiltonian, one_beta, labels)
            channel, once, each = [chain], 0.0, 0.0
        else:
            check_bytes(4 * 8 * 16**n, f"a dense channel on {n} qubits")
            announce("finding the steps of DetailedBalance", self.foreseen(hamiltonian))
            start = int(np.argmin(np.diagonal(hamiltonian.matrix).real))
            first, sweep, last, channel, once, each = self._on_states(hamiltonian, one_beta, labels)
        sweeps, bound = self._mixing(channel, n)
        _check_gates(sweeps * len(sweep.data), n)
        circuit = _registers(n)
        for q in range(n):
            if start >> q & 1:
                circuit.x(q)
        for part in [first, *[sweep] * sweeps, last]:
            circuit.compose(part, inplace=True)
        circuit.measure(range(n), range(n))
        return delivered(
            self,
            hamiltonian,
            circuit,
            distribution=_outcomes(hamiltonian, channel, start, sweeps),
            error=min(1.0, bound + once + sweeps * each),
        )

    def foreseen(self, hamiltonian: Hamiltonian) -> Forecast:
        """What finding the steps takes; how many they are, and so the gates, is part of it.

        Args:
            hamiltonian: One that it takes, shape ().
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
    ) -> tuple[QuantumCircuit, QuantumCircuit, QuantumCircuit, np.ndarray]:
        """Parts of the circuit, and the Markov chain of one sweep, shape (2**n, 2**n)."""
        n, energies = hamiltonian.num_qubits, hamiltonian.diagonal()
        _check_gates(len(labels) * 2 ** (n + 1), n)
        check_bytes(4 * 8 * 4**n, f"the Markov chain on the keys of {n} qubits")
        keys = np.arange(2**n)
        sweep, chain = _registers(n), np.eye(2**n)
        for label in labels:
            flips = np.flatnonzero(Pauli(label).x)
            there = keys ^ (1 << flips).sum()
            rates = weight(beta * (energies[there] - energies), self.weights) ** 2
            moved = min(self.step, _CERTAIN / rates.max()) * rates
            turn = multiplexed_angles(2 * np.arcsin(np.sqrt(moved)))
            multiplexed_rotation(sweep, turn.tolist(), range(n), n)
            for q in flips:
                sweep.cx(n, int(q))
            sweep.reset(n)
            chain = (1 - moved)[:, None] * chain + (moved[:, None] * chain)[there]
        last = _registers(n)
        append_basis(last, hamiltonian, last.qregs[0])
        return _registers(n), sweep, last, chain

    def _on_states(
        self, hamiltonian: Hamiltonian, beta: float, labels: tuple[str, ...]
    ) -> tuple[QuantumCircuit, QuantumCircuit, QuantumCircuit, list[np.ndarray], float, float]:
        """Parts of the circuit, the channel of one sweep in real matrices, and defects of gates.

        The defects, of the first and last part together and of a sweep, are what the gates
        found for the dense unitaries may add to the trace distance.
        """
        n = hamiltonian.num_qubits
        matrix = hamiltonian.matrix
        energies, vectors = np.linalg.eigh(matrix)
        nu, real = frequencies(energies, beta), not matrix.imag.any()
        steps, krauses = [], []
        for number, label in enumerate(labels):
            tell(number, 2 * len(labels), "jumps")
            operator = vectors.conj().T @ Pauli(label).to_matrix() @ vectors
            taken = jump(operator, nu, self.weights)
            delta = min(self.step, _CERTAIN / float(np.linalg.norm(taken, 2)) ** 2)
            stays = staying(delta * taken.conj().T @ taken, nu)
            pair = [vectors @ k @ vectors.conj().T for k in (stays, sqrt(delta) * taken)]
            steps.append(_factors(*pair))
            # Where H is real, a jump by strings with an odd number of Y is i times a real one.
            parts = [pair[0].real, pair[1].imag if label.count("Y") % 2 else pair[1].real]
            krauses.append(parts if real else pair)
        befores = [step[0] for step in steps]
        sweep, each = _registers(n), 0.0
        for (_, turn, middle, phase, after), following in zip(
            steps, [*befores[1:], befores[0]], strict=True
        ):
            sweep.append(UCRYGate(turn.tolist()), [n, *range(n)])
            each += _append(sweep, middle)
            sweep.append(UCRZGate(phase.tolist()), [n, *range(n)])
            each += _append(sweep, following @ after)
            sweep.reset(n)
        first, last = _registers(n), _registers(n)
        once = _append(first, befores[0]) + _append(last, befores[0].conj().T)
        channel = superoperators(krauses)
        return compiled(first), compiled(sweep), compiled(last), channel, once, each

    def _mixing(self, channel: list[np.ndarray], num_qubits: int) -> tuple[int, float]:
        r"""Fewest sweeps that mix, and the bound on the error they leave.

        With B the channel where traces vanish, rho_0 - rho is turned into
        :math:`B^N (\rho_0 - \rho)`; its trace norm is at most :math:`\sqrt{2^n}` times its
        Frobenius norm, that of B^N at most its own, that of rho_0 - rho at most :math:`\sqrt2`.

        Args:
            channel: Real matrices that act beside one another; the first 2**n coordinates of the
                first one are a diagonal.
            num_qubits: n.
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
                    f"`most_sweeps` = {self.most_sweeps} do not mix: the bound on the error is "
                    f"still {min(1.0, bound(powers[-1])):.2g}, above `error` = {self.error:g}; "
                    "take more, a higher temperature, or `jumps` that join all states"
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


def _check_gates(gates: int, num_qubits: int) -> None:
    check_bytes(_GATE * gates, f"a circuit of {gates:,} gates on {num_qubits} qubits")


def _registers(num_qubits: int) -> QuantumCircuit:
    return QuantumCircuit(
        QuantumRegister(num_qubits, "system"),
        QuantumRegister(1, "ancilla"),
        ClassicalRegister(num_qubits, "key"),
        name="detailed_balance",
    )


def _append(circuit: QuantumCircuit, wanted: np.ndarray) -> float:
    """Append a dense gate on the system as cx and turns; how far they are from it, 2-norm."""
    n = circuit.num_qubits - 1
    bare = QuantumCircuit(n)
    bare.append(UnitaryGate(wanted), range(n))
    gates = compiled(bare)
    circuit.compose(gates, range(n), inplace=True)
    return float(np.linalg.norm(unitary(gates) - wanted, 2))


def _factors(stays: np.ndarray, jumps: np.ndarray) -> tuple[np.ndarray, ...]:
    """Cosine-sine decomposition of the isometry (stays, jumps), and of its second half again.

    Returns:
        ``before`` (N, N) on the system; the angles (N,) by which the ancilla is turned to one;
        ``middle``; the angles of its rz; ``after``. All of the system's in its basis states.
    """
    right, sines, before = np.linalg.svd(jumps)
    cosines = np.sqrt(1 - sines**2)
    left = stays @ before.conj().T / cosines
    # Zero keeps `left`, one has `right`: both are after * exp(+-i phase) * middle.
    triangle, after = schur(left @ right.conj().T, output="complex")
    phase = np.angle(np.diag(triangle)) / 2
    middle = np.exp(-1j * phase)[:, None] * (after.conj().T @ left)
    return before, 2 * np.arcsin(sines), middle, -2 * phase, after


def _outcomes(
    hamiltonian: Hamiltonian, channel: list[np.ndarray], start: int, sweeps: int
) -> np.ndarray:
    """What the keys are read as after so many sweeps, shape (2**n,)."""
    state = np.zeros(len(channel[0]))
    state[start] = 1.0
    for _ in range(sweeps):
        state = channel[0] @ state
    read = state[: 2**hamiltonian.num_qubits]
    if hamiltonian.basis is not None:
        read = hamiltonian.rotation**2 @ read
    return read[list(hamiltonian.basis_states)]
