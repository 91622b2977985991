"""B8: the value map couples nothing, and a probe sees the size of a field without its sign."""

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

from qcattn.claims.symmetry._field import energy_of_pair, minimum_of_pair, points
from qcattn.claims.symmetry.higgs import HiggsCoupling

QUICK = {"times": 5, "shots": 60_000, "alpha": 1e-6}


def test_the_value_map_is_no_coupling():
    """False-failure rate 1e-6."""
    found = HiggsCoupling(**QUICK)(seed=1)
    assert found.standing == "refuted" and found.check("coupling").holds is False
    assert found.check("mass").holds and found.check("onset").holds
    assert all(one.reference in one.estimate for one in found.numbers)
    assert "linear in the features alone" in found.words


def test_mended_it_is_an_analogy_for_the_vacuum_has_no_sign():
    found = HiggsCoupling(**QUICK, coupling="probe")(seed=1)
    assert found.standing == "analogy" and found.check("vacuum").holds is False


def test_a_faulty_simulator_decides_nothing(faulty):
    found = HiggsCoupling(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


@pytest.mark.parametrize("axis", ["X", "Y"])
def test_the_probe_is_that_of_the_dense_circuit(axis):
    claim = HiggsCoupling(qubits=3)
    probe = claim._probe(1.5, 1.1, axis)
    circuit = probe.circuit.remove_final_measurements(inplace=False)
    law = Statevector(circuit).probabilities([circuit.num_qubits - 1])
    assert np.allclose(law, probe.distribution, atol=1e-10) and law.min() > 0.01


def test_the_minimum_is_where_the_slope_vanishes():
    for beta in (1.01, 1.5, 3.0):
        x = minimum_of_pair(beta)
        assert x == pytest.approx(np.tanh(beta * x)) and x > 0
        fine = points(10, 1.5)
        assert abs(fine[energy_of_pair(fine, beta).argmin()]) == pytest.approx(x, abs=0.003)
    near = minimum_of_pair(1.001) ** 2
    assert near == pytest.approx(3 * 0.001 / 1.001**3, rel=0.01)
