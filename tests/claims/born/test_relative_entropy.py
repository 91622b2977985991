"""A8: relative entropy by energies and by counts, and what counting loses."""

import numpy as np
import pytest
from scipy import special
from scipy.linalg import logm

from qcattn.backends import Aer
from qcattn.claims.born._divergence import divergence, largest_divergence
from qcattn.claims.born.relative_entropy import RelativeEntropy
from qcattn.evidence import Check
from qcattn.models.oscillator import displaced_thermal
from qcattn.preparations import Purification
from qcattn.progress import silent
from qcattn.records import Counts
from qcattn.thermal import relative_entropy

SMALL = {
    "displacements": (0.4, 1.2),
    "shots": 100_000,
    "tolerance": 0.15,
    "alpha": 1e-6,
    "backend": Aer(draws="born"),
}


def test_energies_give_it_and_counting_loses_some():
    """False-failure rate 1e-6."""
    found = RelativeEntropy(**SMALL)(seed=2)
    assert found.standing == "conditional" and "diagonal" in found.condition
    first = found.number("relative entropy at displacement 1.2 (nats)")
    assert first.reference == pytest.approx(np.log(2) * 1.2**2, abs=1e-5)
    assert first.reference in first.estimate
    assert "lose the rest" in found.words
    counted = found.number("divergence counted at displacement 1.2 (nats)")
    assert counted.estimate.high < first.estimate.low


def test_every_check_has_a_name_and_the_words_follow_from_names_wherever_they_stand():
    claim = RelativeEntropy(**SMALL)
    measured = claim.measure(np.random.SeedSequence(1), silent)
    checks = {check.name: check for check in claim.check(measured)}
    assert list(checks) == [
        "turned alike",
        "rows",
        "thermal",
        "energy, displacement 0.4",
        "energy, displacement 1.2",
        "never more",
        "counting keeps",
    ]
    said = claim.describe(measured, checks)
    other = {"other": Check("other", "Another one holds", False, "")}
    assert claim.describe(measured, other | dict(reversed(checks.items()))) == said
    for name in ("rows", "thermal", "energy, displacement 0.4", "energy, displacement 1.2"):
        open_ = Check(name, "It is as it should be", None, "")
        assert "Not all" in claim.describe(measured, checks | {name: open_}).words


def test_a_state_of_another_temperature_decides_nothing():
    """A planted fault: beta 15% off in every circuit."""
    off = RelativeEntropy(
        **SMALL, preparation=lambda h, beta: Purification()(h, beta=1.15 * np.asarray(beta))
    )(seed=2)
    assert off.standing == "undecided", "that the state is thermal is a control"
    assert off.check("thermal").holds is False
    gained = [off.check(f"energy, displacement {a:g}").holds for a in SMALL["displacements"]]
    assert False not in gained  # a displacement adds the same energy at any temperature


def test_keys_read_in_reverse_are_caught(checked):
    def reversing(prepared, shots, seed):
        counts = SMALL["backend"](prepared, shots, seed)
        return Counts(counts.keys[..., ::-1], counts.stray, counts.discarded)

    found = checked(RelativeEntropy(**{**SMALL, "backend": reversing}), seed=2)
    assert False in {check.holds for check in found.values() if check.role != "beyond"}


def test_without_displacement_nothing_is_seen_to_be_lost():
    found = RelativeEntropy(**{**SMALL, "displacements": (0.0,)})(seed=2)
    assert found.check("counting keeps").holds is True and found.standing == "exact"
    assert "lose" not in found.words and not found.condition


@pytest.mark.parametrize("amount", [0.3, 1.5])
def test_the_closed_form_and_logarithms_of_matrices_agree(amount):
    """beta a^2 for an oscillator of all levels, and Tr rho (log rho - log sigma)."""
    m = 0.4
    rho, sigma = displaced_thermal(12, m, amount), displaced_thermal(12, m, 0.0)
    by_logarithms = np.trace(rho @ (logm(rho) - logm(sigma))).real
    assert float(relative_entropy(rho, sigma)) == pytest.approx(by_logarithms, abs=1e-6)
    many = relative_entropy(displaced_thermal(28, m, amount), displaced_thermal(28, m, 0.0))
    assert float(many) == pytest.approx(np.log1p(1 / m) * amount**2, abs=1e-6)


def test_no_temperature_is_refused():
    with pytest.raises(ValueError, match="`mean_number` must be a positive"):
        RelativeEntropy(mean_number=0.0)()


@pytest.mark.parametrize("wrong", [False, True])
def test_divergences_of_counts_lie_in_their_intervals(wrong):
    """300 intervals at 99%: 12 or fewer misses but in 1e-4 of runs of exact ones; these are wider.

    A wrong reference widens the interval and leaves it valid; against a wrong q it must miss.
    """
    rng = np.random.default_rng(3)
    p = special.softmax(2 * rng.normal(size=20))
    q = special.softmax(2 * rng.normal(size=20))
    reference = special.softmax(np.log(p) + 0.1 * rng.normal(size=20)) if wrong else p
    true = special.rel_entr(p, q).sum()
    found = [divergence(k, reference, q, 0.01) for k in rng.multinomial(20_000, p, size=300)]
    assert sum(true not in one for one in found) <= 12
    other = special.rel_entr(p, np.roll(q, 1)).sum()
    assert sum(other in one for one in found) == 0


def test_outcomes_that_are_hardly_expected_cost_little():
    p = np.append(0.5 ** np.arange(1, 40), 0.5**39)
    counts = np.round(1e5 * p).astype(int)
    assert largest_divergence(counts, p, 1e-3) < 0.02
    assert largest_divergence(np.roll(counts, 1), p, 1e-3) > 0.3
