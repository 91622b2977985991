"""Qulacs, a state-vector simulator in C++."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.backends.calls import Calls, call
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, imported, one_by_one
from qcattn.backends.translation import reads_at_end, steps
from qcattn.records import numbers_of, readings_of

__all__ = ["Qulacs"]

_PLAIN = {
    "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "Sdag", "t": "T", "tdg": "Tdag",
    "sx": "sqrtX", "sxdg": "sqrtXdag", "cx": "CNOT", "cz": "CZ", "swap": "SWAP",
}  # fmt: skip
_TURNS = {"rx": "RotX", "ry": "RotY", "rz": "RotZ"}


@dataclass(frozen=True, eq=False)
class Qulacs(Simulator):
    """Sample on Qulacs: the exact state once, then its own sampling (extra ``qulacs``).

    Example:
        >>> sorted(Qulacs().abilities)
        ['order', 'probabilities', 'seed']
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """It returns shots in order and takes a seed; circuits must be measured at their ends."""
        return frozenset({"order", "probabilities", "seed"})

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks; Qulacs has no jobs, so each binding gets a part of the seed."""
        return one_by_one(tasks, seed, _run)

    def probabilities(self, circuits: Sequence[QuantumCircuit]) -> list[np.ndarray]:
        """The squares of the state vector, summed over what is not read."""
        found = []
        for circuit in circuits:
            state, read = _state(circuit)
            p = np.abs(np.array(state.get_vector())) ** 2
            places = numbers_of(_bits(np.arange(len(p)), read))
            found.append(np.bincount(places, weights=p, minlength=1 << circuit.num_clbits))
        return found

    def calls(self, circuit: QuantumCircuit) -> Calls:
        """The calls of Qulacs; see `Simulator.calls`."""
        gates, read = reads_at_end(steps(circuit, [*_PLAIN, *_TURNS]), circuit.num_clbits)
        lines = [f"made = qulacs.QuantumState({circuit.num_qubits})"]
        for step in gates:
            name = _PLAIN.get(step.name) or _TURNS[step.name]
            gate = call(f"qulacs.gate.{name}", step.qubits, step.angles)
            lines.append(f"{gate}.update_quantum_state(made)")
        return Calls(
            parted=True,
            imports=("import qulacs",),
            circuit=tuple(lines),
            read=tuple(read),
            run=(
                "own = [] if part is None else [part >> 1]",
                "numbers, qubits = made.sampling(shots, *own), range(made.get_qubit_count())",
                "seen = np.array([[one >> q & 1 for q in qubits] for one in numbers])",
            ),
            saved=("p = np.abs(np.array(made.get_vector())) ** 2",),
        )

    def settings(self) -> dict[str, str]:
        """Its name and version."""
        imported("qulacs", "qulacs")
        return {"backend": "Qulacs", "version": metadata.version("qulacs")}


def _run(circuit: QuantumCircuit, shots: int, seed: int | None) -> np.ndarray:
    state, read = _state(circuit)
    numbers = state.sampling(shots) if seed is None else state.sampling(shots, seed >> 1)
    return _bits(np.array(numbers, dtype=np.int64), read)


def _state(circuit: QuantumCircuit) -> tuple[Any, list[int]]:
    """The state at the end, and which qubit each classical bit reads."""
    qulacs = imported("qulacs", "qulacs")
    found = steps(circuit, [*_PLAIN, *_TURNS])
    gates, read = reads_at_end(found, circuit.num_clbits)
    state, made = qulacs.QuantumState(circuit.num_qubits), qulacs.gate
    for step in gates:
        if step.name in _PLAIN:
            gate = getattr(made, _PLAIN[step.name])(*step.qubits)
        else:
            turn: Callable[..., Any] = getattr(made, _TURNS[step.name])
            gate = turn(*step.qubits, *step.angles)
        gate.update_quantum_state(state)
    return state, read


def _bits(numbers: np.ndarray, read: list[int]) -> np.ndarray:
    """Readings (shots, clbits) of basis states by their numbers; a bit that nobody writes is 0."""
    of_qubits = readings_of(numbers, max(read) + 2)  # one column more, of which -1 is zero
    out: np.ndarray = of_qubits[:, read]
    return out
