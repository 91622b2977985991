"""Qsim, Google's fast state vector behind Cirq's interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.calls import Calls
from qcattn.backends.cirq import calls_on, run_on
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported

__all__ = ["Qsim"]


@dataclass(frozen=True, eq=False)
class Qsim(Simulator):
    """Sample on ``qsimcirq.QSimSimulator`` (extra ``qsim``), measurements and resets anywhere.

    Example:
        >>> "reset" in Qsim().abilities
        True
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns shots in order and takes a seed."""
        return frozenset({"mid-circuit measurement", "order", "reset", "seed"})

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks one by one on one simulator, whose seed is that of the job."""
        qsimcirq = imported("qsimcirq", "qsim")
        simulator = qsimcirq.QSimSimulator(seed=seed)
        return [[run_on(simulator, c, task.shots) for c in task.bound()] for task in tasks]

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of Cirq and qsimcirq; see `Simulator.calls`."""
        return calls_on("qsimcirq.QSimSimulator", circuit)

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("qsimcirq", "qsim")
        return {"backend": "qsim", "version": metadata.version("qsimcirq")}
