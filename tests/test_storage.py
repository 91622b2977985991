"""Results on disk: lossless, whole or not at all, read without trust."""

import errno
import io
import json
import pickle
import zipfile
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3

from qcattn import Heralded, Interrupted, load, run, save
from qcattn.datasets import load as stored
from qcattn.storage import whole_folder


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


def test_an_interrupt_leaves_nothing_behind(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "run") as fresh:
        (fresh / "half").write_text("x")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["result.npz", "template.qpy"])
def test_damaged_files_are_named(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}.*is damaged"):
        load(folder)


@pytest.mark.parametrize("name", ["result.npz", "template.qpy", "result.json"])
def test_missing_files_are_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"{name}.*missing"):
        load(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "damaged"),
        ("[]", "not a result of qcattn"),
        ('{"format": "other"}', "not a result of qcattn"),
        ('{"format": "qcattn result", "format_version": 99}', "format version 99"),
        ('{"format": "qcattn result", "format_version": 1}', "damaged"),
    ],
)
def test_foreign_documents_are_refused(folder, text, message):
    (folder / "result.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        load(folder)


def forge(folder, content: bytes) -> None:
    """Replace the arrays and make the hash fit, as an attacker would."""
    import hashlib

    (folder / "result.npz").write_bytes(content)
    document = json.loads((folder / "result.json").read_text())
    document["files"]["result.npz"] = hashlib.sha256(content).hexdigest()
    (folder / "result.json").write_text(json.dumps(document))


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
    with pytest.raises(ValueError, match="not a whole result"):
        load(folder)
    forge(folder, pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="not a whole result"):
        load(folder)
    assert not (tmp_path / "exploded").exists()
