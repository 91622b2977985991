import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from qcattn.preparations import Heralded
from qcattn.views import tables
from qcattn.views.labels import p_text


def printed(table, width=160):
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return console.file.getvalue()


def cells(table):
    """The cells of a table, line by line."""
    columns = [[cell.plain for cell in column.cells] for column in table.columns]
    return list(zip(*columns, strict=True))


def test_the_numbers_of_the_summary_are_those_of_the_result(make):
    result = make(make.causal((3, 2, 5, 5)), tokens="abcde")
    lines = cells(tables.summary(result))
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


def test_the_summary_of_a_model_fits_an_ordinary_terminal(make):
    result = make(make.causal((2, 9, 11, 11)), tokens=["abcdefgh"] * 11, shots=10)
    p_values = result.fit.p_values.copy()
    p_values[:, 8, 10] = 3.2e-7
    result = replace(result, verdicts=(replace(result.fit, p_values=p_values),))
    table = tables.summary(result)
    assert table.row_count == 2
    body = [line for line in printed(table, width=80).splitlines() if "head" in line]
    assert len(body) == 2
    assert all("query" in line for line in body)
    assert "…" not in printed(table, width=80)


def test_a_refuted_layer_stands_out(make):
    table = tables.summary(make(np.zeros((3, 2, 4)), fault=lambda law: law[3].__setitem__(0, 0.5)))
    assert [row.style for row in table.rows] == [None, "bold red", None]
    assert cells(table)[1][5] == "1"


@pytest.mark.parametrize("shape", [(4,), (9, 4), (2, 4), (2, 3, 4, 5, 4), (1, 2)])
def test_every_shape_has_tables(make, shape):
    result = make(np.zeros(shape), shots=50)
    first = shape[0] if len(shape) > 2 else 1
    assert tables.summary(result).row_count == first
    assert tables.codebook(result).row_count == shape[-1]
    assert tables.worst(result, 5).row_count == min(5, int(np.prod(shape[:-1])))
    assert tables.details(result).row_count > 10
    assert printed(tables.summary(result))


def test_the_codebook_pairs_tokens_with_bitstrings(make):
    result = make(np.zeros((5, 5)), tokens=["[b]", " x", "$", "日", "[/]"], shots=10)
    assert cells(tables.codebook(result)) == [
        ("0", "[b]", "000"),
        ("1", "␣x", "001"),
        ("2", "$", "010"),
        ("3", "日", "011"),
        ("4", "[/]", "100"),
    ]
    # rich must not take tokens for markup.
    assert "[b]" in printed(tables.codebook(result))
    assert "[/]" in printed(tables.worst(result))


def test_a_planted_fault_leads_the_worst_rows_with_its_key(make):
    """No false failure: 600 shots too many."""

    def fault(law):
        law[7] = [0.4, 0.3, 0.3]

    table = tables.worst(make(np.zeros((3, 3, 3)), tokens="xyz", fault=fault), 4)
    row, p_value, offence = cells(table)[0]
    assert row == "head 2, query 1 'y'"
    assert float(p_value) < 1e-6
    assert offence.startswith("key 0 'x' came in")
    assert "too many" in offence
    assert table.rows[0].style == "bold red"
    assert table.rows[1].style is None


def test_details_hold_the_settings(make):
    result = make(np.zeros((2, 2, 4)), shots=1234, beta=1.5)
    found = dict(cells(tables.details(result)))
    assert found["scores"] == "2 × 2 × 4 (head, query, key)"
    assert found["preparation"] == "Purification()"
    assert found["its kind"].startswith("told")
    assert (found["shots a row"], found["seed"], found["beta"]) == ("1,234", "7", "1.5")
    assert found["two-qubit gates"] == str(result.resources.two_qubit_gates)
    assert "success of the herald" not in found
    assert all(version in found["versions"] for version in result.versions.values())


def test_success_of_the_herald_is_predicted_and_counted(make):
    result = make(make.causal((4, 4)), preparation=Heralded())
    for row, line in enumerate(cells(tables.heralds(result))):
        assert line[1] == f"{result.prepared.success[row]:.4f}"
        assert line[2] == f"{result.counts.kept[row] / 4096:.4f}"
        assert line[4] == p_text(result.verdicts[1].p_values[row])
    assert dict(cells(tables.details(result)))["its kind"].startswith("thermal")
    assert "predicted" in dict(cells(tables.details(result)))["success of the herald"]
    assert tables.heralds(result, 2).row_count == 2
    with pytest.raises(ValueError, match="has no herald"):
        tables.heralds(make(np.zeros(2)))


def test_an_interrupted_run_says_so(make):
    result = make(np.zeros((2, 3, 4)), rows=2)
    assert [line[1] for line in cells(tables.summary(result))] == ["2 of 3", "0 of 3"]
    assert cells(tables.summary(result))[1][6] == "no shots"
    assert "interrupted" in dict(cells(tables.details(result)))
