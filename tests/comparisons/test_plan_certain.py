"""Plan for rows with a single possible outcome: one shot elsewhere refutes."""

import numpy as np
import pytest

from qcattn.comparisons.fit import fit
from qcattn.comparisons.plan import plan


@pytest.mark.parametrize(("epsilon", "power"), [(0.02, 0.9), (0.1, 0.5), (0.003, 0.99)])
def test_shots_until_one_of_them_goes_elsewhere(epsilon, power):
    """A law at total variation epsilon sends each shot elsewhere with that probability.

    Reference: n shots all miss it with probability (1 - epsilon)^n.
    """
    planned = plan([1.0, 0.0, 0.0], epsilon=epsilon, power=power)
    shots = int(planned.detect)
    assert shots == int(np.ceil(np.log(1 - power) / np.log(1 - epsilon)))
    assert (1 - epsilon) ** shots <= 1 - power < (1 - epsilon) ** (shots - 1)
    assert fit([shots - 1, 1, 0], [1.0, 0.0, 0.0]).refuted, "one such shot is enough"
    assert not fit([shots, 0, 0], [1.0, 0.0, 0.0]).refuted


def test_other_rows_beside_it_are_planned_as_if_alone():
    rows = np.array([[1.0, 0.0, 0.0], [0.5, 0.3, 0.2]])
    both = plan(rows, epsilon=0.05)
    assert both.detect[1] == plan(rows[1], epsilon=0.05).detect
    assert both.detect[0] == 45
