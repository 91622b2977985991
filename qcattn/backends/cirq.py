"""Cirq's own simulator, by Google."""

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
from qcattn.backends.translation import steps

__all__ = ["Cirq", "calls_on", "run_on"]

_PLAIN = {"x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "t": "T", "cx": "CNOT", "cz": "CZ",
          "swap": "SWAP", "iswap": "ISWAP", "ccx": "CCX", "ccz": "CCZ",
          "cswap": "CSWAP"}  # fmt: skip
_TURNS = {"rx": "rx", "ry": "ry", "rz": "rz"}


@dataclass(frozen=True, eq=False)
class Cirq(Simulator):
    """Sample on ``cirq.Simulator`` (extra ``cirq``), mid-circuit measurements and resets too.

    Example:
        >>> "reset" in Cirq().abilities
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
        cirq = imported("cirq", "cirq")
        simulator = cirq.Simulator(seed=seed)
        return [[run_on(simulator, c, task.shots) for c in task.bound()] for task in tasks]

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of Cirq; see `Simulator.calls`."""
        return calls_on("cirq.Simulator", circuit)

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("cirq", "cirq")
        return {"backend": "cirq.Simulator", "version": metadata.version("cirq-core")}


def calls_on(simulator: str, circuit: QuantumCircuit) -> Calls:
    """The calls that `run_on` makes, as text.

    Args:
        simulator: Class of Cirq's kind with its module, such as ``"cirq.Simulator"``.
        circuit: A circuit without parameters.

    Raises:
        DoesNotFit: If Cirq has no such instruction.
    """
    lines = [f"q = cirq.LineQubit.range({circuit.num_qubits})", "made = cirq.Circuit()"]
    read, number = [-1] * circuit.num_clbits, 0
    for step in steps(circuit, [*_PLAIN, *_TURNS], reset=True):
        qubits = ", ".join(f"q[{qubit}]" for qubit in step.qubits)
        if step.name == "measure":
            read[step.bit], number = number, number + 1
            done = f'cirq.measure({qubits}, key="m{read[step.bit]}")'
        elif step.name == "reset":
            done = f"cirq.reset({qubits})"
        elif step.name in _TURNS:
            done = f"{call(f'cirq.{_TURNS[step.name]}', step.angles)}({qubits})"
        else:
            done = f"cirq.{_PLAIN[step.name]}({qubits})"
        lines.append(f"made.append({done})")
    module = simulator.partition(".")[0]
    return Calls(
        imports=tuple(f"import {one}" for one in dict.fromkeys(["cirq", module])),
        circuit=tuple(lines),
        read=tuple(read),
        start=(f"simulator = {simulator}(seed=seed)",),
        run=(
            "found = simulator.run(made, repetitions=shots).measurements",
            'seen = np.hstack([found[f"m{k}"] for k in range(len(found))])',
        ),
    )


def run_on(simulator: Any, circuit: QuantumCircuit, shots: int) -> np.ndarray:
    """Draw shots of one circuit on a simulator of Cirq's kind.

    Args:
        simulator: A simulator with Cirq's ``run``.
        circuit: A circuit without parameters.
        shots: The number of shots, 1 or more.

    Returns:
        Readings (shots, clbits), bool, bit 0 first: of a bit that is written twice the later value.

    Raises:
        DoesNotFit: If Cirq has no such instruction.
    """
    cirq = imported("cirq", "cirq")
    line = cirq.LineQubit.range(circuit.num_qubits)
    operations, key_of = [], {}
    for i, step in enumerate(steps(circuit, [*_PLAIN, *_TURNS], reset=True)):
        qubits = [line[qubit] for qubit in step.qubits]
        if step.name == "measure":
            key_of[step.bit] = f"m{i}"
            operations.append(cirq.measure(*qubits, key=f"m{i}"))
        elif step.name == "reset":
            operations.append(cirq.reset(*qubits))
        elif step.name in _TURNS:
            operations.append(getattr(cirq, _TURNS[step.name])(*step.angles)(*qubits))
        else:
            operations.append(getattr(cirq, _PLAIN[step.name])(*qubits))
    result = simulator.run(cirq.Circuit(operations), repetitions=shots)
    out = np.zeros((shots, circuit.num_clbits), dtype=bool)
    for bit, key in key_of.items():
        out[:, bit] = result.measurements[key][:, 0]
    return out
