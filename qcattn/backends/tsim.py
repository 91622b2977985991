"""Tsim, which adds T gates and rotations to Stim's circuits by sums of stabilizer states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from math import pi
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.calls import Calls, call
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported, one_by_one
from qcattn.backends.translation import steps
from qcattn.errors import DoesNotFit

__all__ = ["Tsim"]

_PLAIN = {"x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X",
          "sxdg": "SQRT_X_DAG", "t": "T", "tdg": "T_DAG", "cx": "CX", "cy": "CY", "cz": "CZ",
          "swap": "SWAP", "iswap": "ISWAP"}  # fmt: skip
_TURNS = {"rx": "R_X", "ry": "R_Y", "rz": "R_Z"}
#: The most rotations and T gates: time and memory grow as 2 to a part of their number.
_MOST_MAGIC = 16


@dataclass(frozen=True, eq=False)
class Tsim(Simulator):
    """Sample circuits with few gates that are not Clifford on tsim of bloqade (extra ``tsim``).

    Example:
        >>> "reset" in Tsim().abilities
        True
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns shots in order, takes a seed, and measures and resets anywhere."""
        return frozenset({"mid-circuit measurement", "order", "reset", "seed"})

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks; tsim has no jobs, so each binding gets a part of the seed."""
        tsim = imported("tsim", "tsim")
        return one_by_one(tasks, seed, partial(_run, tsim))

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of tsim; see `Simulator.calls`."""
        lines, read, number = ["made = tsim.Circuit()"], [-1] * circuit.num_clbits, 0
        for step in steps(circuit, [*_PLAIN, *_TURNS], reset=True):
            names = {"measure": "M", "reset": "R", **_PLAIN, **_TURNS}
            if step.name == "measure":
                read[step.bit], number = number, number + 1
            halves = [angle / pi for angle in step.angles]
            lines.append(call("made.append", [names[step.name], list(step.qubits)], halves))
        return Calls(
            parted=True,
            imports=("import tsim",),
            circuit=tuple(lines),
            read=tuple(read),
            run=("seen = np.asarray(made.compile_sampler(seed=part).sample(shots))",),
        )

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("tsim", "tsim")
        return {"backend": "tsim", "version": metadata.version("bloqade-tsim")}


def _run(tsim: Any, circuit: QuantumCircuit, shots: int, seed: int | None) -> np.ndarray:
    found = steps(circuit, [*_PLAIN, *_TURNS], reset=True)
    magic = sum(step.name in ("t", "tdg", *_TURNS) for step in found)
    if magic > _MOST_MAGIC:
        raise DoesNotFit(
            f"at most {_MOST_MAGIC} gates may not be Clifford on tsim, but {magic:,} are not; "
            "take another backend"
        )
    made, column_of = tsim.Circuit(), {}
    for step in found:
        if step.name == "measure":
            column_of[step.bit] = made.num_measurements
            made.append("M", step.qubits)
        elif step.name == "reset":
            made.append("R", step.qubits)
        elif step.name in _TURNS:
            (angle,) = step.angles
            made.append(_TURNS[step.name], step.qubits, angle / pi)
        else:
            made.append(_PLAIN[step.name], step.qubits)
    columns = np.asarray(made.compile_sampler(seed=seed).sample(shots))
    out = np.zeros((shots, circuit.num_clbits), dtype=bool)
    for bit, column in column_of.items():
        out[:, bit] = columns[:, column]
    return out
