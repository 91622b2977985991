"""A folder that would take gigabytes is refused by the headers of its arrays."""

import io
import json
import tracemalloc

import numpy as np
import pytest

import qcattn
from qcattn.errors import TooLarge
from qcattn.folders.sealed import _canonical, _sha256
from qcattn.preparations import Amplitude

ZEROS = np.zeros(2**23)  # 64 MiB, which compress to 64 kB


def forged(folder, **changes):
    """A result whose arrays were changed, and all hashes after them."""
    scores = np.random.default_rng(1).normal(size=(2, 4))
    qcattn.save(qcattn.run(scores, shots=100, seed=1, preparation=Amplitude()), folder)
    with np.load(folder / "result.npz") as archive:
        arrays = {name: archive[name] for name in archive.files} | changes
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    (folder / "result.npz").write_bytes(file.getvalue())
    document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    document["files"]["result.npz"] = _sha256(file.getvalue())
    document["sha256"] = _sha256(_canonical(document))
    (folder / "result.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def taken(folder):
    """Bytes that loading takes at its peak, and what it raises."""
    tracemalloc.start()
    try:
        qcattn.load(folder)
    except ValueError as error:
        return tracemalloc.get_traced_memory()[1], error
    else:
        return tracemalloc.get_traced_memory()[1], None
    finally:
        tracemalloc.stop()


def test_an_array_that_nobody_reads_is_not_unpacked(tmp_path):
    peak, error = taken(forged(tmp_path / "a", more=ZEROS))
    assert error is None and peak < ZEROS.nbytes / 4


def test_scores_that_do_not_fit_are_refused_by_their_shape(tmp_path, monkeypatch):
    folder = forged(tmp_path / "a", scores=ZEROS.reshape(-1, 4))
    monkeypatch.setattr("qcattn.folders.results.memory_bytes", lambda: 2**31)
    peak, error = taken(folder)
    assert isinstance(error, TooLarge) and "scores of shape (2097152, 4)" in str(error)
    assert peak < ZEROS.nbytes / 4


@pytest.mark.parametrize("name", ["expected", "counts_keys", "prepared_values", "beta"])
def test_arrays_beyond_those_of_a_run_are_refused_by_their_headers(tmp_path, monkeypatch, name):
    monkeypatch.setattr("qcattn.folders.results.held_bytes", lambda shape: 2**20)
    peak, error = taken(forged(tmp_path / "a", **{name: ZEROS}))
    assert isinstance(error, TooLarge) and repr(name) in str(error)
    assert peak < ZEROS.nbytes / 4
