"""Certify: coverage against the hardest laws, the dual bound, what it costs."""

import importlib

import numpy as np
import pytest
from scipy import optimize, stats

from qcattn.comparisons import expected
from qcattn.comparisons._measured import calibration_error
from qcattn.comparisons.certify import _by_quadratic, _Largest, _lump, _peak, certify, few_at_work


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def moved(p, tv, pattern, rng):
    """A law at total variation exactly tv from p."""
    order = np.argsort(-p)
    if pattern == "signs":
        low, high = 0.0, 1e3
        for _ in range(100):
            c = (low + high) / 2
            size = np.minimum(c * p ** (2 / 3), p)
            low, high = (c, high) if size.sum() < 2 * tv else (low, c)
        sign = np.ones(p.size)
        total = 0.0
        for i in order:
            sign[i] = -1 if total > 0 else 1
            total += sign[i] * size[i]
        d = sign * size
        d[d > 0] *= -d[d < 0].sum() / d[d > 0].sum()
    elif pattern == "halves":
        half = np.zeros(p.size, dtype=bool)
        half[order[np.cumsum(p[order]) <= max(0.5, p.max())]] = True
        d = np.where(half, -p / p[half].sum(), p / p[~half].sum())
    elif pattern == "top two":
        d = np.zeros(p.size)
        d[order[0]], d[order[1]] = -1, 1
    else:
        d = -p.copy()
        d[rng.choice(order[p.size // 2 :], 3, replace=False)] += 1 / 3
    d = d * 2 * tv / np.abs(d).sum()
    q = np.maximum(p + d, 0)
    assert np.abs(q / q.sum() - p).sum() / 2 == pytest.approx(tv, rel=0.02)
    return q / q.sum()


@pytest.mark.parametrize("pattern", ["signs", "halves", "top two", "few rare"])
@pytest.mark.parametrize(
    ("keys", "shots"), [(3, 15_000), (16, 20_000), (128, 25_000), (-16, 10_000)]
)
def test_false_certification(pattern, keys, shots):
    """At TV = 0.02 exactly, certified at most alpha = 5% of the time: fails below 1e-8 a case."""
    rng = np.random.default_rng(abs(keys))
    scores = 2 * rng.standard_normal(abs(keys))
    if keys < 0:  # one peaked row, whose first key has .92
        scores[0] = np.log(np.exp(scores[1:]).sum() * 0.92 / 0.08)
    p = softmax(scores)
    if pattern == "few rare" and keys == 3:
        pattern = "signs"
    q = moved(p, 0.02, pattern, rng)
    counts = rng.multinomial(shots, q, size=400)
    wrong = int(certify(counts, p, 0.0199, alpha=0.05).certified.sum())
    assert stats.binom.sf(wrong - 1, 400, 0.05) > 1e-8
    # Not by never certifying: three times the shots of a perfect sampler are enough.
    right = certify(rng.multinomial(3 * shots, p, size=60), p, 0.02, alpha=0.05).certified
    assert right.mean() > 0.9


@pytest.mark.parametrize("pattern", ["signs", "halves", "few rare"])
@pytest.mark.parametrize(("keys", "scale", "shots"), [(300, 0.0, 40_000), (500, 0.7, 50_000)])
def test_coverage_of_the_quadratic_bound(pattern, keys, scale, shots):
    """Its one step that is not proved, measured on flat rows: the lower tail of U beyond the 5%
    point of a normal law has at most 5%, in 400 draws, and of 40 certificates at TV = 0.02 at most
    5% are false; fails below 1e-7 a case. The planted fault, U shifted down by one standard
    deviation, is caught.
    """
    rng = np.random.default_rng(keys)
    p = softmax(scale * rng.standard_normal(keys))
    q = moved(p, 0.02, pattern, rng)
    assert not few_at_work(p[None], np.array([shots]), 0.05)[0]
    counts = rng.multinomial(shots, q, size=400).astype(float)
    d, n, w = q - p, shots, np.maximum(p, 1 / shots) ** (-2 / 3)
    u = (w * ((counts - n * p) ** 2 - counts * (1 - 2 * p) - n * p * p)).sum(-1)
    linear = q @ (w * d) ** 2 - (q @ (w * d)) ** 2
    square = ((w * q) ** 2).sum() - 2 * (w**2 * q**3).sum() + (w @ q**2) ** 2
    spread = np.sqrt(4 * n * (n - 1) ** 2 * linear + 2 * n * (n - 1) * square)
    scores = (u - n * (n - 1) * (w * d * d).sum()) / spread
    assert abs(scores.mean()) < 6 / 20 and 0.75 < scores.std() < 1.25
    assert stats.binom.sf((scores < stats.norm.ppf(0.05)).sum() - 1, 400, 0.05) > 1e-7
    assert stats.binom.sf((scores - 1 < stats.norm.ppf(0.05)).sum() - 1, 400, 0.05) < 1e-7
    wrong = int(certify(counts[:40], p, 0.0199, alpha=0.05).certified.sum())
    assert stats.binom.sf(wrong - 1, 40, 0.05) > 1e-7
    right = certify(rng.multinomial(3 * shots, p, size=4), p, 0.02, alpha=0.05).certified
    assert right.all()


def test_upper_bound_covers_laws_far_away():
    """400 rows at 1%: more bounds below the distance than by chance 1e-7 fail. Laws at 0.29 or more
    are refuted by p-values below 1e-200, so that the rest fails far more rarely.
    """
    rng = np.random.default_rng(0)
    p = softmax(3 * rng.standard_normal((400, 32)))
    q = softmax(3 * rng.standard_normal((400, 32)))
    result = certify(rng.multinomial(2_000, q), p, 0.02)
    tv = np.abs(p - q).sum(-1) / 2
    assert stats.binom.sf((result.upper < tv).sum() - 1, 400, 0.01) > 1e-7
    assert result.refuted.mean() > 0.99
    assert not result.certified.any()
    assert np.mean(result.upper - tv) < 0.2


def test_dual_bound_holds_and_is_nearly_tight():
    """The maximum over each outcome, against a fine grid."""
    rng = np.random.default_rng(1)
    size = 300
    phi = tuple(rng.normal(size=(1, size)) * scale for scale in (0, 1, 30, 100))
    mu = np.array([[0.7]])
    low, high = rng.random((1, size)), rng.random((1, size))
    up, down = _Largest.of(phi, 1.0, high), _Largest.of(phi, -1.0, low)
    found = mu * np.maximum(up(1 / mu), down(1 / mu))
    grid = np.linspace(-low[0], high[0], 20_001)
    value = np.abs(grid) - mu * (phi[1] * grid + phi[2] * grid**2 + phi[3] * grid**3)
    best = np.maximum(value.max(axis=0), 0)
    assert np.all(found[0] >= best - 1e-12)
    np.testing.assert_allclose(found[0], best, rtol=1e-4, atol=1e-6)


def test_what_is_shared_between_slopes_is_what_each_peak_gives():
    """To rounding, of any cubic, bent up or down, flat ones and empty ranges among them."""
    rng = np.random.default_rng(6)
    for number in range(30):
        phi = tuple(rng.normal(size=(4, 5, 60)) * (rng.random((4, 5, 60)) < 0.8))
        end = rng.random((5, 60)) * (rng.random((5, 60)) < 0.9)
        mu = 10.0 ** rng.normal(size=(5, 1))
        column = [np.broadcast_to(x, (5, 60)).reshape(-1, 1) for x in (mu, end)]
        ends = np.stack([0 * column[1], column[1]], axis=-1).repeat(2, axis=1)
        tilt = (-2.0, 0.0, 1.0, 2.0, 4.0)[number % 5]
        for side, sign in enumerate((1.0, -1.0)):
            _, c1, c2, c3 = phi
            tilted = (0 * c1, c1 + sign * (1 - tilt) / mu, c2, c3)
            one = _peak(tuple(c.reshape(-1, 1) for c in tilted), column[0], ends)[:, side, 0]
            other = mu * np.maximum(_Largest.of(phi, sign, end)(tilt / mu), 0.0)
            assert np.allclose(one, other.ravel(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("p", "n", "tight"),
    [
        ((0.4, 0.3, 0.2, 0.1), 5_000, 0.7),
        ((0.9, 0.06, 0.03, 0.01), 5_000, 0.6),
        ((0.05,) * 20, 1_500, 0.8),
    ],
)
def test_bound_is_above_the_laws_it_must_keep(p, n, tight):
    """A numerical search for the farthest law the two conditions keep never beats the bound."""
    rng = np.random.default_rng(2)
    p, alpha = np.array(p), 0.01
    counts = rng.multinomial(n, p)
    upper = _by_quadratic(counts[None].astype(float), p[None], np.array([n]), alpha)[0]
    w = p ** (-2 / 3)
    u = (w * ((counts - n * p) ** 2 - counts * (1 - 2 * p) - n * p * p)).sum()
    z = -stats.norm.ppf(0.95 * alpha)

    def kept(d):
        q = p + d
        linear = (q * (w * d) ** 2).sum() - (q * w * d).sum() ** 2
        covariance = np.diag(q) - np.outer(q, q)
        square = (np.outer(w, w) * covariance**2).sum()
        variance = 4 * n * (n - 1) ** 2 * linear + 2 * n * (n - 1) * square
        return u - n * (n - 1) * (w * d * d).sum() + z * np.sqrt(max(variance, 0.0))

    farthest = 0.0
    for _ in range(15):
        found = optimize.minimize(
            lambda d: -np.abs(d).sum() / 2,
            0.3 * p * rng.standard_normal(p.size),
            constraints=[
                {"type": "ineq", "fun": lambda d: kept(d) / n**2},
                {"type": "eq", "fun": np.sum},
            ],
            bounds=[(-x, 1 - x) for x in p],
            method="SLSQP",
        )
        if found.success and kept(found.x) >= -1e-6 * n**2:
            farthest = max(farthest, -found.fun)
    assert tight * upper < farthest <= upper


def test_lumping_keeps_the_row():
    k, p, left, lumped = _lump(
        np.array([[5.0, 0, 1, 0, 4], [5, 2, 0, 0, 3]]),
        np.array([[0.9, 0.0, 2e-4, 1e-4, 0.0997], [0.5, 0.2, 0.0, 0.0, 0.3]]),
    )
    np.testing.assert_allclose(p.sum(-1), 1)
    np.testing.assert_array_equal(k.sum(-1), 10)
    np.testing.assert_allclose(lumped, [3e-4, 0])
    assert left.sum() == 4 + 4


def test_what_was_lumped_is_added_back():
    """Four rare outcomes counted as one may differ by all their probability without its showing."""
    rare = np.full(4, 1e-4)
    p = np.concatenate([np.full(300, (1 - rare.sum()) / 300), rare])[None]
    counts = np.random.default_rng(0).multinomial(30_000, p).astype(float)
    n = np.array([30_000])
    one = (np.column_stack([x[:, :300], x[:, 300:].sum(-1)]) for x in (counts, p))
    apart, together = (_by_quadratic(*x, n, 0.01) for x in ((counts, p), one))
    np.testing.assert_allclose(apart - together, rare.sum(), rtol=1e-6)


def test_one_of_the_lumped_outcomes_has_it_all():
    """Counted as one, the rare outcomes have nearly all shots; apart, p has next to none of it."""
    p = np.concatenate([np.full(4_000, (1 - 4e-4) / 4_000), [3.99e-4, 1e-6]])
    counts = np.zeros(p.size, dtype=int)
    counts[-1] = 10_000
    assert not few_at_work(p[None], np.array([10_000]), 0.01)[0]
    # The law that was sampled has nothing elsewhere: its total variation from p is 1 - 1e-6.
    assert 1 - p[-1] <= certify(counts, p, 0.02).upper <= 1
    # One likely outcome still bounds it: no law that can give these counts is farther than this.
    counts[-1], counts[0] = 0, 10_000
    assert 1 - p[0] <= certify(counts, p, 0.02).upper < 1


def test_stray_shots_and_no_shots():
    from types import SimpleNamespace

    p = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    keys = np.array([[50_000, 50_000], [50_000, 50_000], [0, 0]])
    result = certify(SimpleNamespace(keys=keys, stray=np.array([0, 900, 0])), p, 0.02)
    np.testing.assert_array_equal(result.certified, [True, True, False])
    np.testing.assert_array_equal(result.refuted, [False, True, False])
    np.testing.assert_array_equal(result.undecided, [False, False, True])
    assert result.upper[1] > result.upper[0] + 0.005
    assert result.upper[2] == 1
    assert not result.all_certified


@pytest.mark.parametrize("epsilon", [0, 1, float("nan"), -1])
def test_bad_epsilon(epsilon):
    with pytest.raises(ValueError, match="epsilon"):
        certify([5, 5], [0.5, 0.5], epsilon)


def test_many_equal_outcomes_have_a_closed_form():
    """With p uniform every deviation is d in size, and n^2 w K d^2 = u + z sqrt(V(d)) gives it."""
    keys, n, alpha, luck = 1_000, 20_000, 0.01, 1.28
    p = np.full((1, keys), 1 / keys)
    found = _by_quadratic(n * p, p, np.array([n]), alpha, luck)[0]
    w, z, pairs = keys ** (2 / 3), -stats.norm.ppf(0.95 * alpha), n * (n - 1)
    square = 2 * pairs * keys * (w / keys * (1 - 1 / keys)) ** 2

    def room(d):
        variance = 4 * n * (n - 1) ** 2 * (w * d) ** 2 + square
        return luck * square**0.5 + z * variance**0.5 - pairs * w * keys * d**2

    expected = keys * optimize.brentq(room, 1e-6, 1) / 2
    assert expected < found < 1.1 * expected


@pytest.mark.parametrize("alpha", [0.05, 1e-3])
def test_a_measured_readout_halves_alpha(alpha):
    """No chance: the bound is the one for its p at alpha / 2, plus the calibration's at alpha / 2.
    At all of alpha it would be smaller by a tenth of a percent of total variation or more.
    """
    qubit = np.array([[0.97, 0.05], [0.03, 0.95]])
    law = expected([0.5, 0.3, 0.15, 0.05], readout=[qubit] * 2, calibration_shots=2_000)
    counts = np.array([4_900, 2_950, 1_600, 550])
    found = float(certify(counts, law, 0.1, alpha).upper)

    def added(level):
        both = (
            certify(counts, law.p, 0.1, level).upper,
            calibration_error(law.covariance[None], level)[0],
        )
        return float(sum(both))

    assert found == pytest.approx(added(alpha / 2), rel=1e-9)
    assert found > added(alpha) + 1e-3


@pytest.mark.parametrize(("alpha", "n"), [(0.01, 40), (0.01, 100), (1e-4, 100)])
def test_the_share_of_the_likeliest_outcome_is_bounded_on_both_sides(alpha, n):
    """No chance: with all n shots on it, what is elsewhere is bounded by 2 L / n alone (and so is
    TV). L = log(2 K / (alpha / 20)): each of K outcomes, the impossible one included, and each
    complement may fail.
    """
    p, counts = np.array([[0.9, 0.06, 0.04]]), np.array([[n, 0.0, 0.0]])
    found = float(_by_quadratic(counts, p, np.array([n]), alpha)[0])
    assert found == pytest.approx(2 * np.log(2 * 4 / (alpha / 20)) / n, rel=1e-9)


def test_what_is_left_out_of_the_grid_changes_no_bound(monkeypatch):
    """To 1e-12 of the whole grid; planted: the largest nu is always left out."""
    room = importlib.import_module("qcattn.comparisons.certify")
    rng, dual = np.random.default_rng(5), room._Dual
    cases = []
    for keys, top, shots in ((8, 0.99, 10**5), (100, 0.99, 10**5), (128, 0.2, 4096), (16, 0.5, 99)):
        rest = softmax(2 * rng.normal(size=(12, keys))) * (1 - top)
        p = np.column_stack([np.full(12, top), rest])
        cases.append((rng.multinomial(shots, p).astype(float), p, np.full(12, float(shots)), 0.01))

    def bounds():
        return np.concatenate([room._by_quadratic(*case) for case in cases])

    quick = bounds()

    def whole(self, z):
        return np.minimum(*(self._over_grid(nus, z)[0] for nus in (room._NUS[:2], room._NUS[2:])))

    monkeypatch.setattr(dual, "smallest", whole)
    assert np.abs(bounds() - quick).max() < 1e-12
    monkeypatch.setattr(dual, "smallest", lambda self, z: self._over_grid(room._NUS[:2], z)[0])
    assert np.abs(bounds() - quick).max() > 1e-6
