"""What takes long is foreseen from the template, and said before it begins."""

import warnings

import numpy as np
import pytest
from qiskit import QuantumCircuit

import qcattn
from qcattn.apart import WORTH
from qcattn.backends import Aer
from qcattn.backends.memory import active_qubits
from qcattn.backends.noise import noise_options
from qcattn.cli.progress import bar
from qcattn.dense_state import dense_seconds
from qcattn.encodings import Binary
from qcattn.errors import Interrupted, TakesLong
from qcattn.forecast import Forecast, announce
from qcattn.models import ising
from qcattn.preparations import CKG, QSVT, Amplitude, Purification, SystemBath
from qcattn.trials import prepare

LONG_ROW = np.random.default_rng(0).normal(size=4096)


def foreseen(scores, shots=100, preparation=None, **options):
    prepared = (preparation or Purification())(Binary()(scores), beta=1.0)
    return Aer(device="CPU", **options).foreseen(prepared, shots)


class TestDrawing:
    @pytest.fixture(autouse=True)
    def pace(self, monkeypatch):
        """One nanosecond for each gate and amplitude, whatever this machine does now."""
        monkeypatch.setattr("qcattn.backends.pace._pace", lambda *given: 1e-9)

    def test_a_row_on_many_qubits_takes_minutes_and_says_its_gates_and_bytes(self):
        found = foreseen(LONG_ROW)
        assert found.gates == 8190 and found.bytes > 16 * 2**24
        assert 8190 * 2**24 * 1e-9 < found.seconds < 1.1 * 8190 * 2**24 * 1e-9
        assert foreseen(LONG_ROW, preparation=Amplitude()).seconds < 1

    def test_the_pace_of_this_machine_counts_where_it_matters(self, monkeypatch):
        monkeypatch.setattr("qcattn.backends.pace._pace", lambda *given: 1e-8)
        assert foreseen(LONG_ROW).seconds > 1000
        assert foreseen(LONG_ROW[:64]).seconds < 0.1

    def test_each_part_of_many_shots_and_each_row_walks_through_the_circuit(self):
        one = foreseen(LONG_ROW).seconds
        assert foreseen(LONG_ROW, 3_000_000).seconds > 2.9 * one
        assert foreseen(LONG_ROW, 3_000_000, draws="born").seconds < 1.1 * one
        assert foreseen([LONG_ROW] * 2).seconds == pytest.approx(2 * one, rel=0.01)

    def test_shots_that_are_walked_one_by_one_count_each(self):
        scores = np.zeros(256)
        noisy = noise_options("depolarizing=0.001", 16)
        clean, each = foreseen(scores, 1000), foreseen(scores, 1000, **noisy)
        assert each.seconds > 100 * clean.seconds

    def test_a_circuit_that_resets_qubits_is_walked_through_for_every_shot(self):
        """Aer keeps the statevector for it, where gates with noise would make it take a matrix."""
        prepared = CKG()(Binary()([0.0, 1.0]), beta=1.0)
        backend = Aer(device="CPU")
        few, many = (backend.foreseen(prepared, shots).seconds for shots in (1000, 10_000))
        assert many == pytest.approx(10 * few, rel=0.01)
        simulator = backend._simulator(prepared.circuit, None)
        assert active_qubits(prepared.circuit) < 6, "1,000 shots are more than a matrix has rows"
        (ran,) = simulator.run(prepared.circuit, shots=1000).result().results
        assert ran.metadata["method"] == "statevector"

    def test_nobody_knows_of_other_methods_on_many_qubits(self):
        assert foreseen(LONG_ROW, method="matrix_product_state").seconds == float("inf")


@pytest.mark.parametrize(("power", "method"), [(2, "statevector"), (4, "density_matrix")])
def test_the_pace_is_measured_with_the_noise_and_on_the_state_that_will_be_drawn(power, method):
    """Aer's own choice for one shot of these gates is a stabiliser state, or a vector."""
    from qcattn.backends.pace import _pace

    circuit = QuantumCircuit(6, 6)
    for qubit in range(5):
        circuit.h(qubit)
        circuit.cx(qubit, qubit + 1)
    noisy = Aer(**noise_options("depolarizing=0.05", 6))
    simulator = noisy._simulator(circuit, noisy.noise_model)
    ran = []
    run = simulator.run
    simulator.run = lambda *given, **options: ran.append(run(*given, **options)) or ran[-1]
    assert _pace(circuit, simulator, power, 1e-8) > 0
    (found,) = ran[0].result().results
    assert found.metadata["method"] == method and found.metadata["noise"] != "ideal"


def test_noise_is_foreseen_to_take_longer_on_either_state():
    scores, noise = np.zeros(16), noise_options("depolarizing=0.05", 8)
    for shots in (200, 20_000):  # trajectories, and a density matrix
        clean, noisy = foreseen(scores, shots), foreseen(scores, shots, **noise)
        mixed = shots > 2**8
        walks = 30 * 4**8 * 1.5e-8 if mixed else shots * 30 * 2**8 * 7e-9
        assert noisy.seconds - clean.seconds > walks


def test_the_pace_is_that_of_the_template_s_own_gates():
    """A measurement on this machine; nothing is asked of it but that it is one."""
    from qcattn.backends.pace import _pace

    prepared = Purification()(Binary()(np.zeros(64)), beta=1.0)
    simulator = Aer(device="CPU")._simulator(prepared.circuit, None)
    assert 0 < _pace(prepared.circuit, simulator, 2, 2.5e-9) < 1e-3


def nothing_drawn(self, prepared, shots, seed=None):
    raise KeyboardInterrupt
    yield


class TestSaid:
    @pytest.fixture(autouse=True)
    def pace(self, monkeypatch):
        monkeypatch.setattr("qcattn.backends.pace._pace", lambda *given: 1e-9)
        monkeypatch.setattr(Aer, "stream", nothing_drawn)

    def test_a_run_says_it_before_it_draws_and_names_what_is_quicker(self):
        with pytest.warns(TakesLong) as said, pytest.raises(Interrupted):
            qcattn.run(LONG_ROW, shots=100, seed=1)
        (text,) = [str(one.message) for one in said]
        assert text.startswith("drawing 1 row of 100 shots takes about 2 minutes, 8,190 gates")
        assert "the preparation `Amplitude` takes less than 1 second" in text
        assert "`draws='born'`, takes less than 1 second" in text, "those of the keys alone"

    def test_exact_draws_are_named_where_they_are_quicker(self):
        with pytest.warns(TakesLong, match=r"draws='born'.* takes"), pytest.raises(Interrupted):
            qcattn.run(LONG_ROW, shots=10_000_000, seed=1, backend=Aer(device="CPU"))

    def test_a_short_one_says_nothing(self):
        with warnings.catch_warnings(), pytest.raises(Interrupted):
            warnings.simplefilter("error")
            qcattn.run(LONG_ROW[:100], shots=100, seed=1)

    def test_trials_say_which_method_it_is(self):
        said = r"^QSVT: drawing 4,096 shots takes about \d+ minutes"
        with pytest.warns(TakesLong, match=said), pytest.raises(Interrupted):
            prepare(ising(9), methods=[QSVT()], seed=1)

    def test_the_command_line_says_it_on_the_error_stream(self, capsys):
        with bar(quiet=True):
            announce("drawing", Forecast(120.0), ["Amplitude is quicker"])
        assert capsys.readouterr().err == (
            "qcattn: drawing takes about 2 minutes; Amplitude is quicker\n"
        )


def test_exact_states_are_foreseen():
    few = SystemBath(cycles=2)(ising(2), beta=1.0).circuit
    more = SystemBath(cycles=20)(ising(2), beta=1.0).circuit
    assert dense_seconds(few) < WORTH
    assert dense_seconds(more) / dense_seconds(few) == pytest.approx(len(more.data) / len(few.data))
    assert dense_seconds(QSVT()(ising(8), beta=1.0).circuit) > 30
