"""Simulators with a planted fault: wrappers of the reference, each wrong in one way.

A fault changes the circuits before they are drawn, or the shots after, or the seed, or what is
asked for. `FAULTS` holds them by name; the tests of the probes and `conformance.py` plant them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Task
from qcattn.conformance.case import Law
from qcattn.conformance.reference import Reference

__all__ = ["FAULTS", "Planted", "Stuck", "Turned", "planted"]

Drawn = list[list[np.ndarray]]


@dataclass(frozen=True, eq=False)
class Planted(Reference):
    """The reference with one fault.

    Attributes:
        gate: An instruction to the instructions in its place, or None to leave it.
        drawn: Shots, tasks and seed to the shots that are given out.
        seeded: Seed to the seed that is used.
        asked: Task to the task that is drawn.
        noisy: Terms of noise to those that act.
        warmed: Power to which all probabilities are taken: another temperature.
        values: Expectation values to those that are given out.
        saved: Saved probabilities to those that are given out.
        deaf: Options that have no effect.
    """

    gate: Callable[[Any], list[tuple[Any, ...]] | None] | None = None
    drawn: Callable[[Drawn, Any, int | None], Drawn] | None = None
    seeded: Callable[[int | None], int | None] | None = None
    asked: Callable[[Task], Task] | None = None
    noisy: Callable[[NoiseTerm], NoiseTerm | None] | None = None
    warmed: float = 1.0
    values: Callable[[np.ndarray], np.ndarray] | None = None
    saved: Callable[[list[np.ndarray]], list[np.ndarray]] | None = None
    deaf: tuple[str, ...] = ()

    def chosen(self, option, value):
        """With the fault: an option is accepted and ignored."""
        return self if option in self.deaf else super().chosen(option, value)

    def sample(self, tasks, seed=None, noise=()):
        """With the fault."""
        meant = tasks
        if self.asked is not None:
            tasks = [self._made(("asked", id(task)), task, self.asked) for task in tasks]
        if self.gate is not None:
            tasks = [self._changed(task) for task in tasks]
        used = seed if self.seeded is None else self.seeded(seed)
        if self.noisy is not None:
            made = [self._made(("noise", id(term)), term, self.noisy) for term in noise]
            noise = [term for term in made if term is not None]
        out = super().sample(tasks, used, noise)
        return out if self.drawn is None else self.drawn(out, meant, seed)

    def law(self, task, binding, noise=()):
        """With the fault."""
        law, readings = super().law(task, binding, noise)
        if self.warmed == 1.0:
            return law, readings
        weights = law.p**self.warmed
        return Law(law.outcomes, weights / weights.sum()), readings

    def probabilities(self, circuits):
        """With the fault."""
        found = super().probabilities([self._changed(Task(c, 1)).circuit for c in circuits])
        return found if self.saved is None else self.saved(found)

    def expectations(self, circuits, paulis, shots, seed):
        """With the fault."""
        found = super().expectations(circuits, paulis, shots, seed)
        return found if self.values is None else self.values(found)

    def _made(self, key, given, make):
        """The same thing at every call: laws are kept by what they are of."""
        if key not in self._kept:
            self._kept[key] = (given, make(given))
        _, made = self._kept[key]
        return made

    def _changed(self, task):
        if self.gate is None:
            return task
        key = ("gate", id(task.circuit))
        if key not in self._kept:
            self._kept[key] = (task.circuit, rewritten(task.circuit, self.gate))
        _, circuit = self._kept[key]
        return task if circuit is task.circuit else replace(task, circuit=circuit)


def rewritten(circuit: QuantumCircuit, gate: Callable[[Any], Any]) -> QuantumCircuit:
    """A circuit with other instructions in place of some; bodies of control flow too."""
    out, touched = circuit.copy_empty_like(), False
    for one in circuit.data:
        if isinstance(one.operation, ControlFlowOp):
            blocks = [rewritten(block, gate) for block in one.operation.blocks]
            same = all(a is b for a, b in zip(blocks, one.operation.blocks, strict=True))
            operation = one.operation if same else one.operation.replace_blocks(blocks)
            out.append(operation, one.qubits, one.clbits)
            touched |= not same
            continue
        instead = gate(one)
        if instead is None:
            out.append(one)
            continue
        touched = True
        for operation, qubits, clbits in instead:
            out.append(operation, qubits, clbits)
    return out if touched else circuit


def _scaled(names: set[str], factor: float, shift: float = 0.0) -> Callable[[Any], Any]:
    def gate(one):
        if one.operation.name not in names:
            return None
        operation = one.operation.to_mutable()
        operation.params = [factor * angle + shift for angle in operation.params]
        return [(operation, one.qubits, one.clbits)]

    return gate


def _inverted(name: str) -> Callable[[Any], Any]:
    def gate(one):
        if one.operation.name != name:
            return None
        return [(one.operation.inverse(), one.qubits, one.clbits)]

    return gate


def _left_out(name: str, *, every: int = 1) -> Callable[[Any], Any]:
    seen = [0]

    def gate(one):
        if one.operation.name != name:
            return None
        seen[0] += 1
        return [] if seen[0] % every == 0 else None

    return gate


def _swapped_qubits(name: str) -> Callable[[Any], Any]:
    def gate(one):
        if one.operation.name != name or getattr(one.operation, "ctrl_state", 1) == 0:
            return None
        return [(one.operation, one.qubits[::-1], one.clbits)]

    return gate


def _open_controls(one):
    """`ctrl_state` is ignored: every control waits for a one."""
    state = getattr(one.operation, "ctrl_state", None)
    if state is None or state == 2**one.operation.num_ctrl_qubits - 1:
        return None
    operation = one.operation.to_mutable()
    operation.ctrl_state = 2**operation.num_ctrl_qubits - 1
    return [(operation, one.qubits, one.clbits)]


def _each(change: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Drawn]:
    return lambda out, tasks, seed: [[change(run) for run in runs] for runs in out]


def _repeat_block(run, length, distance):
    if len(run) >= distance + length:
        run[distance : distance + length] = run[:length]
    return run


def _sticky(run, share):
    """Some shots are the shot before them."""
    again = np.random.default_rng(len(run)).random(len(run)) < share
    for i in np.flatnonzero(again):
        if i:
            run[i] = run[i - 1]
    return run


def _rounded(run, step):
    """Counts are multiples of a step; the likeliest outcome takes the rest."""
    outcomes, counts = np.unique(run, axis=0, return_counts=True)
    kept = counts // step * step
    kept[np.argmax(counts)] += len(run) - kept.sum()
    return np.repeat(outcomes, kept, axis=0)[np.random.default_rng(1).permutation(len(run))]


def _rare_dropped(run, least):
    """Outcomes of few shots become the likeliest one."""
    outcomes, where, counts = np.unique(run, axis=0, return_inverse=True, return_counts=True)
    rare = counts < least
    run[rare[where.ravel()]] = outcomes[np.argmax(counts)]
    return run


def _first_again(out, tasks, seed):
    """The second circuit of a job gives the first one's shots where they have as many bits."""
    if len(out) > 1 and out[0] and out[1] and out[0][0].shape == out[1][0].shape:
        out[1][0] = out[0][0].copy()
    return out


def _places_on(out, tasks, seed):
    """A circuit that comes again in a job gives the shots of before, 2,113 places on."""
    last = {}
    for task, runs in zip(tasks, out, strict=True):
        before = last.get(id(task.circuit))
        if before is not None and len(before) > 2113:
            size = min(len(before) - 2113, len(runs[0]))
            runs[0][:size] = before[2113 : 2113 + size]
        if runs:
            last[id(task.circuit)] = runs[0]
    return out


def _second_spoilt(out, tasks, seed):
    """In every circuit of a job but the first, the first bit of a tenth of the shots is lost."""
    for runs in out[1:]:
        for run in runs:
            run[::10, 0] = False
    return out


def _rows_moved(out, tasks, seed):
    """Rows of a table of values come out one place on."""
    return [runs[1:] + runs[:1] for runs in out]


def _last_bit_stale(run):
    """The last bit is that of the shot before."""
    run[1:, -1] = run[:-1, -1].copy()
    return run


def _first_two_exchanged(run):
    return np.concatenate([run[:, :2][:, ::-1], run[:, 2:]], axis=1)


def _flipped(run, share, bit=0):
    lost = np.random.default_rng(len(run) + 7).random(len(run)) < share
    run[lost, bit] ^= True
    return run


def _by_job(out, tasks, seed):
    """Shots of one seed depend on how many circuits the job has."""
    order = np.random.default_rng(len(tasks))
    return [[run[order.permutation(len(run))] for run in runs] for runs in out]


def _coupled(out, tasks, seed):
    """The circuits of a job share the random numbers of the first: like outcomes together."""
    if len(out) < 2 or not out[0]:
        return out
    first = out[0][0]
    rank = np.lexsort(first.T)
    for runs in out[1:]:
        for run in runs:
            if len(run) == len(first):
                run[rank] = run[np.lexsort(run.T)]
    return out


def _unseeded_again(seed):
    return 12345 if seed is None else seed


def _without_last(out, tasks, seed):
    return [runs[:-1] if len(runs) > 1 else runs for runs in out]


def _short(run):
    return run[:-1] if len(run) > 1000 else run


def _long(run):
    return np.concatenate([run, run[:1]]) if len(run) % 2 else run


def _too_even(out, tasks, seed):
    """Every run is the same run in another order: counts that never scatter."""
    kept = {}
    for i, task in enumerate(tasks):
        for j, run in enumerate(out[i]):
            key = (id(task.circuit), task.values[j].tobytes(), len(run))
            first = kept.setdefault(key, run)
            order = np.random.default_rng([0 if seed is None else seed, i, j])
            out[i][j] = first[order.permutation(len(run))]
    return out


def _quasi(out, tasks, seed):
    """Counts are the expected ones, rounded: a sampler that does not sample."""
    reference = _QUASI
    for i, task in enumerate(tasks):
        for j, run in enumerate(out[i]):
            law, readings = reference.law(task, j)
            cuts = np.round(np.concatenate([[0.0], np.cumsum(law.p)]) * len(run)).astype(int)
            exact = np.repeat(readings, np.diff(cuts), axis=0)
            rng = np.random.default_rng([0 if seed is None else seed, i, j])
            out[i][j] = exact[rng.permutation(len(exact))][: len(run)]
    return out


_QUASI = Reference()


def planted() -> dict[str, Callable[[], Planted]]:
    """All faults by name; each call of one makes a fresh simulator."""
    gates: dict[str, Callable[[Any], Any]] = {
        "ry turns by 1% less": _scaled({"ry"}, 0.99),
        "ry turns by 10% less": _scaled({"ry"}, 0.9),
        "rx turns the other way": _scaled({"rx"}, -1.0),
        "rz turns the other way": _scaled({"rz"}, -1.0),
        "p turns the other way": _scaled({"p", "u1"}, -1.0),
        "rzz turns by half": _scaled({"rzz"}, 0.5),
        "rxx turns the other way": _scaled({"rxx"}, -1.0),
        "every angle is off by 0.02": _scaled({"rx", "ry", "rz", "p", "u", "u3"}, 1.0, 0.02),
        "controlled rotations turn the other way": _scaled({"crx", "cry", "crz", "cp"}, -1.0),
        "u swaps its phases": lambda one: (
            [(_swap_u(one.operation), one.qubits, one.clbits)]
            if one.operation.name in ("u", "u3")
            else None
        ),
        "s is its inverse": _inverted("s"),
        "t is its inverse": _inverted("t"),
        "sx is its inverse": _inverted("sx"),
        "iswap is its inverse": _inverted("iswap"),
        "cx is turned round": _swapped_qubits("cx"),
        "y is left out": _left_out("y"),
        "every seventh cx is left out": _left_out("cx", every=7),
        "swap is left out": _left_out("swap"),
        "reset does nothing": _left_out("reset"),
        "ctrl_state is ignored": _open_controls,
        "ccx is left out": _left_out("ccx"),
    }
    runs: dict[str, Callable[..., Drawn]] = {
        "bits are turned round": _each(lambda run: run[:, ::-1]),
        "the first two bits change places": _each(_first_two_exchanged),
        "half of a run comes twice": _each(
            lambda run: _repeat_block(run, len(run) // 2, len(run) // 2)
        ),
        "a block of 300 comes twice": _each(lambda run: _repeat_block(run, 300, 2000)),
        "a shot in twenty is the one before": _each(lambda run: _sticky(run, 0.05)),
        "a shot in four is the one before": _each(lambda run: _sticky(run, 0.25)),
        "counts are rounded to tens": _each(lambda run: _rounded(run, 10)),
        "counts are rounded to fifties": _each(lambda run: _rounded(run, 50)),
        "rare outcomes are dropped": _each(lambda run: _rare_dropped(run, 4)),
        "rarer than 1% is dropped": _each(lambda run: _rare_dropped(run, len(run) // 100)),
        "the second circuit repeats the first": _first_again,
        "a circuit repeats an earlier one 2,113 places on": _places_on,
        "all circuits but the first are spoilt": _second_spoilt,
        "rows of values come one place on": _rows_moved,
        "the last bit is stale": _each(_last_bit_stale),
        "the first bit flips in 1%": _each(lambda run: _flipped(run, 0.01)),
        "the first bit flips in 0.1%": _each(lambda run: _flipped(run, 0.001)),
        "the last bit flips in 3%": _each(lambda run: _flipped(run, 0.03, -1)),
        "the first bit is always zero": _each(lambda run: run & (np.arange(run.shape[1]) > 0)),
        "shots are sorted": _each(lambda run: run[np.lexsort(run.T)]),
        "shots depend on the size of the job": _by_job,
        "circuits of a job share random numbers": _coupled,
        "results are one short": _without_last,
        "shots are one short": _each(_short),
        "shots are one too many": _each(_long),
        "runs never scatter": _too_even,
        "counts are the expected ones": _quasi,
        "a bit is missing": _each(lambda run: run[:, :-1] if run.shape[1] > 1 else run),
    }  # fmt: skip
    found = {name: (lambda gate=gate: Planted(gate=gate)) for name, gate in gates.items()}
    found |= {name: (lambda drawn=drawn: Planted(drawn=drawn)) for name, drawn in runs.items()}
    seeds: dict[str, Callable[[int | None], int | None]] = {
        "the seed is ignored": lambda seed: None,
        "the seed is always the same": lambda seed: 7,
        "calls without a seed repeat": _unseeded_again,
        "seeds s and s + 1 are one": lambda seed: None if seed is None else seed // 2,
    }
    found |= {
        name: (lambda seeded=seeded: Planted(seeded=seeded)) for name, seeded in seeds.items()
    }
    found |= {
        "noise is left out": lambda: Planted(noisy=lambda term: None),
        "noise of one qubit acts on the next": lambda: Planted(noisy=_on_the_next),
        "Pauli noise of two qubits acts on the other one": lambda: Planted(noisy=_on_the_other),
        "readout errors are left out": lambda: Planted(noisy=_without_readout),
        "relaxation ends in the ground state": lambda: Planted(noisy=_ground_state),
        "beta is off by 1%": lambda: Planted(warmed=1.01),
        "rows of a table start alike": lambda: AlikeRows(),
        "large numbers of shots are cut": lambda: Planted(asked=_cut_shots),
        "the first values are bound for all": lambda: Planted(asked=_first_values),
        "values are bound to parameters in reverse": lambda: Planted(asked=_reversed_values),
        "expectation values are off by 0.06": lambda: Planted(values=lambda e: e + 0.06),
        "expectation values share their errors": lambda: Planted(values=lambda e: 0 * e + e[:1]),
        "expectation values do not scatter": lambda: Planted(values=lambda e: 0 * e + e.mean()),
        "saved probabilities are of the first circuit": lambda: Planted(saved=_first_saved),
        "saved probabilities are off by 0.001": lambda: Planted(saved=_off_saved),
        "circuits of a job start alike": lambda: Alike(),
        "a precision that is asked for is ignored": lambda: Planted(deaf=("precision",)),
        "a method that is asked for is ignored": lambda: Planted(deaf=("method",)),
    }  # fmt: skip
    return found


def _swap_u(operation: Any) -> Any:
    out = operation.to_mutable()
    theta, phi, lam = out.params
    out.params = [theta, lam, phi]
    return out


def _cut_shots(task: Task) -> Task:
    return replace(task, shots=min(task.shots, 100_000))


def _first_values(task: Task) -> Task:
    return replace(task, values=np.repeat(task.values[:1], len(task.values), axis=0))


def _reversed_values(task: Task) -> Task:
    return replace(task, values=task.values[:, ::-1])


def _on_the_next(term: NoiseTerm) -> NoiseTerm:
    return replace(term, qubits=tuple((qubit + 1) % 3 for qubit in term.qubits))


def _on_the_other(term: NoiseTerm) -> NoiseTerm:
    if term.kind != "pauli":
        return term
    return replace(term, numbers={string[::-1]: p for string, p in term.numbers.items()})


def _without_readout(term: NoiseTerm) -> NoiseTerm | None:
    return None if term.kind == "readout" else term


def _ground_state(term: NoiseTerm) -> NoiseTerm:
    if "excited" not in term.numbers:
        return term
    return replace(term, numbers={**term.numbers, "excited": 0.0})


def _first_saved(found: list[np.ndarray]) -> list[np.ndarray]:
    return [found[0] if one.shape == found[0].shape else one for one in found]


def _off_saved(found: list[np.ndarray]) -> list[np.ndarray]:
    return [one * 0.999 + 0.001 * np.eye(len(one))[0] for one in found]


@dataclass(frozen=True, eq=False)
class Alike(Planted):
    """Every circuit of a job starts from the same seed."""

    def sample(self, tasks, seed=None, noise=()):
        """Each circuit as if it were the only one."""
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        return [super(Alike, self).sample([task], seed, noise)[0] for task in tasks]


@dataclass(frozen=True, eq=False)
class AlikeRows(Planted):
    """Every row of a table of values starts from the same seed."""

    def sample(self, tasks, seed=None, noise=()):
        """Each row as if it were the only one."""
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        drawn = []
        for i, task in enumerate(tasks):
            rows = [replace(task, values=row[None]) for row in task.values]
            own = int(np.random.SeedSequence([seed, i]).generate_state(1)[0])
            drawn.append([super(AlikeRows, self).sample([row], own, noise)[0][0] for row in rows])
        return drawn


@dataclass(frozen=True, eq=False)
class Turned(Reference):
    """The bits of a shot are turned round: a fault that the command line can name."""

    def sample(self, tasks, seed=None, noise=()):
        """Read from the other end."""
        return [[run[:, ::-1] for run in runs] for runs in super().sample(tasks, seed, noise)]


@dataclass(frozen=True, eq=False)
class Stuck(Reference):
    """No end of a circuit of three qubits, and the end of the process at one of four."""

    def sample(self, tasks, seed=None, noise=()):
        """Of other numbers of qubits as it should be."""
        sizes = {task.circuit.num_qubits for task in tasks}
        if 4 in sizes:
            os._exit(3)
        if 3 in sizes:
            time.sleep(600)
        return super().sample(tasks, seed, noise)


def unlicensed():
    """A factory that does not give its simulator."""
    raise KeyError("no licence")


FAULTS = planted()
