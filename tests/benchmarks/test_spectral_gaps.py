"""The numbers of the benchmark itself: energies of a glass, a fitted exponent, a whole table."""

import numpy as np
import pytest
import spectral_gaps
from qiskit.quantum_info import SparsePauliOp


def test_the_energies_of_a_glass_are_those_of_its_pauli_strings():
    couplings, fields, energies = spectral_gaps.glass(3, np.random.default_rng(1))
    terms = [("ZZ", [i, j], -couplings[i, j]) for i in range(3) for j in range(i + 1, 3)]
    terms += [("Z", [i], -fields[i]) for i in range(3)]
    matrix = SparsePauliOp.from_sparse_list(terms, 3).to_matrix().real
    assert np.allclose(matrix.diagonal(), energies)


def test_a_planted_exponent_is_found():
    sizes = np.arange(4, 10)
    k, error = spectral_gaps.exponent(sizes, 3 * 2.0 ** (-0.27 * sizes))
    assert k == pytest.approx(0.27) and error < 1e-9


def test_the_table_names_every_proposal_and_size(monkeypatch):
    monkeypatch.setattr(spectral_gaps, "SIZES", range(1, 6))
    monkeypatch.setattr(spectral_gaps, "DRAWS", 2)
    lines = list(spectral_gaps.table("Ising glass", 8, seed=1))
    assert [line.split()[1] for line in lines[2:-3]] == ["1", "2", "3", "4", "5"]
    assert len({line.count("|") for line in lines}) == 1
    assert "as quoted" in lines[-1] and "n ≥ 1" in lines[-3]


def test_strata_give_the_proposal_of_their_gammas_and_times(monkeypatch):
    monkeypatch.setattr(spectral_gaps, "STRATA", (1, 1))
    energies = spectral_gaps.glass(3, np.random.default_rng(1))[2]
    found = spectral_gaps.stratified_proposal(energies, np.random.default_rng(2))
    shares = np.random.default_rng(2).random(2)
    gamma, time = np.array([0.25, 2.0]) + shares * [0.35, 18.0]
    assert np.allclose(found, spectral_gaps.quantum_proposal(energies, gamma, time))


def test_the_table_of_glasses_finds_a_planted_exponent(monkeypatch):
    monkeypatch.setattr(spectral_gaps, "GLASSES", {3: 4, 4: 4, 5: 4})
    means = 2.0 ** (-0.3 * np.array([3, 4, 5]))
    lines = list(spectral_gaps.glass_lines([(np.full(2, one), one * np.ones(2)) for one in means]))
    assert len(list(spectral_gaps.glasses())) == len(lines) + 2
    assert "0.300 ±" in lines[-2]
