"""What a file will take is seen from its headers and its size, before it is taken."""

import io
import json
import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest

from qcattn.datasets.files import read_qk, read_scores
from qcattn.errors import TooLarge
from qcattn.parsing import read_npy, read_npz

MIB = 2**20
#: 128 MiB of zeros, which compress to a thousandth.
ZEROS = np.zeros((2**23, 2))


@contextmanager
def taking_less_than(limit):
    """Python and NumPy take less than so many bytes inside."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit, f"{peak:,} bytes"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    few = np.array([[0.0, 1.0]])
    np.savez_compressed(folder / "zeros.npz", scores=ZEROS)
    np.savez_compressed(folder / "more.npz", scores=few, unused=ZEROS)
    np.savez_compressed(folder / "qk_more.npz", q=few, k=few, unused=ZEROS)
    np.savez(folder / "qk.npz", q=np.zeros((30_000, 1)), k=np.zeros((30_000, 1)))
    np.save(folder / "half.npy", ZEROS.astype(np.float16))
    (folder / "text.csv").write_text("0.5,0.5\n" * 100_000)
    (folder / "text.json").write_text(json.dumps([[0.5, 0.5]] * 100_000))
    return folder


def test_the_bomb_is_one(folder):
    assert (folder / "zeros.npz").stat().st_size < MIB < ZEROS.nbytes / 100


@pytest.mark.parametrize(
    ("read", "name", "says"),
    [
        (
            read_scores,
            "zeros.npz",
            r"takes 134,217,\d+ bytes .* once it is read, but 67,108,864 bytes",
        ),
        (read_scores, "half.npy", r"takes 134,217,728 bytes"),
        (read_qk, "qk.npz", r"1 table of 30,000 x 30,000 scores, which take 21,6"),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_unpacked(folder, read, name, says):
    with taking_less_than(8 * MIB), pytest.raises(TooLarge, match=f"{name}.*{says}"):
        read(folder / name, memory=64 * MIB)


@pytest.mark.filterwarnings("ignore::qcattn.errors.Doubtful")
@pytest.mark.parametrize("name", ["text.csv", "text.json"])
def test_text_that_does_not_fit_is_refused_by_its_size(folder, name):
    with taking_less_than(2 * MIB), pytest.raises(TooLarge, match=r"to read as text.*numpy.save"):
        read_scores(folder / name, memory=4 * MIB)
    with taking_less_than(110 * MIB):
        assert read_scores(folder / name, memory=110 * MIB).scores.shape == (100_000, 2)


@pytest.mark.parametrize(("read", "name"), [(read_scores, "more.npz"), (read_qk, "qk_more.npz")])
def test_only_what_is_named_is_unpacked(folder, read, name):
    with taking_less_than(8 * MIB):
        assert read(folder / name, memory=64 * MIB).scores.size <= 2


def test_without_a_limit_it_is_half_of_the_memory_there_is(monkeypatch, folder):
    monkeypatch.setattr("qcattn.parsing.memory_bytes", lambda: 128 * MIB)
    content = (folder / "zeros.npz").read_bytes()
    with taking_less_than(8 * MIB), pytest.raises(TooLarge, match=r"but 67,108,864 bytes"):
        read_npz(io.BytesIO(content))
    with taking_less_than(8 * MIB), pytest.raises(TooLarge), (folder / "half.npy").open("rb") as at:
        read_npy(at)
