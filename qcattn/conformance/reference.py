"""The sampler that must pass every probe: exact laws, one generator of NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task, readings_of_strings
from qcattn.conformance.case import Law
from qcattn.conformance.law import law_of
from qcattn.versions import package_versions

__all__ = ["Reference"]


@dataclass(frozen=True, eq=False)
class Reference(Simulator):
    """Draws every circuit from its exact law, each binding with a stream of its own.

    Laws are kept, so that a run drawn again costs its draws only.

    Attributes:
        precision: The precision of probabilities, ``"double"`` or ``"single"``.
        method: The method that it says it has.

    Example:
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.x(0), circuit.measure(0, 0)
        >>> ((drawn,),) = Reference().sample([Task(circuit, 2)], seed=1)
        >>> drawn.astype(int).tolist()
        [[1], [1]]
    """

    precision: str = "double"
    method: str = "table"
    _kept: dict[Any, tuple[QuantumCircuit, Law, np.ndarray]] = field(
        default_factory=dict, repr=False
    )

    @property
    def abilities(self) -> frozenset[Ability]:
        """Every ability."""
        return frozenset(get_args(Ability))

    @property
    def most_qubits(self) -> int:
        """The number of qubits that the laws of the corpus take."""
        return 200

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks as one job; see `Simulator.sample`."""
        root = np.random.SeedSequence(seed).entropy
        drawn = []
        for i, task in enumerate(tasks):
            rows = []
            for j in range(len(task.values)):
                stream = np.random.SeedSequence(root, spawn_key=(i, j))
                law, readings = self.law(task, j, noise)
                picked = np.random.default_rng(stream).choice(len(law.p), task.shots, p=law.p)
                rows.append(readings[picked])
            drawn.append(rows)
        return drawn

    def law(
        self, task: Task, binding: int, noise: Sequence[NoiseTerm] = ()
    ) -> tuple[Law, np.ndarray]:
        """The law of one binding of a task, and its outcomes as readings."""
        key = _key(task, binding, noise)
        if key not in self._kept:
            one = Task(task.circuit, task.shots, task.values[binding : binding + 1])
            (bound,) = one.bound()
            self.keep(task, binding, law_of(bound, noise=noise), noise)
        _, law, readings = self._kept[key]
        return law, readings

    def keep(self, task: Task, binding: int, law: Law, noise: Sequence[NoiseTerm] = ()) -> None:
        """Keep a law that is known already, such as that of a circuit of the corpus."""
        key = _key(task, binding, noise)
        if key not in self._kept:
            readings = readings_of_strings(law.outcomes, task.circuit.num_clbits)
            self._kept[key] = (task.circuit, law, readings)

    def probabilities(self, circuits: Sequence[QuantumCircuit]) -> list[np.ndarray]:
        """Exact probabilities of all readings; see `Simulator.probabilities`."""
        found = []
        for circuit in circuits:
            law, _ = self.law(Task(circuit, 1), 0)
            p = np.zeros(1 << circuit.num_clbits)
            p[[int(outcome, 2) for outcome in law.outcomes]] = law.p
            found.append(p.astype(np.float32 if self.precision == "single" else np.float64))
        return found

    def expectations(
        self, circuits: Sequence[QuantumCircuit], paulis: Sequence[str], shots: int, seed: int
    ) -> np.ndarray:
        """The mean of one sign for each shot, each circuit with a stream of its own."""
        exact = [
            Statevector(circuit).expectation_value(SparsePauliOp(pauli)).real
            for circuit, pauli in zip(circuits, paulis, strict=True)
        ]
        streams = np.random.SeedSequence(seed).spawn(len(exact))
        chances = np.clip((1 + np.array(exact)) / 2, 0.0, 1.0)
        plus = [
            np.random.default_rng(stream).binomial(shots, chance)
            for stream, chance in zip(streams, chances, strict=True)
        ]
        return 2 * np.array(plus) / shots - 1

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The precision of probabilities, and methods that are all the same."""
        return {"precision": ("single", "double"), "method": ("table", "law")}

    def chosen(self, option: str, value: str) -> Reference:
        """The same reference with this choice; kept laws stay."""
        chosen: Any = {option: value}
        return replace(self, **chosen)

    def used_method(self, circuit: QuantumCircuit) -> str:
        """The method that was chosen."""
        return self.method

    def settings(self) -> dict[str, str]:
        """The name and version of the reference."""
        return {"backend": "Reference", "version": package_versions()["qcattn"]}


def _key(task: Task, binding: int, noise: Sequence[NoiseTerm]) -> tuple[Any, ...]:
    return id(task.circuit), task.values[binding].tobytes(), tuple(map(id, noise))
