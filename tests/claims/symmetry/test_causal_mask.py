"""B3: the printed mask is wrong, the mended one is exact, and neither is a light cone."""

import numpy as np
import pytest

from qcattn.claims.symmetry._quench import exact_signal, fastest, quenched
from qcattn.claims.symmetry.causal_mask import CausalMask, _reach
from qcattn.dense_state import outcome_distribution
from qcattn.records import every_reading

QUICK = {
    "tokens": 8, "changed": 6, "sites": 6, "times": 8, "steps": 12, "shots": 8_000, "epsilon": 0.1,
    "alpha": 1e-6,
}  # fmt: skip


def test_the_printed_mask_is_refuted():
    """False-failure rate 1e-6."""
    found = CausalMask(**QUICK)(seed=1)
    assert found.standing == "refuted"
    for name in ("rows", "past", "translation", "cone", "critical"):
        assert found.check(name).holds is False
    assert "leaves one query without any key" in found.words
    assert all(one.reference in one.estimate for one in found.numbers)


def test_the_mended_mask_is_exact_and_the_cone_an_analogy():
    found = CausalMask(**QUICK, mask="mended")(seed=1)
    assert found.standing == "analogy"
    assert found.check("rows").holds and found.check("past").holds
    assert "replacing one changes no earlier query" in found.words


def test_a_faulty_simulator_decides_nothing(faulty):
    found = CausalMask(**QUICK, mask="mended", backend=faulty)(seed=1)
    assert found.standing == "undecided"
    assert found.check("sampler").holds
    assert not found.check("laws").holds and not found.check("fermions").holds


@pytest.mark.parametrize("field", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("excited", [False, True])
def test_free_fermions_agree_with_the_dense_state(field, excited):
    """Two ways to the same means, neither of which knows the other."""
    circuit = quenched(5, field, [0.7], 3, excited=excited)[0]
    law, _ = outcome_distribution(circuit)
    spins = 1 - 2 * every_reading(5).astype(float)
    read = spins if field >= 1 else spins[:, :-1] * spins[:, 1:]
    exact = exact_signal(5, field, [0.7], 3, excited=excited)[0]
    assert np.allclose(law @ read, exact, atol=1e-10)
    assert np.abs(exact - exact_signal(5, field, [0.0], 3, excited=excited)[0]).max() > 0.1


def test_a_window_grows_and_the_whole_mask_does_not():
    reach = _reach(8, 3)
    assert reach["window"].tolist() == [2, 4, 6, 8, 10, 12]
    assert len(set(reach["whole mask"])) == 1
    assert [fastest(g) for g in (0.25, 3.0)] == [0.5, 2.0]
