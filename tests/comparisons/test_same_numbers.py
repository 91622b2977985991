"""Rows drawn with the same random numbers: level, and what is seen of planted repetition."""

import numpy as np
import pytest
from qiskit.primitives import StatevectorSampler

from qcattn import Amplitude, Binary, Heralded, Purification, Sampler, load, prepare, run, save
from qcattn.comparisons import same_numbers
from qcattn.folders.trials import load_trials, save_trials
from qcattn.records import Counts
from qcattn.views.run.brief import brief
from qcattn.views.run.report import write_report
from qcattn.views.run.words import sentence
from qcattn.views.trials.words import words

SCORES = np.random.default_rng(3).normal(scale=1.5, size=(4, 6))
SAID = "This sampler gives every row the same random numbers"


def table(keys, memories=()):
    none = np.zeros(len(keys), dtype=np.int64)
    return Counts(np.asarray(keys), none, none, tuple(memories))


@pytest.mark.parametrize(
    ("p", "rows", "shots"),
    [((0.5, 0.3, 0.2), 3, 30), ((0.9, 0.1), 30, 10), ((0.97, 0.02, 0.01), 5, 50)],
)
def test_level_of_identical_counts(p, rows, shots):
    """1,000 fair tables at 1%: 25 alarms by a chance of 4e-5 at most; the bound is far from met.
    The planted fault is a table whose rows are copies of the first, at 3,000 shots.
    """
    rng, law = np.random.default_rng(1), np.tile(p, (rows, 1))
    fair = [same_numbers(table(rng.multinomial(shots, law)), law) for _ in range(1000)]
    assert np.count_nonzero(np.array(fair) <= 0.01) < 25
    copied = np.tile(rng.multinomial(3000, p), (rows, 1))
    assert same_numbers(table(copied), law) < 1e-4


def test_level_of_the_order_of_shots():
    """500 fair sets of rows of different laws at 1%: 16 alarms by a chance below 1e-4. The planted
    fault gives the same random numbers to rows of different laws.
    """
    rng = np.random.default_rng(2)
    p_values, caught = [], []
    for _ in range(500):
        laws = rng.dirichlet(np.ones(5), size=3)
        runs = [rng.choice(5, size=200, p=law) for law in laws]
        p_values.append(same_numbers(table(np.zeros((3, 5), np.int64), runs), laws))
        numbers = rng.random(2000)
        shared = [np.searchsorted(law.cumsum()[:-1], numbers) for law in laws]
        caught.append(same_numbers(table(np.zeros((3, 5), np.int64), shared), laws))
    assert np.count_nonzero(np.array(p_values) <= 0.01) < 16
    assert np.mean(np.array(caught) < 1e-4) > 0.9


def test_a_wrong_law_is_no_repetition():
    """No chance: few likely outcomes that p does not foresee, and rows that all have them."""
    law = np.tile([1 - 2e-9, 1e-9, 1e-9], (50, 1))
    keys = np.zeros((50, 3), np.int64)
    keys[np.arange(50), np.arange(50) % 3] = 2
    assert same_numbers(table(keys), law) > 0.01


@pytest.mark.parametrize("preparation", [Purification(), Amplitude(), Heralded()])
@pytest.mark.parametrize("scores", [SCORES, np.tile([0.0, 1.0, 2.0], (3, 1))])
def test_a_fixed_seed_is_seen(preparation, scores, tmp_path):
    """Failure below 1e-4 for the one without a seed; with one, no chance: it is fixed."""
    backend = Sampler(StatevectorSampler(seed=12345))
    result = run(scores, preparation=preparation, backend=backend, shots=2000, seed=7)
    assert result.rows_repeat and result.standing == "undecided" and not result.agrees
    assert sentence(result).startswith(SAID)
    assert SAID[:1].lower() + SAID[1:] in str(result)
    assert brief([result], 0.01)["parts"][0]["same_random_numbers"] is True
    assert result.settings["seed of the sampler"].startswith("its own, 12345; the seed of the run")
    write_report(tmp_path / "page.html", [result])
    assert SAID in (tmp_path / "page.html").read_text(encoding="utf-8")
    save(result, tmp_path / "kept")
    again = load(tmp_path / "kept")
    assert again.standing == "undecided" and sentence(again) == sentence(result)
    free = run(scores, preparation=preparation, backend=Sampler(StatevectorSampler()), shots=2000)
    assert not free.rows_repeat
    assert not run(scores, preparation=preparation, shots=2000, seed=7).rows_repeat


def test_a_row_that_is_wrong_by_itself_still_differs():
    """No chance: the seed is fixed. Holm's bound holds however rows depend."""
    backend = Sampler(StatevectorSampler(seed=5))
    fine = run(SCORES, backend=backend, shots=4000)
    wrong = run(SCORES, preparation=Warmer(), backend=backend, shots=4000)
    assert fine.standing == "undecided"
    assert wrong.standing == "differs"
    assert SAID in sentence(wrong) and "The counts differ from softmax" in sentence(wrong)


class Warmer(Amplitude):
    """Prepares at half of beta, and says so nowhere."""

    def __call__(self, hamiltonian, *, beta):
        return super().__call__(hamiltonian, beta=beta / 2)


def test_methods_that_share_their_numbers(tmp_path):
    """Failure below 1e-4 for the one without a seed."""
    methods, hamiltonian = [Amplitude(), Purification()], Binary()(SCORES[0, :4])
    fixed = Sampler(StatevectorSampler(seed=3))
    trials = prepare(hamiltonian, methods=methods, backend=fixed, shots=1000)
    assert trials.methods_repeat and trials.standing == "undecided"
    assert "gives every method the same random numbers" in words(trials)
    save_trials(trials, tmp_path / "kept")
    assert load_trials(tmp_path / "kept").standing == "undecided"
    free = Sampler(StatevectorSampler())
    assert not prepare(hamiltonian, methods=methods, backend=free, shots=1000).methods_repeat
