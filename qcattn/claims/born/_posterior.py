"""A prior on circuits, updated by heralded likelihoods: the kept shots read the posterior."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.encodings import Binary
from qcattn.preparations.amplitudes import amplitude_angles, append_amplitudes
from qcattn.preparations.heralded import append_herald, herald_angles
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared

__all__ = ["posterior", "updated"]


def updated(prior: np.ndarray, updates: Sequence[np.ndarray], *, angle: float = 0.0) -> Prepared:
    """Update a prior once for each of several rows of scores; the kept shots read the posterior.

    Args:
        prior: Probabilities, shape (2**n,).
        updates: Scores of each update, shape (2**n,).
        angle: The angle by which the basis of each update is turned from the one before, radians.

    Returns:
        Prepared of shape (); its distribution is the posterior and its success the evidence for
        ``angle=0``, whatever the angle.

    Example:
        >>> found = updated(np.array([0.5, 0.5]), [np.log([1.0, 3.0])])
        >>> found.distribution.round(6).tolist(), float(found.success.round(4))
        ([0.25, 0.75], 0.6667)
    """
    keys = Binary()(prior)  # for its codewords alone
    n = keys.num_qubits
    system, partner = QuantumRegister(n, "system"), QuantumRegister(n, "partner")
    ancillas = QuantumRegister(len(updates), "ancillas")
    key, herald = ClassicalRegister(n, "key"), ClassicalRegister(len(updates), "herald")
    circuit = QuantumCircuit(system, partner, ancillas, key, herald, name="bayes")
    append_amplitudes(circuit, amplitude_angles(prior, keys).tolist(), keys, system)
    circuit.cx(system, partner)
    for i, scores in enumerate(updates):
        hamiltonian = Binary()(scores)
        turn = angle * i
        if turn:
            circuit.ry(turn, system)
        angles = herald_angles(hamiltonian, 1.0).tolist()
        append_herald(circuit, angles, hamiltonian, system, ancillas[i])
        if turn:
            circuit.ry(-turn, system)
    circuit.measure(system, key)
    circuit.measure(ancillas, herald)
    law, evidence = posterior(prior, updates)
    return as_prepared(circuit, law, herald="herald", success=evidence)


def posterior(prior: np.ndarray, updates: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
    """The posterior after one update after another, and the probability of all the data."""
    law, evidence = prior, 1.0
    for scores in updates:
        joint = law * np.exp(scores - scores.max())
        evidence *= float(joint.sum())
        law = joint / joint.sum()
    return law, evidence
