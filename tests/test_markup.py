"""Values as notebooks show them: whole, small, without a script, and with every text escaped."""

from dataclasses import dataclass, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from qcattn.datasets import Scores
from qcattn.errors import DoesNotFit
from qcattn.evidence import Check, Finding
from qcattn.experiment import run
from qcattn.markup import html_table, notebook
from qcattn.models.spins import ising
from qcattn.plurals import p_text
from qcattn.preparations import Heralded
from qcattn.trials import Trials, prepare

BAD = "<script>alert('1')</script>&amp;"


class Parsed(HTMLParser):
    """Tags in their order, the texts, and a check that all of them are closed."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.text = [], [], ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@dataclass(frozen=True)
class Picky:
    def __call__(self, hamiltonian, *, beta):
        raise DoesNotFit(BAD)


def hostile_result():
    scores = Scores(np.array([[0.0, 1.0], [1.0, 0.0]]), tokens=(BAD, BAD))
    result = run(scores, preparation=Heralded(), shots=100, seed=1)
    return replace(result, prepared=replace(result.prepared, method=BAD))


def hostile_trials():
    done = prepare(ising(2, field=0.0), methods=[Heralded(), Picky()], shots=100, seed=1)
    return replace(done, hamiltonian=replace(done.hamiltonian, encoding=BAD))


def hostile_finding():
    check = Check("law", BAD, False, BAD)
    return Finding(name="A1", title=BAD, checks=(check,), words=BAD, alpha=0.01, seed=0)


@pytest.mark.parametrize("make", [hostile_result, hostile_trials, hostile_finding])
def test_a_notebook_shows_the_verdict_and_a_table_and_runs_nothing(make):
    value = make()
    html = value._repr_html_()
    page = Parsed(html)
    assert set(page.tags) <= {"p", "strong", "br", "table", "thead", "tbody", "tr", "th", "td"}
    assert page.tags.count("table") == 1 and "script" not in page.tags
    assert BAD in page.text and BAD not in html
    shown = {"agrees": "as claimed"} if isinstance(value, Trials) else {}  # its own claims
    assert html.startswith(f"<p><strong>{shown.get(value.standing, value.standing)}</strong>: ")
    assert len(html) < 3000


def test_the_table_holds_the_numbers_of_the_value():
    result = hostile_result()
    page = Parsed(result._repr_html_())
    assert page.tags.count("tr") == 1 + len(result.verdicts)
    for verdict in result.verdicts:
        assert verdict.name in page.text and p_text(verdict.overall) in page.text
    trials = hostile_trials()
    assert Parsed(trials._repr_html_()).tags.count("tr") == 1 + len(trials.trials)
    assert "fails" in Parsed(hostile_finding()._repr_html_()).text


def test_a_table_marks_lines_and_sets_numbers_to_the_right():
    html = html_table(
        ["key", "n"], [["a", "1"], ["b", "2"]], align="lr", caption="So.", kind="grid", marked={1}
    )
    assert html.startswith('<table class="grid"><caption>So.</caption><thead>')
    assert '<th scope="col" class="r">n</th>' in html
    assert '<tr><td>a</td><td class="r">1</td></tr><tr class="marked"><td>b</td>' in html


def test_lines_of_another_length_are_refused():
    with pytest.raises(ValueError, match="zip"):
        html_table(["a", "b"], [["1"]])


def test_without_lines_there_is_no_table():
    assert notebook("undecided", "no\nshots", ["a"], []) == (
        "<p><strong>undecided</strong>: no<br>shots</p>"
    )
