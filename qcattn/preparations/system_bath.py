"""A bath of one qubit, coupled by pulses at one frequency after another and reset in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import Pauli

from qcattn.arguments import check_beta, check_positive, whole_number
from qcattn.forecast import Forecast, announce
from qcattn.machine import memory_bytes
from qcattn.preparations.basis import append_basis
from qcattn.preparations.bath import bath_shares, cycle_unitary, flip_probability
from qcattn.preparations.delivery import delivered, with_true_error
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.gates import compiled
from qcattn.preparations.pauli_strings import labels_of
from qcattn.preparations.reference import populations
from qcattn.progress import tell
from qcattn.records import Hamiltonian, Prepared, check_bytes, walsh_hadamard
from qcattn.seeds import entropy

__all__ = ["SystemBath"]

#: Fractional part of the golden ratio: multiples of it fill an interval evenly.
_GOLDEN = (sqrt(5) - 1) / 2
#: Seconds that a gate takes: appended, compiled and evolved, and for each number of the state.
_APPENDED, _EVOLVED, _NUMBER = 5e-6, 1.2e-5, 1e-8
#: Bytes that a gate takes while a circuit is built and compiled, about.
_GATE = 1000


@dataclass(frozen=True)
class SystemBath:
    r"""Thermal state by coupling the system to one thermal qubit again and again.

    Thermal: the circuit knows H and beta, and the only populations it prepares are those of the
    bath's own two levels. A cycle evolves system and bath under

    .. math:: H + H_E + \frac{a}{\sqrt\sigma} f(t) A \otimes X, \quad H_E = -\omega Z / 2,
        \quad f(t) = (2 \pi \sigma^2)^{-1/4} e^{-t^2 / 4 \sigma^2},

    in second-order Trotter steps from -5 sigma to 5 sigma, and resets the bath [1, 2]. A is a
    Pauli string, each of ``couplings`` in turn. No quantity may commute with H and all of them, or
    it keeps its value for ever: by default they are X, Y and Z at each site, with which nothing but
    a number commutes. All times follow the spectrum of H, so that beta H alone decides what comes
    out, and not the units of energy. Three things bring the fixed point closer than a
    random draw of the same cycles does:

    - A pulse of finite width drives transitions beside omega too, by a line of standard deviation
      s = 1/(2 sigma). Smeared so, the Boltzmann ratio of the bath would be off by an amount of
      order beta s; its populations and the coupling are chosen such that the smeared rates, the
      integral over omega, are those of temperature 1/beta exactly.
    - The frequencies are not independent: they follow multiples of the golden ratio from a random
      start, there and back between zero and the largest energy difference of H.
    - The coupling a falls linearly to zero, so that the last cycles leave no trace of their own.

    The system starts maximally mixed. After a cycle it evolves alone for a random time, so that
    what cycles do to coherences does not add up.

    Starts and times are drawn from ``seed`` and are then part of the circuit: it has no other
    randomness. The bath's mixture is half of a pair with a qubit ``partner`` that is reset too:
    n + 2 qubits. The evolution of a cycle is one dense gate of n + 1 qubits (19, 95, 423 cx for n
    = 2, 3, 4), found by diagonalising H. Where H is diagonal, or turned by a known basis, it is
    one multiplexed ry, which is the same but for phases that nothing depends on.

    ``error`` of what is prepared is the true trace distance of the circuit's state, computed
    densely beside the circuit. Where H is not diagonal that takes seconds for n = 3, half
    a minute for n = 4, and ten times as long for each further qubit.

    Attributes:
        cycles: Cycles for each of the couplings, 1 or more; None takes 50, and 100 where H is
            diagonal.
        strength: The largest coupling a of the first cycles, dimensionless.
        width: Width sigma of the pulses in time, in units of 1/energy; None for 16 / (largest
            energy - lowest energy).
        couplings: Labels of Pauli strings, qubit 0 rightmost. None given: X, Y and Z at each site,
            or, where H is diagonal, all 2**n - 1 strings of X, which join each pair of keys.
        step: Longest Trotter step, in widths of the pulse; shorter where H has frequencies
            that it would not resolve.
        seed: The seed of the random starts and times; anything `numpy.random.default_rng` takes.

    Example:
        >>> from qcattn.models.spins import ising
        >>> prepared = SystemBath(cycles=30)(ising(2, field=1.2), beta=0.5)
        >>> prepared.kind, prepared.resources.qubits, bool(prepared.error < 0.03)
        ('thermal', 4, True)

    References:
        [1] Z. Ding, Y. Zhan, J. Preskill and L. Lin, arXiv:2508.05703.
        [2] arXiv:2512.03457.
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "any"
    batched: ClassVar[bool] = False
    every_state: ClassVar[bool] = True
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Ding et al., arXiv:2508.05703"
    closer: ClassVar[str] = "more `cycles`, or `couplings` that leave nothing conserved"

    cycles: int | None = None
    strength: float = 1.0
    width: float | None = None
    couplings: tuple[str, ...] = ()
    step: float = 0.125
    seed: Any = 0

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ValueError: If one of them is out of range.
        """
        if self.cycles is not None:
            whole_number(self.cycles, "cycles")
        for name in ("strength", "width", "step"):
            value = getattr(self, name)
            if value is not None:
                check_positive(value, name)

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: One Hamiltonian with an energy for every basis state, shape ().
            beta: Inverse temperature, one positive number.

        Returns:
            Prepared of shape ().

        Raises:
            DoesNotFit: If the Hamiltonian has several rows, masked keys or padding, or a label in
                ``couplings`` does not fit it.
            TooLarge: If a dense gate on n + 1 qubits does not fit into memory.
            ValueError: If beta is not one positive, finite number.
        """
        check_fits(self, hamiltonian)
        one_beta = check_beta(beta)
        n = hamiltonian.num_qubits
        labels = self._labels(hamiltonian)
        foreseen = self.foreseen(hamiltonian)
        width = n if hamiltonian.off_diagonal is None else n + 1
        cycles = self._cycles(hamiltonian)
        fitting = memory_bytes() // 2 * cycles // foreseen.bytes
        check_bytes(
            foreseen.bytes,
            f"a circuit of {cycles:,} `cycles`, {foreseen.gates:,} gates on {width} qubits,",
            f"take at most {fitting:,} `cycles`, or fewer qubits"
            if fitting
            else "take fewer qubits",
        )
        announce("finding the circuit of SystemBath and its exact state", foreseen)
        circuit = _registers(n)
        for q in range(n):
            circuit.h(n)
            circuit.cx(n, q)
            circuit.reset(n)
        if hamiltonian.off_diagonal is None:
            keys = self._on_keys(circuit, hamiltonian, one_beta, labels)
            exact = populations(replace(hamiltonian, basis=None), one_beta)
            error = np.abs(keys - exact).sum() / 2
            read = keys if hamiltonian.basis is None else hamiltonian.rotation**2 @ keys
            circuit.measure(range(n), range(n))
            distribution = read[list(hamiltonian.basis_states)]
            return delivered(self, hamiltonian, circuit, distribution=distribution, error=error)
        self._on_states(circuit, hamiltonian, one_beta, labels)
        circuit.measure(range(n), range(n))
        return with_true_error(
            delivered(self, hamiltonian, compiled(circuit)), hamiltonian, one_beta
        )

    def sweep(self, hamiltonian: Hamiltonian, beta: float) -> QuantumCircuit:
        """The circuit of all cycles once, from the present state; bath and partner end in zero.

        The coupling falls to zero within each sweep, so that its end leaves no trace of its own.

        Args:
            hamiltonian: One Hamiltonian that it takes, shape (), not turned by a basis.
            beta: Inverse temperature, positive.
        """
        circuit, labels = _registers(hamiltonian.num_qubits), self._labels(hamiltonian)
        if hamiltonian.off_diagonal is None:
            self._on_keys(circuit, hamiltonian, beta, labels)
            return circuit
        self._on_states(circuit, hamiltonian, beta, labels)
        return compiled(circuit)

    def foreseen(self, hamiltonian: Hamiltonian) -> Forecast:
        """The time that finding the circuit and its exact state takes, from the number of gates.

        Args:
            hamiltonian: One Hamiltonian, shape ().

        Raises:
            DoesNotFit: If a label in ``couplings`` does not fit it.
        """
        n = hamiltonian.num_qubits
        dense = hamiltonian.off_diagonal is not None
        # Of a dense gate on n + 1 qubits: cx as Qiskit decomposes it, and turns beside them.
        each = 4.7 * (23 / 48) * 4 ** (n + 1) if dense else 2.0 ** (n + 2)
        gates = int(self._cycles(hamiltonian) * len(self._labels(hamiltonian)) * each)
        seconds = gates * (_EVOLVED + _NUMBER * 4.0**n if dense else _APPENDED)
        return Forecast(seconds, _GATE * gates, gates)

    def _labels(self, hamiltonian: Hamiltonian) -> tuple[str, ...]:
        return labels_of(hamiltonian, self.couplings, "XYZ", "couplings")

    def _cycles(self, hamiltonian: Hamiltonian) -> int:
        if self.cycles is not None:
            return self.cycles
        return 100 if hamiltonian.off_diagonal is None else 50

    def _schedule(
        self, spread: float, beta: float, couplings: int, cycles: int
    ) -> tuple[float, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Width, and for each cycle frequency, excited share of the bath, coupling and wait."""
        width = self.width
        if width is None:
            width = 16 / spread if spread else 1.0  # equal energies are thermal from the start
        rng = np.random.default_rng(entropy(self.seed))
        starts = rng.random(couplings)
        total = cycles * couplings
        waits = 4 * width * rng.random(total)
        rounds, turn = np.divmod(np.arange(total), couplings)
        there_and_back = 1 - np.abs(2 * ((starts[turn] + _GOLDEN * rounds) % 1) - 1)
        frequencies = (spread + 2.5 / (2 * width)) * there_and_back
        excited, logs = bath_shares(frequencies, beta, width)
        fall = 1 - (np.arange(total) + 0.5) / total
        strengths = self.strength / sqrt(width) * fall * np.exp((logs - logs.max()) / 2)
        return width, frequencies, excited, strengths, waits

    def _on_keys(
        self,
        circuit: QuantumCircuit,
        hamiltonian: Hamiltonian,
        beta: float,
        labels: tuple[str, ...],
    ) -> np.ndarray:
        """Append the cycles; the populations they lead to, before U, shape (2**n,)."""
        n, energies = hamiltonian.num_qubits, hamiltonian.diagonal()
        cycles = self._cycles(hamiltonian)
        keys, spread = np.arange(2**n), float(np.ptp(energies))
        width, frequencies, excited, strengths, _ = self._schedule(
            spread, beta, len(labels), cycles
        )
        state = np.full(2**n, 2.0**-n)
        for cycle, (omega, share, strength) in enumerate(
            zip(frequencies, excited, strengths, strict=True)
        ):
            flips = np.flatnonzero(Pauli(labels[cycle % len(labels)]).x).tolist()
            if not flips:
                continue
            tell(cycle, cycles * len(labels), "cycles")
            there = keys ^ sum(1 << q for q in flips)
            gained = energies[there] - energies
            detuned = np.stack([gained + omega, gained - omega])
            moved = flip_probability(detuned, strength, width, self._step(width, spread + omega))
            # moved[i, b]: of basis state b beside a bath in i.
            _append_flip(circuit, moved, flips, share)
            rates = (1 - share) * moved[0] + share * moved[1]
            state = (1 - rates) * state + (rates * state)[there]
        append_basis(circuit, hamiltonian, circuit.qregs[0])
        return state

    def _on_states(
        self,
        circuit: QuantumCircuit,
        hamiltonian: Hamiltonian,
        beta: float,
        labels: tuple[str, ...],
    ) -> None:
        """Append the cycles, each one dense gate."""
        n = hamiltonian.num_qubits
        cycles = self._cycles(hamiltonian)
        energies, vectors = np.linalg.eigh(hamiltonian.matrix)
        spread = float(energies[-1] - energies[0])
        operators = [vectors.conj().T @ Pauli(x).to_matrix() @ vectors for x in labels]
        both = np.kron(np.eye(2), vectors)
        width, *schedule = self._schedule(spread, beta, len(labels), cycles)
        for cycle, (omega, share, strength, wait) in enumerate(zip(*schedule, strict=True)):
            tell(cycle, cycles * len(labels), "cycles")
            operator, step = operators[cycle % len(labels)], self._step(width, spread + omega)
            evolution = cycle_unitary(energies, operator, omega, strength, width, step)
            evolution = np.exp(-1j * wait * np.tile(energies, 2))[:, None] * evolution
            _append_bath(circuit, share)
            circuit.append(UnitaryGate(both @ evolution @ both.conj().T), range(n + 1))
            circuit.reset([n, n + 1])

    def _step(self, width: float, fastest: float) -> float:
        return min(self.step * width, 4 / fastest)


def _registers(num_qubits: int) -> QuantumCircuit:
    return QuantumCircuit(
        QuantumRegister(num_qubits, "system"),
        QuantumRegister(1, "bath"),
        QuantumRegister(1, "partner"),
        ClassicalRegister(num_qubits, "key"),
        name="system_bath",
    )


def _append_bath(circuit: QuantumCircuit, excited: float) -> None:
    """A share of the bath is excited: half of a pair with the partner."""
    bath, partner = circuit.num_qubits - 2, circuit.num_qubits - 1
    circuit.ry(2 * np.arcsin(sqrt(excited)), partner)
    circuit.cx(partner, bath)


def _append_flip(
    circuit: QuantumCircuit, moved: np.ndarray, flips: list[int], excited: float
) -> None:
    """A cycle on a diagonal H: qubits ``flips`` and the bath turn over with given probabilities.

    Both turn over together. With the parity of the first of these qubits and each other one, and
    the bath, in place of those, only the first one is left to turn.
    """
    bath, first = circuit.num_qubits - 2, flips[0]
    others = [q for q in range(bath) if q != first]
    _append_bath(circuit, excited)
    for q in [*flips[1:], bath]:
        circuit.cx(first, q)
    # Read with the first one in zero, the parities are the qubits themselves.
    states = np.arange(2 ** len(others))
    places = sum(((states >> i) & 1) << q for i, q in enumerate(others))
    controls = [*others, bath]
    angles = 2 * np.arcsin(np.sqrt(moved[:, places].ravel()))
    # The ladder of Moettoenen et al., Phys. Rev. Lett. 93, 130502 (2004), figure 2.
    steps = np.arange(angles.size)
    angles = walsh_hadamard(angles)[steps ^ (steps >> 1)] / angles.size
    for step, angle in enumerate(angles.tolist(), start=1):
        circuit.ry(angle, first)
        rung = (step & -step).bit_length() - 1
        circuit.cx(controls[min(rung, len(controls) - 1)], first)
    for q in [bath, *flips[:0:-1]]:
        circuit.cx(first, q)
    circuit.reset([bath, bath + 1])
