r"""The quantum walk of a Metropolis chain that flips one spin, qubitised, and its stationary state.

A lift puts a state x beside all its moves m and a coin that says whether a move is accepted:

.. math:: B|x, 0, 0\rangle = |x\rangle \tfrac1{\sqrt n} \sum_m |m\rangle
    \left(\sqrt{A_{xm}}\,|1\rangle + \sqrt{1 - A_{xm}}\,|0\rangle\right), \qquad
    A_{xm} = \min(1, e^{-\beta(E_{x \oplus m} - E_x)}).

Let :math:`\Pi` project on all lifted states and S flip spin m where the coin is 1. Between lifted
states S is the symmetric matrix :math:`\sqrt{P_{xy} P_{yx}}` of the chain P, so that in the walk
:math:`W = (2\Pi - 1) S` an eigenvalue :math:`\cos\theta` of P becomes the two phases
:math:`\pm\theta`, and the lifted :math:`\sum_x \sqrt{\pi_x}|x\rangle` has phase 0 [1]. But so has
every state that S turns over and that no lifted state overlaps: phase 0 is degenerate, and a
phase estimation from a state that is not lifted keeps them too. The penalised walk

.. math:: V = \left(\Pi + e^{i\varphi}(1 - \Pi)\right) W

gives everything outside the lifted states a phase of its own [2], and 0 is the stationary state
alone. In gates it is the same circuit with other angles.

References:
    [1] B. Claudon et al., arXiv:2506.11576.
    [2] M. Carrasco-Arango, R. Badia and A. Garcia-Saez, arXiv:2604.15179.
"""

from __future__ import annotations

from math import log2, pi

import numpy as np
from numpy.typing import ArrayLike, NDArray
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import PhaseGate, UCRYGate, XGate

from qcattn.arguments import check_beta, real_array, whole_number
from qcattn.plurals import plural

__all__ = ["filtered_walk", "quantum_walk"]

#: The most qubits of the phase: its walk, of 65,536 steps, is still a circuit that can be held.
_MOST_PHASES = 16


def quantum_walk(
    energies: ArrayLike, beta: float, *, penalty: float = 0.0, control: bool = False
) -> QuantumCircuit:
    r"""One step V of the walk, on registers ``system``, ``move`` and ``coin``.

    Args:
        energies: Energies of n spins, n = 2, 4, 8 ..., finite, shape (2**n,), in units of k_B T at
            beta = 1.
        beta: Inverse temperature, positive.
        penalty: Angle :math:`\varphi`, radians; 0 is the walk W without it.
        control: Whether a qubit ``phase`` in front of the others turns the step on.

    Raises:
        ValueError: If the energies are not those of so many spins, or beta or the penalty is no
            finite number, beta positive.

    Example:
        >>> walk = quantum_walk([0.0, 1.0, 1.0, 0.5], 1.0)
        >>> [(register.name, register.size) for register in walk.qregs]
        [('system', 2), ('move', 1), ('coin', 1)]
    """
    levels, n, moves = _spins(energies)
    angle = float(real_array(penalty, "penalty"))
    if not np.isfinite(angle):
        raise ValueError(f"`penalty` must be an angle in radians, finite, but is {penalty}")
    front = [QuantumRegister(1, "phase")] if control else []
    circuit = QuantumCircuit(
        *front, QuantumRegister(n, "system"), QuantumRegister(moves, "move"),
        QuantumRegister(1, "coin"), name="walk",
    )  # fmt: skip
    controls = list(range(len(front)))
    system = [len(front) + q for q in range(n)]
    move = [len(front) + n + q for q in range(moves)]
    coin = len(front) + n + moves
    for m in range(n):
        on = XGate().control(len(controls) + moves + 1, ctrl_state=_on(m, moves, len(controls)))
        circuit.append(on, [*controls, *move, coin, system[m]])
    lift = _lift(levels, n, moves, check_beta(beta))
    lifted = [*system, *move, coin]
    # Pi - e^{i phi} (1 - Pi) = -e^{i phi} (1 + (e^{i chi} - 1) Pi), with e^{i chi} = -e^{-i phi}.
    circuit.compose(lift.inverse(), lifted, inplace=True)
    circuit.x(coin)
    zero = PhaseGate(pi - angle).control(len(controls) + moves, ctrl_state=2 ** len(controls) - 1)
    circuit.append(zero, [*controls, *move, coin])
    circuit.x(coin)
    circuit.compose(lift, lifted, inplace=True)
    if control:
        circuit.p(pi + angle, 0)
    else:
        circuit.global_phase += pi + angle
    return circuit


def filtered_walk(
    energies: ArrayLike,
    beta: float,
    *,
    phases: int,
    penalty: float = 0.3,
    start: int = 0,
    lifted: bool = False,
) -> QuantumCircuit:
    r"""Phase estimation of the walk, read into the registers ``phase`` and ``key``.

    Where ``phase`` reads 0, ``key`` reads the stationary law, up to what
    :math:`2^{-r}\sum_k V^k` leaves of other phases.

    Args:
        energies: Energies, as for `quantum_walk`.
        beta: Inverse temperature, positive.
        phases: Qubits r of the phase, from 1 to 16.
        penalty: The angle of the penalty, as for `quantum_walk`. Phases other than 0 come nearer to
            it as it grows, and so do those outside as it falls.
        start: State of the spins in front of the walk.
        lifted: Whether it is lifted, which leaves no part of it outside. If not, the move is 0 and
            the coin 1, so that nothing of the chain is needed.

    Raises:
        ValueError: If `quantum_walk` raises it, ``phases`` is out of range, or there is no such
            ``start``.

    Example:
        >>> circuit = filtered_walk([0.0, 1.0, 1.0, 0.5], 1.0, phases=3)
        >>> circuit.num_qubits, circuit.num_clbits
        (7, 5)
    """
    levels, n, moves = _spins(energies)
    r = whole_number(
        phases, "phases", most=_MOST_PHASES, cure="the walk is repeated 2**phases times"
    )
    circuit = QuantumCircuit(
        QuantumRegister(r, "phase"), QuantumRegister(n, "system"), QuantumRegister(moves, "move"),
        QuantumRegister(1, "coin"), ClassicalRegister(r, "phase"), ClassicalRegister(n, "key"),
        name="filtered_walk",
    )  # fmt: skip
    rest = list(range(r, r + n + moves + 1))
    place = whole_number(start, "start", least=0)
    if place >= 2**n:
        raise ValueError(f"`start` must be below {2**n} for {plural(n, 'spin')}, but is {place}")
    for q in range(n):
        if place >> q & 1:
            circuit.x(rest[q])
    if lifted:
        circuit.compose(_lift(levels, n, moves, check_beta(beta)), rest, inplace=True)
    else:
        circuit.x(rest[-1])
    circuit.h(range(r))
    step = quantum_walk(levels, beta, penalty=penalty, control=True)
    for j in range(r):
        for _ in range(2**j):
            circuit.compose(step, [j, *rest], inplace=True)
    # Phase 0 alone is told from all others, for which Hadamard gates do as well as a Fourier one.
    circuit.h(range(r))
    circuit.measure(range(r), range(r))
    circuit.measure(rest[:n], range(r, r + n))
    return circuit


def _spins(energies: ArrayLike) -> tuple[NDArray[np.float64], int, int]:
    """Energies, spins and qubits that name a spin."""
    levels = real_array(energies, "energies")
    n = int(log2(levels.size)) if levels.ndim == 1 and levels.size > 1 else 0
    moves = int(log2(n)) if n else 0
    if not moves or levels.size != 2**n or n != 2**moves or not np.isfinite(levels).all():
        raise ValueError(
            f"`energies` must be finite, one for each state of 2, 4, 8 ... spins (4, 16, 256 ... "
            f"of them), but has the shape {np.shape(energies)}"
            f"{'' if np.isfinite(levels).all() else ' and holds others'}"
        )
    return levels, n, moves


def _lift(levels: NDArray[np.float64], n: int, moves: int, beta: float) -> QuantumCircuit:
    """B, on the qubits of system, move and coin."""
    circuit = QuantumCircuit(n + moves + 1)
    states = np.arange(2**n)
    there = np.array([states ^ (1 << m) for m in range(n)])
    accepted = np.exp(-beta * np.maximum(levels[there] - levels, 0.0))
    circuit.h(range(n, n + moves))
    angles = 2 * np.arcsin(np.sqrt(accepted)).ravel()
    circuit.append(UCRYGate(angles.tolist()), [n + moves, *range(n + moves)])
    return circuit


def _on(move: int, moves: int, controls: int) -> int:
    """State of controls, move and coin, in this order, in which a spin is flipped."""
    return (1 << controls + moves) | move << controls | (1 << controls) - 1
