"""Memory: predicted before it is taken, kept to, and never at the cost of other counts."""

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.backends.memory import parse_bytes
from qcattn.backends.noise import noise_options
from qcattn.encodings import Binary, OneHot
from qcattn.preparations import Amplitude, Heralded, Purification

SCORES = np.random.default_rng(3).normal(scale=2.0, size=(6, 5))


@pytest.fixture(scope="module")
def benchmark():
    path = Path(__file__).parents[1] / "benchmarks" / "memory.py"
    spec = importlib.util.spec_from_file_location("memory_under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_what_is_measured_is_below_what_was_predicted_and_the_budget_is_kept(benchmark):
    """In processes of their own. The planted fault is the plentiful one held to the lean budget."""
    plenty = benchmark.Case("", "Amplitude", 128, 8000, 100, "born", "4GiB", "1GiB")
    lean = replace(plenty, memory="64MiB")
    found = {case: benchmark.apart(case) for case in (plenty, lean)}
    for case in (plenty, lean):
        assert benchmark.right(case, found[case]), found[case]
        assert found[case]["predicted"] < 4 * found[case]["drawn"] + 2**25
    assert found[lean]["rows at once"] < found[plenty]["rows at once"] == 8000
    assert found[lean]["drawn"] < 64 * 2**20 < found[plenty]["drawn"]
    assert not benchmark.right(lean, found[plenty])


def test_the_peak_is_of_this_process_and_not_of_the_one_that_started_it():
    """Which `getrusage` mixes up where the parent is larger."""
    held = np.ones(2**25)  # 256 MiB
    code = "from qcattn.machine import peak_bytes; print(peak_bytes())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 2**22 < int(done.stdout) < held.nbytes


@pytest.mark.parametrize("draws", ["shots", "born"])
def test_counts_do_not_depend_on_the_budget(draws):
    prepared = Heralded()(Binary()(SCORES), beta=1.0)
    plenty = Aer(device="CPU", draws=draws)
    need = plenty.footprint(prepared, 400)
    lean = replace(plenty, memory=need.peak(2))
    assert [rows.stop - rows.start for rows, _ in lean.stream(prepared, 400, 1)][1:3] == [2, 2]
    assert plenty.rows_at_once(prepared, 400) == 6
    for name in ("keys", "stray", "discarded"):
        drawn = [getattr(backend(prepared, 400, 1), name) for backend in (plenty, lean)]
        assert np.array_equal(*drawn)


class TestRefusals:
    def test_a_state_beyond_memory_is_refused_with_its_bytes(self):
        """44 qubits are 256 TiB: the answer comes at once, or this machine is gone."""
        prepared = Purification()(OneHot()(np.zeros(22)), beta=1.0)
        with pytest.raises(ValueError, match=r"281,474,976,710,656 are the state of 44 qubits"):
            Aer(device="CPU")(prepared, 10)
        assert Aer(method="matrix_product_state").footprint(prepared, 10).state == 0

    def test_a_budget_that_no_row_fits_into_is_named(self):
        prepared = Amplitude()(Binary()(SCORES), beta=1.0)
        with pytest.raises(ValueError, match=r"`memory` leaves 1,000 bytes .* more memory"):
            Aer(device="CPU", memory=1000)(prepared, 10)

    @pytest.mark.parametrize("memory", [0, -1, float("nan")])
    def test_no_memory_is_no_budget(self, memory):
        with pytest.raises(ValueError, match="`memory` must be positive"):
            Aer(memory=memory)


def test_the_state_is_counted_as_it_is_held():
    prepared = Purification()(Binary()(SCORES), beta=1.0)
    noise = noise_options("depolarizing", 6)

    def state(shots=10, **options):
        return Aer(device="CPU", **options).footprint(prepared, shots).state

    assert state() == 16 * 2**6
    assert state(precision="single") == 8 * 2**6
    assert state(method="density_matrix") == 16 * 4**6
    assert state(draws="born", **noise) == 16 * 4**6
    assert state(shots=64, **noise) == 16 * 2**6, "trajectories"
    assert state(shots=65, **noise) == 16 * 4**6, "Aer takes the density matrix by itself"
    assert state(shots=65, **noise_options("readout", 6)) == 16 * 2**6


@pytest.mark.parametrize("shots", [64, 65])
def test_aer_takes_the_method_that_is_predicted(monkeypatch, shots):
    """The boundary above is Aer's own choice, and may move with its version."""
    from qcattn.backends import streams

    seen = []
    original = streams.run_bound

    def noted(*arguments, **options):
        results = original(*arguments, **options)
        seen.extend(result.metadata["method"] for result in results)
        return results

    monkeypatch.setattr(streams, "run_bound", noted)
    prepared = Purification()(Binary()(SCORES[0]), beta=1.0)
    Aer(device="CPU", **noise_options("depolarizing", 6))(prepared, shots, seed=1)
    assert set(seen) == {"statevector" if shots == 64 else "density_matrix"}


@pytest.mark.parametrize(
    ("text", "size"),
    [("4GiB", 2**32), ("1.5 MB", 1_500_000), ("2k", 2000), ("7", 7), ("1e3 kib", 1024_000)],
)
def test_sizes_in_words(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["lots", "", "-4GiB", "0", "4 XiB", "1.2.3", "GiB"])
def test_sizes_that_are_none_are_named(text):
    with pytest.raises(ValueError, match="such as 4GiB"):
        parse_bytes(text)
