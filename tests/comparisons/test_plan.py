"""Plan: floors against numerical optimisation, shots against simulated power."""

from importlib import import_module
from itertools import permutations, product

import numpy as np
import pytest
from scipy import optimize, special, stats

from qcattn.comparisons._floors import _overlap
from qcattn.comparisons.certify import certify
from qcattn.comparisons.expected import expected
from qcattn.comparisons.fit import fit
from qcattn.comparisons.plan import _deviations, plan
from qcattn.progress import hearing

Z = stats.norm.ppf(0.99) + stats.norm.ppf(0.9)


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("keys", [7, 16, 40])
def test_mixture_floor_by_numerical_optimisation(keys):
    """The hardest pattern found by a general optimiser gives the same floor."""
    p = softmax(np.linspace(-2, 2, keys))
    epsilon = 0.02
    # Minimise sum e^4/p^2 over 0 <= e <= min(p, 1-p) with sum e = 2 epsilon, in x = e / p.
    scale = ((2 * epsilon) ** 4 / p**2).min()
    found = optimize.minimize(
        lambda x: (x**4 * p**2).sum() / scale,
        np.full(keys, 2 * epsilon),
        jac=lambda x: 4 * x**3 * p**2 / scale,
        bounds=[(0, min(1, (1 - a) / a)) for a in p],
        constraints={"type": "eq", "fun": lambda x: p @ x - 2 * epsilon, "jac": lambda x: p},
        method="SLSQP",
        options={"maxiter": 1_000, "ftol": 1e-14},
    )
    slow = np.sqrt(2) * Z / np.sqrt(found.fun * scale)
    fast = float(plan(p, epsilon).floor_mixture)
    assert fast == pytest.approx(slow, rel=2e-3)
    uniform = np.sqrt(2) * Z / np.sqrt(((2 * epsilon / keys) ** 4 / p**2).sum())
    assert uniform < 0.9 * fast


def best_power(p, laws, shots, alpha):
    """The power that the best test of level alpha has against the worst of some laws: all outcomes
    are listed, and the test is found by linear programming.
    """
    outcomes = np.array(
        [c for c in np.ndindex(*[shots + 1] * (len(p) - 1)) if sum(c) <= shots], dtype=int
    ).reshape(-1, len(p) - 1)
    counts = np.column_stack([outcomes, shots - outcomes.sum(axis=1)])
    null, *others = (stats.multinomial.pmf(counts, shots, law) for law in (p, *laws))
    size = len(counts)
    found = optimize.linprog(
        np.append(np.zeros(size), -1.0),
        A_ub=np.vstack([np.append(null, 0.0)] + [np.append(-other, 1.0) for other in others]),
        b_ub=[alpha] + [0.0] * len(others),
        bounds=[(0, 1)] * (size + 1),
    )
    return -found.fun


FEW = [
    ([0.95, 0.05], 0.03),
    ([0.7, 0.3], 0.2),
    ([0.5, 0.5], 0.15),
    ([0.9, 0.06, 0.04], 0.09),
    ([0.4, 0.35, 0.25], 0.25),
    ([0.85, 0.05, 0.05, 0.05], 0.2),
    ([0.25, 0.25, 0.25, 0.25], 0.4),
]


@pytest.mark.parametrize(("p", "epsilon"), FEW)
def test_no_test_beats_the_floor(p, epsilon):
    """Of two to four keys every outcome is listed: one shot below the floor no test whatever finds
    all laws, not even those four that `detect` looks at; and the floor is no empty promise.
    """
    alpha, power = 0.05, 0.8
    p = np.array(p)
    shots = plan(p, epsilon, alpha, power)
    laws = [q[0] for q, possible in _deviations(p[None], epsilon).values() if possible[0]]
    floor = int(shots.floor)
    assert floor > 2 and np.allclose([np.abs(q - p).sum() / 2 for q in laws], epsilon)
    assert best_power(p, laws, floor - 1, alpha) < power
    assert best_power(p, laws, 3 * floor + 5, alpha) > power


def test_the_rigorous_floor_of_many_keys():
    """It is below the normal limit of the same mixture, and above a third of it."""
    p = softmax(2 * np.random.default_rng(0).standard_normal(200))
    found = plan(p, 0.02)
    assert found.floor_mixture / 3 < found.floor_rigorous < found.floor_mixture


@pytest.mark.parametrize(
    ("p", "block"), [([0.25] * 4, 4), ([0.3, 0.3, 0.2, 0.2], 2), ([0.6, 0.4], 2)]
)
def test_the_second_moment_is_bounded_by_that_of_all_signs(p, block):
    """The bound of `mixture_floor` beside the sum over all draws of the signs, s and s'."""
    p, n, size = np.array(p), 30, 0.05
    signs = [
        np.concatenate(one)
        for one in product(
            *[set(permutations([1] * (block // 2) + [-1] * (block // 2)))] * (len(p) // block)
        )
    ]
    moment = np.mean([(1 + (size**2 * s * t / p).sum()) ** n for s in signs for t in signs])
    least = p.reshape(-1, block).min(axis=1)
    inverse = (1 / p).reshape(-1, 2).mean(axis=1) if block == 2 else 1 / least
    value, log_p = _overlap(block)
    bound = np.prod([(np.exp(n * size**2 * one * value + log_p)).sum() for one in inverse])
    assert moment <= bound < moment**1.6


def test_two_point_floor():
    """Neyman and Pearson's test by linear programming, and the normal limit within 2%."""
    shots = int(plan([0.5, 0.5], 0.1).floor_two_points)

    def best(n):
        null, other = (stats.binom.pmf(np.arange(n + 1), n, p) for p in (0.5, 0.6))
        found = optimize.linprog(-other, A_ub=null[None], b_ub=[0.01], bounds=(0, 1))
        return -found.fun

    assert best(shots - 1) < 0.9 <= best(shots)
    moved = np.sqrt(0.6 * 0.4)
    normal = ((stats.norm.ppf(0.99) * 0.5 + stats.norm.ppf(0.9) * moved) / 0.1) ** 2
    assert shots == pytest.approx(normal, rel=0.02)


@pytest.mark.parametrize("gap", [0.0, 1e-6, 0.003, 0.0178])
def test_a_leak_out_of_the_likeliest_outcome(gap):
    """Simulated at the planned shots: found in 0.81 to 0.97 of 400 draws (5 standard errors),
    certified as foreseen, and never below the exact floor.
    """
    rng = np.random.default_rng(0)
    p = np.concatenate([[1 - gap], gap * softmax(2 * rng.standard_normal(15))])
    q = p.copy()
    q[0] -= 0.02
    q[1:] += 0.02 * (p[1:] / gap if gap else 1 / 15)
    shots = plan(p, 0.02)
    assert shots.worst == "leak"
    found = fit(rng.multinomial(int(shots.detect), q, size=400), p).p_values <= 0.01
    assert 0.81 < found.mean() < 0.97
    # One hit on what is impossible is the best test of all; no shots elsewhere at all certify.
    assert shots.floor == shots.floor_two_points >= (gap == 0) * 114
    assert shots.floor <= shots.detect
    right = certify(rng.multinomial(int(shots.certify), p, size=100), p, 0.02).certified
    assert right.mean() > 0.7
    assert shots.certify < 2 * shots.floor + 60


PEAKED = [
    [0.95, 0.05],
    [0.9, 0.06, 0.04],
    [0.89, 0.04, 0.03, 0.02, 0.01, 0.005, 0.005],
    [0.6, 0.25, 0.15],
]


@pytest.mark.parametrize("p", PEAKED)
def test_the_forecast_for_peaked_rows_is_what_fit_needs(p):
    """With a quarter more shots every law is found in 0.9 less four standard errors of 150 draws,
    with a quarter fewer some law is not.
    """
    rng, p = np.random.default_rng(5), np.array(p)
    laws = [q[0] for q, possible in _deviations(p[None], 0.02).values() if possible[0]]
    shots = float(plan(p, 0.02).detect)

    def powers(n):
        for q in laws:
            yield (fit(rng.multinomial(int(n), q, size=150), p).p_values <= 0.01).mean()

    assert all(power > 0.8 for power in powers(1.25 * shots))
    assert any(power < 0.9 for power in powers(shots / 1.25))


@pytest.mark.parametrize("keys", [16, 128])
def test_shots_to_detect_and_to_certify(keys):
    """Simulated power at the planned shots: 0.8 to 0.99 of 600 draws, and not at two thirds.

    Eight standard errors below 0.9 minus the 2 points of the normal approximation.
    """
    rng = np.random.default_rng(keys)
    p = softmax(1.5 * rng.standard_normal(keys))
    shots = plan(p, 0.03)
    laws = _deviations(p[None], 0.03)
    worst = [q[0] for (name, _), (q, _) in laws.items() if name == shots.worst]

    def power(n):
        return min((fit(rng.multinomial(n, q, size=600), p).p_values <= 0.01).mean() for q in worst)

    n = int(shots.detect)
    assert 0.8 < power(n) < 0.99
    assert power(int(n / 1.5)) < 0.85
    n = int(shots.certify)
    right = certify(rng.multinomial(n, p, size=120), p, 0.03).certified.mean()
    assert 0.75 < right <= 1
    assert certify(rng.multinomial(n // 2, p, size=120), p, 0.03).certified.mean() < 0.5
    assert shots.floor < shots.detect < 4 * shots.floor
    assert shots.floor < shots.certify < 6 * shots.floor


def test_rows_and_peaked_rows():
    rng = np.random.default_rng(1)
    p = softmax(4 * rng.standard_normal((2, 3, 64)))
    p[1, 2] = 0
    p[1, 2, :2] = 0.999, 0.001
    found = plan(p, 0.02)
    assert found.detect.shape == (2, 3)
    single = plan(p[0, 1], 0.02)
    assert found.detect[0, 1] == single.detect
    assert found.certify[0, 1] == single.certify
    assert found.floor_mixture[1, 2] == 0
    assert 50 < found.floor[1, 2] < 1_000
    assert np.isfinite(found.certify).all()
    assert np.all(plan(p, 0.01).floor > found.floor)
    assert np.all(plan(p, 0.02, power=0.99).floor > found.floor)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, 0.4], 0.1), "sum to one"),
        (([0.5, 0.5], 0.0), "epsilon"),
        (([0.5, 0.5], 0.1, 2.0), "alpha"),
        (([0.5, 0.5], 0.1, 0.5, 0.4), "power"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        plan(*arguments)


def test_floor_of_large_distances_is_that_of_a_law_that_far_away():
    """Four equal keys have a law at 0.7 only where one key gets 0.95; Neyman and Pearson's test of
    that law needs this many shots, so fewer than for the nearer law that half the keys have it all.
    """

    def needed(p, q):
        for n in range(1, 100):
            edge = stats.binom.isf(0.01, n, p)
            lot = (0.01 - stats.binom.sf(edge, n, p)) / stats.binom.pmf(edge, n, p)
            if stats.binom.sf(edge, n, q) + lot * stats.binom.pmf(edge, n, q) >= 0.9:
                return n

    assert plan([0.25] * 4, 0.7).floor_two_points == needed(0.25, 0.95) < needed(0.5, 1.0)
    assert plan([0.25] * 4, 0.3).floor_two_points == needed(0.5, 0.8)


def test_a_single_shot_can_be_enough_to_detect():
    shots = plan([1.0, 0.0], 0.95)
    assert shots.detect == shots.floor == 1
    assert shots.certify >= 2


def test_a_measured_law_is_named():
    law = expected([0.5, 0.5], readout=np.eye(2), calibration_shots=100)
    with pytest.raises(ValueError, match=r"`p` must be .* exact .* `law.p`"):
        plan(law, 0.1)
    assert plan(law.p, 0.1).detect == plan([0.5, 0.5], 0.1).detect


def test_many_outcomes_are_planned_in_few_steps_that_are_told(monkeypatch):
    """The shots hold at the bound and not two ten-thousandths below; few bounds are looked at."""
    room = import_module("qcattn.comparisons.plan")
    rows = np.exp(np.random.default_rng(4).normal(scale=2, size=(2, 3000)))
    rows /= rows.sum(axis=-1, keepdims=True)
    asked, foreseen, told = [], room.foreseen, []
    monkeypatch.setattr(
        room, "foreseen", lambda p, *rest: asked.append(len(p)) or foreseen(p, *rest)
    )
    with hearing(lambda done, total, what: told.append((done, total))):
        shots = plan(rows, 0.05).certify
    assert sum(asked) <= 2 * 10 and told and all(done <= total for done, total in told)
    z_power = special.ndtri(0.9)
    assert (foreseen(rows, shots, 0.01, z_power) <= 0.05).all()
    assert (foreseen(rows, shots * (1 - 2e-4) - 1, 0.01, z_power) > 0.05).all()


def test_a_single_outcome_is_planned_as_one_beside_impossible_ones():
    one, two = plan([1.0], 0.05), plan([1.0, 0.0], 0.05)
    assert one.detect == two.detect and one.certify == two.certify and one.worst == two.worst
