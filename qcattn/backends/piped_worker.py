"""The other end of `qcattn.backends.pipe`: runs circuits in the Python environment of a backend.

This file is run by that environment's interpreter and stands alone: it needs Qiskit (terra 0.25 or
later), NumPy and the backend, and nothing of qcattn. A request is one line of JSON on standard
input, the answer one line on what was standard output; `qcattn.backends.exchange` writes circuits
as it reads them. What a backend prints goes to standard error.
"""

from __future__ import annotations

import base64
import collections
import contextlib
import importlib
import inspect
import json
import os
import platform
import signal
import sys
from typing import Any

__all__ = ["main"]


class Refused(Exception):
    """The backend, or this release of Qiskit, does not take this circuit."""


# --- circuits ------------------------------------------------------------------------------------


def circuit_of(sent: dict[str, Any], known: Any = None) -> tuple[Any, list[Any]]:
    """Build a circuit, with its parameters in the order of the columns of values.

    A definition of a gate takes the parameters of the circuit that holds it, which are known.
    """
    from qiskit.circuit import ClassicalRegister, Clbit, Parameter, QuantumCircuit, Qubit

    circuit = QuantumCircuit()
    circuit.add_bits([Qubit() for _ in range(sent["qubits"])])
    bits = [Clbit() for _ in range(sent["clbits"])]
    circuit.add_bits(bits)
    for name, places in sent["registers"]:
        circuit.add_register(ClassicalRegister(name=name, bits=[bits[i] for i in places]))
    names = {name: Parameter(name) for name in sent["parameters"]} | dict(known or {})
    circuit.global_phase = _param(sent["phase"], names)
    _append(circuit, sent["steps"], circuit.qubits, bits, circuit.cregs, names)
    return circuit, [names[name] for name in sent["parameters"]]


def built(sent: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Build the circuit, and refuse what this release of Qiskit cannot build."""
    try:
        return circuit_of(sent)
    except Exception as error:
        said = f"Qiskit cannot build this circuit: {type(error).__name__}: {error}"
        raise Refused(said) from error


def _append(
    into: Any, steps: list[Any], qubits: list[Any], bits: list[Any], cregs: Any, names: Any
) -> None:
    """Steps onto a circuit or a block of one, whose bits are those of the outermost circuit."""
    from qiskit.circuit import Parameter

    for step in steps:
        there = [qubits[i] for i in step["qubits"]], [bits[i] for i in step["clbits"]]
        if "blocks" not in step:
            into.append(_gate(step, names), *there)
            continue
        if step.get("loop"):  # before the block, which holds it
            names.setdefault(step["loop"], Parameter(step["loop"]))
        blocks = [_block(one, there, qubits, bits, cregs, names) for one in step["blocks"]]
        into.append(_control(step, blocks, bits, cregs, names), *there)


def _block(steps: Any, there: Any, qubits: Any, bits: Any, cregs: Any, names: Any) -> Any:
    from qiskit.circuit import QuantumCircuit

    block = QuantumCircuit()
    block.add_bits(there[0])
    block.add_bits(there[1])
    for register in cregs:
        if set(register) <= set(there[1]):
            block.add_register(register)
    _append(block, steps, qubits, bits, cregs, names)
    return block


def _control(step: Any, blocks: list[Any], bits: Any, cregs: Any, names: Any) -> Any:
    from qiskit.circuit import ForLoopOp, IfElseOp, SwitchCaseOp, WhileLoopOp
    from qiskit.circuit.controlflow import CASE_DEFAULT

    name = step["name"]
    if name == "for_loop":
        indices, loop = step["indices"], step["loop"]
        over = range(*indices["range"]) if "range" in indices else tuple(indices["values"])
        return ForLoopOp(over, names[loop] if loop else None, *blocks)
    on = _condition(step["on"], bits, cregs)
    if name == "if_else":
        return IfElseOp(on, *blocks)
    if name == "while_loop":
        return WhileLoopOp(on, *blocks)
    cases = []
    for values, block in zip(step["cases"], blocks):  # noqa: B905 as old Pythons have it
        cases.append((tuple(CASE_DEFAULT if one is None else one for one in values), block))
    return SwitchCaseOp(on, cases)


def _condition(sent: Any, bits: Any, cregs: Any) -> Any:
    if "value" in sent:
        return _variable(sent, bits, cregs), sent["value"]
    if "expression" in sent:
        return _expression(sent["expression"], bits, cregs)
    return _variable(sent, bits, cregs)


def _variable(sent: Any, bits: Any, cregs: Any) -> Any:
    if "bit" in sent:
        return bits[sent["bit"]]
    wanted = [bits[i] for i in sent["register"]]
    for register in cregs:
        if list(register) == wanted:
            return register
    raise Refused("a condition depends on bits that are not in a register of the circuit")


def _expression(sent: Any, bits: Any, cregs: Any) -> Any:
    from qiskit.circuit.classical import expr, types

    kind = types.Bool() if sent["type"] == "bool" else types.Uint(sent["type"])
    inner = [_expression(one, bits, cregs) for one in sent.get("of", [])]
    if sent["what"] == "variable":
        return expr.Var(_variable(sent, bits, cregs), kind)
    if sent["what"] == "value":
        return expr.Value(sent["value"], kind)
    if sent["what"] == "cast":
        return expr.Cast(*inner, kind, implicit=True)
    owner = expr.Unary if sent["what"] == "unary" else expr.Binary
    return owner(owner.Op[sent["op"]], *inner, kind)


def _gate(step: Any, names: Any) -> Any:
    import qiskit.circuit.library as library
    from qiskit.circuit import Barrier, BreakLoopOp, ContinueLoopOp, Delay
    from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
    from qiskit.exceptions import QiskitError

    name, params = step["name"], [_param(one, names) for one in step["params"]]
    if "base" in step:
        return _gate(step["base"], names).control(step["controls"], ctrl_state=step["state"])
    if "definition" in step:
        inner, _ = circuit_of(step["definition"], names)
        inner.name = name
        try:
            return inner.to_gate()
        except QiskitError:  # it holds what is no gate
            return inner.to_instruction()
    sizes = len(step["qubits"]), len(step["clbits"])
    others = {
        "barrier": lambda: Barrier(sizes[0]),
        "break_loop": lambda: BreakLoopOp(*sizes),
        "continue_loop": lambda: ContinueLoopOp(*sizes),
        "delay": lambda: Delay(*params, unit=step["unit"]),
        "diagonal": lambda: getattr(library, "DiagonalGate", library.Diagonal)(params),
        "initialize": lambda: _library("Initialize")(params),
        "multiplexer": lambda: _library("UCGate")(params),
        "pauli": lambda: library.PauliGate(*params),
        "permutation": lambda: library.PermutationGate([int(one.real) for one in params[0]]),
        "state_preparation": lambda: _library("StatePreparation")(params),
        "ucrx": lambda: _library("UCRXGate")(params),
        "ucry": lambda: _library("UCRYGate")(params),
        "ucrz": lambda: _library("UCRZGate")(params),
        "unitary": lambda: _library("UnitaryGate")(params[0]),
    }
    if name in others:
        return others[name]()
    mapping = get_standard_gate_name_mapping()
    if name not in mapping:
        raise Refused(f"this release of Qiskit has no gate {name!r}")
    control = {"ctrl_state": step["state"]} if "state" in step else {}
    return getattr(mapping[name], "base_class", type(mapping[name]))(*params, **control)


def _library(name: str) -> Any:
    """A gate of the library, where old releases have it too."""
    import qiskit.circuit.library as library

    if hasattr(library, name):
        return getattr(library, name)
    return getattr(importlib.import_module("qiskit.extensions"), name)


def _param(sent: Any, names: Any) -> Any:
    import numpy as np

    if not isinstance(sent, dict):
        return sent
    if "complex" in sent:
        return complex(*sent["complex"])
    if "array" in sent:
        return np.array(sent["array"][0]) + 1j * np.array(sent["array"][1])
    total = sent["constant"]
    for name, factor in sent["terms"]:
        one = names[name] if factor == 1 else factor * names[name]
        total = one if isinstance(total, float) and total == 0.0 else total + one
    return total


# --- noise ---------------------------------------------------------------------------------------


def noise_model(terms: list[Any]) -> Any:
    """The same noise model of Aer that `qcattn.backends.noise_terms` makes of these terms."""
    from qiskit_aer.noise import NoiseModel, ReadoutError

    model = NoiseModel()
    for term in terms:
        numbers = term["numbers"]
        if term["kind"] == "readout":
            up, down = numbers["1 given 0"], numbers["0 given 1"]
            error = ReadoutError([[1 - up, up], [down, 1 - down]])
            if not term["qubits"]:
                model.add_all_qubit_readout_error(error)
            for qubit in term["qubits"]:
                model.add_readout_error(error, [qubit])
            continue
        for gate, size in term["gates"]:
            error = _error(term["kind"], numbers, size)
            if term["qubits"]:
                model.add_quantum_error(error, gate, list(term["qubits"]))
            else:
                model.add_all_qubit_quantum_error(error, gate)
    return model


def _error(kind: str, numbers: Any, size: int) -> Any:
    from qiskit_aer.noise import depolarizing_error, pauli_error, thermal_relaxation_error

    if kind == "depolarising":
        return depolarizing_error(numbers["p"], size)
    if kind == "pauli":
        return pauli_error([*numbers.items(), ("I" * size, 1 - sum(numbers.values()))])
    one = thermal_relaxation_error(
        numbers["t1"], numbers["t2"], numbers["time"], numbers["excited"]
    )
    whole = one
    for _ in range(size - 1):
        whole = whole.tensor(one)
    return whole


# --- backends ------------------------------------------------------------------------------------


class OnBackend:
    """A backend with ``run(circuits, shots=...)``, of either version."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        old = callable(backend.name)  # BackendV1
        self.name = backend.name() if old else backend.name
        if old:
            told = backend.configuration()
            # Of Aer 0.12: a list of names beside the basis.
            more = getattr(told, "custom_instructions", None) or []
            self.operations = {*told.basis_gates, *more, "measure", "reset"}
            self.most = told.n_qubits
        else:
            self.operations, self.most = set(backend.operation_names), backend.num_qubits
        self.options = set(backend.options)
        self.binds = "parameter_binds" in inspect.signature(backend.run).parameters

    def about(self) -> dict[str, Any]:
        """What the backend says that it can do."""
        return {
            "kind": "backend",
            "name": self.name,
            "operations": sorted(self.operations),
            "options": sorted(self.options),
            "qubits": self.most,
            "binds": self.binds,
            "method": getattr(self.backend.options, "method", None),
            "methods": self.backend.available_methods() if self.is_of_aer() else [],
        }

    def is_of_aer(self) -> bool:
        """Whether it lists methods by which it can simulate."""
        return callable(getattr(self.backend, "available_methods", None))

    def sample(self, request: dict[str, Any]) -> list[list[Any]]:
        """Read tasks of one number of shots by one call of ``run``."""
        tasks = request["tasks"]
        (shots,) = {one["shots"] for one in tasks}
        extra = dict(request["options"])
        if request["seed"] is not None and "seed_simulator" in self.options:
            extra["seed_simulator"] = request["seed"]
        if "memory" in self.options:
            extra["memory"] = True
        if request["noise"]:
            extra["noise_model"] = noise_model(request["noise"])
        made = [built(one["circuit"]) for one in tasks]
        rows = [one["values"] for one in tasks]
        if self.binds and any(len(one) > 1 for one in rows):
            circuits = [circuit for circuit, _ in made]
            extra["parameter_binds"] = [
                {name: [row[i] for row in rows[k]] for i, name in enumerate(names)}
                for k, (_, names) in enumerate(made)
            ]
        else:
            circuits = []
            for k, (circuit, names) in enumerate(made):
                circuits += [_bound(circuit, names, row) for row in rows[k]]
        each = self._run(circuits, shots=shots, **extra)
        wanted = sum(map(len, rows))
        if len(each) > wanted or (len(each) < wanted and len(tasks) > 1):
            raise RuntimeError(
                f"{self.name} must give {wanted} in all, a result for each circuit, but gave "
                f"{len(each)}{_told(each)}"
            )
        drawn, start = [], 0
        for k, (circuit, _) in enumerate(made):
            stop = start + len(rows[k])
            runs = each[start:stop]
            drawn.append([_packed_words(_words(one), circuit.num_clbits) for one in runs])
            start = stop
        return drawn

    def probabilities(self, request: dict[str, Any]) -> list[list[float]]:
        """Probabilities of the readings, as the backend saves them."""
        circuits = [self._saving(built(one)[0]) for one in request["circuits"]]
        results = self._run(circuits, shots=1, **request["options"])
        return [list(map(float, one.data.probabilities)) for one in results]

    def used_method(self, request: dict[str, Any]) -> str:
        """The method that the backend says it used."""
        circuit, _ = built(request["circuit"])
        (result,) = self._run([circuit], shots=1, **request["options"])
        return str(result.metadata.get("method", "not told"))

    def _run(self, circuits: list[Any], **options: Any) -> Any:
        fitted = _fitted(circuits, self.backend, self.operations)
        result = self.backend.run(fitted, **options).result()
        if not result.success:
            raise RuntimeError(f"{self.name} failed: {_failure(result)}")
        return result.results

    @staticmethod
    def _saving(circuit: Any) -> Any:
        from qiskit_aer.library import SaveProbabilities

        out, qubit_of = circuit.copy_empty_like(), {}
        for step in circuit.data:
            if step.operation.name == "measure":
                qubit_of[step.clbits[0]] = step.qubits[0]
            elif step.operation.name != "barrier":
                out.append(step)
        qubits = [qubit_of[bit] for bit in circuit.clbits]
        out.append(SaveProbabilities(len(qubits)), qubits)
        return out


class OnSampler:
    """A ``BaseSamplerV2``, made anew with a seed where its factory takes one."""

    def __init__(self, sampler: Any, factory: Any, options: dict[str, Any]) -> None:
        self.sampler, self.factory, self.options = sampler, factory, options
        try:
            self.seeded = "seed" in inspect.signature(factory).parameters
        except (TypeError, ValueError):
            self.seeded = False
        # Aer's sampler does not show its backend by a public name.
        behind = getattr(sampler, "backend", None) or getattr(sampler, "_backend", None)
        self.backend = behind if hasattr(behind, "operation_names") else None

    def about(self) -> dict[str, Any]:
        """The name of the sampler, and what the target of its backend lists, if it has one."""
        return {
            "kind": "sampler",
            "name": type(self.sampler).__name__,
            "seeded": self.seeded,
            "operations": self.backend and sorted(self.backend.operation_names),
        }

    def sample(self, request: dict[str, Any]) -> list[list[Any]]:
        """Read tasks as PUBs of one call."""
        sampler, pubs, made = self.sampler, [], []
        if self.seeded and request["seed"] is not None:
            sampler = self.factory(**{**self.options, "seed": request["seed"]})
        for one in request["tasks"]:
            circuit, names = built(one["circuit"])
            if self.backend is not None:  # which samplers leave to their users
                (circuit,) = _fitted([circuit], self.backend, self.backend.operation_names)
            order = [names.index(name) for name in circuit.parameters]
            values = [[row[i] for i in order] for row in one["values"]]
            pubs.append((circuit, values, one["shots"]))
            made.append(circuit)
        results = sampler.run(pubs).result()
        return [
            _packed_registers(made[k], result.data, len(pubs[k][1]))
            for k, result in enumerate(results)
        ]


def _fitted(circuits: list[Any], backend: Any, operations: Any) -> list[Any]:
    """The circuits on the operations of a backend, otherwise as they are."""
    from qiskit import transpile
    from qiskit.exceptions import QiskitError

    names = {*operations, "barrier"}
    try:
        return [
            one if _names(one) <= names else transpile(one, backend, optimization_level=0)
            for one in circuits
        ]
    except QiskitError as error:  # old releases cannot synthesise every parametric gate
        raise Refused(f"the backend does not take this circuit: {error}") from error


def _names(circuit: Any) -> set[str]:
    """The names of all operations, those in the blocks of control flow too."""
    found = set()
    for step in circuit.data:
        found.add(step.operation.name)
        for block in getattr(step.operation, "blocks", ()):
            found |= _names(block)
    return found


def _bound(circuit: Any, names: list[Any], row: list[float]) -> Any:
    if not names:
        return circuit
    return circuit.assign_parameters({name: row[i] for i, name in enumerate(names)})


def _failure(result: Any) -> str:
    """What is said of the circuits of a job that failed; the status of a part names none."""
    failed = [(i, str(one.status)[:400]) for i, one in enumerate(result.results) if not one.success]
    if not failed:
        return str(result.status)[:400]
    each = "; ".join(f"circuit {i}: {said}" for i, said in failed[:3])
    return f"{len(failed)} of {len(result.results)} circuits of the job, {each}"


def _told(results: Any) -> str:
    """How many results have the name of each circuit; its header is a dict since Qiskit 2."""
    headers = [one.header for one in results]
    names = [one["name"] if isinstance(one, dict) else one.name for one in headers]
    return ": " + ", ".join(f"{names.count(name)} of {name}" for name in dict.fromkeys(names))


def _words(result: Any) -> list[str]:
    """Shots of one circuit in hexadecimal, in their order, or in that of its counts."""
    memory = getattr(result.data, "memory", None)
    return list(collections.Counter(result.data.counts).elements()) if memory is None else memory


def _packed_words(words: list[str], clbits: int) -> list[Any]:
    """Hexadecimal shots as the number of shots and their bits, bit 0 first, in base64."""
    width = (clbits + 7) // 8
    packed = b"".join(int(word, 16).to_bytes(width, "little") for word in words)
    return [len(words), base64.b64encode(packed).decode("ascii")]


def _packed_registers(circuit: Any, data: Any, bindings: int) -> list[list[Any]]:
    import numpy as np

    place = {bit: i for i, bit in enumerate(circuit.clbits)}
    found = []
    for k in range(bindings):
        columns: dict[int, Any] = {}
        for register in circuit.cregs:
            array = getattr(data, register.name).array
            bits = np.unpackbits(array.reshape(bindings, *array.shape[-2:])[k], axis=-1)[:, ::-1]
            columns.update({place[bit]: bits[:, i] for i, bit in enumerate(register)})
        shots = len(next(iter(columns.values())))
        none = np.zeros(shots, np.uint8)
        whole = np.stack([columns.get(i, none) for i in range(len(place))], axis=1)
        packed = np.packbits(whole, axis=1, bitorder="little").tobytes()
        found.append([shots, base64.b64encode(packed).decode("ascii")])
    return found


# --- the pipe ------------------------------------------------------------------------------------


def made(request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Make the backend that a request names, and say what is known of it."""
    import qiskit

    module, name, options = request["module"], request["factory"], request["options"]
    factory = getattr(importlib.import_module(module), name)
    value = factory(**options)
    on: Any = OnBackend(value) if hasattr(value, "run") and hasattr(value, "name") else None
    if on is None:
        try:
            from qiskit.primitives import BaseSamplerV2
        except ImportError:  # before 1.0
            BaseSamplerV2 = None
        if BaseSamplerV2 is None or not isinstance(value, BaseSamplerV2):
            raise TypeError(
                f"{module}:{name} must give a Qiskit backend or BaseSamplerV2 to be tested over a "
                f"pipe, but gives {type(value).__name__}"
            )
        on = OnSampler(value, factory, options)
    package = type(value).__module__.partition(".")[0]
    about = {
        **on.about(),
        "version": str(getattr(importlib.import_module(package), "__version__", "not known")),
        "qiskit": qiskit.__version__,
        "python": platform.python_version(),
    }
    return on, about


def _end_with_parent() -> None:
    """Have Linux end this process with the one that started it, in the middle of a circuit too."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def main() -> None:
    """Answer requests until standard input ends."""
    _end_with_parent()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # In place of the folder of this file, whose names are those of the libraries it adapts.
    sys.path[0] = os.getcwd()
    on: Any = None
    said: dict[str, Any]
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["ask"] == "about":
                on, about = made(request)
                said = {"answer": about}
            else:
                said = {"answer": getattr(on, request["ask"])(request)}
        except Refused as error:
            said = {"refused": str(error)}
        except Exception as error:  # whatever a backend under test raises is what is reported
            said = {"error": type(error).__name__, "said": str(error)}
        out.write(json.dumps(said) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
