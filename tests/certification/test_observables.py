import numpy as np
import pytest

from qcattn.certification import certify_observables
from qcattn.certification.observables import against
from qcattn.certification.paulis import default_strings, exact_expectations
from qcattn.certification.targets import exact_state
from qcattn.encodings import Binary, OneHot, Rotated
from qcattn.models.spins import heisenberg, ising
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.preparations.reference import gibbs


@pytest.mark.parametrize("encoding", [Binary(), OneHot(), Rotated()])
def test_the_qsample_is_told_from_the_gibbs_state_with_the_same_z_counts(encoding):
    """Fixed seeds on Aer; each "not refuted" fails a perfect sampler with probability 1e-6."""
    hamiltonian = encoding([0.0, 1.0, 0.4, -0.3])
    coherent, mixed = (p(hamiltonian, beta=1.0) for p in (Amplitude(), Purification()))
    if not isinstance(encoding, Rotated):
        assert np.array_equal(coherent.distribution, mixed.distribution)
    for prepared, other in ((coherent, "gibbs"), (mixed, "qsample")):
        right = certify_observables(prepared, hamiltonian, 1.0, seed=11, alpha=1e-6)
        wrong = certify_observables(
            prepared, hamiltonian, 1.0, seed=12, alpha=1e-6, state=other, error=0.0
        )
        assert not right.refuted and right.offenders == ()
        assert wrong.refuted and wrong.offenders
        assert right.shots == 3 * 4096
        assert np.all((right.low <= right.exact) & (right.exact <= right.high))


def test_only_the_kept_shots_count():
    hamiltonian = Binary()([0.0, 1.5, 0.4, -0.3])
    prepared = Heralded()(hamiltonian, beta=1.0)
    found = certify_observables(prepared, hamiltonian, 1.0, seed=3, alpha=1e-6)
    assert not found.refuted
    assert np.all(found.kept < 4096) and np.all(found.kept > 1000)


@pytest.mark.parametrize("hamiltonian", [ising(2, field=0.8), heisenberg(2)])
def test_states_that_do_not_commute(hamiltonian, tools):
    """The Gibbs state passes; dephased, or coherent with the same Z counts, it does not.

    Fixed seeds; "not refuted" fails with probability 1e-6 at most.
    """
    beta, backend = 0.7, tools.Exact()
    rho = gibbs(hamiltonian, beta)
    dephased = np.diag(np.diag(rho))
    coherent = exact_state(hamiltonian, beta, "qsample")
    options = {"backend": backend, "alpha": 1e-6, "seed": 5}
    assert not certify_observables(tools.given(rho), hamiltonian, beta, **options).refuted
    for state in (dephased, coherent):
        assert np.abs(np.diag(state - rho)).max() < 1e-12, "no Z count differs"
        assert certify_observables(tools.given(state), hamiltonian, beta, **options).refuted
    pure = tools.given(coherent, aims="qsample")
    assert not certify_observables(pure, hamiltonian, beta, **options).refuted


def test_planted_faults_are_caught(tools):
    """beta wrong by 10%, two energies swapped, a state of the right diagonal in a wrong basis."""
    hamiltonian, backend = Binary()([0.0, 1.0, 2.0, 3.0]), tools.Exact()
    swapped = Binary()([1.0, 0.0, 2.0, 3.0])
    options = {"backend": backend, "alpha": 1e-6, "seed": 6, "shots": 40_000}
    for wrong in (Heralded()(hamiltonian, beta=1.1), Heralded()(swapped, beta=1.0)):
        assert certify_observables(wrong, hamiltonian, 1.0, **options).refuted
    assert not certify_observables(
        Heralded()(hamiltonian, beta=1.0), hamiltonian, 1.0, **options
    ).refuted


def test_intervals_hold_together_and_false_alarms_are_few(tools):
    """300 draws at 5%: more misses, or more false alarms, than at level 5% occur in 1e-6."""
    hamiltonian = ising(2, field=0.8)
    prepared, backend = tools.given(gibbs(hamiltonian, 0.7)), tools.Exact()
    misses = alarms = halved = 0
    for seed in range(300):
        found = certify_observables(
            prepared, hamiltonian, 0.7, shots=300, backend=backend, seed=seed, alpha=0.05
        )
        slack = 1e-12
        inside = (found.low <= found.exact + slack) & (found.exact <= found.high + slack)
        misses += not inside.all()
        alarms += found.refuted
        half = (found.high - found.low) / 4
        halved += bool(np.any(np.abs(found.exact - found.estimates) > half))
    limit = tools.most_misses(300, 0.05)
    assert misses <= limit and alarms <= limit
    assert halved > limit, "intervals of half the width would not do"


def test_the_claimed_error_is_allowed_and_no_more(tools):
    """A state at trace distance .03: claims of .03 pass (400 draws at 5%), claims of .01 do not."""
    hamiltonian, backend = Binary()([0.0, 1.0]), tools.Exact()
    rho = gibbs(hamiltonian, 1.0) + 0.03 * np.array([[0, 1], [1, 0]])
    honest, bold = tools.given(rho, error=0.03), tools.given(rho, error=0.01)
    alarms = sum(
        certify_observables(
            honest, hamiltonian, 1.0, shots=2000, backend=backend, seed=seed, alpha=0.05
        ).refuted
        for seed in range(400)
    )
    assert alarms <= tools.most_misses(400, 0.05)
    found = certify_observables(bold, hamiltonian, 1.0, shots=200_000, backend=backend)
    assert found.refuted and found.offenders == ("X",) and found.error == 0.01


def test_expectations_within_the_trace_distance(tools):
    """What `error` allows is a theorem: each probability moves by T at most."""
    rng = np.random.default_rng(8)
    strings = default_strings(ising(2))
    for _ in range(50):
        a, b = (tools.random_state(rng, 4) for _ in range(2))
        distance = np.abs(np.linalg.eigvalsh(a - b)).sum() / 2
        moved = np.abs(exact_expectations(a, strings) - exact_expectations(b, strings)) / 2
        assert moved.max() <= distance + 1e-12


def test_rounding_of_zero_is_zero():
    hits, kept = np.array([1]), np.array([10**6])
    assert against(hits, kept, np.array([-1 + 1e-15]), 0.0)[0] == 0.0
    assert against(np.array([0]), kept, np.array([-1 + 1e-15]), 0.0)[0] == 1.0


def test_no_kept_shot_says_nothing(tools):
    class Nothing(tools.Exact):
        def __call__(self, prepared, shots, seed):
            counts = super().__call__(prepared, shots, seed)
            return type(counts)(0 * counts.keys, 0 * counts.stray, counts.shots)

    hamiltonian = Binary()([0.0, 1.0])
    found = certify_observables(
        Heralded()(hamiltonian, beta=1.0), hamiltonian, 1.0, backend=Nothing()
    )
    assert not found.refuted and np.isnan(found.estimates).all()
    assert found.low.tolist() == [-1, -1, -1] and found.high.tolist() == [1, 1, 1]


def test_bad_arguments_are_refused():
    hamiltonian = Binary()([0.0, 1.0])
    prepared = Amplitude()(hamiltonian, beta=1.0)
    for wrong, name in (
        ({"alpha": 0.0}, "alpha"),
        ({"strings": []}, "strings"),
        ({"strings": ["XX"]}, "strings"),
        ({"strings": ["A"]}, "strings"),
        ({"state": "pure"}, "state"),
        ({"shots": 0}, "shots"),
    ):
        with pytest.raises(ValueError, match=name):
            certify_observables(prepared, hamiltonian, 1.0, **wrong)
