"""What is printed of a comparison begins with its finding, in words."""

import numpy as np
import pytest

from qcattn.comparisons import certify, fit, independent, same

LAW = [0.5, 0.25, 0.25]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([500, 250, 250], "does not differ: p = 1 at alpha = 0.01, 1,000 shots of 1 row"),
        ([900, 50, 50], "differs: p = "),
        ([10_000_000, 0, 0], "differs: p < 1e-300 at alpha"),
        ([1, 0, 0], "undecided: p = 1 at alpha = 0.01, 1 shot of 1 row; so few that no deviation"),
        (
            [[500, 250, 250], [0, 0, 0]],
            "undecided: p = 1 at alpha = 0.01, 1,000 shots of 2 rows, 1",
        ),
    ],
)
def test_a_fit_says_what_was_found(counts, said):
    assert str(fit(counts, LAW)).startswith(said)


def test_a_certificate_says_how_far_it_reaches():
    near, far = certify([50_000, 25_000, 25_000], LAW, 0.05), certify([5, 3, 2], LAW, 0.05)
    assert str(near).startswith("certified within a total variation of 0.05; it is at most 0.00")
    assert str(far).startswith("0 of 1 row certified within") and "\ndoes not" not in str(near)[:60]
    assert "at 0.99 confidence" in str(near) and str(near).endswith("shots of 1 row")


def test_two_samplers_and_single_shots_say_it_too():
    assert str(same([500, 500], [500, 500])).startswith("do not differ: p = ")
    assert str(same([900, 100], [500, 500])).startswith("differ: p = ")
    shots = np.random.default_rng(0).integers(0, 4, 4000)
    assert str(independent(shots, parts=["repeat"], alpha=1e-6)).startswith(
        "no dependence is seen: p = "
    )
    twice = np.tile(shots[:2000], 2)
    assert str(independent(twice, parts=["repeat"])).startswith("not independent, by ")
