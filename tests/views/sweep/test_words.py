"""A sweep in words and for other programs."""

from qcattn.views.sweep.brief import brief
from qcattn.views.sweep.words import words


def test_a_sweep_in_words(done):
    said = words(done)
    assert "differ from softmax in 6 of 12 cells, 108 rows, 864,000 shots" in said
    assert "at most 0.0001% of such sweeps" in said
    assert words(done.where(noise="none")).startswith("The counts agree with softmax: 6 cells")
    assert brief(done)["verdict"] == "differs"
