"""Quimb, which contracts the tensor network of a circuit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.calls import Calls, call
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported, one_by_one
from qcattn.backends.translation import reads_at_end, steps

__all__ = ["Quimb"]

_GATES = {"x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "SDG", "t": "T", "tdg": "TDG",
          "sx": "SX", "sxdg": "SXDG", "rx": "RX", "ry": "RY", "rz": "RZ", "p": "PHASE", "u": "U3",
          "cx": "CX", "cy": "CY", "cz": "CZ", "crx": "CRX", "cry": "CRY", "crz": "CRZ",
          "cp": "CPHASE", "swap": "SWAP", "iswap": "ISWAP", "rxx": "RXX", "ryy": "RYY",
          "rzz": "RZZ"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Quimb(Simulator):
    """Sample on ``quimb.tensor.Circuit`` (extra ``quimb``), in double precision.

    Example:
        >>> sorted(Quimb().abilities)
        ['order', 'seed']
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns shots in order and takes a seed; circuits must be measured at their ends."""
        return frozenset({"order", "seed"})

    @property
    def most_qubits(self) -> int:
        """Twelve qubits, since many of the shots need a contraction of their own."""
        return 12

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks; Quimb has no jobs, so each binding gets a part of the seed."""
        tensor = imported("quimb.tensor", "quimb")
        return one_by_one(tasks, seed, partial(_run, tensor))

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of quimb; see `Simulator.calls`."""
        gates, read = reads_at_end(steps(circuit, list(_GATES)), circuit.num_clbits)
        lines = [f'made = tensor.Circuit({circuit.num_qubits}, dtype="complex128")']
        for step in gates:
            lines.append(call("made.apply_gate", [_GATES[step.name]], step.angles, step.qubits))
        return Calls(
            parted=True,
            imports=("import quimb.tensor as tensor",),
            circuit=tuple(lines),
            read=tuple(read),
            run=(
                'texts = made.sample(shots, seed=part, dtype="complex128")',
                "seen = np.array([[int(bit) for bit in text] for text in texts])",
            ),
        )

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("quimb", "quimb")
        return {"backend": "quimb.tensor.Circuit", "version": metadata.version("quimb")}


def _run(tensor: Any, circuit: QuantumCircuit, shots: int, seed: int | None) -> np.ndarray:
    gates, read = reads_at_end(steps(circuit, list(_GATES)), circuit.num_clbits)
    made = tensor.Circuit(circuit.num_qubits, dtype="complex128")
    for step in gates:
        made.apply_gate(_GATES[step.name], *step.angles, *step.qubits)
    found = made.sample(shots, seed=seed, dtype="complex128")
    letters = np.array([[letter == "1" for letter in one] for one in found], dtype=bool)
    out = np.zeros((shots, circuit.num_clbits), dtype=bool)
    for bit, qubit in enumerate(read):
        if qubit >= 0:
            out[:, bit] = letters[:, qubit]
    return out
