"""Circuits opened before their reading: heralds stay whole, and what is added is read."""

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.encodings import Binary
from qcattn.models.spins import ising
from qcattn.preparations import QSVT, Heralded, ImaginaryTime, Purification
from qcattn.readings.circuits import opened, read_after

FLIP = np.array([[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    "preparation", [Purification(), Heralded(), QSVT(error=1e-3), ImaginaryTime()], ids=str
)
def test_a_flip_of_every_qubit_reverses_the_counts(preparation):
    """False-failure rate 1e-6; the law that is not reversed is told apart."""
    prepared = preparation(Binary()([0.0, 1.0, 2.0, 0.5]), beta=1.0)
    law = prepared.distribution[::-1]
    flipped = read_after(prepared, np.kron(FLIP, FLIP), law)
    counts = Aer()(flipped, 20_000, 3)
    assert fit(counts, law).overall() > 1e-6
    assert fit(counts, law[::-1]).overall() < 1e-6
    assert int(counts.shots) == 20_000


def test_heralds_that_are_used_again_stay_on_the_way():
    """False-failure rate 1e-6 each; few shots, since they run one by one."""
    prepared = ImaginaryTime(error=0.1)(ising(2), beta=0.5)
    body, heralds, reading = opened(prepared)
    kept = sum(item.operation.name == "measure" for item in body.data)
    whole = sum(item.operation.name == "measure" for item in prepared.circuit.data)
    assert kept + len(heralds) + len(reading) == whole
    assert len(reading) == 2 and kept > 0
    same = read_after(prepared, np.eye(4), prepared.distribution)
    counts = Aer()(same, 4_000, 1)
    assert fit(counts, prepared.distribution).overall() > 1e-6
    assert abs(int(counts.kept) / 4_000 - float(prepared.success)) < 0.05


def test_fresh_qubits_dephase_and_the_keys_do_not_notice():
    """False-failure rate 1e-6."""
    prepared = Purification()(Binary()([[0.0, 1.0], [2.0, 0.0]]), beta=1.0)
    dephase = QuantumCircuit(2)
    dephase.cx(0, 1)
    counts = Aer()(read_after(prepared, dephase, prepared.distribution), 5_000, 1)
    assert counts.keys.shape == (2, 2)
    assert fit(counts, prepared.distribution).overall() > 1e-6
