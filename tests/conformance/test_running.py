"""A run of all probes: one error budget, nothing lost, planted faults found by name."""

import dataclasses
import inspect
import json
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from planted import FAULTS, Stuck
from qiskit.primitives import BaseSamplerV2, StatevectorSampler
from qiskit_aer import AerSimulator

from qcattn.backends import Sampler
from qcattn.backends.clifford import is_clifford
from qcattn.backends.named import named_simulator
from qcattn.conformance import turns
from qcattn.conformance.corpus import corpus
from qcattn.conformance.probe import LEVELS, Outcome
from qcattn.conformance.reference import Reference
from qcattn.conformance.report import Answer, Report, conclude
from qcattn.conformance.running import all_probes, job_named, jobs_of, run_conformance
from qcattn.conformance.stored import changes, load_report, write_conformance
from qcattn.conformance.timing import in_turn
from qcattn.errors import Died, DoesNotFit, Interrupted, NotWhole
from qcattn.views.conformance.words import found, sentence, since, trust

CASES = corpus()[::6]


@pytest.mark.parametrize("probe", all_probes(), ids=lambda probe: probe.name)
class TestEveryProbe:
    def test_it_is_a_documented_frozen_dataclass(self, probe):
        cls = type(probe)
        assert dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen
        assert "References:" in cls.__doc__ and probe.relation and probe.effect
        assert inspect.getdoc(cls.jobs) and inspect.getdoc(cls.judge)

    def test_its_jobs_have_names_of_their_own_and_are_the_same_at_every_call(self, probe):
        for level in LEVELS[:2]:
            names = [job.name for job in probe.jobs(CASES, level)]
            assert len(set(names)) == len(names) >= any(case.noise for case in CASES)
            assert names == [job.name for job in probe.jobs(CASES, level)]

    def test_a_higher_level_draws_more(self, probe):
        drawn = [sum(job.shots for job in probe.jobs(CASES, level)) for level in LEVELS[:2]]
        assert drawn == sorted(drawn)


#: Those for which no circuit of the corpus is of Clifford gates alone.
NO_CLIFFORDS = {"bindings", "expectation values", "noise"}


@pytest.mark.parametrize("probe", all_probes(), ids=lambda probe: probe.name)
def test_a_stabilizer_simulator_is_asked_for_more_than_laws(probe):
    """Some job of every probe is of Clifford gates alone, which the simulator takes as a whole."""
    cases = [case for case in corpus() if "clifford" in case.exercises] + list(CASES[::5])
    jobs = [
        job.name
        for job in probe.jobs([case for case in cases if case.qubits <= 12], "quick")
        if all(is_clifford(task.circuit) for task in job.tasks)
    ]
    assert bool(jobs) is (probe.name not in NO_CLIFFORDS)


def test_the_reference_passes_whatever_the_seed():
    """False-failure rate 1e-6 a run."""
    for seed in (1, 2):
        report = run_conformance(Reference(), cases=CASES[seed::4], seed=seed, alpha=1e-6)
        assert report.standing == "passed", [one.words for one in report.alarms]
        for one in report.probed:  # each says what it would have seen, and how far off it was
            assert 0 < one.resolution <= 1, one.name
            assert one.effect.low <= one.effect.best <= one.effect.high, one.name
            assert {"effect_low", "effect_high", "resolution"} <= one.properties.keys()


#: Faults of `planted`, and the probe that finds each; every probe finds one or more.
OF_ITS_KIND = [
    ("bits are turned round", "bit order"),
    ("half of a run comes twice", "order of shots"),
    ("circuits of a job start alike", "independence of runs"),
    ("results are one short", "bindings"),
    ("ry turns by 10% less", "exact law"),
    ("the seed is ignored", "seeds"),
    ("noise is left out", "noise"),
    ("shots are one too many", "as asked"),
    ("saved probabilities are off by 0.001", "saved probabilities"),
    ("expectation values are off by 0.06", "expectation values"),
    ("all circuits but the first are spoilt", "many circuits"),
    ("the first bit is always zero", "shot by shot"),
    ("swap is left out", "equivalent circuits"),
    ("a precision that is asked for is ignored", "options"),
    ("a method that is asked for is ignored", "options"),
]


def test_every_probe_is_shown_to_find_a_planted_fault():
    assert {probe for _, probe in OF_ITS_KIND} == {probe.name for probe in all_probes()}


@pytest.mark.parametrize(("fault", "probe"), OF_ITS_KIND)
def test_a_planted_fault_is_found_by_the_probe_of_its_kind(fault, probe):
    """Each is seen with a power above 1 - 1e-6 at these shots; the reference above passes."""
    small = [case for case in corpus() if case.qubits <= 4]
    cases = [case for case in small if case.noise or "swap" in case.exercises] + small[::3]
    cases = list({case.name: case for case in cases}.values())
    report = run_conformance(FAULTS[fault](), cases=cases, seed=5, probes=[probe], alpha=1e-6)
    assert [one.name for one in report.alarms] == [probe]
    assert report.standing == "alarm" and report.alarms[0].words.startswith("Refuted")


@pytest.mark.parametrize(
    ("fault", "probe"),
    [
        ("circuits of a job share random numbers", "independence of runs"),
        ("shots are sorted", "order of shots"),
        ("the seed is ignored", "seeds"),
        ("expectation values are off by 0.06", "expectation values"),
    ],
)
def test_the_effect_of_a_planted_fault_is_above_what_would_have_been_seen(fault, probe):
    report = run_conformance(FAULTS[fault](), cases=CASES, seed=5, probes=[probe])
    (probed,) = report.probed
    assert probed.standing == "alarm" and probed.effect.low > 0
    assert probed.effect.high >= probed.resolution


def test_a_method_is_asked_for_on_gates_that_every_method_of_aer_has():
    """Aer refuses gates of other methods, as it says; false-failure rate 1e-6."""
    aer = named_simulator("qiskit_aer:AerSimulator")
    report = run_conformance(aer, seed=1, probes=["options"], alpha=1e-6)
    assert report.standing == "passed", report.probed[0].words
    assert len(report.probed[0].answers) == 6


def test_the_probes_that_apply_share_the_error_rate():
    report = run_conformance(Reference(), cases=CASES[::3], seed=1, alpha=1e-4)
    shares = [one.alpha for one in report.probed if one.standing != "not applicable"]
    assert np.isclose(sum(shares), 1e-4)


def test_what_a_simulator_lacks_is_no_pass():
    class Bare(Reference):
        abilities = frozenset()

    report = run_conformance(Bare(), cases=CASES, seed=1, probes=["seeds", "saved probabilities"])
    assert {one.standing for one in report.probed} == {"not applicable"}
    assert report.standing == "undecided"
    assert report.probed[0].missing == ("seed",)


def test_what_a_simulator_does_not_take_is_counted_and_said():
    class Small(Reference):
        def sample(self, tasks, seed=None, noise=()):
            if any(task.circuit.num_qubits > 2 for task in tasks):
                raise DoesNotFit("two qubits at most")
            return super().sample(tasks, seed, noise)

    report = run_conformance(Small(), cases=CASES, seed=1, probes=["exact law"])
    (probed,) = report.probed
    refused = sum(answer.outcome is None for answer in probed.answers)
    assert 0 < probed.refused == refused < len(probed.answers)
    assert f"does not take {refused:,} of the {len(probed.answers):,} jobs" in probed.words
    assert probed.properties["refused"] == str(refused) and f"{refused:,} jobs" in sentence(report)


class Plain(BaseSamplerV2):
    """A developer's own sampler, which has no control flow and no way to say so.

    Args:
        wrong: Whether it draws every circuit from the law of the first one of a job.
    """

    def __init__(self, wrong=False):
        self.inner, self.wrong = StatevectorSampler(seed=np.random.default_rng(1)), wrong

    def run(self, pubs, *, shots=None):
        """Refuses conditions as its inner one does: by QiskitError."""
        pubs = list(pubs)
        return self.inner.run(pubs[:1] * len(pubs) if self.wrong else pubs, shots=shots)


def test_a_sampler_that_raises_at_control_flow_which_it_never_claimed_refuses_it():
    """It was an alarm of most probes; its other shots are judged. False-failure rate 1e-6."""
    # Its inner one takes resets, after which a pure state holds one of two outcomes only.
    some = [case for case in corpus() if case.qubits < 4 and "reset" not in case.features]
    cases = [case for case in some if case.name.startswith("control/")][:8]
    cases += [case for case in some if case.name.startswith("clifford/")]
    run = {"cases": cases, "seed": 1, "probes": ["many circuits"], "alpha": 1e-6}
    report = run_conformance(Sampler(Plain()), **run)
    assert report.standing == "passed", [one.words for one in report.alarms]
    (probed,) = report.probed
    assert 0 < probed.refused < len(probed.answers)
    assert run_conformance(Sampler(Plain(wrong=True)), **run).alarms
    told = Plain()
    told.backend = AerSimulator()  # whose target lists them
    (probed,) = run_conformance(Sampler(told), **run).alarms
    assert not probed.refused and "StatevectorSampler cannot handle" in probed.words


def test_one_job_that_is_not_taken_is_one():
    answers = [Answer("one", None), Answer("other", Outcome(1.0))]
    probed = conclude("x", "It is so", "y", answers, alpha=1e-3, seed=1)
    report = Report(simulator={}, level="quick", alpha=1e-3, seed=1, probed=(probed,))
    assert "does not take 1 of the 2 jobs that" in probed.words
    assert "does not take 1 job." in sentence(report)


def test_a_probe_of_which_every_job_was_ended_says_so():
    ended = conclude("x", "It is so", "y", [Answer("one", None, 60.0, True)], alpha=1e-3, seed=1)
    taken = conclude("x", "It is so", "y", [Answer("one", None, 0.1)], alpha=1e-3, seed=1)
    assert "none of its jobs came to an end" in ended.words
    assert "takes none of its circuits" in taken.words


def test_the_first_words_say_what_an_alarm_is_worth():
    """The rate of false alarms, and of each unit of an effect the range of resolutions."""
    probes = ["as asked", "bit order", "order of shots"]
    report = run_conformance(Reference(), cases=CASES, seed=1, probes=probes)
    asked, bits, order = report.probed
    said = trust(report)
    assert "alarm in 0.1% of such runs at most" in said and bits.resolution == 1
    assert f"{asked.resolution:.3g} in total variation, {order.resolution:.3g} in total" in said
    cut = dataclasses.replace(report, probed=(), complete=False)
    assert trust(cut) == "" and "came to an answer" in found(cut)


def test_what_a_simulator_claims_and_then_refuses_is_an_alarm():
    class Boasting(Reference):
        def probabilities(self, circuits):
            raise NotImplementedError("not yet")

    report = run_conformance(Boasting(), cases=CASES, seed=1, probes=["saved probabilities"])
    assert report.standing == "alarm" and "NotImplementedError" in report.alarms[0].words


def test_a_job_is_drawn_as_in_a_run_of_all_of_them():
    probes = ["many circuits", "as asked"]
    both = run_conformance(Reference(), cases=CASES[::4], seed=4, probes=probes)
    one = run_conformance(Reference(), cases=CASES[::4], seed=4, probes=probes[1:])
    assert both.probed[1].p_value == one.probed[0].p_value


def test_a_run_goes_on_where_it_was_cut_off(tmp_path):
    journal = tmp_path / "journal.jsonl"
    run = {"cases": CASES[::3], "seed": 3, "journal": journal}
    with pytest.raises(Interrupted) as stop:
        run_conformance(Stopping(8), **run)
    assert not stop.value.result.complete
    kept = len(journal.read_text().splitlines()) - 1
    assert kept == 8
    with journal.open("a") as file:
        file.write('{"probe": "jo')  # the line that a kill cuts in two
    again = run_conformance(Reference(), **run)
    whole = run_conformance(Reference(), cases=CASES[::3], seed=3)
    seeded = [i for i, one in enumerate(whole.probed) if one.name != "independence of runs"]
    assert [again.probed[i].p_value for i in seeded] == pytest.approx(
        [whole.probed[i].p_value for i in seeded], nan_ok=True
    )  # the other one calls without a seed too
    assert len(journal.read_text().splitlines()) - 1 == sum(len(p.answers) for p in again.probed)


class Stopping(Reference):
    """Ctrl-C comes while a job is drawn, after so many of them."""

    def __new__(cls, after):
        made = super().__new__(cls)
        object.__setattr__(made, "left", [after])
        return made

    def __init__(self, after):
        super().__init__()

    def sample(self, tasks, seed=None, noise=()):
        """Counts down."""
        self.left[0] -= 1
        if self.left[0] < 0:
            raise KeyboardInterrupt
        return super().sample(tasks, seed, noise)


def test_the_journal_of_another_run_is_refused(tmp_path):
    journal = tmp_path / "journal.jsonl"
    run_conformance(Reference(), cases=CASES, seed=3, probes=["seeds"], journal=journal)
    with pytest.raises(NotWhole, match="another run"):
        run_conformance(Reference(), cases=CASES, seed=4, probes=["seeds"], journal=journal)
    journal.write_text(journal.read_text() + "{}\n")
    with pytest.raises(NotWhole, match="damaged"):
        run_conformance(Reference(), cases=CASES, seed=3, probes=["seeds"], journal=journal)


def test_a_kill_loses_no_answer(tmp_path):
    """A process is killed while it draws; what it had answered is not drawn again."""
    journal = tmp_path / "journal.jsonl"
    code = (
        "from qcattn.conformance.corpus import corpus\n"
        "from qcattn.conformance.reference import Reference\n"
        "from qcattn.conformance.running import run_conformance\n"
        f"run_conformance(Reference(), cases=corpus()[::18], seed=3, journal={str(journal)!r})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    while not journal.exists() or len(journal.read_text().splitlines()) < 12:
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = journal.read_text().splitlines()
    run_conformance(Reference(), cases=CASES[::3], seed=3, journal=journal)
    after = journal.read_text().splitlines()
    assert after[: len(before) - 1] == before[:-1]
    names = [(entry["probe"], entry["job"]) for entry in map(json.loads, after[1:])]
    assert len(set(names)) == len(names)


def test_the_p_value_of_a_probe_keeps_its_level():
    """Of uniform p-values at most the level is refuted; false-failure rate 1e-6 by Hoeffding."""
    rng = np.random.default_rng(6)
    found = []
    for _ in range(4000):
        answers = [Answer(str(i), Outcome(float(p))) for i, p in enumerate(rng.random(7))]
        probed = conclude("x", "It is so", "size", answers, alpha=0.05, seed=0)
        found.append(probed.p_value <= 0.05)
        assert (probed.standing == "alarm") is found[-1]
    assert np.mean(found) <= 0.05 + np.sqrt(np.log(1e6) / (2 * 4000))


def test_two_reports_say_which_jobs_of_an_alarm_are_new_and_which_are_mended(tmp_path):
    """Only the standing of a probe was compared, so that a new fault beside an old one was none."""

    def report(**p_values):
        answers = [
            Answer(job, None if p is None else Outcome(p), cut=p is None)
            for job, p in p_values.items()
        ]
        probed = conclude("exact law", "It is so", "size", answers, alpha=1e-4, seed=0)
        return Report(simulator={}, level="quick", alpha=1e-4, seed=0, probed=(probed,))

    old = report(cry=0.0, swap=1.0, crz=0.0, slow=0.0, rx=0.0)
    new = report(cry=1.0, swap=0.0, crz=0.0, slow=None, rx=0.0)
    (change,) = changes(old, new)
    assert (change.before, change.now, change.way) == ("alarm", "alarm", "worse")
    assert (change.mended, change.broken) == (("cry",), ("swap",))
    (mended,) = changes(new, report(cry=1.0, swap=1.0, crz=0.0, rx=0.0))
    assert mended.way == "better" and not mended.broken
    assert changes(old, old) == ()
    (alarm,) = changes(report(rx=1.0), report(rx=0.0))
    assert (alarm.before, alarm.now, alarm.way) == ("passed", "alarm", "worse")
    (back,) = changes(report(rx=0.0), report(rx=1.0))
    (gone,) = changes(report(rx=0.0), report(rx=None))
    assert (back.way, gone.way, gone.mended) == ("better", "other", ())
    for since_then in (None, (), (change,)):
        folder = tmp_path / str(since_then and len(since_then))
        folder.mkdir()
        write_conformance(dataclasses.replace(new, since=since_then), folder)
        read = load_report(folder)
        assert read.since == since_then
        said = {None: [], (): ["Nothing changed since the earlier report."]}
        told = "Worse: exact law: alarm as before; newly refuted 1 job (swap); no longer refuted "
        assert since(read) == said.get(since_then, [f"{told}1 job (cry)."])


def test_many_small_signs_make_an_alarm_together():
    answers = [Answer(str(i), Outcome(0.01)) for i in range(20)]
    probed = conclude("x", "It is so", "size", answers, alpha=1e-4, seed=0)
    assert probed.standing == "alarm" and not probed.failed
    assert "together" in probed.words


def test_a_job_is_found_again_by_its_name():
    probe, job = job_named("bit order", "3 bits reversed, two registers", "quick")
    assert probe.name == "bit order" and job.name == "3 bits reversed, two registers"
    with pytest.raises(ValueError, match="job"):
        job_named("bit order", "no such", "quick")


def test_every_circuit_of_the_corpus_goes_to_another_process():
    """A job that does not would be run in this one, where nothing ends it."""
    for case in corpus():
        if "conditional" in case.features or case.form == "qpy":
            there = pickle.loads(pickle.dumps(case.circuit))
            assert there.count_ops() == case.circuit.count_ops(), case.name
    for probe in all_probes():
        first, *_ = jobs_of(probe, "quick", CASES[::3])
        assert pickle.loads(pickle.dumps(first)).name == first.name


class TestTime:
    """What does not fit into the time of a run is left out evenly, and said."""

    def test_a_slow_simulator_is_asked_for_less_and_the_report_says_so(self):
        run = {"cases": CASES, "seed": 2, "probes": ["exact law", "bit order"]}
        whole = run_conformance(Reference(), **run)
        short = run_conformance(Reference(), **run, seconds=0.0)
        assert not whole.left_out.jobs and not whole.probed[1].left_out.jobs
        for one, other in zip(whole.probed, short.probed, strict=True):
            assert len(other.answers) == 1
            assert other.left_out.jobs == len(one.answers) - 1
            assert "Not applicable in this time" in other.words
        assert str(short.left_out) in sentence(short) and "jobs would take" in sentence(short)
        assert "Not applicable in this time" not in sentence(whole)

    def test_few_shots_come_first_and_every_stretch_is_spread(self):
        (probe,) = [one for one in all_probes() if one.name == "exact law"]
        jobs = list(probe.jobs(corpus(), "quick"))
        turn = in_turn(jobs)
        assert sorted(map(id, turn)) == sorted(map(id, jobs))
        shots = [max(task.shots for task in job.tasks) for job in turn]
        assert shots == sorted(shots)
        topics = {job.name.partition("/")[0] for job in turn[:80]}
        assert topics == {job.name.partition("/")[0] for job in jobs}

    def test_what_was_left_out_is_stored(self, tmp_path):
        report = run_conformance(
            Reference(), cases=CASES, seed=2, probes=["exact law"], seconds=0.0
        )
        write_conformance(report, tmp_path)
        assert load_report(tmp_path).left_out == report.left_out

    def test_the_start_of_another_process_is_no_jobs_time(self, monkeypatch):
        """Nor when it starts again: the job that ended it is not ended once more."""
        starts = []

        def slowly(function, *args, waiting):
            starts.append(1)
            assert len(starts) < 3
            time.sleep(0.05)
            waiting(1e9)  # its imports
            for event in function(*args):
                yield event
                if len(starts) == 1 and isinstance(event, turns.Begun):
                    raise Died("gone", 3)

        monkeypatch.setattr(turns, "apart", slowly)
        report = run_conformance(
            Reference(), cases=CASES[::3], seed=1, probes=["exact law"], made_by=Reference
        )
        died = [one for one in report.probed[0].answers if one.outcome and one.outcome.raised]
        assert [one.outcome.raised for one in died] == ["Died"] and len(starts) == 2
        assert died[0].seconds >= 0.05  # or a simulator that dies every time would have no end
        assert not any(one.cut for one in report.probed[0].answers)

    def test_the_start_after_a_job_that_was_ended_is_time_of_its_probe(self, monkeypatch):
        """Or a simulator that is slow to start would take several times what the level says."""
        starts = []

        def slowly(function, *args, waiting):
            starts.append(1)
            time.sleep(0.5)
            for event in function(*args):
                yield event
                if len(starts) == 1 and isinstance(event, turns.Begun):
                    waiting(event.most + 0.1)

        monkeypatch.setattr(turns, "apart", slowly)
        report = run_conformance(
            Reference(),
            cases=CASES[:1],
            seed=1,
            probes=["exact law"],
            seconds=9.0,
            made_by=Reference,
        )
        (cut,) = (one for one in report.probed[0].answers if one.cut)
        assert 3.5 <= cut.seconds < 4.5 and len(starts) == 2  # a third of the time, and the start

    def test_a_circuit_without_an_end_is_left_out_and_a_crash_is_an_alarm(self, tmp_path):
        """In a process of its own; what was ended is not tried again by the run that goes on."""
        every = [case for case in corpus() if not case.features and len(case.laws) == 1]
        cases = [next(case for case in every if case.qubits == size) for size in (2, 3, 4, 5)]
        run = {"cases": cases, "seed": 2, "probes": ["exact law"], "seconds": 30.0}
        run |= {"journal": tmp_path / "journal.jsonl", "made_by": Stuck}
        begun = time.monotonic()
        report = run_conformance(Stuck(), **run)
        assert time.monotonic() - begun < 100
        (probed,) = report.probed
        by_job = {answer.job: answer for answer in probed.answers}
        endless, deadly = (f"{case.name}, 400 shots" for case in cases[1:3])
        assert [name for name, answer in by_job.items() if answer.cut] == [endless]
        assert by_job[deadly].outcome.raised == "Died"
        assert {check.name for check in probed.failed} >= {deadly}
        assert {name.partition(",")[0] for name in by_job} == {case.name for case in cases}
        assert probed.left_out.jobs >= 2  # of more shots too, which are not begun
        write_conformance(report, tmp_path)
        (stored,) = load_report(tmp_path).probed
        assert [answer.cut for answer in stored.answers] == [one.cut for one in probed.answers]
        lines = (tmp_path / "journal.jsonl").read_text().splitlines()
        again = run_conformance(Stuck(), **run)
        assert again.probed[0].p_value == probed.p_value
        assert (tmp_path / "journal.jsonl").read_text().splitlines() == lines
