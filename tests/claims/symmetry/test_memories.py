"""B11: a larger topological memory is better below its threshold, and worse above."""

import pytest

from qcattn.claims.symmetry import memories
from qcattn.claims.symmetry.memories import TopologicalMemory

QUICK = {"shots": 60_000, "epsilon": 0.05, "alpha": 1e-6}


@pytest.fixture
def bare(monkeypatch):
    """Without the packages of the extra `qec`."""
    monkeypatch.setattr(memories, "installed", lambda: False)


def test_below_the_threshold_the_larger_memory_is_better(bare):
    """False-failure rate 1e-6."""
    found = TopologicalMemory(**QUICK)(seed=1)
    assert found.standing == "conditional" and "threshold" in found.condition
    assert found.check("larger").holds and found.check("threshold").holds is False
    assert "qcattn[qec]" in found.words and "no observable is named" in found.words
    (drawn,) = found.numbers
    assert drawn.reference in drawn.estimate


def test_above_the_threshold_it_is_worse(bare):
    found = TopologicalMemory(**QUICK, rate=0.15)(seed=1)
    assert found.standing == "refuted" and "is worse" in found.words


def test_a_faulty_simulator_decides_nothing(bare, faulty):
    found = TopologicalMemory(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_with_noise_at_every_gate_errors_fall_with_distance():
    for name in ("stim", "pymatching"):
        pytest.importorskip(name, reason=f"{name} of the extra `qec` is not installed")
    found = TopologicalMemory()(seed=1)
    assert found.standing == "conditional" and found.check("gates").holds
    assert "distance 7" in found.words
