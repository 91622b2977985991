"""Tables on terminals of every width: all is shown, and shown whole."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from qcattn.backends import Aer
from qcattn.comparisons import certify, plan
from qcattn.comparisons.outcomes import Outcomes
from qcattn.evidence import Check, Estimate, Finding, Number
from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded, ImaginaryTime, Purification
from qcattn.sweeps import Grid, sweep
from qcattn.trials import prepare
from qcattn.views.comparison import sheets as of_comparison
from qcattn.views.findings import sheets as of_findings
from qcattn.views.run import sheets as of_run
from qcattn.views.sheet import Column, Sheet
from qcattn.views.sweep import sheets as of_sweep
from qcattn.views.tables import set_in_type
from qcattn.views.trials import sheets as of_trials

WIDTHS = range(40, 121)
TOKENS = ["[b]", " cat", "日本", "[/]", "$x$", " because", "abcdefgh", " tired", ".", "it", "on"]


def printed(sheet, width):
    console = Console(file=io.StringIO(), width=width)
    console.print(set_in_type(sheet, width))
    return console.file.getvalue()


def is_rule(line):
    return set(line) == {"─"}


def parts(sheet, width):
    """The heading line ("" where lines are stacked), the body, and what is said of every line."""
    lines = printed(sheet, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    rules = [i for i, line in enumerate(lines) if is_rule(line)]
    start = rules[0] + 1 if rules else len(title_of(sheet, width))
    end = next(i for i, line in enumerate(lines) if i >= start and not line.strip())
    said = " ".join(" ".join(lines[end:]).split())
    found = re.match(r"In every line: (.*?)\.(?: |$)(?![0-9])", said)
    return lines[rules[0] - 1] if rules else "", lines[start:end], found[1] if found else ""


def title_of(sheet, width):
    """The lines of the title and the empty one under it."""
    console = Console(file=io.StringIO(), width=width)
    console.print(Text(sheet.title))
    return [*console.file.getvalue().splitlines(), ""] if sheet.title else []


def pieces(text):
    """Words, and their parts between a comma and what is no digit."""
    return [piece for piece in re.split(r"\s+|(?<=[,;])(?=[^\s\d])", text) if piece]


def of_a_run(make):
    """A model's worth of heads, a fault in one row, rows without shots, and a herald."""
    scores = make.causal((2, 9, 11, 11))
    result = make(
        scores, tokens=TOKENS, shots=1000, fault=lambda law: law.__setitem__(5, law[5][::-1].copy())
    )
    p_values = result.fit.p_values.copy()
    p_values[:, 8, 10] = 3.2e-7
    result = replace(result, verdicts=(replace(result.fit, p_values=p_values),))
    part = make(scores, tokens=TOKENS, shots=100, rows=150)
    heralded = make(scores[0, 0], tokens=TOKENS, preparation=Heralded())
    for one in (result, part, heralded):
        yield from (of_run.summary(one), of_run.worst(one), of_run.codebook(one))
    yield of_run.heralds(heralded)


def of_some_trials():
    methods = [Amplitude(), Heralded(), ImaginaryTime(steps=6)]
    for beta in (1.0, [0.5, 12.5]):
        done = prepare(ising(2), beta=beta, methods=methods, shots=500, seed=1)
        yield from (of_trials.cost(done), of_trials.errors(done, fidelity=True))


def of_a_sweep(folder):
    grid = Grid(
        [[0.0, 1.0, 2.0], [0.5, 0.5, 0.5]],
        beta=[0.5, 1.0],
        preparations=[Amplitude(), Heralded(), Purification()],
        noise=["none", "readout=0.1,depolarizing=0.01,thermal=100"],
        backends=Aer(device="CPU", draws="born"),
        shots=2000,
        batch=1000,
    )
    done = sweep(grid, store=folder / "runs.sqlite")
    first, *others = done.cells
    failed = replace(first, failure="ValueError: `noise` takes 123,456,789 bytes; take less")
    ruled = [replace(cell, rule="certified=0.02", looks=2, met=True) for cell in others]
    for cells in (done.cells, (failed, *ruled)):
        yield of_sweep.cells(replace(done, cells=cells), epsilon=0.1)
    yield of_sweep.failures(replace(done, cells=(failed, *ruled)))


def of_some_findings():
    checks = (
        Check("softmax", "The counts follow softmax in every basis", True, "fit, p = 0.1234"),
        Check("beyond", "They do so at any temperature", False, "p = 1.2e-08", "beyond"),
    )
    numbers = (
        Number("total variation, the worst row", Estimate(0.01234, 0.0000123, 0.0402), 0.0),
        Number("beta", Estimate(2, 1, np.inf)),
    )
    one = Finding(
        name="A9", title="Temperature sharpens attention", checks=checks, numbers=numbers,
        alpha=0.01, seed=1, shots=1000, condition="one score is the highest, by more than beta",
    )  # fmt: skip
    yield from (of_findings.summary([one], narrow=True), of_findings.summary([one]))
    yield from (of_findings.checks(one), of_findings.numbers(one))


def of_a_comparison():
    law = np.array([[0.25, 0.25, 0.25, 0.25], [0.1, 0.2, 0.3, 0.4]])
    counts = np.array([[2500, 2500, 2500, 2500], [1000, 2500, 2500, 4000]])
    outcomes = Outcomes((0, 1, 2, 3), law, 2, "law.json", "bitstrings")
    yield of_comparison.offenders(certify(counts, law, 0.05), outcomes)
    yield of_comparison.shots_needed(plan(law, 0.0002), outcomes)


@pytest.fixture(params=["run", "trials", "sweep", "findings", "comparison"])
def sheets(request, make, tmp_path):
    """Every table that a command prints, of real results."""
    made = {
        "run": lambda: of_a_run(make),
        "trials": of_some_trials,
        "sweep": lambda: of_a_sweep(tmp_path),
        "findings": of_some_findings,
        "comparison": of_a_comparison,
    }
    found = list(made[request.param]())
    assert all(sheet.lines for sheet in found)
    return found


def test_at_every_width_every_heading_and_number_is_there_and_whole(sheets):
    for sheet in sheets:
        for width in (*WIDTHS, 200):
            heading, body, same = parts(sheet, width)
            constant = [
                at
                for at, column in enumerate(sheet.columns)
                if at and re.search(rf"(^|, ){re.escape(column.heading)} ", f"{same} ")
            ]
            shown = [at for at in range(len(sheet.columns)) if at not in constant]
            for at in constant:
                (cell,) = {line[at] for line in sheet.lines}
                assert f"{sheet.headings[at]} {' '.join(cell.split())}" in same
            words = set(pieces(" ".join(body)))
            if heading:
                whole = r"\s+".join(re.escape(sheet.headings[at]) for at in shown)
                found = heading.strip()
                assert re.fullmatch(whole.removeprefix(r"\s+"), found), printed(sheet, width)
            for line in sheet.lines:
                numbers = [line[at] for at in shown if sheet.columns[at].align == "r" and line[at]]
                pattern = r"(?<!\S)" + r"(?!\S).*(?<!\S)".join(map(re.escape, numbers)) + r"(?!\S)"
                where = body if heading else [" ".join(body)]
                assert any(re.search(pattern, text) for text in where), (width, numbers)
                for at in shown:
                    short = {piece for piece in pieces(line[at]) if cell_len(piece) <= 24}
                    assert short <= words, printed(sheet, width)
                    if not heading and sheet.columns[at].align == "r" and line[at]:
                        pair = f"{sheet.headings[at]}: {line[at]}"
                        assert any(pair.strip() in text for text in body), (width, pair)


def test_a_wide_terminal_has_a_table(sheets):
    for sheet in sheets:
        heading, _, same = parts(sheet, 200)
        assert heading and not same


def test_the_first_table_of_a_run_is_whole_on_80_columns(make):
    result = make(make.causal((2, 9, 11, 11)), tokens=["abcdefgh"] * 11, shots=10)
    p_values = result.fit.p_values.copy()
    p_values[:, 8, 10] = 3.2e-7
    result = replace(result, verdicts=(replace(result.fit, p_values=p_values),))
    sheet = of_run.summary(result)
    heading, body, same = parts(sheet, 80)
    assert "  2q gates  " in heading and heading.endswith("  joint p") and not same
    assert len(body) == 2 and all("head 8, query 10" in line for line in body)
    _, body, same = parts(sheet, 60)
    assert same == "rows 99, keys 11, qubits 8"
    assert all("head 8, query 10" in line and "3.2e-07" in line for line in body)


def test_a_table_that_is_too_wide_is_stacked_with_all_that_it_says():
    columns = (Column("row", "r"), Column("p", "r", "A p is a p."), Column("q", "l", "So."))
    sheet = Sheet("Rows", columns, (("1" * 12, "0.5", "a b"), ("2", "", "c")), "All are here.")
    assert "A p is a p. So. All are here." in printed(sheet, 60)
    _, body, _ = parts(sheet, 18)
    assert body == ["row: 111111111111", "  p: 0.5  q: a b", "row: 2  q: c"]


def test_texts_are_no_markup_and_words_are_broken_at_spaces():
    sheet = Sheet("[b]Title[/b]", (Column("[i]"), Column("n", "r")), (("[red]one[/red] two", "7"),))
    assert "[b]Title[/b]" in printed(sheet, 60) and "[red]one[/red] two  7" in printed(sheet, 60)
    long = Sheet("", (Column("words"),), (("one-two three-four " * 5,),))
    _, body, _ = parts(long, 17)
    assert {word for line in body for word in line.split()} == {"one-two", "three-four"}
    noise = Sheet("", (Column("noise"),), (("readout=0.01,depolarizing=1,234 " + "x" * 40,),))
    _, body, _ = parts(noise, 26)
    assert [line.strip() for line in body] == [
        "readout=0.01,",
        "depolarizing=1,234",
        "x" * 26,
        "x" * 14,
    ]


def test_lines_that_differ_stand_out():
    sheet = Sheet("", (Column("n"),), (("1",), ("2",)), marked=frozenset({1}))
    console = Console(file=io.StringIO(), width=40, force_terminal=True, color_system="standard")
    console.print(set_in_type(sheet, 40))
    one, two = console.file.getvalue().splitlines()[2:4]
    assert "\x1b[1;31m2" in two and "31m" not in one


def test_a_table_without_headings_or_lines_is_printed():
    facts = Sheet("Facts", (Column(""), Column("")), (("seed", "7"),))
    assert "seed  7" in printed(facts, 40) and "─" not in printed(facts, 40)
    assert "n" in printed(Sheet("", (Column("n", "r"),), ()), 40)
