"""Methods side by side: what agrees, what is caught, and that the seed decides everything."""

import re
import time
from dataclasses import dataclass, replace

import numpy as np
import pytest

import qcattn
from qcattn import models, trials
from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.datasets import load_scores
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.errors import DoesNotFit, Interrupted, TooLarge
from qcattn.forecast import Forecast
from qcattn.preparations import (
    QITE,
    QSVT,
    Amplitude,
    Heralded,
    Purification,
    QuantumMCMC,
    SystemBath,
    ThermofieldQAOA,
)
from qcattn.preparations.reference import populations
from qcattn.trials import all_methods, prepare
from qcattn.views.trials.words import words
from qcattn.walking import classes, names

QUICK = [Amplitude(), Purification(), Heralded()]
ROW = Binary()([0.3, 1.1, -0.4, 0.9])
# A perfect sampler is said to differ, and a test fails for it, once in a million.
ALPHA = 1e-6


@dataclass(frozen=True)
class Faulty:
    """Heralded, with its claims bent."""

    fault: str = ""

    def __call__(self, hamiltonian, *, beta):
        if self.fault == "beta":
            prepared = Heralded()(hamiltonian, beta=1.2 * beta)
            honest = Heralded()(hamiltonian, beta=beta)
            return replace(prepared, distribution=honest.distribution, success=honest.success)
        prepared = Heralded()(hamiltonian, beta=beta)
        if self.fault == "success":
            return replace(prepared, success=prepared.success * 0.8)
        if self.fault == "angle":
            return replace(prepared, values=prepared.values + 0.1)
        if self.fault == "quiet":  # too small for the shots to show, but not for the dense state
            return replace(prepared, values=prepared.values + 1e-5)
        return prepared


def test_every_method_agrees_with_itself_on_a_row_of_keys():
    done = prepare(ROW, beta=0.8, methods=QUICK, shots=20_000, seed=1, alpha=ALPHA)
    assert done.standing == "agrees"
    assert [trial.name for trial in done.trials] == ["Amplitude", "Purification", "Heralded"]
    for trial in done.trials:
        assert trial.standing == "agrees"
        assert trial.trace_distance < 1e-9 and abs(trial.fidelity - 1) < 1e-9
        assert trial.shots == 20_000
        assert trial.seconds[0] > 0 and trial.seconds[1] > 0
    assert "Heralded" in str(done) and "as claimed" in str(done)


def test_a_chain_in_one_circuit_is_as_claimed():
    chain = QuantumMCMC(error=0.2)
    (trial,) = prepare(ROW, methods=[chain], shots=2000, seed=1, alpha=ALPHA).trials
    assert trial.standing == "agrees" and 1e-3 < trial.trace_distance <= trial.claimed <= 0.2


def test_a_poor_state_is_said_with_its_cure():
    """QITE in too few steps for the cold ends farther away than no method at all."""
    hamiltonian = models.ising(2)
    poor = prepare(hamiltonian, beta=[0.5, 50.0], methods=[QITE(steps=2), QSVT(error=1e-3)], seed=1)
    close, fitting, cold, _ = poor.trials
    assert not close.far and cold.far and cold.trace_distance > 0.75
    assert poor.advice == (
        "At beta 50 the maximally mixed state, which takes no method, is 0.75 from the thermal "
        "state: closer than QITE. What would come closer: QITE by more `steps`; or another method."
    )
    assert poor.advice in str(poor) and poor.advice in words(poor)
    good = replace(poor, trials=(close, fitting))
    assert good.advice == "" and "closer" not in str(good) + words(good)


def test_every_method_that_may_end_far_away_says_what_brings_it_closer():
    for cls in classes("preparations").values():
        assert bool(getattr(cls, "closer", "")) == (cls.takes == "any")


@pytest.mark.parametrize("fault", ["beta", "success", "angle", "quiet"])
def test_a_method_that_does_not_do_what_it_claims_is_caught(fault):
    done = prepare(ROW, methods=[Faulty(), Faulty(fault)], shots=20_000, seed=2, alpha=ALPHA)
    honest, faulty = done.trials
    assert honest.standing == "agrees"
    assert faulty.standing == "differs" and done.standing == "differs"
    if fault == "quiet":
        assert faulty.claim_broken and faulty.result.standing == "agrees"
    if fault == "success":
        assert not faulty.claim_broken and faulty.result.verdicts[1].differs


def test_the_seed_decides_all_and_trials_do_not_share_shots():
    one, two, other = (
        prepare(ROW, methods=[Heralded(), Heralded()], shots=3000, seed=seed) for seed in (5, 5, 6)
    )
    for first, second in zip(one.trials, two.trials, strict=True):
        assert np.array_equal(first.result.counts.keys, second.result.counts.keys)
    assert not np.array_equal(one.trials[0].result.counts.keys, other.trials[0].result.counts.keys)
    assert not np.array_equal(one.trials[0].result.counts.keys, one.trials[1].result.counts.keys), (
        "two trials of one method draw their own shots"
    )


def test_any_number_of_workers_gives_the_same_to_the_bit(monkeypatch):
    """This process waits for the other, so that both have a part in it."""
    elsewhere, share_out = [], trials.share_out

    def patient(*arguments, here, found, **options):
        def late(place):
            deadline = time.monotonic() + 120
            while not (found or elsewhere) and time.monotonic() < deadline:
                time.sleep(0.05)
            elsewhere.extend([] if elsewhere else found)
            return here(place)

        share_out(*arguments, here=late, found=found, **options)

    methods = [*QUICK, QITE(steps=2, seed=1)]
    alone = prepare(ROW, methods=methods, shots=500, seed=1)
    monkeypatch.setattr(trials, "share_out", patient)
    both = prepare(ROW, methods=methods, shots=500, seed=1, workers=2)
    assert elsewhere
    assert [one.name for one in both.trials] == [one.name for one in alone.trials]
    for one, other in zip(both.trials, alone.trials, strict=True):
        assert (one.result.counts.keys == other.result.counts.keys).all()
        assert one.trace_distance == other.trace_distance


class _Foreseeing(Heralded):
    """Foresees ten seconds."""

    def foreseen(self, hamiltonian):
        return Forecast(10.0)


@pytest.mark.parametrize(("workers", "first"), [(1, "Heralded"), (2, "_Foreseeing")])
def test_several_workers_begin_with_what_is_foreseen_to_take_longest(workers, first, monkeypatch):
    taken = []

    def alone(function, tasks, workers, *, here, found, waiting):
        for turn, (task,) in enumerate(tasks):
            taken.append(type(task.method).__name__)
            found[turn] = here(turn)

    monkeypatch.setattr(trials, "share_out", alone)
    methods = [Heralded(), Purification(), _Foreseeing()]
    done = prepare(ROW, methods=methods, shots=50, seed=1, workers=workers)
    assert taken[0] == first and len(taken) == 3
    assert [trial.name for trial in done.trials] == ["Heralded", "Purification", "_Foreseeing"]


def test_several_temperatures():
    done = prepare(ROW, beta=[0.5, 2.0], methods=QUICK[1:], shots=500, seed=1, alpha=ALPHA)
    assert [(trial.name, trial.beta) for trial in done.trials] == [
        ("Purification", 0.5),
        ("Heralded", 0.5),
        ("Purification", 2.0),
        ("Heralded", 2.0),
    ]


def test_a_method_that_does_not_fit_says_so_and_the_others_go_on():
    @dataclass(frozen=True)
    class Picky:
        def __call__(self, hamiltonian, *, beta):
            raise DoesNotFit("`hamiltonian` is not to my taste")

    done = prepare(ROW, methods=[Picky(), Heralded()], shots=500, seed=1, alpha=ALPHA)
    assert [trial.standing for trial in done.trials] == ["does not fit", "agrees"]
    assert done.trials[0].refused == "`hamiltonian` is not to my taste"
    assert done.trials[0].shots == 0 and np.isnan(done.trials[0].claimed)
    assert done.standing == "agrees"
    with pytest.raises(ValueError, match="none that fits"):
        prepare(models.ising(2), methods=QUICK)


@pytest.mark.parametrize("fault", [ValueError, RuntimeError, KeyError])
def test_a_fault_of_a_method_is_no_refusal(fault):
    @dataclass(frozen=True)
    class Faulty:
        def __call__(self, hamiltonian, *, beta):
            raise fault("16 bytes of it are wrong")

    with pytest.raises(fault, match="16 bytes"):
        prepare(ROW, methods=[Faulty(), Heralded()], shots=500, seed=1)


def test_a_circuit_that_does_not_fit_into_memory_is_left_out_and_the_others_go_on():
    """2 qubits are fewer bytes than 5, and the memory given lies between."""

    def needed(method, memory):
        with pytest.raises(TooLarge, match="bytes") as caught:
            Aer(memory=memory)(method(ROW, beta=1.0), 10, seed=1)
        return int(
            re.search(r"one row takes ([\d,]+) bytes", str(caught.value))[1].replace(",", "")
        )

    small, large = (needed(method, 1) for method in (Amplitude(), Heralded()))
    assert small < large
    backend = Aer(memory=(small + large) // 2)
    done = prepare(ROW, methods=[Heralded(), Amplitude()], shots=10, seed=1, backend=backend)
    assert [trial.standing for trial in done.trials] == [
        "does not fit",
        "undecided",
    ]  # of ten shots
    assert "bytes" in done.trials[0].refused


def test_a_turned_basis_and_an_operator_are_taken():
    turned = Rotated(angles=[[0.4, 1.0]])([0.3, 1.1, -0.4, 0.9])
    assert prepare(turned, methods=QUICK, shots=4000, seed=3, alpha=ALPHA).standing == "agrees"
    matrix = np.diag([0.5, -0.5, 1.0, 0.0])
    assert prepare(matrix, methods=QUICK, shots=4000, seed=3, alpha=ALPHA).standing == "agrees"


def test_on_a_row_of_real_attention_every_method_does_what_it_claims():
    """11 keys of SmolLM2 padded to 16. False failures: 1e-6 for all together."""
    some = (QSVT(error=1e-2), ThermofieldQAOA(layers=1, starts=1), SystemBath(cycles=20))
    quick = {type(one).__name__: one for one in some}
    # The multiplexer of QuantumMCMC over all pairs of 16 states would take minutes.
    methods = [quick.get(type(one).__name__, one) for one in all_methods() if one != QuantumMCMC()]
    scores = load_scores("smollm2").scores[11, 7, -1]
    row = Binary()(scores).filled(10.0)
    done = prepare(row, methods=methods, shots=4096, seed=3, alpha=ALPHA)
    shown = [trial.name for trial in done.trials]
    assert shown == [name for name in names("preparations") if name != "QuantumMCMC"]
    softmax = populations(row, 1.0)
    assert np.abs(softmax[:11] - qcattn.softmax(scores)).max() < 1e-3, "padding takes next to none"
    for trial in done.trials:
        assert trial.standing == "agrees", str(done)
        claimed = trial.result.prepared.distribution
        assert np.abs(claimed - softmax).sum() / 2 <= trial.claimed + 1e-9
        if trial.claimed > 0.1:
            exact = fit(trial.result.counts, softmax)
            assert exact.overall() < ALPHA, "against softmax itself the same counts are refused"
    exact = {trial.name for trial in done.trials if trial.claimed == 0}
    assert {"Amplitude", "Purification", "Heralded", "Amplified", "ImaginaryTime"} <= exact


def test_all_methods_are_those_of_the_room():
    assert [type(method).__name__ for method in all_methods()] == names("preparations")


def test_ctrl_c_keeps_the_trials_that_are_done():
    def stop(done, total, what):
        assert total == 3 and "beta 1" in what
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        prepare(ROW, methods=QUICK, shots=500, seed=1, progress=stop)
    part = caught.value.result
    assert len(part.trials) == 2 and not part.complete and part.standing == "undecided"


def test_a_given_backend_is_used():
    born = prepare(ROW, methods=QUICK, shots=500, seed=1, backend=Aer(draws="born", device="CPU"))
    assert all(trial.result.settings["draws"] == "born" for trial in born.trials)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": 0.0}, "beta"),
        ({"beta": []}, "beta"),
        ({"beta": [[1.0]]}, "beta"),
        ({"beta": np.nan}, "beta"),
        ({"beta": "cold"}, "beta"),
        ({"backend": Aer}, "backend"),
        ({"backend": "are"}, "backend"),
        ({"alpha": 0.0}, "alpha"),
        ({"shots": 0}, "shots"),
        ({"workers": 0}, "workers"),
        ({"methods": []}, "methods"),
        ({"methods": [Heralded]}, "methods"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=f"`{message}`"):
        prepare(ROW, **{"methods": QUICK, **arguments})


def test_one_method_needs_no_list():
    done = prepare(ROW, methods=Heralded(), shots=500, seed=1, alpha=ALPHA)
    assert [trial.name for trial in done.trials] == ["Heralded"]


def test_more_than_one_hamiltonian_is_refused():
    with pytest.raises(ValueError, match="one Hamiltonian"):
        prepare(Transverse()([[0.0, 1.0]] * 2), methods=QUICK)
    with pytest.raises(ValueError, match="Hermitian"):
        prepare(np.array([[0.0, 1.0], [0.0, 0.0]]), methods=QUICK)
