"""Stretches of shots that come twice: found where planted, seldom where not."""

import numpy as np
import pytest

from qcattn.comparisons import independent
from qcattn.comparisons._repeats import rarest_repeat

LAWS = {
    "flat": np.full(16, 1 / 16),
    "coin": np.full(2, 0.5),
    "peaked": np.array([0.6, 0.2, 0.1, 0.06, 0.03, 0.01]),
}


@pytest.mark.parametrize("p", LAWS.values(), ids=LAWS)
def test_a_block_that_is_written_twice_is_found_where_it_is(p):
    """A perfect run is refuted with probability 1e-6 at most; a planted block always is here."""
    rng = np.random.default_rng(1)
    run = rng.choice(len(p), size=10_000, p=p)
    only = {"alpha": 1e-6, "parts": ["repeat"]}
    assert not independent([run], p, **only).refuted
    run[7000:7100] = run[2000:2100]
    found = independent([run], p, **only)
    first, at, second, again, length = found.parts["repeat"].where
    assert found.refuted and (first, second) == (0, 0)
    assert again - at == 5000 and at <= 2000 and at + length >= 2100
    assert independent([run], **only).refuted, "with shares in place of p too"


def test_a_run_that_is_its_own_second_half_is_found():
    rng = np.random.default_rng(2)
    half = rng.choice(16, size=5000)
    found = independent([np.concatenate([half, half])], alpha=1e-6, parts=["repeat"])
    assert found.refuted and found.parts["repeat"].where == (0, 0, 0, 5000, 5000)


def test_a_stretch_of_one_run_in_another_is_found():
    rng = np.random.default_rng(3)
    runs = [rng.choice(16, size=size) for size in (3000, 2000)]
    runs[1][500:560] = runs[0][1234:1294]
    found = independent(runs, alpha=1e-6, parts=["repeat"])
    assert found.refuted and found.parts["repeat"].where == (0, 1234, 1, 500, 60)


@pytest.mark.parametrize("p", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("known", [True, False])
def test_independent_shots_are_refuted_no_more_often_than_said(p, known):
    """400 pairs of runs at 5%: above 36 with probability below 1e-3 if the level is kept."""
    rng = np.random.default_rng(4)
    found = sum(
        independent(
            rng.choice(len(p), size=(2, 300), p=p),
            p if known else None,
            alpha=0.05,
            parts=["repeat"],
        ).refuted
        for _ in range(400)
    )
    assert found <= 36


def test_likely_shots_that_come_again_are_no_news():
    run = np.zeros(2000, int)
    run[1000] = 1
    found = independent([run], [0.999, 0.001], parts=["repeat"])
    assert not found.refuted and found.parts["repeat"].where[-1] >= 900


def test_the_longest_is_found_among_all_pairs_of_places():
    rng = np.random.default_rng(5)
    for _ in range(50):
        run = rng.integers(0, 5, 60)
        run[40:52] = run[5:17]
        found = rarest_repeat([run], np.full(5, 0.2))
        longest = max(
            next(
                (n for n in range(min(60 - j, j - i)) if run[i + n] != run[j + n]),
                min(60 - j, j - i),
            )
            for i in range(60)
            for j in range(i + 1, 60)
        )
        assert found.length == longest >= 12
