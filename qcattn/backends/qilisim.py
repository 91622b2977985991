"""QiliSim, the simulator of Qilimanjaro's SDK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.calls import Calls
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported, readings_of_counts
from qcattn.backends.translation import PlainStep, reads_at_end, steps

__all__ = ["QiliSim"]

_PLAIN = {"x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "t": "T", "cx": "CNOT", "cz": "CZ",
          "swap": "SWAP"}  # fmt: skip
_TURNS = {"rx": "RX", "ry": "RY", "rz": "RZ"}


@dataclass(frozen=True, eq=False)
class QiliSim(Simulator):
    """Sample on ``qilisdk.backends.QiliSim`` (extra ``qilisdk``).

    Example:
        >>> sorted(QiliSim().abilities)
        ['seed']
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns counts and takes a seed; circuits must be measured at their ends."""
        return frozenset({"seed"})

    @property
    def most_qubits(self) -> int:
        """Sixteen qubits, since it holds dense states."""
        return 16

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks one by one on one simulator, whose seed is that of the job."""
        backends = imported("qilisdk.backends", "qilisdk")
        config = backends.ExecutionConfig(seed=seed, num_threads=1)
        simulator = backends.QiliSim(execution_config=config)
        return [[_run(simulator, one, task.shots) for one in task.bound()] for task in tasks]

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of qilisdk; see `Simulator.calls`."""
        gates, read = reads_at_end(steps(circuit, [*_PLAIN, *_TURNS]), circuit.num_clbits)
        lines = [f"made = digital.Circuit({circuit.num_qubits})"]
        for step in gates:
            name = _PLAIN.get(step.name) or _TURNS[step.name]
            values = [
                *map(str, step.qubits),
                *(f"{_angle_of(step)}={one!r}" for one in step.angles),
            ]
            lines.append(f"made.add(digital.{name}({', '.join(values)}))")
        return Calls(
            imports=("from qilisdk import backends, digital, functionals, readout",),
            circuit=tuple(lines),
            read=tuple(read),
            start=(
                "config = backends.ExecutionConfig(seed=seed, num_threads=1)",
                "simulator = backends.QiliSim(execution_config=config)",
            ),
            run=(
                "asked = readout.Readout().with_sampling(nshots=shots)",
                "propagation = functionals.DigitalPropagation(made)",
                "counts = dict(simulator.execute(propagation, asked).get_samples())",
                "texts = [text for text, count in counts.items() for _ in range(count)]",
                "seen = np.array([[int(bit) for bit in text] for text in texts])",
            ),
        )

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("qilisdk", "qilisdk")
        return {"backend": "QiliSim", "version": metadata.version("qilisdk")}


def _angle_of(step: PlainStep) -> str:
    """What qilisdk calls the angle of a gate."""
    return "phi" if _TURNS.get(step.name) == "RZ" else "theta"


def _run(simulator: Any, circuit: QuantumCircuit, shots: int) -> np.ndarray:
    digital = imported("qilisdk.digital", "qilisdk")
    functionals = imported("qilisdk.functionals", "qilisdk")
    readout = imported("qilisdk.readout", "qilisdk")
    gates, read = reads_at_end(steps(circuit, [*_PLAIN, *_TURNS]), circuit.num_clbits)
    made = digital.Circuit(circuit.num_qubits)
    for step in gates:
        name = _PLAIN.get(step.name) or _TURNS[step.name]
        angle = {_angle_of(step): one for one in step.angles}
        made.add(getattr(digital, name)(*step.qubits, **angle))
    asked = readout.Readout().with_sampling(nshots=shots)
    counts = simulator.execute(functionals.DigitalPropagation(made), asked).get_samples()
    # Of every qubit, qubit 0 on the left.
    bits = readings_of_counts(dict(counts), circuit.num_qubits)[:, ::-1]
    out = np.zeros((len(bits), circuit.num_clbits), dtype=bool)
    for bit, qubit in enumerate(read):
        if qubit >= 0:
            out[:, bit] = bits[:, qubit]
    return out
