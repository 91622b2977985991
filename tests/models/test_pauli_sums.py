"""Sums of Pauli strings as people and programs write them, and bad ones named."""

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp

from qcattn.models.pauli_sums import read_pauli_sum

SUM = SparsePauliOp(["ZI", "IX"], [1.0, -0.5])


@pytest.mark.parametrize(
    "written",
    [
        "ZI=1, IX=-0.5",
        "ZI=1,IX=-0.5,",
        "zi=1;Ix=-5e-1",
        "Z I=1, I X=-0.5",
        "ZI=1+0j, IX=(-0.5+0j)",
        "1*ZI - 0.5*IX",
        "-0.5*IX + ZI",
        "- 0.5 * IX + 1.e0*ZI",
        "(1+0j)*ZI + (-0.5+0j)*IX",
        "0.25*ZI - .5*IX + 0.75*ZI",
        '{"ZI": 1, "IX": -0.5}',
        '[["ZI", 0.5], ["IX", -0.5], ["ZI", 0.5]]',
        '[["ZI", 1], ["IX", -0.5]]',
        str(SUM.to_list()),
        str(dict(SUM.to_list())),
        " + ".join(f"{1 / 50!r}*ZI" for _ in range(50)) + " - 0.5*IX",  # beyond a file's name
        ", ".join(["ZI=0.02"] * 50) + ", IX=-0.5",
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_a_sum_is_read_from_the_command_line_and_from_a_file_alike(written, in_file, tmp_path):
    if in_file:
        path = tmp_path / "sum.txt"
        path.write_text(written, encoding="utf-8")
        written = str(path)
    assert np.allclose(read_pauli_sum(written).to_matrix(), SUM.to_matrix(), atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    "written",
    [
        "ZI,1\nIX,-0.5\n",
        "ZI,1\r\nIX,-0.5\r\n",
        "pauli,weight\nZI,1\nIX,-0.5\n",
        "ZI,(1+0j)\nIX,(-0.5+0j)\n",
        "ZI\t1\nIX\t-0.5\n",
        "ZI;1\nIX;-0,5\n",
        "ZI 1\nIX -0.5\n",
        '"ZI","1"\n"IX","-0.5"\n',
        "  # first\nZI,1 # second\n\nIX,-0.5\n",
        "ZI=1\nIX=-0.5\n",
        "1*ZI\n- 0.5*IX\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_in_files_are_read_as_programs_write_them(written, encoding, tmp_path):
    path = tmp_path / "sum.csv"
    path.write_bytes(written.encode(encoding))
    assert np.array_equal(read_pauli_sum(str(path)).to_matrix(), SUM.to_matrix())


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "holds no term"),
        ("Z", "'Z', which is not a string and a weight"),
        ("ZI=", "'ZI=', which is not a string and a weight"),
        ("ZI=1,0.5", "'0.5', which is not a string and a weight"),
        ("-ZI=1", "the string '-ZI'; use the letters"),
        ("1*ZI 0.5*IX", "'0.5\\*IX', which is not a string and a weight"),
        ("1*ZI + 0.5j*IX", "not a string and a weight"),
        ("1*ZI + (0+0.5j)*IX", "a Hamiltonian has real weights"),
        ("ZI=1, IX=0.5j", "a Hamiltonian has real weights"),
        ("ZI=1, IX=1e999", "the weight '1e999'; give a finite number"),
        ("ZI=1, IX=1_0", "not a string and a weight"),
        ("ZI=1, X=1", r"strings of lengths \\[1, 2\\]"),
        ("[1, 2]", "nor a list of such pairs"),
        ("{", "neither a dictionary"),
        ('{"ZI": 1, "ZI": 2}', "'ZI' twice in one dictionary"),
        ("[('ZI', open)]", "nor a list of such pairs"),
        ("nowhere.csv", "names 'nowhere.csv', but that cannot be read \\(No such file"),
    ],
)
def test_what_is_no_sum_is_named_with_its_place(written, message):
    with pytest.raises(ValueError, match=message.replace("\\\\", "\\")):
        read_pauli_sum(written)


def test_a_table_with_other_columns_is_named_by_its_line(tmp_path):
    path = tmp_path / "sum.csv"
    path.write_text("ZI,1,2\nIX,1,2\n")
    with pytest.raises(ValueError, match="line 1 has 3 columns"):
        read_pauli_sum(str(path))
