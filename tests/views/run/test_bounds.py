"""Pages and tables stay small, however long tokens, names and sentences are, and however many."""

import json

import numpy as np
import pytest

import qcattn
from qcattn.datasets import Scores
from qcattn.preparations import Amplitude
from qcattn.views.labels import axis_names, key_labels, place
from qcattn.views.run import sheets
from qcattn.views.run.report import write_report

LONG = 100_000


def page_of(result, folder):
    write_report(folder / "report.html", [result])
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def long_named():
    """Tokens, axis, sentence and source of 100,000 characters each."""
    source = Scores(
        np.random.default_rng(0).normal(size=(4, 4)),
        tokens=tuple(mark * LONG for mark in "abcd"),
        axes=("q" * LONG,),
        sentence="s" * LONG,
        source="f" * LONG,
    )
    return qcattn.run(source, shots=100, seed=1, preparation=Amplitude())


def test_a_page_of_endless_tokens_is_small_and_shows_how_they_begin(long_named, tmp_path):
    page = page_of(long_named, tmp_path)
    assert len(page) < LONG
    assert "aaaaaaaa" in page and "…" in page


def test_labels_are_cut_wherever_they_are_shown(long_named):
    labels = [*key_labels(long_named), *axis_names(long_named)]
    assert {len(label) for label in labels} == {48}
    assert all(label.endswith("…") for label in labels)
    assert len(place(long_named, (1,))) < 150
    for sheet in (sheets.summary, sheets.worst, sheets.codebook):
        assert len(str(sheet(long_named))) < 5000


def test_what_is_kept_is_whole(long_named, tmp_path):
    qcattn.save(long_named, tmp_path / "kept")
    document = json.loads((tmp_path / "kept" / "result.json").read_text(encoding="utf-8"))
    assert [len(token) for token in document["tokens"]] == [LONG] * 4
    assert len(qcattn.load(tmp_path / "kept").codebook[0][0]) == LONG


def test_the_table_of_many_keys_says_how_many_it_leaves_out(tmp_path):
    result = qcattn.run(np.zeros(2**13), shots=100, seed=1, preparation=Amplitude())
    sheet = sheets.codebook(result)
    assert len(sheet.lines) == 1024
    assert sheet.lines[-1] == ("1023", "0001111111111")
    assert "The first 1,024 of 8,192 keys are listed" in sheet.legend()
    assert len(result.codebook) == 8192
    page = page_of(result, tmp_path)
    assert len(page) < 700_000 and "1,024 of 8,192 keys" in page


def test_a_table_of_few_keys_leaves_nothing_out():
    result = qcattn.run(np.zeros(16), shots=100, seed=1, preparation=Amplitude())
    sheet = sheets.codebook(result)
    assert len(sheet.lines) == 16 and "listed" not in sheet.legend()
