"""Preparations beside those of other packages: the same H, no larger an error, gates and seconds.

    python tests/benchmarks/preparations.py --seed 1  # --write: into RESULTS.md

Peers (extra `bench`; one that is not installed is skipped in a plain line):

- VarQITE of qiskit-algorithms and of qbmkit: imaginary time of half of a set of Bell pairs by
  McLachlan's principle, both on the same ansatz, rotations by the tilt partner of each term of H
  and by the term. Beside them, each method of qcattn that comes at least as close to the Gibbs
  state, with the fewest layers that do.
- qbmkit's thermofield double, synthesised from the spectrum of H, beside `Purification`.
- PennyLane's MottonenStatePreparation beside `Amplitude`, on softmax rows.

Whatever a package says of itself, its circuit is taken as Qiskit gates, compiled to cx and gates on
one qubit, and the trace distance of its system from the exact state is computed here. Seconds are
wall time of finding the circuit, searches included, compiling and checking not. Ratios are peer
over qcattn: above 1, the peer takes more. One core, about a minute.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import results
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector, partial_trace

from qcattn.certification import certify_dense
from qcattn.encodings import Binary
from qcattn.models.spins import ising
from qcattn.preparations import (
    QSVT,
    Amplitude,
    ImaginaryTime,
    Purification,
    ThermofieldQAOA,
    Variational,
)
from qcattn.preparations.reference import gibbs, populations
from qcattn.records import Hamiltonian
from qcattn.thermal import trace_distance

#: Layers of the ansatz of VarQITE, and its steps to beta/2.
DEPTH, STEPS = 2, 60

#: (H, beta) to a circuit and its system qubits.
Peer = Callable[[Hamiltonian, float], tuple[QuantumCircuit, Sequence[int]]]


@dataclass(frozen=True)
class Made:
    """One circuit.

    Attributes:
        name: Of the method.
        gates: Two-qubit gates over the probability that a shot is kept.
        error: True trace distance of the system from the state aimed at.
        seconds: Of finding it.
        skipped: Why there is none, or "".
    """

    name: str
    gates: float = np.nan
    error: float = np.nan
    seconds: float = np.nan
    skipped: str = ""


# --- peers --------------------------------------------------------------------------------------


def tilt(label: str) -> str:
    """A Pauli string K on both copies that takes Bell pairs to i or -i times what P does.

    Args:
        label: P, qubit 0 rightmost; the partner of qubit i is n + i.
    """
    n, letters = len(label), list(label[::-1])
    acting = [q for q in range(n) if letters[q] != "I"]
    site = next((q for q in acting if letters[q] in "ZY"), acting[0])
    partner = ["I"] * n
    partner[site] = "Z" if letters[site] == "X" else "X"
    letters[site] = "Z" if letters[site] == "Y" else "Y"
    return "".join(reversed(letters + partner))


def strings_of(hamiltonian: Hamiltonian) -> tuple[list[str], np.ndarray]:
    """Pauli strings of H but the identity, and their weights."""
    operator = hamiltonian.operator
    pairs = [
        (label, weight.real)
        for label, weight in operator.to_list()
        if set(label) != {"I"} and abs(weight) > 1e-12
    ]
    return [label for label, _ in pairs], np.array([weight for _, weight in pairs])


def tilted_ansatz(labels: Sequence[str]) -> QuantumCircuit:
    """Bell pairs, then `DEPTH` layers of rotations by tilt partners and terms."""
    n = len(labels[0])
    turned = [string for label in labels for string in (tilt(label), "I" * n + label)] * DEPTH
    angles = ParameterVector("t", len(turned))
    circuit = QuantumCircuit(2 * n)
    for q in range(n):
        circuit.h(q)
        circuit.cx(q, n + q)
    for string, angle in zip(turned, angles, strict=True):
        letters = {q: letter for q, letter in enumerate(string[::-1]) if letter != "I"}
        into = QuantumCircuit(2 * n)
        for q, letter in letters.items():
            if letter == "Y":
                into.sdg(q)
            if letter in "XY":
                into.h(q)
        places = list(letters)
        for one, other in pairwise(places):
            into.cx(one, other)
        circuit.compose(into, inplace=True)
        circuit.rz(angle, places[-1])
        circuit.compose(into.inverse(), inplace=True)
    return circuit


def qiskit_varqite(hamiltonian: Hamiltonian, beta: float) -> tuple[QuantumCircuit, Sequence[int]]:
    """VarQITE of qiskit-algorithms, gradients by its reverse mode."""
    algorithms = importlib.import_module("qiskit_algorithms")
    gradients = importlib.import_module("qiskit_algorithms.gradients")
    evolvers = importlib.import_module("qiskit_algorithms.time_evolvers.variational")
    labels, weights = strings_of(hamiltonian)
    n = hamiltonian.num_qubits
    ansatz = tilted_ansatz(labels)
    operator = SparsePauliOp(["I" * n + label for label in labels], weights)
    principle = evolvers.ImaginaryMcLachlanPrinciple(
        qgt=gradients.ReverseQGT(), gradient=gradients.ReverseEstimatorGradient()
    )
    solver = algorithms.VarQITE(
        ansatz, np.zeros(ansatz.num_parameters), principle, num_timesteps=STEPS
    )
    problem = algorithms.TimeEvolutionProblem(operator, beta / 2)
    return solver.evolve(problem).evolved_state, range(n)


def _to_qiskit(circuit: Any, n: int) -> tuple[QuantumCircuit, Sequence[int]]:
    """A circuit of qbmkit, whose qubit 0 is the highest: its system is the upper half."""
    adapter = importlib.import_module("qbm.circuits.adapters.qiskit_adapter")
    return adapter.to_qiskit(circuit), range(n, 2 * n)


def qbm_varqite(hamiltonian: Hamiltonian, beta: float) -> tuple[QuantumCircuit, Sequence[int]]:
    """VarQITE of qbmkit; its ansatz is the same."""
    circuits = importlib.import_module("qbm.circuits")
    operators = importlib.import_module("qbm.operators")
    labels, weights = strings_of(hamiltonian)
    result = circuits.prepare_gibbs(
        operators.ParamHamiltonian(labels), weights, beta=beta, depth=DEPTH, steps=STEPS
    )
    return _to_qiskit(result.circuit(), hamiltonian.num_qubits)


def qbm_thermofield(hamiltonian: Hamiltonian, beta: float) -> tuple[QuantumCircuit, Sequence[int]]:
    """Thermofield double of qbmkit, one dense gate from the spectrum."""
    circuits = importlib.import_module("qbm.circuits")
    operators = importlib.import_module("qbm.operators")
    labels, weights = strings_of(hamiltonian)
    circuit = circuits.gibbs_preparation(operators.ParamHamiltonian(labels), beta * weights)
    return _to_qiskit(circuit, hamiltonian.num_qubits)


def mottonen(hamiltonian: Hamiltonian, beta: float) -> tuple[QuantumCircuit, Sequence[int]]:
    """PennyLane's MottonenStatePreparation of the qsample; its wire 0 is the highest qubit."""
    pennylane = importlib.import_module("pennylane")
    n = hamiltonian.num_qubits
    roots = np.sqrt(populations(hamiltonian, beta))
    gates = pennylane.MottonenStatePreparation.compute_decomposition(roots, wires=range(n))
    circuit = QuantumCircuit(n)
    for gate in gates:
        qubits = [n - 1 - wire for wire in gate.wires]
        if gate.name == "CNOT":
            circuit.cx(*qubits)
        elif gate.name in ("RY", "RZ"):
            getattr(circuit, gate.name.lower())(float(gate.parameters[0]), *qubits)
        elif gate.name != "GlobalPhase":
            raise ValueError(f"PennyLane's Mottonen has a gate {gate.name!r}, unknown here")
    return circuit, range(n)


PEERS: dict[str, tuple[str, Peer]] = {
    "qiskit-algorithms VarQITE": ("qiskit_algorithms", qiskit_varqite),
    "qbmkit VarQITE": ("qbm", qbm_varqite),
    "qbmkit thermofield": ("qbm", qbm_thermofield),
    "PennyLane Mottonen": ("pennylane", mottonen),
}


# --- measuring ----------------------------------------------------------------------------------


def peer(name: str, hamiltonian: Hamiltonian, beta: float, *, pure: bool = False) -> Made:
    """Run one peer and look at what its circuit gives."""
    package, prepare = PEERS[name]
    try:
        importlib.import_module(package)
    except ImportError:
        return Made(name, skipped=f"{package} is not installed (extra `bench`)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the peers, about their own ways
            start = time.perf_counter()
            circuit, system = prepare(hamiltonian, beta)
            seconds = time.perf_counter() - start
    except Exception as error:  # what a peer raises is told, whatever it is
        return Made(name, skipped=f"failed: {type(error).__name__}: {error}")
    gates = transpile(circuit, basis_gates=["rz", "ry", "sx", "x", "h", "cx"], seed_transpiler=0)
    vector = Statevector(gates)
    others = [q for q in range(gates.num_qubits) if q not in system]
    state = partial_trace(vector, others).data if others else vector.to_operator().data
    aimed = np.asarray(gibbs(hamiltonian, beta))
    if pure:
        roots = np.sqrt(populations(hamiltonian, beta))
        aimed = np.outer(roots, roots)
    error = float(trace_distance(state, aimed))
    return Made(name, float(gates.count_ops().get("cx", 0)), error, seconds)


def ladders(hamiltonian: Hamiltonian, error: float, seed: int) -> Iterator[dict[str, Any]]:
    """For every method of qcattn its options, the cheapest first, and what to call them."""
    n, small = hamiltonian.num_qubits, min(max(error, 1e-9), 0.5)
    yield {f"Variational, {k} layers": Variational(layers=k, seed=seed) for k in range(1, n + 3)}
    yield {
        f"ThermofieldQAOA, {k} layers": ThermofieldQAOA(layers=k, seed=seed)
        for k in range(1, n // 2 + 4)
    }
    yield {"ImaginaryTime": ImaginaryTime(error=small)}
    yield {"QSVT": QSVT(error=small)}


def own(hamiltonian: Hamiltonian, beta: float, error: float, seed: int) -> list[Made]:
    """Every method of qcattn that comes within an error, searched from its cheapest options on."""
    found = []
    for ladder in ladders(hamiltonian, error, seed):
        seconds, made = 0.0, Made(next(iter(ladder)), skipped="does not come that close")
        for name, method in ladder.items():
            start = time.perf_counter()
            try:
                prepared = method(hamiltonian, beta=beta)
            except ValueError as refused:
                made = Made(name, skipped=str(refused))
                continue
            seconds += time.perf_counter() - start
            true = certify_dense(prepared, hamiltonian, beta).trace_distance
            if true <= error:
                gates = prepared.resources.two_qubit_gates / float(prepared.success)
                made = Made(name, gates, true, seconds)
                break
        found.append(made)
    return found


def told(method: Any, hamiltonian: Hamiltonian, beta: float) -> Made:
    """A method that is told the weights."""
    method(hamiltonian, beta=beta)  # what is imported, once
    start = time.perf_counter()
    prepared = method(hamiltonian, beta=beta)
    seconds = time.perf_counter() - start
    error = certify_dense(prepared, hamiltonian, beta).trace_distance
    return Made(type(method).__name__, prepared.resources.two_qubit_gates, error, seconds)


# --- telling ------------------------------------------------------------------------------------


def lines_of(case: str, theirs: Made, ours: Sequence[Made]) -> list[str]:
    """Table rows of one peer and of all that stands beside it."""
    if theirs.skipped:
        return [f"| {case} | {theirs.name} | {theirs.skipped} | | | | |"]
    lines = [
        f"| {case} | {theirs.name} | {theirs.gates:.4g} | {theirs.error:.2g} | "
        f"{theirs.seconds:.3g} | | |"
    ]
    for made in ours:
        if made.skipped:
            lines.append(f"| | {made.name} | {made.skipped} | | | | |")
            continue
        gates = theirs.gates / made.gates if made.gates else np.inf
        lines.append(
            f"| | {made.name} | {made.gates:.4g} | {made.error:.2g} | {made.seconds:.3g} | "
            f"{gates:.3g} | {theirs.seconds / made.seconds:.3g} |"
        )
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Run all cases and print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--beta", type=float, default=1.0)
    parser.add_argument("--sites", type=int, nargs="+", default=[2, 3], help="of the Ising ring")
    parser.add_argument("--keys", type=int, nargs="+", default=[4, 8, 32, 128], help="of rows")
    args = parser.parse_args(argv)
    random, beta = np.random.default_rng(args.seed), args.beta
    print("| H | method | cx per kept shot | trace distance | s | ratio of cx | ratio of s |")
    print("|---|---|---:|---:|---:|---:|---:|", flush=True)
    for sites in args.sites:
        ring = ising(sites)
        for name in ("qiskit-algorithms VarQITE", "qbmkit VarQITE"):
            theirs = peer(name, ring, beta)
            ours = [] if theirs.skipped else own(ring, beta, theirs.error, args.seed)
            print(*lines_of(f"ring of {sites}", theirs, ours), sep="\n", flush=True)
    for keys in args.keys:
        row = Binary()(random.normal(scale=2.0, size=keys))
        pairs: list[tuple[str, Any, bool]] = [("PennyLane Mottonen", Amplitude(), True)]
        if keys <= 8:
            pairs.append(("qbmkit thermofield", Purification(), False))
        for name, method, pure in pairs:
            theirs = peer(name, row, beta, pure=pure)
            ours = [] if theirs.skipped else [told(method, row, beta)]
            print(*lines_of(f"row of {keys}", theirs, ours), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("preparations.py", main))
