"""Heralded at the edges of the numbers: scores so far apart that a cost overflows."""

import warnings

import numpy as np
import pytest

from qcattn import run
from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.encodings import Binary, OneHot
from qcattn.errors import Doubtful
from qcattn.preparations import Amplitude, Heralded, Purification

HUGE = [[1e308, -1e308, 1e308], [-1e308, 0.0, 1e308], [1e308, 1e308, -np.inf]]


@pytest.mark.parametrize("beta", [1.0, 1e-3, 5.0])
@pytest.mark.parametrize("encoding", [Binary(), OneHot()])
@pytest.mark.parametrize("preparation", [Amplitude(), Purification(), Heralded()])
def test_scores_at_the_ends_of_the_numbers_give_no_other_warning(preparation, encoding, beta):
    """Softmax is 0, 1 or 1/2 here. False-failure rate 1e-7."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", Doubtful)  # that the masks are masks is said
        result = run(
            HUGE,
            beta=beta,
            shots=500,
            seed=1,
            encoding=encoding,
            preparation=preparation,
            backend=Aer(device="CPU", draws="born"),
            alpha=1e-7,
        )
    assert np.isfinite(result.prepared.values).all()
    assert np.array_equal(result.expected, [[0.5, 0, 0.5], [0, 0, 1], [0.5, 0.5, 0]])
    assert result.agrees
    assert (result.counts.keys[result.expected == 0] == 0).all()


def test_the_angles_of_keys_so_far_apart_are_those_of_masked_ones():
    far = Heralded()(Binary()([1e308, -1e308, 0.5]), beta=1.0)
    masked = Heralded()(Binary()([1e308, -np.inf, -np.inf]), beta=1.0)
    assert np.array_equal(far.values, masked.values)
    assert np.array_equal(far.distribution, softmax([0.0, -np.inf, -np.inf]))
