"""The peers benchmark: its ansatz does what it should, peers that lack are told, errors are met."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from qiskit.quantum_info import Pauli, Statevector

from qcattn.encodings import Binary
from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Variational


@pytest.fixture(scope="module")
def peers():
    path = Path(__file__).with_name("preparations.py")
    spec = importlib.util.spec_from_file_location("peers_under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("label", ["Z", "X", "Y", "XX", "IZ", "ZIZ", "XIY", "YZX"])
def test_a_tilt_partner_moves_bell_pairs_as_imaginary_time_does(peers, label):
    n = len(label)
    bell = np.eye(2**n).reshape(-1) / np.sqrt(2**n)
    tilted = Pauli(peers.tilt(label)).to_matrix() @ bell
    moved = Pauli("I" * n + label).to_matrix() @ bell
    assert min(np.abs(tilted - 1j * moved).max(), np.abs(tilted + 1j * moved).max()) < 1e-12


def test_the_ansatz_starts_on_bell_pairs_and_reaches_a_commuting_gibbs_state(peers):
    ansatz = peers.tilted_ansatz(["ZZ", "XI"])
    assert ansatz.num_parameters == 4 * peers.DEPTH
    start = Statevector(ansatz.assign_parameters(np.zeros(ansatz.num_parameters)))
    assert np.abs(start.data - np.eye(4).reshape(-1) / 2).max() < 1e-12
    moved = Statevector(ansatz.assign_parameters(np.full(ansatz.num_parameters, 0.3)))
    assert abs(moved.inner(start)) < 0.99


def test_a_peer_that_is_not_installed_or_fails_is_told_in_a_plain_line(peers, monkeypatch, capsys):
    for package in {package for package, _ in peers.PEERS.values()}:
        monkeypatch.setitem(sys.modules, package, None)
    assert peers.main(["--sites", "2", "--keys", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert len(lines) == 4 and all("is not installed (extra `bench`)" in line for line in lines)

    def broken(hamiltonian, beta):
        raise RuntimeError("of its own")

    monkeypatch.setitem(peers.PEERS, "broken", ("qcattn", broken))
    assert peers.peer("broken", ising(2), 1.0).skipped == "failed: RuntimeError: of its own"


def test_a_circuit_is_measured_and_not_believed(peers, monkeypatch):
    """A stand-in peer: our own circuit as it is, then with one angle off."""
    row = Binary()([0.0, 1.0, 0.4, -0.3])
    prepared = Amplitude()(row, beta=1.0)

    def stand_in(off):
        def prepare(hamiltonian, beta):
            values = prepared.values + np.eye(len(prepared.values))[0] * off
            circuit = prepared.circuit.assign_parameters(values)
            circuit.remove_final_measurements()
            return circuit, range(2)

        return prepare

    for off, low, high in ((0.0, 0.0, 1e-9), (0.1, 0.01, 0.1)):
        monkeypatch.setitem(peers.PEERS, "stand-in", ("qcattn", stand_in(off)))
        made = peers.peer("stand-in", row, 1.0, pure=True)
        assert low <= made.error <= high and made.gates == 1 and not made.skipped
    told = peers.told(Amplitude(), row, 1.0)
    first, second = peers.lines_of("row", peers.Made("p", 3.0, 0.0, 2.0), [told])
    assert first.startswith("| row | p | 3 |") and "| 3 |" in second


def test_methods_come_as_close_as_the_peer_or_are_left_out(peers, monkeypatch):
    found = peers.own(ising(2), 1.0, 0.05, seed=1)
    assert len(found) == 4
    for made in found:
        assert made.skipped or (made.error <= 0.05 and made.gates > 0 and made.seconds > 0)
    assert sum(not made.skipped for made in found) >= 3
    one = {"Variational, 1 layers": Variational(layers=1)}
    monkeypatch.setattr(peers, "ladders", lambda hamiltonian, error, seed: iter([one]))
    assert peers.own(ising(2), 1.0, 0.0, seed=1)[0].skipped == "does not come that close"
