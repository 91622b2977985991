"""The tables of a result as plain text cells; `tables` and `report` set them in type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qcattn.records import Result, bitstrings
from qcattn.views.labels import axis_names, key_labels, number, p_text, place
from qcattn.views.run.words import acceptance_shares, offence
from qcattn.views.run.worst import groups, worst_rows

__all__ = ["Sheet", "codebook", "details", "heralds", "summary", "worst"]

_KINDS = {
    "told": "told: the angles come from Boltzmann weights computed classically",
    "thermal": "thermal: the circuit knows energies and beta; no sum over keys is taken beforehand",
}


@dataclass(frozen=True)
class Sheet:
    """A table.

    Attributes:
        title: What it shows.
        columns: Headings.
        align: One letter a column, ``l`` or ``r``.
        lines: Cells, one tuple a line.
        caption: How to read it.
        marked: Numbers of the lines that differ.
    """

    title: str
    columns: tuple[str, ...]
    align: str
    lines: tuple[tuple[str, ...], ...]
    caption: str = ""
    marked: frozenset[int] = frozenset()


def summary(result: Result) -> Sheet:
    """One line for each index of the first of several leading axes, else a single line."""
    several = len(result.shape) > 1
    name = axis_names(result)[0] if several else ""
    keys, cost = result.expected.shape[-1], result.resources
    lines, marked = [], []
    for i, group in enumerate(groups(result)):
        rows = f"{group.rows:,}"
        if group.decided < group.rows:
            rows = f"{group.decided:,} of {rows}"
        if group.worst is None:
            tests = ("", "no shots", "", "")
        else:
            inner = (
                _inner(result, group.worst) if several else place(result, group.worst, token=False)
            )
            tests = (
                f"{group.refuted:,}",
                inner,
                p_text(group.smallest),
                p_text(group.together),
            )
        lines.append(
            (
                str(group.index[0]) if several else "all",
                rows,
                f"{keys:,}",
                f"{cost.qubits:,}",
                f"{cost.two_qubit_gates:,}",
                *tests,
            )
        )
        if group.refuted:
            marked.append(i)
    prepared = f"{result.prepared.method} ({result.prepared.kind})"
    return Sheet(
        title=f"{prepared}: counts against softmax" + (f", by {name}" if several else ""),
        columns=(
            name,
            "rows",
            "keys",
            "qubits",
            "2q gates",
            "differ",
            "worst row",
            "its p",
            "p of all",
        ),
        align="lrrrrrlrr",
        lines=tuple(lines),
        caption=(
            "2q gates: gates on two qubits. differ: rows that are refuted, family-wise over the "
            "whole run. p of all: the smallest p times the number of rows (Bonferroni)."
        ),
        marked=frozenset(marked),
    )


def worst(result: Result, number_of_rows: int = 10) -> Sheet:
    """The rows with the smallest p-values, and in each the key that is hardest to explain."""
    found = worst_rows(result, number_of_rows)
    return Sheet(
        title="Worst rows",
        columns=("row", "p", "most deviating outcome"),
        align="lrl",
        lines=tuple(
            (place(result, one.row), p_text(one.p_value), offence(result, one)) for one in found
        ),
        caption="p: of the row, not corrected for the number of rows.",
        marked=frozenset(i for i, one in enumerate(found) if one.refuted),
    )


def codebook(result: Result) -> Sheet:
    """Which bitstring stands for which key."""
    strings = bitstrings(result.prepared.codewords)
    keys = [str(key) for key in range(len(strings))]
    columns = [keys, key_labels(result), strings] if result.tokens else [keys, strings]
    return Sheet(
        title="Keys and their bitstrings",
        columns=("key", "token", "bitstring") if result.tokens else ("key", "bitstring"),
        align="rll" if result.tokens else "rl",
        lines=tuple(zip(*columns, strict=True)),
        caption="Qiskit's order: the rightmost character is qubit 0.",
    )


def heralds(result: Result, number_of_rows: int = 20) -> Sheet:
    """Success predicted and counted of heralded rows; of many, those that fit worst.

    Raises:
        ValueError: If the result was not heralded.
    """
    verdict = next((v for v in result.verdicts if v.name == "acceptance"), None)
    if verdict is None:
        raise ValueError(
            f"{result.prepared.method} has no herald; ask for a result that was prepared by one "
            "that does, such as Heralded"
        )
    predicted = np.broadcast_to(result.prepared.success, result.shape)
    p_values, refuted = verdict.p_values, verdict.refuted
    flat = np.argsort(np.ravel(p_values), kind="stable")
    rows = [tuple(int(i) for i in np.unravel_index(at, result.shape)) for at in flat]
    shown = sorted(rows[:number_of_rows])
    lines = []
    for row in shown:
        shots, kept = int(result.counts.shots[row]), int(result.counts.kept[row])
        lines.append(
            (
                place(result, row),
                f"{predicted[row]:.4f}",
                f"{kept / shots:.4f}" if shots else "no shots",
                f"{kept:,} of {shots:,}",
                p_text(float(p_values[row])),
            )
        )
    left_out = len(rows) - len(shown)
    return Sheet(
        title="Success of the herald, predicted and counted",
        columns=("row", "predicted", "counted", "shots kept", "p"),
        align="lrrrr",
        lines=tuple(lines),
        caption=(
            "p: exact two-sided binomial test of the row."
            + (f" The {left_out:,} rows with larger p are left out." if left_out else "")
        ),
        marked=frozenset(i for i, row in enumerate(shown) if refuted[row]),
    )


def details(result: Result) -> Sheet:
    """What was run, with what, and what it cost."""
    prepared, cost = result.prepared, result.resources
    beta = np.unique(result.beta)
    shape = " × ".join(str(size) for size in result.scores.shape)
    settings = dict(result.settings)
    lines = [
        ("scores", shape + _axes_text(result)),
        ("preparation", settings.pop("preparation", prepared.method)),
        ("its kind", _KINDS[prepared.kind]),
        *((name.replace("_", " "), text) for name, text in settings.items()),
        (
            "beta",
            number(beta[0]) if beta.size == 1 else f"{number(beta[0])} to {number(beta[-1])}",
        ),
        ("shots a row", f"{result.shots:,}"),
        ("seed", str(result.seed)),
        ("error rate", f"{result.alpha:.3g}"),
        ("qubits", f"{cost.qubits:,}"),
        ("depth", f"{cost.depth:,}"),
        ("two-qubit gates", f"{cost.two_qubit_gates:,}"),
        ("rotations", f"{cost.rotations:,}"),
    ]
    if prepared.herald_register is not None:
        predicted, counted = acceptance_shares(result)
        lines.append(("success of the herald", f"{predicted:.4f} predicted, {counted:.4f} counted"))
    if not result.complete:
        lines.append(("interrupted", "yes: the rows not reached have no shots"))
    if result.seconds:
        lines.append(("time", joined({k: f"{s:.3g} s" for k, s in result.seconds.items()})))
    lines.append(("versions", joined(result.versions)))
    return Sheet(title="What was run", columns=("", ""), align="ll", lines=tuple(lines))


def joined(pairs: Mapping[str, str]) -> str:
    """Names and values in one line."""
    return ", ".join(f"{name} {value}" for name, value in pairs.items())


def _axes_text(result: Result) -> str:
    names = [*axis_names(result), "key"]
    return f" ({', '.join(names)})" if len(names) > 1 else " (key)"


def _inner(result: Result, row: tuple[int, ...]) -> str:
    """The name of a row without its first axis, which stands in the first column."""
    return place(result, row, token=False).split(", ", 1)[1]
