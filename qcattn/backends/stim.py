"""Stim, a stabilizer simulator: circuits of Clifford gates, on thousands of qubits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp

from qcattn.backends.calls import Calls, call
from qcattn.backends.clifford import in_clifford_gates, is_clifford
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported, one_by_one
from qcattn.backends.translation import PlainStep, steps
from qcattn.errors import DoesNotFit

__all__ = ["Stim"]

_GATES = {"x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X",
          "sxdg": "SQRT_X_DAG", "cx": "CX", "cy": "CY", "cz": "CZ", "swap": "SWAP",
          "iswap": "ISWAP"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Stim(Simulator):
    """Sample Clifford circuits on Stim's compiled sampler (extra ``stim``).

    Example:
        >>> Stim().most_qubits > 1000
        True
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns shots in order, takes a seed, and measures and resets anywhere."""
        return frozenset({"mid-circuit measurement", "order", "reset", "seed"})

    @property
    def most_qubits(self) -> int:
        """Thousands of qubits, since its state is a tableau."""
        return 5000

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks; Stim has no jobs, so each binding gets a part of the seed."""
        stim = imported("stim", "stim")
        return one_by_one(tasks, seed, partial(_run, stim))

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of Stim; see `Simulator.calls`."""
        lines, read, number = ["made = stim.Circuit()"], [-1] * circuit.num_clbits, 0
        for step in _steps(circuit):
            name = {"measure": "M", "reset": "R"}.get(step.name) or _GATES[step.name]
            if step.name == "measure":
                read[step.bit], number = number, number + 1
            lines.append(call("made.append", [name, list(step.qubits)]))
        return Calls(
            parted=True,
            imports=("import stim",),
            circuit=tuple(lines),
            read=tuple(read),
            run=("seen = made.compile_sampler(seed=part).sample(shots)",),
        )

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("stim", "stim")
        return {"backend": "stim", "version": metadata.version("stim")}


def _steps(circuit: QuantumCircuit) -> list[PlainStep]:
    if not is_clifford(circuit):
        raise DoesNotFit(
            "the circuit must be of Clifford gates only on Stim, but is not; take another backend"
        )
    if any(isinstance(one.operation, ControlFlowOp) for one in circuit.data):
        raise DoesNotFit(
            "the circuit must be without control flow on Stim, but is not; take another backend"
        )
    return steps(in_clifford_gates(circuit, list(_GATES)), list(_GATES), reset=True)


def _run(stim: Any, circuit: QuantumCircuit, shots: int, seed: int | None) -> np.ndarray:
    made, column_of = stim.Circuit(), {}
    for step in _steps(circuit):
        if step.name == "measure":
            column_of[step.bit] = made.num_measurements
            made.append("M", step.qubits)
        elif step.name == "reset":
            made.append("R", step.qubits)
        else:
            made.append(_GATES[step.name], step.qubits)
    found = made.compile_sampler(seed=seed).sample(shots)
    out = np.zeros((shots, circuit.num_clbits), dtype=bool)
    for bit, column in column_of.items():
        out[:, bit] = found[:, column]
    return out
