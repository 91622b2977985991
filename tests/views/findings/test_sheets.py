"""The tables of findings."""

from dataclasses import replace

from qcattn.views.findings import sheets


def test_the_table_has_verdict_number_interval_and_condition(findings):
    sheet = sheets.summary(findings)
    assert sheet.lines[0] == (
        "A1 A <b>title</b>", "exact", "distance", "0.01235", "[0, 0.02]", "0", "",
    )  # fmt: skip
    assert [line[1] for line in sheet.lines] == ["exact", "refuted", "undecided", "untestable"]
    assert sheet.lines[3][2:] == ("", "", "", "", "needs a field")
    assert sheets.summary([replace(findings[3], shots=0)]).lines[0][2] == "nothing was drawn"
    assert sheet.marked == {1}
    assert sheets.summary(findings, narrow=True).lines[:2] == (
        ("A1 A <b>title</b>", "exact", "distance: 0.01235 in [0, 0.02]", ""),
        ("A12 A <b>title</b>", "refuted", "distance: 0.01235 in [0, 0.02]", "only below <1>"),
    )
    assert "A refuted claim has a measured counter-example." in sheet.caption
    assert "analogy" not in sheet.caption


def test_checks_and_numbers_are_those_of_the_finding(findings):
    good, wrong, *_ = findings
    assert [line[1] for line in sheets.checks(wrong).lines] == ["fails", "undecided"]
    assert [line[3] for line in sheets.checks(wrong).lines] == [
        "the claim",
        "beyond its conditions",
    ]
    assert sheets.checks(wrong).marked == {0}
    assert sheets.numbers(good).lines[1] == ("beta", "2", "[1, ∞]", "")
