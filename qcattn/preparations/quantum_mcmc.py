"""Metropolis' Markov chain whose moves are proposed by a quantum evolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.arguments import check_alpha, check_beta, whole_number
from qcattn.chains.proposals import problem_scale, quantum_proposal, trotter_steps
from qcattn.chains.transitions import acceptances, metropolis, worst_distance
from qcattn.errors import DoesNotFit
from qcattn.preparations.basis import append_basis
from qcattn.preparations.delivery import delivered
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.gates import compiled
from qcattn.preparations.rotations import multiplexed_angles, multiplexed_rotation
from qcattn.records import Hamiltonian, Prepared, check_bytes, walsh_hadamard
from qcattn.seeds import entropy

__all__ = ["Move", "QuantumMCMC", "append_move", "energies_of_states", "transition_of"]

#: The most steps that are drawn: for 16 keys a circuit of 50 million gates.
_MOST_STEPS = 100_000
#: Bytes that a gate takes while a circuit is put together, about.
_GATE = 600


class Move(NamedTuple):
    """One quantum proposal.

    Attributes:
        gamma: Share of the mixer.
        time: The time of the evolution, in units of 1/energy of the generator.
        steps: The number of Trotter steps.
    """

    gamma: float
    time: float
    steps: int


@dataclass(frozen=True)
class QuantumMCMC:
    r"""Thermal state by Metropolis' rule on moves that a quantum evolution proposes.

    Thermal: the circuit knows energies and beta; no weight and no Z is computed. From a basis state
    x the system evolves under :math:`(1 - \gamma) \alpha H + \gamma \sum_q X_q`, H against a mixer
    of the same size, for a time t, in Trotter steps that read the same backwards: then y is as
    likely from x as x from y (`qcattn.chains.proposals.quantum_proposal`), and y in place of x with
    probability :math:`\min(1, e^{-\beta (E_y - E_x)})` keeps the thermal law [1, 2]. Gamma and t
    are drawn for each step from ``seed``, uniformly, and are then part of the circuit.

    Here acceptance is part of the circuit too, so that a shot is a whole chain from a fixed start,
    and shots are independent of one another. The state before the move is copied into
    ``memory``; a multiplexed rotation turns ``coin`` with the probability of rejection for each
    pair of states, and three cx a qubit bring the old state back where it reads one. Both are then
    reset: 2n + 1 qubits. Phases do not matter to a basis state, so the first and the last half step
    of the problem are left out. (In the experiment of reference [1] each move is a circuit of its
    own and the coin is classical: the law is the same, a move takes n qubits and no multiplexer.
    `qcattn.read_chains` does that.)

    Steps are added until the laws that any two starts lead to are within ``error`` of each other.
    That bound on the error of mixing needs no thermal state, and it is what is claimed. It is found
    densely: 8 * 4**n bytes a few times over, and 4**n gates a step, n up to about 6.

    Attributes:
        error: Claimed bound on the trace distance from the Gibbs state, between 0 and 1.
        gammas: Range of gamma, within 0 and 1; [0.25, 0.6] in reference [1].
        times: Range of t; [2, 20] in reference [1]. Up to 16 keys the default mixes as quickly per
            step, in a quarter of the Trotter steps.
        seed: The seed of gamma and t; anything `numpy.random.default_rng` takes.
        most_steps: Steps before giving up, from 1 to 100,000.

    Example:
        >>> from qcattn.encodings import Binary
        >>> prepared = QuantumMCMC()(Binary()([0.3, 1.1, -0.4, float("-inf")]), beta=1.0)
        >>> prepared.kind, prepared.resources.qubits, bool(prepared.error < 0.01)
        ('thermal', 5, True)
        >>> prepared.distribution.round(2).tolist()  # softmax: 0.27, 0.6, 0.13, 0
        [0.27, 0.6, 0.13, 0.0]

    References:
        [1] D. Layden et al., Nature 619, 282 (2023), arXiv:2203.12497.
        [2] N. Metropolis et al., J. Chem. Phys. 21, 1087 (1953).
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "diagonal"
    batched: ClassVar[bool] = False
    every_state: ClassVar[bool] = False
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Layden et al., Nature 619, 282"

    error: float = 1e-2
    gammas: tuple[float, float] = (0.25, 0.6)
    times: tuple[float, float] = (1.0, 4.0)
    seed: Any = 0
    most_steps: int = 1000

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ValueError: If one of them is out of range.
        """
        check_alpha(self.error, "error")
        whole_number(
            self.most_steps,
            "most_steps",
            most=_MOST_STEPS,
            cure="a chain that does not mix in so many needs other `gammas` and `times`, or a "
            "higher temperature",
        )
        for name, most in (("gammas", 1.0), ("times", np.inf)):
            low, high = getattr(self, name)
            if not (0 < low <= high <= most and np.isfinite(high)):
                raise ValueError(
                    f"`{name}` must be two numbers above 0{' and up to 1' if most == 1 else ''}, "
                    f"the smaller one first, but is {getattr(self, name)}"
                )

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: One Hamiltonian that is diagonal, or turned by a known basis, shape ().
            beta: Inverse temperature, one positive number.

        Returns:
            Prepared of shape ().

        Raises:
            DoesNotFit: If the Hamiltonian has several rows or is not diagonal, or ``most_steps``
                are too few to come within ``error``.
            TooLarge: If the circuit does not fit into memory.
            ValueError: If beta is not one positive, finite number.
        """
        check_fits(self, hamiltonian)
        one_beta, n = check_beta(beta), hamiltonian.num_qubits
        check_bytes(_GATE * 4**n, f"a circuit of {4**n:,} gates a step on {2 * n + 1} qubits")
        energies = energies_of_states(hamiltonian)
        moves, chain, bound = self._mixing(energies, one_beta)
        check_bytes(
            _GATE * 2 * 4**n * len(moves), f"a chain of {len(moves)} steps on {2 * n + 1} qubits"
        )
        start = int(np.argmin(energies))
        system, memory = QuantumRegister(n, "system"), QuantumRegister(n, "memory")
        coin, key = QuantumRegister(1, "coin"), ClassicalRegister(n, "key")
        circuit = QuantumCircuit(system, memory, coin, key, name="quantum_mcmc")
        for q in range(n):
            if start >> q & 1:
                circuit.x(q)
        judge = _judge(energies, one_beta)
        for move in moves:
            circuit.cx(system, memory)
            append_move(circuit, energies, move)
            circuit.compose(judge, inplace=True)
            circuit.reset([*memory, *coin])
        append_basis(circuit, hamiltonian, system)
        circuit.measure(system, key)
        law = chain[start]
        if hamiltonian.basis is not None:
            law = hamiltonian.rotation**2 @ law
        read = law[list(hamiltonian.basis_states)]
        return delivered(self, hamiltonian, circuit, distribution=read, error=bound)

    def moves(self, number: int) -> list[Move]:
        """The first moves that are drawn from ``seed``.

        Args:
            number: The number of moves.

        Example:
            >>> one, other = QuantumMCMC(times=(2.0, 20.0)).moves(2)
            >>> round(one.time, 2), one.steps, one == QuantumMCMC(times=(2.0, 20.0)).moves(1)[0]
            (6.86, 9, True)
        """
        number = whole_number(number, "number", most=_MOST_STEPS, cure="draw no more than are used")
        drawn = np.random.default_rng(entropy(self.seed)).random((number, 2))
        lows, highs = np.transpose([self.gammas, self.times])
        found = (lows + (highs - lows) * drawn).tolist()
        return [Move(gamma, time, trotter_steps(time)) for gamma, time in found]

    def _mixing(self, energies: np.ndarray, beta: float) -> tuple[list[Move], np.ndarray, float]:
        """Fewest steps that mix, the transition matrix of all of them, and the bound."""
        allowed = np.isfinite(energies)
        chain, moves = np.eye(len(energies)), self.moves(self.most_steps)
        for number, move in enumerate(moves, start=1):
            chain = chain @ transition_of(energies, move, beta)
            bound = worst_distance(chain, allowed)
            if bound <= self.error:
                return moves[:number], chain, bound
        raise DoesNotFit(
            f"`most_steps` = {self.most_steps:,} does not mix the chain: two starts still lead to "
            f"laws {bound:.2g} apart, above `error` = {self.error:g}; take more, or a higher "
            "temperature"
        )


def energies_of_states(hamiltonian: Hamiltonian) -> np.ndarray:
    """The energies of all basis states, before U, (2**n,); ``inf`` where there is no key.

    Args:
        hamiltonian: One Hamiltonian without terms that are not diagonal.

    Example:
        >>> from qcattn.encodings import Binary
        >>> energies_of_states(Binary()([0.5, 1.0, 0.0]))
        array([-0.5, -1. , -0. ,  inf])
    """
    out = np.full(2**hamiltonian.num_qubits, np.inf)
    out[list(hamiltonian.basis_states)] = hamiltonian.energies
    return out


def transition_of(energies: np.ndarray, move: Move, beta: float) -> np.ndarray:
    """The transition matrix of one step of the chain, shape (2**n, 2**n).

    Args:
        energies: Energies of all basis states, ``inf`` where there is no key.
        move: The move that is proposed.
        beta: Inverse temperature.
    """
    proposal = quantum_proposal(_filled(energies), move.gamma, move.time, steps=move.steps)
    return metropolis(proposal, energies, beta)


def append_move(circuit: QuantumCircuit, energies: np.ndarray, move: Move) -> None:
    """Append the evolution of a proposal on the first n qubits, which are in a basis state.

    Args:
        circuit: A circuit on n qubits or more.
        energies: Energies of all basis states, ``inf`` where there is no key.
        move: The move that is proposed.

    Example:
        >>> circuit = QuantumCircuit(2)
        >>> append_move(circuit, np.array([0.0, 1.0, 2.0, 0.5]), Move(0.5, 1.6, 2))
        >>> dict(circuit.count_ops())
        {'rx': 4, 'rz': 3, 'cx': 2}
    """
    levels = _filled(energies)
    n, step = len(levels).bit_length() - 1, move.time / move.steps
    weights = walsh_hadamard(levels) / len(levels)
    turns = 2 * step * (1 - move.gamma) * problem_scale(levels) * weights
    for number in range(move.steps):
        if number:
            _append_phases(circuit, turns)
        for q in range(n):
            circuit.rx(2 * step * move.gamma, q)


def _append_phases(circuit: QuantumCircuit, turns: np.ndarray) -> None:
    """Append rz(turns[z]) on the parity of each set z of qubits, in Gray's order: 2**n - 2 cx."""
    for target in range(len(turns).bit_length() - 1):
        size = 1 << target
        for step in range(size):
            circuit.rz(float(turns[size + (step ^ (step >> 1))]), target)
            if target:
                rung = ((step + 1) & -(step + 1)).bit_length() - 1
                circuit.cx(min(rung, target - 1), target)


def _judge(energies: np.ndarray, beta: float) -> QuantumCircuit:
    """What makes of y in ``system`` and x in ``memory`` the state after Metropolis' rule."""
    size = len(energies)
    n = size.bit_length() - 1
    out = QuantumCircuit(2 * n + 1)
    for q in range(n):
        out.cx(q, n + q)  # what differs
    pairs = np.arange(size**2)
    proposed, differs = pairs % size, pairs // size
    rejected = 1 - acceptances(energies, beta)[proposed ^ differs, proposed]
    turns = multiplexed_angles(2 * np.arcsin(np.sqrt(rejected)))
    multiplexed_rotation(out, turns.tolist(), range(2 * n), 2 * n)
    back = QuantumCircuit(2 * n + 1)
    for q in range(n):
        back.rccx(2 * n, n + q, q)  # up to phases of what is then reset
    return out.compose(compiled(back))


def _filled(energies: np.ndarray) -> np.ndarray:
    """States that are no keys evolve too, at the mean energy of those that are."""
    finite = np.isfinite(energies)
    return np.where(finite, energies, energies[finite].mean())
