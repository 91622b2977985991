"""A shrunk job as a script of its own: the backend, NumPy and SciPy, and nothing of qcattn.

The script draws on the backend, prints what it saw beside what is right, and exits with 1 where
they differ, so that it can be sent to those who mend the backend. A simulator that is no Qiskit
backend is told in its own calls, as its adapter writes them. What ends the process in which it
draws is drawn in a child process of the script.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit.library import get_standard_gate_name_mapping

from qcattn.backends.calls import Calls, call
from qcattn.backends.estimator import Estimator
from qcattn.backends.named import place_behind
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.pipe import Piped
from qcattn.backends.qiskit_backend import QiskitBackend, with_saved
from qcattn.backends.sampler import Sampler
from qcattn.backends.simulator import Simulator
from qcattn.conformance import script_texts
from qcattn.conformance.case import Law
from qcattn.conformance.circuit_text import as_code, calls_of
from qcattn.conformance.probe import Probe, ProbeJob
from qcattn.conformance.probes.expectation import ExpectationJob
from qcattn.conformance.probes.independence import Runs
from qcattn.conformance.probes.options import OptionJob
from qcattn.conformance.probes.saved import ROUNDING
from qcattn.errors import Died, DoesNotFit

__all__ = ["script_of"]


def script_of(
    title: str,
    probe: Probe[Any],
    job: ProbeJob,
    simulator: Simulator,
    backend: str,
    seed: int,
    raised: str = "",
) -> str:
    """Write a Python script that shows what a job found.

    Args:
        title: What it shows.
        probe: The probe that found it.
        job: The job, as `qcattn.conformance.shrinking.shrink` leaves it.
        simulator: The simulator that was tested.
        backend: The backend, as `qcattn.backends.named.named_simulator` takes it.
        seed: The seed with which the script begins.
        raised: Name of the error that came in place of shots, as an `Outcome` has it; "" if none.

    Returns:
        The script.

    Raises:
        DoesNotFit: If there is no such script; the message says why.
    """
    shown = job.option if isinstance(job, OptionJob) else probe.shown_by
    kind = shown
    if raised:
        kind = "died" if raised == Died.__name__ else "raised"
    circuits = [circuit for task in job.tasks for circuit in [task.circuit]]
    tables = any(task.circuit.num_parameters for task in job.tasks)
    if not tables:  # a circuit for each of its rows, which are alike
        circuits = [circuit for task in job.tasks for circuit in task.bound()]
    drawing = _drawing(simulator, backend, circuits, tables, job.noise, shown)
    shots = [task.shots for task in job.tasks for _ in (task.values if not tables else [0])]
    wanted = [task.shots for task in job.tasks for _ in task.values]
    more = [f"QUBITS = {max(one.num_qubits for one in circuits)}"] if drawing.asks_qubits else []
    if tables:
        more.append(f"VALUES = {[task.values.tolist() for task in job.tasks]}")
    if isinstance(job, OptionJob):
        more.append(f"ASKED = {[{job.option: one} for one in simulator.choices[job.option]]}")
    if isinstance(job, ExpectationJob):
        more.append(f"PAULIS = {list(job.paulis)}")
    if job.noise:
        more += ["", "", *_noise_lines(job.noise), ""]
    head = script_texts.HEAD.format(
        title=_as_docstring(title),
        relation=probe.relation[0].lower() + probe.relation[1:],
        imports=drawing.imports,
        circuits=drawing.circuits,
        shots=shots,
        more="".join(f"{line}\n" for line in more),
        drawn=drawing.drawn,
        options=", **options" if isinstance(job, OptionJob) else "",
        draw=drawing.draw,
    )
    laws = ",\n    ".join(_law(law) for part in job.laws for law in part)
    return head + script_texts.TAILS[kind].format(
        laws=f"[\n    {laws},\n]",
        seeds=job.seeds(seed) if isinstance(job, Runs) else [seed],
        seed=seed,
        wanted=wanted if tables else "SHOTS",
        ordered="order" in simulator.abilities,
        exact=list(job.exact) if isinstance(job, ExpectationJob) else [],
        asked="ASKED" if isinstance(job, OptionJob) else "[{}]",
        rounding=ROUNDING,
    )


def _as_docstring(title: str) -> str:
    """Lines that fit, in which nothing ends the docstring or escapes."""
    plain = title.replace("\\", "/").replace('"', "'")
    return textwrap.fill(plain, 92)


@dataclass(frozen=True, kw_only=True)
class _Drawing:
    """Parts of a script that depend on the simulator."""

    imports: str
    circuits: str
    draw: str
    drawn: str = "Bitstrings of every shot of circuits that run as one job, bit 0 rightmost."
    asks_qubits: bool = False


def _noise_lines(terms: Sequence[NoiseTerm]) -> list[str]:
    """A function that makes the model of `qcattn.backends.noise_terms.noise_model_of`."""
    lines = ["from qiskit_aer import noise as of_aer", "model = of_aer.NoiseModel()"]
    gates = get_standard_gate_name_mapping()
    for term in terms:
        numbers = dict(term.numbers)
        if term.kind == "readout":
            up, down = numbers["1 given 0"], numbers["0 given 1"]
            lines.append(f"error = of_aer.ReadoutError({[[1 - up, up], [down, 1 - down]]})")
            all_qubits = "model.add_all_qubit_readout_error(error)"
            each = [f"model.add_readout_error(error, [{qubit}])" for qubit in term.qubits]
            lines += each or [all_qubits]
        for gate in term.gates:
            size = gates[gate].num_qubits
            if term.kind == "depolarising":
                lines.append(f"error = of_aer.depolarizing_error({numbers['p']}, {size})")
            elif term.kind == "pauli":
                rest = [*numbers.items(), ("I" * size, 1 - sum(numbers.values()))]
                lines.append(f"error = of_aer.pauli_error({rest})")
            else:
                values = [numbers[name] for name in ("t1", "t2", "time", "excited")]
                lines.append(f"one = {call('of_aer.thermal_relaxation_error', values)}")
                lines.append("error = one" + ".tensor(one)" * (size - 1))
            where = f", {list(term.qubits)}" if term.qubits else ""
            name = "add_quantum_error" if term.qubits else "add_all_qubit_quantum_error"
            lines.append(f'model.{name}(error, "{gate}"{where})')
    return ["def noise():", *(f"    {line}" for line in [*lines, "return model"])]


def _drawing(
    simulator: Simulator,
    backend: str,
    circuits: Sequence[QuantumCircuit],
    tables: bool,
    noise: Sequence[NoiseTerm],
    shown: str,
) -> _Drawing:
    """How circuits are written and drawn."""
    piped = isinstance(simulator, Piped)
    runs = isinstance(simulator, QiskitBackend) or (isinstance(simulator, Piped) and simulator.runs)
    if noise and not runs:
        raise DoesNotFit("noise is told for Qiskit backends only")
    if not (runs or piped or isinstance(simulator, Sampler | Estimator)):
        return _own(simulator, circuits, tables, saved=shown == "probabilities")
    place, bracket, rest = backend.partition("(")
    module, _, name = place_behind(place).partition(":")
    if not name:
        raise DoesNotFit("a Qiskit backend is told by module:factory in a script")
    saved = shown in {"probabilities", "precision"}
    if saved:
        circuits = [with_saved(circuit) for circuit in circuits]
    if piped and any(calls_of(circuit) is None for circuit in circuits):
        raise DoesNotFit("an old Qiskit may not read the QPY that its circuit is written in")
    options = rest.removesuffix(")") if bracket else ""
    imports = ["from qiskit import QuantumCircuit"]
    if tables:
        imports.append("from qiskit.circuit import Parameter")
    imports += [*_here(module), f"from {module} import {name}"]
    ordered = "order" in simulator.abilities
    if runs and not ordered:
        imports.insert(0, "from collections import Counter")
    factory = f"{name}({options})"
    if not runs and _is_seeded(simulator):
        factory = f"{name}({options}{', ' if options else ''}seed=seed)"
    drawn = _Drawing.drawn
    if saved:
        text, drawn = script_texts.SAVED, script_texts.SAVED_OF
    elif shown == "method":
        text, drawn = script_texts.METHOD, script_texts.METHOD_OF
    elif runs:
        text = script_texts.BACKEND_OF_TABLES if tables else script_texts.BACKEND
    elif isinstance(simulator, Estimator):
        text = script_texts.ESTIMATOR
        drawn = "Expectation values of circuits that run as one job."
    else:
        text = script_texts.SAMPLER_OF_TABLES if tables else script_texts.SAMPLER
    return _Drawing(
        imports="\n".join(imports),
        circuits=_each([as_code(circuit) for circuit in circuits]),
        draw=text.format(
            factory=factory,
            more=", **options" if shown == "precision" else "",
            noise='        options["noise_model"] = noise()\n' if noise else "",
            **_asked_of(ordered, "seed" in simulator.abilities),
        ).rstrip(),
        drawn=drawn,
    )


def _asked_of(ordered: bool, seeded: bool) -> dict[str, str]:
    """What a backend is asked for, and how its shots are read, by what its options list."""
    counted = "Counter(result.get_counts(place)).elements()"
    seed = '{} if seed is None else {"seed_simulator": seed + 10**6 * call}'
    return {
        "memory": "memory=True, " if ordered else "",
        "words": "result.get_memory(place)" if ordered else counted,
        "seeded": seed if seeded else "{}",
    }


def _here(module: str) -> list[str]:
    """The way to a module of the current folder, in which a script of another folder looks not."""
    here = Path.cwd()
    if not (here / f"{module.partition('.')[0]}.py").is_file():
        return []
    return [f"sys.path.append({str(here)!r})"]


def _is_seeded(simulator: Simulator) -> bool:
    if isinstance(simulator, Sampler | Estimator):
        return simulator.seeded is not None
    return "seed" in simulator.abilities


def _own(
    simulator: Simulator, circuits: Sequence[QuantumCircuit], tables: bool, saved: bool
) -> _Drawing:
    """The drawing in the simulator's own calls."""
    if tables:
        raise DoesNotFit("the adapter tells its calls for circuits without parameters only")
    told = [simulator.calls(circuit) for circuit in circuits]
    each = [one for one in told if one is not None]
    if len(each) < len(told):
        raise DoesNotFit(f"the adapter {type(simulator).__name__} does not tell its own calls")
    first, *_ = each
    if saved:
        if not first.saved:
            raise DoesNotFit(f"the adapter {type(simulator).__name__} tells no calls that save")
        text = script_texts.OWN_SAVED.format(
            start="".join(f"    {line}\n" for line in first.start),
            saved=textwrap.indent("\n".join(first.saved), " " * 8),
        ).rstrip()
        return _Drawing(
            imports="\n".join(first.imports),
            circuits=_each([_made(one) for one in each]),
            draw=text,
            drawn=script_texts.SAVED_OF,
            asks_qubits=first.asks_qubits,
        )
    run = "\n".join(first.run)
    part = (
        "        sequence = np.random.SeedSequence(seed, spawn_key=(place, 0))\n"
        "        part = None if seed is None else int(sequence.generate_state(1)[0])\n"
    )
    return _Drawing(
        imports="\n".join(first.imports),
        circuits=_each([_made(one) for one in each]),
        draw=script_texts.OWN.format(
            start="".join(f"    {line}\n" for line in first.start),
            part=part if first.parted else "",
            run=textwrap.indent(run, " " * 8),
        ).rstrip(),
        asks_qubits=first.asks_qubits,
    )


def _made(calls: Calls) -> str:
    """The body of a function that gives the circuit, and the column that each bit reads."""
    return textwrap.indent("\n".join([*calls.circuit, f"return made, {list(calls.read)}"]), "    ")


def _law(law: Law) -> str:
    cells = (f"{outcome!r}: {p!r}" for outcome, p in zip(law.outcomes, law.p.tolist(), strict=True))
    return f"{{{', '.join(cells)}}}"


def _each(texts: Sequence[str]) -> str:
    """The body of ``circuit``: equal circuits are written once."""
    if len(set(texts)) == 1:
        return texts[0]
    parts = []
    for n, text in enumerate(texts):
        body = "\n".join(f"    {line}" for line in text.splitlines())
        parts.append(f"    if n == {n}:\n{body}")
    return "\n".join(parts)
