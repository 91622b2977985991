"""The tables of trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from qcattn.records import Result, bitstrings
from qcattn.trials import Trial, Trials
from qcattn.views.labels import error_text, number, p_text, plural
from qcattn.views.run.words import acceptance_shares
from qcattn.views.sheet import Column, Sheet
from qcattn.views.trials.words import refusals

__all__ = ["cost", "errors", "facts", "left_out", "terms"]

#: A column, and its cell for a trial that fits and the number of qubits of the system.
_Cells = tuple[Column, Callable[[Result, Trial, int], str]]

_BETA = Column("beta", "r")
_COST: tuple[_Cells, ...] = (
    (
        Column("qubits", "r", '"qubits" counts those of the system, then those beside it.'),
        lambda result, trial, n: f"{n}+{result.resources.qubits - n}",
    ),
    (Column("depth", "r"), lambda result, trial, n: f"{result.resources.depth:,}"),
    (
        Column("2q gates", "r", '"2q gates" counts the gates on two qubits.'),
        lambda result, trial, n: f"{result.resources.two_qubit_gates:,}",
    ),
    (
        Column(
            "kept",
            "r",
            '"kept" is the share of shots that the herald, a bit that says which shots count, '
            "should let through.",
        ),
        lambda result, trial, n: _kept(result, float(result.prepared.success)),
    ),
    (
        Column("counted", "r", '"counted" is the share that it did let through.'),
        lambda result, trial, n: _kept(result, acceptance_shares(result)[1]),
    ),
    (
        Column(
            "shots",
            "r",
            '"shots" are those that it took to find the circuit and to sample it.',
        ),
        lambda result, trial, n: f"{trial.shots:,}",
    ),
    (
        Column("s", "r", '"s" is the time in seconds.'),
        lambda result, trial, n: number(sum(trial.seconds), 2),
    ),
)
_ERRORS: tuple[_Cells, ...] = (
    (
        Column(
            "kind",
            "l",
            "A method is told if its angles come from Boltzmann weights, and thermal if they come "
            "from the Hamiltonian and beta only.",
        ),
        lambda result, trial, n: result.prepared.kind,
    ),
    (
        Column(
            "claimed",
            "r",
            '"claimed" is the trace distance from the state aimed at that the method claims not to '
            "exceed. The state aimed at is the Gibbs state; for Amplitude it is the pure qsample "
            "of that state.",
        ),
        lambda result, trial, n: error_text(trial.claimed),
    ),
    (
        Column("true", "r", '"true" is that trace distance by dense linear algebra.'),
        lambda result, trial, n: error_text(trial.trace_distance),
    ),
    (
        Column(
            "p",
            "r",
            '"p" is the p-value of the counts against the distribution that the method claims.',
        ),
        lambda result, trial, n: (
            "" if trial.standing == "undecided" else p_text(result.fit.overall)
        ),
    ),
    (
        Column("verdict"),
        lambda result, trial, n: "claim broken" if trial.claim_broken else trial.said,
    ),
)
_FIDELITY: _Cells = (
    Column("fidelity", "r", '"fidelity" with the state aimed at is squared.'),
    lambda result, trial, n: "unknown" if np.isnan(trial.fidelity) else f"{trial.fidelity:.6f}",
)


def cost(trials: Trials) -> Sheet:
    """What each trial costs: qubits, depth, gates, shots, seconds."""
    return _sheet(trials, "Cost", _COST)


def errors(trials: Trials, *, fidelity: bool = False) -> Sheet:
    """What each trial claims, what is true and the verdict, with the squared fidelity if asked."""
    return _sheet(trials, "Error", (*_ERRORS, *((_FIDELITY,) if fidelity else ())))


def left_out(trials: Trials) -> Sheet:
    """The methods that do not fit, and why."""
    return Sheet("Methods that do not fit", (Column("method"), Column("why")), refusals(trials))


def terms(trials: Trials, most: int = 40) -> Sheet:
    """The Pauli strings of the Hamiltonian, the heaviest first."""
    found = sorted(trials.hamiltonian.operator.to_list(), key=lambda term: -abs(term[1]))
    more = f"These are the {most} heaviest of {len(found):,} strings. " * (len(found) > most)
    return Sheet(
        "The Hamiltonian",
        (Column("string"), Column("weight", "r")),
        tuple((label, f"{weight.real:.6g}") for label, weight in found[:most]),
        f"{more}The rightmost letter is qubit 0.",
    )


def facts(trials: Trials) -> Sheet:
    """The methods with their options, and the keys."""
    lines = [(trial.name, trial.method) for trial in trials.trials]
    words = bitstrings(trials.hamiltonian.codewords)
    lines.append(("keys", f"{len(words):,}: {words[0]} to {words[-1]}"))
    return Sheet("What was run", (Column(""), Column("")), tuple(dict.fromkeys(lines)))


def _sheet(trials: Trials, title: str, cells: Sequence[_Cells]) -> Sheet:
    several = len({trial.beta for trial in trials.trials}) > 1
    size = trials.hamiltonian.num_qubits
    fitting = [trial for trial in trials.trials if trial.result is not None]
    where = "" if several or not trials.trials else f", beta {number(trials.trials[0].beta)}"
    return Sheet(
        title=f"{title}: {trials.hamiltonian.encoding}, {plural(size, 'qubit')}{where}",
        columns=(
            Column("method"),
            *((_BETA,) if several else ()),
            *(column for column, _ in cells),
        ),
        lines=tuple(
            (
                trial.name,
                *((number(trial.beta),) if several else ()),
                *(cell(trial.result, trial, size) for _, cell in cells if trial.result),
            )
            for trial in fitting
        ),
        marked=frozenset(i for i, one in enumerate(fitting) if one.standing == "differs"),
    )


def _kept(result: Result, share: float) -> str:
    return "" if result.prepared.herald_register is None else number(share)
