"""Chains that are read again and again: one long run in place of a new start for each shot.

What is drawn depends on what was drawn before, so it is compared by `fit_chains`, and its counts
say of themselves that they are not of independent shots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import UnitaryGate
from qiskit_aer import AerSimulator

from qcattn.arguments import check_alpha, check_beta, whole_number
from qcattn.backends.choosing import backend_of
from qcattn.chains.transitions import acceptances, worst_distance
from qcattn.comparisons import ChainFit, fit_chains
from qcattn.dense_state import outcome_distribution
from qcattn.errors import DoesNotFit
from qcattn.preparations.ckg import CKG
from qcattn.preparations.detailed_balance import DetailedBalance
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.gates import compiled
from qcattn.preparations.quantum_mcmc import (
    QuantumMCMC,
    append_move,
    energies_of_states,
    transition_of,
)
from qcattn.preparations.system_bath import SystemBath
from qcattn.progress import tell
from qcattn.records import (
    Counts,
    Hamiltonian,
    Prepared,
    Resources,
    check_bytes,
    every_reading,
    numbers_of,
)
from qcattn.seeds import entropy
from qcattn.thermal import boltzmann

__all__ = ["ChainReadings", "read_chains"]

#: How close the laws are that two starts lead to after burn-in, and the most sweeps tried for it.
_FORGOTTEN, _MOST_SWEEPS = 1e-2, 4096
#: Bytes of a chain beside its readings, and of a gate, about.
_CHAIN, _GATE = 64, 600
#: Moves of `QuantumMCMC` between two readings.
_MOVES = 4


@dataclass(frozen=True, eq=False)
class ChainReadings:
    """What was read of chains, and their exact law.

    Attributes:
        method: Name of the preparation.
        reads: ``"keys"``, or ``"levels"`` of H where it is not diagonal.
        readings: Shape (chains, reads), int64: the basis state, or the level from the lowest.
        transition: Probabilities from one reading to the next, exact, shape (states, states).
        law: What the chain keeps, shape (states,).
        target: The thermal law, shape (states,).
        start: Law of the first reading, shape (states,).
        burn_in: Sweeps before the first reading.
        sweep: Cost of a sweep, which lies between two readings.
        fit: The readings against the law.
    """

    method: str
    reads: str
    readings: NDArray[np.int64]
    transition: NDArray[np.float64]
    law: NDArray[np.float64]
    target: NDArray[np.float64]
    start: NDArray[np.float64]
    burn_in: int
    sweep: Resources
    fit: ChainFit

    @property
    def counts(self) -> Counts:
        """Readings of all chains, which comparisons of independent shots refuse."""
        counts = np.bincount(self.readings.ravel(), minlength=len(self.law))
        return Counts(counts, np.array(0), np.array(0), independent=False)

    @property
    def error(self) -> float:
        """The total variation between the law that the chain keeps and the thermal law."""
        return float(np.abs(self.law - self.target).sum() / 2)

    @property
    def gates(self) -> int:
        """The two-qubit gates of all chains, with their burn-in."""
        chains, reads = self.readings.shape
        return chains * (self.burn_in + reads - 1) * self.sweep.two_qubit_gates

    @property
    def gates_per_effective_shot(self) -> float:
        """The two-qubit gates that one effective independent shot takes."""
        return self.gates / self.fit.effective_shots

    def __str__(self) -> str:
        """Two lines."""
        return (
            f"{self.method}, {self.reads}: {self.fit}\n"
            f"{self.gates_per_effective_shot:,.0f} two-qubit gates an effective shot; what the "
            f"chain keeps is {self.error:.2g} from thermal"
        )


def read_chains(
    hamiltonian: Hamiltonian,
    method: CKG | DetailedBalance | SystemBath | QuantumMCMC,
    *,
    beta: float,
    chains: int = 16,
    reads: int = 100,
    seed: Any = None,
    backend: Any = None,
    alpha: float = 0.01,
) -> ChainReadings:
    r"""Read chains of a method again and again, and compare the readings with their exact law.

    `CKG`, `DetailedBalance` and `SystemBath` run one circuit: sweeps until any two starts lead to
    nearly one law (burn-in), then a reading of the whole system in its middle after each sweep
    [1, 2]. A shot is a chain. Reading tells the state, and so disturbs it: the coherences between
    what is read are lost. Where H is diagonal the thermal state has none, and the keys are read.
    Where it is not, the levels of H are: a unitary, found densely, turns its eigenbasis to the
    register and back, so that reading commutes with H and leaves its thermal state as it is. (Read
    in the computational basis, the state would have to mix anew each time.)

    `QuantumMCMC` works as in its paper [3]: each move is a job of one shot a chain, from the basis
    states that the chains are in, and Metropolis' coin is thrown classically; n qubits, no ancilla.
    Four moves, of the first gammas and times that it draws, lie between two readings.

    Args:
        hamiltonian: One Hamiltonian that the method takes, shape (), not turned by a basis.
        method: The method with its options; of `SystemBath` a sweep is all its cycles, so take few.
        beta: Inverse temperature, one positive number.
        chains: The number of independent chains.
        reads: The number of readings of each chain, 2 or more.
        seed: Anything `numpy.random.default_rng` takes.
        backend: Circuit to counts, of the moves of `QuantumMCMC`; `Aer` if None. The others run on
            Aer's statevector, since their readings lie within the circuit.
        alpha: Probability that a perfect sampler is said to differ.

    Returns:
        The readings, the exact transition matrix, and the verdict.

    Raises:
        DoesNotFit: If the method has no sweep, does not take the Hamiltonian, or does not mix.
        TooLarge: If so many readings do not fit into memory.
        ValueError: If a number is out of range.

    Example:
        >>> from qcattn.encodings import Binary
        >>> found = read_chains(
        ...     Binary()([0.3, 1.1, -0.4, 0.9]), DetailedBalance(), beta=1.0, reads=50, seed=1
        ... )
        >>> found.readings.shape, found.fit.standing, bool(found.error < 1e-9)
        ((16, 50), 'agrees', True)

    References:
        [1] arXiv:2602.12539.
        [2] arXiv:2603.21595.
        [3] D. Layden et al., Nature 619, 282 (2023), arXiv:2203.12497.
    """
    if not isinstance(method, CKG | DetailedBalance | SystemBath | QuantumMCMC):
        raise DoesNotFit(
            "`method` must be CKG, DetailedBalance, SystemBath or QuantumMCMC, whose sweeps can be "
            f"repeated, but is {method!r}"
        )
    check_fits(method, hamiltonian)
    one_beta, alpha = check_beta(beta), check_alpha(alpha)
    chains, reads = whole_number(chains, "chains"), whole_number(reads, "reads", least=2)
    if hamiltonian.basis is not None:
        raise DoesNotFit(
            "`hamiltonian` has a rotated basis, in which chains are not read; give the same one as "
            "an operator, `Hamiltonian.of(hamiltonian.matrix)`"
        )
    check_bytes(
        (_CHAIN + reads * (8 + 3 * hamiltonian.num_qubits)) * chains,
        f"{reads:,} `reads` of {chains:,} `chains`",
        "take fewer of them",
    )
    drawing, judging = np.random.SeedSequence(entropy(seed)).spawn(2)
    run: _Jobs | _Circuit
    if isinstance(method, QuantumMCMC):
        run = _Jobs(method, energies_of_states(hamiltonian), one_beta, backend)
    else:
        run = _Circuit(method, hamiltonian, one_beta)
    energies = run.energies
    start, law = int(np.argmin(energies)), _kept(run.transition, energies)
    burn_in = _burn_in(run.transition, np.isfinite(energies))
    readings = run(start, burn_in, chains, reads, drawing)
    first = np.linalg.matrix_power(run.transition, burn_in)[start]
    verdict = fit_chains(
        readings, law, transition=run.transition, start=first, alpha=alpha, seed=judging
    )
    reads_of = "keys" if hamiltonian.is_diagonal else "levels"
    target, cost = boltzmann(energies, one_beta), Resources.of(run.sweep)
    return ChainReadings(
        type(method).__name__, reads_of, readings, run.transition, law, target, first, burn_in,
        cost, verdict,
    )  # fmt: skip


class _Circuit:
    """A sweep as a circuit that ends with its ancillas in zero, and its transition matrix."""

    def __init__(
        self, method: CKG | DetailedBalance | SystemBath, hamiltonian: Hamiltonian, beta: float
    ) -> None:
        bare = method.sweep(hamiltonian, beta)
        n = hamiltonian.num_qubits
        self.energies, self.sweep = hamiltonian.diagonal(), bare
        if not hamiltonian.is_diagonal:
            self.energies, vectors = np.linalg.eigh(hamiltonian.matrix)
            there, back = QuantumCircuit(n), QuantumCircuit(n)
            there.append(UnitaryGate(vectors), range(n))
            back.append(UnitaryGate(vectors.conj().T), range(n))
            # From levels on the register to states, the sweep, and back.
            self.sweep = bare.copy_empty_like()
            self.sweep.compose(compiled(there), range(n), inplace=True)
            self.sweep.compose(bare, inplace=True)
            self.sweep.compose(compiled(back), range(n), inplace=True)
        self.transition = np.array([self._row(state, n) for state in range(2**n)])

    def _row(self, state: int, n: int) -> NDArray[np.float64]:
        """What a sweep makes of a basis state: exact, by dense linear algebra."""
        tell(state, 2**n, "transition matrix")
        circuit = _from(self.sweep, state, n)
        circuit.compose(self.sweep, inplace=True)
        circuit.measure(range(n), range(n))
        prepared = _prepared(circuit, np.zeros(0), n)
        row = np.maximum(outcome_distribution(prepared)[0], 0.0)
        return np.asarray(row / row.sum())

    def __call__(
        self, start: int, burn_in: int, chains: int, reads: int, seed: np.random.SeedSequence
    ) -> NDArray[np.int64]:
        n = len(self.energies).bit_length() - 1
        check_bytes(
            _GATE * len(self.sweep.data) * (burn_in + reads),
            f"a circuit of {burn_in:,} sweeps and {reads:,} `reads`",
            "take fewer `reads` of more `chains`",
        )
        circuit = _from(self.sweep, start, n)
        read = ClassicalRegister(n * reads, "readings")
        circuit.add_register(read)
        for _ in range(burn_in - 1):
            circuit.compose(self.sweep, inplace=True)
        for number in range(reads):
            circuit.compose(self.sweep, inplace=True)
            circuit.measure(range(n), read[n * number : n * (number + 1)])
        simulator = AerSimulator(method="statevector", device="CPU")
        number = int(seed.generate_state(1, np.uint32)[0] >> 1)
        job = simulator.run(circuit, shots=chains, memory=True, seed_simulator=number)
        texts = [text.split()[0] for text in job.result().get_memory()]
        bits = np.array([[int(bit) for bit in text[::-1]] for text in texts])
        return numbers_of(bits.reshape(chains, reads, n))


class _Jobs:
    """Moves of `QuantumMCMC`, each a job of one shot a chain, and a classical coin."""

    def __init__(
        self, method: QuantumMCMC, energies: NDArray[np.float64], beta: float, backend: Any
    ) -> None:
        n = len(energies).bit_length() - 1
        moves = method.moves(_MOVES)
        self.energies, self.backend = energies, backend_of(backend)
        self.accepted = acceptances(energies, beta)
        self.transition = np.linalg.multi_dot([transition_of(energies, m, beta) for m in moves])
        self.sweep, self.templates = QuantumCircuit(n), []
        for move in moves:
            append_move(self.sweep, energies, move)
            template, turns = QuantumCircuit(n, name="move"), ParameterVector("x", n)
            template.add_register(ClassicalRegister(n, "key"))
            for q in range(n):
                template.rx(turns[q], q)
            append_move(template, energies, move)
            template.measure(range(n), range(n))
            self.templates.append(template)

    def __call__(
        self, start: int, burn_in: int, chains: int, reads: int, seed: np.random.SeedSequence
    ) -> NDArray[np.int64]:
        n = self.sweep.num_qubits
        at, out, sweeps = np.full(chains, start), [], burn_in + reads - 1
        coins = np.random.default_rng(seed.spawn(1)[0])
        for number in range(sweeps):
            tell(number, sweeps, "sweeps")
            for template in self.templates:
                values = np.pi * every_reading(n)[at]
                counts = self.backend(_prepared(template, values, n), 1, seed.spawn(1)[0])
                proposed = counts.keys.argmax(axis=-1)
                at = np.where(coins.random(chains) < self.accepted[at, proposed], proposed, at)
            if number >= burn_in - 1:
                out.append(at)
        return np.asarray(np.transpose(out), dtype=np.int64)


def _from(sweep: QuantumCircuit, state: int, n: int) -> QuantumCircuit:
    """The registers of a sweep, the system in a basis state."""
    circuit = sweep.copy_empty_like()
    for q in range(n):
        if state >> q & 1:
            circuit.x(q)
    return circuit


def _prepared(circuit: QuantumCircuit, values: ArrayLike, n: int) -> Prepared:
    """A circuit as it is drawn: what it must give is known to the chain, not to this record."""
    shape = np.shape(values)[:-1]
    return Prepared(
        method="chain",
        kind="thermal",
        circuit=circuit,
        values=np.asarray(values, dtype=float),
        codewords=every_reading(n),
        key_register="key",
        herald_register=None,
        distribution=np.full((*shape, 2**n), np.nan),
        success=np.ones(shape),
        error=np.ones(shape),
    )


def _kept(transition: NDArray[np.float64], energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """The law that a chain keeps, where it can be at all."""
    allowed = np.isfinite(energies)
    inside = transition[np.ix_(allowed, allowed)]
    values, vectors = np.linalg.eig(inside.T)
    found = np.abs(np.real(vectors[:, np.argmax(np.real(values))]))
    law = np.zeros(len(energies))
    law[allowed] = found / found.sum()
    return law


def _burn_in(transition: NDArray[np.float64], allowed: NDArray[np.bool_]) -> int:
    """Fewest sweeps after which any two starts lead to nearly one law."""
    ahead = transition
    for number in range(1, _MOST_SWEEPS + 1):
        if worst_distance(ahead, allowed) <= _FORGOTTEN:
            return number
        ahead = ahead @ transition
    raise DoesNotFit(
        f"`beta` is so large that {_MOST_SWEEPS:,} sweeps do not forget their start; take a "
        "smaller one"
    )
