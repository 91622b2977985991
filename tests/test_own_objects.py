"""Whatever a person can pass may be of a class of their own file, a closure, or have slots."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pytest
from qiskit.providers import BackendV2, Options
from qiskit_aer import AerSimulator

import qcattn
from qcattn import Amplitude, Binary, Hamiltonian, Heralded
from qcattn.backends import Aer
from qcattn.backends.qiskit_backend import QiskitBackend
from qcattn.backends.simulator import Task
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.frame.running import folder_of
from qcattn.conformance.running import run_conformance
from qcattn.evidence import Check

SCORES = [[0.0, 1.0, 2.0], [0.5, 0.2, 0.1]]


class Slots:
    """An encoding and a preparation without a dictionary."""

    __slots__ = ()

    def __call__(self, value, *, beta=None):
        return Binary()(value) if beta is None else Amplitude()(value, beta=beta)


@dataclass(frozen=True, slots=True)
class Data:
    note: str = "mine"

    def __call__(self, hamiltonian, *, beta):
        return Heralded()(hamiltonian, beta=beta)


def prepared(hamiltonian, *, beta, extra=0):
    return Amplitude()(hamiltonian, beta=beta)


def closure(made):
    return lambda hamiltonian, *, beta: made(hamiltonian, beta=beta)


PREPARATIONS = {
    "Slots": Slots(),
    "Data": Data(),
    "prepared": prepared,
    "partial": partial(prepared, extra=1),
    "<lambda>": closure(Amplitude()),
}


class Plain(BackendV2):
    """A backend that lists shots alone, and gives counts."""

    def __init__(self, **options):
        super().__init__(name="plain")
        self.inner = AerSimulator()
        self._options = Options(shots=100, **options)

    @property
    def target(self):
        return self.inner.target

    @property
    def max_circuits(self):
        return None

    @classmethod
    def _default_options(cls):
        return Options(shots=100)

    def run(self, circuits, shots=100):
        return self.inner.run(circuits, shots=shots, seed_simulator=3)


@dataclass(frozen=True, kw_only=True)
class Mine(Claim):
    name: ClassVar[str] = "mine"
    title: ClassVar[str] = "Mine"
    statement: ClassVar[str] = "It is mine."
    section: ClassVar[str] = "1"
    draws: ClassVar[bool] = False

    def measure(self, root, progress):
        return Measured(shots=1, numbers=())

    def check(self, measured):
        return [Check("so", "It is so", True, "by me")]

    def describe(self, measured, checks):
        return Description("It is so.")

    def picture(self, measured):
        return ()


@pytest.mark.parametrize("name", PREPARATIONS)
def test_a_run_takes_it_and_its_record_holds_no_address(name, tmp_path):
    """Before, `result.json` of one seed differed from process to process."""
    found = qcattn.run(
        SCORES, encoding=Slots(), preparation=PREPARATIONS[name], shots=50, backend=Aer(), seed=1
    )
    qcattn.save(found, tmp_path / "a")
    assert " at 0x" not in (tmp_path / "a" / "result.json").read_text()
    assert qcattn.load(tmp_path / "a").counts.shots.tolist() == found.counts.shots.tolist()
    assert name.strip("<>") in found.settings["preparation"]


def test_trials_take_all_of_them_by_their_names():
    """Before, each function was called "function"."""
    row = Binary()([1.0, 0.2, -0.5, 0.0])
    found = qcattn.prepare(row, methods=list(PREPARATIONS.values()), shots=50, seed=1)
    assert [one.name for one in found.trials] == [
        "Slots", "Data", "prepared", "prepared", "<lambda>"
    ]  # fmt: skip
    assert not any(one.standing == "differs" or one.refused for one in found.trials)


def test_a_backend_that_tells_no_order_gives_counts():
    """Before: 'ExperimentResultData' object has no attribute 'memory'."""
    found = qcattn.run(SCORES, backend=Plain(), shots=50, seed=1)
    assert found.counts.shots.tolist() == [50, 50]
    assert "order" not in QiskitBackend(Plain()).abilities
    circuit = Amplitude()(Binary()(SCORES[0]), beta=1.0).circuit.assign_parameters([0.3, 0.2, 0.1])
    ((drawn,),) = QiskitBackend(Plain()).sample([Task(circuit, 40)], seed=1)
    assert drawn.shape == (40, 2)


class OnlyStream:
    def stream(self, prepared, shots, seed=None):
        return Aer()(prepared, shots, seed)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: qcattn.run(SCORES, backend=OnlyStream()), "no `fitted` and no `settings`"),
        (lambda: qcattn.run(SCORES, backend=lambda p, s: None), "no `stream`"),
        (lambda: qcattn.run(SCORES, backend=Plain), r"the class Plain; write `Plain\(\)`"),
        (lambda: qcattn.run_claims([Mine]), r"the class Mine; write `Mine\(\)`"),
        (lambda: qcattn.run_claims([lambda: 1]), "no `title` and no `not_run`"),
        (lambda: run_conformance(QiskitBackend(Plain()), probes=[len]), "no `jobs`"),
        (lambda: run_conformance(QiskitBackend(Plain()), probes=[Mine]), "the class Mine"),
        (lambda: Hamiltonian.of(np.ndarray), "`operator` must be an object, but is the class"),
        (lambda: Hamiltonian.of(object()), "what has a matrix gives it"),
        (lambda: qcattn.run(object()), "is the single value <object object>;?"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_with_the_cure(call, said):
    """Before: AttributeError or TypeError from inside for all but the classes of backends."""
    with pytest.raises(ValueError, match=said):
        call()


def test_a_claim_of_ones_own_stands_in_no_folder():
    """A class of a script has the module __main__, without a folder."""
    Script = type("Script", (Mine,), {"__module__": "__main__"})
    (found,) = qcattn.run_claims([Script()])
    assert (found.standing, folder_of(Script()), folder_of(Mine())) == ("exact", "", "")
