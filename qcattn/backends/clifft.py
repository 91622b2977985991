"""Clifft, which runs circuits of few gates that are not Clifford, of any number of qubits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from math import pi
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.calls import Calls
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported, one_by_one
from qcattn.backends.translation import steps

__all__ = ["Clifft"]

_PLAIN = {"x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X",
          "sxdg": "SQRT_X_DAG", "t": "T", "tdg": "T_DAG", "cx": "CX", "cy": "CY", "cz": "CZ",
          "swap": "SWAP", "iswap": "ISWAP", "ccx": "CCX", "ccz": "CCZ", "ch": "CH"}  # fmt: skip
#: Angles are halves of turns.
_TURNS = {"rx": "R_X", "ry": "R_Y", "rz": "R_Z", "rxx": "R_XX", "ryy": "R_YY", "rzz": "R_ZZ",
          "u": "U3"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Clifft(Simulator):
    """Sample on clifft (extra ``clifft``), which needs Python 3.12.

    Example:
        >>> "reset" in Clifft().abilities
        True
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns shots in order, takes a seed, and measures and resets anywhere."""
        return frozenset({"mid-circuit measurement", "order", "reset", "seed"})

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks; clifft has no jobs, so each binding gets a part of the seed."""
        clifft = imported("clifft", "clifft")
        return one_by_one(tasks, seed, partial(_run, clifft))

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of clifft, which reads a text; see `Simulator.calls`."""
        lines, column_of = _lines(circuit)
        return Calls(
            parted=True,
            imports=("import clifft",),
            circuit=("lines = [", *(f"    {line!r}," for line in lines), "]",
                     'made = clifft.compile("\\n".join(lines))'),
            read=tuple(column_of.get(bit, -1) for bit in range(circuit.num_clbits)),
            run=("seen = np.asarray(clifft.sample(made, shots, seed=part).measurements)",),
        )  # fmt: skip

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("clifft", "clifft")
        return {"backend": "clifft", "version": metadata.version("clifft")}


def _lines(circuit: QuantumCircuit) -> tuple[list[str], dict[int, int]]:
    """The circuit as clifft reads it, and the measurement that each bit holds, the last one."""
    lines: list[str] = []
    column_of: dict[int, int] = {}
    number = 0
    for step in steps(circuit, [*_PLAIN, *_TURNS], reset=True):
        places = " ".join(map(str, step.qubits))
        if step.name == "measure":
            column_of[step.bit], number = number, number + 1
            lines.append(f"M {places}")
        elif step.name == "reset":
            lines.append(f"R {places}")
        elif step.name in _TURNS:
            angles = ", ".join(f"{angle / pi:.17g}" for angle in step.angles)
            lines.append(f"{_TURNS[step.name]}({angles}) {places}")
        else:
            lines.append(f"{_PLAIN[step.name]} {places}")
    return lines, column_of


def _run(clifft: Any, circuit: QuantumCircuit, shots: int, seed: int | None) -> np.ndarray:
    """Readings (shots, clbits): of a bit that is written twice the later value."""
    lines, column_of = _lines(circuit)
    found = clifft.sample(clifft.compile("\n".join(lines)), shots, seed=seed)
    columns = np.asarray(found.measurements)
    out = np.zeros((shots, circuit.num_clbits), dtype=bool)
    for bit, column in column_of.items():
        out[:, bit] = columns[:, column]
    return out
