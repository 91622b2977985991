"""The tables of a run hold the numbers of its result."""

import numpy as np
import pytest

from qcattn.preparations import Heralded
from qcattn.views.labels import p_text
from qcattn.views.run import sheets


def test_the_numbers_of_the_summary_are_those_of_the_result(make):
    result = make(make.causal((3, 2, 5, 5)), tokens="abcde")
    lines = sheets.summary(result).lines
    assert len(lines) == 3
    for layer, line in enumerate(lines):
        p_values = result.fit.p_values[layer]
        assert line[:6] == (
            str(layer),
            "10",
            "5",
            str(result.prepared.circuit.num_qubits),
            str(result.prepared.circuit.count_ops()["cx"]),
            "0",
        )
        assert line[7] == p_text(p_values.min())
        assert line[8] == p_text(min(1.0, 10 * p_values.min()))
        head, query = (int(word.split()[1]) for word in line[6].split(", "))
        assert p_values[head, query] == p_values.min()


def test_a_refuted_layer_stands_out(make):
    sheet = sheets.summary(make(np.zeros((3, 2, 4)), fault=lambda law: law[3].__setitem__(0, 0.5)))
    assert sheet.marked == {1}
    assert sheet.lines[1][5] == "1"


@pytest.mark.parametrize("shape", [(4,), (9, 4), (2, 4), (2, 3, 4, 5, 4), (1, 2)])
def test_every_shape_has_tables(make, shape):
    result = make(np.zeros(shape), shots=50)
    first = shape[0] if len(shape) > 2 else 1
    assert len(sheets.summary(result).lines) == first
    assert len(sheets.codebook(result).lines) == shape[-1]
    assert len(sheets.worst(result, 5).lines) == min(5, int(np.prod(shape[:-1])))
    assert len(sheets.details(result).lines) > 10


def test_the_codebook_pairs_tokens_with_bitstrings(make):
    result = make(np.zeros((5, 5)), tokens=["[b]", " x", "$", "日", "[/]"], shots=10)
    assert sheets.codebook(result).lines == (
        ("0", "[b]", "000"),
        ("1", "␣x", "001"),
        ("2", "$", "010"),
        ("3", "日", "011"),
        ("4", "[/]", "100"),
    )


def test_a_planted_fault_leads_the_worst_rows_with_its_key(make):
    """No false failure: 600 shots too many."""

    def fault(law):
        law[7] = [0.4, 0.3, 0.3]

    sheet = sheets.worst(make(np.zeros((3, 3, 3)), tokens="xyz", fault=fault), 4)
    row, p_value, offence = sheet.lines[0]
    assert row == "head 2, query 1 'y'"
    assert float(p_value) < 1e-6
    assert offence.startswith("key 0 'x' came in")
    assert "too many" in offence
    assert sheet.marked == {0}


def test_details_hold_the_settings(make):
    result = make(np.zeros((2, 2, 4)), shots=1234, beta=1.5)
    found = dict(sheets.details(result).lines)
    assert found["scores"] == "2 × 2 × 4 (head, query, key)"
    assert found["preparation"] == "Purification()"
    assert found["its kind"].startswith("told")
    assert (found["shots a row"], found["seed"], found["beta"]) == ("1,234", "7", "1.5")
    assert found["two-qubit gates"] == str(result.resources.two_qubit_gates)
    assert "success of the herald" not in found
    assert all(version in found["versions"] for version in result.versions.values())


def test_success_of_the_herald_is_predicted_and_counted(make):
    result = make(make.causal((4, 4)), preparation=Heralded())
    for row, line in enumerate(sheets.heralds(result).lines):
        assert line[1] == f"{result.prepared.success[row]:.4f}"
        assert line[2] == f"{result.counts.kept[row] / 4096:.4f}"
        assert line[4] == p_text(result.verdicts[1].p_values[row])
    assert dict(sheets.details(result).lines)["its kind"].startswith("thermal")
    assert "predicted" in dict(sheets.details(result).lines)["success of the herald"]
    assert len(sheets.heralds(result, 2).lines) == 2
    with pytest.raises(ValueError, match="has no herald"):
        sheets.heralds(make(np.zeros(2)))


def test_an_interrupted_run_says_so(make):
    result = make(np.zeros((2, 3, 4)), rows=2)
    assert [line[1] for line in sheets.summary(result).lines] == ["2 of 3", "0 of 3"]
    assert sheets.summary(result).lines[1][6] == "no shots"
    assert "interrupted" in dict(sheets.details(result).lines)


@pytest.mark.parametrize("preparation", [None, Heralded()])
def test_the_legend_explains_every_heading_that_is_no_plain_word(make, preparation):
    result = make(make.causal((2, 3, 4, 4)), preparation=preparation)
    said = sheets.summary(result).legend()
    for heading in ("2q gates", "differ", "worst row", "its p", "joint p"):
        assert f'"{heading}" ' in said
    assert ("thermal" if preparation else "told") in said
    for sheet in (sheets.summary(result), sheets.worst(result), sheets.codebook(result)):
        assert all(column.note == "" or column.note.endswith(".") for column in sheet.columns)
