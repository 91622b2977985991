"""The page and the pictures of findings."""

import re
import xml.etree.ElementTree as ET

import pytest

from qcattn.views.findings.page import write_page_of, write_pictures


@pytest.mark.parametrize("chosen", [slice(None), slice(1, 2)], ids=["all", "one"])
def test_a_page_shows_everything_and_fetches_nothing(findings, chosen, tmp_path):
    shown = findings[chosen]
    write_page_of(shown, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert "<b>" not in page and "A &lt;b&gt;title&lt;/b&gt;" in page
    assert page.count("<svg") == sum(len(one.panels) for one in shown)
    for one in shown:
        assert f'<span class="badge {one.standing}">' in page
        for check in one.checks:
            assert check.by in page
    assert "only below &lt;1&gt;" in page and "num states" in page
    assert f"qcattn claims {' '.join(one.name for one in shown)} --seed 7" in page
    assert page.count("<h1") == 1


def test_points_have_a_caption(findings, tmp_path):
    write_page_of(findings[:1], tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    found = re.search("<figcaption>(.*)</figcaption>", page)
    assert found[1] == "Points are measured, with their intervals."


def test_pictures_are_files(findings, tmp_path):
    write_pictures(findings, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["A1-1.svg", "A12-1.svg", "A13-1.svg"]
    assert ET.parse(tmp_path / "A1-1.svg").getroot().tag.endswith("svg")


def test_a_page_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`findings` is empty"):
        write_page_of([], tmp_path / "report.html")
