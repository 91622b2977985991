"""B9: a tensor core has no coherence to lose, a qubit has, and attention does not need it."""

import numpy as np
import pytest

from qcattn.claims.symmetry._bfloat16 import bfloat16, there_and_back
from qcattn.claims.symmetry._ramsey import fitted_t2, ramsey
from qcattn.claims.symmetry.decoherence import TensorCoreDecoherence, tensor_core_figures
from qcattn.dense_state import outcome_distribution
from qcattn.preparations import Amplitude

QUICK = {"rows": 4, "shots": 20_000, "epsilon": 0.1, "alpha": 1e-6}


def decaying(t2):
    """Planted figures of a card whose fidelity falls within picoseconds."""
    idle = np.array([0.0, 50.0, 150.0, 400.0, 900.0])
    rows = [
        {
            "way": "gatewise", "cycles": 10 * i, "idle_ms": 1e-9 * t, "distinct": 2,
            "normalised": (1 + np.exp(-t / t2)) / 2,
        }
        for i, t in enumerate(idle)
    ]  # fmt: skip
    return tensor_core_figures() | {"ramsey": rows, "device": "planted card"}


def test_a_tensor_core_does_not_decohere():
    """False-failure rate 1e-6."""
    found = TensorCoreDecoherence(**QUICK)(seed=1)
    assert found.standing == "refuted"
    for name in ("state", "decay", "drop", "clock"):
        assert found.check(name).holds is False
    assert found.check("Ramsey").holds and found.check("emulated").holds
    assert "506 ps" in found.words and "null vector" in found.words
    assert all(one.reference in one.estimate for one in found.numbers)
    _, table = found.panels
    law, rows, measured = table.curves
    assert law.name == "0.14 (1 - exp(-528 ps / T2))" and rows.y.tolist() == [0.128, 0.042]
    assert measured.high.max() < rows.low.max()


def test_figures_that_decay_and_a_coherent_reading_would_bear_it_out():
    found = TensorCoreDecoherence(
        **QUICK,
        start="amplitude",
        figures=decaying(200.0),
        angle=np.pi / 2,
        preparation=Amplitude(),
    )(seed=1)
    assert found.check("state").holds and found.check("decay").holds and found.check("drop").holds
    assert found.standing == "exact"


def test_a_faulty_simulator_decides_nothing(faulty):
    found = TensorCoreDecoherence(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_the_emulation_rounds_as_ml_dtypes_does():
    types = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed")
    values = np.random.default_rng(1).normal(size=10_000) * 10.0 ** np.arange(-8, 2).repeat(1000)
    assert np.array_equal(bfloat16(values), values.astype(types.bfloat16).astype(np.float32))


def test_the_emulation_rounds_to_eight_bits_half_to_even():
    ulp = 2.0**-7
    assert bfloat16(np.array([1 + ulp / 2, 1 + 3 * ulp / 2, -2.0])).tolist() == [1, 1 + 2 * ulp, -2]
    values = np.random.default_rng(1).normal(size=1000)
    assert np.abs(bfloat16(values) / values - 1).max() <= 2.0**-8
    assert there_and_back(6, 1.0) == (1.0, 1.0) and there_and_back(6, 0.0) == (0.0, 0.0)


def test_ramsey_is_that_of_the_dense_circuit_and_its_interval_covers():
    """300 fits at 10%: 30 misses expected, 5 standard deviations are 26."""
    ratios = np.linspace(0.1, 2, 6)
    circuit = ramsey(ratios)
    for i in range(6):
        law, _ = outcome_distribution(circuit[i])
        assert np.allclose(law, circuit.distribution[i])
    rng = np.random.default_rng(1)
    missed = 0
    for _ in range(300):
        keys = rng.multinomial(2_000, circuit.distribution)
        missed += 200.0 not in fitted_t2(200 * ratios, keys, 0.1)
    assert abs(missed - 30) < 26
