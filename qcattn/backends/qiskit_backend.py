"""Any Qiskit ``BackendV2``, run as it stands: the object under test, nothing designed around."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.providers import BackendV2
from qiskit.transpiler import TranspilerError

from qcattn.backends.clifford import is_clifford
from qcattn.backends.failures import short_of, what_failed
from qcattn.backends.noise_terms import NoiseTerm, noise_model_of
from qcattn.backends.simulator import Ability, Simulator, Task, readings_of_strings
from qcattn.errors import DoesNotFit
from qcattn.readings.circuits import operations_of
from qcattn.versions import version_behind

__all__ = [
    "QiskitBackend",
    "abilities_of",
    "choices_of",
    "in_calls",
    "most_qubits_of",
    "with_saved",
]

#: Methods of Aer that sample Clifford circuits.
_METHODS = (
    "statevector",
    "density_matrix",
    "matrix_product_state",
    "stabilizer",
    "extended_stabilizer",
)
#: Abilities that the names of a target's operations say.
_OPERATIONS: dict[str, Ability] = {
    "if_else": "conditional",
    "measure": "mid-circuit measurement",
    "reset": "reset",
    "save_probabilities": "probabilities",
    "while_loop": "loop",
}
#: Abilities that the options of a backend say.
_OPTIONS: dict[str, Ability] = {
    "memory": "order",
    "noise_model": "noise",
    "seed_simulator": "seed",
}
#: Qubits of a dense state that is still quick, and of a target that holds none.
_DENSE, _NOT_DENSE, _DENSITY = 24, 50, 10


@dataclass(frozen=True, eq=False)
class QiskitBackend(Simulator):
    """Sample with any Qiskit ``BackendV2`` that is to be tested.

    All circuits of a job go to the backend in one call, with its own seed, and nothing is done to
    keep the shots of circuits apart: what the backend does wrong is seen. To run experiments on Aer
    take `Aer`, which lays seeds out so that no stream repeats another. Only what the options of the
    backend list is asked of it: shots in their order by ``memory``, and ``seed_simulator``.

    Attributes:
        backend: A backend with a method ``run(circuits, shots=...)``.
        options: Further keywords of that method.

    Example:
        >>> from qiskit.providers.basic_provider import BasicSimulator
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.x(0), circuit.measure(0, 0)
        >>> ((drawn,),) = QiskitBackend(BasicSimulator()).sample([Task(circuit, 3)], seed=1)
        >>> drawn.astype(int).tolist()
        [[1], [1], [1]]
    """

    backend: BackendV2
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the backend.

        Raises:
            ValueError: If it is no BackendV2.
        """
        if not isinstance(self.backend, BackendV2):
            raise ValueError(
                f"`backend` must be a Qiskit BackendV2, but is {type(self.backend).__name__}"
            )

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the target lists, the options name and ``run`` takes."""
        binds = "parameter_binds" in inspect.signature(self.backend.run).parameters
        found = abilities_of(self.backend.operation_names, self.backend.options, binds)
        return found | ({"options"} if self.choices else set())

    @property
    def most_qubits(self) -> int:
        """The qubits of the target; 24 where it holds dense states or sets no bound."""
        method = getattr(self.backend.options, "method", None)
        return most_qubits_of(self.backend.num_qubits, method)

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks as one job; see `Simulator.sample`.

        Tasks with different numbers of shots go in several calls, one for each number, since
        ``run`` takes one number.
        """
        extra = dict(self.options)
        if noise:
            extra["noise_model"] = noise_model_of(noise)

        def run(some: Sequence[Task], shots: int, own: int | None) -> list[list[np.ndarray]]:
            seeded = "seed" in self.abilities and own is not None
            return self._run(some, shots, {**extra, **({"seed_simulator": own} if seeded else {})})

        return in_calls(tasks, seed, run)

    def _run(
        self, tasks: Sequence[Task], shots: int, extra: dict[str, Any]
    ) -> list[list[np.ndarray]]:
        """One call of the backend, which binds values itself where it can."""
        broadcast = "parameters" in self.abilities and any(len(one.values) > 1 for one in tasks)
        circuits = [c for one in tasks for c in ([one.circuit] if broadcast else one.bound())]
        if broadcast:
            extra = {**extra, "parameter_binds": [_binds(one) for one in tasks]}
        if "order" in self.abilities:
            extra = {**extra, "memory": True}
        results = self._results(circuits, shots=shots, **extra)
        each = [_words(one) for one in results]
        wanted = [len(task.values) for task in tasks]
        if len(each) > sum(wanted) or (len(each) < sum(wanted) and len(tasks) > 1):
            # Whose results are missing is not known for sure.
            names = [task.circuit.name for task in tasks]
            raise RuntimeError(short_of(self.backend.name, results, names, wanted))
        drawn, start = [], 0
        for task in tasks:
            clbits, stop = task.circuit.num_clbits, start + len(task.values)
            drawn.append([_readings(words, clbits) for words in each[start:stop]])
            start = stop
        return drawn

    def _results(self, circuits: list[QuantumCircuit], **options: Any) -> list[Any]:
        """The results of one call of the backend, of which no circuit failed."""
        result = self.backend.run(self._fitted(circuits), **options).result()
        if not result.success:
            raise RuntimeError(f"{self.backend.name} failed: {what_failed(result)}")
        return list(result.results)

    def _fitted(self, circuits: list[QuantumCircuit]) -> list[QuantumCircuit]:
        """The circuits on the operations of the target, otherwise as they are."""
        names = set(self.backend.operation_names)
        if self.backend.options.get("method") == "stabilizer":
            # Its target lists rotations, of which it takes the Clifford ones only.
            for circuit in circuits:
                if not is_clifford(circuit):
                    raise DoesNotFit(
                        f"the circuit must be of Clifford gates only on {self.backend.name}, but "
                        "is not; take another backend"
                    )
        try:
            return [
                circuit
                if operations_of(circuit) <= names | {"barrier"}
                else transpile(circuit, self.backend, optimization_level=0)
                for circuit in circuits
            ]
        except TranspilerError as error:
            raise DoesNotFit(
                f"{self.backend.name} does not take this circuit ({error.message}); take another "
                "backend"
            ) from None

    def probabilities(self, circuits: Sequence[QuantumCircuit]) -> list[np.ndarray]:
        """Exact probabilities of the readings, as the backend saves them; see `Simulator`."""
        saving = [with_saved(circuit) for circuit in circuits]
        results = self._results(saving, shots=1, **self.options)
        return [np.asarray(one.data.probabilities) for one in results]

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The choices of Aer: precision, and the methods that sample; others have none."""
        method = getattr(self.backend.options, "method", None)
        # Qiskit's GenericBackendV2 has the option of Aer's, and tells no methods.
        methods: Collection[str] = getattr(self.backend, "available_methods", tuple)()
        return choices_of(self.backend.options, method, methods)

    def chosen(self, option: str, value: str) -> QiskitBackend:
        """Pass the choice as an option of every run."""
        return replace(self, options={**self.options, option: value})

    def used_method(self, circuit: QuantumCircuit) -> str:
        """The method that the metadata of a result name."""
        (result,) = self._results([circuit], shots=1, **self.options)
        return str(result.metadata.get("method", "not told"))

    def fitted(self, prepared: Any) -> QuantumCircuit:
        """The circuit as it is given to the simulator."""
        (circuit,) = self._fitted([prepared.circuit])
        return circuit

    def settings(self) -> dict[str, str]:
        """The name and version of the backend and its package."""
        return {
            "backend": self.backend.name or type(self.backend).__name__,
            "version": version_behind(self.backend),
            **{name: str(value) for name, value in self.options.items()},
        }


def abilities_of(
    operations: Iterable[str], options: Iterable[str], binds: bool
) -> frozenset[Ability]:
    """The abilities that a backend has, judged by what it lists.

    Args:
        operations: Names of its target.
        options: Names of its options.
        binds: Whether its ``run`` takes ``parameter_binds``.

    Example:
        >>> sorted(abilities_of(["reset"], ["memory"], False))
        ['order', 'reset']
    """
    found = {_OPERATIONS[name] for name in operations if name in _OPERATIONS}
    found |= {_OPTIONS[name] for name in options if name in _OPTIONS}
    return frozenset(found | ({"parameters"} if binds else set()))


def choices_of(
    options: Iterable[str], method: str | None, methods: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """The precisions and methods of a backend that can be chosen, judged by what it lists.

    Args:
        options: Names of its options.
        method: The method that the backend was made with; another than ``"automatic"`` is not
            chosen again.
        methods: The methods that the backend has.

    Example:
        >>> choices_of(["precision"], "automatic", ["stabilizer", "unitary"])
        {'precision': ('single', 'double'), 'method': ('stabilizer',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    if "precision" in set(options):
        found["precision"] = ("single", "double")
    if method == "automatic" and methods:
        found["method"] = tuple(one for one in methods if one in _METHODS)
    return found


def most_qubits_of(number: int | None, method: str | None = None) -> int:
    """The qubits that are asked of a target of this size; 24 where it holds dense states.

    Args:
        number: The number of qubits of the target.
        method: The method of Aer; ten qubits are asked of a density matrix.

    Example:
        >>> most_qubits_of(30), most_qubits_of(5), most_qubits_of(None), most_qubits_of(1000)
        (24, 5, 24, 1000)
        >>> most_qubits_of(15, "density_matrix")
        10
    """
    most = number or _DENSE
    if method == "density_matrix":
        return min(most, _DENSITY)
    return most if most >= _NOT_DENSE else min(most, _DENSE)


def in_calls(
    tasks: Sequence[Task],
    seed: int | None,
    run: Callable[[Sequence[Task], int, int | None], list[list[np.ndarray]]],
) -> list[list[np.ndarray]]:
    """Split a job into one call for each number of shots, since ``run`` takes one number only.

    Args:
        tasks: The tasks of the job.
        seed: The seed of the job, or None.
        run: A function from tasks, their shots and the seed of the call to their runs.
    """
    drawn: list[list[np.ndarray]] = [[] for _ in tasks]
    for call, shots in enumerate(dict.fromkeys(task.shots for task in tasks)):
        # One seed for two calls would repeat the shots of the first, as it must.
        own = seed if seed is None or not call else _seed_of_call(seed, call)
        where = [i for i, task in enumerate(tasks) if task.shots == shots]
        for i, found in zip(where, run([tasks[i] for i in where], shots, own), strict=True):
            drawn[i] = found
    return drawn


def _seed_of_call(seed: int, call: int) -> int:
    (word,) = np.random.SeedSequence([seed, call]).generate_state(1)
    return int(word) >> 1


def _binds(task: Task) -> dict[Any, list[float]]:
    """Columns of values by parameter, as ``parameter_binds`` takes them."""
    names = list(task.circuit.parameters)
    return {name: task.values[:, i].tolist() for i, name in enumerate(names)}


def _words(result: Any) -> list[str]:
    """Shots of one circuit in hexadecimal, in their order, or in that of its counts."""
    memory = getattr(result.data, "memory", None)
    return list(Counter(result.data.counts).elements()) if memory is None else list(memory)


def _readings(words: list[str], clbits: int) -> np.ndarray:
    width = max(clbits, 1)
    return readings_of_strings([f"{int(one, 16):0{width}b}" for one in words], clbits)


def with_saved(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with Aer's instruction to save probabilities in place of its measurements.

    Args:
        circuit: A circuit that is measured at its end, every classical bit once.
    """
    from qiskit_aer.library import SaveProbabilities

    out = circuit.copy_empty_like()
    qubit_of = {}
    for one in circuit.data:
        if one.operation.name == "measure":
            (qubit,), (clbit,) = one.qubits, one.clbits
            qubit_of[clbit] = qubit
        elif one.operation.name != "barrier":
            out.append(one)
    qubits = [qubit_of[clbit] for clbit in circuit.clbits]
    out.append(SaveProbabilities(len(qubits)), qubits)
    return out
