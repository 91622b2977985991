"""Results on disk: lossless, whole or not at all, read without trust."""

import errno
import io
import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import Parameter
from qiskit.circuit.classical import expr
from qiskit.quantum_info import Statevector

from qcattn import Amplitude, Heralded, Interrupted, Purification, load, run, save
from qcattn.datasets import load_scores as stored
from qcattn.encodings import Binary, Transverse
from qcattn.errors import DoesNotFit, NotWhole
from qcattn.folders import results
from qcattn.folders.results import load_part, write_part
from qcattn.folders.runs import load_run
from qcattn.folders.sealed import npz
from qcattn.trials import all_methods


@pytest.fixture(scope="module")
def result():
    return run(stored().scores[2, :2], shots=300, seed=1, preparation=Heralded())


@pytest.fixture
def folder(result, tmp_path):
    save(result, tmp_path / "run")
    return tmp_path / "run"


def test_a_result_comes_back_as_it_was(result, folder, same):
    again = load(folder)
    assert same(again, result)
    assert again.prepared.circuit.parameters == result.prepared.circuit.parameters
    assert str(again) == str(result)


def test_the_comparison_above_notices_one_changed_number(result, folder, same):
    again = load(folder)
    again.counts.keys[0, 0, 0] += 1
    assert not same(again, result)


@pytest.mark.parametrize("scores", [[0.0], [0.0, 1.0], np.zeros((2, 0 + 1, 3))])
def test_small_results_come_back(scores, tmp_path, same):
    result = run(scores, shots=10, seed=2**100)
    save(result, tmp_path / "run")
    assert same(load(tmp_path / "run"), result)


def test_an_interrupted_result_comes_back_with_its_infinite_resolution(tmp_path, same):
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


FILES = ["result.npz", "template.qpy", "template.qasm", "result.json"]


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_refused_or_harmless(folder, check_flips, name):
    check_flips(folder / name, lambda: load(folder), number=100)


@pytest.mark.parametrize("name", FILES)
def test_missing_and_shorter_files_are_named(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(NotWhole, match=f"{name}` is damaged"):
        load(folder)
    (folder / name).unlink()
    with pytest.raises(NotWhole, match=f"{name}` is missing"):
        load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "qcattn trials"}, "holds no result of qcattn; name a folder that `qcattn run`"),
        ({"format_version": 3}, "has format version 3, but this qcattn reads 1 to 2"),
    ],
)
def test_foreign_and_newer_documents_are_refused(folder, forge, change, message):
    forge.change(folder / "result.json", lambda document: document.update(change))
    with pytest.raises(NotWhole, match=rf"result\.json` {message}"):
        load(folder)


def every_circuit():
    """One of each preparation, on two bits, diagonal or not."""
    for method in all_methods():
        for encode in (Binary(), Transverse()):
            with suppress(DoesNotFit):
                yield type(method).__name__, method(encode([0.1, 1.0, 0.3, 0]), beta=1.0).circuit


def test_circuits_are_written_for_the_oldest_qiskit_that_can_read_them():
    """Byte 6 is the version of QPY; Qiskit 1.3 was the first to read 13."""
    seen = set()
    for name, circuit in every_circuit():
        content = results._qpy(circuit)
        assert content[:6] == b"QISKIT" and content[6] == 13, name
        (again,) = qpy.load(io.BytesIO(content))
        assert again == circuit and again.parameters == circuit.parameters, name
        seen.add(name)
    assert seen == {type(method).__name__ for method in all_methods()}, "every one was tried"


def test_multiplexers_of_more_matrices_than_qpy_counts_come_back(tmp_path, monkeypatch):
    """A native row of 2**17 keys ended in struct.error after it was drawn, and was lost."""
    assert results._MOST_PARAMETERS == 2**16 - 1  # 'H' of struct
    drawn = run(np.arange(8.0) / 4, preparation=Amplitude(native=True), shots=100, seed=1)
    monkeypatch.setattr(results, "_MOST_PARAMETERS", 2)
    stacked = results._stacked(drawn.prepared.circuit)
    assert max(len(item.operation.params) for item in stacked.data) <= 2
    save(drawn, tmp_path / "a")
    again = load(tmp_path / "a")
    assert str(drawn) == str(again) and drawn.counts.keys.tolist() == again.counts.keys.tolist()
    for one, other in zip(drawn.prepared.circuit.data, again.prepared.circuit.data, strict=True):
        assert (one.name, one.qubits) == (other.name, other.qubits)
        assert np.array_equal(one.operation.params, other.operation.params)


def test_a_circuit_that_needs_a_newer_version_gets_it():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test(expr.equal(expr.lift(0.5), expr.lift(0.25))):
        circuit.rx(Parameter("x"), 0)
    content = results._qpy(circuit)
    assert content[6] == 14, "numbers in conditions came with Qiskit 2.0"
    (again,) = qpy.load(io.BytesIO(content))
    assert again == circuit


def test_circuits_of_a_format_that_was_evaluated_are_refused(folder, forge):
    """Qiskit before 1.3 wrote expressions as text of another library."""
    content = bytearray((folder / "template.qpy").read_bytes())
    assert content[6] == 13
    content[6] = 12
    forge.replace(folder / "result.json", "template.qpy", bytes(content))
    with pytest.raises(NotWhole, match="version 12 of QPY; 13 and later are read"):
        load(folder)


def test_a_part_is_the_one_that_was_written_and_lies_inside(result, tmp_path, same):
    entry = write_part(result, tmp_path, 3, "../a, b")
    assert entry["folder"] == "03--a-b"
    assert same(load_part(tmp_path, entry["folder"], entry["sha256"]), result)
    assert same(load(tmp_path / "03--a-b"), result), "it can be read alone"
    with pytest.raises(NotWhole, match=r"03--a-b.*result\.json` is another than"):
        load_part(tmp_path, entry["folder"], "0" * 64)
    for name in ("", ".", "..", "../x", str(tmp_path / "03--a-b"), "03--a-b/"):
        with pytest.raises(ValueError, match="inside"):
            load_part(tmp_path / "none", name, None)


@pytest.mark.parametrize("kind", ["garbage", "truncated", "empty", "header alone", "other format"])
@pytest.mark.parametrize("name", ["template.qpy", "result.npz"])
def test_files_that_cannot_be_read_are_refused_whatever_their_hash(folder, forge, name, kind):
    whole = (folder / name).read_bytes()
    other = {"template.qpy": "result.npz", "result.npz": "template.qpy"}[name]
    content = {
        "garbage": np.random.default_rng(1).bytes(len(whole)),
        "truncated": whole[: len(whole) // 2],
        "empty": b"",
        "header alone": whole[:16],
        "other format": (folder / other).read_bytes(),
    }[kind]
    forge.replace(folder / "result.json", name, content)
    with pytest.raises(ValueError, match=str(folder)):
        load(folder)


@pytest.mark.parametrize("position", range(8))
def test_bytes_changed_anywhere_in_the_circuit_never_end_in_another_error(folder, forge, position):
    content = bytearray((folder / "template.qpy").read_bytes())
    at = position * (len(content) - 1) // 7
    for change in (0x01, 0x80, 0xFF):
        content[at] ^= change
        forge.replace(folder / "result.json", "template.qpy", bytes(content))
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
def test_documents_that_do_not_hold_a_result_are_refused(folder, forge, change):
    forge.change(folder / "result.json", lambda document: document.update(change))
    with pytest.raises(ValueError, match=str(folder)):
        load(folder)


ENTRIES = [
    "alpha",
    "files",
    "parts",
    "shots",
    "seed",
    "complete",
    "same_numbers",
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
def test_missing_entries_are_refused(folder, forge, entry):
    document = json.loads((folder / "result.json").read_text())
    assert set(document) == {"format", "format_version", *ENTRIES}
    del document[entry]
    text = json.dumps(document) if entry == "sha256" else forge.sealed(document)
    (folder / "result.json").write_text(text)
    with pytest.raises(NotWhole, match=str(folder)):
        load_run(folder)


def arrays_of(folder) -> dict:
    with np.load(folder / "result.npz") as archive:
        return {name: archive[name] for name in archive.files}


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
def test_arrays_that_are_missing_or_do_not_match_are_refused(folder, forge, name):

    def forge_arrays(arrays):
        forge.replace(folder / "result.json", "result.npz", npz(arrays))

    arrays = arrays_of(folder)
    assert set(arrays) == set(ARRAYS)
    whole = arrays[name]
    # One row more, one number more in each row, another number of axes.
    wrong = [np.concatenate([whole, whole[:1]]), whole[..., :-1], whole[None]] if whole.ndim else []
    wrong = wrong or [np.ones(7)]
    for array in [*wrong, None]:
        changed = {key: value for key, value in arrays.items() if key != name}
        forge_arrays(changed if array is None else {**changed, name: array})
        with pytest.raises(ValueError, match=str(folder)):
            load(folder)
    forge_arrays(arrays)
    load(folder)


@pytest.mark.parametrize("preparation", [Amplitude(), Purification(), Heralded()], ids=str)
def test_the_openqasm_template_takes_its_values_by_their_place(preparation, tmp_path):
    """More than ten angles: in the order of the alphabet a[10] comes before a[2]."""
    scores = np.random.default_rng(3).normal(size=(2, 32)) * 2
    result = run(scores, preparation=preparation, shots=10, seed=1)
    assert len(result.prepared.circuit.parameters) > 10
    save(result, tmp_path / "run")
    read = qasm3.loads((tmp_path / "run" / "template.qasm").read_text())
    for row, values in enumerate(result.prepared.values):
        bound = read.assign_parameters(list(values)).remove_final_measurements(inplace=False)
        own = result.prepared.circuit.assign_parameters(values)
        own = own.remove_final_measurements(inplace=False)
        law = Statevector(bound).probabilities()
        assert np.abs(law - Statevector(own).probabilities()).max() < 1e-12
        if isinstance(preparation, Amplitude):
            assert np.abs(law[:32] - result.expected[row]).max() < 1e-12
