"""Results on disk: lossless, whole or not at all, read without trust."""

import errno
import hashlib
import io
import json
import os
import pickle
import zipfile
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3

from qcattn import Heralded, Interrupted, load, run, save
from qcattn.datasets import load_scores as stored
from qcattn.folders.runs import load_run
from qcattn.folders.whole import whole_file, whole_folder


@pytest.fixture(scope="module")
def result():
    return run(stored().scores[2, :2], shots=300, seed=1, preparation=Heralded())


@pytest.fixture
def folder(result, tmp_path):
    save(result, tmp_path / "run")
    return tmp_path / "run"


def same(a, b) -> bool:
    if is_dataclass(a):
        return type(a) is type(b) and all(
            same(getattr(a, field.name), getattr(b, field.name)) for field in fields(a)
        )
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def test_a_result_comes_back_as_it_was(result, folder):
    again = load(folder)
    assert same(again, result)
    assert again.prepared.circuit.parameters == result.prepared.circuit.parameters
    assert str(again) == str(result)


def test_the_comparison_above_notices_one_changed_number(result, folder):
    again = load(folder)
    again.counts.keys[0, 0, 0] += 1
    assert not same(again, result)


@pytest.mark.parametrize("scores", [[0.0], [0.0, 1.0], np.zeros((2, 0 + 1, 3))])
def test_small_results_come_back(scores, tmp_path):
    result = run(scores, shots=10, seed=2**100)
    save(result, tmp_path / "run")
    assert same(load(tmp_path / "run"), result)


def test_an_interrupted_result_comes_back_with_its_infinite_resolution(tmp_path):
    class Never:
        def stream(self, prepared, shots, seed):
            raise KeyboardInterrupt
            yield

        def fitted(self, prepared):
            return prepared.circuit

        def settings(self):
            return {}

    with pytest.raises(Interrupted) as stop:
        run([[0.0, 1.0]], shots=10, seed=1, backend=Never(), preparation=Heralded())
    assert stop.value.result.verdicts[1].overall_resolution == np.inf
    save(stop.value.result, tmp_path / "run")
    assert same(load(tmp_path / "run"), stop.value.result)


def test_the_template_is_openqasm_3(result, folder):
    text = (folder / "template.qasm").read_text()
    circuit = qasm3.loads(text)
    assert isinstance(circuit, QuantumCircuit)
    assert circuit.count_ops() == result.prepared.circuit.count_ops()
    assert {p.name for p in circuit.parameters} and len(circuit.parameters) == 16


def test_json_is_plain(folder):
    document = json.loads((folder / "result.json").read_text(), parse_constant=pytest.fail)
    assert document["format"] == "qcattn result"


def test_a_taken_name_is_left_alone(result, folder, tmp_path):
    before = (folder / "result.json").read_bytes()
    with pytest.raises(ValueError, match="exists and is left as it is"):
        save(result, folder)
    assert (folder / "result.json").read_bytes() == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="exists"):
        save(result, tmp_path / "file")


def test_an_empty_folder_is_taken(result, tmp_path):
    (tmp_path / "empty").mkdir()
    save(result, tmp_path / "empty")
    assert load(tmp_path / "empty").shots == result.shots


@pytest.mark.parametrize("name", ["result.npz", "template.qpy", "template.qasm", "result.json"])
def test_a_full_disk_leaves_nothing_behind(result, tmp_path, monkeypatch, name):
    for writer in ("write_bytes", "write_text"):
        original = getattr(Path, writer)

        def full(path, content, *args, original=original, **options):
            if path.name == name:
                original(path, content[:10], *args, **options)
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            return original(path, content, *args, **options)

        monkeypatch.setattr(Path, writer, full)
    with pytest.raises(OSError, match="No space left"):
        save(result, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["run", "new/and/deep/run", "old/new/run"])
def test_a_failed_write_takes_its_parents_with_it_and_says_what_to_do(
    result, tmp_path, monkeypatch, given
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()

    def full(path, *args, **options):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        save(result, given)
    assert caught.value.errno == errno.ENOSPC
    assert f"`{given}`" in str(caught.value), "as it was given"
    assert "name another folder" in str(caught.value)
    assert [path.name for path in tmp_path.rglob("*")] == ["old"]


def test_a_parent_that_is_a_file_is_said(result, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="another folder") as caught:
        save(result, tmp_path / "file" / "run")
    assert str(tmp_path / "file" / "run") in str(caught.value)
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_folder_is_written_into(result, tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o700)
    before = mine.stat()
    monkeypatch.chdir(mine)
    save(result, ".")
    after = mine.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert os.getcwd() == str(mine) and Path("result.json").exists()
    assert same(load("."), result)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_empty_folder_on_another_disk_is_written_into(result, tmp_path, monkeypatch):
    """A mounted volume is one: nothing can be moved into it from outside."""
    mine = tmp_path / "volume"
    mine.mkdir()
    replace = os.replace

    def on_two_disks(source, target):
        inside = [Path(path).absolute().is_relative_to(mine) for path in (source, target)]
        if inside[0] != inside[1] or mine in map(Path, (source, target)):
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(source))
        replace(source, target)

    for name in ("replace", "rename"):
        monkeypatch.setattr(os, name, on_two_disks)
    save(result, mine)
    assert same(load(mine), result)
    assert len(list(mine.iterdir())) == 4 and [path.name for path in tmp_path.iterdir()] == [
        "volume"
    ]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_an_empty_folder_is_left_empty_by_a_failed_write(result, tmp_path, monkeypatch, number):
    """The disk goes away before one of the files of the result is in its place."""
    mine = tmp_path / "mine"
    mine.mkdir()
    replace, calls = os.replace, []

    def failing(source, target):
        calls.append(target)
        if len(calls) == number:
            raise OSError(errno.EIO, "Input/output error", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="Input/output error"):
        save(result, mine)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]


@pytest.mark.parametrize("empty", [False, True])
def test_a_name_taken_while_files_are_written_is_left_alone(tmp_path, empty):
    if empty:
        (tmp_path / "run").mkdir()
    with pytest.raises((ValueError, OSError), match="run"), whole_folder(tmp_path / "run") as fresh:
        (fresh / "result.json").write_text("mine")
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / "result.json").write_text("theirs")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "result.json").read_text() == "theirs"


def test_an_interrupt_leaves_nothing_behind(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "run") as fresh:
        (fresh / "half").write_text("x")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["result.npz", "template.qpy", "template.qasm"])
def test_damaged_files_are_named(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}.*is damaged"):
        load(folder)


@pytest.mark.parametrize("name", ["result.npz", "template.qpy", "template.qasm", "result.json"])
def test_missing_files_are_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"{name}.*missing"):
        load(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "damaged"),
        ("[]", "holds no result of qcattn"),
        ('{"format": "other"}', "holds no result of qcattn"),
        ('{"format": "qcattn result", "format_version": 99}', "format version 99"),
        ('{"format": "qcattn result", "format_version": 1}', "damaged"),
    ],
)
def test_foreign_documents_are_refused(folder, text, message):
    (folder / "result.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        load(folder)


def sealed(document: dict) -> str:
    """The text of result.json with its own hash made to fit."""
    rest = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return json.dumps({**rest, "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()})


def forge(folder, content: bytes, name: str = "result.npz") -> None:
    """Replace a file and make the hashes fit, as an attacker would."""
    (folder / name).write_bytes(content)
    document = json.loads((folder / "result.json").read_text())
    document["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "result.json").write_text(sealed(document))


def test_what_is_sealed_and_not_changed_is_read(result, folder):
    """The forgeries below fail for what they change, and not for their seals."""
    document = json.loads((folder / "result.json").read_text())
    assert json.loads(sealed(document))["sha256"] == document["sha256"]
    forge(folder, (folder / "result.npz").read_bytes())
    assert same(load(folder), result)


@pytest.mark.parametrize("kind", ["garbage", "truncated", "empty", "header alone", "other format"])
@pytest.mark.parametrize("name", ["template.qpy", "result.npz"])
def test_files_that_cannot_be_read_are_refused_whatever_their_hash(folder, name, kind):
    whole = (folder / name).read_bytes()
    other = {"template.qpy": "result.npz", "result.npz": "template.qpy"}[name]
    content = {
        "garbage": np.random.default_rng(1).bytes(len(whole)),
        "truncated": whole[: len(whole) // 2],
        "empty": b"",
        "header alone": whole[:16],
        "other format": (folder / other).read_bytes(),
    }[kind]
    forge(folder, content, name)
    with pytest.raises(ValueError, match=str(folder)):
        load(folder)


@pytest.mark.parametrize("position", range(8))
def test_bytes_changed_anywhere_in_the_circuit_never_end_in_another_error(folder, position):
    content = bytearray((folder / "template.qpy").read_bytes())
    at = position * (len(content) - 1) // 7
    for change in (0x01, 0x80, 0xFF):
        content[at] ^= change
        forge(folder, bytes(content), "template.qpy")
        try:
            load(folder)
        except ValueError as error:
            assert str(folder) in str(error)
        content[at] ^= change


@pytest.mark.parametrize(
    "change",
    [
        {"verdicts": []},
        {"verdicts": [{}]},
        {"verdicts": {}},
        {"verdicts": None},
        {"prepared": {}},
        {"prepared": []},
        {"resources": {"qubits": 3}},
        {"seed": "many"},
        {"shots": None},
        {"tokens": 3},
        {"tokens": ["a"]},
        {"axes": ["a", "b", "c", "d"]},
        {"settings": 3},
        {"source": None},
    ],
    ids=str,
)
def test_documents_that_do_not_hold_a_result_are_refused(folder, change):
    document = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(sealed({**document, **change}))
    with pytest.raises(ValueError, match=str(folder)):
        load(folder)


ENTRIES = [
    "alpha",
    "files",
    "parts",
    "shots",
    "seed",
    "complete",
    "tokens",
    "axes",
    "settings",
    "versions",
    "source",
    "seconds",
    "resources",
    "prepared",
    "verdicts",
    "sha256",
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_missing_entries_are_refused(folder, entry):
    document = json.loads((folder / "result.json").read_text())
    assert set(document) == {"format", "format_version", *ENTRIES}
    del document[entry]
    text = json.dumps(document) if entry == "sha256" else sealed(document)
    (folder / "result.json").write_text(text)
    with pytest.raises(ValueError, match=str(folder)):
        load_run(folder)


def test_an_edited_number_is_damage(folder):
    document = json.loads((folder / "result.json").read_text())
    document["verdicts"][0]["overall"] = 0.5
    (folder / "result.json").write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"result\.json.*is damaged"):
        load(folder)


def test_a_document_written_in_another_way_is_the_same(result, folder):
    """Spaces, order and escapes are no damage; what is said is hashed, not how."""
    document = json.loads((folder / "result.json").read_text())
    text = json.dumps(dict(reversed(document.items())), indent=4, ensure_ascii=True)
    (folder / "result.json").write_text(text)
    assert same(load(folder), result)


@pytest.mark.parametrize("text", ['"\\ud800"', "[" * 100_000, "1" * 5_000, "NaN", "1e999"])
def test_documents_that_are_hard_to_read_are_refused(folder, text):
    content = (folder / "result.json").read_text().replace('"tokens": [', f'"tokens": [{text}, ', 1)
    (folder / "result.json").write_text(content)
    with pytest.raises(ValueError, match=str(folder)):
        load(folder)


def arrays_of(folder) -> dict:
    with np.load(folder / "result.npz") as archive:
        return {name: archive[name] for name in archive.files}


def forge_arrays(folder, arrays) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    forge(folder, buffer.getvalue())


ARRAYS = [
    "scores",
    "expected",
    "beta",
    *(f"counts_{name}" for name in ("keys", "stray", "discarded")),
    *(f"prepared_{name}" for name in ("values", "codewords", "distribution", "success", "error")),
    *(
        f"verdict{i}_{name}"
        for i in (0, 1)
        for name in ("statistic", "p_values", "refuted", "resolution", "undecided")
    ),
]


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_are_missing_or_do_not_match_are_refused(folder, name):
    arrays = arrays_of(folder)
    assert set(arrays) == set(ARRAYS)
    whole = arrays[name]
    # One row more, one number more in each row, another number of axes.
    wrong = [np.concatenate([whole, whole[:1]]), whole[..., :-1], whole[None]] if whole.ndim else []
    wrong = wrong or [np.ones(7)]
    for array in [*wrong, None]:
        changed = {key: value for key, value in arrays.items() if key != name}
        forge_arrays(folder, changed if array is None else {**changed, name: array})
        with pytest.raises(ValueError, match=str(folder)):
            load(folder)
    forge_arrays(folder, arrays)
    load(folder)


def test_nothing_is_unpickled(folder, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "exploded"), "w"))

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        inner = io.BytesIO()
        np.save(inner, np.array([Bomb()], dtype=object), allow_pickle=True)
        archive.writestr("scores.npy", inner.getvalue())
    forge(folder, buffer.getvalue())
    with pytest.raises(ValueError, match="no whole result"):
        load(folder)
    forge(folder, pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="no whole result"):
        load(folder)
    assert not (tmp_path / "exploded").exists()


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    with whole_file(tmp_path / "mine.txt") as fresh:
        fresh.write_text("whole")
        assert not (tmp_path / "mine.txt").exists()
    assert (tmp_path / "mine.txt").read_text() == "whole"
    with (
        pytest.raises(ValueError, match="exists and is left as it is"),
        whole_file(tmp_path / "mine.txt"),
    ):
        pass
    with pytest.raises(OSError, match="full"), whole_file(tmp_path / "other.txt") as fresh:
        fresh.write_text("half")
        raise OSError(28, "disk full")
    with (
        pytest.raises(ValueError, match="made by another meanwhile"),
        whole_file(tmp_path / "other.txt") as fresh,
    ):
        (tmp_path / "other.txt").write_text("theirs")
    assert (tmp_path / "other.txt").read_text() == "theirs"
    (tmp_path / "other.txt").unlink()
    with (
        pytest.raises(OSError, match=r"`.*gone/a.txt` cannot be written: No such file"),
        whole_file(tmp_path / "gone" / "a.txt"),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
