"""Digital heating: noise makes hotter, by the law that a planted loss follows."""

import numpy as np
import pytest

from qcattn.certification import fit_loss, heated_beta, lawful_ratio, measure_heating
from qcattn.certification.heating import Heating
from qcattn.encodings import Binary
from qcattn.evidence import Estimate
from qcattn.models import ising
from qcattn.preparations import DetailedBalance, Heralded, ImaginaryTime, Purification
from qcattn.thermal import boltzmann

ROW = Binary()([0.3, 1.1, -0.4, 0.9])
LEVELS = np.array([-1.0, 0.0, 0.3, 2.0])


def planted(load, loss, beta=1.0):
    found = heated_beta(LEVELS, beta, load, loss)
    return Heating("x", load / 10, 10, beta, Estimate(found, found, found), True, LEVELS, beta)


def test_the_law_takes_a_share_of_the_energy_for_each_failing_gate():
    for load in (0.0, 0.2, 1.5):
        beta = heated_beta(LEVELS, 1.3, load, 0.6)
        kept = (boltzmann(LEVELS, beta) @ LEVELS - LEVELS.mean()) / (
            boltzmann(LEVELS, 1.3) @ LEVELS - LEVELS.mean()
        )
        assert kept == pytest.approx(np.exp(-0.6 * load), rel=1e-9)


def test_a_planted_loss_is_found_and_another_law_leaves_more():
    made = [planted(load, 0.6) for load in (0.05, 0.3, 1.0)]
    assert fit_loss(made) == pytest.approx(0.6, abs=1e-4)
    assert max(abs(one.ratio - lawful_ratio(one, 0.6)) for one in made) < 1e-9
    assert max(abs(one.ratio - lawful_ratio(one, 0.9)) for one in made) > 0.05
    with pytest.raises(ValueError, match="at least one"):
        fit_loss([])


def test_a_circuit_without_a_bath_follows_the_law_and_one_with_a_bath_forgets():
    """Intervals at 1e-6 each: eight of them."""
    for method in (Purification(), Heralded()):
        prepared = method(ROW, beta=1.0)
        found = [measure_heating(prepared, ROW, 1.0, p, alpha=1e-6) for p in (0.0, 0.1, 0.2)]
        assert 1.0 in found[0].beta and found[2].beta.high < found[1].beta.low
        loss = fit_loss(found[1:])
        for one in found[1:]:
            assert abs(one.ratio - lawful_ratio(one, loss)) < 0.05
    losses = []
    for error in (1e-1, 1e-5):
        prepared = DetailedBalance(error=error)(ROW, beta=1.0)
        losses.append(measure_heating(prepared, ROW, 1.0, 0.02, alpha=1e-6))
    short, long = losses
    assert long.gates >= 3 * short.gates
    assert abs(long.ratio - short.ratio) < 0.05, "more steps, no more heat"
    assert lawful_ratio(long, fit_loss([short])) < long.ratio - 0.1, "which the law does not say"


def test_a_circuit_that_goes_on_after_measuring_is_drawn_shot_by_shot():
    hamiltonian = ising(2)
    prepared = ImaginaryTime(error=0.1)(hamiltonian, beta=0.3)
    found = measure_heating(prepared, hamiltonian, 0.3, 0.01, shots=400)
    assert np.isfinite(found.beta.best) and found.load == pytest.approx(0.01 * found.gates)


@pytest.mark.parametrize("strength", [-0.1, 1.0, np.nan, "strong", [0.1, 0.2]])
def test_a_strength_that_is_no_probability_is_refused(strength):
    with pytest.raises(ValueError, match="`strength`"):
        measure_heating(Purification()(ROW, beta=1.0), ROW, 1.0, strength)
