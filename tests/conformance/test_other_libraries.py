"""The stored laws against MQT DDSIM's decision diagrams and Cirq's gates, where they are installed.

Nothing of qcattn is imported, so that it also runs in an environment that has only these:
``pytest --noconftest -c /dev/null --rootdir . tests/conformance/test_other_libraries.py``.
"""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import ControlledGate

CIRCUITS = Path(__file__).parents[2] / "circuits"
MOST_QUBITS = 12


def stored() -> dict[str, dict]:
    """What stands beside each circuit that is measured at its end only, and is not too large."""
    files = json.loads((CIRCUITS / "manifest.json").read_text())["files"]
    read = {name: json.loads((CIRCUITS / name).read_text()) for name in files if "json" in name}
    return {
        name.removesuffix(".json"): about
        for name, about in read.items()
        if set(about["features"]) <= {"parameters"} and about["qubits"] <= MOST_QUBITS
    }


STORED = stored()


def loaded(name: str) -> QuantumCircuit:
    path = CIRCUITS / f"{name}.qpy"
    if not path.exists():
        return qasm3.load(str(path.with_suffix(".qasm")))
    with path.open("rb") as file:
        (circuit,) = qpy.load(file)
    return circuit


def bound(name: str, binding: int) -> QuantumCircuit:
    about = STORED[name]
    values = dict(zip(about["parameters"], about["values"][binding], strict=True))
    return loaded(name).assign_parameters(values)


def law_of_amplitudes(circuit: QuantumCircuit, amplitudes: np.ndarray) -> dict[str, float]:
    """Amplitudes of all qubits, qubit 0 the lowest bit, read off into the classical bits."""
    wires = [
        (circuit.find_bit(item.clbits[0]).index, circuit.find_bit(item.qubits[0]).index)
        for item in circuit.data
        if item.operation.name == "measure"
    ]
    out: dict[str, float] = {}
    for state, p in enumerate(np.abs(amplitudes) ** 2):
        memory = sum(1 << bit for bit, wire in wires if state >> wire & 1)
        text = format(memory, f"0{circuit.num_clbits}b")
        out[text] = out.get(text, 0.0) + p
    return out


def moved(name: str, binding: int, found: dict[str, float]) -> float:
    """Total variation from the stored law."""
    law = STORED[name]["laws"][binding]
    right = dict(zip(law["outcomes"], law["p"], strict=True))
    return (
        sum(abs(right.get(key, 0) - found.get(key, 0)) for key in right.keys() | found.keys()) / 2
    )


@pytest.mark.parametrize("name", STORED if find_spec("mqt") else [])
def test_laws_are_those_of_ddsim(name):
    ddsim = pytest.importorskip("mqt.ddsim")
    backend = ddsim.DDSIMProvider().get_backend("statevector_simulator")
    for binding in range(len(STORED[name]["laws"])):
        circuit = bound(name, binding)
        bare = circuit.copy_empty_like()
        for item in circuit.data:
            if item.operation.name != "measure":
                bare.append(item)
        try:
            state = backend.run(bare).result().get_statevector()
        except Exception as error:
            pytest.skip(f"DDSIM refuses it: {type(error).__name__} {error}"[:90])
        found = law_of_amplitudes(circuit, np.asarray(state))
        assert moved(name, binding, found) < 1e-8, "decision diagrams round at 1e-10"


def cirq_gate(operation):
    """A gate of Qiskit as Cirq defines it, None if Cirq has none; controls come first."""
    import cirq
    from cirq.circuits.qasm_output import QasmUGate

    pi = np.pi
    if any(np.ndim(value) or np.iscomplexobj(value) for value in operation.params):
        return None  # a matrix, a diagonal, a permutation: no angles
    a = [float(angle) for angle in operation.params if not isinstance(angle, str)]
    if isinstance(operation, ControlledGate) and operation.name.partition("_o")[0] != "cu":
        inner = cirq_gate(operation.base_gate)
        k = operation.num_ctrl_qubits
        values = [operation.ctrl_state >> j & 1 for j in range(k)]
        return inner and inner.controlled(k, control_values=values)

    def u(theta, phi, lam):
        return QasmUGate(theta / pi, phi / pi, lam / pi)

    table = {
        "x": lambda: cirq.X, "y": lambda: cirq.Y, "z": lambda: cirq.Z, "h": lambda: cirq.H,
        "s": lambda: cirq.S, "sdg": lambda: cirq.S**-1, "t": lambda: cirq.T,
        "tdg": lambda: cirq.T**-1, "sx": lambda: cirq.X**0.5, "sxdg": lambda: cirq.X**-0.5,
        "rx": lambda: cirq.rx(*a), "ry": lambda: cirq.ry(*a), "rz": lambda: cirq.rz(*a),
        "p": lambda: cirq.Z ** (a[0] / pi), "u1": lambda: cirq.Z ** (a[0] / pi),
        "swap": lambda: cirq.SWAP, "iswap": lambda: cirq.ISWAP,
        "rxx": lambda: cirq.XXPowGate(exponent=a[0] / pi, global_shift=-0.5),
        "ryy": lambda: cirq.YYPowGate(exponent=a[0] / pi, global_shift=-0.5),
        "rzz": lambda: cirq.ZZPowGate(exponent=a[0] / pi, global_shift=-0.5),
        "u": lambda: u(*a), "u3": lambda: u(*a), "u2": lambda: u(pi / 2, *a),
        "r": lambda: cirq.PhasedXPowGate(
            phase_exponent=a[1] / pi, exponent=a[0] / pi, global_shift=-0.5
        ),
    }  # fmt: skip
    made = table.get(operation.name)
    return made and made()


#: Gates whose phase Cirq sets in its own way, which a control would feel.
PHASED = {"u", "u2", "u3"}


@pytest.mark.parametrize("name", STORED if find_spec("cirq") else [])
def test_laws_are_those_of_cirq(name):
    cirq = pytest.importorskip("cirq")
    for binding in range(len(STORED[name]["laws"])):
        circuit = bound(name, binding)
        wires = cirq.LineQubit.range(circuit.num_qubits)[::-1]  # qubit 0 is the lowest bit
        steps = []
        for item in circuit.data:
            operation = item.operation
            if operation.name in ("measure", "barrier"):
                continue
            base = getattr(operation, "base_gate", None)
            gate = cirq_gate(operation)
            if gate is None or (base is not None and base.name in PHASED):
                pytest.skip(f"Cirq has no {operation.name}")
            steps.append(gate(*(wires[circuit.find_bit(qubit).index] for qubit in item.qubits)))
        simulator = cirq.Simulator(dtype=np.complex128)
        state = simulator.simulate(cirq.Circuit(steps), qubit_order=wires[::-1])
        found = law_of_amplitudes(circuit, state.final_state_vector)
        assert moved(name, binding, found) < 1e-12
