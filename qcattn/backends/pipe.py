"""A backend in another Python environment, run over a pipe."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import get_standard_gate_name_mapping

from qcattn.backends import piped_worker
from qcattn.backends.clifford import is_clifford
from qcattn.backends.exchange import as_json
from qcattn.backends.named import place_and_options
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.qiskit_backend import (
    abilities_of,
    choices_of,
    in_calls,
    most_qubits_of,
)
from qcattn.backends.sampler import STEERED
from qcattn.backends.simulator import Ability, Simulator, Task
from qcattn.errors import DoesNotFit
from qcattn.parsing import parse_json

__all__ = ["Piped"]


@dataclass(frozen=True, eq=False)
class Piped(Simulator):
    """A Qiskit backend or sampler in another Python environment that is to be tested.

    That environment needs its own Qiskit (terra 0.25 or later) and the backend, and no qcattn. A
    worker that dies is an error of the job in which it died; the next job starts another.

    Attributes:
        text: ``module:factory`` of that environment, with options in brackets behind it.
        python: The interpreter of that environment.
        options: Further keywords of the backend's method ``run``.

    Example:
        >>> import sys
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.x(0), circuit.measure(0, 0)
        >>> piped = Piped("qiskit.providers.basic_provider:BasicSimulator", sys.executable)
        >>> ((drawn,),) = piped.sample([Task(circuit, 2)], seed=1)
        >>> drawn.astype(int).tolist()
        [[1], [1]]
    """

    text: str
    python: str
    options: dict[str, str] = field(default_factory=dict)
    _held: list[_Worker] = field(default_factory=list, init=False, repr=False)

    @property
    def _worker(self) -> _Worker:
        """The one that runs, or a new one."""
        if not self._held or self._held[0].process.poll() is not None:
            place, options = place_and_options(self.text, "--backend")
            module, _, factory = place.partition(":")
            if not factory:
                raise ValueError(
                    f"`--backend` must be module:factory beside `--python`, but is {self.text!r}; "
                    "name one, such as qiskit_aer:AerSimulator"
                )
            named = {"module": module, "factory": factory, "options": options}
            self._held[:] = [_Worker(self.python, named)]
        return self._held[0]

    @property
    def runs(self) -> bool:
        """Whether it is a backend, which runs circuits, rather than a sampler."""
        return bool(self._worker.about["kind"] == "backend")

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the backend says about itself in its environment."""
        about = self._worker.about
        if self.runs:
            able = abilities_of(about["operations"], about["options"], about["binds"])
            return able | ({"options"} if self.choices else set())
        found: set[Ability] = {"order", "parameters"}
        found |= abilities_of(about["operations"] or (), (), False) & STEERED
        return frozenset(found | self.untold | ({"seed"} if about["seeded"] else set()))

    @property
    def untold(self) -> frozenset[Ability]:
        """What a `qcattn.backends.sampler.Sampler` in this environment would not tell either."""
        about = self._worker.about
        told = self.runs or about["operations"] is not None or about["name"] == "StatevectorSampler"
        return frozenset() if told else STEERED

    @property
    def most_qubits(self) -> int:
        """The same as for this backend in this environment."""
        return most_qubits_of(self._worker.about.get("qubits"), self._worker.about.get("method"))

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks as one job; see `Simulator.sample`."""
        if not self.runs:
            return self._drawn(tasks, seed, ())
        return in_calls(tasks, seed, lambda some, _, own: self._drawn(some, own, noise))

    def _drawn(
        self, tasks: Sequence[Task], seed: int | None, noise: Sequence[NoiseTerm]
    ) -> list[list[np.ndarray]]:
        worker = self._worker
        if worker.about.get("method") == "stabilizer":
            # Its target lists rotations, of which it takes the Clifford ones only.
            for one in tasks:
                if not all(map(is_clifford, one.bound())):
                    raise DoesNotFit("this backend takes circuits of Clifford gates only")
        sent = [
            {"circuit": as_json(one.circuit), "shots": one.shots, "values": one.values.tolist()}
            for one in tasks
        ]
        terms = [_noise(one) for one in noise]
        found = worker.ask("sample", tasks=sent, seed=seed, noise=terms, options=self.options)
        return [
            [_unpacked(run, task.circuit.num_clbits) for run in runs]
            for task, runs in zip(tasks, found, strict=True)
        ]

    def probabilities(self, circuits: Sequence[QuantumCircuit]) -> list[np.ndarray]:
        """Exact probabilities of the readings, as the backend saves them; see `Simulator`."""
        sent = [as_json(one) for one in circuits]
        found = self._worker.ask("probabilities", circuits=sent, options=self.options)
        return [np.array(one) for one in found]

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The same as for this backend in this environment."""
        about = self._worker.about
        if not self.runs:
            return {}
        return choices_of(about["options"], about["method"], about["methods"])

    def chosen(self, option: str, value: str) -> Piped:
        """Pass the choice as an option of every run, in the same process."""
        made = replace(self, options={**self.options, option: value})
        object.__setattr__(made, "_held", self._held)
        return made

    def used_method(self, circuit: QuantumCircuit) -> str:
        """The method that the metadata of a result name."""
        sent = as_json(circuit)
        return str(self._worker.ask("used_method", circuit=sent, options=self.options))

    def settings(self) -> dict[str, str]:
        """The names and versions of the backend, its Qiskit and its Python."""
        about = self._worker.about
        return {
            "backend": about["name"],
            "version": about["version"],
            "qiskit": about["qiskit"],
            "python": about["python"],
            "named": self.text,
        }


class _Worker:
    """A process of the other interpreter.

    Args:
        python: The interpreter.
        named: Module, factory and options of the backend.

    Raises:
        ValueError: If there is no such interpreter, or it cannot make the backend.
    """

    def __init__(self, python: str, named: dict[str, Any]) -> None:
        self.python = python
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the process runs
        try:
            self.process = subprocess.Popen(
                [python, "-E", str(Path(piped_worker.__file__))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                text=True,
                env=os.environ.copy(),  # which threads cannot change under it
                start_new_session=True,  # Ctrl-C is ours to answer
            )
        except OSError as error:
            self.errors.close()
            raise ValueError(
                f"`--python` must be a Python interpreter, but is {python!r} ({error.strerror}); "
                "name one such as venv/bin/python"
            ) from error
        weakref.finalize(self, _end, self.process, self.errors)
        try:
            self.about: dict[str, Any] = self.ask("about", **named)
        except RuntimeError as error:
            _end(self.process, self.errors)
            place = f"{named['module']}:{named['factory']}"
            raise ValueError(
                f"`--backend` is {place!r}, which {python} cannot make: {error}"
            ) from error

    def ask(self, what: str, **rest: Any) -> Any:
        """Send a request and return the answer.

        Raises:
            DoesNotFit: If the backend does not take such a circuit.
            RuntimeError: If it raised an error, or the process died.
        """
        try:
            line = self._line(json.dumps({"ask": what, **rest}))
        except BaseException:  # half a request or answer is in the pipe
            _end(self.process, self.errors)
            raise
        said = parse_json(line)
        if "refused" in said:
            raise DoesNotFit(said["refused"])
        if "error" in said:
            raise RuntimeError(f"{said['error']}: {said['said']}")
        return said["answer"]

    def _line(self, request: str) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:  # what it said last is told below
            pass
        line = self.process.stdout.readline()
        if line.endswith("\n"):
            return line
        code = self.process.wait()
        self.errors.seek(0)
        last = self.errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        raise RuntimeError(
            f"the process of {self.python} ended with exit code {code} before it answered"
            f"{': ' if last else ''}{''.join(last)}"
        )


def _end(process: subprocess.Popen[str], errors: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for file in (process.stdin, process.stdout, errors):
        with suppress(OSError):  # a request that nobody reads any more
            if file is not None:
                file.close()


def _noise(term: NoiseTerm) -> dict[str, Any]:
    """A term with the number of qubits of each gate beside it."""
    gates = get_standard_gate_name_mapping()
    sizes = [[gate, gates[gate].num_qubits] for gate in term.gates]
    return {**asdict(term), "gates": sizes, "numbers": dict(term.numbers)}


def _unpacked(run: list[Any], clbits: int) -> np.ndarray:
    """Shots of one binding, shape (shots, clbits), bool."""
    shots, packed = run
    words = np.frombuffer(base64.b64decode(packed), np.uint8).reshape(shots, -1)
    return np.unpackbits(words, axis=1, bitorder="little")[:, :clbits].astype(bool)
