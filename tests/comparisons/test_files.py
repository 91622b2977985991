"""Counts and probabilities from files: the ways people have them, and bad ones named."""

import json

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from qcattn.comparisons.files import read_outcomes
from qcattn.comparisons.outcomes import together


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        if isinstance(content, np.ndarray):
            np.save(path, content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def table(outcomes) -> list[dict]:
    return [
        {label: value for label, value in zip(outcomes.labels, row, strict=True) if value}
        for row in outcomes.values.tolist()
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.json", {"00": 5, "11": 7}),
        ("c.json", {"0 0": 5, "1 1": 7}),
        ("c.json", {"0x0": 5, "0x3": 7}),
        ("c.json", [{"0x3": 7, "0x0": 5}]),
        ("c.json", {"counts": {"00": 5, "11": 7}}),
        ("c.json", {"results": [{"data": {"counts": {"0x0": 5, "0x3": 7}}}]}),
        ("c.csv", "00,5\n11,7\n"),
        ("c.csv", "outcome,shots\n00, 5\n11, 7\n\n"),
        ("c.json", [5, 0, 0, 7]),
        ("c.csv", "5,0,0,7\n"),
        ("c.csv", "\ufeff00;5\n11;7\n"),
        ("c.csv", "outcome\tshots\n00\t5\n11\t7\n"),
        ("c.json", {"0": 5, "3": 7}),
        ("c.json", '\ufeff{"0": 5, "3": 7}'),
        ("c.npy", np.array([5, 0, 0, 7])),
        ("c.npy", np.array([[5, 0, 0, 7]])),
        ("c.json", {"0b00": 5, "0b11": 7}),
        ("c.json", {"0b0": 5, "0b11": 7}),
        ("c.json", {"measurementCounts": {"00": 5, "11": 7}, "measuredQubits": [0, 1]}),
        ("c.json", {"histogram": {"0": 5, "3": 7}, "shots": 12}),
        ("c.json", {"results": [{"data": {"memory": ["0x0"] * 5 + ["0x3"] * 7}}]}),
        ("c.json", ["00"] * 5 + ["11"] * 7),  # get_memory()
        ("c.json", [["0x0"] * 5 + ["0x3"] * 7]),
        ("c.npy", np.array(["00"] * 5 + ["11"] * 7)),
        ("c.csv", "00\n" * 5 + "11\n" * 7),
        ("c.csv", "memory\n" + "00\n" * 5 + "11\n" * 7),
        ("c.csv", "5\n0\n0\n7\n"),
        ("c.csv", ",outcome,count\n0,00,5\n1,11,7\n"),  # pandas
        ("c.csv", '"","Var1","Freq"\n"1","00",5\n"2","11",7\n'),  # R
        ("c.txt", '"Var1" "Freq"\n"1" "00" 5\n"2" "11" 7\n'),
        ("c.csv", ",0\n00,5\n11,7\n"),
        ("c.csv", ",00,01,10,11\n0,5,0,0,7\n"),
        ("c.csv", "00,01,10,11\n5,0,0,7\n"),
        ("c.txt", "00 5\n11 7\n"),
        ("c.tsv", "5\t0\t0\t7\n"),
    ],
)
def test_one_row_however_it_is_written(write, name, content):
    outcomes = read_outcomes(write(name, content))
    assert table(outcomes) == [{0: 5, 3: 7}]
    assert outcomes.values.dtype.kind == "i"


def test_what_aer_gives_is_read(write):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    result = AerSimulator().run([circuit, circuit], shots=100, seed_simulator=1).result()
    plain = json.loads(json.dumps(result.to_dict(), default=str))
    read = read_outcomes(write("r.json", plain))
    assert read.values.shape == (2, 2) and (read.values.sum(axis=1) == 100).all()
    named = read_outcomes(write("c.json", result.get_counts(0)))
    assert table(named) == table(read)[:1]


def test_texts_stay_texts(write):
    outcomes = read_outcomes(write("c.json", {"cat": 3, "sat": 4}))
    assert outcomes.labels == ("cat", "sat") and outcomes.name(1) == "sat"


def test_outcomes_are_joined_by_name_and_missing_ones_are_zero(write):
    counts = read_outcomes(write("c.json", [{"00": 1, "01": 2}, {"11": 3}]))
    law = read_outcomes(write("p.csv", "00,0.5\n11,0.5\n"))
    drawn, p, outcomes = together(counts, law)
    assert [outcomes.name(i) for i in range(3)] == ["00", "11", "01"]
    assert drawn.tolist() == [[1, 0, 2], [0, 3, 0]]
    assert p.tolist() == [[0.5, 0.5, 0.0]]


def test_text_in_a_csv_may_hold_other_separators(write):
    assert table(read_outcomes(write("c.csv", ";,5\na,7\n"))) == [{";": 5, "a": 7}]
    assert table(read_outcomes(write("c.csv", "a,b;5\nc,d;7\n"))) == [{"a,b": 5, "c,d": 7}]


@pytest.mark.parametrize(
    ("counts", "law", "labels", "kind"),
    [
        # Sure by itself.
        ({"10": 4, "01": 3}, {"0": 0.5, "2": 0.5}, [2, 1], "bitstrings, in the probabilities as d"),
        ({"0x2": 4}, {"0": 0.5, "2": 0.5}, [2], "hexadecimals, in the probabilities as decimals"),
        ({"5": 4, "0": 1}, {"000": 0.5, "101": 0.5}, [5, 0], "decimals, in the probabilities as b"),
        # All labels of both files are of one width.
        ({"10": 4, "11": 3}, {"10": 0.5, "11": 0.5}, [2, 3], "bitstrings"),
        ({"10": 4, "11": 3}, {"00": 0.5, "11": 0.5}, [2, 3], "bitstrings"),
        # They are not, or the other's outcomes go beyond two bits.
        ({"10": 4, "11": 3}, {"0000": 0.5, "1011": 0.5}, [10, 11], "decimals, in the"),
        ({"10": 4, "11": 3}, {"9": 0.5, "11": 0.5}, [10, 11], "decimals"),
        ({"10": 4, "11": 3}, {"0x9": 0.5, "0xb": 0.5}, [10, 11], "decimals, in the"),
        (
            {"10": 4, "11": 3},
            [1 / 16] * 16,
            [10, 11],
            "decimals, in the probabilities as positions",
        ),
        ({"0": 4, "1": 3}, {"0": 0.5, "5": 0.5}, [0, 1], "decimals"),
        ({"0": 4, "9": 3}, {"10": 0.5, "11": 0.5}, [0, 9], "decimals"),
        # They do not.
        ({"10": 4, "11": 3}, [0.25] * 4, [2, 3], "bitstrings, in the probabilities as positions"),
        ({"10": 4, "11": 3}, {"0": 0.5, "3": 0.5}, [2, 3], "bitstrings, in the"),
        # Numbers among texts are texts.
        ({"5": 4, "7": 3}, {"cat": 0.5, "7": 0.5}, ["5", "7"], "texts"),
    ],
)
def test_outcomes_are_read_as_what_goes_with_the_other_file(write, counts, law, labels, kind):
    brought = read_outcomes(write("c.json", counts))
    drawn, p, outcomes = together(brought, read_outcomes(write("p.json", law)))
    assert outcomes.kind.startswith(kind)
    column = {label: i for i, label in enumerate(outcomes.labels)}
    assert [drawn[0, column[label]] for label in labels] == list(counts.values())
    assert drawn.sum() == sum(counts.values()) and p.sum() == 1


@pytest.mark.parametrize(
    ("counts", "law", "message"),
    [
        # As a spreadsheet leaves 00, 01, 10, 11.
        (
            {"0": 1, "1": 1, "10": 1, "11": 1},
            {"00": 0.5, "11": 0.5},
            "'11', read as a decimal, .*2 b",
        ),
        (
            {"10": 1, "11": 1},
            {"000": 0.5, "111": 0.5},
            "'11', read as a decimal, but .* has 3 bits",
        ),
        ({"10": 1, "11": 1}, [0.125] * 8, "'11', read as a decimal, but .* has 8 positions"),
        ({"00": 1, "11": 1}, {"0": 0.5, "5": 0.25, "4": 0.25}, None),
        ({"0": 1, "1": 1}, {"000": 0.5, "111": 0.5}, "outcomes of 1 bit,"),
        ({"10": 1, "11": 1}, {"100": 0.5, "111": 0.5}, "outcomes of 2 bits"),
        ({"0": 1, "a": 1}, [0.5, 0.5], "by texts such as 'a' and by positions such as '0'"),
    ],
)
def test_outcomes_that_do_not_fit_the_other_file_are_refused(write, counts, law, message):
    """Read in any way they would be shots on impossible outcomes."""
    pair = [read_outcomes(write("c.json", counts)), read_outcomes(write("p.json", law))]
    if message is None:
        pair.reverse()
        message = "'5', read as a decimal, but .* has 2 bits"
    with pytest.raises(ValueError, match=message):
        together(*pair)


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1])
def test_large_counts_are_kept_to_the_last_digit(write, number):
    contents = [("c.json", {"0": number, "3": 0}), ("c.json", [number, 0])]
    contents += [("c.csv", f"0,{number}\n3,0\n"), ("c.csv", f"{number},0,1\n")]
    for name, content in contents:
        assert read_outcomes(write(name, content)).values[0, 0] == number


@pytest.mark.parametrize("number", [2**63, 10**25, 10**400])
def test_counts_beyond_int64_do_not_wrap(write, number):
    for name, content in [("c.json", {"0": number, "3": 0}), ("c.csv", f"{number},0,1\n")]:
        assert read_outcomes(write(name, content)).values[0, 0] == float(str(number))
    if number < 10**300:
        assert read_outcomes(write("c.json", [number, 0])).values[0, 0] == number
    else:
        with pytest.raises(ValueError, match="not an array of numbers"):
            read_outcomes(write("c.json", [number, 0.5]))


def test_bitstrings_meet_positions(write):
    counts = read_outcomes(write("c.json", {"10": 4}))
    drawn, p, _ = together(counts, read_outcomes(write("p.npy", np.full(4, 0.25))))
    assert drawn.tolist() == [[0, 0, 4, 0]] and p.tolist() == [[0.25] * 4]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.doc", "00 5", r"ends in '.doc'; pass .json"),
        ("c.json", "", "c.json"),
        ("c.json", "{", "is not JSON"),
        ("c.json", "{}", "row without outcomes"),
        ("c.json", "3", "neither"),
        ("c.json", [[1, 2], [3]], "not an array of numbers"),
        ("c.json", ["512", "488"], "'512' in quotes, which may be an outcome or a number"),
        ("c.json", [[0, 1], [1, 1]], "2 rows of 2 numbers that all are 0 or 1"),
        ("c.json", [[True, False], [True, True]], "2 rows of 2 numbers that all are 0 or 1"),
        ("c.json", {"taskMetadata": {}, "shots": 3}, "no dictionary called 'counts' or"),
        ("c.csv", "0,1,1\n1,1,0\n", "2 rows of 3 numbers that all are 0 or 1"),
        ("c.csv", ",0\n0,00\n1,11\n", "line 2, column 2 is '00', an outcome rather"),
        ("c.csv", "row,outcome,count\na,00,5\na,11,7\n", "line 2, column 2 is '00', an outcome"),
        ("c.csv", '"","X0","X1"\n"1",512,488\n"2",500,500\n', "line 2 may hold an outcome and its"),
        ("c.csv", ",up,down\n0,512,488\n1,500,500\n", "line 2 may hold an outcome and its number"),
        ("c.json", [{"outcome": "00", "count": 5}], "outcome 'outcome' is '00', an outcome"),
        ("c.csv", "0,1,2,3\n5,0,0,7\n", "line 1 counts from 0 to 3, as a heading does"),
        ("c.csv", "00;1,234\n11;2,345\n", "'1,234', which may be 1.234 or 1234"),
        ("c.json", {"00": "x"}, "outcome '00' is 'x'"),
        ("c.json", {"00": True}, "not a number"),
        ("c.json", {"0 0": 1, "00": 2}, "twice"),
        ("c.json", {"0xg": 1}, "not hexadecimal"),
        ("c.json", {"results": [{"data": {}}]}, "without counts"),
        ("c.csv", "", "is empty"),
        ("c.csv", "outcome,n\n", "no lines"),
        ("c.csv", "00,5\n11,many\n", "line 2, column 2 is 'many'"),
        ("c.csv", "00,5\n00,6\n", "line 2 has outcome '00' again"),
        ("c.csv", "1,2,3\n1,2\n", "line 2 has 2 columns, but line 1 has 3"),
        ("c.csv", "1,2,x\n", "line 1, column 3"),
        ("c.csv", "cat,4 000\ndog,5\n", "line 1, column 2 is '4 000'.*if it is a heading"),
        ("c.csv", "O1,3O\n11,5\n", "line 1, column 2 is '3O'"),
        ("c.json", [{"00": 1}, {"00": 5, "11": 7, "00 ": 6}], "'00 ' twice"),
        (
            "c.json",
            '[{"a": 1}, {"a": 5, "a": 6}]',
            "'a' twice in one object, 5 and 6; keep one",
        ),
        ("c.json", {"1": 1, "01": 1, "2": 3}, "'01' twice"),
        ("c.npy", np.zeros((2, 2, 2)), "array of shape"),
        ("c.npy", np.zeros((2, 0)), "array of shape"),
        ("c.npy", "no array", "damaged, is not a NumPy file"),
    ],
)
def test_a_bad_file_is_named_with_its_place(write, name, content, message):
    path = write(name, content)
    with pytest.raises(ValueError, match=message) as caught:
        read_outcomes(path)
    assert name in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere.json` is missing; check"):
        read_outcomes(tmp_path / "nowhere.json")


def test_files_that_do_not_match_are_refused(write):
    counts = read_outcomes(write("c.json", [{"00": 1}, {"11": 1}]))
    with pytest.raises(ValueError, match="name outcomes differently"):
        together(counts, read_outcomes(write("p.json", {"cat": 1.0})))
    with pytest.raises(ValueError, match=r"outcomes of 2 bits, but .*q.json` of 3"):
        together(counts, read_outcomes(write("q.json", {"000": 1.0})))
    three = read_outcomes(write("q.npy", np.full((3, 4), 0.25)))
    with pytest.raises(ValueError, match=r"has 2 rows.*has 3"):
        together(counts, three)


@pytest.mark.parametrize("first", ["01,30O", '00,"4 000"', "0 1,n/a"])
def test_a_first_line_that_names_an_outcome_is_no_heading(write, first):
    """It was dropped with its shots."""
    with pytest.raises(ValueError, match=r"line 1, column 2 is '.*', which is not a number"):
        read_outcomes(write("c.csv", f"{first}\n11,500\n"))


def test_a_heading_over_outcomes_in_words(write):
    assert table(read_outcomes(write("c.csv", "token,shots\ncat,5\ndog,7\n"))) == [
        {"cat": 5, "dog": 7}
    ]


def test_what_stands_twice_in_json_is_refused(write):
    with pytest.raises(ValueError, match="has '00' twice"):
        read_outcomes(write("c.json", '{"00": 5, "11": 7, "00": 6}'))


def test_decimal_outcomes_meet_bitstrings_and_lists(write):
    counts = read_outcomes(write("c.json", {"0": 5, "3": 7}))
    for name, content in (("p.json", {"00": 0.5, "11": 0.5}), ("q.json", [0.5, 0, 0, 0.5])):
        drawn, law, _ = together(counts, read_outcomes(write(name, content)))
        assert (drawn[0][law[0] > 0] == [5, 7]).all()
