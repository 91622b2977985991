r"""Two heads in superposition, trained by the parameter-shift rule on circuits.

**The model.** Head h has the qsample of its softmax, :math:`|\psi_h\rangle = \sum_k
\sqrt{p_{hk}(\beta)}\,|k\rangle`. A head qubit carries the relative phase of the two, and the keys
are measured in a product basis, one angle a qubit:

.. math:: \tfrac{1}{\sqrt 2} \big(|0\rangle|\psi_0\rangle
          + e^{i\varphi} |1\rangle|\psi_1\rangle\big) .

The head qubit is measured in its X basis; shots that read "+" are kept. Their law is
:math:`P(x) \propto |\langle x|R\,(\psi_0 + e^{i\varphi} \psi_1)|^2`. At :math:`\varphi = \pi/2` the
heads do not interfere and P is the mean of two softmaxes: classical attention with two heads. There
and with all basis angles zero the training begins.

**The loss** of a query is the Brier score [3] of the measured law against the key to be found,
:math:`\sum_x (P(x) - \delta_{xt})^2`, between 0 and 2. With k(x) of n kept shots its unbiased
estimate is :math:`\sum_x k(k-1)/(n(n-1)) - 2 k(t)/n + 1`.

**The gradient.** Every gate with an angle is exp(-i angle G/2) with :math:`G^2 = 1`, so the
probability of any outcome has the derivative :math:`(P(angle + \pi/2) - P(angle - \pi/2))/2`
exactly [1, 2]. Each angle of the circuit is shifted so, in one batch of bindings of one template.
Beta is the parameter of many angles, those of the told preparation: the loss is differentiated by
each of them with shifted circuits, and their own derivatives by beta, which are of classical
numbers that are known anyway, are central differences. The derivative of softmax is never used.

References:
    [1] K. Mitarai et al., Phys. Rev. A 98, 032309 (2018), eq. (6).
    [2] M. Schuld et al., Phys. Rev. A 99, 032331 (2019), eq. (13).
    [3] G. W. Brier, Mon. Weather Rev. 78, 1 (1950).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector
from scipy.optimize import minimize
from scipy.special import softmax

from qcattn.backends.protocol import Backend
from qcattn.claims.born._retrieval import Retrieval
from qcattn.encodings import Binary
from qcattn.preparations.amplitudes import (
    amplitude_angles,
    append_amplitudes,
    num_amplitude_angles,
)
from qcattn.readings.circuits import as_prepared
from qcattn.records import Counts, Hamiltonian

__all__ = [
    "Trained",
    "angles_of",
    "brier",
    "exact_joint",
    "exact_law",
    "loss_and_gradient",
    "losses",
    "qubits_of",
    "read_shots",
    "shifted",
    "slopes",
    "start",
    "train",
]

#: Bounds of beta while it is trained.
_BETA = (0.05, 30.0)
#: Relative fall of the loss in an iteration at which training ends; shots hardly tell it from none.
_FLAT = 1e-3
#: The step of central differences.
_STEP = 1e-5


def start(num_qubits: int) -> np.ndarray:
    """Parameters (beta, basis angles, phase) of classical attention, shape (num_qubits + 2,)."""
    return np.array([1.0, *np.zeros(num_qubits), np.pi / 2])


def qubits_of(task: Retrieval) -> int:
    """Qubits of the key register."""
    return max(1, int(task.scores.shape[-1] - 1).bit_length())


def exact_joint(scores: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Probabilities to keep a shot and read x, by the formula of the module.

    Args:
        scores: Shape (queries, 2, keys).
        parameters: Beta, basis angles of qubits 0, 1, ..., phase; radians.

    Returns:
        Shape (queries, 2**num_qubits).
    """
    beta, *basis, phase = parameters
    states = np.zeros((*scores.shape[:2], 2 ** len(basis)))
    states[..., : scores.shape[-1]] = np.sqrt(softmax(beta * scores, axis=-1))
    turn = np.eye(1)
    for angle in basis:
        cos, sin = np.cos(angle / 2), np.sin(angle / 2)
        turn = np.kron([[cos, -sin], [sin, cos]], turn)
    amplitudes = (states[:, 0] + np.exp(1j * phase) * states[:, 1]) @ turn.T
    return np.asarray(np.abs(amplitudes) ** 2 / 4)


def exact_law(scores: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Law of the kept shots, as `exact_joint`."""
    joint = exact_joint(scores, parameters)
    return joint / joint.sum(axis=-1, keepdims=True)


def brier(law: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Brier scores of laws (queries, outcomes), shape (queries,)."""
    hit = np.take_along_axis(law, targets[:, None], axis=-1)[:, 0]
    return np.asarray((law**2).sum(axis=-1) - 2 * hit + 1)


def losses(counts: Counts, targets: np.ndarray) -> np.ndarray:
    """Unbiased Brier scores from counts of shape (queries,); 2 where fewer than 2 were kept."""
    k = counts.keys.astype(float)
    n = counts.kept.astype(float)
    hit = np.take_along_axis(k, targets[:, None], axis=-1)[:, 0]
    pairs = (k * (k - 1)).sum(axis=-1)
    found = pairs / np.maximum(n * (n - 1), 1) - 2 * hit / np.maximum(n, 1) + 1
    return np.where(n > 1, found, 2.0)


@lru_cache
def _joint(num_qubits: int) -> Hamiltonian:
    """Heads and keys as one register, the head the highest bit."""
    return Binary()(np.zeros(2 ** (num_qubits + 1)))


@lru_cache
def template(num_qubits: int) -> QuantumCircuit:
    """Circuit with parameters ``a`` of the two qsamples, ``p`` the phase, ``u`` the basis."""
    system, head = QuantumRegister(num_qubits, "system"), QuantumRegister(1, "head")
    key, plus = ClassicalRegister(num_qubits, "key"), ClassicalRegister(1, "herald")
    circuit = QuantumCircuit(system, head, key, plus, name="two_heads")
    joint = _joint(num_qubits)
    told = ParameterVector("a", num_amplitude_angles(joint))
    append_amplitudes(circuit, told, joint, [*system, *head])
    circuit.rz(ParameterVector("p", 1)[0], head)
    for angle, qubit in zip(ParameterVector("u", num_qubits), system, strict=True):
        circuit.ry(angle, qubit)
    circuit.h(head)
    circuit.measure(head, plus)
    circuit.measure(system, key)
    return circuit


def angles_of(scores: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Values of `template`, shape (queries, angles): those of the qsamples, phase, basis."""
    beta, *basis, phase = parameters
    told = _told(scores, beta, len(basis))
    rest = np.broadcast_to([phase, *basis], (len(scores), len(basis) + 1))
    return np.concatenate([told, rest], axis=-1)


def _told(scores: np.ndarray, beta: float, num_qubits: int) -> np.ndarray:
    weights = np.zeros((*scores.shape[:2], 2**num_qubits))
    weights[..., : scores.shape[-1]] = softmax(beta * scores, axis=-1) / 2
    return amplitude_angles(weights.reshape(len(scores), -1), _joint(num_qubits))


def slopes(scores: np.ndarray, parameters: np.ndarray, free: Sequence[int]) -> np.ndarray:
    """Derivatives of the angles in the free parameters, shape (queries, angles, free)."""
    columns = []
    for index in free:
        step = np.zeros(len(parameters))
        step[index] = _STEP
        ahead, behind = (angles_of(scores, parameters + sign * step) for sign in (1, -1))
        columns.append((ahead - behind) / (2 * _STEP))
    return np.stack(columns, axis=-1)


def read_shots(
    values: np.ndarray, num_qubits: int, shots: int, backend: Backend, seed: int
) -> Counts:
    """Counts of the template at values (..., angles), all in one batch."""
    unknown = np.full((*values.shape[:-1], 2**num_qubits), np.nan)
    circuit = as_prepared(template(num_qubits), unknown, values=values, herald="herald")
    return backend(circuit, shots, seed)


def shifted(values: np.ndarray, which: np.ndarray) -> np.ndarray:
    """The values as they are, and then with each of some angles shifted by pi/2 and by -pi/2.

    Args:
        values: Shape (queries, angles).
        which: Numbers of the angles, shape (m,).

    Returns:
        Shape (queries, 1 + 2 m, angles).
    """
    shifts = np.zeros((1 + 2 * len(which), values.shape[-1]))
    shifts[1 + np.arange(len(which)), which] = np.pi / 2
    shifts[1 + len(which) + np.arange(len(which)), which] = -np.pi / 2
    return values[:, None] + shifts


def loss_and_gradient(
    task: Retrieval,
    parameters: np.ndarray,
    free: Sequence[int],
    *,
    shots: int,
    backend: Backend,
    seed: int,
) -> tuple[float, np.ndarray, int]:
    """The mean loss and its gradient in the free parameters, measured on shifted circuits.

    Returns:
        Loss, gradient of shape (free,), and the shots it took.
    """
    num_qubits = qubits_of(task)
    chain = slopes(task.scores, parameters, free)
    which = np.flatnonzero(np.abs(chain).max(axis=(0, 2)) > 1e-9)
    values = shifted(angles_of(task.scores, parameters), which)
    counts = read_shots(values, num_qubits, shots, backend, seed)
    joint = counts.keys / shots
    kept = np.maximum(joint[:, 0].sum(axis=-1), 1 / shots)[:, None]
    law = joint[:, 0] / kept
    by_angle = (joint[:, 1 : 1 + len(which)] - joint[:, 1 + len(which) :]) / 2
    by_angle = (by_angle - law[:, None] * by_angle.sum(axis=-1, keepdims=True)) / kept[:, None]
    miss = law - np.eye(2**num_qubits)[task.targets]
    slope = np.einsum("qx,qax->qa", 2 * miss, by_angle)
    gradient = np.einsum("qa,qaf->f", slope, chain[:, which]) / len(task.scores)
    return float(losses(counts[:, 0], task.targets).mean()), gradient, int(counts.shots.sum())


@dataclass(frozen=True, eq=False)
class Trained:
    """What training found.

    Attributes:
        parameters: Beta, basis angles, phase.
        curve: Lowest mean loss measured up to each evaluation.
        shots: All shots of the training.
    """

    parameters: np.ndarray
    curve: np.ndarray
    shots: int


def train(
    task: Retrieval,
    parameters: np.ndarray,
    free: Sequence[int],
    *,
    shots: int,
    evaluations: int,
    backend: Backend,
    seed: int,
) -> Trained:
    """Train some of the parameters and leave the others as they are.

    It is trained by SciPy's L-BFGS-B on common random numbers: every evaluation has the same seed.

    Args:
        task: The task to be trained on.
        parameters: The parameters where training begins: beta, basis angles, phase.
        free: Numbers of the parameters that are trained, one or more.
        shots: The number of shots of each circuit.
        evaluations: The number of evaluations of loss and gradient, at most.
        backend: (prepared, shots, seed) -> Counts.
        seed: The seed of every evaluation.

    Returns:
        The point of the lowest measured loss.
    """
    seen: list[tuple[float, np.ndarray]] = []
    spent = 0

    def evaluate(x: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal spent
        if len(seen) == evaluations:
            raise _SpentError
        point = parameters.copy()
        point[list(free)] = x
        loss, gradient, used = loss_and_gradient(
            task, point, free, shots=shots, backend=backend, seed=seed
        )
        spent += used
        seen.append((loss, point))
        return loss, gradient

    # SciPy's own limit is looked at between line searches only.
    with suppress(_SpentError):
        minimize(
            evaluate,
            parameters[list(free)],
            jac=True,
            method="L-BFGS-B",
            bounds=[_BETA if index == 0 else (None, None) for index in free],
            options={"ftol": _FLAT},
        )
    curve = np.minimum.accumulate([loss for loss, _ in seen])
    return Trained(min(seen, key=lambda one: one[0])[1], curve, spent)


class _SpentError(Exception):
    """All evaluations are used up."""
