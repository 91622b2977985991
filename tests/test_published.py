"""Published figures that belong to no single method: heralding, and a vendor's thermal state.

The others stand beside what reproduces them: gaps in preparations/test_lindblad.py, thermofield
doubles in preparations/test_thermofield_qaoa.py, two registers and a truncated free energy in
preparations/test_variational.py, a bath of one qubit in preparations/test_system_bath.py, the
Heisenberg cycle in test_models.py. `python tests/benchmarks/published.py` prints all of them.
"""

import math

import numpy as np
import pytest
from scipy.stats import chi2

from qcattn.backends import Aer
from qcattn.comparisons import acceptance, fit
from qcattn.datasets import load_scores
from qcattn.dense_state import system_state
from qcattn.encodings import Binary
from qcattn.models.spins import ising
from qcattn.preparations import Amplified, Heralded
from qcattn.preparations.reference import populations
from qcattn.records import Counts, Hamiltonian

HERALDING = {
    2: {0.2: 0.7764, 0.5: 0.5888, 1.0: 0.4524, 2.0: 0.3621, 5.0: 0.2815},
    4: {0.2: 0.4705, 0.5: 0.2215, 1.0: 0.1370, 2.0: 0.1211, 5.0: 0.1148},
    6: {0.2: 0.3235, 0.5: 0.0999, 1.0: 0.0409, 2.0: 0.0314, 5.0: 0.0307},
}


@pytest.mark.parametrize(("n", "beta"), [(n, beta) for n in HERALDING for beta in HERALDING[n]])
def test_heralding_on_the_spectrum_of_a_published_ring(n, beta):
    """published-numbers 4: Z e^{beta E0}/2^n, H = -sum XX - 0.5 sum Z (one bond for n = 2).

    The success of e^{-beta (H - E0)/2} depends on the spectrum alone, so the ring is heralded in
    its eigenbasis: 1e-12 dense; counted, with a false-failure rate of 1e-6, and a wrong number
    refuted.
    """
    levels = np.linalg.eigvalsh(ising(n, field=0.5, axes=("X", "Z")).matrix)
    exact = np.exp(-beta * (levels - levels[0])).mean()
    assert abs(exact - HERALDING[n][beta]) < 5.1e-5
    prepared = Heralded()(Hamiltonian.of(np.diag(levels)), beta=beta)
    assert abs(prepared.success - exact) < 1e-12
    assert abs(system_state(prepared)[1] - exact) < 1e-12
    counts = Aer(device="CPU", draws="born")(prepared, 100_000, seed=4)
    assert acceptance(counts, exact).overall > 1e-6
    assert acceptance(counts, 1.1 * exact).overall < 1e-6


@pytest.mark.parametrize("place", [(0, 3, 2, 10), (2, 12, 5, 15), (2, 29, 8, 12)])
def test_heralding_and_rounds_on_softmax_rows(place):
    """published-numbers 9: 1/(2^n max p), and (pi/4) sqrt(2^n max p) rounds that undo it.

    1e-12 dense; counted on Aer's own shots, with a false-failure rate of 2e-6.
    """
    sentence, *index = place
    row = Binary()(load_scores("smollm2", sentence).scores[tuple(index)])
    law = 1 / (2**row.num_qubits * populations(row, 1.0).max())
    prepared = Heralded()(row, beta=1.0)
    assert abs(prepared.success - law) < 1e-12
    assert abs(system_state(prepared)[1] - law) < 1e-12
    counts = Aer(device="CPU")(prepared, 50_000, seed=5)
    assert acceptance(counts, law).overall > 1e-6
    assert acceptance(counts, 1.1 * law).overall < 1e-6
    amplified = Amplified(success=law)(row, beta=1.0)
    quarter_turn = math.pi / 4 / math.sqrt(law)
    rounds = amplified.circuit.metadata["rounds"]
    assert abs(rounds - quarter_turn) < 1 and abs(amplified.success - 1) < 0.01
    counts = Aer(device="CPU")(amplified, 20_000, seed=6)
    assert acceptance(counts, amplified.success).overall > 1e-6


def test_a_vendors_thermal_state_is_what_it_should_be():
    """published-numbers 5: Classiq's example, eigenvalues 2, 0, -2, 0, 1000 shots at beta .2.

    Chi-square 3.30 on 3 degrees of freedom against the Gibbs populations; `fit` agrees, and says
    that beta .5 is something else. The same state heralded on Aer agrees with both.
    """
    hamiltonian = Binary()([-2.0, 0.0, 2.0, 0.0])
    law = populations(hamiltonian, 0.2)
    assert np.abs(law - [0.16105, 0.24026, 0.35843, 0.24026]).max() < 6e-6
    seen = np.array([177, 248, 353, 222])
    statistic = float(((seen - 1000 * law) ** 2 / (1000 * law)).sum())
    assert abs(statistic - 3.30) < 5e-3
    counts = Counts(seen, np.array(0), np.array(0))
    assert 0.3 < chi2.sf(statistic, 3) < 0.4 and fit(counts, law).overall() > 0.05
    assert fit(counts, populations(hamiltonian, 0.5)).overall() < 0.001
    prepared = Heralded()(hamiltonian, beta=0.2)
    ours = Aer(device="CPU")(prepared, 20_000, seed=1)
    assert fit(ours, law).overall() > 1e-6, "false-failure rate 1e-6"
    assert fit(ours, populations(hamiltonian, 0.5)).overall() < 1e-6
