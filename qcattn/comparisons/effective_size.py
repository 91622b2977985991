"""How many independent shots correlated ones are worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qcattn.arguments import real_array

__all__ = ["effective_size"]


def effective_size(values: ArrayLike) -> float:
    r"""The number of independent shots whose mean is as uncertain as that of a chain's values.

    It is the number of values over :math:`1 + 2 \sum_k \rho_k`. The autocorrelations are summed in
    pairs :math:`\rho_{2k} + \rho_{2k+1}`, which are positive and fall in a reversible chain; the
    sum ends before the first pair that is not positive, and no pair counts more than the one before
    it: Geyer's initial monotone sequence [1]. Autocovariances are averaged over chains about one
    common mean, so that chains that stay apart count as correlated.

    Args:
        values: Shape (chains, reads), or (reads,) for one chain: what was read, in its order, as
            numbers, such as energies or 1 where one key was read.

    Returns:
        The number of shots, above 0 and at most the number of values: correlations that would make
        it larger than that are taken as none. It is the number of values where these are equal.

    Raises:
        ValueError: If there are fewer than 4 reads a chain, or they are not finite.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> new = rng.random((8, 4000)) < 0.2  # else the value before comes again: 9 to 1 in theory
        >>> drawn = rng.normal(size=(8, 4000))
        >>> last = np.maximum.accumulate(np.where(new, np.arange(4000), 0), axis=1)
        >>> chain = np.take_along_axis(drawn, last, axis=1)
        >>> bool(8 < chain.size / effective_size(chain) < 10)
        True

    References:
        [1] C. J. Geyer, Statistical Science 7, 473 (1992), section 3.3.
    """
    chains = np.atleast_2d(real_array(values, "values"))
    if chains.ndim != 2 or chains.shape[1] < 4 or not np.isfinite(chains).all():
        raise ValueError(
            "`values` must be of shape (chains, reads) with at least 4 finite reads, but is of "
            f"shape {chains.shape}; read each chain more often"
        )
    reads = chains.shape[1]
    centred = chains - chains.mean()
    padded = np.fft.rfft(centred, 2 * reads, axis=1)
    sums = np.fft.irfft(np.abs(padded) ** 2, axis=1)[:, :reads].sum(axis=0)
    if sums[0] <= 1e-20 * float(np.square(chains).sum()):
        return float(chains.size)
    correlations = sums / sums[0]
    even = 2 * (reads // 2)
    pairs = correlations[0:even:2] + correlations[1:even:2]
    ends = np.flatnonzero(pairs <= 0)
    initial = np.minimum.accumulate(pairs[: ends[0] if ends.size else None])
    return float(chains.size / max(1.0, 2 * initial.sum() - 1))
