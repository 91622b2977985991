"""Every student gets data of their own, the same on every machine."""

import numpy as np
import pytest

from qcattn.attention import softmax
from qcattn.comparisons import fit
from qcattn.teaching import student_counts, student_scores, student_seed
from qcattn.thermal import total_variation

STUDENTS = range(20_261_000, 20_261_300)


def test_every_student_and_every_exercise_has_data_of_its_own():
    rows = {tuple(student_scores(one, exercise=what)) for one in STUDENTS for what in ("", "coin")}
    assert len(rows) == 2 * len(STUDENTS)
    assert student_seed(7, "a").entropy != student_seed(7, "b").entropy
    assert student_seed("7a").entropy != student_seed("7", "a").entropy


def test_a_number_is_the_same_student_however_it_is_written():
    assert student_seed(12).entropy == student_seed("12").entropy == student_seed(" 0012 ").entropy
    assert student_seed(np.int64(12)).entropy == student_seed(12).entropy
    assert student_seed("Zoë").entropy != student_seed("Zoe").entropy


def test_the_numbers_follow_from_raw_ones_that_numpy_keeps():
    """What `Generator` makes of them may change with NumPy's version, these may not."""
    raw = np.random.PCG64(student_seed(5, "q scores")).random_raw(8)
    order = np.argsort([float(one >> np.uint64(11)) for one in raw[4:]])
    levels = np.arange(4) - 1.5 + 0.6 * ((raw[:4] >> np.uint64(11)) * 2.0**-53 - 0.5)
    assert student_scores(5, 4, exercise="q") == pytest.approx(np.round(levels[order], 2))


def test_an_exercise_is_well_posed_for_every_student():
    """No two keys are alike, each is seen, and the likely mistakes lead to other laws."""
    rows = np.array([student_scores(one) for one in STUDENTS])
    assert np.diff(np.sort(rows, axis=-1)).min() > 0.1
    p = softmax(rows)
    assert p.min() > 0.01 and p.max() < 0.6
    assert total_variation(p, softmax(-rows)).min() > 0.3
    assert total_variation(p, softmax(2 * rows)).min() > 0.1
    assert total_variation(p, p[:, ::-1]).min() > 0.05


def test_counts_follow_their_law(tools):
    """Of 300 students' counts, tested together at 1e-6; a law that is off by 0.02 is refuted."""
    law = np.array([0.0, 0.5, 0.3, 0.2, 0.0])
    counts = np.array([student_counts(one, law, 500) for one in STUDENTS])
    assert (counts.sum(axis=-1) == 500).all()
    assert fit(counts, law).overall() > 1e-6
    assert fit(counts, [0.0, 0.48, 0.32, 0.2, 0.0]).overall() < 1e-6
    assert fit(student_counts(1, law / law.sum(), 10**5, exercise="x"), law).overall() > 1e-6


@pytest.mark.parametrize("student", ["", "  ", -1, 1.5, None])
def test_what_is_no_student_is_refused(student):
    with pytest.raises(ValueError, match="`student` must be"):
        student_seed(student)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="`keys`"):
        student_scores(1, 1)
    with pytest.raises(ValueError, match="`spread`"):
        student_scores(1, spread=0)
    with pytest.raises(ValueError, match="must be of shape"):
        student_counts(1, [[0.5, 0.5]], 10)


def test_each_exercise_has_data_of_its_own():
    law = np.full(4, 0.25)
    for made in (
        lambda exercise: student_scores(7, 6, exercise=exercise),
        lambda exercise: student_counts(7, law, 1000, exercise=exercise),
        lambda exercise: student_seed(7, exercise).generate_state(4),
    ):
        assert (made("coin") == made("coin")).all() and (made("coin") != made("row")).any()
