"""The heads of the study: their weights against sums written out, gradients, and tasks."""

import interacting_attention as study
import numpy as np
import pytest
from scipy.linalg import expm
from scipy.special import softmax

import qcattn
from qcattn.encodings.transverse import in_field


@pytest.mark.parametrize("name", study.MODELS)
@pytest.mark.parametrize("task", study.TASKS)
def test_gradients_are_those_of_the_loss(name, task):
    data = study.TASKS[task](np.random.default_rng(1))[0][np.arange(6)]
    rng = np.random.default_rng(2)
    point = rng.normal(size=data.size + (name == study.MODELS[-1]))
    slope = study.loss(name, point, data)[1]
    step = rng.normal(size=len(point))
    ends = [study.loss(name, point + sign * 1e-5 * step, data)[0] for sign in (1, -1)]
    assert abs((ends[0] - ends[1]) / 2e-5 - slope @ step) < 1e-6 * (1 + abs(slope @ step))
    assert np.abs(slope).min() < np.abs(slope).max(), "something depends on the parameters"


def test_the_heads_are_those_of_the_encodings():
    rng = np.random.default_rng(3)
    scores, upper = rng.normal(size=study.KEYS), np.triu(rng.normal(size=(6, 6)), 1)
    common = upper + upper.T
    hamiltonian = qcattn.Interacting(couplings=-common)(scores)
    law = softmax(-hamiltonian.energies)
    found, _ = study.attended("Boltzmann", scores[None], common[None], np.ones(5))
    assert np.abs(found[0] - law @ study.WORDS).max() < 1e-12
    common[0, 5] = common[5, 0] = 0.0  # with a field the farthest pair has no coupling
    matrix = in_field(qcattn.Interacting(couplings=-common)(scores), 0.7).matrix
    state = expm(-matrix)
    law = state.diagonal().real / np.trace(state).real
    found, _ = study.attended(
        "with a field", scores[None], common[None], np.array([1, 1, 1, 1, 0.7])
    )
    assert np.abs(found[0] - law @ study.WORDS).max() < 1e-12


@pytest.mark.parametrize("task", study.TASKS)
def test_no_held_out_example_was_trained_on(task):
    train, test = study.TASKS[task](np.random.default_rng(4))
    seen = {one.tobytes() for one in train.features}
    assert not seen & {one.tobytes() for one in test.features}
    assert len(train.targets) > 30 and len(test.targets) > 20


def test_brackets_are_balanced_where_they_say_so():
    _, test = study.brackets(np.random.default_rng(5))
    words = test.features[:, :, : 2 * study.KINDS].argmax(axis=-1)
    assert [study.balanced(word) for word in words] == test.targets.tolist()
