"""MQT DDSIM, which keeps states as decision diagrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import (
    Ability,
    Simulator,
    Task,
    imported,
    one_by_one,
    readings_of_counts,
)
from qcattn.backends.translation import steps

__all__ = ["Ddsim"]

#: Its methods have these names, angles first, then qubits, as those of Qiskit.
_GATES = ["x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "p", "rx", "ry", "rz", "u",
          "cx", "cy", "cz", "ch", "cp", "crx", "cry", "crz", "swap", "iswap", "dcx", "ecr", "rxx",
          "ryy", "rzz", "rzx", "cswap"]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Ddsim(Simulator):
    """Sample on the circuit simulator of MQT DDSIM (extra ``ddsim``).

    Example:
        >>> "order" in Ddsim().abilities  # it gives counts
        False
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """Counts by a seed; measurements and resets anywhere."""
        return frozenset({"mid-circuit measurement", "reset", "seed"})

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks; DDSIM has no jobs, so each binding gets a part of the seed."""
        return one_by_one(tasks, seed, _run)

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("mqt.ddsim", "ddsim")
        return {"backend": "MQT DDSIM", "version": metadata.version("mqt.ddsim")}


def _run(circuit: QuantumCircuit, shots: int, seed: int | None) -> np.ndarray:
    ddsim, ir = imported("mqt.ddsim", "ddsim"), imported("mqt.core.ir", "ddsim")
    made: Any = ir.QuantumComputation(circuit.num_qubits, circuit.num_clbits)
    for step in steps(circuit, _GATES, reset=True):
        if step.name == "measure":
            made.measure(*step.qubits, step.bit)
        else:
            getattr(made, step.name)(*step.angles, *step.qubits)
    counts = ddsim.CircuitSimulator(made, seed=-1 if seed is None else seed >> 1).simulate(shots)
    return readings_of_counts(counts, circuit.num_clbits)
