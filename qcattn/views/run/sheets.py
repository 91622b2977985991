"""The tables of a run."""

from __future__ import annotations

import numpy as np

from qcattn.plurals import plural
from qcattn.records import Result, bitstrings
from qcattn.views.labels import (
    axis_names,
    joined,
    key_labels,
    law_in_words,
    number,
    number_on,
    p_text,
    place,
)
from qcattn.views.run.words import acceptance_shares, offence
from qcattn.views.run.worst import Group, groups, worst_rows
from qcattn.views.sheet import Column, Sheet

__all__ = ["codebook", "details", "heralds", "summary", "worst"]

_KINDS = {
    "told": "told: the angles of the circuit come from Boltzmann weights computed classically",
    "thermal": "thermal: the circuit knows energies and beta; no sum over keys is taken beforehand",
}
_KINDS_IN_WORDS = {
    "told": "A preparation is told if its angles come from Boltzmann weights that were computed "
    "classically: that its counts agree tests the circuit and the simulator, not the physics.",
    "thermal": "A preparation is thermal if its circuit knows the energies and beta only.",
}
_FACTS = (Column(""), Column(""))
_COST = (
    Column("qubits", "r"),
    Column("2q gates", "r", '"2q gates" counts the gates on two qubits of one circuit.'),
)
_TESTS = (
    Column(
        "differ",
        "r",
        '"differ" counts the rows that are refuted, family-wise: even one of them, in the whole '
        "run, is by chance no likelier than the error rate says.",
    ),
    Column("worst row", "l", '"worst row" has the smallest p-value; rows count from 0.'),
    Column("its p", "r", '"its p" is the p-value of that row alone.'),
    Column(
        "joint p",
        "r",
        '"joint p" is that p-value times the number of rows in the line, at most 1 (Bonferroni).',
    ),
)


def summary(result: Result) -> Sheet:
    """The table of layers: rows, keys, qubits, two-qubit gates, the worst row and p-values.

    Args:
        result: A result of any shape. Rows are grouped by the first of several leading axes; a
            result with one leading axis, or none, has a single line.

    Returns:
        A table; lines of layers with refuted rows stand out.

    Example:
        >>> from qcattn.experiment import run
        >>> result = run([[0.0, 1.0, 2.0], [0.5, 0.5, 0.5]], shots=1000, seed=7)
        >>> summary(result).lines[0][:5]
        ('all', '2', '3', '4', '3')
    """
    several = len(result.shape) > 1
    name = axis_names(result)[0] if several else ""
    cost = result.resources
    costs = (
        f"{result.expected.shape[-1]:,}",
        f"{cost.qubits:,}",
        f"{cost.two_qubit_gates:,}",
    )
    found = groups(result)
    prepared = f"{result.prepared.method} ({result.prepared.kind})"
    return Sheet(
        title=f"{prepared}: counts against {law_in_words(result)}"
        + (f", by {name}" if several else ""),
        columns=(
            Column(name),
            Column("rows", "r"),
            Column(f"{result.outcome}s", "r"),
            *_COST,
            *_TESTS,
        ),
        lines=tuple(
            (
                number_on(result, 0, group.index[0]) if several else "all",
                _rows(group),
                *costs,
                *_tests(result, group, several),
            )
            for group in found
        ),
        caption=_KINDS_IN_WORDS[result.prepared.kind],
        marked=frozenset(i for i, group in enumerate(found) if group.refuted),
    )


def _rows(group: Group) -> str:
    """How many rows there are, and how many of them have shots if some have none."""
    part = f"{group.decided:,} of " if group.decided < group.rows else ""
    return f"{part}{group.rows:,}"


def _tests(result: Result, group: Group, several: bool) -> tuple[str, str, str, str]:
    """How many rows differ, the worst one, its p-value and that of all."""
    if group.worst is None:
        return "", "no shots", "", ""
    where = place(result, group.worst, token=False)
    # Of several groups the first axis stands in the first column.
    inner = where.split(", ", 1)[1] if several else where
    return f"{group.refuted:,}", inner, p_text(group.smallest), p_text(group.together)


def worst(result: Result, number_of_rows: int = 10) -> Sheet:
    """The rows with the smallest p-values, the key that deviates most in each, and by how much.

    Args:
        result: A result of any shape.
        number_of_rows: The number of rows at most.

    Returns:
        A table; refuted rows stand out.
    """
    found = worst_rows(result, number_of_rows)
    return Sheet(
        title="Worst rows",
        columns=(
            Column("row"),
            Column(
                "p",
                "r",
                '"p" is the p-value of the row alone, not corrected for the number of rows.',
            ),
            Column(
                "most deviating outcome",
                "l",
                "An outcome deviates most if its count is the least probable one of its row.",
            ),
        ),
        lines=tuple(
            (place(result, one.row), p_text(one.p_value), offence(result, one)) for one in found
        ),
        marked=frozenset(i for i, one in enumerate(found) if one.refuted),
    )


def codebook(result: Result, number_of_keys: int = 1024) -> Sheet:
    """The table of keys, tokens and bitstrings.

    Args:
        result: A result of any shape.
        number_of_keys: The number of keys at most, the first ones.
    """
    keys = len(result.prepared.codewords)
    strings = bitstrings(result.prepared.codewords[:number_of_keys])
    columns = [Column(result.outcome, "r"), Column("bitstring")]
    cells = [[str(key) for key in range(len(strings))], strings]
    if result.tokens or result.prepared.subsets:
        columns.insert(1, Column("tokens" if result.prepared.subsets else "token"))
        cells.insert(1, key_labels(result)[: len(strings)])
    rest = (
        f" The first {len(strings):,} of {keys:,} {result.outcome}s are listed; the `codebook` of "
        "the result lists all."
    )
    return Sheet(
        title=f"{result.outcome.capitalize()}s and their bitstrings",
        columns=tuple(columns),
        lines=tuple(zip(*cells, strict=True)),
        caption="As in Qiskit, the rightmost character of a bitstring is qubit 0."
        + rest * (len(strings) < keys),
    )


def heralds(result: Result, number_of_rows: int = 20) -> Sheet:
    """The success of a heralded preparation, predicted and counted, row by row.

    Args:
        result: A result of any shape.
        number_of_rows: The number of rows at most; those that fit worst are kept.

    Returns:
        A table; rows whose herald differs stand out.

    Raises:
        ValueError: If the result was not heralded.
    """
    verdict = next((v for v in result.verdicts if v.name == "acceptance"), None)
    if verdict is None:
        raise ValueError(
            f"`result` was prepared by {result.prepared.method}, which has no herald; pass a "
            "result that was prepared by one that has, such as Heralded"
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
        columns=(
            Column("row"),
            Column("predicted", "r", "A shot is kept if its herald reads zero."),
            Column("counted", "r"),
            Column("shots kept", "r"),
            Column("p", "r", '"p" is that of an exact two-sided binomial test of the row.'),
        ),
        lines=tuple(lines),
        caption=f"{plural(left_out, 'row')} with larger p left out." if left_out else "",
        marked=frozenset(i for i, row in enumerate(shown) if refuted[row]),
    )


def details(result: Result) -> Sheet:
    """What was run, with which software, and what it cost."""
    prepared, cost = result.prepared, result.resources
    beta = np.unique(result.beta)
    shape = " × ".join(str(size) for size in result.scores.shape)
    settings = dict(result.settings)
    lines = [
        ("scores", f"{shape} ({', '.join([*axis_names(result), result.outcome])})"),
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
    return Sheet("What was run", _FACTS, tuple(lines))
