"""Classical softmax attention with two heads, as the yardstick of what is trained on circuits."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from qcattn.claims.born._retrieval import Retrieval
from qcattn.claims.born._training import brier
from qcattn.records import readings_of

__all__ = ["classical_law", "train_classical"]


def classical_law(scores: np.ndarray, parameters: np.ndarray, num_qubits: int) -> np.ndarray:
    """Softmax of the heads' scores, with a temperature for each and a bias for each bit of the key.

    Args:
        scores: Shape (queries, 2, keys).
        parameters: Two inverse temperatures, then the biases of bits 0, 1, ... (or none).
        num_qubits: Bits of a key.

    Returns:
        Shape (queries, 2**num_qubits), zero beyond the keys.
    """
    keys = scores.shape[-1]
    bits = readings_of(np.arange(keys), len(parameters) - 2)
    law = np.zeros((len(scores), 2**num_qubits))
    law[:, :keys] = softmax(
        np.einsum("h,qhk->qk", parameters[:2], scores) + bits @ parameters[2:], axis=-1
    )
    return law


def train_classical(
    task: Retrieval, num_qubits: int, *, biases: bool, evaluations: int
) -> np.ndarray:
    """Find the parameters of `classical_law` with the least mean Brier score, by SciPy's L-BFGS-B.

    Args:
        task: The task to be trained on.
        num_qubits: Bits of a key.
        biases: Whether there are biases: then there are as many parameters as on the circuit.
        evaluations: The number of steps, at most.
    """

    def loss(parameters: np.ndarray) -> float:
        return float(brier(classical_law(task.scores, parameters, num_qubits), task.targets).mean())

    first = np.zeros(2 + num_qubits * biases)
    first[:2] = 0.5
    found = minimize(
        loss,
        first,
        method="L-BFGS-B",
        bounds=[(-30.0, 30.0)] * len(first),
        options={"maxiter": evaluations},
    )
    return np.asarray(found.x)
