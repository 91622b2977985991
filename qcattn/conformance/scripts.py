"""A shrunk job as a script of its own: the backend, NumPy and SciPy, and nothing of qcattn.

The script draws on the backend, prints what it saw beside what is right, and exits with 1 where
they differ, so that it can be sent to those who mend the backend.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit, qpy
from qiskit.circuit import ControlFlowOp

from qcattn.backends.pipe import Piped
from qcattn.backends.qiskit_backend import QiskitBackend
from qcattn.backends.sampler import Sampler
from qcattn.backends.simulator import Simulator
from qcattn.conformance.case import Law
from qcattn.conformance.probe import ProbeJob
from qcattn.conformance.probes.independence import Runs

__all__ = ["script_of"]

_HEAD = '''"""{title}

What is right: {relation}.
A correct backend makes this exit with 1 less than once in a million runs.
"""

import sys

import numpy as np
from scipy import stats
{imports}


def circuit(n):
    """The n-th circuit of the job."""
{circuits}


SHOTS = {shots}
SEEDS = {seeds}


def draw(numbers, seed):
    """Bitstrings of every shot of circuits that run as one job, bit 0 rightmost."""
{draw}


runs = []
size = len(SHOTS) // len(SEEDS)
for call, seed in enumerate(SEEDS):
    runs += draw(range(call * size, (call + 1) * size), seed)
'''

_LAWS = """LAWS = {laws}

failed = False
for n, (run, law) in enumerate(zip(runs, LAWS)):
    law, shots = {{k: v for k, v in law.items() if v > 0}}, len(run)
    seen = dict(zip(*np.unique(run, return_counts=True))) if shots else {{}}
    print(f"circuit {{n}}: {{shots}} shots of {{SHOTS[n]}}")
    smallest = 0.0 if shots != SHOTS[n] or set(seen) - set(law) else 1.0
    for outcome in sorted(set(law) | set(seen)):
        count, p = int(seen.get(outcome, 0)), law.get(outcome, 0.0)
        tail = stats.binomtest(count, shots, p).pvalue if 0 < p < 1 else float(count in (0, shots))
        smallest = min(smallest, tail * len(law))
        print(f"  {{outcome}}  seen {{count:8d}}  right {{shots * p:10.1f}}  p-value {{tail:.1e}}")
    failed |= smallest < 1e-6
sys.exit(1 if failed else 0)
"""

_INDEPENDENCE = """LAWS = {laws}

failed = False
for a in range(len(runs)):
    for b in range(a + 1, len(runs)):
        one, other = np.array(runs[a]), np.array(runs[b])
        chance = sum(p * LAWS[b].get(outcome, 0.0) for outcome, p in LAWS[a].items())
        shifts = np.arange(-len(one) + 20, len(other) - 19)
        tails = []
        for shift in shifts:
            left, right = one[max(0, -shift):], other[max(0, shift):]
            length = min(len(left), len(right))
            equal = (left[:length] == right[:length]).sum()
            tails.append(stats.binom.sf(equal - 1, length, chance))
        best = int(np.argmin(tails))
        shift, p = int(shifts[best]), min(1.0, len(shifts) * tails[best])
        left, right = one[max(0, -shift):], other[max(0, shift):]
        length = min(len(left), len(right))
        equal = int((left[:length] == right[:length]).sum())
        print(f"runs {{a}} and {{b}}, shifted by {{shift}}: {{equal}} of {{length}} shots are "
              f"equal, {{length * chance:.1f}} would be by chance; p-value {{p:.1e}}")
        failed |= p < 1e-6
sys.exit(1 if failed else 0)
"""

_BACKEND = """    from qiskit import transpile
    backend = {factory}
    by_number = {{}}
    for call, shots in enumerate(dict.fromkeys(SHOTS[n] for n in numbers)):
        same = [n for n in numbers if SHOTS[n] == shots]
        options = {{}} if seed is None else {{"seed_simulator": seed + 10**6 * call}}
        made = [transpile(circuit(n), backend, optimization_level=0) for n in same]
        result = backend.run(made, shots=shots, memory=True, **options).result()
        for place, n in enumerate(same):
            by_number[n] = [text.replace(" ", "") for text in result.get_memory(place)]
    return [by_number[n] for n in numbers]
"""

_SAMPLER = """    sampler = {factory}
    result = sampler.run([(circuit(n), [], SHOTS[n]) for n in numbers]).result()
    out = []
    for n, one in zip(numbers, result):
        parts = [one.data[register.name].get_bitstrings() for register in circuit(n).cregs]
        out.append(["".join(bits[::-1]) for bits in zip(*parts)])
    return out
"""


def script_of(
    title: str, relation: str, job: ProbeJob, simulator: Simulator, backend: str, seed: int
) -> str | None:
    """A Python script that shows what a job found.

    Args:
        title: One line.
        relation: That a correct simulator keeps.
        job: As `qcattn.conformance.shrinking.shrink` leaves it: every circuit with one binding.
        simulator: That was tested.
        backend: As `qcattn.backends.named.named_simulator` takes it.
        seed: With which the script begins.

    Returns:
        The script; None for noise, for simulators that are no Qiskit backend or sampler, and for
        tables of values, of which there is no such script.
    """
    if job.noise or any(len(task.values) != 1 for task in job.tasks):
        return None
    lines = _drawing(simulator, backend)
    circuits = [circuit for task in job.tasks for circuit in task.bound()]
    # An old Qiskit reads calls, but not this QPY.
    piped = isinstance(simulator, Piped)
    if lines is None or (piped and any(_calls(circuit) is None for circuit in circuits)):
        return None
    imports, draw = lines
    seeds = job.seeds(seed) if isinstance(job, Runs) else [seed]
    head = _HEAD.format(
        title=title,
        relation=relation,
        imports=imports,
        circuits=_circuits(circuits),
        shots=[task.shots for task in job.tasks],
        seeds=seeds,
        draw=draw,
    )
    tail = _INDEPENDENCE if isinstance(job, Runs) else _LAWS
    laws = ",\n    ".join(_law(law) for (law,) in job.laws)
    return head + tail.format(laws=f"[\n    {laws},\n]")


def _law(law: Law) -> str:
    cells = (f"{outcome!r}: {p!r}" for outcome, p in zip(law.outcomes, law.p.tolist(), strict=True))
    return f"{{{', '.join(cells)}}}"


def _drawing(simulator: Simulator, backend: str) -> tuple[str, str] | None:
    """Imports and the body of ``draw``."""
    place, bracket, rest = backend.partition("(")
    module, _, name = place.partition(":")
    if not name:
        return None
    options = rest.removesuffix(")") if bracket else ""
    imports = f"from qiskit import QuantumCircuit\nfrom {module} import {name}"
    if isinstance(simulator, QiskitBackend) or (isinstance(simulator, Piped) and simulator.runs):
        return imports, _BACKEND.format(factory=f"{name}({options})")
    if isinstance(simulator, Sampler):
        seeded = f"{name}({options}{', ' if options else ''}seed=seed)"
        return imports, _SAMPLER.format(
            factory=seeded if simulator.seeded else f"{name}({options})"
        )
    return None


def _circuits(circuits: Sequence[QuantumCircuit]) -> str:
    """The body of ``circuit``: equal circuits are written once."""
    texts = [_as_code(circuit) for circuit in circuits]
    if len(set(texts)) == 1:
        return texts[0]
    parts = []
    for n, text in enumerate(texts):
        body = "\n".join(f"    {line}" for line in text.splitlines())
        parts.append(f"    if n == {n}:\n{body}")
    return "\n".join(parts)


def _as_code(circuit: QuantumCircuit) -> str:
    """Calls of methods of ``QuantumCircuit`` where they say it all, else QPY in base64."""
    lines = _calls(circuit)
    if lines is not None:
        return "\n".join(f"    {line}" for line in lines)
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=13)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    chunks = [text[i : i + 88] for i in range(0, len(text), 88)]
    inner = "\n".join(f'        "{chunk}"' for chunk in chunks)
    return (
        f"    import base64, io\n    from qiskit import qpy\n    text = (\n{inner}\n    )\n"
        "    return qpy.load(io.BytesIO(base64.b64decode(text)))[0]"
    )


def _calls(circuit: QuantumCircuit) -> list[str] | None:
    if any(isinstance(one.operation, ControlFlowOp) for one in circuit.data):
        return None
    qubits = {bit: i for i, bit in enumerate(circuit.qubits)}
    clbits = {bit: i for i, bit in enumerate(circuit.clbits)}
    lines = [f"c = QuantumCircuit({len(qubits)}, {len(clbits)})"]
    for one in circuit.data:
        places = [qubits[bit] for bit in one.qubits] + [clbits[bit] for bit in one.clbits]
        params = [float(value) if isinstance(value, float) else value
                  for value in one.operation.params]  # fmt: skip
        cells = ", ".join(map(repr, [*params, *places]))
        lines.append(f"c.{one.operation.name}({cells})")
    again: dict[str, Any] = {"QuantumCircuit": QuantumCircuit}
    try:
        exec("\n".join(lines), again)
    except Exception:  # whatever a method with other arguments raises: then QPY says it
        return None
    written = [(one.operation, places) for one, places in _placed(again["c"])]
    meant = [(one.operation, places) for one, places in _placed(circuit)]
    return [*lines, "return c"] if written == meant else None


def _placed(circuit: QuantumCircuit) -> list[tuple[Any, list[int]]]:
    """Instructions with the numbers of their bits."""
    place: dict[Any, int] = {bit: i for i, bit in enumerate(circuit.qubits)}
    place |= {bit: i for i, bit in enumerate(circuit.clbits)}
    return [(one, [place[bit] for bit in (*one.qubits, *one.clbits)]) for one in circuit.data]
