"""B6: a softmax decodes if it is summed over cosets at Nishimori's temperature."""

from itertools import product

import numpy as np
import pytest

from qcattn.claims.symmetry._codes import (
    checks_of,
    coset_circuit,
    cosets,
    failure,
    lightest,
    log_score,
    nishimori,
)
from qcattn.claims.symmetry.decoding import CosetDecoding

QUICK = {"shots": 400_000, "epsilon": 0.02, "alpha": 1e-6}


def test_a_softmax_decodes_under_two_conditions():
    """False-failure rate 1e-6."""
    found = CosetDecoding(**QUICK)(seed=1)
    assert found.standing == "conditional" and "Nishimori" in found.condition
    assert found.check("cosets").holds and found.check("path").holds is False
    assert found.check("temperature").holds is False
    known = [one for one in found.numbers if not np.isnan(one.reference)]
    assert len(known) == 2 and all(one.reference in one.estimate for one in known)


def test_at_another_temperature_it_does_not():
    found = CosetDecoding(**QUICK, factor=1.1)(seed=1)
    assert found.standing == "refuted" and "Only at that temperature" in found.words


def test_a_faulty_simulator_decides_nothing(faulty):
    found = CosetDecoding(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_cosets_are_those_of_all_512_errors():
    """Distance 3 by brute force: probabilities, least weights, and the circuit."""
    rows, rate = checks_of(3), 0.13
    law, least = np.zeros(32), np.full(32, np.inf)
    for error in product((0, 1), repeat=9):
        reading = sum(1 << b for b, row in enumerate(rows) if sum(error[q] for q in row) % 2)
        weight = sum(error)
        law[reading] += rate**weight * (1 - rate) ** (9 - weight)
        least[reading] = min(least[reading], weight)
    assert np.allclose(cosets(3, rate).ravel(), law)
    assert np.array_equal(lightest(3).ravel(), least)
    assert np.allclose(coset_circuit(3, rate).distribution, law)
    boltzmann = np.exp(-nishimori(rate))
    assert boltzmann == pytest.approx(rate / (1 - rate))


def test_distance_five_is_that_of_an_exact_sum_by_others():
    """Figures worked out apart from this code: 0.123897, 0.124416; .3011, .3050, .3042 nats."""
    law = cosets(5, 0.1)
    assert failure(law, law) == pytest.approx(0.123897, abs=1e-6)
    assert failure(law, -lightest(5)) == pytest.approx(0.124416, abs=1e-6)
    told = [cosets(5, 1 / (1 + np.exp(f * nishimori(0.1)))) for f in (1.0, 0.9, 1.1)]
    scores = [(law * log_score(law, one)).sum() for one in told]
    assert scores == pytest.approx([0.3011, 0.3050, 0.3042], abs=1e-4)


def test_with_wrong_readings_a_longer_code_is_better_below_a_threshold_only():
    """False-failure rate 1e-3; and with readings of a lower rate alone it is better throughout."""
    for name in ("stim", "pymatching"):
        pytest.importorskip(name, reason=f"{name} of the extra `qec` is not installed")
    claim = CosetDecoding()
    timed = claim._in_time(np.random.SeedSequence(1))
    check = claim._in_time_too(timed)
    assert check.holds is False and "better than 3 at 0.03, 0.06, worse at 0.15, 0.2" in check.by
    low = {(d, rate): timed[d, 0.03] for d, rate in timed}
    assert claim._in_time_too(low).holds is True


def test_matching_decodes_as_the_likeliest_path_does():
    """PyMatching on 4,000 errors of distance 5, five standard deviations."""
    matching = pytest.importorskip("pymatching", reason="pymatching of the extra `qec`")
    *rows, logical = checks_of(5)
    table = np.array([[q in row for q in range(25)] for row in rows], dtype=np.uint8)
    decoder = matching.Matching(table, weights=np.ones(25))
    errors = (np.random.default_rng(1).random((4_000, 25)) < 0.1).astype(np.uint8)
    left = (errors + decoder.decode_batch(errors @ table.T % 2)) % 2
    share = (left[:, list(logical)].sum(axis=1) % 2).mean()
    assert share == pytest.approx(0.124416, abs=5 * np.sqrt(0.124 * 0.876 / 4_000))
