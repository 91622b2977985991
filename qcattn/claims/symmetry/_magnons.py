r"""One magnon on a Heisenberg ring, and its energies from measured correlations.

.. math:: H = J \sum_i \big(\tfrac14 - \vec S_i \cdot \vec S_{i+1}\big), \qquad
          \varepsilon(k) = 2 J S (1 - \cos k), \quad S = \tfrac12

The ring begins as :math:`(|0\ldots0\rangle + |1_0\rangle)/\sqrt2`, a vacuum of energy zero and one
flipped spin. Then :math:`\langle X_r + i Y_r\rangle` is the amplitude of the flipped spin at site
r, and its sum with :math:`e^{-ikr}` is :math:`e^{-i\varepsilon(k)t}` [1].

References:
    [1] F. Bloch, Z. Phys. 61, 206 (1930), for the dispersion.
"""

from __future__ import annotations

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.certification.intervals import mean
from qcattn.dense_state import outcome_distribution
from qcattn.evidence import Estimate
from qcattn.preparations.gates import compiled
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared, every_reading

__all__ = ["energies", "magnon_ring", "momenta"]


def momenta(sites: int) -> np.ndarray:
    """The momenta from 0 to pi, shape (sites // 2 + 1,)."""
    return 2 * np.pi * np.arange(sites // 2 + 1) / sites


def magnon_ring(sites: int, time: float, steps: int, axis: str) -> Prepared:
    """The ring after a time, every spin read along one axis.

    Args:
        sites: The number of sites, even.
        time: The time, in units of 1 / J.
        steps: The number of steps of Trotter's formula of second order.
        axis: The axis, X or Y.
    """
    system, key = QuantumRegister(sites, "system"), ClassicalRegister(sites, "key")
    circuit = QuantumCircuit(system, key, name=f"magnon along {axis}")
    circuit.h(system[0])
    even = [(i, i + 1) for i in range(0, sites, 2)]
    odd = [(i, (i + 1) % sites) for i in range(1, sites, 2)]
    angle = -time / steps / 2
    for step in range(steps + 1):
        _bonds(circuit, even, angle / 2 if step in (0, steps) else angle)
        if step < steps:
            _bonds(circuit, odd, angle)
    for q in range(sites):
        if axis == "Y":
            circuit.sdg(q)
        circuit.h(q)
    circuit.measure(system, key)
    circuit = compiled(circuit)
    law, _ = outcome_distribution(as_prepared(circuit, np.full(2**sites, np.nan)))
    return as_prepared(circuit, law)


def _bonds(circuit: QuantumCircuit, bonds: list[tuple[int, int]], angle: float) -> None:
    for pair in bonds:
        circuit.rxx(angle, *pair)
        circuit.ryy(angle, *pair)
        circuit.rzz(angle, *pair)


def energies(along_x: np.ndarray, along_y: np.ndarray, time: float, alpha: float) -> list[Estimate]:
    """The energy of each of `momenta`, in units of J, from shots along X and along Y.

    Args:
        along_x: Counts of all readings along X, shape (2**sites,).
        along_y: Counts of all readings along Y, shape (2**sites,).
        time: The time that has passed; no energy may have turned by more than half a circle.
        alpha: Probability that some interval misses, at most.
    """
    sites = along_x.size.bit_length() - 1
    spins = 1.0 - 2.0 * every_reading(sites)
    found = []
    for k in momenta(sites):
        cosines, sines = np.cos(k * np.arange(sites)), np.sin(k * np.arange(sites))
        part = alpha / (2 * (sites // 2 + 1))
        real = mean([(spins @ cosines, along_x), (spins @ sines, along_y)], part)
        imaginary = mean([(-spins @ sines, along_x), (spins @ cosines, along_y)], part)
        centre = complex(real.best, imaginary.best)
        reach = np.hypot(real.high - real.best, imaginary.high - imaginary.best)
        width = np.arcsin(min(1.0, reach / abs(centre))) / time
        best = -float(np.angle(centre)) / time
        found.append(Estimate(best, best - width, best + width))
    return found
