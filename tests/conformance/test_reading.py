"""Circuits of the corpus are read as the parser of OpenQASM 3 reads them, and most without it."""

from __future__ import annotations

import openqasm3
import pytest
from qiskit import qasm3

from qcattn.conformance import reading
from qcattn.conformance.corpus import case, corpus
from qcattn.conformance.reading import program, read_qasm

TEXTS = {one.name: one.text for one in corpus() if one.form == "qasm3"}


@pytest.mark.parametrize("topic", sorted({name.partition("/")[0] for name in TEXTS}))
def test_the_trees_are_those_of_the_parser(topic):
    """Of all short circuits; the long ones are more lines of the same kinds."""
    short = [text for name, text in TEXTS.items() if name.startswith(topic) and len(text) < 700]
    for text in short or [min(TEXTS.values(), key=len)]:
        assert program(text) == openqasm3.parse(text), text


@pytest.mark.parametrize(
    "line",
    [
        "reset q[0];",
        "rx(-1.5e-3) q[1];",
        "rx(2) q[0];",
        "rx(-pi/2) q[0];",
        "negctrl @ ctrl @ inv @ sx q[2], q[0], q[1];",
        "u3(1.0, -0.5, .25) q[0];",
        "c[1] = measure q[0];",
        "h q;",
        "if (c[0]) { x q[0];\nx q[1]; }\nelse { y q[0]; }",
        "for int i in [0:2] {\n  ry(0.5) q[0];\n}",
        "// h q[0];",
    ],
)
def test_what_is_like_a_plain_line_is_read_as_what_it_is(line):
    text = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[2] c;\n{line}\nh q[0];\n'
    assert program(text) == openqasm3.parse(text)
    assert read_qasm(text) == qasm3.loads(text)


def test_what_is_no_program_is_refused_by_the_parser():
    with pytest.raises(openqasm3.parser.QASM3ParsingError):
        program("OPENQASM 3.0;\nh q[0]")


def test_the_parser_sees_one_line_in_ten_at_most(monkeypatch):
    """It would take some ten times as long for all of them."""
    seen = []
    parse = openqasm3.parse
    reading._parsed.cache_clear()
    monkeypatch.setattr(openqasm3, "parse", lambda text: (seen.append(text), parse(text))[1])
    for text in TEXTS.values():
        program(text)
    lines = sum(text.count("\n") for text in TEXTS.values())
    assert sum(text.count("\n") + 1 for text in seen) < 0.1 * lines


def test_a_long_circuit_is_the_one_of_the_parser():
    one = case("thermal/amplitude-16-keys")
    assert one.circuit == qasm3.loads(one.text) and one.circuit.size() > 20
