"""MQT DDSIM, which keeps states as decision diagrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.calls import Calls, call
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

#: The gates whose names its methods have; these take angles first, then qubits, as Qiskit's do.
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
        """It returns counts, takes a seed, and measures and resets anywhere."""
        return frozenset({"mid-circuit measurement", "reset", "seed"})

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks; DDSIM has no jobs, so each binding gets a part of the seed."""
        return one_by_one(tasks, seed, _run)

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of mqt.core and mqt.ddsim; see `Simulator.calls`."""
        sizes = circuit.num_qubits, circuit.num_clbits
        lines = [f"made = {call('ir.QuantumComputation', sizes)}"]
        for step in steps(circuit, _GATES, reset=True):
            last = (step.bit,) if step.name == "measure" else ()
            lines.append(call(f"made.{step.name}", step.angles, step.qubits, last))
        return Calls(
            parted=True,
            imports=("from mqt import ddsim", "from mqt.core import ir"),
            circuit=tuple(lines),
            read=tuple(range(circuit.num_clbits)),
            run=(
                "own = -1 if part is None else part >> 1",
                "counts = ddsim.CircuitSimulator(made, seed=own).simulate(shots)",
                "texts = [text for text, count in counts.items() for _ in range(count)]",
                "seen = np.array([[int(bit) for bit in text[::-1]] for text in texts])",
            ),
        )

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
