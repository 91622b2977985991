"""The tables of a sweep."""

from dataclasses import replace

from qcattn.records import Counts
from qcattn.views.sweep import sheets
from qcattn.views.sweep.words import words


def test_a_line_a_cell_and_a_bound_where_it_is_asked_for(done):
    plain, bounded = sheets.cells(done), sheets.cells(done, epsilon=0.1)
    assert len(plain.lines) == len(bounded.lines) == 12 and not sheets.failures(done).lines
    names = ("preparation", "noise", "beta", "shots", "verdict", "differ", "p")
    assert set(plain.headings) == set(names) and bounded.headings[-1] == "TV at most"
    differ = {i for i, cell in enumerate(done) if cell.standing == "differs"}
    assert plain.marked == differ and len(differ) == 6


def test_a_cell_without_shots_has_no_p_and_the_words_say_what_is_undecided(done):
    first, *others = done.where(noise="none").cells
    empty = replace(first)
    empty.__dict__["counts"] = Counts.zeros(first.counts.stray.shape, 4)  # as if nothing was read
    part = replace(done, cells=(empty, *others))
    sheet = sheets.cells(part)
    column = [line[sheet.headings.index("p")] for line in sheet.lines]
    assert column[0] == "" and all(column[1:])
    assert sheet.lines[0][sheet.headings.index("verdict")] == "undecided"
    assert words(part).startswith(
        "Undecided: the counts of 5 of 6 cells agree with softmax and none differ, but 1 cell "
        "cannot be decided yet. Drawn so far: 360,000 shots of 54 rows. 1 cell lacks shots."
    )


def test_a_large_sweep_is_cut_and_says_so(done, monkeypatch):
    monkeypatch.setattr(sheets, "_MOST_LINES", 7)
    sheet = sheets.cells(done)
    assert len(sheet.lines) == 7 and "5 cells more are left out" in sheet.caption


def test_the_commonest_error_comes_first_and_the_rest_is_counted(done):
    errors = ["one"] * 2 + ["two"] * 5 + ["three"]
    failed = [
        replace(cell, failure=error) for cell, error in zip(done.cells[:8], errors, strict=True)
    ]
    sheet = sheets.failures(replace(done, cells=(*failed, *done.cells[8:])), most=2)
    assert [(line[0], line[2]) for line in sheet.lines] == [("5", "two"), ("2", "one")]
    assert sheet.caption == "1 error more is left out."


def test_rules_for_stopping_are_named(done):
    cells = [replace(cell, rule="certified=0.02", looks=2, met=True) for cell in done]
    cells[0] = replace(cells[0], rule="width=0.1", met=False)
    sheet = sheets.cells(replace(done, cells=tuple(cells)))
    at = sheet.headings.index("met")
    assert [line[at] for line in sheet.lines[:2]] == ["width=0.1: no", "certified=0.02: yes"]
    assert '"met" says whether certified=0.02 or width=0.1 was reached.' in sheet.legend()
    assert "TV at most" in sheet.headings
