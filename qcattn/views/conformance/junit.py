"""A report as JUnit XML, which continuous integration reads: a test case a probe."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from qcattn.conformance.report import Probed, Report
from qcattn.views.conformance.words import subject
from qcattn.views.page import write_page

__all__ = ["junit", "write_junit"]


def junit(report: Report) -> str:
    """Write the XML: probes that are not applicable are skipped, and alarms are failures.

    P-value, effect with its interval, resolution and shots stand as properties of each case.
    """
    cases = [_case(one, subject(report)) for one in report.probed]
    standings = [one.standing for one in report.probed]
    suite = ElementTree.Element(
        "testsuite",
        name=f"qcattn conformance of {subject(report)}",
        tests=str(len(cases)),
        failures=str(standings.count("alarm")),
        errors="0",
        skipped=str(standings.count("not applicable")),
        time=f"{report.seconds:.3f}",
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name in ("level", "alpha", "seed", "complete"):
        _property(properties, name, str(getattr(report, name)))
    for name, value in {**report.simulator, **report.versions}.items():
        _property(properties, name, value)
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def write_junit(report: Report, path: Path) -> None:
    """Write the XML to a file, which appears whole or not at all."""
    write_page(path, junit(report))


def _case(probed: Probed, classname: str) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase", name=probed.name, classname=classname, time=f"{probed.seconds:.3f}"
    )
    properties = ElementTree.SubElement(case, "properties")
    for name, value in probed.properties.items():
        _property(properties, name, value)
    if probed.standing == "not applicable":
        ElementTree.SubElement(case, "skipped", message=probed.words)
    elif probed.standing == "alarm":
        failure = ElementTree.SubElement(case, "failure", message=probed.words, type="alarm")
        failure.text = "\n".join(f"{check.name}: {check.by}" for check in probed.failed)
    return case


def _property(parent: ElementTree.Element, name: str, value: str) -> None:
    ElementTree.SubElement(parent, "property", name=name, value=value)
