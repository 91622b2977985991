"""What shots say on the page: verdict, band, distance and ticks, each at the error it states."""

import numpy as np
import pytest

from qcattn.comparisons import certify
from qcattn.records import Counts
from qcattn.teaching.marking import Mark, marked, said, totals_of

LAW = np.array([0.5, 0.3, 0.2])


def totals(keys, stray=0, peak=0.0):
    sent = {"keys": list(keys), "stray": stray, "discarded": 0, "peak": peak}
    return totals_of(sent, len(keys))


@pytest.mark.parametrize(("p_value", "refuted"), [(0.0101, False), (0.0099, True)])
def test_a_verdict_turns_at_its_stated_error(p_value, refuted):
    assert said(totals([10, 10, 10], peak=-np.log(p_value)), LAW)["refuted"] == refuted


@pytest.mark.parametrize(("p_value", "passed"), [(0.21, False), (0.19, True)])
def test_a_tick_for_a_difference_comes_at_the_error_of_its_step(p_value, passed):
    after = totals([10, 10, 10], peak=-np.log(p_value))
    assert marked(Mark("differs", alpha=0.2), after, after, LAW)["passed"] == passed


def test_a_reading_that_is_no_key_refutes_at_once():
    """Its probability is zero; without it the counts are those of the law."""
    for stray, refuted in ((0, False), (1, True)):
        batch = Counts(np.array([50, 30, 20]), np.array(stray), np.array(0))
        assert said(totals_of(None, 3).later(batch, LAW), LAW)["refuted"] == refuted


def test_evidence_that_was_found_is_not_lost_in_later_shots():
    """The verdict stays: shots that fit bring the evidence of the moment down, not its peak."""
    before = totals([50, 30, 20], peak=5.0)
    batch = Counts(np.array([500, 300, 200]), np.array(0), np.array(0))
    assert before.later(batch, LAW).peak == 5.0


def test_looks_come_when_they_should_and_share_the_error():
    """At 1,000 kept shots with alpha / 2, at 2,000 with alpha / 4, and none between."""
    mark = Mark("agrees", alpha=0.04, within=0.1, shots=1000)
    seen = {}
    for kept in range(500, 4001, 500):
        before, after = (totals(np.round(LAW * shots).astype(int)) for shots in (kept - 500, kept))
        said_of = marked(mark, before, after, LAW)
        if said_of["upper"] is not None:
            seen[kept] = said_of["upper"]
    levels = {1000: 0.02, 2000: 0.01, 4000: 0.005}
    counts = {kept: totals(np.round(LAW * kept).astype(int)).counts for kept in levels}
    wanted = {kept: certify(counts[kept], LAW, 0.1, level).upper for kept, level in levels.items()}
    assert seen == pytest.approx({kept: float(upper) for kept, upper in wanted.items()})


def test_the_distance_counts_readings_that_are_no_key():
    assert said(totals([60, 30], stray=10), np.array([0.5, 0.5]))["variation"] == pytest.approx(0.2)


def test_the_chance_is_the_mean_distance_of_a_perfect_sampler():
    """Within 5%, of which the mean of 20,000 samplers is twelve standard errors wide."""
    shots = np.random.default_rng(1).multinomial(2000, LAW, size=20_000)
    mean = (np.abs(shots / 2000 - LAW).sum(axis=1) / 2).mean()
    assert said(totals(shots[0]), LAW)["chance"] == pytest.approx(mean, rel=0.05)


def test_a_perfect_sampler_leaves_its_band_as_seldom_as_is_said():
    """5% at most: of 4,000 samplers more than 265 would leave it in one of a million seeds."""
    shots = np.random.default_rng(2).multinomial(2000, LAW, size=4000)
    band = said(totals(shots[0]), LAW)
    outside = ((shots / 2000 < band["low"]) | (shots / 2000 > band["high"])).any(axis=1).sum()
    assert 40 < outside <= 265, "nor is the band wider than it need be"
