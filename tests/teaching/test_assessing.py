"""Marking: right answers are marked wrong at most at the stated rate, and wrong ones are found.

Rates are measured at an alpha of 0.05, at which a few hundred answers show them; a test fails by
chance with probability at most 1e-6, by the binomial law of its number of misses.
"""

import doctest

import numpy as np
import pytest

from qcattn.attention import softmax
from qcattn.comparisons import fit
from qcattn.evidence import Estimate
from qcattn.teaching import Assessment, NotRight, assess, check, student_scores

ALPHA, ANSWERS = 0.05, 300
LAW = softmax(student_scores(7))
FLAT = np.full(8, 1 / 8)


def marks(law, shots, of=LAW, answers=ANSWERS, within=0.1, alpha=ALPHA, seed=1):
    """Verdicts on many students' counts, all drawn from `law` and marked beside `of`."""
    drawn = np.random.default_rng(seed).multinomial(shots, law, size=answers)
    return [assess(counts=k, law=of, within=within, alpha=alpha).verdict for k in drawn]


@pytest.mark.parametrize("shots", [60, 3000])
@pytest.mark.parametrize(
    "law", [LAW, FLAT, np.array([0.97, 0.03, 0, 0])], ids=["row", "flat", "peak"]
)
def test_right_counts_are_marked_wrong_at_the_stated_rate_at_most(law, shots, tools):
    found = marks(law, shots, of=law, answers=100)
    assert found.count("wrong") <= tools.most_misses(100, ALPHA)
    if shots == 3000:
        assert found.count("right") > 80, "enough shots are enough"


def test_counts_of_another_law_are_found():
    """At a total variation of 0.2, twice the tolerance, from 3,000 shots: by far every one."""
    other = LAW.copy()
    other[LAW.argmax()] -= 0.2
    other[LAW.argmin()] += 0.2
    assert set(marks(other, 3000, answers=50)) == {"wrong"}


@pytest.mark.parametrize("shots", [100, 400, 1600])
def test_counts_of_a_law_within_the_tolerance_are_marked_wrong_at_the_stated_rate_at_most(
    shots, tools
):
    """At the very edge, and with few shots, where a test of fit alone refutes nearly all."""
    near = LAW.copy()
    near[LAW.argmax()] -= 0.099
    near[LAW.argmin()] += 0.099
    assert marks(near, shots, answers=100).count("wrong") <= tools.most_misses(100, ALPHA)
    drawn = np.random.default_rng(2).multinomial(shots, near, size=100)
    assert (fit(drawn, LAW).p_values <= ALPHA).mean() > 0.5


def test_several_rows_are_one_answer():
    rng = np.random.default_rng(9)
    rows = np.stack([rng.multinomial(4000, LAW), rng.multinomial(4000, FLAT)])
    laws = np.stack([LAW, FLAT])
    assert assess(counts=rows, law=laws, within=0.1)
    wrong = assess(counts=rows[::-1], law=laws, within=0.1)
    assert wrong.verdict == "wrong"
    few = assess(counts=[rng.multinomial(60, LAW), rng.multinomial(60, FLAT)], law=laws, within=0.1)
    assert few.verdict == "more shots needed" and "a row" in few.words


def test_counts_a_little_beyond_the_tolerance_are_marked_right_at_the_stated_rate_at_most(tools):
    other = LAW.copy()
    other[LAW.argmax()] -= 0.101
    other[LAW.argmin()] += 0.101
    for shots in (1000, 30_000):
        found = marks(other, shots, answers=100)
        assert found.count("right") <= tools.most_misses(100, ALPHA)


def test_few_shots_are_too_few_and_it_is_said_how_many_do():
    rng = np.random.default_rng(3)
    few = assess(counts=rng.multinomial(100, LAW), law=LAW, within=0.05)
    assert few.verdict == "more shots needed" and "about" in few.words
    enough = int(few.words.split("about ")[1].split()[0].replace(",", ""))
    drawn = rng.multinomial(enough, LAW, size=20)
    found = [assess(counts=k, law=LAW, within=0.05).verdict for k in drawn]
    assert found.count("right") >= 13, "nine in ten were foreseen; 12 or fewer: 2e-4"
    assert assess(counts=np.zeros(8, int), law=LAW, within=0.05).verdict == "more shots needed"


def test_counts_that_were_computed_are_not_taken_for_counts_that_were_drawn(tools):
    computed = np.round(10_000 * LAW).astype(int)
    found = assess(counts=computed, law=LAW, within=0.05)
    assert found.verdict == "wrong" and "Draw them" in found.words
    assert fit(computed, LAW).overall() > 0.5, "a test of fit alone is glad of them"
    # Of two outcomes an even count is nothing strange.
    assert assess(counts=[500, 500], law=[0.5, 0.5], within=0.1)


def test_a_tiny_deviation_within_the_tolerance_is_right_at_any_number_of_shots():
    near = LAW + 0.01 * (FLAT - LAW)
    counts = np.random.default_rng(5).multinomial(10**8, near)
    assert fit(counts, LAW).refuted
    assert assess(counts=counts, law=LAW, within=0.05)


def interval(k, n, level=0.95):
    """Clopper and Pearson's, which misses at most at its rate on either side."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = betaincinv(k, n - k + 1, tail) if k else 0.0
    high = betaincinv(k + 1, n - k, 1 - tail) if k < n else 1.0
    return Estimate(k / n, float(low), float(high))


@pytest.mark.parametrize("truth", [0.5, 0.1, 0.005])
@pytest.mark.parametrize("level", [0.68, 0.95])
def test_honest_intervals_are_marked_wrong_at_the_stated_rate_at_most(truth, level, tools):
    n, answers = 400, 4 * ANSWERS
    drawn = np.random.default_rng(2).binomial(n, truth, size=answers)
    found = [
        assess(estimate=interval(k, n, level), number=truth, within=0.1, alpha=ALPHA,
               confidence=level).verdict
        for k in drawn
    ]  # fmt: skip
    assert found.count("wrong") <= tools.most_misses(answers, ALPHA)
    naive = sum(truth not in interval(k, n, level) for k in drawn)
    assert level == 0.95 or naive > tools.most_misses(answers, ALPHA), "a miss alone is no fault"


def test_intervals_that_are_too_small_or_of_another_number_are_found():
    rng = np.random.default_rng(4)
    drawn = [interval(k, 400) for k in rng.binomial(400, 0.5, size=200)]
    narrow = [Estimate(e.best, e.best - (e.best - e.low) / 10, e.best + (e.high - e.best) / 10)
              for e in drawn]  # fmt: skip
    found = [assess(estimate=e, number=0.5, within=0.1, alpha=ALPHA).verdict for e in narrow]
    assert found.count("wrong") > 100
    found = [assess(estimate=e, number=0.7, within=0.1, alpha=ALPHA).verdict for e in drawn]
    assert found.count("wrong") > 195
    wide = assess(estimate=(0.5, 0.3, 0.7), number=0.5, within=0.1)
    assert wide.verdict == "more shots needed" and "4 times" in wide.words


def test_a_law_is_right_within_its_tolerance():
    assert assess(probabilities=LAW, law=LAW, within=1e-6)
    off = LAW.copy()
    off[[0, 3]] += [0.02, -0.02]
    found = assess(probabilities=off, law=LAW, within=1e-3)
    assert found.verdict == "wrong" and "0.02" in found.words and found.alpha == 0
    assert assess(probabilities=off, law=LAW, within=0.03)
    several = assess(probabilities=[LAW, off], law=[LAW, LAW], within=1e-3)
    assert several.verdict == "wrong" and "0.02 away" in several.words, "the worst row decides"
    named = assess(probabilities={"0": 0.4, "1": 0.6}, law={"1": 0.6, "0": 0.4}, within=1e-9)
    assert named


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [("counts", LAW[::-1]), ("probabilities", LAW[::-1])],
)
def test_the_likely_mistake_is_named(kind, wrong):
    answer = np.random.default_rng(6).multinomial(5000, wrong) if kind == "counts" else wrong
    pitfalls = {"You forgot beta.": softmax(2 * np.log(LAW)), "You read it backwards.": LAW[::-1]}
    found = assess(
        law=LAW, within=0.02, hint="See notebook 2.", pitfalls=pitfalls, **{kind: answer}
    )
    assert found.verdict == "wrong"
    assert found.words.endswith("You read it backwards. See notebook 2.")


def test_the_likely_mistake_of_a_number_is_named():
    found = assess(estimate=(0.3, 0.28, 0.32), number=0.7, within=0.1,
                   pitfalls={"That is the other key.": 0.3, "That is neither.": 0.5})  # fmt: skip
    assert found.verdict == "wrong" and found.words.endswith("That is the other key.")


@pytest.mark.parametrize(
    "answer",
    [
        {"counts": [1, 2]},
        {"counts": LAW},
        {"counts": [-1, *[5] * 7]},
        {"counts": "many"},
        {"counts": {"heads": 3}},
        {"probabilities": [0.5, 0.5]},
        {"probabilities": 2 * LAW},
        {"probabilities": "softmax"},
        {"probabilities": {"0": 1.0}},
        {"estimate": 0.5},
        {"estimate": (0.5, 0.6, 0.7)},
        {"estimate": (0.5, float("nan"), 0.7)},
        {"estimate": (0.5, 0.5, 0.5)},
        {"estimate": "half"},
    ],
)  # fmt: skip
def test_what_is_no_answer_is_wrong_with_words(answer):
    aim = {"number": 0.5} if "estimate" in answer else {"law": LAW}
    found = assess(within=0.05, hint="Ask.", **aim, **answer)
    assert found.verdict == "wrong" and found.words.endswith("Ask.") and len(found.words) > 20


@pytest.mark.parametrize(
    ("exercise", "said"),
    [
        ({"law": LAW}, "must be given"),
        ({"law": LAW, "counts": [1], "probabilities": [1.0]}, "counts and probabilities"),
        ({"counts": [1, 2]}, "`law` must be given"),
        ({"estimate": (1, 0, 2)}, "`number` must be given"),
        ({"counts": [1, 2], "law": [0.5, 0.6]}, "must sum to one"),
        ({"counts": [1, 2], "law": [0.5, 0.5], "alpha": 2}, "between 0 and 1"),
        ({"counts": [1, 2], "law": [0.5, 0.5], "within": 0}, "`within`"),
        ({"counts": [1, 2], "law": [0.5, 0.5], "pitfalls": {"No.": [0.5, 0.6]}}, "`pitfalls`"),
        ({"estimate": (1, 0, 2), "number": 1, "confidence": 95}, "`confidence`"),
        ({"estimate": (1, 0, 2), "number": float("inf")}, "finite"),
    ],
)
def test_an_exercise_that_is_not_well_put_is_the_teachers_fault(exercise, said):
    with pytest.raises(ValueError, match=said):
        assess(**{"within": 0.05, **exercise})


def test_the_same_answer_is_marked_the_same():
    counts = np.random.default_rng(8).multinomial(20_000, LAW)
    first, again = (assess(counts=counts, law=LAW, within=0.05) for _ in range(2))
    words = "Your 20,000 shots lie within 0.05 of the law."
    assert first == again == Assessment("right", words, 1e-3)


# As graders run it

RIGHT, WRONG = "check(counts=[251, 749], law=[0.25, 0.75], within=0.1)", (
    "check(counts=[749, 251], law=[0.25, 0.75], within=0.1, hint='Mind the order.')"
)  # fmt: skip


def test_right_is_silent_and_wrong_an_assertion_that_shows_the_hint_alone():
    assert check(counts=[251, 749], law=[0.25, 0.75], within=0.1) is None
    with pytest.raises(AssertionError, match=r"Mind the order\.$") as error:
        exec(WRONG)
    assert isinstance(error.value, NotRight) and error.value.assessment.verdict == "wrong"
    assert error.value._render_traceback_() == [str(error.value)]


def cell(source, cells):
    """A test cell of nbgrader, worth 2 points, with the outputs that IPython gives it."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    shell.user_ns["check"] = check
    with capture_output() as captured:
        done = shell.run_cell(source)
    outputs = []
    if captured.stderr:
        outputs.append({"output_type": "stream", "name": "stderr", "text": captured.stderr})
    if not done.success:
        outputs.append(cells.new_output("error", ename="", evalue=str(done.error_in_exec)))
    elif done.result is not None:
        outputs.append(cells.new_output("execute_result", data={"text/plain": repr(done.result)}))
    about = {"nbgrader": {"points": 2, "grade": True, "solution": False, "schema_version": 3}}
    return cells.new_code_cell(source, outputs=outputs, metadata=about)


def test_a_cell_of_nbgrader_gets_all_points_or_none():
    """As it counts: an error or anything on stderr gets none, no output at all gets all."""
    cells = pytest.importorskip("nbformat.v4", reason="nbformat is needed")
    pytest.importorskip("IPython", reason="IPython is needed")
    right, wrong = cell(RIGHT, cells), cell(WRONG, cells)
    assert right.outputs == []
    assert [one.output_type for one in wrong.outputs] == ["error"]
    assert "Mind the order" in wrong.outputs[0].evalue


def test_nbgrader_itself_gives_all_points_or_none():
    utils = pytest.importorskip("nbgrader.utils", reason="nbgrader is not installed")
    cells = pytest.importorskip("nbformat.v4")
    assert utils.determine_grade(cell(RIGHT, cells)) == (2, 2)
    assert utils.determine_grade(cell(WRONG, cells)) == (0, 2)


def test_a_doctest_as_otter_writes_them_passes_or_fails():
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    for source, failed in ((RIGHT, 0), (WRONG, 1)):
        test = parser.get_doctest(f">>> {source}\n", {"check": check}, "q1", None, 0)
        assert runner.run(test, out=lambda text: None).failed == failed


OTTER = """
from otter.test_files import test_case
from qcattn.teaching import check

OK_FORMAT = False
name = "q1"
points = 2

@test_case()
def test_counts(counts):
    check(counts=counts, law=[0.25, 0.75], within=0.1, hint="Mind the order.")
"""


@pytest.mark.parametrize(("counts", "passed"), [([251, 749], True), ([749, 251], False)])
def test_otter_itself_passes_or_fails(counts, passed, tmp_path):
    files = pytest.importorskip("otter.test_files", reason="otter-grader is not installed")
    (tmp_path / "q1.py").write_text(OTTER)
    run = files.ExceptionTestFile.from_file(str(tmp_path / "q1.py"))
    run.run({"counts": counts})
    assert run.passed_all is passed
    assert passed or "Mind the order" in run.summary()
