"""Models against closed forms: free fermions, Pfeuty's ring, multiplets, published figures."""

import itertools

import numpy as np
import pytest

from qcattn import thermal
from qcattn.models.spins import free_fermions, heisenberg, ising


def levels(hamiltonian):
    return np.linalg.eigvalsh(hamiltonian.matrix)


def filled(single):
    """Energies of all fillings of one-particle levels."""
    sums = [
        sum(chosen) for k in range(len(single) + 1) for chosen in itertools.combinations(single, k)
    ]
    return np.sort(sums)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_hopping_on_an_open_chain_fills_the_levels_of_one_particle(n):
    single = -2 * 0.7 * np.cos(np.pi * np.arange(1, n + 1) / (n + 1))
    assert np.abs(levels(free_fermions(n, hopping=0.7)) - filled(single)).max() < 1e-12


@pytest.mark.parametrize("n", [3, 4, 5])
def test_hopping_on_a_ring_is_that_of_fermions_not_of_spins(n):
    single = -2 * np.cos(2 * np.pi * np.arange(n) / n)
    assert np.abs(levels(free_fermions(n, periodic=True)) - filled(single)).max() < 1e-12


@pytest.mark.parametrize("field", [0.5, 1.0, 1.7])
def test_the_ground_state_of_an_ising_ring_is_that_of_pfeuty(field):
    n = 6
    k = np.pi * (2 * np.arange(n) + 1) / n  # even parity: antiperiodic fermions
    lowest = -np.sqrt(1 + field**2 - 2 * field * np.cos(k)).sum()
    assert abs(levels(ising(n, field=field)).min() - lowest) < 1e-12


def test_turned_axes_give_the_same_levels():
    assert np.allclose(levels(ising(3)), levels(ising(3, axes=("X", "Z"))), atol=1e-12)
    assert set("".join(p for p, _ in ising(3, axes=("X", "Z")).operator.to_list())) == set("IXZ")


def test_no_field_leaves_a_diagonal_hamiltonian():
    assert ising(3, field=0.0).is_diagonal
    assert not ising(3).is_diagonal


def test_a_pair_of_spins_is_a_singlet_and_a_triplet():
    assert np.allclose(levels(heisenberg(2)), [-3, 1, 1, 1], atol=1e-12)


def test_two_sites_are_joined_once():
    for build in (ising, heisenberg, free_fermions):
        assert np.array_equal(build(2, periodic=True).matrix, build(2, periodic=False).matrix)


def test_heisenberg_4_cycle_has_the_published_free_energy():
    """sum XX + YY + ZZ on a 4-cycle, beta 2: -ln Z = -16.0010066690."""
    assert abs(2 * thermal.free_energy(heisenberg(4).matrix, 2.0) + 16.0010066690) < 1e-9


@pytest.mark.parametrize(
    ("n", "energy", "entropy", "free"),
    [
        (2, -1.051202, 0.956009, -2.007211),
        (3, -2.996998, 0.937527, -3.934526),
        (4, -3.872418, 1.184153, -5.056570),
    ],
)
def test_ising_ring_has_the_published_thermodynamics(n, energy, entropy, free):
    """Consiglio et al., arXiv:2303.11276: -sum XX - 0.5 sum Z, beta 1, one bond for 2 sites."""
    matrix = ising(n, field=0.5, axes=("X", "Z")).matrix
    assert abs(thermal.internal_energy(matrix, 1.0) - energy) < 1e-6
    assert abs(thermal.free_energy(matrix, 1.0) - free) < 1e-6
    state = thermal.gibbs_state(matrix, 1.0)
    assert abs(thermal.von_neumann_entropy(state) - entropy) < 1e-6


@pytest.mark.parametrize("build", [ising, heisenberg, free_fermions])
@pytest.mark.parametrize("n", [0, -1, 2.5, True, None, np.nan, "3"])
def test_sites_that_are_none_are_refused(build, n):
    with pytest.raises(ValueError, match="num_qubits"):
        build(n)


@pytest.mark.parametrize("weight", [np.nan, np.inf, "1", 1j])
def test_weights_that_are_no_numbers_are_refused(weight):
    for build, name in [
        (ising, "coupling"),
        (ising, "field"),
        (heisenberg, "coupling"),
        (free_fermions, "hopping"),
    ]:
        with pytest.raises(ValueError, match=f"`{name}` must be a finite number"):
            build(2, **{name: weight})


def test_axes_that_are_none_are_refused():
    for axes in [("Z", "Z"), ("A", "X"), ("Z",)]:
        with pytest.raises(ValueError, match="axes"):
            ising(2, axes=axes)
