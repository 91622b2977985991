"""Scores, queries and keys out of files, and what is said about bad ones."""

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qcattn.attention import scaled_dot_product_scores
from qcattn.datasets.extract import write as write_scores
from qcattn.datasets.files import read_qk, read_scores
from qcattn.errors import Doubtful

INF = float("inf")
ROWS = np.array([[0.5, -1.25, -INF], [3.0, 1e-30, 2.0]])


class Trap:
    """Something that must never be unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a file was unpickled",))


def npy(array: Any) -> Callable[[Path], None]:
    return lambda path: np.save(path, array, allow_pickle=True)


def npz(**arrays: Any) -> Callable[[Path], None]:
    return lambda path: np.savez(path, **arrays)


def text(content: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(content, encoding="utf-8") and None


def raw(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def made(folder: Path, name: str, write: Callable[[Path], None]) -> Path:
    path = folder / name
    write(path)
    return path


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("s.npy", npy(ROWS)),
        ("s.NPY", lambda path: np.lib.format.write_array(path.open("wb"), ROWS)),
        ("s.npz", npz(scores=ROWS)),
        ("s.npz", npz(anything=ROWS)),
        ("s.npz", npz(anything=ROWS, tokens=np.array(["a", "b", "c"]))),
        ("s.npz", npz(scores=ROWS, other=np.zeros(7))),
        ("s.csv", text("0.5,-1.25,-inf\n3,1e-30,2\n")),
        ("s.csv", text('\ufeff0.5 , "-1.25" , -Infinity\r\n\r\n 3,1e-30,2')),
        ("s.json", text('[[0.5, -1.25, "-inf"], [3, 1e-30, 2.0]]')),
        ("s.json", text("[[0.5, -1.25, -Infinity], [3, 1e-30, 2.0]]")),
        ("s.json", text('{"scores": [[0.5, -1.25, "-Infinity"], [3, 1e-30, 2]], "tokens": null}')),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_every_kind_gives_the_same_rows(
    name: str, write: Callable[[Path], None], tmp_path: Path
) -> None:
    path = made(tmp_path, name, write)
    found = read_scores(path)
    assert found.scores.dtype == np.float64
    np.testing.assert_array_equal(found.scores, ROWS)
    assert found.source == str(path)
    assert len(found.sha256) == 64
    assert found.tokens in ((), ("a", "b", "c"))


@pytest.mark.parametrize("shape", [(1,), (4,), (2, 3), (2, 3, 4, 5), (1, 1, 1)])
@pytest.mark.parametrize("kind", ["npy", "npz", "json"])
def test_every_shape_is_kept(kind: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(3).normal(size=shape)
    path = tmp_path / f"s.{kind}"
    {"npy": npy(array), "npz": npz(x=array), "json": text(json.dumps(array.tolist()))}[kind](path)
    np.testing.assert_array_equal(read_scores(path).scores, array)


@pytest.mark.parametrize(
    "dtype", ["f2", "<f4", ">f4", "<f8", ">f8", "g", "i1", "<i2", ">i4", "i8", "u1", "u8"]
)
def test_every_real_type_is_read(dtype: str, tmp_path: Path) -> None:
    array = np.array([[1, 2], [3, 100]], dtype=dtype)
    found = read_scores(made(tmp_path, "s.npy", npy(array))).scores
    assert found.dtype == (np.float32 if dtype in ("<f4", ">f4") else np.float64)
    np.testing.assert_array_equal(found, [[1, 2], [3, 100]])


def test_tokens_and_axes_are_read(tmp_path: Path) -> None:
    labels = {"tokens": np.array(["a", " b", "ü"]), "axes": np.array(["query"])}
    found = read_scores(made(tmp_path, "s.npz", npz(scores=ROWS, **labels)))
    assert (found.tokens, found.axes) == (("a", " b", "ü"), ("query",))
    content = '{"scores": [[1, 2]], "tokens": ["x", "y"], "axes": ["row"]}'
    found = read_scores(made(tmp_path, "s.json", text(content)))
    assert (found.tokens, found.axes) == (("x", "y"), ("row",))


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        (",0,1,2\n0,0.5,-1.25,-inf\n1,3.0,1e-30,2.0\n", ""),  # pandas' to_csv()
        ("the,cat,sat\n0.5,-1.25,-inf\n3.0,1e-30,2.0\n", "the cat sat"),  # to_csv(index=False)
        (",the,cat,sat\n0,0.5,-1.25,-inf\n1,3.0,1e-30,2.0\n", "the cat sat"),
        ("Unnamed: 0,a,b,c\n0,0.5,-1.25,-inf\n1,3.0,1e-30,2.0\n", "a b c"),  # read and saved again
        ('"V1","V2","V3"\n"1",0.5,-1.25,-Inf\n"2",3,1e-30,2\n', "V1 V2 V3"),  # R's write.csv
        ('"V1" "V2" "V3"\n"1" 0.5 -1.25 -Inf\n"2" 3 1e-30 2\n', "V1 V2 V3"),  # R's write.table
        ("query,0,1,2\n0,0.5,-1.25,-inf\n1,3.0,1e-30,2.0\n", ""),  # to_csv(index_label="query")
        ("query,a,b,c\nfirst,0.5,-1.25,-inf\nsecond,3,1e-30,2\n", "a b c"),
        ("first,0.5,-1.25,-inf\nsecond,3,1e-30,2\n", ""),
        ("0,5;-1,25;-inf\n3;1e-30;2\n", ""),  # a European spreadsheet
        ("sep=;\n0,5;-1,25;-inf\n3;1e-30;2\n", ""),
        ("0.5\t-1.25\t-inf\n3\t1e-30\t2\n", ""),
        ("5.0e-01 -1.25e+00 -inf\n3.0e+00 1.0e-30 2.0e+00\n", ""),  # numpy.savetxt
        ("# the, cat\n0.5,-1.25,-inf\n3,1e-30,2\n", ""),  # numpy.savetxt(header=)
        ("0.5;\u22121.25;-\u221e\r\n\r\n3;1e-30;2", ""),  # a typographic minus
        ('"0,5","-1,25",-inf\n"3","1e-30","2"\n', ""),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "TXT"])
def test_tables_are_read_as_other_programs_write_them(
    content: str, tokens: str, encoding: str, suffix: str, tmp_path: Path
) -> None:
    path = made(tmp_path, f"s.{suffix}", raw(content.encode(encoding)))
    found = read_scores(path)
    np.testing.assert_array_equal(found.scores, ROWS)
    assert found.tokens == tuple(tokens.split())
    named = (names for begin, names in NAMES_OF_ROWS.items() if content.startswith(begin))
    assert found.row_names == next(named, ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("query,0,1,2\na,0.5,-1,2\nb,1,2,3\n", "line 1 counts from 0 to 2, as a heading does"),
        ("query,the,cat\n0,2,1\n1,3,5\n", "column 1 counts from 0 to 1, as an index does"),
    ],
)
def test_a_named_index_is_no_row_and_no_key(content: str, message: str, tmp_path: Path) -> None:
    """As pandas writes an index that has a name: both were read as scores."""
    with pytest.raises(ValueError, match=message):
        read_scores(made(tmp_path, "s.csv", text(content)))


@pytest.mark.parametrize("content", ["0.5\n1.5\n-inf\n", "score\n0.5\n1.5\n", "a,0.5\nb,1.5\n"])
def test_a_column_is_no_row(content: str, tmp_path: Path) -> None:
    """As numpy.savetxt writes one row: each key was a row of its own, of probability 1."""
    with pytest.raises(
        ValueError, match=r"rows of one key each, .*; write all keys of a row on one"
    ):
        read_scores(made(tmp_path, "s.csv", text(content)))


@pytest.mark.parametrize("cell", ["", "NA", "None", "null", "#N/A"])
def test_a_number_that_is_missing_has_its_own_cure(cell: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"line 2, column 2 .* write -inf if the key is masked"):
        read_scores(made(tmp_path, "s.csv", text(f"a,b\n1,{cell}\n")))


def test_tables_in_json_are_read_if_they_say_what_rows_are(tmp_path: Path) -> None:
    """As pandas writes them, in its orients; of the others each was refused without its cure."""
    split = {"columns": ["the", "cat"], "index": ["a", "b"], "data": [[1, 2], [3, 4]]}
    found = read_scores(made(tmp_path, "s.json", text(json.dumps(split))))
    assert found.scores.tolist() == [[1, 2], [3, 4]]
    assert (found.tokens, found.row_names) == (("the", "cat"), ("a", "b"))
    counted = split | {"columns": [0, 1], "index": [0, 1]}
    found = read_scores(made(tmp_path, "s.json", text(json.dumps(counted))))
    assert (found.tokens, found.row_names) == ((), ())
    for other in (
        {"the": {"a": 1, "b": 3}, "cat": {"a": 2, "b": 4}},
        [{"the": 1, "cat": 2}],
        {"schema": {}, "data": []},
    ):
        with pytest.raises(ValueError, match=r"frame\.to_json\(path, orient=\"split\"\)"):
            read_scores(made(tmp_path, "s.json", text(json.dumps(other))))


@pytest.mark.parametrize("name", ["model.pt", "s.parquet", "s.xlsx", "s.csv.gz"])
def test_other_kinds_of_files_are_refused_with_the_way_out(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"in PyTorch numpy\.save.*in pandas frame\.to_csv"):
        read_scores(made(tmp_path, name, text("PK")))


#: By the beginning of a table of those above; a column that counts 0, 1, ... names nothing.
NAMES_OF_ROWS = {'"V1"': ("1", "2"), "query,a": ("first", "second"), "first": ("first", "second")}


@pytest.mark.parametrize("kind", ["npz", "json"])
def test_names_of_rows_are_read_and_must_be_as_many_as_the_rows(kind: str, tmp_path: Path) -> None:
    def write(names: list[str]) -> Path:
        content = {"scores": [[[0.0, 1, 2]] * 2] * 3, "row_names": names}
        arrays = {name: np.array(value) for name, value in content.items()}
        how = npz(**arrays) if kind == "npz" else text(json.dumps(content))
        return made(tmp_path, f"s.{kind}", how)

    found = read_scores(write(["first", "a\x1b[31m"]))
    assert found.row_names == ("first", "a\\x1b[31m")
    with pytest.raises(ValueError, match=r"`row_names` holds 3 names, .* has 2 rows"):
        read_scores(write(["a", "b", "c"]))


def test_a_long_row_is_read_whatever_separates_it(tmp_path: Path) -> None:
    """Seen through another separator it is one cell, longer than the csv module takes."""
    row = np.random.default_rng(3).normal(size=(1, 20_000))
    for separator in (",", ";", "\t", " "):
        path = tmp_path / "long.csv"
        np.savetxt(path, row, delimiter=separator)
        np.testing.assert_array_equal(read_scores(path).scores, row)


def test_a_sentence_and_numbers_of_layers_are_read_and_written(tmp_path: Path) -> None:
    labels = {"axes": np.array(["layer", "query"]), "layers": np.array([3, 7])}
    array = np.stack([ROWS, ROWS])
    path = made(tmp_path, "s.npz", npz(scores=array, sentence=np.array("the cat"), **labels))
    found = read_scores(path)
    assert (found.layers, found.sentence) == ((3, 7), "the cat")
    write_scores(found, tmp_path / "again.npz")
    again = read_scores(tmp_path / "again.npz")
    assert (again.layers, again.sentence, again.axes) == (found.layers, "the cat", found.axes)
    axes = ["layer", "query"]
    content = {"scores": [[[1, 2]], [[3, 4]]], "axes": axes, "layers": [3, 7], "sentence": "a b"}
    found = read_scores(made(tmp_path, "s.json", text(json.dumps(content))))
    assert (found.layers, found.sentence) == ((3, 7), "a b")


def test_weights_in_a_file_are_noticed(tmp_path: Path) -> None:
    path = made(tmp_path, "w.csv", text("0.25,0.75\n0.5,0.5\n"))
    with pytest.warns(Doubtful, match="after softmax"):
        read_scores(path)


BAD_SCORES: list[tuple[str, Callable[[Path], None], str]] = [
    # nothing there, or nothing in it
    ("s.npy", lambda path: None, r"it is missing; check the name"),
    ("s.npy", lambda path: path.mkdir(), r"it is a folder"),
    ("s.npy", raw(b""), r"it is empty; write"),
    ("s.csv", raw(b""), r"it is empty; write"),
    ("s.csv", text("\n\n"), r"`scores` of shape \(0,\) is empty"),
    ("s.npy", npy(np.zeros((3, 0))), r"`scores` of shape \(3, 0\) is empty"),
    ("s.json", text("[]"), r"`scores` of shape \(0,\) is empty"),
    ("s.json", text("[[], []]"), r"`scores` of shape \(2, 0\) is empty"),
    ("s.npz", npz(), r"must hold an array called `scores`, but it holds nothing"),
    # of another kind
    ("s.doc", text("1,2"), r"end in .npy, .npz, .json, .csv, .tsv, .txt, but it ends in '.doc'"),
    ("scores", text("1,2"), r"but it ends in ''"),
    ("s.npz", npz(a=ROWS, b=ROWS), r"called `scores`, but it holds 'a', 'b'; call"),
    (
        "s.npy",
        npy(np.array([[1 + 1j]])),
        r"`scores` must hold real numbers, but is of dtype complex128",
    ),
    ("s.npy", npy(np.array([[True]])), r"`scores` must hold real numbers, but is of dtype bool"),
    ("s.npy", npy(np.zeros((2, 3), dtype="V2")), r"bfloat16; convert it.*float32"),
    ("s.npy", npy(np.array(["a"])), r"`scores` must hold real numbers, but is of dtype <U1"),
    ("s.npy", npy(np.array([1], dtype="M8[s]")), r"`scores` must hold .* is of dtype datetime64"),
    ("s.npy", npy(np.float64(3)), r"must be of shape \(..., keys\)"),
    ("s.json", text("3"), r"must be of shape \(..., keys\)"),
    ("s.json", text("true"), r"`scores` must hold real numbers, but is of dtype bool"),
    # damaged or dangerous
    ("s.npy", npy(np.array([Trap()], dtype=object)), r"never unpickled.*numpy.save"),
    ("s.npz", npz(scores=np.array([Trap()], dtype=object)), r"never unpickled"),
    ("s.npy", raw(pickle.dumps(Trap())), r"never unpickled"),
    ("s.npz", raw(pickle.dumps(Trap())), r"never unpickled"),
    ("s.npz", raw(b"PK\x03\x04 not a zip"), r"damaged, is not a NumPy file.*numpy.savez"),
    ("s.npy", raw(b"\x93NUMPY\x01\x00"), r"damaged, is not a NumPy file"),
    ("s.csv", raw(b"1,2\n\xff1,2"), r"it is not UTF-8 text: line 2 .* 0xff; .*CSV UTF-8"),
    ("s.csv", raw("1,2".encode("utf-16-le")), r"holds zero bytes.*UTF-16"),
    ("s.csv", raw(b"\xff\xfe1"), r"it is not UTF-16 text"),
    ("s.csv", text('1,2\n"3,4\n'), r"line 2 has 1 column, but line 1 has 2"),
    ("s.csv", text("1," + "2" * 200_000), r"line 1 is not CSV \(field larger than field limit"),
    ("s.json", text("[1, 2"), r"it is not JSON .*json.tool"),
    ("s.json", raw(b"\xff"), r"it is not JSON, which must be UTF-8 text"),
    ("s.json", text("[" * 100_000), r"it is JSON that cannot be read"),
    ("s.json", text("[" * 40 + "1" + "]" * 40), r"nested at most 32 deep, but they are 40"),
    # not numeric, with the place
    ("s.csv", text("1,2\n3,x\n"), r"line 2, column 2 is 'x', which is not a number"),
    ("s.csv", text("the,cat\n"), r"line 1 is a heading without lines below it; write"),
    ("s.csv", text("O.5,1.5\n1,2\n"), r"line 1, column 1 is 'O.5', which is not a number"),
    ("s.csv", text("5%,6%\n1,2\n"), r"line 1, column 1 is '5%', which is not a number"),
    ("s.csv", text("the,3,cats\n1,2,3\n"), r"line 1, column 1 is 'the'"),
    ("s.csv", text(",0.5\n1,2\n"), r"line 1, column 1 is ''"),
    ("s.csv", text("0,1,2\n0.5,1.5,2.5\n"), r"line 1 counts from 0 to 2, as a heading does"),
    ("s.csv", text("0,0.5\n1,1.5\n"), r"column 1 counts from 0 to 1, as an index does"),
    ("s.csv", text("1,234;1,567\n"), r"line 1, column 1 is '1,234', which may be 1.234 or 1234"),
    ("s.csv", text("1,5;2.5\n"), r"line 1, column 2 is '2.5', which is not a number"),
    ("s.csv", text("1,\n"), r"line 1, column 2 is ''"),
    ("s.csv", text("1,1_000\n"), r"line 1, column 2 is '1_000'"),
    ("s.csv", text("1,1+2j\n"), r"line 1, column 2 is '1\+2j'"),
    ("s.csv", text("1,-1e999\n"), r"line 1, column 2 is -1e999, which is beyond float64"),
    ("s.csv", text("1,2\n\n3,4,5\n"), r"line 3 has 3 columns, but line 1 has 2"),
    ("s.json", text("[[1, 2], [3, null]]"), r"scores\[1\]\[1\] is null, which is not a number"),
    ("s.json", text('[[1, "inf"]]'), r'scores\[0\]\[1\] is "inf"'),
    (
        "s.json",
        text("[[1, 2], [3]]"),
        r"scores\[1\] must be .* of length 2, .* but is of length 1; give",
    ),
    ("s.json", text("[[1, 2], 3]"), r"scores\[1\] must be a list of length 2, .* but is 3; give"),
    ("s.json", text("[1, [2]]"), r"scores\[1\] is \[2\], which is not a number"),
    ("s.json", text("[1, true]"), r"mixes true or false with numbers"),
    ("s.json", text("[1, -1e999]"), r"a number is -1e999, which is beyond float64"),
    ("s.json", text("[1, 1" + "0" * 400 + "]"), r"a whole number that is too large"),
    ("s.npy", npy(np.array([1, np.longdouble("-1e4000")])), r"holds numbers beyond float64"),
    # rows that cannot be used
    ("s.csv", text("1,2\n3,nan\n"), r"nan at scores\[1\], key 1"),
    ("s.csv", text("1,inf\n"), r"inf at scores\[0\], key 1"),
    ("s.json", text("[[1, Infinity]]"), r"inf at scores\[0\], key 1"),
    ("s.json", text('[[1, 2], ["-inf", "-inf"]]'), r"every key masked \(-inf\) at scores\[1\]"),
    # labels and provenance
    ("s.json", text('{"scores": [1, 2], "tokens": ["a"]}'), r"`tokens` holds 1 label,"),
    ("s.json", text('{"scores": [1, 2], "tokens": [1, 2]}'), r"`tokens` must be a list of strings"),
    ("s.json", text('{"scores": [1, 2], "tokens": "ab"}'), r"`tokens` must be a list of strings"),
    (
        "s.json",
        text('{"scores": [1, 2], "axes": ["head"]}'),
        r"`axes` must name each of the 0 .* but names 1; name",
    ),
    ("s.json", text('{"scores": [1, 2], "axes": [0]}'), r"`axes` must be a list of strings"),
    ("s.json", text('{"scores": [1, 2], "sentence": 3}'), r"`sentence` must be a text"),
    ("s.json", text('{"scores": [[1, 2]], "layers": [1.5]}'), r"`layers` must be a list of diff"),
    ("s.json", text('{"scores": [[1, 2]], "layers": [1]}'), r"no axis is called so; name the axes"),
    ("s.json", text('{"tokens": ["a"]}'), r"called `scores`, but it holds nothing"),
    (
        "s.npz",
        npz(scores=ROWS, about=np.array("{")),
        r"`about` must be the provenance that qcattn writes, but it is array",
    ),
    (
        "s.npz",
        npz(scores=ROWS, about=np.array("[]")),
        r"`about` must be the provenance that qcattn writes, but it is array",
    ),
]


@pytest.mark.parametrize(("name", "write", "message"), BAD_SCORES)
@pytest.mark.parametrize("reader", [read_scores, read_qk])
def test_bad_files_are_named_with_place_and_cure(
    reader: Callable[[Path], Any],
    name: str,
    write: Callable[[Path], None],
    message: str | None,
    tmp_path: Path,
) -> None:
    path = made(tmp_path, name, write)
    if reader is read_qk:  # any of these is no file of queries and keys either
        message = None
    with pytest.raises(ValueError, match=message) as caught:
        reader(path)
    assert str(caught.value).startswith(f"`{path}`")


@pytest.mark.parametrize("suffix", ["npy", "npz", "csv", "json"])
def test_damage_anywhere_never_raises_anything_else(suffix: str, tmp_path: Path) -> None:
    """Bytes changed, cut or doubled at random places: a ValueError or an array, nothing else."""
    rng = np.random.default_rng(8)
    array = rng.normal(size=(3, 4))
    whole = tmp_path / f"whole.{suffix}"
    {
        "npy": npy(array),
        "npz": npz(scores=array, tokens=np.array(list("abcd"))),
        "csv": lambda path: np.savetxt(path, array, delimiter=","),
        "json": text(json.dumps({"scores": array.tolist(), "tokens": list("abcd")})),
    }[suffix](whole)
    content = whole.read_bytes()
    path = tmp_path / f"damaged.{suffix}"
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        place = int(rng.integers(len(content)))
        kind = rng.integers(3)
        if kind == 0:
            damaged[place] ^= int(rng.integers(1, 256))
        elif kind == 1:
            del damaged[place:]
        else:
            damaged[place:place] = damaged[place : place + 7]
        path.write_bytes(damaged)
        try:
            assert read_scores(path).scores.size > 0
        except ValueError:
            refused += 1
    assert 100 < refused <= 300


def test_a_zip_entry_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    """An array header that promises 8e18 bytes is refused, not allocated."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000000,), }"
    header += b" " * (117 - len(header)) + b"\n"
    entry = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    path = tmp_path / "s.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("scores.npy", entry)
    with pytest.raises(ValueError, match="damaged, is not a NumPy file"):
        read_scores(path)


Q = np.random.default_rng(1).normal(size=(2, 4, 3))
K = np.random.default_rng(2).normal(size=(2, 5, 3))
KEEP = np.array([True, True, False, True, True])


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ({"queries": Q, "keys": K}, {}),
        ({"q": Q, "k": K}, {}),
        ({"q": Q, "keys": K, "scale": np.float64(0.3)}, {"scale": 0.3}),
        ({"q": Q, "k": K, "scale": np.int64(2)}, {"scale": 2}),
        ({"q": Q, "k": K, "causal": np.array(True)}, {"causal": True}),
        ({"q": Q, "k": K, "causal": np.array(False)}, {}),
        ({"q": Q, "k": K, "mask": KEEP}, {"mask": KEEP}),
        ({"q": Q, "k": K, "mask": np.where(KEEP, 0.5, -INF)}, {"mask": np.where(KEEP, 0.5, -INF)}),
    ],
)
@pytest.mark.parametrize("kind", ["npz", "json"])
def test_queries_and_keys_become_scores(
    kind: str, content: dict[str, Any], options: dict[str, Any], tmp_path: Path
) -> None:
    lists = {name: np.asarray(value).tolist() for name, value in content.items()}
    write = npz(**content) if kind == "npz" else text(json.dumps(lists))
    found = read_qk(made(tmp_path, f"qk.{kind}", write))
    expected = scaled_dot_product_scores(Q, K, **options)
    assert expected.shape == (2, 4, 5)
    np.testing.assert_array_equal(found.scores, expected)
    assert found.source.endswith(f"qk.{kind}")


def test_labels_of_keys_are_read(tmp_path: Path) -> None:
    path = made(tmp_path, "qk.npz", npz(q=Q, k=K, tokens=np.array(list("abcde"))))
    assert read_qk(path).tokens == tuple("abcde")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"q": [[1]]}, r"must hold either `keys` or `k`, but it holds 'q'; write"),
        ({"q": [[1]], "queries": [[1]], "k": [[1]]}, r"must hold either `queries` or `q`, but"),
        ({"q": [[1, 2]], "k": [[1]]}, r"`keys` must be of shape"),
        (
            {"q": [[1, 2], [3]], "k": [[1, 2]]},
            r"queries\[1\] must be .* of length 2, .* but is of length 1",
        ),
        ({"q": [["-inf"]], "k": [[1]]}, r"`queries` must be finite"),
        ({"q": [[1]], "k": [[1]], "causal": "no"}, r"`causal` must be true or false.*'no'"),
        ({"q": [[1]], "k": [[1]], "causal": 1}, r"`causal` must be true or false"),
        ({"q": [[1]], "k": [[1]], "scale": [1]}, r"`scale` must be one number"),
        ({"q": [[1]], "k": [[1]], "mask": [[1]]}, r"`mask` must be boolean"),
        ({"q": [[1]], "k": [[1]], "mask": [[False]]}, r"every key masked"),
        (
            {"q": [[1]], "k": [[1]], "mask": [[True], [True, 1]]},
            r"mask\[1\] must be .* of length 1, .* but is of length 2",
        ),
        ({"q": [[1]], "k": [[1], [2]], "tokens": ["a"]}, r"`tokens` holds 1 label,"),
        ([[1, 2]], r"must hold either `queries` or `q`, but it holds 'scores'"),
    ],
)
def test_bad_queries_and_keys_are_named(content: Any, message: str, tmp_path: Path) -> None:
    path = made(tmp_path, "qk.json", text(json.dumps(content)))
    with pytest.raises(ValueError, match=message) as caught:
        read_qk(path)
    assert str(caught.value).startswith(f"`{path}`")
