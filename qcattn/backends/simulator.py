"""A simulator as its testers see it: a job of circuits in, every shot's classical bits out.

An adapter of another simulator says what that simulator can do (`Simulator.abilities`) and gives
its shots (`Simulator.sample`); that makes it a backend of `qcattn.run` and of sweeps too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

import numpy as np
from qiskit import QuantumCircuit

from qcattn.arguments import check_shots
from qcattn.backends.calls import Calls
from qcattn.backends.counting import Reader, collect
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.plurals import plural
from qcattn.records import Counts, Prepared
from qcattn.seeds import entropy

__all__ = [
    "Ability",
    "Simulator",
    "Task",
    "imported",
    "one_by_one",
    "readings_of_counts",
    "readings_of_strings",
]

#: What a simulator can do. ``order``: it gives the shots in the order in which they were drawn;
#: ``parameters``: it takes a table of values for the parameters of one circuit;
#: ``options``: its precision or its method can be chosen (`Simulator.choices`);
#: ``probabilities``: it gives the exact probabilities that it computed itself.
Ability = Literal[
    "conditional",
    "expectation",
    "loop",
    "mid-circuit measurement",
    "noise",
    "options",
    "order",
    "parameters",
    "probabilities",
    "reset",
    "seed",
]

_SHOTS_OF_CHUNK = 2**21


@dataclass(frozen=True, eq=False)
class Task:
    """One circuit of a job.

    Attributes:
        circuit: A circuit with measurements.
        shots: The number of shots of every binding, 1 or more.
        values: Shape (bindings, parameters), in the order of ``circuit.parameters``; of shape
            (1, 0) for a circuit without parameters.
    """

    circuit: QuantumCircuit
    shots: int
    values: np.ndarray = field(default_factory=lambda: np.zeros((1, 0)))

    def bound(self) -> list[QuantumCircuit]:
        """One circuit without parameters for each binding."""
        if not self.circuit.num_parameters:
            return [self.circuit] * len(self.values)
        names = list(self.circuit.parameters)
        return [
            self.circuit.assign_parameters(dict(zip(names, map(float, row), strict=True)))
            for row in self.values
        ]


class Simulator(ABC):
    """The adapter of a simulator: its abilities and its shots. Subclasses are frozen dataclasses.

    Attributes:
        abilities: What the simulator can do, as its documentation says.
        untold: Those of these abilities that the simulator has no way to tell of.
        most_qubits: The qubits of the largest circuit that is asked of the simulator.
    """

    @property
    @abstractmethod
    def abilities(self) -> frozenset[Ability]:
        """What it can do, as its documentation says, and what it may be able to do, untold."""

    @property
    def untold(self) -> frozenset[Ability]:
        """Abilities that it has no way to tell of: an error where they are needed is a refusal."""
        return frozenset()

    @property
    def most_qubits(self) -> int:
        """The number of qubits of the largest circuit that is asked of it."""
        return 24

    @abstractmethod
    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks as one job.

        Args:
            tasks: Circuits with shots and values.
            seed: A whole number below 2**31, or None: as the simulator does without one.
            noise: Terms of `qcattn.backends.noise_terms.NoiseTerm`, for those with that ability.

        Returns:
            The classical bits of every shot for each task and each binding, of shape (shots,
            clbits), bool, bit 0 first; in the order of the shots where the simulator has the
            ability ``"order"``.

        Raises:
            DoesNotFit: If the simulator has no such gate, or too few qubits for the circuit.
        """

    def probabilities(self, circuits: Sequence[QuantumCircuit]) -> list[np.ndarray]:
        """Exact probabilities of the readings of each circuit, as the simulator computes them.

        Args:
            circuits: Circuits without parameters, measured at their ends only.

        Returns:
            An array of shape (2**clbits,) for each circuit, for simulators with this ability.
        """
        raise NotImplementedError(f"{type(self).__name__} gives no probabilities")

    def expectations(
        self, circuits: Sequence[QuantumCircuit], paulis: Sequence[str], shots: int, seed: int
    ) -> np.ndarray:
        """Expectation values from shots, as the simulator estimates them.

        Args:
            circuits: Circuits without parameters and measurements.
            paulis: One Pauli string a circuit, qubit 0 rightmost.
            shots: Shots of each circuit, 1 or more.
            seed: A whole number below 2**31.

        Returns:
            Shape (circuits,), for simulators with this ability.
        """
        raise NotImplementedError(f"{type(self).__name__} gives no expectation values")

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The values of ``"precision"`` and ``"method"``, where they can be chosen."""
        return {}

    def chosen(self, option: str, value: str) -> Simulator:
        """The same simulator with one of its `choices`.

        Args:
            option: ``"precision"`` or ``"method"``.
            value: One of the values of that choice.
        """
        raise NotImplementedError(f"{type(self).__name__} has no choice of {option}")

    def used_method(self, circuit: QuantumCircuit) -> str:
        """The method that the simulator says it used for a circuit, where it can be chosen."""
        raise NotImplementedError(f"{type(self).__name__} does not tell its method")

    def calls(self, circuit: QuantumCircuit) -> Calls | None:
        """The simulator's own calls by which `sample` runs a circuit, for a script.

        Args:
            circuit: A circuit without parameters.

        Returns:
            The calls; None where the adapter has no such text.
        """
        return None

    def __call__(self, prepared: Prepared, shots: int, seed: Any = None) -> Counts:
        """Draw shots of every row; see `qcattn.backends.protocol.Backend`."""
        return collect(prepared, self.stream(prepared, shots, seed))

    def stream(
        self, prepared: Prepared, shots: int, seed: Any = None
    ) -> Iterator[tuple[slice, Counts]]:
        """Draw the same shots part by part, as slices of the flattened rows with their counts."""
        shots, values, reader = check_shots(shots), prepared.flat_values, Reader(prepared)
        circuit, step = prepared.circuit, max(1, _SHOTS_OF_CHUNK // shots)
        place = {bit: i for i, bit in enumerate(circuit.clbits)}
        registers = {register.name: register for register in circuit.cregs}
        herald = prepared.herald_register
        fired = [place[bit] for bit in registers[herald]] if herald else []
        starts = range(0, len(values), step)
        seeds = np.random.SeedSequence(entropy(seed)).generate_state(len(starts)) >> 1
        for start, part in zip(starts, seeds.tolist(), strict=True):
            rows = values[start : start + step]
            (drawn,) = self.sample([Task(circuit, shots, rows)], int(part))
            if len(drawn) != len(rows):
                raise RuntimeError(
                    f"{type(self).__name__} gave {plural(len(drawn), 'result')} for "
                    f"{plural(len(rows), 'row')}"
                )
            readings = np.stack(drawn)
            discarded = np.asarray(readings[..., fired].any(axis=-1)) if herald else None
            counts = reader.of_bits(readings[..., reader.key_bits], discarded)
            yield slice(start, start + len(rows)), counts

    def fitted(self, prepared: Prepared) -> QuantumCircuit:
        """The circuit as it is given to the simulator."""
        return prepared.circuit

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """Options as strings, for the record of a run; ``backend`` and ``version`` among them."""


def one_by_one(
    tasks: Sequence[Task],
    seed: int | None,
    run: Callable[[QuantumCircuit, int, int | None], np.ndarray],
) -> list[list[np.ndarray]]:
    """Run tasks on a simulator without jobs: each binding runs alone, with its part of the seed.

    Args:
        tasks: What is asked for.
        seed: The seed of the whole job, or None.
        run: A function from a bound circuit, its shots and 32 bits of seed, or None, to bits
            (shots, clbits).

    Returns:
        The same as `Simulator.sample` returns.
    """

    def part(place: tuple[int, int]) -> int | None:
        if seed is None:
            return None
        return int(np.random.SeedSequence(seed, spawn_key=place).generate_state(1)[0])

    return [
        [run(circuit, task.shots, part((i, j))) for j, circuit in enumerate(task.bound())]
        for i, task in enumerate(tasks)
    ]


def readings_of_strings(strings: Sequence[str], clbits: int) -> np.ndarray:
    """Turn bitstrings of shots into readings, shape (shots, clbits), bool, bit 0 first.

    Args:
        strings: Bitstrings, one a shot, bit 0 rightmost; spaces between registers are left out.
        clbits: Classical bits of the circuit.

    Raises:
        ValueError: If a string has another number of bits.

    Example:
        >>> readings_of_strings(["0 1", "1 1"], 2).astype(int).tolist()
        [[1, 0], [1, 1]]
    """
    text = "".join(strings).replace(" ", "")
    if len(text) != len(strings) * clbits:
        raise ValueError(
            f"every shot must have {plural(clbits, 'bit')}, but {strings[:1]} was given"
        )
    letters = np.frombuffer(text.encode("ascii"), np.uint8).reshape(len(strings), clbits)
    return letters[:, ::-1] == ord("1")


def readings_of_counts(counts: dict[str, int], clbits: int) -> np.ndarray:
    """Turn counts into readings, shape (shots, clbits), bool, bit 0 first, in their order.

    Example:
        >>> readings_of_counts({"01": 2, "10": 1}, 2).astype(int).tolist()
        [[1, 0], [1, 0], [0, 1]]
    """
    shots = np.fromiter(counts.values(), np.int64, len(counts))
    return np.repeat(readings_of_strings(list(counts), clbits), shots, axis=0)


def imported(module: str, extra: str) -> Any:
    """Import a package that an adapter needs.

    Args:
        module: The name of the module.
        extra: The extra of qcattn that brings the package.

    Raises:
        ImportError: If it is missing; the message says how to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{module} cannot be imported ({error}); `pip install 'qcattn[{extra}]'` brings it"
        ) from error
