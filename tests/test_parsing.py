"""JSON and NumPy files: what stands twice is refused, wherever the house reads them."""

import ast
import io
import json
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

import qcattn
from qcattn import load_findings, load_trials, models, prepare, run
from qcattn.comparisons.files import read_outcomes
from qcattn.datasets.files import read_qk, read_scores
from qcattn.evidence import Check, Curve, Finding, Panel
from qcattn.folders.findings import save_findings
from qcattn.folders.runs import Run, load_run, save_run
from qcattn.folders.trials import save_trials
from qcattn.parsing import parse_json, read_npy, read_npz
from qcattn.preparations import Purification

HOUSE = Path(qcattn.__file__).parent


def npz_of(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def twice(content: bytes, name: str) -> bytes:
    """The same archive with an array once more, of other numbers."""
    file, inner = io.BytesIO(content), io.BytesIO()
    with zipfile.ZipFile(file) as archive:
        array = np.load(archive.open(f"{name}.npy"))
    np.save(inner, np.zeros_like(array))
    with warnings.catch_warnings(), zipfile.ZipFile(file, "a") as archive:
        warnings.simplefilter("ignore")  # zipfile warns of what is planted here
        again = zipfile.ZipInfo(f"{name}.npy")  # of no time: the bytes name a case of a test
        archive.writestr(again, inner.getvalue())
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "read"),
    [
        ("s.json", '{"scores": [1, 2], "scores": [2, 1]}', read_scores),
        ("s.json", '{"scores": [1, 2], "tokens": ["a", "b"], "tokens": ["b", "a"]}', read_scores),
        ("q.json", '{"q": [[1]], "k": [[1]], "k": [[2]]}', read_qk),
        ("c.json", '{"00": 5, "11": 6, "00": 7}', read_outcomes),
        ("c.json", '{"results": [{"data": {"counts": {"0x0": 5, "0x0": 6}}}]}', read_outcomes),
        ("s.npz", twice(npz_of(scores=[[1.0, 2.0]]), "scores"), read_scores),
        ("q.npz", twice(npz_of(q=[[1.0]], k=[[2.0]]), "k"), read_qk),
    ],
)
def test_what_stands_twice_is_refused(tmp_path, name, content, read):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=rf"{name}`: it h.* twice.*; keep one"):
        read(path)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder of each kind, how it is read, and one of its arrays."""
    place = tmp_path_factory.mktemp("folders")
    save_run(Run((run([0.0, 1.0], shots=10, seed=1),), 0.01), place / "result")
    trials = prepare(models.ising(2, field=0.0), methods=[Purification()], shots=10, seed=1)
    save_trials(trials, place / "trials")
    curve = Curve("c", np.arange(2.0), np.arange(2.0))
    checks = (Check("held", "It holds", True, "dense"),)
    panels = (Panel("p", "x", "y", (curve,)),)
    finding = Finding(name="A0", title="t", checks=checks, panels=panels, alpha=0.01, seed=1)
    save_findings([finding], place / "findings")
    return {
        "result": (place / "result", load_run, "result.npz", "counts_keys"),
        "trials": (place / "trials", load_trials, "hamiltonian.npz", "energies"),
        "findings": (place / "findings", load_findings, "findings.npz", "0_0_0_y"),
    }


@pytest.mark.parametrize("kind", ["result", "trials", "findings"])
def test_what_stands_twice_in_a_folder_is_refused(folders, kind, rehashed):
    folder, read, archive, array = folders[kind]
    document = folder / f"{kind}.json"
    text, content = document.read_text(encoding="utf-8"), (folder / archive).read_bytes()
    read(folder)
    # The later entry is the true one, so the hash fits what Python's reader would make of it.
    document.write_text(text.replace("{", '{"format_version": 1,', 1), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{kind}\.json` is damaged: it has 'format_version' tw"):
        read(folder)
    document.write_text(text, encoding="utf-8")
    (folder / archive).write_bytes(twice(content, array))
    document.write_text(rehashed(folder, json.loads(text)), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"it holds the array '{array}' twice; keep one"):
        read(folder)
    document.write_text(text, encoding="utf-8")
    (folder / archive).write_bytes(content)


@pytest.fixture
def rehashed():
    import hashlib

    def seal(folder, document):
        files = document["files"]
        for name in files:
            files[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        del document["sha256"]
        text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return json.dumps({**document, "sha256": hashlib.sha256(text.encode()).hexdigest()})

    return seal


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "it is not JSON"),
        (b"\xff\xfe\xff", "it is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "a whole number of 5,000 digits"),
        ('{"a": {"b": 1, "b": 2}}', "it has 'b' twice in one object, 1 and 2"),
        (json.dumps({"a" * 10_000: 1})[:-1] + f', "{"a" * 10_000}": 2}}', "twice in one object"),
    ],
)
def test_what_is_no_json_is_said_in_a_few_words(content, said):
    with pytest.raises(ValueError, match=said) as caught:
        parse_json(content)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_is_read_in_each_of_its_encodings(encoding):
    assert parse_json('{"ä": [1, 2.5, -0]}'.encode(encoding)) == {"ä": [1, 2.5, 0]}


def test_arrays_are_read_by_name_and_others_not_unpacked():
    content = npz_of(a=np.arange(7, 10), b=np.arange(4))
    assert list(read_npz(io.BytesIO(content), ["b", "c"])) == ["b"]
    assert list(read_npz(io.BytesIO(content))) == ["a", "b"]
    spoilt = content.replace(np.arange(7, 10).tobytes(), b"\1" * 24)
    assert read_npz(io.BytesIO(spoilt), ["b"])["b"].tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="it is damaged"):
        read_npz(io.BytesIO(spoilt))


def test_an_archive_is_no_array_and_an_array_no_archive():
    file = io.BytesIO()
    np.save(file, np.arange(3))
    with pytest.raises(ValueError, match=r"it is one array, not an \.npz archive"):
        read_npz(io.BytesIO(file.getvalue()))
    with pytest.raises(ValueError, match=r"it is an \.npz archive"):
        read_npy(io.BytesIO(npz_of(a=[1])))
    assert read_npy(io.BytesIO(file.getvalue())).tolist() == [0, 1, 2]


def other_readers(source: str) -> list[int]:
    """Lines that read JSON or NumPy files by themselves."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and (getattr(node.value, "id", ""), node.attr)
        in {("json", "load"), ("json", "loads"), ("np", "load"), ("numpy", "load")}
    ]


@pytest.mark.parametrize(
    "path", sorted(HOUSE.rglob("*.py")), ids=lambda path: str(path.relative_to(HOUSE))
)
def test_all_is_read_by_one_reader(path):
    # The worker runs in environments that have no qcattn, and reads what qcattn wrote.
    if path not in (HOUSE / "parsing.py", HOUSE / "backends" / "piped_worker.py"):
        assert not other_readers(path.read_text(encoding="utf-8"))


def test_another_reader_is_noticed():
    assert other_readers((HOUSE / "parsing.py").read_text(encoding="utf-8"))
