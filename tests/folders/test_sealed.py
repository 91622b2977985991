"""One writer and one reader: every file and the document itself are what they were, or refused."""

import errno
import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from qcattn.errors import NotWhole
from qcattn.folders.sealed import Kind, npz, read_number, read_sealed, write_sealed

KIND = Kind("parcel", version=2, files=("a.npz", "b.txt"), wrote="`send`",
            unsealed={1: {"a.npz": "a_sha256", "b.txt": "b_sha256"}})  # fmt: skip
ARRAYS = {"x": np.arange(3.0), "y": np.array(["ä", "b"])}
SAID = {"to": "Ünal", "weight": 0.1 + 0.2, "parts": [{"n": 1}, None, True], "seed": "7"}


def parse(sealed):
    said = {name: sealed.document[name] for name in SAID}
    arrays = sealed.arrays("a.npz")
    return said, [arrays[name] for name in ARRAYS], sealed.files["b.txt"]


@pytest.fixture
def folder(tmp_path):
    write_sealed(KIND, tmp_path, SAID, {"a.npz": npz(ARRAYS), "b.txt": b"words"})
    return tmp_path


def load(folder):
    return read_sealed(KIND, folder, parse)


def test_what_is_written_is_what_is_read(folder, same):
    said, arrays, words = load(folder)
    assert said == SAID and words == b"words"
    assert same(arrays, list(ARRAYS.values()))
    assert KIND.lies_in(folder) and not KIND.lies_in(folder / "none")


def test_the_document_says_what_it_is_and_is_plain_json(folder):
    document = json.loads((folder / "parcel.json").read_text(), parse_constant=pytest.fail)
    assert document["format"] == "qcattn parcel" and document["format_version"] == 2
    assert set(document["files"]) == {"a.npz", "b.txt"}


def test_the_same_arrays_give_the_same_bytes():
    assert npz(ARRAYS) == npz(dict(ARRAYS))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float64(np.inf)])
def test_numbers_that_json_lacks_are_read_back(tmp_path, value):
    files = {"a.npz": npz({}), "b.txt": b""}
    write_sealed(KIND, tmp_path, {"one": value, "in": [{"it": (value, 1.5)}]}, files)
    json.loads((tmp_path / "parcel.json").read_text(), parse_constant=pytest.fail)
    said = read_sealed(KIND, tmp_path, lambda sealed: sealed.document)
    assert np.array_equal(read_number(said["one"]), value, equal_nan=True)
    inside = [read_number(each) for each in said["in"][0]["it"]]
    assert np.array_equal(inside, [value, 1.5], equal_nan=True)


@pytest.mark.parametrize("value", [True, None, [1.0], "many"])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match=r"number|many"):
        read_number(value)


@pytest.mark.parametrize("name", ["parcel.json", "a.npz", "b.txt"])
@pytest.mark.parametrize("seed", range(3))
def test_a_changed_byte_is_refused_or_harmless(folder, check_flips, name, seed):
    refused = check_flips(folder / name, lambda: load(folder), number=200, seed=seed)
    assert refused == 200 or name == "parcel.json"


@pytest.mark.parametrize("name", ["parcel.json", "a.npz", "b.txt"])
def test_a_missing_a_shorter_and_an_unreadable_file_are_named(folder, name):
    path = folder / name
    content = path.read_bytes()
    for size in (0, 1, len(content) // 2, len(content) - 2):
        path.write_bytes(content[:size])
        with pytest.raises(NotWhole, match=rf"`{path}` is damaged.*; take the folder from a copy"):
            load(folder)
    path.unlink()
    with pytest.raises(NotWhole, match=rf"`{path}` is missing; (name|take) "):
        load(folder)
    path.mkdir()
    with pytest.raises(NotWhole, match=rf"`{path}` cannot be read \(Is a directory\); (name|take)"):
        load(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is damaged: it is not JSON"),
        ("[]", "holds no parcel of qcattn; name a folder that `send` wrote"),
        ('{"format": "qcattn letter"}', "holds no parcel of qcattn"),
        ('{"format": "qcattn parcel", "format_version": 99}', "format version 99, .* reads 1 to 2"),
        ('{"format": "qcattn parcel", "format_version": 0}', "format version 0"),
        ('{"format": "qcattn parcel", "format_version": true}', "format version True"),
        ('{"format": "qcattn parcel", "format_version": "2"}', "format version '2'"),
        ('{"format": "qcattn parcel"}', "format version None"),
        ('{"format": "qcattn parcel", "format_version": 2}', "is damaged"),
        ('{"format": "qcattn parcel", "format_version": 1}', "is damaged"),
    ],
)
def test_foreign_and_newer_documents_are_refused(folder, text, message):
    (folder / "parcel.json").write_text(text)
    with pytest.raises(NotWhole, match=rf"`{folder}.*{message}"):
        load(folder)


@pytest.mark.parametrize("text", ['"\\ud800"', "[" * 100_000, "1" * 5_000, "NaN", "1e999"])
def test_documents_that_are_hard_to_read_are_refused(folder, text):
    path = folder / "parcel.json"
    path.write_text(path.read_text().replace('"parts": [', f'"parts": [{text}, ', 1))
    with pytest.raises(NotWhole, match=f"`{path}`"):
        load(folder)


def test_a_document_written_in_another_way_is_the_same(folder, same):
    """Spaces, order and escapes are no damage; what is said is hashed, not how."""
    before = load(folder)
    document = json.loads((folder / "parcel.json").read_text())
    text = json.dumps(dict(reversed(document.items())), indent=4, ensure_ascii=True)
    (folder / "parcel.json").write_text(text)
    assert same(load(folder), before)


def test_an_edited_number_is_damage(folder):
    document = json.loads((folder / "parcel.json").read_text())
    document["weight"] = 0.3
    (folder / "parcel.json").write_text(json.dumps(document))
    with pytest.raises(NotWhole, match=r"parcel\.json` is damaged: its SHA-256"):
        load(folder)


def test_what_is_forged_with_fitting_hashes_and_not_changed_is_read(folder, forge, same):
    """The forgeries elsewhere fail for what they change, and not for their hashes."""
    before = load(folder)
    forge.change(folder / "parcel.json", lambda document: None)
    forge.replace(folder / "parcel.json", "b.txt", b"words")
    assert same(load(folder), before)


@pytest.mark.parametrize(
    "files", [None, [], {}, {"a.npz": ""}, {"a.npz": "", "b.txt": "", "../c": ""}]
)
def test_only_the_files_of_the_kind_are_read(folder, forge, files):
    forge.change(folder / "parcel.json", lambda document: document.update(files=files))
    with pytest.raises(NotWhole, match="names other files than"):
        load(folder)


@pytest.mark.parametrize("error", [KeyError("x"), IndexError(), MemoryError(), ZeroDivisionError()])
def test_whatever_the_parser_raises_is_a_refusal_that_names_the_document(folder, error):
    def failing(sealed):
        raise error

    name = type(error).__name__
    with pytest.raises(NotWhole, match=rf"parcel\.json` holds no whole parcel of qcattn \({name}"):
        read_sealed(KIND, folder, failing)


def test_a_refusal_of_a_folder_inside_keeps_its_words(folder):
    def failing(sealed):
        raise NotWhole("`inside` is missing")

    with pytest.raises(NotWhole, match=r"^`inside` is missing$"):
        read_sealed(KIND, folder, failing)


def test_a_seal_that_is_known_from_outside_must_fit(folder, tmp_path):
    seal = json.loads((folder / "parcel.json").read_text())["sha256"]
    read_sealed(KIND, folder, parse, seal)
    with pytest.raises(NotWhole, match="another than the folder around it states"):
        read_sealed(KIND, folder, parse, "0" * 64)
    other = tmp_path / "other"
    other.mkdir()
    files = {"a.npz": npz(ARRAYS), "b.txt": b"words"}
    assert write_sealed(KIND, other, SAID, files) == seal
    assert write_sealed(KIND, other, {**SAID, "seed": "8"}, files) != seal


def test_documents_of_before_there_were_seals_are_read(folder, same):
    before = load(folder)
    document = json.loads((folder / "parcel.json").read_text())
    hashes = document.pop("files")
    del document["sha256"]
    old = {**document, "format_version": 1, "a_sha256": hashes["a.npz"]}
    (folder / "parcel.json").write_text(json.dumps(old))
    with pytest.raises(NotWhole, match=r"b\.txt` is damaged"):
        load(folder)
    (folder / "parcel.json").write_text(json.dumps({**old, "b_sha256": hashes["b.txt"]}))
    assert same(load(folder), before)
    (folder / "a.npz").write_bytes(b"PK")
    with pytest.raises(NotWhole, match=r"a\.npz` is damaged"):
        load(folder)


def test_nothing_is_unpickled(folder, forge, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "exploded"), "w"))

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        inner = io.BytesIO()
        np.save(inner, np.array([Bomb()], dtype=object), allow_pickle=True)
        archive.writestr("x.npy", inner.getvalue())
    for content in (buffer.getvalue(), pickle.dumps(Bomb())):
        forge.replace(folder / "parcel.json", "a.npz", content)
        with pytest.raises(NotWhole, match="no whole parcel"):
            load(folder)
    with pytest.raises(ValueError, match="allow_pickle"):
        npz({"x": np.array([Bomb()], dtype=object)})
    assert not (tmp_path / "exploded").exists()


def test_the_document_is_written_last(tmp_path, monkeypatch):
    write = Path.write_text

    def full(path, *args, **options):
        assert {entry.name for entry in tmp_path.iterdir()} == {"a.npz", "b.txt"}
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        write_sealed(KIND, tmp_path, SAID, {"a.npz": npz(ARRAYS), "b.txt": b""})
    monkeypatch.setattr(Path, "write_text", write)
