"""The tables of a comparison hold its numbers, the worst row first."""

import numpy as np

from qcattn.comparisons import certify, plan
from qcattn.comparisons.outcomes import Outcomes
from qcattn.views.comparison.sheets import offenders, shots_needed

LAW = np.array([[0.25, 0.25, 0.25, 0.25], [0.1, 0.2, 0.3, 0.4]])
OUTCOMES = Outcomes((0, 1, 2, 3), LAW, 2, "law.json", "bitstrings")


def test_the_outcome_that_does_not_fit_is_named():
    """No chance: the counts are given; 500 of 10,000 shots are on the wrong outcome."""
    counts = np.array([[2500, 2500, 2500, 2500], [1000, 2500, 2500, 4000]])
    sheet = offenders(certify(counts, LAW, 0.05), OUTCOMES)
    assert sheet.headings == ("row", "outcome", "counted", "expected", "p")
    assert {line[:4] for line in sheet.lines} == {
        ("1", "01", "2,500", "2,000"),
        ("1", "10", "2,500", "3,000"),
    }
    assert all(float(line[4]) < 1e-20 for line in sheet.lines)
    assert len(offenders(certify(counts, LAW, 0.05), OUTCOMES, limit=1).lines) == 1


def test_counts_that_fit_have_no_offender():
    counts = (10_000 * LAW).astype(int)
    assert not offenders(certify(counts, LAW, 0.05), OUTCOMES).lines


def test_shots_are_those_of_the_plan_one_line_a_row():
    planned = plan(LAW, 0.02)
    sheet = shots_needed(planned, OUTCOMES)
    assert len(sheet.lines) == 2
    for row, line in enumerate(sheet.lines):
        said = [
            f"{column[row]:,.0f}" for column in (planned.floor, planned.detect, planned.certify)
        ]
        assert line[:4] == (str(row), *said)
    assert all(f'"{name}"' in sheet.legend() for name in ("floor", "detect", "certify"))
