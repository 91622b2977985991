"""Shots as outcomes of a law, by a table for few bits and by search for many."""

import numpy as np
import pytest

from qcattn.conformance.case import Law
from qcattn.conformance.tally import columns


@pytest.mark.parametrize("bits", [1, 8, 9, 16, 17, 70])
def test_each_shot_is_the_outcome_that_it_reads(bits):
    rng = np.random.default_rng(bits)
    readings = rng.random((300, bits)) < 0.5
    texts = ["".join("01"[int(bit)] for bit in row[::-1]) for row in readings]
    known = list(dict.fromkeys(texts))[: max(1, len(set(texts)) // 2)]
    law = Law(tuple(known), np.full(len(known), 1 / len(known)))
    place = {text: i for i, text in enumerate(known)}
    assert columns(readings, law).tolist() == [place.get(text, len(known)) for text in texts]
