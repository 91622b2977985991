"""Reading outcomes: every one against the same rule spelt out on strings."""

import numpy as np
import pytest

from qcattn.backends.counting import Reader
from qcattn.encodings import Binary, OneHot
from qcattn.preparations import Amplitude, Heralded


def spelt_out(prepared, text):
    """Column of an outcome written as Qiskit writes it, bit 0 rightmost."""
    circuit = prepared.circuit
    bit = {clbit: text[::-1][place] for place, clbit in enumerate(circuit.clbits)}
    registers = {register.name: register for register in circuit.cregs}
    keys = len(prepared.codewords)
    if prepared.herald_register and any(
        bit[clbit] == "1" for clbit in registers[prepared.herald_register]
    ):
        return keys + 1
    word = [bit[clbit] == "1" for clbit in registers[prepared.key_register]]
    found = np.flatnonzero((prepared.codewords == word).all(axis=1))
    return int(found[0]) if found.size else keys


PREPARED = {
    "binary": Amplitude()(Binary()(np.zeros((2, 5))), beta=1.0),
    "herald": Heralded()(Binary()(np.zeros((2, 5))), beta=1.0),
    "one-hot": Heralded()(OneHot()(np.zeros((2, 6))), beta=1.0),
    "71 bits": Heralded()(OneHot()(np.zeros((2, 70))), beta=1.0),
}


def texts_of(prepared):
    bits = prepared.circuit.num_clbits
    if bits < 12:
        return [f"{outcome:0{bits}b}" for outcome in range(2**bits)]
    one = ["".join(np.where(word[::-1], "1", "0")) for word in prepared.codewords]
    return ["0" + text for text in one] + ["1" + one[3], "0" * bits, "0" + "1" * (bits - 1)]


@pytest.mark.parametrize("name", PREPARED)
def test_each_outcome_goes_where_it_belongs(name):
    prepared = PREPARED[name]
    texts = texts_of(prepared)
    shots = np.random.default_rng(1).integers(1, 100, size=(2, len(texts)))
    table = np.zeros((2, len(prepared.codewords) + 2), np.int64)
    for column, text in enumerate(texts):
        table[:, spelt_out(prepared, text)] += shots[:, column]
    assert table[:, :-1].all() and table[:, -1].all() == (name != "binary"), "all kinds occur"
    names = [hex(int(text, 2)) for text in texts]
    rows = [dict(zip(names, row, strict=True)) for row in shots.tolist()]
    counts = [Reader(prepared).of_dicts(rows)]
    if len(texts) == 2**prepared.circuit.num_clbits:
        counts.append(Reader(prepared).of_vectors(shots))
    for each in counts:
        assert np.array_equal(each.keys, table[:, :-2])
        assert np.array_equal(each.stray, table[:, -2])
        assert np.array_equal(each.discarded, table[:, -1])
