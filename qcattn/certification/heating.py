r"""Digital heating: how hot gate noise leaves what a circuit was to prepare at one temperature.

Noise drives energies towards those of infinite temperature. The law that is fitted says that a
gate that fails with probability p takes a share of what is left, the same for all gates:

.. math:: \frac{E(\beta_{\rm eff}) - E(0)}{E(\beta) - E(0)} = e^{-\kappa\lambda}, \qquad
    \lambda = p \times \text{two-qubit gates},

where E(beta) is the mean energy of the Gibbs state, beta that of the circuit without noise, and
:math:`\kappa`, one number, is the loss of a failing gate: 1 if it leaves nothing. A state in
contact with a bath that is refreshed forgets its early errors, and heats less than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from qcattn.arguments import real_array
from qcattn.backends.aer import Aer
from qcattn.backends.noise_terms import NoiseTerm, noise_model_of
from qcattn.certification.temperature import beta_at, certify_temperature
from qcattn.evidence import Estimate
from qcattn.records import Hamiltonian, Prepared

__all__ = ["Heating", "fit_loss", "heated_beta", "lawful_ratio", "measure_heating"]

#: Largest loss of a failing gate that is looked for.
_MOST_LOSS = 4.0


@dataclass(frozen=True)
class Heating:
    """The temperature of a circuit under depolarising noise on its two-qubit gates.

    Attributes:
        name: The name of the circuit.
        strength: Probability that a two-qubit gate leaves its two qubits maximally mixed.
        gates: The number of two-qubit gates.
        asked: Inverse temperature that the circuit was prepared for.
        beta: The effective inverse temperature, with its interval.
        thermal: Whether the counts may have any temperature.
        levels: Energies of H, shape (N,).
        cold: Inverse temperature without noise, which the law starts from.
    """

    name: str
    strength: float
    gates: int
    asked: float
    beta: Estimate
    thermal: bool
    levels: np.ndarray
    cold: float

    @property
    def load(self) -> float:
        """The mean number of two-qubit gates that fail."""
        return self.strength * self.gates

    @property
    def ratio(self) -> float:
        """The effective beta divided by that without noise."""
        return self.beta.best / self.cold


def measure_heating(
    prepared: Prepared,
    hamiltonian: Hamiltonian,
    beta: float,
    strength: float,
    *,
    name: str | None = None,
    cold: float | None = None,
    shots: int = 100_000,
    seed: Any = 0,
    alpha: float = 0.01,
) -> Heating:
    """Fit a temperature to the shots of a circuit under noise.

    Args:
        prepared: One circuit in cx and one-qubit gates, shape ().
        hamiltonian: The Hamiltonian that the circuit was prepared for, shape ().
        beta: Inverse temperature it was prepared for.
        strength: Probability that a two-qubit gate fails, 0 for none, below 1; one-qubit gates are
            perfect.
        name: The name of the circuit; None for that of the method.
        cold: Effective beta without noise, where it was measured; None for ``beta``.
        shots: Shots of each basis, drawn from Aer's exact density matrix; they are drawn one by one
            where the circuit goes on with a qubit that it has measured.
        seed: What `numpy.random.default_rng` takes.
        alpha: Error rate of the interval.

    Raises:
        ValueError: If a number is out of range, or shapes differ.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Purification
        >>> hamiltonian = Binary()([0.0, 1.0, 2.0, 0.5])
        >>> prepared = Purification()(hamiltonian, beta=1.0)
        >>> cold, hot = (measure_heating(prepared, hamiltonian, 1.0, p) for p in (0.0, 0.2))
        >>> 1.0 in cold.beta, hot.gates, hot.beta.high < 0.9
        (True, 3, True)
    """
    given = real_array(strength, "strength")
    if given.ndim or not 0 <= given < 1:
        raise ValueError(
            f"`strength` must be one number, at least 0 and below 1, but is {strength!r}; it is "
            "the probability that a two-qubit gate fails"
        )
    term = NoiseTerm("depolarising", ("cx",), (), {"p": strength})
    noise = {"noise_model": noise_model_of([term])} if strength else {}
    exact: dict[str, Any] = {"method": "density_matrix", "draws": "born"}
    how = exact if _measured_last(prepared.circuit) else {"method": "statevector"}
    backend = Aer(device="CPU", **how, **noise)
    found = certify_temperature(
        prepared, hamiltonian, beta, shots=shots, backend=backend, seed=seed, alpha=alpha
    )
    levels = hamiltonian.energies[np.isfinite(hamiltonian.energies)]
    if hamiltonian.off_diagonal is not None:
        levels = np.linalg.eigvalsh(hamiltonian.matrix)
    return Heating(
        name=prepared.method if name is None else name,
        strength=strength,
        gates=prepared.resources.two_qubit_gates,
        asked=float(beta),
        beta=found.beta,
        thermal=found.thermal,
        levels=levels,
        cold=float(beta if cold is None else cold),
    )


def _measured_last(circuit: QuantumCircuit) -> bool:
    """Whether nothing happens to a qubit after it is measured."""
    measured: set[Any] = set()
    for item in circuit.data:
        if measured.intersection(item.qubits):
            return False
        if item.operation.name == "measure":
            measured.update(item.qubits)
    return True


def heated_beta(levels: np.ndarray, beta: float, load: float, loss: float) -> float:
    """The inverse temperature that the law gives.

    Args:
        levels: Energies of H, shape (N,).
        beta: Inverse temperature without noise.
        load: lambda, gates that fail on average.
        loss: kappa, what a failing gate takes of what is left.

    Example:
        >>> levels = np.array([0.0, 1.0])
        >>> [round(heated_beta(levels, 1.0, load, 1.0), 3) for load in (0.0, 0.1, 1.0)]
        [1.0, 0.891, 0.343]
    """
    mean = float(np.mean(levels))
    energy = float(softmax(-beta * levels) @ levels)
    return beta_at(levels, mean + (energy - mean) * float(np.exp(-loss * load)))


def lawful_ratio(heating: Heating, loss: float) -> float:
    """The ratio of betas that the law gives where this one was measured.

    Args:
        heating: The heating of any circuit.
        loss: The loss kappa of a failing gate.
    """
    return heated_beta(heating.levels, heating.cold, heating.load, loss) / heating.cold


def fit_loss(heatings: Sequence[Heating]) -> float:
    """The loss kappa that fits the ratios of betas best, by least squares.

    Args:
        heatings: One heating or more, of any circuits.

    Raises:
        ValueError: If there are none.

    Example:
        >>> levels = np.array([0.0, 1.0])
        >>> made = [Heating("a", p, 10, 1.0, Estimate(heated_beta(levels, 1.0, 10 * p, 0.7), 0, 1),
        ...                 True, levels, 1.0) for p in (0.01, 0.1)]
        >>> round(fit_loss(made), 3)
        0.7
    """
    if not heatings:
        raise ValueError(
            "`heatings` must hold at least one heating, but is empty; measure one with "
            "`measure_heating`"
        )

    def squares(loss: float) -> float:
        return float(np.sum(np.square([one.ratio - lawful_ratio(one, loss) for one in heatings])))

    return float(minimize_scalar(squares, bounds=(0.0, _MOST_LOSS), method="bounded").x)
