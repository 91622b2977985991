"""Independent: no false alarm on independent shots, and each planted dependence in its part."""

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons.expected import expected
from qcattn.comparisons.independent import (
    OVERLAP,
    PARTS,
    Dependence,
    Independence,
    _two_sided,
    independent,
)

P = np.array([0.45, 0.25, 0.15, 0.1, 0.05])


def runs(rng, number=4, shots=1_500):
    return [rng.choice(5, size=shots, p=P) for _ in range(number)]


def test_independent_shots():
    """700 sets of three runs of 64 shots: none of the seven parts below 0.1 more often than by
    chance 1e-7, nor their Bonferroni minimum below 0.3 (8e-7 in all). Planted: p-values of a
    third of the size, which all parts that rest on permutations show.
    """
    rng = np.random.default_rng(0)
    parts, overall = [], []
    for seed in range(700):
        result = independent(runs(rng, 3, 64), P, alpha=0.3, permutations=49, seed=seed)
        parts.append([result.parts[name].p_value for name in PARTS])
        overall.append(result.overall())
    most = stats.binom.isf(1e-7, 700, 0.1)
    assert np.all((np.array(parts) <= 0.1).sum(axis=0) <= most)
    assert (np.array(overall) <= 0.3).sum() <= stats.binom.isf(1e-7, 700, 0.3)
    small = (np.array(parts) / 3 <= 0.1).sum(axis=0) > most
    assert all(small[k] for k, name in enumerate(PARTS) if PARTS[name])


def test_sparse_runs_agree_with_their_law():
    """Two runs with one shot expected off the likeliest outcome: U takes few values, most often
    its smallest, which no smooth law knows. 60 sets at 5%: more alarms than by chance 1e-6 fail.
    Runs of another law are found in most sets.
    """
    rng = np.random.default_rng(5)
    p = np.array([0.99, 0.01])

    def alarms(q):
        sets = [[rng.choice(2, 100, p=q) for _ in range(2)] for _ in range(60)]
        parts = [
            independent(memory, p, permutations=99, parts=["seeds"], alpha=0.05).parts["seeds"]
            for memory in sets
        ]
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
    """Each fault is beyond all but one of 1,999 permutations of the part that looks for it. Over
    seeds it is so by 10 standard deviations or more, with a spread below 1; what is too good has
    the smallest value there is, where permutations come below 1e-6. So a case fails below 1e-6.
    """
    good = fault in (dealt, stratified)
    result = independent(fault(np.random.default_rng(1)), P, parts=[part])
    assert result.parts[part].p_value <= 0.002
    assert result.refuted
    assert result.too_good == good
    assert result.too_far == (fault in (drift, other_law))
    assert (result.parts[part].score < 0) == good


def test_where():
    rng = np.random.default_rng(2)
    assert independent(period(rng), permutations=99, parts=["lag"]).parts["lag"].where == (192,)
    assert independent(shifted(rng), parts=["shift"]).parts["shift"].where == (1, 3, -400)
    assert independent(copied(rng), parts=["shift"]).parts["shift"].where == (0, 2, 0)


def test_pooled_seeds_see_what_no_run_does():
    """Runs that follow one wrong law are no farther apart than chance has it, by eight deviations
    of a sum of 240 squares. The pooled score is 45 with a standard deviation of 8 over seeds, and
    more than 5 is asked for: fails below 1e-6.
    """
    rng = np.random.default_rng(3)
    q = P + np.array([0.03, -0.03, 0, 0, 0])
    memory = [rng.choice(5, 300, p=q) for _ in range(60)]
    result = independent(memory, P, parts=["dispersion", "pooled"])
    assert result.parts["pooled"].p_value < 1e-3
    assert abs(result.parts["dispersion"].score) < 8
    assert result.parts["pooled"].score > 5
    assert not result.too_good and result.too_far


def test_strings_and_one_run():
    rng = np.random.default_rng(4)
    memory = [format(x, "03b") for x in rng.choice(5, 400, p=P)]
    result = independent([memory], permutations=599)
    assert set(result.parts) == {"lag", "repeat", "batches"}
    # Eight deviations of a sum of some 28 squares, below 1e-7; the memory sorted is farther out.
    resting = ["lag", "batches"]
    assert all(abs(result.parts[name].score) < 8 for name in resting)
    ordered = independent([sorted(memory)], permutations=599)
    assert all(ordered.parts[name].score > 8 for name in resting)
    assert set(independent(np.array(memory), alpha=0.4, permutations=19).parts) == set(result.parts)


def test_overall_is_bonferroni():
    result = Independence({"lag": Dependence(0.004, 1.0), "shift": Dependence(0.5, 0.0)}, 0.01)
    assert result.overall() == 0.008
    assert result.refuted
    assert not result.too_good


@pytest.mark.parametrize(
    ("memories", "p", "message"),
    [
        ([], None, "at least one run"),
        ([[1]], None, "two shots"),
        ([[1, 2, 3]], [0.5, 0.5], "whole numbers from 0 to 1 .* run 0 holds 2; number"),
        ([["0", "1"]], [0.5, 0.5], "run 0 holds '0'"),
    ],
)
def test_bad_input(memories, p, message):
    with pytest.raises(ValueError, match=message):
        independent(memories, p)


def test_two_sides_cost_a_factor_of_two():
    """No chance: of 100 values the observed one is the largest, the smallest, the second smallest,
    or one of two equal ones.
    """
    others = np.arange(1.0, 100.0)
    for first, p_value in ((1e3, 0.02), (-1e3, 0.02), (1.5, 0.04), (1.0, 0.04), (50.0, 1.0)):
        assert _two_sided(np.append(first, others)).p_value == pytest.approx(p_value)


def test_the_shift_scan_pays_for_all_shifts_of_all_pairs():
    """No chance: three runs of 60, 50 and 40 shots, the third like the end of the first."""
    rng = np.random.default_rng(6)
    memory = [rng.choice(5, size, p=P) for size in (60, 50, 40)]
    memory[2] = memory[0][20:].copy()
    part = independent(memory, parts=["shift"]).parts["shift"]
    assert part.where == (0, 2, -20)
    shares = [np.bincount(run, minlength=5) / len(run) for run in memory]
    tail = stats.binom.sf(39, 40, shares[0] @ shares[2])
    shifts = sum(a + b - 2 * OVERLAP + 1 for a, b in ((60, 50), (60, 40), (50, 40)))
    assert part.p_value == pytest.approx(shifts * tail, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("number", "p", "parts", "alpha", "needed"),
    [
        (3, P, None, 0.005, 2_799),
        (3, None, None, 0.001, 9_999),
        (1, None, ["lag"], 1e-4, 9_999),
        (2, P, ["lag", "shift"], 1e-3, 1_999),
    ],
)
def test_permutations_that_cannot_refute_are_refused(number, p, parts, alpha, needed):
    """Twice the number of parts over alpha; once if only lag, which has one side, rests on them."""
    memory = runs(np.random.default_rng(7), number, 60)
    options = {"alpha": alpha, **({} if parts is None else {"parts": parts})}
    message = rf"`permutations` must be at least {needed} .* alpha = {alpha} .* but is {needed - 1}"
    with pytest.raises(ValueError, match=message):
        independent(memory, p, permutations=needed - 1, **options)
    assert not independent(memory, p, permutations=needed, **options).refuted


def test_parts_that_need_no_permutations_answer_at_any_level():
    """The planted fault is a run that repeats another. No false alarm: below 1e-9."""
    memory = runs(np.random.default_rng(8), 3, 300)
    parts = ["shift", "repeat", "pooled"]
    result = independent(memory, P, alpha=1e-9, permutations=1, parts=parts)
    assert list(result.parts) == parts and not result.refuted
    with pytest.raises(ValueError, match=r"parts=\['shift', 'repeat', 'pooled'\]"):
        independent(memory, P, alpha=1e-9)
    memory[2] = memory[0].copy()
    assert independent(memory, P, alpha=1e-9, parts=parts).refuted
    assert list(independent(memory, parts=parts).parts) == ["shift", "repeat"]


@pytest.mark.parametrize("parts", [["lags"], "lag", [], ["shift"], ["pooled"]])
def test_parts_that_cannot_be_looked_at(parts):
    with pytest.raises(ValueError, match="`parts`"):
        independent([[0, 1, 0, 1]], parts=parts)


def test_a_measured_law_is_named():
    law = expected([0.5, 0.5], readout=np.eye(2), calibration_shots=100)
    with pytest.raises(ValueError, match=r"`p` must be .* exact .* `law.p`"):
        independent([[0, 1], [1, 0]], law)


@pytest.mark.parametrize("outcomes", [2, 3, 4, 5])
@pytest.mark.parametrize("seed", range(8))
def test_few_outcomes_are_told_apart_by_every_seed(outcomes, seed):
    """No chance but that of random signs: of 2 or 3 outcomes all of them could be equal."""
    first = np.random.default_rng(4).integers(outcomes, size=300)
    part = independent([first, first], parts=["shift"], seed=seed).parts["shift"]
    assert part.p_value < 1e-50 and part.where == (0, 1, 0)


@pytest.mark.parametrize(
    ("name", "shots", "first", "second"),
    [("the second half again", 5000, 0, 5000), ("3,000 shots, 5,000 later", 3000, 0, 5000)],
)
def test_stretches_that_come_again_within_one_run(name, shots, first, second):
    """No chance but below 1e-300: as many shots are repeated. A fair run is refuted at 1e-6."""
    rng = np.random.default_rng(5)
    run = rng.choice(4, size=10_000, p=[0.7, 0.2, 0.07, 0.03])
    part = independent([run], parts=["repeat"], alpha=1e-6)
    assert not part.refuted, name
    run[second : second + shots] = run[first : first + shots]
    found = independent([run], parts=["repeat"], alpha=1e-6)
    *places, length = found.parts["repeat"].where
    assert found.refuted and places == [0, first, 0, second]
    assert shots <= length < shots + 20  # what follows may agree by chance
