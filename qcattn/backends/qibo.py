"""Qibo on its backend of NumPy, or on qibojit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.calls import Calls, call
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported
from qcattn.backends.translation import reads_at_end, steps

__all__ = ["Qibo"]

_PLAIN = {"x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "SDG", "t": "T", "tdg": "TDG",
          "sx": "SX", "sxdg": "SXDG", "cx": "CNOT", "cy": "CY", "cz": "CZ", "swap": "SWAP",
          "iswap": "iSWAP", "ccx": "TOFFOLI"}  # fmt: skip
_TURNS = {"rx": "RX", "ry": "RY", "rz": "RZ", "crx": "CRX", "cry": "CRY", "crz": "CRZ",
          "rxx": "RXX", "ryy": "RYY", "rzz": "RZZ"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Qibo(Simulator):
    """Sample on Qibo (extra ``qibo``).

    Attributes:
        platform: Backend of Qibo, such as ``"numpy"`` or ``"qibojit"``.

    Example:
        >>> Qibo().platform
        'numpy'
    """

    platform: str = "numpy"

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns shots in order and takes a seed; circuits must be measured at their ends."""
        return frozenset({"order", "seed"})

    @property
    def most_qubits(self) -> int:
        """Twenty qubits, since it is slow beyond them."""
        return 20

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks one by one, the seed set once for the job."""
        qibo = imported("qibo", "qibo")
        imported("qibo.gates", "qibo")
        qibo.set_backend(self.platform)
        if seed is not None:
            qibo.get_backend().set_seed(seed)
        return [[_run(qibo, circuit, task.shots) for circuit in task.bound()] for task in tasks]

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of Qibo; see `Simulator.calls`."""
        gates, read = reads_at_end(steps(circuit, [*_PLAIN, *_TURNS]), circuit.num_clbits)
        measured = [qubit for qubit in read if qubit >= 0]
        lines = [f"made = qibo.Circuit({circuit.num_qubits})"]
        for step in gates:
            name = _PLAIN.get(step.name) or _TURNS[step.name]
            lines.append(f"made.add({call(f'qibo.gates.{name}', step.qubits, step.angles)})")
        return Calls(
            imports=("import qibo", "import qibo.gates"),
            circuit=(*lines, f"made.add({call('qibo.gates.M', measured)})"),
            read=tuple(measured.index(qubit) if qubit >= 0 else -1 for qubit in read),
            start=(
                f'qibo.set_backend("{self.platform}")',
                "if seed is not None:",
                "    qibo.get_backend().set_seed(seed)",
            ),
            run=("seen = np.asarray(made(nshots=shots).samples())",),
        )

    def settings(self) -> dict[str, str]:
        """Its name and version, and that of qibojit."""
        imported("qibo", "qibo")
        own = {"qibojit": metadata.version("qibojit")} if self.platform == "qibojit" else {}
        return {"backend": f"qibo {self.platform}", "version": metadata.version("qibo"), **own}


def _run(qibo: Any, circuit: QuantumCircuit, shots: int) -> np.ndarray:
    gates, read = reads_at_end(steps(circuit, [*_PLAIN, *_TURNS]), circuit.num_clbits)
    measured = [qubit for qubit in read if qubit >= 0]
    made = qibo.Circuit(circuit.num_qubits)
    for step in gates:
        name = _PLAIN.get(step.name) or _TURNS[step.name]
        made.add(getattr(qibo.gates, name)(*step.qubits, *step.angles))
    made.add(qibo.gates.M(*measured))
    found = np.asarray(made(nshots=shots).samples())
    out = np.zeros((shots, circuit.num_clbits), dtype=bool)
    out[:, [bit for bit, qubit in enumerate(read) if qubit >= 0]] = found == 1
    return out
