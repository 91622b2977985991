from itertools import product

import numpy as np
import pytest
from qiskit.quantum_info import Pauli, SparsePauliOp

from qcattn.certification import expectation
from qcattn.certification.paulis import (
    default_strings,
    exact_expectations,
    level_expectations,
    measure_strings,
)
from qcattn.dense_state import system_state
from qcattn.encodings import Binary
from qcattn.models.spins import free_fermions, ising
from qcattn.preparations import Heralded


def test_expectations_are_traces(tools):
    rho = tools.random_state(np.random.default_rng(2), 8)
    strings = ["".join(letters) for letters in product("IXYZ", repeat=3)]
    want = [np.trace(rho @ Pauli(string).to_matrix()).real for string in strings]
    assert np.abs(exact_expectations(rho, strings) - want).max() < 1e-14
    levels, vectors = np.linalg.eigh(rho)
    assert np.abs(level_expectations(vectors, strings) @ levels - want).max() < 1e-14


@pytest.mark.parametrize("n", [1, 2, 3])
def test_all_strings_take_three_to_the_n_bases(n, tools):
    strings = ["".join(letters) for letters in product("IXYZ", repeat=n)]
    prepared = tools.given(np.eye(2**n) / 2**n)
    groups = measure_strings(prepared, strings, 10, tools.Exact(), 0)
    assert len(groups) == 3**n
    assert sorted(i for group in groups for i in group.members) == list(range(4**n))
    for group in groups:
        for index in group.members:
            pairs = zip(strings[index], group.letters, strict=True)
            assert all(a in ("I", b) for a, b in pairs)


def test_an_expectation_without_chance_is_the_trace(tools):
    """Expected counts in place of drawn ones: estimates are exact to rounding of counts."""
    rng = np.random.default_rng(3)
    labels = ["".join(letters) for letters in product("IXYZ", repeat=2)]
    operator = SparsePauliOp(labels, rng.normal(size=16))
    rho = tools.random_state(rng, 4)
    for prepared in (tools.given(rho), Heralded()(Binary()([0.0, 1.0, 0.3, 2.0]), beta=1.0)):
        state, _ = system_state(prepared)
        backend = tools.Exact(expected=True)
        got, drawn = expectation(prepared, operator, shots=10**9, backend=backend)
        want = np.trace(state @ operator.to_matrix()).real
        assert abs(got.best - want) < 1e-7 and drawn == 9 * 10**9
        assert want in got and got.high - got.low < 2e-3


def test_energies_are_covered(tools):
    """300 draws of <H> at level 5%: false-failure rate at most 1e-6."""
    hamiltonian = ising(2, field=0.7)
    rho = tools.random_state(np.random.default_rng(4), 4)
    prepared, backend = tools.given(rho), tools.Exact()
    want = np.trace(rho @ hamiltonian.matrix).real
    misses = sum(
        want
        not in expectation(
            prepared, hamiltonian.operator, shots=500, backend=backend, seed=seed, alpha=0.05
        )[0]
        for seed in range(300)
    )
    assert misses <= tools.most_misses(300, 0.05)
    off = [
        expectation(prepared, hamiltonian.operator, shots=20000, backend=backend, seed=seed)[0]
        for seed in range(3)
    ]
    assert all(want + 0.1 not in one for one in off), "a wrong energy is noticed"


def test_every_circuit_has_its_own_part_of_the_seed(tools):
    backend = tools.Exact()
    measure_strings(tools.given(np.eye(4) / 4), ["XX", "YY", "ZZ"], 10, backend, 7)
    assert len({tuple(seed.generate_state(2)) for seed in backend.seeds}) == 3


def test_default_strings_hold_singles_pairs_all_and_the_terms_of_h():
    strings = default_strings(ising(4))
    assert {"IIIX", "IYIY", "ZZII", "XXXX", "YYYY", "ZZZZ"} <= set(strings)
    assert len(strings) == len(set(strings)) == 3 * (4 + 6 + 1)
    assert "XZX" in default_strings(free_fermions(3, periodic=True))
    assert default_strings(ising(1, field=0.4)) == ("X", "Y", "Z")
