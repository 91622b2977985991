"""Ramsey's experiment on a qubit whose coherence falls with time, and its T2 from shots."""

from __future__ import annotations

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from scipy.special import chdtri, xlogy

from qcattn.evidence import Estimate
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared

__all__ = ["fitted_t2", "ramsey"]


def ramsey(ratios: np.ndarray) -> Prepared:
    r"""A qubit between two Hadamard gates that loses :math:`1 - e^{-t/T_2}` of its coherence.

    A second qubit takes it: it is turned by :math:`2\arccos e^{-t/T_2}` if the first reads one.

    Args:
        ratios: :math:`t/T_2`, shape (times,), 0 or more.

    Example:
        >>> ramsey(np.array([0.0, 1.0])).distribution.round(3).tolist()
        [[1.0, 0.0], [0.684, 0.316]]
    """
    kept = np.exp(-np.asarray(ratios, dtype=float))
    angle = Parameter("angle")
    system, taker = QuantumRegister(1, "system"), QuantumRegister(1, "taker")
    circuit = QuantumCircuit(system, taker, ClassicalRegister(1, "key"), name="Ramsey")
    circuit.h(system)
    circuit.ry(angle / 2, taker)
    circuit.cx(system, taker)
    circuit.ry(-angle / 2, taker)
    circuit.cx(system, taker)
    circuit.h(system)
    circuit.measure(system, circuit.cregs[0])
    law = np.stack([(1 + kept) / 2, (1 - kept) / 2], axis=-1)
    return as_prepared(circuit, law, values=2 * np.arccos(kept)[:, None])


def fitted_t2(times: np.ndarray, keys: np.ndarray, alpha: float) -> Estimate:
    """The T2 of largest likelihood, and the interval that Wilks's theorem gives.

    Args:
        times: Shape (times,).
        keys: Counts of zero and one at each, shape (times, 2).
        alpha: Probability that the interval misses, for many shots.
    """
    grid = np.geomspace(times[times > 0].min() / 50, 500 * times.max(), 8_000)
    kept = np.exp(-times / grid[:, None])
    zeros, ones = keys.T
    log = (xlogy(zeros, (1 + kept) / 2) + xlogy(ones, (1 - kept) / 2)).sum(axis=1)
    inside = grid[log >= log.max() - chdtri(1, alpha) / 2]
    return Estimate(float(grid[log.argmax()]), float(inside.min()), float(inside.max()))
