"""Any Qiskit primitive of the EstimatorV2 kind, for those who test it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import BaseEstimatorV2
from qiskit.quantum_info import SparsePauliOp

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task
from qcattn.errors import DoesNotFit
from qcattn.versions import version_behind

__all__ = ["Estimator"]


@dataclass(frozen=True, eq=False)
class Estimator(Simulator):
    """Estimate with any Qiskit ``BaseEstimatorV2``; it draws no shots that could be read.

    Attributes:
        estimator: The primitive.
        seeded: A function that makes the primitive anew with a seed, or None: then the primitive
            keeps its own.

    Example:
        >>> from qiskit.primitives import StatevectorEstimator
        >>> flipped = QuantumCircuit(1)
        >>> _ = flipped.x(0)
        >>> Estimator(StatevectorEstimator()).expectations([flipped], ["Z"], 10**8, 1).round(2)
        array([-1.])
    """

    estimator: BaseEstimatorV2
    seeded: Callable[[int], BaseEstimatorV2] | None = None

    def __post_init__(self) -> None:
        """Check the primitive.

        Raises:
            ValueError: If it is not an EstimatorV2.
        """
        if not isinstance(self.estimator, BaseEstimatorV2):
            raise ValueError(
                f"`estimator` must be a Qiskit BaseEstimatorV2, but is "
                f"{type(self.estimator).__name__}"
            )

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns expectation values and nothing else."""
        return frozenset({"expectation"})

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """There are no shots.

        Raises:
            DoesNotFit: Whatever is asked.
        """
        raise DoesNotFit("an estimator gives expectation values and no shots; take a sampler")

    def expectations(
        self, circuits: Sequence[QuantumCircuit], paulis: Sequence[str], shots: int, seed: int
    ) -> np.ndarray:
        """Expectation values at the precision of so many shots; see `Simulator.expectations`."""
        made = self.estimator if self.seeded is None else self.seeded(seed)
        pubs = [
            (circuit, SparsePauliOp(pauli)) for circuit, pauli in zip(circuits, paulis, strict=True)
        ]
        results = made.run(pubs, precision=shots**-0.5).result()
        return np.array([float(one.data.evs) for one in results])

    def settings(self) -> dict[str, str]:
        """The name and version of the primitive and its package."""
        return {"backend": type(self.estimator).__name__, "version": version_behind(self.estimator)}
