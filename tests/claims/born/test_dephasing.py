"""A15: dephasing shows where it must, nowhere else, and from the predicted field on."""

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.claims.born._smallest_field import power_of_fit
from qcattn.claims.born._turned import turned_law
from qcattn.claims.born.dephasing import QuantumMeasurement
from qcattn.comparisons import fit
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.evidence import Check, Finding
from qcattn.preparations import QSVT, Purification
from qcattn.progress import silent
from qcattn.records import Counts

SMALL = {
    "shots": 60_000,
    "epsilon": 0.05,
    "kept": 500,
    "runs": 300,
    "alpha": 1e-6,
    "preparation": QSVT(error=1e-3),
    "backend": Aer(draws="born"),
}


def holds(finding, *names):
    return [finding.check(name).holds for name in names]


@pytest.fixture(scope="module")
def found():
    return QuantumMeasurement(**SMALL)(seed=1)


def test_coherence_shows_only_where_it_is_and_is_looked_for(found):
    """False-failure rate 1e-6."""
    assert found.standing == "analogy"
    assert holds(found, "keys", "dense", "rotated", "transverse", "forecast") == [True] * 5
    assert found.check("diagonal").holds is False
    controls = {one.name for one in found.checks if one.role == "control"}
    assert controls == {"sampler", "dense", "rotated", "transverse", "forecast"}
    assert "draw from a classical distribution" in found.words
    assert "does not mention" in found.words and not found.condition


def test_a_superposition_of_the_keys_is_measured_as_quantum_states_are():
    """The premise changed: attention's state is pure, with the same keys.

    Words follow from checks by name, wherever they stand.
    """
    claim = QuantumMeasurement(**SMALL, pure=True)
    measured = claim.measure(np.random.SeedSequence(1), silent)
    checks = {check.name: check for check in claim.check(measured)}
    pure = Finding(name="A15", title="", checks=tuple(checks.values()), alpha=1e-6, seed=1)
    assert pure.standing == "exact"
    assert holds(pure, "keys", "dense", "diagonal") == [True] * 3
    assert "classical distribution" not in claim.describe(measured, checks).words
    assert set(checks) == {
        "keys",
        "dense",
        "rotated",
        "transverse",
        "forecast",
        "diagonal",
    }
    more = {"another": Check("another", "Something else holds", False, "")}
    said = claim.describe(measured, checks)
    assert said.words and claim.describe(measured, more | dict(reversed(checks.items()))) == said


def test_the_smallest_field_is_where_plan_says(found):
    smallest, *shares = found.numbers
    below, at, above = (number.estimate for number in shares)
    assert smallest.reference in smallest.estimate
    assert smallest.estimate.best == pytest.approx(smallest.reference, rel=0.1)
    assert below.high < 0.9 < at.high and above.low > 0.85
    exact, line, measured = found.panels[1].curves
    power = np.interp(measured.x, exact.x, exact.y)
    assert (power >= measured.low).all() and (power <= measured.high).all()
    assert 0.9 < power[1] < 0.98  # plan is safe and not far off
    assert line.x[0] == pytest.approx(measured.x[1])


def test_read_in_the_keys_nothing_shows_and_nothing_is_decided():
    """The instrument changed: no turn before the reading, so that no coherence could be seen."""
    blind = QuantumMeasurement(**SMALL, angle=0.0)(seed=1)
    assert blind.standing == "undecided"
    assert holds(blind, "keys", "dense", "rotated", "transverse") == [True, True, False, False]
    some = blind.check("some field")
    assert some.holds is False and some.role == "control"
    assert "forecast" not in {check.name for check in blind.checks}, "there is none to be tested"
    assert not blind.numbers


def test_a_state_that_has_lost_its_coherence_is_caught():
    """A planted fault: right populations, no coherence."""

    def without(hamiltonian, beta):
        if hamiltonian.off_diagonal is None:
            return SMALL["preparation"](hamiltonian, beta=beta)
        diagonal = Binary()(np.log(turned_law(hamiltonian, 0.0, False)))
        return Purification()(diagonal, beta=beta)

    found = QuantumMeasurement(**{**SMALL, "preparation": without})(seed=1)
    assert found.standing == "undecided", "the forecast is a control: where it fails, nothing is"
    assert holds(found, "dense", "forecast") == [False, False]


def test_a_simulator_that_mixes_in_other_outcomes_is_caught(checked):
    def leaking(prepared, shots, seed):
        counts = SMALL["backend"](prepared, shots, seed)
        moved = counts.keys // 10
        return Counts(counts.keys - moved + moved[..., ::-1], counts.stray, counts.discarded)

    found = checked(QuantumMeasurement(**{**SMALL, "backend": leaking, "runs": 40}))
    assert found["dense"].holds is False and not found["forecast"].holds


def test_laws_of_a_qubit_in_closed_form():
    """<X> of a qubit of energies -s, 0 in a field, and none once dephased or without a field."""
    s, field = 0.8, 0.6
    r = np.hypot(s / 2, field)
    mean_x = field / r * np.tanh(r)
    hamiltonian = Transverse(field=field)([s, 0.0])
    coherent, dephased = (turned_law(hamiltonian, np.pi / 2, flag) for flag in (False, True))
    assert coherent == pytest.approx([(1 + mean_x) / 2, (1 - mean_x) / 2])
    assert dephased == pytest.approx([0.5, 0.5])
    softmax = np.exp([s, 0.0]) / np.exp([s, 0.0]).sum()
    assert turned_law(Binary()([s, 0.0]), 0.0, True) == pytest.approx(softmax)
    turned = turned_law(Rotated(angles=[[0.4]])([s, 0.0]), 0.4, False)
    assert turned == pytest.approx(softmax)  # ry(-0.4) undoes U
    assert np.abs(turned_law(Rotated(angles=[[0.4]])([s, 0.0]), 0.4, True) - softmax).max() > 0.01


def test_power_is_the_share_of_draws_that_fit_refutes():
    """1000 draws: 5 standard deviations, false-failure rate 1e-6."""
    seen, dephased = np.array([0.55, 0.45]), np.array([0.5, 0.5])
    rows = np.random.default_rng(1).multinomial(800, seen, size=1000)
    share = (fit(rows, dephased).p_values <= 0.01).mean()
    power = power_of_fit(seen, dephased, 800)
    assert abs(share - power) < 5 * np.sqrt(power * (1 - power) / 1000)
