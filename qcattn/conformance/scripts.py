"""A shrunk job as a script of its own: the backend, NumPy and SciPy, and nothing of qcattn.

The script draws on the backend, prints what it saw beside what is right, and exits with 1 where
they differ, so that it can be sent to those who mend the backend. A simulator that is no Qiskit
backend is told in its own calls, as its adapter writes them.
"""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qiskit import QuantumCircuit, qpy
from qiskit.circuit import ControlFlowOp, ParameterExpression
from qiskit.circuit.library import get_standard_gate_name_mapping

from qcattn.apart import apart
from qcattn.backends.calls import Calls, call
from qcattn.backends.estimator import Estimator
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.pipe import Piped
from qcattn.backends.qiskit_backend import QiskitBackend
from qcattn.backends.sampler import Sampler
from qcattn.backends.simulator import Simulator
from qcattn.conformance import script_texts
from qcattn.conformance.case import Law
from qcattn.conformance.probe import Level, Probe, ProbeJob
from qcattn.conformance.probes.expectation import ExpectationJob
from qcattn.conformance.probes.independence import Runs
from qcattn.conformance.report import Probed, Report
from qcattn.conformance.running import job_named
from qcattn.conformance.shrinking import shrink
from qcattn.errors import Died, DoesNotFit
from qcattn.progress import Progress, hearing, silent, tell

__all__ = ["Script", "script_of", "scripts_of", "shows"]

#: Seconds after which a script that does not end shows nothing, in which a job is made smaller, and
#: after which the process that works on an alarm is ended.
_LONGEST, _SEARCH, _ALARM = 300.0, 90.0, 600.0
#: Runs a script, and ends with 2 where it cannot draw at all.
_RUN = """
import runpy, sys, traceback
try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except Exception:
    traceback.print_exc()
    sys.exit(2)
"""


@dataclass(frozen=True)
class Script:
    """A script that shows an alarm, or why there is none.

    Attributes:
        text: The script, which was run and ended with 1; "" where there is none.
        why_not: Why there is none, half a sentence.
    """

    text: str = ""
    why_not: str = ""


def scripts_of(
    report: Report,
    backend: str,
    *,
    made_by: Callable[[], Simulator],
    progress: Progress = silent,
) -> dict[str, Script]:
    """For each probe with an alarm its first refuted job made small, as a script of its own.

    Jobs are drawn in a process of its own: what is wrong with a simulator may end the process in
    which it draws, or take without end. Ctrl-C leaves out the scripts that are not yet written.

    Args:
        report: What was found.
        backend: As `qcattn.backends.named.named_simulator` takes it.
        made_by: Makes the simulator that was tested, a function of a module.
        progress: Told what is tried.
    """
    found: dict[str, Script] = {}
    try:
        for one in report.alarms:
            with hearing(progress):
                found[one.name] = _written(one, report, backend, made_by)
    except KeyboardInterrupt:
        stopped = Script(why_not="Ctrl-C ended the search for one")
        return {one.name: found.get(one.name, stopped) for one in report.alarms}
    return found


class _TooLong(Exception):
    """The work on an alarm takes longer than it may."""


def _written(
    probed: Probed, report: Report, backend: str, made_by: Callable[[], Simulator]
) -> Script:
    if not probed.failed:
        return Script(why_not="no job is refuted by itself")
    first, *_ = probed.failed

    def look(since: float) -> None:
        if since > _ALARM:
            raise _TooLong

    work = (probed.name, first.name, report.level, report.seed, backend, made_by)
    try:
        (script,) = apart(_scripted, *work, waiting=look)
    except Died as gone:
        return Script(
            why_not=f"the simulator ended the process, with code {gone.code}, in which the job was "
            "drawn again to make it smaller"
        )
    except _TooLong:
        return Script(why_not=f"drawing the job again took more than {_ALARM:g} seconds")
    return script


def _scripted(
    name: str, first: str, level: Level, seed: int, backend: str, made_by: Callable[[], Simulator]
) -> Iterator[Script]:
    """The script of one job of a probe; in a process of its own."""
    yield _script(name, first, level, seed, backend, made_by())


def _script(
    name: str, first: str, level: Level, seed: int, backend: str, simulator: Simulator
) -> Script:
    probe, job = job_named(name, first, level)
    small = shrink(probe, job, simulator, seed=seed, seconds=_SEARCH, progress=tell)
    if small is None:
        return Script(why_not="the job did not fail again on fresh shots")
    title = f"{name}: {first}: {small.outcome.said}"
    raised = bool(small.outcome.raised)
    try:
        text = script_of(title, probe, small.job, simulator, backend, 1, raised)
    except DoesNotFit as error:
        return Script(why_not=str(error))
    if not shows(text, simulator):
        return Script(why_not="the script that was written does not show it")
    return Script(text)


def script_of(
    title: str,
    probe: Probe[Any],
    job: ProbeJob,
    simulator: Simulator,
    backend: str,
    seed: int,
    raised: bool = False,
) -> str:
    """A Python script that shows what a job found.

    Args:
        title: What it shows.
        probe: That found it.
        job: As `qcattn.conformance.shrinking.shrink` leaves it.
        simulator: That was tested.
        backend: As `qcattn.backends.named.named_simulator` takes it.
        seed: With which the script begins.
        raised: Whether what was found is that the simulator raises an error.

    Returns:
        The script.

    Raises:
        DoesNotFit: If there is no such script; the message says why.
    """
    kind = "raised" if raised else probe.shown_by
    if not kind:
        raise DoesNotFit(f"the probe {probe.name!r} compares what is no shot")
    circuits = [circuit for task in job.tasks for circuit in [task.circuit]]
    tables = any(task.circuit.num_parameters for task in job.tasks)
    if not tables:  # a circuit for each of its rows, which are alike
        circuits = [circuit for task in job.tasks for circuit in task.bound()]
    drawing = _drawing(simulator, backend, circuits, tables, job.noise)
    shots = [task.shots for task in job.tasks for _ in (task.values if not tables else [0])]
    wanted = [task.shots for task in job.tasks for _ in task.values]
    more = [f"QUBITS = {max(one.num_qubits for one in circuits)}"] if drawing.asks_qubits else []
    if tables:
        more.append(f"VALUES = {[task.values.tolist() for task in job.tasks]}")
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
    )


def shows(script: str, simulator: Simulator) -> bool:
    """Whether a script, run by itself where the simulator is, ends with exit code 1.

    Args:
        script: Of `script_of`.
        simulator: That was tested; one over a pipe is there where its interpreter is.
    """
    python = simulator.python if isinstance(simulator, Piped) else sys.executable
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shown.py"
        path.write_text(script, encoding="utf-8")
        try:
            done = subprocess.run(
                [python, "-c", _RUN, str(path)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LONGEST,
                env=os.environ.copy(),  # which threads cannot change under it
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 1


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
) -> _Drawing:
    """How circuits are written and drawn."""
    piped = isinstance(simulator, Piped)
    runs = isinstance(simulator, QiskitBackend) or (isinstance(simulator, Piped) and simulator.runs)
    if noise and not runs:
        raise DoesNotFit("noise is told for Qiskit backends only")
    if not (runs or piped or isinstance(simulator, Sampler | Estimator)):
        return _own(simulator, circuits, tables)
    place, bracket, rest = backend.partition("(")
    module, _, name = place.partition(":")
    if not name:
        raise DoesNotFit("a Qiskit backend is told by module:factory in a script")
    if piped and any(_calls(circuit) is None for circuit in circuits):
        raise DoesNotFit("an old Qiskit may not read the QPY that its circuit is written in")
    options = rest.removesuffix(")") if bracket else ""
    imports = ["from qiskit import QuantumCircuit", f"from {module} import {name}"]
    if tables:
        imports.insert(1, "from qiskit.circuit import Parameter")
    factory = f"{name}({options})"
    if not runs and _is_seeded(simulator):
        factory = f"{name}({options}{', ' if options else ''}seed=seed)"
    drawn = _Drawing.drawn
    if runs:
        text = script_texts.BACKEND_OF_TABLES if tables else script_texts.BACKEND
    elif isinstance(simulator, Estimator):
        text = script_texts.ESTIMATOR
        drawn = "Expectation values of circuits that run as one job."
    else:
        text = script_texts.SAMPLER_OF_TABLES if tables else script_texts.SAMPLER
    return _Drawing(
        imports="\n".join(imports),
        circuits=_each([_as_code(circuit) for circuit in circuits]),
        draw=text.format(
            factory=factory,
            noise='        options["noise_model"] = noise()\n' if noise else "",
        ).rstrip(),
        drawn=drawn,
    )


def _is_seeded(simulator: Simulator) -> bool:
    if isinstance(simulator, Sampler | Estimator):
        return simulator.seeded is not None
    return "seed" in simulator.abilities


def _own(simulator: Simulator, circuits: Sequence[QuantumCircuit], tables: bool) -> _Drawing:
    """In the simulator's own calls."""
    if tables:
        raise DoesNotFit("the adapter tells its calls for circuits without parameters only")
    told = [simulator.calls(circuit) for circuit in circuits]
    each = [one for one in told if one is not None]
    if len(each) < len(told):
        raise DoesNotFit(f"the adapter {type(simulator).__name__} does not tell its own calls")
    first, *_ = each
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
    names = {one.name: one for one in circuit.parameters}
    if not all(name.isidentifier() for name in names):
        return None
    qubits = {bit: i for i, bit in enumerate(circuit.qubits)}
    clbits = {bit: i for i, bit in enumerate(circuit.clbits)}
    lines = [f"{name} = Parameter({name!r})" for name in names]
    lines.append(f"c = QuantumCircuit({len(qubits)}, {len(clbits)})")
    for one in circuit.data:
        places = [qubits[bit] for bit in one.qubits] + [clbits[bit] for bit in one.clbits]
        cells = ", ".join([*map(_value, one.operation.params), *map(repr, places)])
        lines.append(f"c.{one.operation.name}({cells})")
    again: dict[str, Any] = {"QuantumCircuit": QuantumCircuit, "Parameter": names.get}
    try:
        exec("\n".join(lines), again)
    except Exception:  # whatever a method with other arguments raises: then QPY says it
        return None
    written = [(one.operation, places) for one, places in _placed(again["c"])]
    meant = [(one.operation, places) for one, places in _placed(circuit)]
    return [*lines, "return c"] if written == meant else None


def _value(param: Any) -> str:
    if isinstance(param, ParameterExpression):
        return str(param)
    return repr(float(param) if isinstance(param, float) else param)


def _placed(circuit: QuantumCircuit) -> list[tuple[Any, list[int]]]:
    """Instructions with the numbers of their bits."""
    place: dict[Any, int] = {bit: i for i, bit in enumerate(circuit.qubits)}
    place |= {bit: i for i, bit in enumerate(circuit.clbits)}
    return [(one, [place[bit] for bit in (*one.qubits, *one.clbits)]) for one in circuit.data]
