import os
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from qcattn.datasets import load_scores
from qcattn.preparations import Heralded
from qcattn.views.labels import p_text, visible
from qcattn.views.run.report import write_report
from qcattn.views.run.words import sentence

ODD = ["<script>", "&amp;", '"', "[b]", " a", "日本", "\ufffd", "$x$"]
VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """A page that must nest properly; keeps its attributes, texts and tables."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.tables, self.headings = [], []
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag in ("h2", "h3"):
            self.headings.append("")

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data
        if self.open and self.open[-1] in ("h2", "h3"):
            self.headings[-1] += data

    def table(self, first):
        """The table whose first heading is this."""
        return next(table for table in self.tables if table and table[0][0] == first)


@pytest.fixture
def report(tmp_path):
    def written(*results, **options):
        path = tmp_path / "report.html"
        write_report(path, list(results), **options)
        html = path.read_text(encoding="utf-8")
        return html, Page(html)

    return written


def test_a_page_holds_everything_and_fetches_nothing(make, report):
    scores = make.causal((2, 3, 8, 8))
    source = {"model": "m<1>", "sentence": "a & <b>", "licence": "MIT", "sha256": "ab" * 32}
    main = make(scores, tokens=ODD, source=source)
    beside = make(scores[1, 2], tokens=ODD, preparation=Heralded())
    html, page = report(main, beside)
    text = " ".join("".join(page.texts).split())
    assert sentence(main) in text
    assert sentence(beside) in text
    for needed in ("“a & <b>”", "m<1>", "ab" * 32, "MIT", "told: ", "thermal: ", "qcattn run"):
        assert needed in text
    for version in main.versions.values():
        assert version in text
    for heading in (
        "Attention of layer 1, head 2",
        "The rows that fit worst",
        "All rows together",
        "The circuit",
        "Keys and their bitstrings",
        "Beside it: Heralded",
        "Success of the herald, predicted and counted",
    ):
        assert heading in page.headings
    # Nothing from outside, no scripts, and no token became markup.
    assert "script" not in page.tags
    for name, value in page.attributes:
        if name in ("src", "href", "xlink:href", "action", "data"):
            assert value.startswith(("#", "data:image/png;base64,"))
        assert not name.startswith("on")
    assert not re.search(r"url\((?!#)", html)
    assert "@import" not in html
    assert "default-src 'none'" in html
    assert "color-scheme: light dark" in html
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_the_numbers_of_the_page_are_those_of_the_result(make, report):
    result = make(make.causal((3, 2, 5, 5)), tokens=["a", " b", "c", "d", "e"])
    _, page = report(result)
    for layer, line in enumerate(page.table("layer")[1:]):
        p_values = result.fit.p_values[layer]
        assert line[0] == str(layer)
        assert line[7:] == [p_text(p_values.min()), p_text(min(1.0, 10 * p_values.min()))]
    assert page.table("key")[1:] == [
        ["0", "a", "000"],
        ["1", "␣b", "001"],
        ["2", "c", "010"],
        ["3", "d", "011"],
        ["4", "e", "100"],
    ]
    settings = dict(page.table("scores"))
    assert settings["seed"] == "7"
    assert settings["two-qubit gates"] == str(result.resources.two_qubit_gates)


def test_success_predicted_and_counted_stands_beside(make, report):
    result = make(make.causal((4, 4)), preparation=Heralded())
    _, page = report(result, result)
    table = next(table for table in page.tables if table[0][:2] == ["row", "predicted"])
    for row, line in enumerate(table[1:]):
        assert line[1] == f"{result.prepared.success[row]:.4f}"
        assert line[2] == f"{result.counts.kept[row] / 4096:.4f}"


@pytest.mark.parametrize(
    ("options", "badge"),
    [({}, "agrees"), ({"stray": 3}, "differs"), ({"rows": 2}, "undecided")],
)
def test_the_badge_says_it_in_one_word(make, report, options, badge):
    html, page = report(make(np.zeros((2, 3, 4)), **options))
    assert f'<span class="badge {badge}">{badge}</span>' in html
    assert ("class", f"badge {badge}") in page.attributes


def test_a_planted_fault_leads_the_page(make, report):
    """No false failure: 600 shots too many."""

    def fault(law):
        law[7] = [0.4, 0.3, 0.3]

    html, page = report(make(np.zeros((3, 3, 3)), tokens=["x", "y", "<z>"], fault=fault))
    row, _, offence = page.table("row")[1]
    assert row == "head 2, query 1 'y'"
    assert offence.startswith("key 0 'x' came in")
    assert '<tr class="marked"><td>head 2, query 1 &#x27;y&#x27;' in html
    assert html.count('class="marked"') == 2  # this row, and the line of its head


@pytest.mark.parametrize(
    ("shape", "figures"),
    [
        ((2,), 1),
        ((1,), 1),
        ((128,), 1),
        ((5, 4), 8),
        ((1, 3), 3),
        ((2, 2, 2, 3, 4), 9),
    ],
)
def test_every_shape_has_a_page(make, report, shape, figures):
    html, page = report(make(np.zeros(shape), shots=200))
    assert page.tags.count("svg") == figures
    assert len(html) < 3_000_000


def test_large_runs_have_small_pages(make, report):
    """The most rows and the most keys that are promised: 1,500 x 128."""
    html, page = report(make(np.zeros((1500, 128)), shots=64))
    assert len(html) < 2_000_000
    assert page.tags.count("svg") >= 6


def test_the_head_can_be_chosen(make, report):
    result = make(make.causal((2, 3, 4, 4)), shots=100)
    assert "Attention of layer 0, head 1" in report(result, head=(0, 1))[1].headings
    with pytest.raises(ValueError, match="must have 2 numbers"):
        report(result, head=1)
    with pytest.raises(ValueError, match="without heads"):
        report(make(np.zeros(3)), head=1)


def test_tokens_of_the_stored_sentences_are_shown(make, report):
    scores = load_scores("minilm", 1)
    html, page = report(make(scores.scores[0, 2], tokens=scores.tokens, shots=50))
    assert [line[1] for line in page.table("key")[1:]] == [visible(t) for t in scores.tokens]
    assert ">[CLS]</text>" in html


def test_the_same_results_give_the_same_page(make, report):
    result = make(make.causal((2, 3, 3)), shots=100)
    assert report(result)[0] == report(result)[0]


def test_a_page_that_cannot_be_written_leaves_nothing(make, tmp_path, monkeypatch):
    result = make(np.zeros(3), shots=10)
    target = tmp_path / "report.html"
    target.write_text("older")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(target, [result])
    assert target.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_page_needs_a_result(tmp_path):
    with pytest.raises(ValueError, match="is empty"):
        write_report(tmp_path / "report.html", [])
    assert not list(tmp_path.iterdir())


def test_nothing_global_is_imported_or_changed():
    """In a process of its own: other tests may have imported pyplot."""
    import subprocess
    import sys

    code = """if True:
        import sys, tempfile
        import qcattn.views.run.report
        print("matplotlib" in sys.modules)
        from qcattn import run
        with tempfile.TemporaryDirectory() as folder:
            report = qcattn.views.run.report
            report.write_report(folder + "/report.html", [run([0.0, 1.0], shots=10)])
        print("matplotlib" in sys.modules, "matplotlib.pyplot" in sys.modules)
    """
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "True", "False"]


def test_a_circuit_fitted_to_a_backend_is_told_from_its_template(make, report):
    result = make(np.zeros((2, 3)), shots=16)
    said = "the cost is that of the circuit fitted to the backend"
    assert said not in report(result)[0]
    fitted = replace(result, resources=replace(result.resources, depth=99))
    assert said in report(fitted)[0]
