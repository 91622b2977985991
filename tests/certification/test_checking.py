"""What all certificates refuse, and that none of them says yes to nothing."""

from dataclasses import replace

import numpy as np
import pytest

from qcattn import certification
from qcattn.encodings import Binary
from qcattn.preparations import Heralded
from qcattn.records import Counts

# It takes readings, no preparation: tests/certification/test_conditionals.py.
OF_READINGS = certification.certify_conditionals
NAMED = [getattr(certification, name) for name in certification.__all__ if "certify_" in name]
ALL = [one for one in NAMED if one is not OF_READINGS]
FROM_SHOTS = [one for one in ALL if one.__name__ not in ("certify_dense", "certify_kms")]
HAMILTONIAN = Binary()([0.0, 1.0])
PREPARED = Heralded()(HAMILTONIAN, beta=1.0)


def all_discarded(prepared, shots, seed):
    return Counts(np.zeros(len(prepared.codewords), np.int64), np.array(0), np.array(shots))


@pytest.mark.parametrize("certify", ALL)
@pytest.mark.parametrize("beta", [0.0, -1.0, np.nan, np.inf, "cold", [1.0, 2.0]])
def test_a_beta_that_is_no_temperature_is_refused(certify, beta):
    with pytest.raises(ValueError, match="`beta`"):
        certify(PREPARED, HAMILTONIAN, beta)


@pytest.mark.parametrize("certify", FROM_SHOTS)
def test_an_error_rate_or_a_distance_that_is_none_is_refused(certify):
    """With an allowed distance of NaN nothing could ever be refuted."""
    for alpha in (0.0, 1.0, np.nan, "0.01"):
        with pytest.raises(ValueError, match="`alpha` must be a number between 0 and 1"):
            certify(PREPARED, HAMILTONIAN, 1.0, alpha=alpha)
    if certify is certification.certify_temperature:
        return
    for error in (-0.1, 1.1, np.nan, "0.1"):
        with pytest.raises(ValueError, match="`error` must be a trace distance, from 0 to 1"):
            certify(PREPARED, HAMILTONIAN, 1.0, error=error)


def test_a_preparation_that_claims_nothing_needs_an_error():
    silent = replace(PREPARED, error=np.asarray(np.nan))
    with pytest.raises(ValueError, match="since the preparation claims none"):
        certification.certify_observables(silent, HAMILTONIAN, 1.0)


@pytest.mark.parametrize("certify", FROM_SHOTS)
def test_without_kept_shots_nothing_is_refuted_and_nothing_agrees(certify):
    found = certify(PREPARED, HAMILTONIAN, 1.0, backend=all_discarded)
    assert not getattr(found, "refuted", False) and not getattr(found, "agrees", False)
