"""Devices of PennyLane, such as ``lightning.qubit``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.calls import Calls
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported
from qcattn.backends.translation import reads_at_end, steps

__all__ = ["PennyLane"]

_PLAIN = {"x": "PauliX", "y": "PauliY", "z": "PauliZ", "h": "Hadamard", "s": "S", "t": "T",
          "sx": "SX", "cx": "CNOT", "cy": "CY", "cz": "CZ", "swap": "SWAP", "iswap": "ISWAP",
          "ccx": "Toffoli", "cswap": "CSWAP"}  # fmt: skip
_TURNS = {"rx": "RX", "ry": "RY", "rz": "RZ", "p": "PhaseShift", "rxx": "IsingXX",
          "ryy": "IsingYY", "rzz": "IsingZZ", "crx": "CRX", "cry": "CRY", "crz": "CRZ",
          "cp": "ControlledPhaseShift"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class PennyLane(Simulator):
    """Sample on a device of PennyLane (extra ``pennylane``).

    Attributes:
        device: The name of the device, ``"lightning.qubit"`` or ``"default.qubit"``.

    Example:
        >>> PennyLane("default.qubit").device
        'default.qubit'
    """

    device: str = "lightning.qubit"

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns shots in order and takes a seed; circuits must be measured at their ends."""
        return frozenset({"order", "seed"})

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks one by one on one device, whose seed is that of the job."""
        qml = imported("pennylane", "pennylane")
        wires = max(task.circuit.num_qubits for task in tasks)
        device = qml.device(self.device, wires=wires, seed=seed)
        return [
            [_run(qml, device, circuit, task.shots) for circuit in task.bound()] for task in tasks
        ]

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of PennyLane; see `Simulator.calls`."""
        gates, read = reads_at_end(steps(circuit, [*_PLAIN, *_TURNS]), circuit.num_clbits)
        measured = [qubit for qubit in read if qubit >= 0]
        lines = ["def made():"]
        for step in gates:
            name = _PLAIN.get(step.name) or _TURNS[step.name]
            values = "".join(f"{angle!r}, " for angle in step.angles)
            lines.append(f"    qml.{name}({values}wires={list(step.qubits)})")
        return Calls(
            asks_qubits=True,
            imports=("import pennylane as qml",),
            circuit=(*lines, f"    return qml.sample(wires={measured})"),
            read=tuple(measured.index(qubit) if qubit >= 0 else -1 for qubit in read),
            start=(f'device = qml.device("{self.device}", wires=QUBITS, seed=seed)',),
            run=(
                "node = qml.set_shots(qml.QNode(made, device), shots)",
                "seen = np.asarray(node()).reshape(shots, -1)",
            ),
        )

    def settings(self) -> dict[str, str]:
        """Its name and the version of the package that brings it."""
        imported("pennylane", "pennylane")
        package = "pennylane-lightning" if self.device.startswith("lightning") else "pennylane"
        return {"backend": self.device, "version": metadata.version(package)}


def _run(qml: Any, device: Any, circuit: QuantumCircuit, shots: int) -> np.ndarray:
    gates, read = reads_at_end(steps(circuit, [*_PLAIN, *_TURNS]), circuit.num_clbits)
    measured = [qubit for qubit in read if qubit >= 0]

    def body() -> Any:
        for step in gates:
            name = _PLAIN.get(step.name) or _TURNS[step.name]
            getattr(qml, name)(*step.angles, wires=list(step.qubits))
        return qml.sample(wires=measured)

    node = qml.set_shots(qml.QNode(body, device), shots)
    found = np.asarray(node()).reshape(shots, len(measured))
    out = np.zeros((shots, circuit.num_clbits), dtype=bool)
    out[:, [bit for bit, qubit in enumerate(read) if qubit >= 0]] = found
    return out
