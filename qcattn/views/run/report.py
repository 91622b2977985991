"""One HTML page that says what was run, what came out and how to run it again."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from qcattn.attention import telling_head
from qcattn.records import Result
from qcattn.views.labels import cut_short, joined, key_labels, law_in_words, place, plural
from qcattn.views.page import Plotter, badge, figure, table, whole_page, write_page
from qcattn.views.run import sheets, subsets
from qcattn.views.run.bands import bands_in_words
from qcattn.views.run.command import command
from qcattn.views.run.heads import head_beside
from qcattn.views.run.plots import check_head, plot_attention_map, plot_row_bars
from qcattn.views.run.quantiles import plot_p_value_quantiles
from qcattn.views.run.words import sentence
from qcattn.views.run.worst import worst_rows
from qcattn.views.sheet import Column, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["write_report"]

#: Inches of the widest picture that a phone shows without scrolling.
_WIDEST = 4.7
_BARS = 6
#: Inches that a letter of a name under the bars takes from their height.
_LETTER = 0.07
_BARS_BESIDE = 3
#: The most keys of a row that have bars of their own.
_KEYS = 24
#: The most lines of a table of bitstrings that are shown at once.
_BOOK = 64
_CIRCUIT_OPERATIONS = 400
#: The most characters that are quoted of a sentence, or of where scores come from.
_SENTENCE = 400


def write_report(
    path: str | Path, results: Sequence[Result], *, head: int | tuple[int, ...] | None = None
) -> None:
    """Write one self-contained page about the results of a run.

    Pictures are inside the page as SVG, nothing is fetched from anywhere, and no script runs.
    The file appears whole or not at all.

    Args:
        path: The file to write; an existing file is replaced.
        results: The main result first, then those to show beside it, such as one head prepared
            again by another method.
        head: Index of the head whose attention is plotted, all leading axes but the last; by
            default the one that another result prepared again, else that of
            `qcattn.attention.telling_head`.

    Raises:
        ValueError: If there are no results, or no such head.
        OSError: If the file cannot be written; nothing is left behind.

    Example:
        >>> import tempfile
        >>> from qcattn.experiment import run
        >>> result = run([[0.0, 1.0], [1.0, 0.0]], shots=100, seed=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_report(folder + "/report.html", [result])
        ...     page = Path(folder, "report.html").read_text(encoding="utf-8")
        >>> page.startswith("<!DOCTYPE html>"), "<script" in page
        (True, False)
    """
    if not results:
        raise ValueError("`results` is empty; pass one result or more, the main one first")
    page = _page(results, head)
    write_page(path, page)


def _page(results: Sequence[Result], head: int | tuple[int, ...] | None) -> str:
    main, *others = results
    plotter = Plotter()
    parts = [
        "<header>",
        f"<h1>Attention as thermal circuits, counted against {escape(law_in_words(main))}</h1>",
        f'<p class="subject">{_subject(main)}</p>',
        *_verdict(results),
        "</header>",
        *(_sets(main) if main.prepared.subsets else _heads(plotter, main, others, head)),
        *_rows(plotter, main, _BARS),
        *_quantiles(plotter, main),
        "<h2>" + escape(sheets.summary(main).title) + "</h2>",
        table(sheets.summary(main), "grid"),
        "<h2>What was run</h2>",
        *_run(main),
        *_circuit(main),
        *_codebook(main),
        *(part for other in others for part in _beside(plotter, other)),
        "<h2>To get the same counts again</h2>",
        *_again(results),
    ]
    subject = cut_short(main.source.get("sentence", "attention scores"), _SENTENCE)
    title = f"{main.standing}: {subject}"
    return whole_page(title, parts)


def _codebook(main: Result) -> list[str]:
    """Keys and bitstrings, of many keys behind a line that opens them."""
    sheet = sheets.codebook(main)
    book = f'<div class="columns">{table(sheet, "book")}</div>'
    if len(sheet.lines) > _BOOK:
        line = f"{plural(len(sheet.lines), main.outcome)} with their bitstrings"
        book = f"<details><summary>{line}</summary>{book}</details>"
    return [f"<h2>{sheet.title}</h2>", book]


def _sets(main: Result) -> list[str]:
    """The likeliest sets of keys, and the weights of the keys, of the row that says most."""
    parts = []
    for sheet in (subsets.likeliest(main), subsets.weights_of_keys(main)):
        parts += [f"<h2>{escape(sheet.title)}</h2>", table(sheet, "grid")]
    return parts


_LEGEND = """<div class="legend">
<span><i style="background:var(--measured)"></i>measured</span>
<span><i style="background:var(--fault)"></i>measured, outside its band (▾)</span>
<span><i style="height:2px;vertical-align:.25rem;background:var(--softmax)"></i>LAW</span>
<span><i style="background:var(--softmax);opacity:.3"></i>where a perfect sampler stays</span>
</div>"""


def _legend(result: Result) -> str:
    return _LEGEND.replace("LAW", f"{escape(law_in_words(result))}")


_TICKS = (0, 0.01, 0.1, 0.25, 0.5, 1)
_SCALE = (
    '<div class="scale"><div></div><p>'
    + "".join(f'<span style="left:{100 * p**0.5:.1f}%">{p:g}</span>' for p in _TICKS)
    + "</p></div>"
)


def _subject(result: Result) -> str:
    """What was read, and by what, in a line."""
    sentence, model = (
        cut_short(result.source.get(name, ""), _SENTENCE) for name in ("sentence", "model")
    )
    quoted = f"“{escape(sentence)}”" if sentence else "Attention scores"
    reader = f" read by {escape(model)}" if model else ""
    noise = result.settings.get("noise", "none")
    noisy = "" if noise == "none" else f", with noise: {escape(cut_short(noise, _SENTENCE))}"
    return (
        f"{quoted}{reader}: {plural(result.fit.p_values.size, 'row')} of "
        f"{plural(result.expected.shape[-1], result.outcome)}, {escape(result.prepared.method)} "
        f"({result.prepared.kind}) on {plural(result.resources.qubits, 'qubit')}, "
        f"{plural(result.shots, 'shot')} a row, seed {result.seed}{noisy}"
    )


def _verdict(results: Sequence[Result]) -> list[str]:
    main, *others = results
    parts = [f'<p class="lead">{badge(main.standing)} {escape(sentence(main))}</p>']
    parts += [
        f"<p>{badge(other.standing)} <strong>{escape(other.prepared.method)}, beside it.</strong>"
        f" {escape(sentence(other))}</p>"
        for other in others
    ]
    if others:
        alpha = sum(result.alpha for result in results)
        parts.append(
            '<p class="note">All comparisons on this page together call a perfect sampler '
            f"different in {100 * alpha:.3g}% of such runs at most.</p>"
        )
    return parts


def _heads(
    plotter: Plotter, main: Result, others: Sequence[Result], head: int | tuple[int, ...] | None
) -> list[str]:
    if not main.shape:
        if head not in (None, ()):
            raise ValueError(
                f"`head` is {head}, but the result is a single row without heads; leave it out"
            )
        return []
    if head is not None:
        index, why = check_head(main, head), ""
    elif (found := head_beside(main, others)) is not None:
        index, why = found, "This head was prepared again by another method. "
    else:
        index, why = telling_head(main.expected), ""
    if index and index == telling_head(main.expected) and head is None:
        why += (
            "Of all heads it is the one whose attention is most spread and varied: it has the "
            "largest product of the mean entropy of a row and the mutual information of query and "
            "key. "
        )
    queries, keys = main.expected.shape[-2:]
    side = 3.15 if keys <= _KEYS else _WIDEST
    height = 6.5 if queries > 2 * keys else min(side, 1.6 + side * queries / keys)
    labels = key_labels(main)

    def panel(result: Result, at: tuple[int, ...], measured: bool) -> str:
        def plot(ax: Axes) -> None:
            plot_attention_map(result, at, ax, measured=measured, labels=labels)

        what = f"measured by {result.prepared.method}" if measured else "softmax"
        return plotter(plot, side, height, f"Attention of {place(main, index)}: {what}")

    panels = [panel(main, index, False), panel(main, index, True)]
    one = main.expected[index]
    panels += [
        panel(other, (), True)
        for other in others
        if other.expected.shape == one.shape and other.tokens == main.tokens
    ]
    return [
        f"<h2>Attention of {escape(place(main, index))}</h2>",
        figure(
            panels,
            f"{why}The colour shows the probability, on a scale of square roots. Masked keys are "
            "hatched: they must never come, and a red cross marks one that did. A query without "
            "shots is struck through.",
            after=_SCALE,
        ),
    ]


def _rows(plotter: Plotter, result: Result, number: int, level: int = 2) -> list[str]:
    found = worst_rows(result, number)
    if not found:
        return []
    single = not result.shape
    keys = result.expected.shape[-1]
    labels = key_labels(result)
    bars = [
        plotter(
            lambda ax, row=one.row: plot_row_bars(  # type: ignore[misc]
                result, row, ax, labels=labels, most=_KEYS
            ),
            3.05 if keys <= 16 else _WIDEST,
            2.8 + _LETTER * max(0, min(16, max(map(len, labels))) - 8),
            f"Counts of {place(result, one.row)} against {law_in_words(result)}",
        )
        for one in (found if keys <= _KEYS else found[: max(1, number // 2)])
    ]
    return [
        f"<h{level}>{'The row, counted' if single else 'The rows that fit worst'}</h{level}>",
        f"<p>{escape(bands_in_words(result, [one.row for one in found[: len(bars)]]))}</p>",
        figure(bars, "", before=_legend(result)),
        *([] if single else [table(sheets.worst(result, 10))]),
    ]


def _quantiles(plotter: Plotter, result: Result) -> list[str]:
    if (~result.fit.undecided).sum() < 2:
        return []
    picture = plotter(
        lambda ax: plot_p_value_quantiles(result, ax), _WIDEST, 4.2, "Sorted p-values of the rows"
    )
    return [
        "<h2>All rows together</h2>",
        figure(
            [picture],
            "The p-values of the rows, sorted, are shown against those of a uniform law. A row's "
            "p-value joins several tests by Bonferroni's inequality and is uniform or larger, so "
            "points above the dashed line are as they should be. All points of a perfect sampler "
            "keep out of the shaded region in at least 99% of runs (order statistics, equal local "
            "levels).",
        ),
    ]


def _beside(plotter: Plotter, result: Result) -> list[str]:
    parts = [
        f"<h2>Beside it: {escape(result.prepared.method)}</h2>",
        f"<p>{badge(result.standing)} {escape(sentence(result))}</p>",
    ]
    if any(verdict.name == "acceptance" for verdict in result.verdicts):
        parts += [
            "<h3>Success of the herald, predicted and counted</h3>",
            table(sheets.heralds(result), "grid"),
        ]
    parts += _rows(plotter, result, _BARS_BESIDE, level=3)
    parts += ["<h3>What was run</h3>", *_run(result), *_circuit(result, level=3)]
    return parts


def _run(result: Result) -> list[str]:
    settings = table(sheets.details(result), "facts")
    if not result.source:
        return [settings]
    facts = tuple((name, cut_short(text, _SENTENCE)) for name, text in result.source.items())
    source = Sheet("Scores", (Column(""), Column("")), facts)
    return [
        f'<div class="pair"><div><h3>Settings and cost</h3>{settings}</div>'
        f"<div><h3>Where the scores come from</h3>{table(source, 'facts')}</div></div>"
    ]


def _circuit(result: Result, level: int = 2) -> list[str]:
    circuit, cost = result.prepared.circuit, result.resources
    shown, note = circuit, ""
    if len(circuit.data) > _CIRCUIT_OPERATIONS:
        shown = circuit.copy_empty_like()
        for instruction in circuit.data[:_CIRCUIT_OPERATIONS]:
            shown.append(instruction)
        note = f" Shown are the first {_CIRCUIT_OPERATIONS:,} of {len(circuit.data):,} operations."
    if cost != result.prepared.resources:
        note += (
            " What is shown is the template; the cost is that of the circuit fitted to the backend."
        )
    diagram = "\n".join(shown.draw("text", fold=-1, cregbundle=False).lines())
    columns = max(map(len, diagram.splitlines()))
    return [
        f"<h{level}>The circuit</h{level}>",
        f"<p>It has {plural(cost.qubits, 'qubit')}, a depth of {cost.depth:,}, "
        f"{plural(cost.two_qubit_gates, 'two-qubit gate')} and {plural(cost.rotations, 'rotation')}"
        f". All rows share one template of {plural(circuit.num_parameters, 'angle')}; each brings "
        f"its own values of them.{note}</p>",
        f'<pre tabindex="0" style="--columns: {columns}">{escape(diagram)}</pre>',
    ]


def _again(results: Sequence[Result]) -> list[str]:
    line = command(results)
    hints = [
        (
            "FILE",
            "FILE stands for the scores, which are in <code>result.npz</code> under "
            "<code>scores</code>"
            + (" as those of the subsets." if results[0].prepared.subsets else "."),
        ),
        (
            "SAME",
            "SAME stands for what was given then; the settings above say what is known of it.",
        ),
    ]
    return [
        f'<pre class="line">{escape(line)}</pre>',
        *(f'<p class="note">{text}</p>' for word, text in hints if word in line.split()),
        '<p class="note">The same seed gives the same counts with the same versions: '
        f"{escape(joined(results[0].versions))}.</p>",
    ]
