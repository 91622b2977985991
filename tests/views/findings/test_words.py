"""Findings in words."""

from dataclasses import replace

from qcattn.views.findings.words import caption, command, standings


def test_verdicts_are_counted(findings):
    assert standings([]) == "0 claims."
    assert standings(findings) == "4 claims: 1 exact, 1 refuted, 1 untestable, 1 undecided."


def test_a_caption_says_what_the_points_are(findings):
    panel = findings[0].panels[0]
    line, points = panel.curves
    plain = replace(points, low=None, high=None)

    def said(*curves):
        return caption([replace(panel, curves=curves)])

    assert said(line, points) == "Points are measured, with their intervals."
    assert said(line, plain) == "Points are measured."
    assert "where these are shown" in said(points, plain)
    assert said(line) == ""


def test_the_command_finds_the_same_again(findings):
    assert command(findings) == "qcattn claims A1 A12 A13 A14 --seed 7"
