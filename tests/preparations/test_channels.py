"""Channels as real matrices against superoperators of Kronecker products."""

import numpy as np
import pytest

from qcattn.preparations.channels import coordinates, superoperators

RNG = np.random.default_rng(4)


def channel(size, *, real):
    """Two Kraus operators of a random channel."""
    shape = (2 * size, 2 * size)
    full = RNG.normal(size=shape) + 1j * RNG.normal(size=shape) * (not real)
    isometry = np.linalg.qr(full)[0][:, :size]
    if real:
        isometry = isometry.real
    return [isometry[:size], isometry[size:]]


def hermitian(size, *, real=False):
    matrix = RNG.normal(size=(size, size)) + 1j * RNG.normal(size=(size, size)) * (not real)
    return matrix + matrix.conj().T


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("size", [2, 4, 8])
def test_they_do_to_coordinates_what_the_channels_do_to_matrices(size, real):
    steps = [channel(size, real=real) for _ in range(3)]
    found = superoperators(steps)
    assert [one.dtype for one in found] == [float] * len(found)
    for _ in range(3):
        given = hermitian(size)
        after = given
        for step in steps:
            after = sum(k @ after @ k.conj().T for k in step)
        if real:
            pairs = [("symmetric", found[0], lambda x: x.real)]
            pairs += [("antisymmetric", found[1], lambda x: x.imag)]
        else:
            pairs = [("hermitian", found[0], lambda x: x)]
        for part, matrix, take in pairs:
            got = matrix @ coordinates(take(given), part)
            assert np.abs(got - coordinates(take(after), part)).max() < 1e-12
            assert np.abs(got - coordinates(take(given), part)).max() > 1e-3


@pytest.mark.parametrize("real", [False, True])
def test_norms_are_those_of_the_whole_superoperator(real):
    """Frobenius norms, which bound the error that is left: in parts as on the whole."""
    steps = [channel(4, real=real) for _ in range(2)]
    whole = np.eye(16)
    for step in steps:
        whole = sum(np.kron(k, k.conj()) for k in step) @ whole
    parts = superoperators(steps)
    norm = np.sqrt(sum(np.linalg.norm(one) ** 2 for one in parts))
    assert abs(norm - np.linalg.norm(whole)) < 1e-12
    assert sum(one.size for one in parts) == (136 if real else 256)
    matrix = hermitian(4)
    assert abs(np.linalg.norm(coordinates(matrix, "hermitian")) - np.linalg.norm(matrix)) < 1e-12
