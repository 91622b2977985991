"""QiliSim, the simulator of Qilimanjaro's SDK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported, readings_of_counts
from qcattn.backends.translation import reads_at_end, steps

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
        """Counts by a seed, of circuits that are measured at their ends."""
        return frozenset({"seed"})

    @property
    def most_qubits(self) -> int:
        """Sixteen: it holds dense states."""
        return 16

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks one by one on one simulator, whose seed is that of the job."""
        backends = imported("qilisdk.backends", "qilisdk")
        config = backends.ExecutionConfig(seed=seed, num_threads=1)
        simulator = backends.QiliSim(execution_config=config)
        return [[_run(simulator, one, task.shots) for one in task.bound()] for task in tasks]

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("qilisdk", "qilisdk")
        return {"backend": "QiliSim", "version": metadata.version("qilisdk")}


def _run(simulator: Any, circuit: QuantumCircuit, shots: int) -> np.ndarray:
    digital = imported("qilisdk.digital", "qilisdk")
    functionals = imported("qilisdk.functionals", "qilisdk")
    readout = imported("qilisdk.readout", "qilisdk")
    gates, read = reads_at_end(steps(circuit, [*_PLAIN, *_TURNS]), circuit.num_clbits)
    made = digital.Circuit(circuit.num_qubits)
    for step in gates:
        if step.name == "rz":
            made.add(digital.RZ(*step.qubits, phi=step.angles[0]))
        elif step.name in _TURNS:
            made.add(getattr(digital, _TURNS[step.name])(*step.qubits, theta=step.angles[0]))
        else:
            made.add(getattr(digital, _PLAIN[step.name])(*step.qubits))
    asked = readout.Readout().with_sampling(nshots=shots)
    counts = simulator.execute(functionals.DigitalPropagation(made), asked).get_samples()
    # Of every qubit, qubit 0 on the left.
    bits = readings_of_counts(dict(counts), circuit.num_qubits)[:, ::-1]
    out = np.zeros((len(bits), circuit.num_clbits), dtype=bool)
    for bit, qubit in enumerate(read):
        if qubit >= 0:
            out[:, bit] = bits[:, qubit]
    return out
