"""What a notebook has of a result: its page, a data frame, single shots, a table."""

from collections import Counter

import numpy as np
import pytest

import qcattn
from qcattn.backends import Aer
from qcattn.evidence import Estimate, Finding, Number
from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded
from qcattn.records import bitstrings
from qcattn.sweeps import Grid, sweep
from qcattn.trials import prepare
from qcattn.views.run.report import write_report

FINDING = Finding(
    name="A6",
    title="KMS",
    checks=(),
    alpha=0.01,
    seed=0,
    section="There",
    numbers=(Number("beta", Estimate(2.0, 1.0, 3.0), 2.5),),
)


@pytest.fixture(scope="module")
def trials():
    return prepare(
        ising(2, field=0.0), methods=[Amplitude(), Heralded()], beta=[1.0, 2.0], shots=50, seed=1
    )


def test_one_function_writes_the_page_of_anything(make, trials, tmp_path):
    result = make(make.causal((3, 3)), shots=100)
    assert qcattn.report(result, tmp_path / "one.html") == tmp_path / "one.html"
    write_report(tmp_path / "same.html", [result])
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "same.html").read_bytes()
    for done in ([result, result], trials, FINDING, [FINDING, FINDING]):
        page = qcattn.report(done, tmp_path / "page.html").read_text(encoding="utf-8")
        assert page.startswith("<!DOCTYPE html>") and "<script" not in page
    for wrong in ([], 3, [result, FINDING]):
        with pytest.raises(ValueError, match="`done` must be a result, trials, findings"):
            qcattn.report(wrong, tmp_path / "none.html")
    assert not (tmp_path / "none.html").exists()


def test_a_page_of_claims_names_the_document(tmp_path):
    page = qcattn.report(FINDING, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Softmax ≡ Born Rule: A Party Trick Derivation" in page and "section “There”" in page


def test_single_shots_are_the_counts_in_some_order(make):
    result = make(make.causal((2, 4)), shots=500, stray=3)
    shots = result.single_shots(1, seed=2)
    words = bitstrings(result.prepared.codewords)
    found = Counter(shots)
    assert [found[word] for word in words] == result.counts.keys[1].tolist()
    assert found["??"] == 3 and len(shots) == result.counts.kept[1]
    assert shots == result.single_shots((1,), seed=2) != result.single_shots(1, seed=3)
    assert shots != sorted(shots)
    with pytest.raises(ValueError, match="name one row"):
        result.single_shots()


def test_a_sweep_shows_itself_in_a_notebook(tmp_path):
    done = sweep(GRID, store=tmp_path / "runs.sqlite")
    html = done._repr_html_()
    assert html.startswith("<p><strong>") and html.count("<tr>") == 3


GRID = Grid(
    [[0.0, 1.0]],
    beta=[0.5, 1.0],
    preparations=[Amplitude()],
    backends=Aer(device="CPU", draws="born"),
    shots=100,
    batch=100,
)


def test_pandas_is_named_where_it_is_missing(make, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'qcattn\[pandas\]'"):
        make(np.zeros((2, 3)), shots=10).to_pandas()


def test_results_are_data_frames(make, trials, tmp_path):
    pytest.importorskip("pandas")
    result = make(make.causal((2, 3, 3)), tokens="abc", shots=100)
    table = result.to_pandas()
    assert list(table.columns)[-6:] == ["key", "token", "bitstring", "count", "expected", "p_value"]
    assert len(table) == 18 and table["count"].sum() == 600
    line = table.iloc[3 * 4 + 1]
    assert line["count"] == result.counts.keys[1, 1, 1] and line["token"] == "b"
    assert line["p_value"] == result.fit.p_values[1, 1]
    assert trials.to_pandas()["verdict"].tolist() == [one.standing for one in trials.trials]
    assert FINDING.to_pandas().iloc[0].tolist() == ["beta", 2.0, 1.0, 3.0, 2.5]
    cells = sweep(GRID, store=tmp_path / "runs.sqlite").to_pandas()
    assert cells["beta"].tolist() == [0.5, 1.0] and cells["shots"].tolist() == [100, 100]
