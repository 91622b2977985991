"""Independent: no false alarm on independent shots, and each planted dependence in its part."""

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons.independent import Independence, Part, independent

P = np.array([0.45, 0.25, 0.15, 0.1, 0.05])


def runs(rng, number=4, shots=1_500):
    return [rng.choice(5, size=shots, p=P) for _ in range(number)]


def test_independent_shots():
    """80 sets of runs at 5%: at most 17 alarms, exceeded below 1e-7; parts neither too small."""
    rng = np.random.default_rng(0)
    alarms, parts = 0, []
    for seed in range(80):
        result = independent(runs(rng, 3, 300), P, alpha=0.05, permutations=119, seed=seed)
        alarms += result.refuted
        parts.append([part.p_value for part in result.parts.values()])
    assert alarms <= 17
    small = (np.array(parts) <= 0.1).sum(axis=0)
    assert small.size == 6
    assert np.all(stats.binom.sf(small - 1, 80, 0.1) > 1e-8)


def test_sparse_runs_agree_with_their_law():
    """Two runs with one shot expected off the likeliest outcome: U takes few values, most often
    its smallest, which no smooth law knows. 60 sets at 5%: more alarms than by chance 1e-6 fail.
    Runs of another law are found in most sets.
    """
    rng = np.random.default_rng(5)
    p = np.array([0.99, 0.01])

    def alarms(q):
        sets = [[rng.choice(2, 100, p=q) for _ in range(2)] for _ in range(60)]
        parts = [independent(memory, p, permutations=99).parts["seeds"] for memory in sets]
        return sum(part.p_value <= 0.05 for part in parts)

    assert stats.binom.sf(alarms(p) - 1, 60, 0.05) > 1e-6
    assert alarms([0.9, 0.1]) > 40


def sticky(rng):
    memory = runs(rng)
    for run in memory:
        stay = np.flatnonzero(rng.random(len(run)) < 0.1)
        for t in stay[stay > 0]:
            run[t] = run[t - 1]
    return memory


def period(rng):
    return [np.tile(run[:192], 6) for run in runs(rng)]


def shifted(rng):
    memory = runs(rng)
    memory[3][:1_100] = memory[1][400:]
    return memory


def copied(rng):
    memory = runs(rng)
    memory[2] = memory[0].copy()
    return memory


def drift(rng):
    return [
        np.concatenate([rng.choice(5, 750, p=P), rng.choice(5, 750, p=P[::-1])]) for _ in range(3)
    ]


def dealt(rng):
    """Every run has exactly the expected counts: too good."""
    return [rng.permutation(np.repeat(np.arange(5), (1_500 * P).astype(int))) for _ in range(4)]


def stratified(rng):
    """Every batch has exactly the expected counts."""
    return [
        np.concatenate(
            [
                rng.permutation(np.repeat(np.arange(5), (20 * P * 9).astype(int) + 1))
                for _ in range(8)
            ]
        )
        for _ in range(3)
    ]


def other_law(rng):
    memory = runs(rng)
    memory[1] = rng.choice(5, 1_500, p=P[[1, 0, 2, 3, 4]])
    return memory


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        (sticky, "lag"),
        (period, "lag"),
        (shifted, "shift"),
        (copied, "shift"),
        (drift, "batches"),
        (dealt, "dispersion"),
        (dealt, "seeds"),
        (stratified, "batches"),
        (other_law, "dispersion"),
    ],
)
def test_planted_dependence(fault, part):
    result = independent(fault(np.random.default_rng(1)), P)
    assert result.parts[part].p_value <= 0.002
    assert result.refuted
    good = fault in (dealt, stratified)
    # Batches of a run that repeats itself are alike too.
    assert result.too_good == (good or fault is period)
    if fault in (drift, other_law):
        assert result.too_far
    if good:
        assert not result.too_far
    if good:
        assert result.parts[part].score < 0


def test_where():
    rng = np.random.default_rng(2)
    assert independent(period(rng), permutations=99).parts["lag"].where == (192,)
    assert independent(shifted(rng), permutations=99).parts["shift"].where == (1, 3, -400)
    assert independent(copied(rng), permutations=99).parts["shift"].where == (0, 2, 0)


def test_pooled_seeds_see_what_no_run_does():
    """Runs that follow one wrong law are no farther apart than chance has it, by six deviations."""
    rng = np.random.default_rng(3)
    q = P + np.array([0.015, -0.015, 0, 0, 0])
    memory = [rng.choice(5, 300, p=q) for _ in range(60)]
    result = independent(memory, P, permutations=99)
    assert result.parts["pooled"].p_value < 1e-3
    assert abs(result.parts["dispersion"].score) < 6
    assert result.parts["pooled"].score > 6


def test_strings_and_one_run():
    rng = np.random.default_rng(4)
    memory = [format(x, "03b") for x in rng.choice(5, 400, p=P)]
    result = independent([memory], permutations=99)
    assert set(result.parts) == {"lag", "batches"}
    # Six deviations; the same memory sorted is farther out.
    assert all(abs(part.score) < 6 for part in result.parts.values())
    ordered = independent([sorted(memory)], permutations=99)
    assert all(part.score > 6 for part in ordered.parts.values())
    assert set(independent(np.array(memory), permutations=9).parts) == {"lag", "batches"}


def test_overall_is_bonferroni():
    result = Independence({"lag": Part(0.004, 1.0), "shift": Part(0.5, 0.0)}, 0.01)
    assert result.overall() == 0.008
    assert result.refuted
    assert not result.too_good


@pytest.mark.parametrize(
    ("memories", "p", "message"),
    [
        ([], None, "at least one run"),
        ([[1]], None, "two shots"),
        ([[1, 2, 3]], [0.5, 0.5], "indices from 0 to 1"),
        ([["0", "1"]], [0.5, 0.5], "indices"),
    ],
)
def test_bad_input(memories, p, message):
    with pytest.raises(ValueError, match=message):
        independent(memories, p)
